//! Operations that read memories.

use super::collections::TYPES;
use super::writing::{actor, added, key, namespace, updated};
use memstrata_sdk::schema::{self as s, Named, operation_of as operation};
use memstrata_sdk::{Value, json};

fn listed() -> Value {
    json!({"memories": {"type": "array", "items": {"type": "object", "required": ["id", "key", "version"]}}, "count": {"type": "integer"},
           "next_cursor": {"type": ["string", "null"]}})
}

fn owner(what: &str) -> Value {
    json!({"type": ["string", "integer", "null"], "maxLength": 190, "description": format!("The {what} of the turn.")})
}

fn at_most(default: i64) -> Value {
    s::integer_or("At most so many.", 0, 100, default)
}

pub(super) fn operations() -> Vec<Named> {
    let twice = json!([added(), updated()]);
    vec![
        (
            "get_memory",
            operation(
                (
                    "read",
                    "A memory's current value, or one of its versions.",
                    "`found` is false and `memory` null if there is none.",
                ),
                (
                    &json!({"namespace": namespace(), "key": key(), "version": {"type": ["integer", "null"], "minimum": 1, "description": "This version."}, "actor": actor()}),
                    &["namespace", "key"],
                ),
                (&json!({"found": {"type": "boolean"}, "memory": {"type": ["object", "null"]}}), &["found", "memory"]),
                &json!([
                    {"arguments": {"namespace": "user:alice", "key": "theme"}, "setup": twice},
                    {"arguments": {"namespace": "user:alice", "key": "theme", "version": 1}, "setup": twice},
                    {"arguments": {"namespace": "user:alice", "key": "theme", "actor": "user:bob"}, "setup": [added()], "fault": "denied.read"},
                    {"arguments": {"namespace": "user:alice", "key": "none"}},
                ]),
            ),
        ),
        (
            "resolve_key",
            operation(
                (
                    "read",
                    "The value of a key that counts in a turn.",
                    "The first that holds it of temp: and session: of the session, user:, app: and project:. `shadowed` names the weaker namespaces that hold it too. Those the actor may not read are passed over.",
                ),
                (
                    &json!({"key": key(), "session_id": owner("session"), "user_id": owner("user"), "app_name": owner("application"), "project_id": owner("project"), "actor": actor()}),
                    &["key"],
                ),
                (
                    &json!({"found": {"type": "boolean"}, "memory": {"type": ["object", "null"]}, "shadowed": {"type": "array", "items": {"type": "string"}}}),
                    &["found", "memory", "shadowed"],
                ),
                &json!([{"arguments": {"key": "theme", "user_id": "alice", "app_name": "helper"}, "setup": [added()]}]),
            ),
        ),
        (
            "search_memories",
            operation(
                (
                    "read",
                    "Current memories of a namespace and below.",
                    "`user:alice:*` holds user:alice and user:alice:x, never user:alice2. With `query`, the best matches by words and meaning; else the newest.",
                ),
                (
                    &json!({"namespace_prefix": s::text("Such as user:alice:* or *.", 200), "memory_type": {"type": ["string", "null"], "enum": [TYPES[0], TYPES[1], TYPES[2], null], "description": "Only these."},
                         "limit": s::integer_or("A page.", 1, 200, 50), "query": s::maybe_text("What to look for.", 1_000), "cursor": s::maybe_text("From the page before.", 4_000), "actor": actor()}),
                    &["namespace_prefix"],
                ),
                (&listed(), &["memories", "count", "next_cursor"]),
                &json!([{"arguments": {"namespace_prefix": "user:alice:*"}, "setup": twice}, {"arguments": {"namespace_prefix": "*", "query": "dark mode"}, "setup": [added()]}]),
            ),
        ),
        (
            "get_memory_history",
            operation(
                ("read", "All versions of a memory, newest first.", "Deleted ones too."),
                (
                    &json!({"namespace": namespace(), "key": key(), "limit": s::integer_or("At most so many.", 1, 200, 50), "actor": actor()}),
                    &["namespace", "key"],
                ),
                (
                    &json!({"versions": {"type": "array", "items": {"type": "object"}}, "count": {"type": "integer"}}),
                    &["versions", "count"],
                ),
                &json!([{"arguments": {"namespace": "user:alice", "key": "theme"}, "setup": twice}]),
            ),
        ),
        (
            "list_namespaces",
            operation(
                ("read", "Namespaces with how many current memories each holds.", "By name."),
                (&json!({"namespace_prefix": s::maybe_text("Only here and below.", 200)}), &[]),
                (
                    &json!({"namespaces": {"type": "array", "items": {"type": "object", "required": ["namespace", "count"]}}, "count": {"type": "integer"}}),
                    &["namespaces", "count"],
                ),
                &json!([{"arguments": {}, "setup": [added()]}]),
            ),
        ),
        (
            "synthesize_context",
            operation(
                (
                    "read",
                    "What memory has for a turn.",
                    "The newest of user:, project: and app:, and the episodic memories that match `query` best (the newest without one). Ten, twenty, five and five unless said otherwise.",
                ),
                (
                    &json!({"session_id": owner("session"), "user_id": owner("user"), "app_name": owner("application"), "project_id": owner("project"),
                         "query": s::maybe_text("What the turn is about.", 1_000), "user_limit": at_most(10), "project_limit": at_most(20),
                         "app_limit": at_most(5), "episodic_limit": at_most(5), "actor": actor()}),
                    &[],
                ),
                (
                    &json!({"session": {"type": "array"}, "user": {"type": "array"}, "project": {"type": "array"}, "app": {"type": "array"}, "episodic": {"type": "array"}, "count": {"type": "integer"}}),
                    &["user", "project", "app", "episodic", "count"],
                ),
                &json!([{"arguments": {"user_id": "alice", "project_id": 1, "query": "dark"}, "setup": [added()]}, {"arguments": {}}]),
            ),
        ),
    ]
}
