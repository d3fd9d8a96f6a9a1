//! Versions and attributes of memories: the operations with their schemas and examples.

use super::shape::{NONE, flag, int, many, memory, next, refused, step, word, written};
use crate::attributes::STAGES;
use crate::note::MOST_TEXT;
use memstrata_sdk::schema::{self as s, Named, operation_of as operation};
use memstrata_sdk::{Value, json};

/// The properties of a call about a memory, and more.
fn about(more: Value) -> Value {
    let mut properties = memory();
    if let (Some(all), Value::Object(more)) = (properties.as_object_mut(), more) {
        all.extend(more);
    }
    properties
}

fn version() -> Value {
    step("create_memory_version", &json!({"memory_id": 1, "content": "Ada prefers spaces."}))
}

pub(super) fn operations() -> Vec<Named> {
    [evolving(), computing()].concat()
}

fn evolving() -> Vec<Named> {
    let missing = |arguments: &Value| refused(arguments, "not-found.memory");
    let one = || json!({"memory_id": 1});
    let fields = ["version", "hash", "content", "characters", "at"];
    vec![
        (
            "create_memory_version",
            operation(
                (
                    "write",
                    "Keeps a version of a memory's content, by its SHA-256.",
                    "The content of the newest version is not kept again. A note's first text is version 1, and a new version becomes its text; memories of other layers are not changed, their first version is the first content given here.",
                ),
                (&about(json!({"content": s::text("The content.", MOST_TEXT)})), &["memory_id", "content"]),
                (
                    &json!({"memory_id": int(), "collection": word(), "version": int(), "hash": word(), "created": flag()}),
                    &["memory_id", "collection", "version", "hash", "created"],
                ),
                &json!([
                    {"arguments": {"memory_id": 1, "content": "Ada prefers spaces."}, "setup": [written()], "note": "Version 2."},
                    {"arguments": {"memory_id": "notes.notes:1", "content": "Ada prefers tabs."}, "setup": [written()], "note": "Version 1 says so already."},
                    {"arguments": {"memory_id": "semantic:1", "content": "x"}, "setup": [written()], "fault": "not-found.memory", "note": "It lives elsewhere."},
                    missing(&json!({"memory_id": NONE, "content": "x"})),
                ]),
            ),
        ),
        (
            "get_memory_version",
            operation(
                ("read", "One version of a memory's content, whole.", ""),
                (&about(json!({"version": s::integer("Its number.", 1, 1_000_000_000)})), &["memory_id", "version"]),
                (
                    &json!({"memory_id": int(), "version": {"type": "object", "required": fields}}),
                    &["memory_id", "version"],
                ),
                &json!([
                    {"arguments": {"memory_id": 1, "version": 1}, "setup": [written()], "note": "The first text."},
                    {"arguments": {"memory_id": 1, "version": 2}, "setup": [written(), step("update_note", &json!({"note_id": 1, "text": "Ada prefers spaces."}))]},
                    {"arguments": {"memory_id": 1, "version": 2}, "setup": [written()], "fault": "not-found.version"},
                ]),
            ),
        ),
        (
            "get_memory_evolution_history",
            operation(
                (
                    "read",
                    "The versions kept of a memory, from the first on.",
                    "Contents are cut at 2,000 characters; `get_memory_version` has them whole.",
                ),
                (
                    &about(
                        json!({"newest_first": s::flag("The newest first instead.", false), "limit": s::integer_or("How many.", 1, 50, 20), "cursor": s::cursor()}),
                    ),
                    &["memory_id"],
                ),
                (
                    &json!({"memory_id": int(), "versions": many(&fields), "count": int(), "latest": int(), "next_cursor": next()}),
                    &["memory_id", "versions", "count", "latest", "next_cursor"],
                ),
                &json!([{"arguments": one(), "setup": [written(), version()]},
                        {"arguments": {"memory_id": 1, "newest_first": true, "limit": 1}, "setup": [written(), version()]},
                        missing(&json!({"memory_id": NONE}))]),
            ),
        ),
    ]
}

fn computing() -> Vec<Named> {
    let computed = json!({
        "memory_id": int(), "importance": {"type": "number", "minimum": 0, "maximum": 1}, "stage": s::choice(&STAGES, "By the versions since the first text."),
        "tags": {"type": "array", "items": word(), "maxItems": 5}, "versions": int(), "uses": int(), "computed_at": int(),
    });
    let all = ["memory_id", "importance", "stage", "tags", "versions", "uses", "computed_at"];
    let one = || json!({"memory_id": 1});
    let missing = || refused(&json!({"memory_id": NONE}), "not-found.memory");
    vec![
        (
            "compute_memory_attributes",
            operation(
                (
                    "write",
                    "Computes and keeps importance, stage and tags of a memory.",
                    "Importance: 0.6 x min(uses / 100, 1) + 0.4 x (1 - days / 90). Stage by the versions since the first text: 0 nascent, below 3 developing, below 10 mature, else stable. Tags: its five most frequent words.",
                ),
                (&memory(), &["memory_id"]),
                (&computed, &all),
                &json!([{"arguments": one(), "setup": [written()], "note": "Nascent."}, {"arguments": one(), "setup": [written(), version()], "note": "Developing."}, missing()]),
            ),
        ),
        (
            "get_memory_attributes",
            operation(
                ("read", "The attributes last computed of a memory.", ""),
                (&memory(), &["memory_id"]),
                (&computed, &all),
                &json!([{"arguments": one(), "setup": [written(), step("compute_memory_attributes", &one())]},
                        {"arguments": one(), "setup": [written()], "fault": "not-found.attributes"}, missing()]),
            ),
        ),
    ]
}
