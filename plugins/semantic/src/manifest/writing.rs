//! Operations that write: remember, update, feedback, forget, restore.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn new_memory(with_type: bool) -> Value {
    let mut properties = json!({
        "content": s::text("One self-contained statement: name people, things and dates, not `he` or `it`.", 50_000),
        "memory_type": s::memory_type(),
        "tags": s::tags("Labels to find it by."),
        "topic": s::text("The topic, or domain.", 200),
        "namespace": s::own_namespace(),
        "sources": s::ids("Memories or events it rests on.", 100),
        "confidence": s::share("How sure; 1 if absent."),
        "valid_from": s::time("Since when it is true, if not always."),
        "valid_to": s::time("Until when it was true, if it ended."),
        "supersedes": s::id("The memory this one replaces."),
    });
    if let Some(properties) = properties.as_object_mut() {
        if with_type {
            properties.entry("memory_type").and_modify(|schema| {
                schema["default"] = json!("fact");
                schema["description"] = json!(
                    "fact: what is so; decision: what was chosen and why; pattern: what recurs; context: background."
                );
            });
        } else {
            properties.shift_remove("memory_type");
        }
    }
    s::input(&properties, &["content"])
}

fn remembered() -> Value {
    s::output(
        &json!({
            "id": {"type": "integer"},
            "ref": {"type": "string"},
            "created": {"type": "boolean", "description": "False: the same content was there already."},
            "memory_type": {"type": "string"},
            "namespace": {"type": "string"},
            "revision": {"type": "integer"},
            "supersedes": {"type": "integer"},
            "changed": {"type": "array", "items": {"type": "string"}},
            "note": {"type": "string"},
        }),
        &["id", "ref", "created"],
    )
}

fn deleted() -> Value {
    s::output(
        &json!({
            "deleted": {"type": "array", "items": {"type": "integer"}},
            "count": {"type": "integer"},
            "missing": {"type": "array", "items": {"type": "integer"}},
            "preview": {"type": "boolean", "description": "True: nothing was deleted yet."},
            "candidates": {"type": "array", "items": {"type": "object"}},
            "remaining": {"type": "integer"},
            "note": {"type": "string"},
        }),
        &["deleted", "count"],
    )
}

/// A store operation of a fixed type.
fn fixed(kind: &str, what: &str, stored_as: &str, example: &Value) -> Value {
    operation(
        "write",
        &format!("Remembers a {kind}."),
        &format!(
            "{what} The same as `remember` with {stored_as}. Repeated content is not stored twice: `created` is false and `id` names what is there."
        ),
        (new_memory(false), remembered()),
        &json!([{"arguments": example}]),
    )
}

pub(super) fn operations() -> Vec<Named> {
    let remember = || {
        operation(
            "write",
            "Stores one thing worth knowing later.",
            "Use it when you learn a lasting fact, preference, decision or recurring pattern. Write one self-contained statement a memory. Repeating what is known is safe: `created` is false and `id` names what is there. If it replaces something that is no longer true, give the old id as `supersedes`: recall then shows only the new one, and the old stays in history. Name evidence in `sources`. Answers the id, such as m:42.",
            (new_memory(true), remembered()),
            &json!([
                {"arguments": {"content": "Ada prefers tabs over spaces in Makefiles.", "tags": ["style"],
                               "namespace": "user:ada"}, "note": "A preference."},
                {"arguments": {"content": "We chose SQLite over PostgreSQL because one file is easy to back up.",
                               "memory_type": "decision", "confidence": 0.9, "valid_from": "2026-11-01"},
                 "note": "A decision with its reason and date."},
                {"arguments": {"content": "Ada lives in London.", "supersedes": 999_999_999},
                 "note": "There is nothing to supersede.", "fault": "not-found"},
            ]),
        )
    };
    let one =
        json!([{"operation": "remember", "arguments": {"content": "The build takes nine minutes.", "tags": ["ci"]}}]);
    vec![
        ("remember", remember()),
        ("store", remember()),
        (
            "store_fact",
            fixed("fact", "What is so.", "memory_type `fact`", &json!({"content": "Port 8000 serves MCP."})),
        ),
        (
            "store_principle",
            fixed(
                "principle",
                "A rule to act by.",
                "memory_type `pattern` and the tag `principle`",
                &json!({"content": "Never deploy on a Friday.", "confidence": 0.8}),
            ),
        ),
        (
            "store_concept",
            fixed(
                "concept",
                "What a word or an idea means.",
                "memory_type `fact` and the tag `concept`",
                &json!({"content": "A write-set is the staged changes of one call.", "topic": "store"}),
            ),
        ),
        (
            "remember_many",
            operation(
                "write",
                "Stores up to 200 memories in one transaction.",
                "Each item is what `remember` takes. All are stored or none; repeated content counts as `known`.",
                (
                    s::input(
                        &json!({"items": {"type": "array", "minItems": 1, "maxItems": 200, "items": new_memory(true)}}),
                        &["items"],
                    ),
                    s::output(
                        &json!({"created": {"type": "integer"}, "known": {"type": "integer"},
                                "items": {"type": "array", "items": remembered()}}),
                        &["created", "known", "items"],
                    ),
                ),
                &json!([{"arguments": {"items": [{"content": "Tea is at four."}, {"content": "Tea is at four."}]}}]),
            ),
        ),
        (
            "update_memory",
            operation(
                "write",
                "Changes a memory; its history is kept.",
                "Within five minutes of a memory being recalled it is labile: the change makes a new row, revision + 1, and the old one becomes superseded with its valid time closed. Later, the change corrects the row in place. `mode` forces either: `revise` (the world changed) or `in_place` (the record was wrong). Answers the id that is now current.",
                (
                    s::input(
                        &json!({
                            "id": s::id("The memory."),
                            "content": s::text("New content.", 50_000),
                            "memory_type": s::memory_type(),
                            "tags": s::tags("All its tags from now on."),
                            "topic": {"type": "string", "maxLength": 200, "description": "Empty removes it."},
                            "confidence": s::share("How sure."),
                            "valid_from": s::time("Since when it is true."),
                            "valid_to": s::time("Until when it was true."),
                            "mode": {"type": "string", "enum": ["auto", "revise", "in_place"], "default": "auto"},
                            "reason": s::reason(),
                        }),
                        &["id"],
                    ),
                    s::output(
                        &json!({
                            "id": {"type": "integer"}, "ref": {"type": "string"},
                            "how": {"type": "string", "enum": ["unchanged", "in_place", "revised", "merged"]},
                            "revision": {"type": "integer"}, "supersedes": {"type": "integer"},
                            "changed": {"type": "array", "items": {"type": "string"}},
                            "note": {"type": "string"},
                        }),
                        &["id", "ref", "how", "changed"],
                    ),
                ),
                &json!([{"arguments": {"id": "m:1", "content": "The build takes eight minutes."}, "setup": one},
                    {"arguments": {"id": "m:999999999", "content": "x"}, "fault": "not-found"}]),
            ),
        ),
        (
            "mark_useful",
            operation(
                "write",
                "Says whether recalled memories helped.",
                "Feedback moves a memory's usefulness by up to 0.3 either way, and with it its place in recall; what is unhelpful and idle is pruned by `optimize`.",
                (
                    s::input(
                        &json!({"ids": s::ids("The memories.", 100),
                                "useful": s::flag("False: they did not help.", true), "reason": s::reason()}),
                        &["ids"],
                    ),
                    s::output(
                        &json!({"marked": {"type": "array", "items": {"type": "object"}},
                                "missing": {"type": "array", "items": {"type": "integer"}}}),
                        &["marked", "missing"],
                    ),
                ),
                &json!([{"arguments": {"ids": [1], "useful": false, "reason": "It is out of date."}, "setup": one},
                    {"arguments": {"ids": [999_999_999]}, "fault": "not-found"}]),
            ),
        ),
        (
            "forget",
            operation(
                "destructive",
                "Deletes memories of this layer, by ids or by a query with preview.",
                "By `ids`: deletes at once. By `query`: shows what matches and deletes nothing; look, then call again with the ids you mean, or with `confirm: true` for all that match. A deleted memory leaves recall and lists; `restore_memories` brings it back.",
                (
                    s::input(
                        &json!({
                            "ids": s::ids("The memories to delete.", 500),
                            "query": s::query(),
                            "namespace": s::namespace(),
                            "limit": s::integer("At most this many matches of the query.", 1, 100, 10),
                            "confirm": s::flag("Delete what the query matches.", false),
                            "reason": s::reason(),
                        }),
                        &[],
                    ),
                    deleted(),
                ),
                &json!([
                    {"arguments": {"query": "how long the build takes"}, "setup": one, "note": "A preview."},
                    {"arguments": {"ids": ["m:999999999"]}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "delete_many",
            operation(
                "destructive",
                "Deletes up to 500 memories by id.",
                "Ids that name no live memory of this layer come back as `missing`; the others are deleted. Undone by `restore_memories`.",
                (s::input(&json!({"ids": s::ids("The memories.", 500), "reason": s::reason()}), &["ids"]), deleted()),
                &json!([{"arguments": {"ids": [999_999_998, 999_999_999]}, "note": "Nothing to delete."}]),
            ),
        ),
        (
            "delete_by_tags",
            operation(
                "destructive",
                "Deletes memories by tag or topic, after a preview.",
                "Without `confirm` it only counts and shows examples. `match` any: one of the tags is enough; all: each must be there. A topic of that name counts as a tag. At most 1000 a call; `remaining` says how many are left.",
                (
                    s::input(
                        &json!({
                            "tags": s::tags("Tags or topics."),
                            "match": {"type": "string", "enum": ["any", "all"], "default": "any"},
                            "namespace": s::namespace(),
                            "confirm": s::flag("Delete them.", false),
                            "reason": s::reason(),
                        }),
                        &["tags"],
                    ),
                    deleted(),
                ),
                &json!([
                    {"arguments": {"tags": ["ci"]}, "setup": one, "note": "A preview."},
                    {"arguments": {"tags": ["ci"], "confirm": true}, "setup": one},
                ]),
            ),
        ),
        (
            "restore_memories",
            operation(
                "write",
                "Brings deleted memories back.",
                "Fails as `conflict` if the same content has been remembered anew in the meantime.",
                (
                    s::input(&json!({"ids": s::ids("The memories.", 500), "reason": s::reason()}), &["ids"]),
                    s::output(
                        &json!({"restored": {"type": "array", "items": {"type": "integer"}},
                                "missing": {"type": "array", "items": {"type": "integer"}}}),
                        &["restored", "missing"],
                    ),
                ),
                &json!([{"arguments": {"ids": [999_999_999]}, "note": "Nothing to restore."}]),
            ),
        ),
    ]
}
