//! Notes and their links: the operations with their schemas and examples.

use super::shape::{NONE, flag, int, many, next, note, refused, step, word, written};
use crate::note::{MOST_TAG, MOST_TAGS, MOST_TEXT, MOST_TITLE};
use memstrata_sdk::schema::{self as s, Named, operation_of as operation};
use memstrata_sdk::{Value, json};

fn tags() -> Value {
    s::list(&s::text("A tag.", MOST_TAG), MOST_TAGS, "Your own tags.")
}

fn namespace() -> Value {
    s::maybe_text("Only this namespace and below.", 200)
}

fn tag() -> Value {
    s::maybe_text("Only those with this tag.", MOST_TAG)
}

fn limit() -> Value {
    s::integer_or("How many.", 1, 100, 20)
}

/// What lists show of a note.
const BRIEF: [&str; 5] = ["id", "ref", "title", "text", "tags"];

pub(super) fn operations() -> Vec<Named> {
    [writing(), reading(), linking()].concat()
}

fn writing() -> Vec<Named> {
    let text = |description: &str| s::text(description, MOST_TEXT);
    let missing = || refused(&json!({"note_id": NONE}), "not-found.note");
    vec![
        (
            "create_note",
            operation(
                (
                    "write",
                    "Writes a note: one thought, a title, tags.",
                    "Its text is kept as version 1. Without a title it has its first line.",
                ),
                (
                    &json!({"text": text("The thought."), "title": s::maybe_text("Its title.", MOST_TITLE), "tags": s::or(tags(), json!([])),
                            "sources": s::list(&note("A memory it rests on."), 20, "Memories it rests on."),
                            "namespace": s::maybe_text("Where it belongs.", 200)}),
                    &["text"],
                ),
                (
                    &json!({"id": int(), "ref": word(), "title": word(), "version": int()}),
                    &["id", "ref", "title", "version"],
                ),
                &json!([{"arguments": {"title": "Tabs", "text": "Ada prefers tabs.", "tags": ["style"]}},
                        {"arguments": {"text": "So do I.", "sources": [1]}, "setup": [written()]},
                        refused(&json!({"text": "  "}), "invalid.argument"),
                        refused(&json!({"text": "It rests on nothing.", "sources": [NONE]}), "not-found.memory")]),
            ),
        ),
        (
            "update_note",
            operation(
                (
                    "write",
                    "Changes a note's title, text or tags; what is not given stays.",
                    "A new text becomes the next version.",
                ),
                (
                    &json!({"note_id": note("The note."), "text": text("Its new text."), "title": s::text("Its new title.", MOST_TITLE), "tags": tags(),
                            "if_version": s::integer("Only if this is still its newest version.", 1, 1_000_000_000)}),
                    &["note_id"],
                ),
                (
                    &json!({"id": int(), "ref": word(), "version": int(), "changed": {"type": "array", "items": word()}}),
                    &["id", "ref", "version", "changed"],
                ),
                &json!([
                    {"arguments": {"note_id": 1, "text": "Ada prefers spaces.", "tags": [], "if_version": 1}, "setup": [written()]},
                    {"arguments": {"note_id": 1, "title": "Tabs"}, "setup": [written()], "note": "Changes nothing."},
                    {"arguments": {"note_id": 1, "text": "Ada prefers spaces.", "if_version": 2}, "setup": [written()], "fault": "conflict.version"},
                    refused(&json!({"note_id": NONE, "title": "Tabs"}), "not-found.note"),
                ]),
            ),
        ),
        (
            "delete_note",
            operation(
                ("destructive", "Deletes a note with its links, versions, attributes and places in the index.", ""),
                (&json!({"note_id": note("The note.")}), &["note_id"]),
                (
                    &json!({"deleted": int(), "links": int(), "versions": int(), "assignments": int()}),
                    &["deleted", "links", "versions", "assignments"],
                ),
                &json!([{"arguments": {"note_id": 1}, "setup": [written(), written(), step("link_notes", &json!({"from_id": 3, "to_id": 1}))]}, missing()]),
            ),
        ),
    ]
}

fn reading() -> Vec<Named> {
    let second = || step("create_note", &json!({"text": "Grace measures first."}));
    let listed = json!({"notes": many(&BRIEF), "count": int(), "next_cursor": next()});
    vec![
        (
            "get_note",
            operation(
                ("read", "One note, whole: text, tags, version, sources, links out of it, places in the index.", ""),
                (&json!({"note_id": note("The note.")}), &["note_id"]),
                (
                    &json!({"note": {"type": "object", "required": ["id", "ref", "title", "text", "tags", "version", "links", "indexes"]}}),
                    &["note"],
                ),
                &json!([{"arguments": {"note_id": 1}, "setup": [written()]}, {"arguments": {"note_id": "notes.notes:1"}, "setup": [written()]},
                        refused(&json!({"note_id": NONE}), "not-found.note")]),
            ),
        ),
        (
            "list_notes",
            operation(
                ("read", "Notes, the last changed first.", "Texts are cut; `get_note` has them whole."),
                (
                    &json!({"namespace": namespace(), "tag": tag(), "sort_by": s::or(s::choice(&["updated", "created"], "Newest first, by this."), "updated"),
                            "limit": limit(), "cursor": s::cursor()}),
                    &[],
                ),
                (&listed, &["notes", "count", "next_cursor"]),
                &json!([{"arguments": {"limit": 1}, "setup": [written(), second()]}, {"arguments": {"tag": "style", "sort_by": "created"}, "setup": [written(), second()]},
                        {"arguments": {}}]),
            ),
        ),
        (
            "search_notes",
            operation(
                ("read", "Finds notes by words and meaning, best first.", ""),
                (
                    &json!({"query": s::text("What to look for.", 2_000), "namespace": namespace(), "tag": tag(), "limit": limit()}),
                    &["query"],
                ),
                (
                    &json!({"notes": many(&["id", "ref", "title", "text", "tags", "score"]), "count": int(), "notices": {"type": "array", "items": word()}}),
                    &["notes", "count", "notices"],
                ),
                &json!([{"arguments": {"query": "tabs"}, "setup": [written(), second()]}, {"arguments": {"query": "tabs", "tag": "style"}, "setup": [written()]}]),
            ),
        ),
    ]
}

fn linking() -> Vec<Named> {
    let ends = json!({"from_id": note("The note it starts from."), "to_id": note("The note it leads to.")});
    let pair = || json!({"from_id": 1, "to_id": 3});
    let two = || vec![written(), written()];
    let linked = || vec![written(), written(), step("link_notes", &pair())];
    vec![
        (
            "link_notes",
            operation(
                ("write", "Links a note to another; a second time changes nothing.", ""),
                (&ends, &["from_id", "to_id"]),
                (&json!({"from_id": int(), "to_id": int(), "created": flag()}), &["from_id", "to_id", "created"]),
                &json!([{"arguments": pair(), "setup": two()}, {"arguments": pair(), "setup": linked(), "note": "Not created again."},
                        {"arguments": {"from_id": 1, "to_id": 1}, "setup": [written()], "fault": "invalid.argument"},
                        {"arguments": {"from_id": 1, "to_id": NONE}, "setup": [written()], "fault": "not-found.note"}]),
            ),
        ),
        (
            "unlink_notes",
            operation(
                ("write", "Takes a link away.", ""),
                (&ends, &["from_id", "to_id"]),
                (&json!({"from_id": int(), "to_id": int(), "removed": flag()}), &["from_id", "to_id", "removed"]),
                &json!([{"arguments": pair(), "setup": linked()}, {"arguments": pair(), "setup": two(), "note": "There was none."},
                        refused(&json!({"from_id": NONE, "to_id": 1}), "not-found.note")]),
            ),
        ),
        (
            "get_backlinks",
            operation(
                ("read", "The notes that link to this one, the oldest links first.", ""),
                (&json!({"note_id": note("The note."), "limit": limit(), "cursor": s::cursor()}), &["note_id"]),
                (
                    &json!({"note_id": int(), "notes": many(&["id", "ref", "title"]), "count": int(), "next_cursor": next()}),
                    &["note_id", "notes", "count", "next_cursor"],
                ),
                &json!([{"arguments": {"note_id": 3}, "setup": linked()}, refused(&json!({"note_id": NONE}), "not-found.note")]),
            ),
        ),
    ]
}
