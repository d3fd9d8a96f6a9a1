//! The two collections: `memories`, and `updates`, the record of what changed them.

use crate::history::Action;
use crate::memory::{STATES, TYPES};
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "memories": {
            "summary": "What is known, one statement a row.",
            "fields": {
                "content": {"type": "text", "required": true, "search": true, "embed": true},
                // Not a field callers set: it makes content unique in its namespace. Others that write here need not know the rule.
                "content_hash": {"type": "text", "required": true, "digest_of": "content"},
                "memory_type": {"type": "text", "values": TYPES, "default": "fact"},
                "tags": {"type": "list"},
                "topic": {"type": "text"},
                "usefulness_score": {"type": "number", "default": 0.5},
                "confidence": {"type": "number", "default": 1.0},
                "consolidation_state": {"type": "text", "values": STATES, "default": "unconsolidated"},
                "revision": {"type": "integer", "default": 1},
                "supersedes": {"type": "ref"},
                "superseded_by": {"type": "ref"},
                "helpful": {"type": "integer", "default": 0},
                "unhelpful": {"type": "integer", "default": 0},
            },
            "indexes": [
                ["memory_type", "created_at"], ["topic", "created_at"], ["usefulness_score"], ["consolidation_state"],
                ["superseded_by"], ["confidence"], ["valid_to"], ["valid_from"], ["topic", "usefulness_score"],
            ],
            "unique": {"content": ["namespace", "content_hash"]},
            "recall": {"text": "content", "title": "topic", "time": "created_at", "trust": "confidence",
                       "kind": "memory_type"},
        },
        "updates": {
            "summary": "What changed a memory, and why. Names rows and fields, never copies content.",
            "fields": {
                "memory": {"type": "ref", "required": true},
                "other": {"type": "ref"},
                "action": {"type": "text", "required": true, "values": Action::ALL.map(Action::name)},
                "revision": {"type": "integer"},
                "changed": {"type": "list"},
                "reason": {"type": "text"},
            },
            "indexes": [["memory", "created_at"], ["action", "created_at"]],
        },
    })
}
