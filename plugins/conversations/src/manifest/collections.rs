//! The three collections: threads, messages, snapshots.

use crate::message::ROLES;
use crate::thread::STATUSES;
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "threads": {
            "summary": "Conversations and where each stands; `message_count` is the position of its last message.",
            "fields": {
                "title": {"type": "text", "required": true, "search": true},
                "key": {"type": "text"},
                "status": {"type": "text", "required": true, "values": STATUSES},
                "context": {"type": "json", "max_bytes": 262_144},
                "metadata": {"type": "json"},
                "session_id": {"type": "text"},
                "message_count": {"type": "integer", "default": 0},
                "tokens": {"type": "integer", "default": 0},
                "last_activity_at": {"type": "time", "required": true},
                "closed_at": {"type": "time"},
                "archived_at": {"type": "time"},
                "resumed_at": {"type": "time"},
                "resumptions": {"type": "integer", "default": 0},
            },
            "unique": {"key": ["namespace", "key"]},
            "indexes": [
                ["status", "last_activity_at"], ["last_activity_at"], ["session_id", "last_activity_at"], ["key"],
                ["message_count"],
            ],
        },
        "messages": {
            "summary": "What was said, in order; recall finds a message by its neighbours too.",
            "fields": {
                "conversation": {"type": "ref", "required": true},
                "position": {"type": "integer", "required": true},
                "role": {"type": "text", "required": true, "values": ROLES},
                "content": {"type": "text", "required": true, "search": true, "embed": true, "max_bytes": 524_288},
                "tokens": {"type": "integer", "required": true},
                "at": {"type": "time", "required": true},
                // A client's own name of the message: sent twice, it is stored once.
                "key": {"type": "text"},
                "metadata": {"type": "json"},
            },
            "unique": {"position": ["conversation", "position"], "key": ["conversation", "key"]},
            "indexes": [["conversation", "position"], ["conversation", "role", "position"], ["role", "at"], ["at"]],
            "recall": {"text": "content", "time": "at", "kind": "role"},
            "sequence": {"key": "conversation", "order": "position"},
        },
        "snapshots": {
            "summary": "A conversation's context as it was: its context object, its gist, and up to which message it goes.",
            "fields": {
                "conversation": {"type": "ref", "required": true},
                "taken_at": {"type": "time", "required": true},
                "position": {"type": "integer", "required": true},
                "tokens": {"type": "integer", "required": true},
                "title": {"type": "text", "required": true},
                "status": {"type": "text", "required": true, "values": STATUSES},
                "context": {"type": "json", "max_bytes": 262_144},
                "gist": {"type": "text", "search": true},
                "terms": {"type": "list"},
                "note": {"type": "text", "search": true},
            },
            "indexes": [["conversation", "taken_at"], ["taken_at"]],
        },
    })
}
