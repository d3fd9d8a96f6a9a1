//! The four collections: memories, conflicts, audit, grants.

use crate::conflict::KINDS;
use memstrata_sdk::{Value, json};

/// What a memory can be.
pub(super) const TYPES: [&str; 3] = ["semantic", "episodic", "procedural"];
/// What the audit tells of memories.
pub(super) const VERBS: [&str; 5] = ["create", "update", "delete", "consolidate", "publish"];

pub(super) fn collections() -> Value {
    json!({
        "memories": {
            "summary": "One row a version of a memory; its namespace is the row's.",
            "fields": {
                "key": {"type": "text", "required": true},
                "value": {"type": "json"},
                // Of the current version only: superseded and deleted ones are not searched.
                "text": {"type": "text", "search": true, "embed": true},
                "memory_type": {"type": "text", "required": true, "values": TYPES},
                "revision": {"type": "integer", "required": true},
                "is_current": {"type": "boolean", "default": true},
                "is_deleted": {"type": "boolean", "default": false},
                "metadata": {"type": "json"},
                "created_by": {"type": "text", "required": true},
                "updated_by": {"type": "text", "required": true},
                "written_at": {"type": "time", "required": true},
                "consolidated_into": {"type": "ref"},
                "requires_review": {"type": "boolean", "default": false},
                "published_from": {"type": "text"},
            },
            "unique": {"revision": ["namespace", "key", "revision"]},
            "indexes": [["memory_type", "is_current", "written_at"], ["is_current", "written_at"], ["is_current", "namespace", "written_at"], ["created_by", "written_at"]],
            "recall": {"text": "text", "title": "key", "time": "written_at", "kind": "memory_type"},
        },
        "conflicts": {
            "summary": "Two values of one key, written from the same version.",
            "fields": {
                "key": {"type": "text", "required": true},
                "kind": {"type": "text", "required": true, "values": KINDS},
                "old": {"type": "ref", "required": true},
                "new": {"type": "ref", "required": true},
                "status": {"type": "text", "required": true, "values": ["open", "resolved"]},
                "requires_review": {"type": "boolean", "default": false},
                "resolution": {"type": "text"},
                "resolved_by": {"type": "text"},
                "resolved_at": {"type": "time"},
                "found_at": {"type": "time", "required": true},
            },
            "indexes": [["status", "found_at"]],
        },
        "audit": {
            "summary": "Every write, in the transaction that made it.",
            "fields": {
                "timestamp": {"type": "time", "required": true},
                "actor": {"type": "text", "required": true},
                "task_id": {"type": "text"},
                "action_type": {"type": "text", "required": true},
                "action_data": {"type": "json"},
                "result": {"type": "text"},
                "memory_operation_type": {"type": "text", "values": VERBS},
                "memory_namespace": {"type": "text"},
                "memory_entry_id": {"type": "integer"},
            },
            "indexes": [["timestamp"], ["actor", "timestamp"], ["task_id", "timestamp"], ["memory_operation_type", "timestamp"],
                        ["memory_entry_id", "timestamp"]],
        },
        "grants": {
            "summary": "Who may read, and write, more than their own: members of projects, elevated writers of app.",
            "fields": {
                "actor": {"type": "text", "required": true},
                "scope": {"type": "text", "required": true},
                "can_write": {"type": "boolean", "default": false},
            },
            "unique": {"grant": ["actor", "scope"]},
        },
    })
}
