//! Events and memories for tests, and arbitrary rows for property tests.

use crate::event::Event;
use crate::memory::Memory;
use crate::session::Group;
use proptest::prelude::*;
use serde_json::{Value, json};

/// An event of session `s`.
pub(crate) fn event(id: u64, timestamp: i64, kind: &str) -> Event {
    Event {
        id,
        timestamp,
        kind: kind.into(),
        content: format!("event {id}"),
        session: Some("s".into()),
        confidence: 1.0,
        ..Event::default()
    }
}

/// A memory.
pub(crate) fn memory(id: u64, content: &str) -> Memory {
    Memory { id, content: content.into(), kind: "fact".into(), confidence: 1.0, usefulness: 0.5, ..Memory::default() }
}

/// No memory says it yet.
pub(crate) fn unknown(_: &[&str]) -> Vec<Memory> {
    Vec::new()
}

/// The ids of groups.
pub(crate) fn ids(groups: &[Group<'_>]) -> Vec<Vec<u64>> {
    groups.iter().map(|group| group.iter().map(|event| event.id).collect()).collect()
}

fn pick(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(words).prop_map(|word| json!(word))
}

/// Rows that look like events, each with an id of its own.
pub(crate) fn event_rows() -> impl Strategy<Value = Vec<Value>> {
    const KINDS: &[&str] = &["action", "decision", "error", "success", "file_change", "test_run", "deployment"];
    let row = (
        0i64..200_000_000,
        pick(KINDS),
        pick(&["success", "failure", "partial"]),
        pick(&["s", "t", "u"]),
        pick(&["/r/a", "/r/b", "/q"]),
        prop::collection::vec(prop::sample::select(&["a.rs", "b.rs", "c.rs"][..]), 0..3),
        pick(&["fix the parser", "use sqlite for storage", "run 12 tests", "Deploy to Paris"]),
        (pick(&["", "n"]), prop::option::of(0.0f64..6.0), 0.5f64..1.0),
    );
    prop::collection::vec(row, 0..40).prop_map(|rows| {
        let made =
            rows.into_iter().enumerate().map(|(nth, (at, kind, outcome, session, cwd, files, content, more))| {
                json!({"id": nth + 1, "version": 1, "timestamp": at, "event_type": kind, "outcome": outcome,
                   "session_id": session, "cwd": cwd, "files": files, "content": content, "namespace": more.0,
                   "surprise_score": more.1, "confidence": more.2})
            });
        made.collect()
    })
}

/// Rows that look like memories, each with an id of its own.
pub(crate) fn memory_rows() -> impl Strategy<Value = Vec<Value>> {
    let row = (
        pick(&["Ada likes tabs", "ada likes  tabs.", "Ada does not like tabs", "Port 8080 is open", "Port 90 is open"]),
        pick(&["fact", "pattern", "decision", "context", "episodic"]),
        0.0f64..1.0,
        0i64..10_000_000_000,
        pick(&["", "n"]),
    );
    prop::collection::vec(row, 0..30).prop_map(|rows| {
        let made = rows.into_iter().enumerate().map(|(nth, (content, kind, usefulness, at, namespace))| {
            json!({"id": nth + 1, "version": 1, "content": content, "memory_type": kind, "created_at": at,
                   "usefulness_score": usefulness, "namespace": namespace})
        });
        made.collect()
    })
}

/// Any JSON under the names the rules read.
pub(crate) fn any_rows() -> impl Strategy<Value = Vec<Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        ".{0,30}".prop_map(|value| json!(value)),
        pick(&["error", "test_run", "file_change", "success", "failure", "decision", "s"]),
    ];
    let value = prop_oneof![4 => leaf.clone(), 1 => prop::collection::vec(leaf, 0..4).prop_map(Value::Array)];
    let names: Vec<&'static str> =
        [&crate::event::FIELDS[1..], &["memory_type", "tags", "created_at", "updated_at", "usefulness_score"]].concat();
    let field = (prop::sample::select(names), value);
    let row = prop::collection::vec(field, 0..16)
        .prop_map(|fields| Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
    (prop::collection::vec(row, 0..12), prop::collection::vec(0u64..12, 12)).prop_map(|(mut rows, ids)| {
        for (row, id) in rows.iter_mut().zip(ids) {
            row["id"] = json!(id);
        }
        rows
    })
}
