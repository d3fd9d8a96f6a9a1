//! Values that are none: NaN and infinity, conditions that nest or try to be SQL, forged cursors, searches too long.

use super::{harmless, refused, row, serves, stage, state};
use crate::support::{Host, request};
use serde_json::{Value, json};

#[test]
fn numbers_that_are_none_are_refused() {
    let host = stage(|_| {});
    let id = row(&host);
    for value in ["nan", "infinity"] {
        for how in ["add", "max", "weight"] {
            refused(&host, "hostile.number", json!({ "how": how, "value": value, "id": id }), "invalid.argument");
        }
    }
    for value in ["large", "half"] {
        let arguments = json!({ "how": "add_integer", "value": value, "id": id });
        refused(&host, "hostile.number", arguments, "invalid.argument");
    }
}

#[test]
fn a_threshold_that_is_no_number_is_no_threshold_and_no_trap() {
    let host = stage(|_| {});
    host.ok("hostile.seed", json!({ "count": 3, "text": "a good memory" }));
    let plain = harmless(&host, "hostile.number", json!({ "how": "similarity", "value": "half" }));
    assert!(plain["hits"].as_u64().unwrap() > 0);
    let wild = harmless(&host, "hostile.number", json!({ "how": "similarity", "value": "nan" }));
    assert_eq!(wild, plain, "it is as if nothing was said");
    for value in ["nan", "infinity"] {
        let answer = harmless(&host, "hostile.number", json!({ "how": "pairs", "value": value }));
        assert_eq!((&answer["pairs"], &answer["clusters"]), (&json!(0), &json!([0, 1])));
    }
    serves(&host);
}

#[test]
fn numbers_do_not_grow_out_of_range() {
    let host = stage(|_| {});
    let id =
        host.ok("hostile.insert", json!({ "row": { "x": 1.7e308, "n": 9_007_199_254_740_991_u64 } }))["id"].clone();
    refused(&host, "hostile.change", json!({ "verb": "add", "id": id }), "invalid.argument");
    let mut last = Ok(());
    for _ in 0..3 {
        last = host.call("hostile.number", json!({ "how": "add", "value": "large", "id": id })).map(drop);
    }
    assert!(last.is_ok(), "1e300 more is nothing to 1.7e308");
    serves(&host);
}

#[test]
fn conditions_that_are_none_are_refused() {
    let host = stage(|_| {});
    for condition in [
        "",
        "n = 1",
        "7",
        "[]",
        "[\"n\"]",
        "[\"n\",\"=\"]",
        "[\"n\",\"=\",1,2]",
        "[1,\"=\",1]",
        "{\"none\":[]}",
        "{\"all\":7}",
        "{\"all\":[],\"any\":[]}",
        "[\"n\",\"~\",1]",
        "[\"n\",\"= 1 OR 1\",1]",
        "[\"n\",\"=\",\"text\"]",
        "[\"n\",\"=\",[1]]",
        "[\"n\",\"=\",{\"a\":1}]",
        "[\"n\",\"in\",7]",
        "[\"n\",\"has\",1]",
        "[\"n\",\"<\",1e999]",
        "[\"text\",\"prefix\",7]",
        "[\"namespace\",\"under\",\"a::b\"]",
    ] {
        refused(&host, "hostile.query", json!({ "condition": condition }), "invalid.condition");
    }
}

#[test]
fn names_that_try_to_be_sql_are_no_fields() {
    let host = stage(|_| {});
    for name in
        ["n\" = 1 OR \"n", "n\"; DROP TABLE journal; --", "1", "*", "rowid", "_seq", "n--", "count(*)", "r.n", ""]
    {
        let condition = json!([name, "=", 1]).to_string();
        refused(&host, "hostile.query", json!({ "condition": condition }), "invalid.condition");
        for part in ["order", "select", "group", "column", "of"] {
            let mut arguments = json!({ "function": "sum" });
            arguments[part] = json!(name);
            refused(&host, "hostile.query", arguments, "invalid.condition");
        }
        let arguments = json!({ "row": { "short": "a" }, "key": format!("by_short{name}x") });
        refused(&host, "hostile.insert", arguments, "invalid.argument");
    }
    for function in ["count", "sum(n), (SELECT 1)", ""] {
        let error = host.call("hostile.query", json!({ "function": function })).unwrap_err();
        assert!(error.code.starts_with("invalid."), "{error}");
    }
    refused(&host, "hostile.query", json!({ "namespace": "a' OR '1'='1" }), "invalid.argument");
}

#[test]
fn conditions_have_a_size() {
    let host = stage(|_| {});
    harmless(&host, "hostile.query", json!({ "depth": 12 }));
    harmless(&host, "hostile.query", json!({ "width": 200 }));
    harmless(&host, "hostile.query", json!({ "list": 10_000 }));
    for size in
        [json!({ "depth": 13 }), json!({ "depth": 100_000 }), json!({ "width": 201 }), json!({ "list": 10_001 })]
    {
        refused(&host, "hostile.query", size.clone(), "invalid.condition");
        let mut find = size;
        find["text"] = json!("cat");
        find["collection"] = json!("items");
        refused(&host, "hostile.find", find, "invalid.condition");
    }
}

#[test]
fn searches_have_a_size_and_known_words() {
    let host = stage(|_| {});
    row(&host);
    harmless(&host, "hostile.find", json!({ "collection": "items", "bytes": 10_000 }));
    refused(&host, "hostile.find", json!({ "collection": "items", "bytes": 11_000 }), "limit.text");
    refused(&host, "hostile.find", json!({ "text": "a", "channel": "telepathy" }), "invalid.argument");
    refused(&host, "hostile.find", json!({ "text": "a", "fusion": "nuclear" }), "invalid.argument");
}

#[test]
fn a_search_text_that_looks_like_a_full_text_expression_is_text() {
    let host = stage(|_| {});
    row(&host);
    for text in [
        "\"",
        "memory\" OR \"",
        "text: memory",
        "NEAR(good memory, 2",
        "* ^ + -",
        "(((((",
        "good AND",
        "\u{0}",
        "'; --",
    ] {
        harmless(&host, "hostile.find", json!({ "text": text, "collection": "items" }));
    }
    serves(&host);
}

fn next(host: &Host, operation: &str, arguments: Value) -> String {
    host.ok(operation, arguments)["next"].as_str().unwrap().to_owned()
}

#[test]
fn a_cursor_is_good_for_what_it_was_made_for_only() {
    let host = stage(|_| {});
    host.ok("hostile.seed", json!({ "count": 9 }));
    let cursor = next(&host, "hostile.page", json!({ "limit": 3 }));
    assert_eq!(harmless(&host, "hostile.page", json!({ "limit": 3, "cursor": cursor }))["rows"], 3);
    // Another operation, another order, other arguments.
    refused(&host, "hostile.other_page", json!({ "limit": 3, "cursor": cursor }), "invalid.cursor");
    refused(&host, "hostile.page", json!({ "limit": 3, "cursor": cursor, "descending": true }), "invalid.cursor");
    refused(&host, "hostile.page", json!({ "limit": 3, "cursor": cursor, "other": 1 }), "invalid.cursor");
    // Another principal, another space.
    let mut other = request("hostile.page", json!({ "limit": 3, "cursor": cursor }));
    other.principal.name = "mallory".into();
    assert_eq!(host.run(other).unwrap_err().code, "invalid.cursor");
    host.kernel.create_space("elsewhere").unwrap();
    let mut other = request("hostile.page", json!({ "limit": 3, "cursor": cursor }));
    other.space = "elsewhere".into();
    assert_eq!(host.run(other).unwrap_err().code, "invalid.cursor");
    // Not even a copy of the space, which has its rows and its secret.
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    host.kernel.open_space("default").unwrap().backup(&copy, |_, _| ()).unwrap();
    host.kernel.restore_space(&copy, "copy").unwrap();
    let mut other = request("hostile.page", json!({ "limit": 3, "cursor": cursor }));
    other.space = "copy".into();
    assert_eq!(host.run(other).unwrap_err().code, "invalid.cursor");
    serves(&host);
}

#[test]
fn a_forged_cursor_is_refused() {
    let host = stage(|_| {});
    host.ok("hostile.seed", json!({ "count": 9 }));
    let cursor = next(&host, "hostile.page", json!({ "limit": 3 }));
    let mut forged: Vec<String> = ["", "x", "AAAA", "\u{0}", "ä", "[1]"].map(str::to_owned).into();
    forged.push("A".repeat(100_000));
    forged.push(format!("{cursor}A"));
    for at in 0..cursor.len() {
        let mut bytes = cursor.clone().into_bytes();
        bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
        forged.push(String::from_utf8(bytes).unwrap());
    }
    let before = state(&host);
    for cursor in forged {
        let error = host.call("hostile.page", json!({ "limit": 3, "cursor": cursor })).unwrap_err();
        assert_eq!(error.code, "invalid.cursor", "{cursor:.80}");
    }
    assert_eq!(state(&host), before);
    serves(&host);
}
