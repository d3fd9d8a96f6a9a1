//! The collections: notes and their links; versions and attributes of memories; topics and what is under them.

use memstrata_sdk::{Value, json};

/// Room for the longest text in the widest letters.
const MOST_BYTES: u32 = 4 * crate::note::MOST_TEXT;

pub(super) fn collections() -> Value {
    json!({
        "notes": {
            "summary": "Notes: one thought each.",
            "fields": {
                "title": {"type": "text", "required": true, "search": true},
                "text": {"type": "text", "required": true, "search": true, "embed": true, "max_bytes": MOST_BYTES},
                "tags": {"type": "list"},
            },
            "recall": {"text": "text", "title": "title", "time": "updated_at"},
        },
        "links": {
            "summary": "From a note to a note.",
            "fields": {"from_id": {"type": "ref", "required": true}, "to_id": {"type": "ref", "required": true}},
            "indexes": [["to_id"]],
            "unique": {"pair": ["from_id", "to_id"]},
        },
        "versions": {
            "summary": "Content of a memory as it was, numbered from 1.",
            "fields": {
                "memory": {"type": "ref", "required": true},
                "number": {"type": "integer", "required": true},
                "content": {"type": "text", "required": true, "max_bytes": MOST_BYTES},
                "hash": {"type": "text", "required": true},
                "characters": {"type": "integer", "required": true},
            },
            "unique": {"number": ["memory", "number"]},
        },
        "attributes": {
            "summary": "What was last computed of a memory.",
            "fields": {
                "memory": {"type": "ref", "required": true},
                "importance": {"type": "number", "required": true},
                "stage": {"type": "text", "required": true, "values": crate::attributes::STAGES},
                "tags": {"type": "list"},
                "versions": {"type": "integer", "required": true},
                "uses": {"type": "integer", "required": true},
                "computed_at": {"type": "time", "required": true},
            },
            "unique": {"memory": ["memory"]},
        },
        "topics": {
            "summary": "Places of the hierarchical index; `place` is the Luhmann number.",
            "fields": {
                "place": {"type": "text", "required": true},
                "label": {"type": "text", "required": true},
                "parent": {"type": "ref"},
                "nth": {"type": "integer", "required": true},
            },
            "indexes": [["parent", "nth"]],
            "unique": {"place": ["namespace", "place"]},
        },
        "assignments": {
            "summary": "Which memory is under which topic.",
            "fields": {"topic": {"type": "ref", "required": true}, "memory": {"type": "ref", "required": true}},
            "indexes": [["memory"]],
            "unique": {"pair": ["topic", "memory"]},
        },
    })
}
