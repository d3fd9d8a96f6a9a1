//! Rows: what a call may insert, change, delete, restore and erase, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{code, commit, lab, object, parse, session_options};
use memstrata_store::{Deadline, Namespace, Query, ReadLimits, Session, SessionOptions, StoreError};
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn a_row_is_seen_by_its_call_at_once_and_by_others_after_the_commit() {
    let lab = lab();
    let mut call = lab.session();
    let row = json!({
        "slug": "a", "title": "First", "body": "one two", "stars": 3, "score": 1.5, "happened": 12, "tags": ["x", 2],
        "extra": {"k": [1, null]}, "valid_from": 5, "namespace": "user:alice"
    });
    let id = call.insert(&lab.notes, object(row.clone())).unwrap();
    let staged = parse(&call.get(&lab.notes, id).unwrap().unwrap());
    assert!(lab.session().get(&lab.notes, id).unwrap().is_none());
    commit(call).unwrap();
    let stored = lab.get(id).unwrap();
    for (field, value) in object(row) {
        assert_eq!(staged[&field], value, "{field}");
        assert_eq!(stored[&field], value, "{field}");
    }
    assert_eq!((&stored["version"], &stored["kind"], &stored["done"]), (&json!(1), &json!("fact"), &json!(false)));
    assert_eq!((&stored["parent"], &stored["deleted_at"]), (&Value::Null, &Value::Null));
    assert_eq!(stored["component"], "sha256:one");
}

#[test]
fn a_patch_changes_only_its_fields_and_counts_one_version_a_call() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "b", "stars": 1}));
    let mut call = lab.session();
    assert_eq!(call.update(&lab.notes, id, Some(1), &object(json!({"stars": 2}))).unwrap(), 2);
    assert_eq!(call.update(&lab.notes, id, Some(2), &object(json!({"body": null}))).unwrap(), 2);
    commit(call).unwrap();
    let row = lab.get(id).unwrap();
    assert_eq!(
        (&row["version"], &row["stars"], &row["body"], &row["title"]),
        (&json!(2), &json!(2), &Value::Null, &json!("t"))
    );
}

#[test]
fn an_update_of_a_row_changed_since_is_a_conflict() {
    let lab = lab();
    let id = lab.note(json!({"title": "t"}));
    // By the version named.
    let mut late = lab.session();
    assert_eq!(code(late.update(&lab.notes, id, Some(7), &object(json!({"stars": 1})))), "conflict");
    // By the version read, though none is named.
    late.get(&lab.notes, id).unwrap();
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"stars": 5}))).unwrap());
    late.update(&lab.notes, id, None, &object(json!({"stars": 6}))).unwrap();
    assert_eq!(code(commit(late)), "conflict");
    assert_eq!(lab.get(id).unwrap()["stars"], 5);
    // A blind update has no precondition.
    let mut blind = lab.session();
    blind.sequence().unwrap();
    blind.update(&lab.notes, id, None, &object(json!({"stars": 7}))).unwrap();
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"score": 1}))).unwrap());
    commit(blind).unwrap();
    let row = lab.get(id).unwrap();
    assert_eq!((&row["stars"], &row["score"]), (&json!(7), &json!(1.0)));
}

#[test]
fn deleted_rows_are_hidden_come_back_and_conflict_when_written() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "slug": "s"}));
    let mut late = lab.session();
    late.update(&lab.notes, id, None, &object(json!({"stars": 1}))).unwrap();
    lab.write(|call| call.delete(&lab.notes, id, Some(1)).unwrap());
    assert_eq!(code(commit(late)), "conflict");
    assert!(lab.get(id).is_none());
    let mut call = lab.session();
    assert_eq!(code(call.update(&lab.notes, id, None, &object(json!({"stars": 1})))), "not-found");
    let mut all = Query::new(Arc::clone(&lab.notes));
    assert_eq!(call.count(&all).unwrap(), 0);
    all.with_deleted();
    assert_eq!(call.count(&all).unwrap(), 1);
    call.restore(&lab.notes, id).unwrap();
    assert_eq!(parse(&call.get(&lab.notes, id).unwrap().unwrap())["title"], "t");
    commit(call).unwrap();
    assert_eq!(lab.get(id).unwrap()["version"], 3);
    assert_eq!(code(lab.session().restore(&lab.notes, id)), "conflict");
    assert_eq!(common::faults(&lab.space), [""; 0]);
}

#[test]
fn what_a_call_undoes_itself_leaves_no_trace() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "stars": 1}));
    let mut call = lab.session();
    let dropped = call.insert(&lab.notes, object(json!({"title": "gone"}))).unwrap();
    call.delete(&lab.notes, dropped, None).unwrap();
    assert!(call.get(&lab.notes, dropped).unwrap().is_none());
    assert_eq!(code(call.update(&lab.notes, dropped, None, &object(json!({"stars": 1})))), "not-found");
    call.delete(&lab.notes, id, None).unwrap();
    call.restore(&lab.notes, id).unwrap();
    let write_set = call.finish();
    assert!(write_set.is_empty());
    // An update before the two is kept.
    let mut call = lab.session();
    call.update(&lab.notes, id, None, &object(json!({"stars": 2}))).unwrap();
    call.delete(&lab.notes, id, None).unwrap();
    call.restore(&lab.notes, id).unwrap();
    commit(call).unwrap();
    let row = lab.get(id).unwrap();
    assert_eq!((&row["stars"], &row["version"], &row["deleted_at"]), (&json!(2), &json!(2), &Value::Null));
}

#[test]
fn an_erased_row_is_gone_for_good() {
    let lab = lab();
    let id = lab.note(json!({"title": "t"}));
    let mut call = lab.session();
    call.erase(&lab.notes, id).unwrap();
    assert!(call.get(&lab.notes, id).unwrap().is_none());
    assert!(call.locate(id).unwrap().is_none());
    commit(call).unwrap();
    assert!(lab.session().get(&lab.notes, id).unwrap().is_none());
    assert!(lab.space.owner(id).unwrap_err().to_string().contains("erased"));
    assert_eq!(code(lab.session().restore(&lab.notes, id)), "not-found");
    // A deleted row can be erased too.
    let other = lab.note(json!({"title": "u"}));
    lab.write(|call| call.delete(&lab.notes, other, None).unwrap());
    lab.write(|call| call.erase(&lab.notes, other).unwrap());
    assert_eq!(common::faults(&lab.space), [""; 0]);
}

#[test]
fn what_does_not_fit_its_field_is_refused_with_the_field_named() {
    let lab = lab();
    let mut call = lab.session();
    for (row, wanted, field) in [
        (json!({}), "invalid.argument", "title"),
        (json!({"title": null}), "invalid.argument", "title"),
        (json!({"title": 1}), "invalid.argument", "title"),
        (json!({"title": "t", "kind": "song"}), "invalid.argument", "kind"),
        (json!({"title": "t", "nope": 1}), "invalid.argument", "nope"),
        (json!({"title": "t", "version": 9}), "invalid.argument", "version"),
        (json!({"title": "t", "stars": 1.5}), "invalid.argument", "stars"),
        (json!({"title": "t", "stars": 9_007_199_254_740_992_i64}), "invalid.argument", "stars"),
        (json!({"title": "t", "stars": 1e300}), "invalid.argument", "stars"),
        (json!({"title": "t", "stars": "1"}), "invalid.argument", "stars"),
        (json!({"title": "t", "score": "1"}), "invalid.argument", "score"),
        (json!({"title": "t", "done": 1}), "invalid.argument", "done"),
        (json!({"title": "t", "happened": -1}), "invalid.argument", "happened"),
        (json!({"title": "t", "parent": -1}), "invalid.argument", "parent"),
        (json!({"title": "t", "tags": "x"}), "invalid.argument", "tags"),
        (json!({"title": "t", "tags": [["x"]]}), "invalid.argument", "tags"),
        (json!({"title": "t", "sources": ["x"]}), "invalid.argument", "sources"),
        (json!({"title": "t", "sources": [-1]}), "invalid.argument", "sources"),
        (json!({"title": "t", "body": "x".repeat(2001)}), "limit.text", "body"),
    ] {
        let error = call.insert(&lab.notes, object(row.clone())).unwrap_err();
        assert_eq!(error.code(), wanted, "{row}");
        assert!(error.to_string().contains(&format!("`{field}`")), "{row}: {error}");
    }
    assert!(call.finish().is_empty());
    let id = lab.note(json!({"title": "t", "body": "x".repeat(2000), "stars": 7.0, "score": 2}));
    let row = lab.get(id).unwrap();
    assert_eq!((&row["stars"], &row["score"]), (&json!(7), &json!(2.0)));
    let most = 9_007_199_254_740_991_i64;
    let id = lab.note(json!({"title": "t", "stars": -most, "happened": most}));
    assert_eq!(lab.get(id).unwrap()["stars"], -most);
    let mut call = lab.session();
    assert_eq!(code(call.update(&lab.notes, id, None, &object(json!({"title": null})))), "invalid.argument");
}

#[test]
fn sources_must_be_rows_of_the_space_and_may_be_of_the_same_call() {
    let lab = lab();
    let mut call = lab.session();
    call.insert(&lab.notes, object(json!({"title": "t", "sources": [999_999]}))).unwrap();
    assert_eq!(code(commit(call)), "invalid.argument");
    let mut call = lab.session();
    let ids = call.new_ids(2).unwrap();
    call.insert(&lab.notes, object(json!({"id": ids[0], "title": "a", "sources": [ids[1]]}))).unwrap();
    call.insert(&lab.notes, object(json!({"id": ids[1], "title": "b"}))).unwrap();
    commit(call).unwrap();
    assert_eq!(lab.get(ids[0]).unwrap()["sources"], json!([ids[1]]));
}

#[test]
fn only_ids_issued_to_the_call_may_be_inserted_and_once() {
    let lab = lab();
    let foreign = lab.session().new_ids(1).unwrap()[0];
    let mut call = lab.session();
    let own = call.new_ids(3).unwrap();
    assert_eq!(own.len(), 3);
    call.insert(&lab.notes, object(json!({"id": own[1], "title": "t"}))).unwrap();
    for id in [json!(foreign), json!(own[1]), json!(0), json!(-1), json!("x"), json!(1.5)] {
        assert_eq!(code(call.insert(&lab.notes, object(json!({"id": id, "title": "t"})))), "denied.id", "{id}");
    }
    // A refused row does not use its id up.
    assert_eq!(code(call.insert(&lab.notes, object(json!({"id": own[2], "kind": "x"})))), "invalid.argument");
    call.insert(&lab.turns, object(json!({"id": own[2], "session": "s", "position": 1}))).unwrap();
    commit(call).unwrap();
    // Unique over all collections.
    assert_eq!(lab.space.owner(own[2]).unwrap().name(), "lab.turns");
    assert!(lab.session().get(&lab.notes, own[2]).unwrap().is_none());
}

fn within(lab: &common::Lab, scope: &str) -> Session {
    lab.space.session(SessionOptions { scope: Namespace::parse(scope).unwrap(), ..session_options() })
}

#[test]
fn a_scope_hides_and_refuses_what_is_outside() {
    let lab = lab();
    let alice = lab.note(json!({"title": "a", "slug": "a", "namespace": "user:alice:prefs"}));
    let twin = lab.note(json!({"title": "b", "slug": "b", "namespace": "user:alice2"}));
    let none = lab.note(json!({"title": "c"}));
    let mut call = within(&lab, "user:alice");
    assert!(call.get(&lab.notes, alice).unwrap().is_some());
    for hidden in [twin, none] {
        assert!(call.get(&lab.notes, hidden).unwrap().is_none());
        assert_eq!(code(call.update(&lab.notes, hidden, None, &object(json!({"stars": 1})))), "not-found");
        assert_eq!(code(call.delete(&lab.notes, hidden, None)), "not-found");
        assert_eq!(code(call.erase(&lab.notes, hidden)), "not-found");
        assert_eq!(code(call.add(&lab.notes, hidden, "stars", 1.0)), "not-found");
        assert!(call.history(&lab.notes, hidden).unwrap().is_empty());
    }
    assert_eq!(call.count(&Query::new(Arc::clone(&lab.notes))).unwrap(), 1);
    // No namespace: the caller's own.
    let own = call.insert(&lab.notes, object(json!({"title": "d"}))).unwrap();
    assert_eq!(parse(&call.get(&lab.notes, own).unwrap().unwrap())["namespace"], "user:alice");
    for outside in ["user", "user:bob", "user:alice2"] {
        let row = object(json!({"title": "t", "namespace": outside}));
        assert_eq!(code(call.insert(&lab.notes, row)), "denied.namespace");
        assert_eq!(
            code(call.update(&lab.notes, alice, None, &object(json!({"namespace": outside})))),
            "denied.namespace"
        );
    }
    assert_eq!(code(call.update(&lab.notes, alice, None, &object(json!({"namespace": null})))), "denied.namespace");
    let taken = object(json!({"title": "t", "slug": "b"}));
    assert_eq!(code(call.insert_or_get(&lab.notes, "by_slug", taken)), "denied.namespace");
    let mut narrowed = Query::new(Arc::clone(&lab.notes));
    narrowed.namespace(Namespace::parse("user:bob").unwrap());
    assert_eq!(call.count(&narrowed).unwrap(), 0);
    let mut narrowed = common::query(&lab.notes, &json!(["namespace", "under", "user:alice:prefs"]));
    narrowed.select(&["title".into()]).unwrap();
    assert_eq!(call.rows(&narrowed).unwrap().rows, [format!("{{\"id\":{alice},\"title\":\"a\"}}")]);
}

#[test]
fn limits_say_what_they_limit() {
    let lab = lab();
    for n in 0..5 {
        lab.note(json!({"title": "t", "stars": n, "body": "same words"}));
    }
    let limits = ReadLimits { page_rows: 2, rows_read: 5, rows_written: 2, bytes_written: 400, ids: 3, hits: 1 };
    let open = || lab.space.session(SessionOptions { limits: limits.clone(), ..session_options() });
    let mut call = open();
    let mut query = Query::new(Arc::clone(&lab.notes));
    query.limit(1000);
    let page = call.rows(&query).unwrap();
    assert_eq!((page.rows.len(), page.next.is_some()), (2, true));
    assert_eq!(call.group_count(&query, "stars").unwrap().len(), 2);
    assert_eq!(code(call.rows(&query)), "limit.rows-read");
    let mut call = open();
    assert_eq!(code(call.new_ids(4)), "limit.ids");
    call.insert(&lab.notes, object(json!({"title": "t"}))).unwrap();
    call.insert(&lab.notes, object(json!({"title": "t"}))).unwrap();
    assert_eq!(code(call.insert(&lab.notes, object(json!({"title": "t"})))), "limit.rows-written");
    let mut call = open();
    assert_eq!(code(call.insert(&lab.notes, object(json!({"title": "t".repeat(500)})))), "limit.bytes-written");
    let mut request = memstrata_store::SearchRequest::new("same words");
    request.collections.push(Arc::clone(&lab.notes));
    request.limit(0);
    assert_eq!(open().search(&request).unwrap().hits.len(), 1);
    request.limit(50);
    assert_eq!(open().search(&request).unwrap().hits.len(), 1);
    // A limit of nothing is a limit of one, never a panic.
    let limits = ReadLimits { page_rows: 0, hits: 0, ..limits };
    let mut call = lab.space.session(SessionOptions { limits, ..session_options() });
    assert_eq!(call.rows(&query).unwrap().rows.len(), 1);
    assert_eq!(call.search(&request).unwrap().hits.len(), 1);
}

#[test]
fn a_read_only_session_stages_nothing() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "stars": 1}));
    let mut call = lab.space.session(SessionOptions { read_only: true, ..session_options() });
    assert_eq!(code(call.insert(&lab.notes, object(json!({"title": "t"})))), "denied.write");
    assert_eq!(code(call.update(&lab.notes, id, None, &object(json!({"stars": 2})))), "denied.write");
    assert_eq!(code(call.add(&lab.notes, id, "stars", 1.0)), "denied.write");
    assert_eq!(code(call.delete(&lab.notes, id, None)), "denied.write");
    assert_eq!(code(call.erase(&lab.notes, id)), "denied.write");
    assert_eq!(code(call.new_ids(1)), "denied.write");
    assert_eq!(code(call.emit("done", "1")), "denied.write");
    assert!(call.get(&lab.notes, id).unwrap().is_some());
    assert!(call.finish().is_empty());
}

#[test]
fn usage_is_a_hint_beside_the_row() {
    let lab = lab();
    let id = lab.note(json!({"title": "t"}));
    let mut call = lab.session();
    call.touch(&[id, id]).unwrap();
    assert_eq!(call.usage(&[id]).unwrap()[0].0, 2);
    lab.space.flush_usage().unwrap();
    lab.session().touch(&[id]).unwrap();
    let (uses, last) = lab.session().usage(&[id]).unwrap()[0];
    assert_eq!((uses, last > 0), (3, true));
    assert_eq!(lab.get(id).unwrap()["version"], 1);
    assert_eq!(lab.session().usage(&[12345]).unwrap(), [(0, 0)]);
}

/// Everything that stages something, by name, on a row of notes.
type Staging = (&'static str, fn(&mut Session, &common::Lab, u64) -> Result<(), StoreError>);
const STAGING: [Staging; 12] = [
    ("new_ids", |call, _, _| call.new_ids(1).map(drop)),
    ("insert", |call, lab, _| call.insert(&lab.notes, object(json!({"title": "t"}))).map(drop)),
    ("insert_or_get", |call, lab, _| {
        call.insert_or_get(&lab.notes, "by_slug", object(json!({"title": "t", "slug": "own"}))).map(drop)
    }),
    ("upsert", |call, lab, _| {
        call.upsert(&lab.notes, "by_slug", object(json!({"title": "t", "slug": "own"}))).map(drop)
    }),
    ("update", |call, lab, id| call.update(&lab.notes, id, None, &object(json!({"stars": 1}))).map(drop)),
    ("add", |call, lab, id| call.add(&lab.notes, id, "stars", 1.0)),
    ("max", |call, lab, id| call.max(&lab.notes, id, "stars", 1.0)),
    ("delete", |call, lab, id| call.delete(&lab.notes, id, None)),
    ("restore", |call, lab, id| call.restore(&lab.notes, id)),
    ("erase", |call, lab, id| call.erase(&lab.notes, id)),
    ("expect", |call, lab, _| call.expect(&Query::new(Arc::clone(&lab.notes)), 1)),
    ("emit", |call, _, _| call.emit("made", "1")),
];

#[test]
fn everything_that_stages_asks_whether_it_may() {
    let lab = lab();
    let own = lab.note(json!({"title": "t", "slug": "own"}));
    let gone = lab.note(json!({"title": "t"}));
    lab.write(|call| call.delete(&lab.notes, gone, None).unwrap());
    let none = ReadLimits { rows_written: 0, ..ReadLimits::default() };
    for (name, stage) in STAGING {
        let id = if name == "restore" { gone } else { own };
        let asked = |options: SessionOptions| stage(&mut lab.space.session(options), &lab, id);
        assert_eq!(code(asked(SessionOptions { read_only: true, ..session_options() })), "denied.write", "{name}");
        let late = Deadline::within(std::time::Duration::ZERO);
        assert_eq!(code(asked(SessionOptions { deadline: late, ..session_options() })), "budget.time", "{name}");
        // A row that is only found is not written, and neither is an id.
        if !matches!(name, "new_ids" | "insert_or_get") {
            let limited = SessionOptions { limits: none.clone(), ..session_options() };
            assert_eq!(code(asked(limited)), "limit.rows-written", "{name}");
        }
        asked(session_options()).unwrap();
    }
}

#[test]
fn rows_events_and_expectations_count_together() {
    let lab = lab();
    let limits = ReadLimits { rows_written: 3, ..ReadLimits::default() };
    let mut call = lab.space.session(SessionOptions { limits, ..session_options() });
    call.insert(&lab.notes, object(json!({"title": "t"}))).unwrap();
    call.emit("made", "1").unwrap();
    call.expect(&Query::new(Arc::clone(&lab.notes)), 0).unwrap();
    for (name, stage) in STAGING.into_iter().filter(|(name, _)| matches!(*name, "insert" | "expect" | "emit")) {
        assert_eq!(code(stage(&mut call, &lab, 0)), "limit.rows-written", "{name}");
    }
    // One of a kind three times over.
    for (name, stage) in STAGING.into_iter().filter(|(name, _)| matches!(*name, "insert" | "expect" | "emit")) {
        let limits = ReadLimits { rows_written: 3, ..ReadLimits::default() };
        let mut call = lab.space.session(SessionOptions { limits, ..session_options() });
        let codes: Vec<bool> = (0..4).map(|_| stage(&mut call, &lab, 0).is_ok()).collect();
        assert_eq!(codes, [true, true, true, false], "{name}");
    }
}

#[test]
fn bytes_count_whatever_they_are_staged_by() {
    let lab = lab();
    let id = lab.note(json!({"title": "t"}));
    let limits = ReadLimits { bytes_written: 1_000, ..ReadLimits::default() };
    let long = "x".repeat(600);
    type Stage<'a> = &'a dyn Fn(&mut Session) -> Result<(), StoreError>;
    let stages: [(&str, Stage<'_>); 4] = [
        ("insert", &|call| call.insert(&lab.notes, object(json!({"title": long}))).map(drop)),
        ("update", &|call| call.update(&lab.notes, id, None, &object(json!({"title": long}))).map(drop)),
        ("emit", &|call| call.emit("made", &json!(long).to_string())),
        ("json", &|call| call.update(&lab.notes, id, None, &object(json!({"extra": [long]}))).map(drop)),
    ];
    for (name, stage) in stages {
        let mut call = lab.space.session(SessionOptions { limits: limits.clone(), ..session_options() });
        stage(&mut call).unwrap();
        assert_eq!(code(stage(&mut call)), "limit.bytes-written", "{name}");
    }
}

#[test]
fn vectors_and_hits_count_among_the_rows_read() {
    let lab = lab();
    let ids: Vec<u64> = (0..4).map(|n| lab.note(json!({"title": n.to_string(), "body": "same words"}))).collect();
    let limits = ReadLimits { rows_read: 6, ..ReadLimits::default() };
    let open = || lab.space.session(SessionOptions { limits: limits.clone(), ..session_options() });
    let mut call = open();
    call.vectors(&lab.notes, &ids).unwrap();
    assert_eq!(code(call.vectors(&lab.notes, &ids)), "limit.rows-read");
    let mut request = memstrata_store::SearchRequest::new("same words");
    request.collections.push(Arc::clone(&lab.notes));
    let mut call = open();
    assert_eq!(call.search(&request).unwrap().hits.len(), 4);
    assert_eq!(code(call.search(&request)), "limit.rows-read");
}

#[test]
fn a_scope_hides_vectors_and_deleted_rows_too() {
    let lab = lab();
    let hers = lab.note(json!({"title": "a", "body": "some words", "namespace": "user:alice"}));
    let his = lab.note(json!({"title": "b", "body": "some words", "namespace": "user:bob"}));
    let mut call = within(&lab, "user:alice");
    let found = call.vectors(&lab.notes, &[hers, his]).unwrap();
    assert!(found[0].is_some() && found[1].is_none());
    lab.write(|call| call.delete(&lab.notes, his, None).unwrap());
    assert_eq!(code(within(&lab, "user:alice").restore(&lab.notes, his)), "not-found");
}

#[test]
fn a_list_has_what_is_in_it_however_it_is_written() {
    let lab = lab();
    let odd = ["a \"quoted\" one", "back\\slash", "new\nline", "Ünïcode \u{1F980}", "", "%_", "xy", "2"];
    let all = lab.note(json!({"title": "all", "tags": odd}));
    let numbers = lab.note(json!({"title": "numbers", "tags": [2, 2.5]}));
    let none = lab.note(json!({"title": "none"}));
    let has = |condition: Value| lab.session().ids(&common::query(&lab.notes, &condition)).unwrap();
    for value in odd {
        assert_eq!(has(json!(["tags", "has", value])), [all], "{value:?}");
        assert_eq!(has(json!({"not": ["tags", "has", value]})), [numbers, none], "{value:?}");
    }
    for part in ["x", "quoted", "\\", "\"", "n", "2.5"] {
        assert!(has(json!(["tags", "has", part])).is_empty(), "{part:?} is a part of one, or a number");
    }
    assert_eq!([has(json!(["tags", "has", 2])), has(json!(["tags", "has", 2.5]))], [[numbers], [numbers]]);
}
