//! The hierarchical index: the operations with their schemas and examples.

use super::shape::{NONE, flag, index, int, many, memory, next, refused, step, word, written};
use memstrata_sdk::schema::{self as s, Named, operation_of as operation};
use memstrata_sdk::{Value, json};

fn topic(arguments: &Value) -> Value {
    step("create_hierarchical_index", arguments)
}

/// The topic 1, and 1.1 below it, which is the row 2.
fn tree() -> Vec<Value> {
    vec![topic(&json!({"label": "Habits"})), topic(&json!({"label": "Editors", "parent_id": 1}))]
}

/// The note 1 and the topic 3.
fn both() -> Vec<Value> {
    vec![written(), topic(&json!({"label": "Habits"}))]
}

fn place() -> Value {
    json!({"memory_id": 1, "index_id": 3})
}

fn assigned() -> Vec<Value> {
    [both(), vec![step("assign_memory_to_index", &place())]].concat()
}

fn parent(description: &str) -> Value {
    json!({"type": ["integer", "string", "null"], "maxLength": 100, "description": description})
}

fn ends() -> Value {
    let mut ends = memory();
    if let Some(fields) = ends.as_object_mut() {
        fields.insert("index_id".into(), index("The topic."));
    }
    ends
}

const SHOWN: [&str; 3] = ["index_id", "luhmann_id", "label"];

pub(super) fn operations() -> Vec<Named> {
    [growing(), filling()].concat()
}

fn growing() -> Vec<Named> {
    let shown = json!({"index_id": int(), "luhmann_id": word(), "label": word()});
    let missing = |arguments: &Value| refused(arguments, "not-found.index");
    vec![
        (
            "create_hierarchical_index",
            operation(
                (
                    "write",
                    "Adds a topic to the tree, with the next Luhmann number, such as 1.2.3.",
                    "Numbers are never given twice, not even those of deleted topics.",
                ),
                (
                    &json!({"project_id": s::project("Ignored: a space is a project.", 100), "parent_id": parent("The topic above; a root if absent."),
                            "label": s::or(s::text("What it is about.", 300), "Untitled"),
                            "namespace": s::maybe_text("Where a root belongs; others are where their parent is.", 200)}),
                    &[],
                ),
                (
                    &json!({"index_id": int(), "luhmann_id": word(), "label": word(), "parent_id": {"type": ["integer", "null"]}}),
                    &["index_id", "luhmann_id", "label", "parent_id"],
                ),
                &json!([{"arguments": {"project_id": 1, "label": "Habits"}}, {"arguments": {"parent_id": 1, "label": "Tabs"}, "setup": tree(), "note": "1.2"},
                        {"arguments": {}, "setup": tree(), "note": "2, Untitled."}, missing(&json!({"parent_id": NONE}))]),
            ),
        ),
        (
            "get_index_tree",
            operation(
                ("read", "The topics directly below one, or the roots, with how much is directly under each.", ""),
                (
                    &json!({"parent_id": parent("The topic above; the roots if absent."), "namespace": s::maybe_text("Only this namespace and below.", 200),
                            "limit": s::integer_or("How many.", 1, 100, 20), "cursor": s::cursor()}),
                    &[],
                ),
                (
                    &json!({"parent_id": {"type": ["integer", "null"]}, "topics": many(&["index_id", "luhmann_id", "label", "children", "memories"]),
                            "count": int(), "next_cursor": next()}),
                    &["parent_id", "topics", "count", "next_cursor"],
                ),
                &json!([{"arguments": {}, "setup": tree()}, {"arguments": {"parent_id": 1}, "setup": tree()}, missing(&json!({"parent_id": NONE}))]),
            ),
        ),
        (
            "rename_index",
            operation(
                ("write", "Gives a topic another label; its number stays.", ""),
                (
                    &json!({"index_id": index("The topic."), "label": s::text("Its new label.", 300)}),
                    &["index_id", "label"],
                ),
                (&shown, &SHOWN),
                &json!([{"arguments": {"index_id": 2, "label": "Tools"}, "setup": tree()}, missing(&json!({"index_id": NONE, "label": "Tools"}))]),
            ),
        ),
        (
            "delete_index",
            operation(
                (
                    "destructive",
                    "Deletes a topic that nothing is under.",
                    "`conflict.in-use` if topics or memories are under it.",
                ),
                (&json!({"index_id": index("The topic.")}), &["index_id"]),
                (&json!({"deleted": int()}), &["deleted"]),
                &json!([{"arguments": {"index_id": 2}, "setup": tree()}, {"arguments": {"index_id": 1}, "setup": tree(), "fault": "conflict.in-use"},
                        {"arguments": {"index_id": 3}, "setup": assigned(), "fault": "conflict.in-use"}, missing(&json!({"index_id": NONE}))]),
            ),
        ),
    ]
}

fn filling() -> Vec<Named> {
    let missing_memory =
        || json!({"arguments": {"memory_id": NONE, "index_id": 1}, "setup": tree(), "fault": "not-found.memory"});
    let missing_index =
        || json!({"arguments": {"memory_id": 1, "index_id": NONE}, "setup": [written()], "fault": "not-found.index"});
    vec![
        (
            "assign_memory_to_index",
            operation(
                (
                    "write",
                    "Puts a memory under a topic; a second time changes nothing.",
                    "A memory may be under several.",
                ),
                (&ends(), &["memory_id", "index_id"]),
                (
                    &json!({"memory_id": int(), "index_id": int(), "luhmann_id": word(), "assigned": flag(), "created": flag()}),
                    &["memory_id", "index_id", "luhmann_id", "assigned", "created"],
                ),
                &json!([{"arguments": place(), "setup": both()}, {"arguments": place(), "setup": assigned()}, missing_memory(), missing_index()]),
            ),
        ),
        (
            "unassign_memory",
            operation(
                ("write", "Takes a memory from under a topic.", "Also one that is gone."),
                (&ends(), &["memory_id", "index_id"]),
                (
                    &json!({"memory_id": int(), "index_id": int(), "removed": flag()}),
                    &["memory_id", "index_id", "removed"],
                ),
                &json!([{"arguments": place(), "setup": assigned()}, {"arguments": place(), "setup": both()}, missing_index()]),
            ),
        ),
        (
            "get_index_memories",
            operation(
                (
                    "read",
                    "The memories directly under a topic, the first assigned first.",
                    "`gone` names those on this page that are deleted or not yours to see.",
                ),
                (
                    &json!({"index_id": index("The topic."), "limit": s::integer_or("How many.", 1, 50, 20), "cursor": s::cursor()}),
                    &["index_id"],
                ),
                (
                    &json!({"index": {"type": "object", "required": SHOWN}, "memories": many(&["id", "ref", "collection", "title", "text"]), "count": int(),
                            "gone": {"type": "array", "items": int()}, "next_cursor": next()}),
                    &["index", "memories", "count", "gone", "next_cursor"],
                ),
                &json!([{"arguments": {"index_id": 3}, "setup": assigned()}, refused(&json!({"index_id": NONE}), "not-found.index")]),
            ),
        ),
        (
            "get_memory_indexes",
            operation(
                ("read", "The topics a memory is under, at most 50.", ""),
                (&memory(), &["memory_id"]),
                (&json!({"memory_id": int(), "indexes": many(&SHOWN)}), &["memory_id", "indexes"]),
                &json!([{"arguments": {"memory_id": 1}, "setup": assigned()}, refused(&json!({"memory_id": NONE}), "not-found.memory")]),
            ),
        ),
    ]
}
