//! The collections: links, what is primed, cues.

use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "links": {
            "summary": "From a memory to one that was active after it; each direction has its own weight.",
            "fields": {
                "from_id": {"type": "ref", "required": true},
                "to_id": {"type": "ref", "required": true},
                // As of `changed_at`; what is left of it now is computed when it is read.
                "weight": {"type": "number", "required": true},
                "changed_at": {"type": "time", "required": true},
                // Orders links by their weight at any time.
                "rank": {"type": "number", "required": true},
                "prune_at": {"type": "time", "required": true},
                "uses": {"type": "integer", "required": true},
            },
            "indexes": [["from_id", "rank"], ["to_id", "rank"], ["prune_at"]],
            "unique": {"pair": ["from_id", "to_id"]},
        },
        "primed": {
            "summary": "When a memory was last primed.",
            "fields": {"memory": {"type": "ref", "required": true}, "primed_at": {"type": "time", "required": true}},
            "indexes": [["primed_at"]],
            "unique": {"memory": ["memory"]},
        },
        "cues": {
            "summary": "Words and phrases that memories are associated with.",
            "fields": {"text": {"type": "text", "required": true}, "key": {"type": "text", "required": true}},
            "indexes": [["key"]],
            "unique": {"key": ["namespace", "key"]},
        },
    })
}
