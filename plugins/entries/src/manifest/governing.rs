//! Operations on conflicts, the audit and permissions.

use super::collections::VERBS;
use super::writing::{actor, added, namespace, task, updated};
use memstrata_sdk::schema::{self as s, Named, operation_of as operation, step};
use memstrata_sdk::{Value, json};

fn by(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 200, "default": "system", "description": description})
}

fn grant() -> Value {
    step("grant_access", &json!({"actor": "user:alice", "scope": "project:apollo", "can_write": true}))
}

pub(super) fn operations() -> Vec<Named> {
    let clash = json!([
        added(),
        updated(),
        step(
            "update_memory",
            &json!({"namespace": "user:alice", "key": "theme", "value": {"mode": "blue"}, "base_version": 1})
        )
    ]);
    let access = || json!({"actor": s::text("Who, such as user:alice or agent:7.", 200), "scope": s::text("project:apollo for members; app or app:helper for elevated writers; session:s1, user:alice to share.", 200)});
    let mut granting = access();
    if let Some(fields) = granting.as_object_mut() {
        fields.insert("can_write".into(), json!({"type": "boolean", "default": false, "description": "Writing too."}));
        fields.insert("granted_by".into(), by("Who grants it."));
    }
    vec![
        (
            "list_conflicts",
            operation(
                ("read", "Conflicts of values, newest first.", "Open ones unless said otherwise, with both values."),
                (
                    &json!({"namespace": s::maybe_text("Only here and below.", 200), "status": {"type": "string", "enum": ["open", "resolved", "all"], "default": "open"},
                         "limit": s::integer_or("At most so many.", 1, 100, 50)}),
                    &[],
                ),
                (
                    &json!({"conflicts": {"type": "array", "items": {"type": "object"}}, "count": {"type": "integer"}}),
                    &["conflicts", "count"],
                ),
                &json!([{"arguments": {}, "setup": clash}]),
            ),
        ),
        (
            "resolve_conflict",
            operation(
                (
                    "write",
                    "Decides an open conflict.",
                    "keep_new, keep_old, keep_both (each with its validity), or merge with `value`, or by the language model without one; then both originals are marked consolidated_into.",
                ),
                (
                    &json!({"conflict_id": {"type": ["integer", "string", "null"], "description": "The newest open one if absent."},
                         "resolution": s::choice(&["keep_new", "keep_old", "keep_both", "merge"], "How."), "value": {"description": "The merged value."},
                         "resolved_by": by("Who decides."), "task_id": task(), "actor": actor()}),
                    &["resolution"],
                ),
                (
                    &json!({"conflict_id": {"type": "integer"}, "resolution": {"type": "string"}, "id": {"type": "integer"}, "version": {"type": "integer"}}),
                    &["conflict_id", "resolution", "id", "version"],
                ),
                &json!([
                    {"arguments": {"resolution": "merge", "value": {"mode": "dusk"}}, "setup": clash},
                    {"arguments": {"resolution": "keep_old"}, "setup": clash},
                    {"arguments": {"resolution": "keep_new"}, "setup": clash},
                    {"arguments": {"resolution": "keep_both"}, "setup": clash},
                    {"arguments": {"resolution": "keep_new"}, "fault": "not-found.conflict"},
                ]),
            ),
        ),
        (
            "consolidate_memories",
            operation(
                (
                    "write",
                    "Settles the open conflicts of a namespace.",
                    "llm_based: the language model merges contradictory values. Without one, and for manual conflicts, they stay open for review. last_write: the newest value stands. At most 10 a call.",
                ),
                (
                    &json!({"namespace": namespace(), "strategy": {"type": "string", "enum": ["llm_based", "last_write"], "default": "llm_based", "description": "How."},
                         "consolidated_by": by("Who does it."), "task_id": task(), "actor": actor()}),
                    &["namespace"],
                ),
                (
                    &json!({"resolved": {"type": "array", "items": {"type": "integer"}}, "for_review": {"type": "array", "items": {"type": "integer"}}, "notes": {"type": "array", "items": {"type": "string"}}}),
                    &["resolved", "for_review", "notes"],
                ),
                &json!([{"arguments": {"namespace": "user:alice"}, "setup": clash}, {"arguments": {"namespace": "user:alice", "strategy": "last_write"}, "setup": clash}]),
            ),
        ),
        (
            "query_audit",
            operation(
                ("read", "What was written, by whom, newest first.", "Each write is audited in its own transaction."),
                (
                    &json!({"actor": s::maybe_text("Only by them.", 200), "task_id": task(), "namespace": s::maybe_text("Only here and below.", 200),
                         "memory_operation_type": {"type": ["string", "null"], "enum": [VERBS[0], VERBS[1], VERBS[2], VERBS[3], VERBS[4], null]},
                         "memory_entry_id": {"type": ["integer", "null"]}, "since": {"type": ["integer", "null"], "description": "From this time (ms UTC)."},
                         "until": {"type": ["integer", "null"], "description": "Before this time."}, "limit": s::integer_or("A page.", 1, 500, 50), "cursor": s::maybe_text("From the page before.", 4_000)}),
                    &[],
                ),
                (
                    &json!({"entries": {"type": "array", "items": {"type": "object"}}, "count": {"type": "integer"}, "next_cursor": {"type": ["string", "null"]}}),
                    &["entries", "count", "next_cursor"],
                ),
                &json!([{"arguments": {}, "setup": [added()]}, {"arguments": {"namespace": "user:alice", "memory_operation_type": "create"}, "setup": [added()]}]),
            ),
        ),
        (
            "grant_access",
            operation(
                (
                    "write",
                    "Lets an actor read, and write, more than their own.",
                    "Membership of a project, elevation for app:, or a share of a session or user. Granted again it replaces what was.",
                ),
                (&granting, &["actor", "scope"]),
                (&json!({"id": {"type": "integer"}, "created": {"type": "boolean"}}), &["id", "created"]),
                &json!([{"arguments": {"actor": "user:alice", "scope": "project:apollo", "can_write": true}}, {"arguments": {"actor": "user:alice", "scope": "all"}, "fault": "invalid.argument"}]),
            ),
        ),
        (
            "revoke_access",
            operation(
                ("write", "Takes a grant back.", "`revoked` is false if there was none."),
                (&access(), &["actor", "scope"]),
                (&json!({"revoked": {"type": "boolean"}}), &["revoked"]),
                &json!([{"arguments": {"actor": "user:alice", "scope": "project:apollo"}, "setup": [grant()]}]),
            ),
        ),
        (
            "list_grants",
            operation(
                ("read", "Grants of an actor or on a scope.", "All if neither is given, 500 at most."),
                (
                    &json!({"actor": s::maybe_text("Only theirs.", 200), "scope": s::maybe_text("Only on it.", 200)}),
                    &[],
                ),
                (
                    &json!({"grants": {"type": "array", "items": {"type": "object"}}, "count": {"type": "integer"}}),
                    &["grants", "count"],
                ),
                &json!([{"arguments": {"actor": "user:alice"}, "setup": [grant()]}]),
            ),
        ),
    ]
}
