//! The three collections: sessions, events, state.

use crate::event::TYPES;
use crate::lifecycle::STATUSES;
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "sessions": {
            "summary": "Sessions and where they are in their life.",
            "fields": {
                "session_id": {"type": "text", "required": true},
                "app_name": {"type": "text", "required": true},
                "user_id": {"type": "text", "required": true},
                "project_id": {"type": "text"},
                "status": {"type": "text", "required": true, "values": STATUSES},
                "metadata": {"type": "json"},
                "last_update_time": {"type": "time", "required": true},
                "terminated_at": {"type": "time"},
                "archived_at": {"type": "time"},
            },
            "unique": {"session": ["session_id"]},
            "indexes": [["status", "last_update_time"], ["user_id", "status", "last_update_time"],
                        ["project_id", "last_update_time"], ["status", "terminated_at"]],
        },
        "events": {
            "summary": "What happened in sessions; a row of its own each, in the order of the ids.",
            "fields": {
                "session_id": {"type": "text", "required": true},
                "event_id": {"type": "text", "required": true},
                "timestamp": {"type": "time", "required": true},
                "event_type": {"type": "text", "required": true, "values": TYPES},
                "actor": {"type": "text", "required": true},
                "content": {"type": "json"},
                // Not embedded: a slow embedding provider would hold each append up.
                "text": {"type": "text", "search": true},
                "state_delta": {"type": "json"},
                "is_final_response": {"type": "boolean", "default": false},
            },
            "unique": {"event": ["session_id", "event_id"]},
            "indexes": [["session_id", "id"]],
            "recall": {"text": "text", "time": "timestamp", "kind": "event_type"},
        },
        "state": {
            "summary": "What sessions keep, one row a key.",
            "fields": {
                "session_id": {"type": "text", "required": true},
                "key": {"type": "text", "required": true},
                "value": {"type": "json"},
            },
            "unique": {"key": ["session_id", "key"]},
        },
    })
}
