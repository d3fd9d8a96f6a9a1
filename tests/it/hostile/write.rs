//! Guests that write what they must not: too much, before they fail, in a `read`, under forged ids and fields.

use super::{harmless, refused, row, serves, stage, state};
use serde_json::{Value, json};

#[test]
fn what_was_written_before_a_failure_is_gone() {
    let host = stage(|options| options.limits.guest_ms = 300);
    for (then, code) in [
        ("trap", "plugin.trap"),
        ("fault", "made.up"),
        ("loop", "budget.time"),
        ("exit", "plugin.trap"),
        ("misfit", "plugin.answer"),
    ] {
        refused(&host, "hostile.write_then", json!({ "then": then }), code);
    }
}

#[test]
fn a_read_operation_writes_nothing() {
    let host = stage(|_| {});
    let id = row(&host);
    let answer = harmless(&host, "hostile.write_in_read", json!({ "id": id }));
    let answers = answer["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 5);
    for answer in answers {
        assert_eq!(answer["fault"], "denied.write", "{answer}");
    }
    serves(&host);
}

#[test]
fn rows_of_one_call_are_limited() {
    let host = stage(|options| options.limits.rows_written = 10);
    refused(&host, "hostile.rows_flood", json!({ "count": 11 }), "limit.rows-written");
    refused(&host, "hostile.seed", json!({ "count": 11 }), "limit.rows-written");
}

#[test]
fn rows_over_the_limit_are_not_written_by_ignoring_the_fault() {
    let host = stage(|options| options.limits.rows_written = 10);
    let items = || state(&host).rows.into_iter().find(|(name, _)| name == "hostile.items").unwrap().1;
    let before = items();
    assert_eq!(host.ok("hostile.rows_flood", json!({ "count": 25, "swallow": true }))["refused"], 15);
    assert_eq!(items(), before + 10);
}

#[test]
fn bytes_of_one_call_are_limited() {
    let host = stage(|options| options.limits.bytes_written = 100_000);
    refused(&host, "hostile.bytes_flood", json!({ "count": 11, "bytes": 10_000 }), "limit.bytes-written");
}

#[test]
fn a_field_takes_no_more_than_its_bytes() {
    let host = stage(|_| {});
    refused(&host, "hostile.bytes_flood", json!({ "count": 1, "bytes": 51_201 }), "limit.text");
    refused(&host, "hostile.insert", json!({ "row": { "short": "nine char" } }), "limit.text");
}

#[test]
fn events_count_among_the_bytes() {
    let host = stage(|options| options.limits.bytes_written = 100_000);
    refused(&host, "hostile.events_flood", json!({ "count": 11, "bytes": 10_000 }), "limit.bytes-written");
}

#[test]
fn events_have_sound_names() {
    let host = stage(|_| {});
    for name in ["", "Loud", "x'; DROP TABLE journal; --", "other.seen", &"x".repeat(61)] {
        refused(&host, "hostile.events_flood", json!({ "count": 1, "name": name }), "invalid.argument");
    }
}

#[test]
fn ids_of_one_call_are_limited() {
    let host = stage(|options| options.limits.ids = 100);
    assert_eq!(harmless(&host, "hostile.ids_flood", json!({ "count": 50 }))["ids"], 100);
    for count in [51_u64, 4_294_967_295] {
        refused(&host, "hostile.ids_flood", json!({ "count": count }), "limit.ids");
    }
}

#[test]
fn rows_read_in_one_call_are_limited() {
    let host = stage(|options| options.limits.rows_read = 50);
    host.ok("hostile.seed", json!({ "count": 20 }));
    host.ok("hostile.seed", json!({ "count": 20, "text": "a good memory" }));
    let id = row(&host);
    for (how, count) in [
        ("get", 51),
        ("many", 1),
        ("history", 51),
        ("page", 3),
        ("ids", 3),
        ("column", 3),
        ("groups", 3),
        ("touch", 1),
        ("usage", 1),
        ("vectors", 1),
        ("search", 3),
    ] {
        refused(&host, "hostile.read_flood", json!({ "how": how, "id": id, "count": count }), "limit.rows-read");
    }
}

#[test]
fn pages_and_hits_are_no_larger_than_the_host_allows() {
    let host = stage(|options| (options.limits.page_rows, options.limits.hits) = (7, 3));
    host.ok("hostile.seed", json!({ "count": 20, "text": "a cat on a mat" }));
    let page = harmless(&host, "hostile.page", json!({ "limit": u32::MAX }));
    assert_eq!(page["rows"], 7);
    assert!(page["next"].is_string());
    let found = harmless(&host, "hostile.find", json!({ "text": "cat", "collection": "items" }));
    assert_eq!((&found["hits"], &found["rows"]["ok"]), (&json!(3), &json!(3)));
}

#[test]
fn a_row_comes_in_under_an_issued_id_only() {
    let host = stage(|_| {});
    let taken = row(&host);
    for id in
        [json!(taken), json!(taken + 1), json!(9_007_199_254_740_991_u64), json!(-1), json!(0), json!("1"), json!(1.5)]
    {
        refused(&host, "hostile.insert", json!({ "row": { "id": id, "text": "forged" } }), "denied.id");
    }
}

#[test]
fn what_the_host_says_of_a_row_no_guest_can_say() {
    let host = stage(|_| {});
    for (field, value) in [
        ("version", json!(7)),
        ("component", json!("somebody else")),
        ("created_at", json!(1)),
        ("updated_at", json!(1)),
        ("deleted_at", json!(1)),
        ("_seq", json!(1)),
        ("rowid", json!(1)),
        ("n\" = 1; --", json!(1)),
        ("unheard_of", json!(1)),
    ] {
        let mut row = json!({ "text": "forged" });
        row[field] = value;
        refused(&host, "hostile.insert", json!({ "row": row }), "invalid.argument");
    }
}

#[test]
fn values_that_do_not_fit_their_field_are_refused() {
    let host = stage(|_| {});
    for row in [
        json!({ "n": "text" }),
        json!({ "n": 1.5 }),
        json!({ "n": 9_007_199_254_740_992_u64 }),
        json!({ "x": "1" }),
        json!({ "kind": "c" }),
        json!({ "tags": "no list" }),
        json!({ "text": ["no text"] }),
        json!({ "sources": ["m:1"] }),
        json!({ "namespace": "a::b" }),
        json!({ "namespace": 7 }),
        json!({ "valid_from": -1 }),
    ] {
        refused(&host, "hostile.insert", json!({ "row": row }), "invalid.argument");
    }
}

#[test]
fn a_row_that_is_no_json_object_is_refused() {
    let host = stage(|_| {});
    for raw in ["", "[]", "7", "{", "{\"x\":1e999}", "{\"x\":NaN}", "deep"] {
        refused(&host, "hostile.insert", json!({ "raw": raw }), "invalid.argument");
    }
}

#[test]
fn changes_of_rows_that_are_not_there_are_refused() {
    let host = stage(|_| {});
    for verb in ["update", "add", "max", "delete", "restore", "erase"] {
        for id in [0_u64, 999_999, u64::MAX, 1 << 63] {
            refused(&host, "hostile.change", json!({ "verb": verb, "id": id }), "not-found");
        }
    }
}

#[test]
fn text_that_looks_like_sql_is_text() {
    let host = stage(|_| {});
    let text = "'; DROP TABLE \"hostile__items\"; -- \u{0} \" OR 1=1";
    let answer: Value = host.ok("hostile.insert", json!({ "row": { "text": text, "tags": [text] } }));
    assert_eq!((&answer["row"]["text"], &answer["row"]["tags"][0]), (&json!(text), &json!(text)));
    let condition = json!(["text", "=", text]).to_string();
    assert_eq!(harmless(&host, "hostile.query", json!({ "condition": condition }))["count"], 1);
    serves(&host);
}
