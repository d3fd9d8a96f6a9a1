//! What a call has staged, it reads exactly as everybody will after the commit; and pages neither skip nor repeat.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{code, commit, lab, object, parse, query, session_options};
use memstrata_store::{Aggregate, Collection, Condition, Namespace, Query, Session, SessionOptions, StoreError};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// One staged write; rows are named by their place among all made so far.
#[derive(Debug, Clone)]
enum Write {
    Insert(Map<String, Value>),
    Upsert(Map<String, Value>),
    Update(usize, Map<String, Value>),
    Add(usize, &'static str, f64),
    Max(usize, &'static str, f64),
    Delete(usize),
    Restore(usize),
    Erase(usize),
}

fn fields() -> impl Strategy<Value = Map<String, Value>> {
    let of = |values: Vec<Value>| prop::sample::select(values);
    let maybe = |strategy: prop::sample::Select<Value>| prop::option::of(strategy);
    (
        maybe(of(vec![json!("Alpha"), json!("alpha beta"), json!("Äther"), json!("b%_"), json!(""), json!(null)])),
        maybe(of(vec![json!(-1), json!(0), json!(1), json!(2), json!(2.0), json!(null)])),
        maybe(of(vec![json!(0.5), json!(-0.5), json!(1), json!(1e10), json!(null)])),
        maybe(of(vec![json!(true), json!(false), json!(null)])),
        maybe(of(vec![json!(["x"]), json!(["x", 2]), json!([2.0]), json!([]), json!(null)])),
        maybe(of(vec![json!("s1"), json!("s2"), json!("s3"), json!(null)])),
        maybe(of(vec![json!("user:a"), json!("user:a:b"), json!("user:ab"), json!(null)])),
        maybe(of(vec![json!({"k": 1}), json!("text"), json!(true), json!(5), json!(null)])),
    )
        .prop_map(|(body, stars, score, done, tags, slug, namespace, extra)| {
            let named = ["body", "stars", "score", "done", "tags", "slug", "namespace", "extra"];
            let values = [body, stars, score, done, tags, slug, namespace, extra];
            named.into_iter().zip(values).filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        })
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let row = 0..12_usize;
    let number = prop::sample::select(vec!["stars", "score"]);
    let amount = prop::sample::select(vec![-2.0, 1.0, 3.0]);
    let one = prop_oneof![
        4 => fields().prop_map(Write::Insert),
        2 => fields().prop_map(Write::Upsert),
        4 => (row.clone(), fields()).prop_map(|(row, fields)| Write::Update(row, fields)),
        1 => (row.clone(), number.clone(), amount.clone()).prop_map(|(row, field, n)| Write::Add(row, field, n)),
        1 => (row.clone(), number, amount).prop_map(|(row, field, n)| Write::Max(row, field, n)),
        2 => row.clone().prop_map(Write::Delete),
        2 => row.clone().prop_map(Write::Restore),
        1 => row.prop_map(Write::Erase),
    ];
    prop::collection::vec(one, 1..14)
}

/// A query as data, so that it can be asked twice.
#[derive(Debug, Clone)]
struct Asked {
    condition: Value,
    namespace: Option<&'static str>,
    order: Vec<(&'static str, bool)>,
    limit: u32,
    deleted: bool,
}

fn condition() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        json!(["stars", ">", 0]),
        json!(["stars", "=", 2.0]),
        json!(["stars", "!=", 1]),
        json!(["stars", "=", null]),
        json!(["stars", "in", [0, 2.0]]),
        json!(["score", "<=", 0.5]),
        json!(["score", "in", [0.5, 1]]),
        json!(["body", "contains", "ALPHA"]),
        json!(["body", "prefix", "al"]),
        json!(["body", "prefix", ""]),
        json!(["body", ">=", "b"]),
        json!(["body", "!=", null]),
        json!(["done", "=", true]),
        json!(["done", "in", [false]]),
        json!(["tags", "has", "x"]),
        json!(["tags", "has", 2]),
        json!(["slug", "in", ["s1", "s3"]]),
        json!(["extra", "=", {"k": 1}]),
        json!(["extra", "in", ["text", true, 5]]),
        json!(["namespace", "under", "user:a"]),
        json!(["version", ">", 1]),
        json!(["component", "=", "sha256:two"]),
    ]);
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "all": parts })),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|parts| json!({ "any": parts })),
            inner.prop_map(|part| json!({ "not": part })),
        ]
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let field = prop::sample::select(vec!["stars", "score", "body", "slug", "done", "namespace", "version", "id"]);
    (
        condition(),
        prop::option::of(prop::sample::select(vec!["user:a", "user"])),
        prop::collection::vec((field, any::<bool>()), 0..3),
        1..5_u32,
        any::<bool>(),
    )
        .prop_map(|(condition, namespace, order, limit, deleted)| Asked {
            condition,
            namespace,
            order,
            limit,
            deleted,
        })
}

impl Asked {
    fn query(&self, collection: &Arc<Collection>) -> Query {
        let mut query = query(collection, &self.condition);
        if let Some(namespace) = self.namespace {
            query.namespace(Namespace::parse(namespace).unwrap());
        }
        for (field, descending) in &self.order {
            query.order_by(field, *descending).unwrap();
        }
        if self.deleted {
            query.with_deleted();
        }
        query.limit(self.limit);
        query
    }

    /// Everything the query says, less the times that only the writer knows.
    fn answer(&self, call: &mut Session, collection: &Arc<Collection>) -> Value {
        let rows: Vec<Value> = all_pages(call, &self.query(collection)).iter().map(|row| timeless(row)).collect();
        let query = self.query(collection);
        let mut wide = self.query(collection);
        wide.limit(100);
        json!({
            "rows": rows,
            "count": call.count(&query).unwrap(),
            "groups": [call.group_count(&wide, "stars").unwrap(), call.group_count(&wide, "extra").unwrap()],
            "sum": call.aggregate(&query, Aggregate::Sum, "score").unwrap(),
            "max": call.aggregate(&query, Aggregate::Max, "stars").unwrap(),
            "ids": call.ids(&wide).unwrap(),
            "column": call.column(&wide, "stars").unwrap(),
        })
    }
}

fn timeless(row: &str) -> Value {
    let mut row = object(parse(row));
    for time in ["created_at", "updated_at"] {
        row.remove(time);
    }
    let deleted = row["deleted_at"] != Value::Null;
    row.insert("deleted_at".into(), json!(deleted));
    Value::Object(row)
}

fn all_pages(call: &mut Session, query: &Query) -> Vec<String> {
    let (mut rows, mut query) = (Vec::new(), query.clone());
    loop {
        let page = call.rows(&query).unwrap();
        rows.extend(page.rows);
        match page.next {
            Some(next) => query.after(&next),
            None => return rows,
        }
    }
}

fn stage(call: &mut Session, collection: &Arc<Collection>, ids: &mut Vec<u64>, write: &Write) {
    let titled = |fields: &Map<String, Value>| {
        let mut row = fields.clone();
        row.insert("title".into(), json!("t"));
        row
    };
    let id = |row: &usize| ids.get(*row).copied().unwrap_or(999_999);
    // What is refused is refused; the rest must agree.
    let done: Result<(), StoreError> = match write {
        // A plain insert of a taken key is refused at commit: not here.
        Write::Insert(fields) => {
            let mut row = titled(fields);
            row.remove("slug");
            call.insert(collection, row).map(|id| ids.push(id))
        }
        Write::Upsert(fields) => call.upsert(collection, "by_slug", titled(fields)).map(|(id, _)| ids.push(id)),
        Write::Update(row, fields) => {
            let mut patch = fields.clone();
            patch.remove("slug");
            call.update(collection, id(row), None, &patch).map(drop)
        }
        Write::Add(row, field, amount) => call.add(collection, id(row), field, *amount),
        Write::Max(row, field, amount) => call.max(collection, id(row), field, *amount),
        Write::Delete(row) => call.delete(collection, id(row), None),
        // A row may come back to find its key taken: refused at commit, as above.
        Write::Restore(row) => match call.restore(collection, id(row)) {
            Ok(()) => call.update(collection, id(row), None, &object(json!({"slug": null}))).map(drop),
            Err(error) => Err(error),
        },
        Write::Erase(row) => call.erase(collection, id(row)),
    };
    if let Err(error) = done {
        assert!(["not-found", "conflict"].contains(&error.code().as_str()), "{write:?}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn staged_rows_read_as_they_will_once_committed(
        before in writes(), staged in writes(), asked in prop::collection::vec(asked(), 1..5)
    ) {
        let lab = lab();
        let mut ids = Vec::new();
        let mut call = lab.session();
        before.iter().for_each(|write| stage(&mut call, &lab.notes, &mut ids, write));
        commit(call).unwrap();
        let mut call = lab.space.session(SessionOptions { component: "sha256:two".into(), ..session_options() });
        let middle = staged.len() / 2;
        staged[..middle].iter().for_each(|write| stage(&mut call, &lab.notes, &mut ids, write));
        // Reading in between must not freeze what is seen.
        asked[0].answer(&mut call, &lab.notes);
        staged[middle..].iter().for_each(|write| stage(&mut call, &lab.notes, &mut ids, write));
        let overlaid: Vec<_> = asked.iter().map(|one| one.answer(&mut call, &lab.notes)).collect();
        let got: Vec<_> = ids.iter().map(|id| call.get(&lab.notes, *id).unwrap().map(|row| timeless(&row))).collect();
        common::commit_as(call, memstrata_store::CommitMeta { component: "sha256:two".into(), ..common::meta() }).unwrap();
        let mut fresh = lab.session();
        for (one, overlaid) in asked.iter().zip(overlaid) {
            prop_assert_eq!(one.answer(&mut fresh, &lab.notes), overlaid, "{:?}", one);
        }
        for (id, got) in ids.iter().zip(got) {
            let stored = fresh.get(&lab.notes, *id).unwrap().map(|row| timeless(&row));
            prop_assert_eq!(stored, got);
        }
        prop_assert_eq!(common::faults(&lab.space), [""; 0]);
    }
}

#[test]
fn pages_neither_skip_nor_repeat_over_nulls_ties_and_mixed_directions() {
    let lab = lab();
    lab.write(|call| {
        for n in 0..60_u64 {
            let mut row = object(json!({"title": format!("t{}", n % 3)}));
            if n % 4 != 0 {
                row.insert("stars".into(), json!(n % 5));
            }
            if n % 3 != 0 {
                row.insert("score".into(), json!((n % 7) as f64 / 10.0));
            }
            call.insert(&lab.notes, row).unwrap();
        }
    });
    for (first, second) in [("stars", "score"), ("score", "title"), ("title", "stars"), ("done", "stars")] {
        for (down, down_too) in [(false, false), (false, true), (true, false), (true, true)] {
            let ask = |limit| {
                let mut query = Query::new(Arc::clone(&lab.notes));
                query.order_by(first, down).unwrap();
                query.order_by(second, down_too).unwrap();
                query.select(&["stars".into()]).unwrap();
                query.limit(limit);
                query
            };
            let whole = lab.session().rows(&ask(1000)).unwrap();
            assert_eq!((whole.rows.len(), whole.next), (60, None));
            for limit in [1, 7, 59, 60] {
                // Each page in a call of its own, as pages are.
                let mut rows = Vec::new();
                let mut query = ask(limit);
                loop {
                    let page = lab.session().rows(&query).unwrap();
                    rows.extend(page.rows);
                    let Some(next) = page.next else { break };
                    query.after(&next);
                }
                assert_eq!(rows, whole.rows, "{first} {down} {second} {down_too} by {limit}");
            }
        }
    }
}

#[test]
fn a_cursor_serves_only_the_query_the_call_and_the_space_it_was_made_for() {
    let lab = lab();
    lab.write(|call| {
        for n in 0..5 {
            call.insert(&lab.notes, object(json!({"title": "t", "stars": n}))).unwrap();
        }
    });
    let ask = |field: &str, cursor: &str| {
        let mut query = Query::new(Arc::clone(&lab.notes));
        query.order_by(field, false).unwrap();
        query.limit(2);
        query.after(cursor);
        query
    };
    let mut first = Query::new(Arc::clone(&lab.notes));
    first.order_by("stars", false).unwrap();
    first.limit(2);
    let cursor = lab.session().rows(&first).unwrap().next.unwrap();
    assert_eq!(lab.session().rows(&ask("stars", &cursor)).unwrap().rows.len(), 2);
    assert_eq!(code(lab.session().rows(&ask("score", &cursor))), "invalid.cursor");
    let mut narrowed = ask("stars", &cursor);
    narrowed.filter(Condition::parse("[\"stars\",\">\",0]").unwrap()).unwrap();
    assert_eq!(code(lab.session().rows(&narrowed)), "invalid.cursor");
    let mut other = lab.space.session(SessionOptions { binding: "space|other|operation".into(), ..session_options() });
    assert_eq!(code(other.rows(&ask("stars", &cursor))), "invalid.cursor");
    let scope = Namespace::parse("user:a").unwrap();
    let mut scoped = lab.space.session(SessionOptions { scope, ..session_options() });
    assert_eq!(code(scoped.rows(&ask("stars", &cursor))), "invalid.cursor");
    let elsewhere = common::lab();
    let mut query = Query::new(Arc::clone(&elsewhere.notes));
    query.order_by("stars", false).unwrap();
    query.after(&cursor);
    assert_eq!(code(elsewhere.session().rows(&query)), "invalid.cursor");
    let last = if cursor.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &cursor[..cursor.len() - 1]);
    for bad in ["", "x", "äö", "00", &cursor[..32], &cursor[1..], &forged] {
        assert_eq!(code(lab.session().rows(&ask("stars", bad))), "invalid.cursor", "{bad}");
    }
    // The limit may change between pages; and a second handle on the file knows the cursor.
    let mut wider = ask("stars", &cursor);
    wider.limit(10);
    assert_eq!(lab.second().session(session_options()).rows(&wider).unwrap().rows.len(), 3);
}

#[test]
fn conditions_that_do_not_fit_are_refused() {
    let lab = lab();
    let mut query = Query::new(Arc::clone(&lab.notes));
    for bad in [
        json!(["nope", "=", 1]),
        json!(["stars", "=", "x"]),
        json!(["stars", "~", 1]),
        json!(["stars", "contains", "1"]),
        json!(["body", "contains", 1]),
        json!(["body", "has", "x"]),
        json!(["tags", "has", null]),
        json!(["stars", "in", 1]),
        json!(["stars", "in", [null]]),
        json!(["stars", "in", ["x"]]),
        json!(["stars", "<", null]),
        json!(["namespace", "under", "a::b"]),
        json!(["happened", ">", -1]),
    ] {
        let condition = Condition::parse(&bad.to_string()).unwrap();
        assert_eq!(query.filter(condition).unwrap_err().code(), "invalid.condition", "{bad}");
    }
    assert_eq!(code(query.order_by("nope", false)), "invalid.condition");
    assert_eq!(code(query.select(&["nope".into()])), "invalid.condition");
    assert_eq!(code(lab.session().aggregate(&query, Aggregate::Sum, "body")), "invalid.condition");
    assert_eq!(code(lab.session().group_count(&query, "nope")), "invalid.condition");
    assert_eq!(lab.session().aggregate(&query, Aggregate::Sum, "stars").unwrap(), None);
}

#[test]
fn valid_at_is_half_open() {
    let lab = lab();
    lab.note(json!({"title": "always"}));
    lab.note(json!({"title": "once", "valid_from": 10, "valid_to": 20}));
    for (time, count) in [(9, 1), (10, 2), (19, 2), (20, 1)] {
        let mut query = Query::new(Arc::clone(&lab.notes));
        query.valid_at(time);
        assert_eq!(lab.session().count(&query).unwrap(), count, "{time}");
    }
}
