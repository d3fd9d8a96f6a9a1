//! Operations that write memories.

use super::collections::TYPES;
use memstrata_sdk::schema::{self as s, Named, operation_of as operation, step};
use memstrata_sdk::{Value, json};

pub(super) fn namespace() -> Value {
    s::text("Such as user:alice:preferences; prefixes temp: session: user: app: project:.", 200)
}

pub(super) fn key() -> Value {
    s::text("The key in its namespace.", 200)
}

pub(super) fn actor() -> Value {
    s::maybe_text("Who asks, such as user:alice or session:s1; its permissions are checked.", 200)
}

pub(super) fn task() -> Value {
    json!({"type": ["integer", "string", "null"], "maxLength": 200, "description": "The task it was done for, kept in the audit."})
}

fn by(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 200, "default": "system", "description": description})
}

fn value() -> Value {
    json!({"description": "Any JSON, 40 kB at most."})
}

pub(super) fn added() -> Value {
    step(
        "add_memory",
        &json!({"namespace": "user:alice", "key": "theme", "value": {"mode": "dark"}, "memory_type": "semantic", "created_by": "user:alice"}),
    )
}

pub(super) fn updated() -> Value {
    step(
        "update_memory",
        &json!({"namespace": "user:alice", "key": "theme", "value": {"mode": "light"}, "updated_by": "user:alice"}),
    )
}

fn written() -> Value {
    json!({"id": {"type": "integer"}, "namespace": {"type": "string"}, "key": {"type": "string"}, "version": {"type": "integer"},
           "conflict": {"type": ["object", "null"]}})
}

const WRITTEN: [&str; 4] = ["id", "namespace", "key", "version"];

fn add_fields() -> Value {
    json!({"namespace": namespace(), "key": key(), "value": value(), "memory_type": s::choice(&TYPES, "What it is."),
           "created_by": by("Who adds it."), "metadata": s::maybe_object("Anything else; `critical` and `valid_from` matter in conflicts.")})
}

pub(super) fn operations() -> Vec<Named> {
    let twice = json!([added(), updated()]);
    let mut add = add_fields();
    if let Some(fields) = add.as_object_mut() {
        fields.insert("task_id".into(), task());
        fields.insert("actor".into(), actor());
    }
    let one = json!({"namespace": namespace(), "key": key(), "deleted_by": by("Who does it."), "task_id": task(), "actor": actor()});
    vec![
        (
            "add_memory",
            operation(
                (
                    "write",
                    "Adds a memory at version 1.",
                    "A key that has a current value is refused as `conflict.duplicate`: update_memory changes it. After a deletion versions go on counting.",
                ),
                (&add, &["namespace", "key", "value", "memory_type"]),
                (&written(), &WRITTEN),
                &json!([
                    {"arguments": {"namespace": "user:alice", "key": "theme", "value": {"mode": "dark"}, "memory_type": "semantic", "created_by": "user:alice"}},
                    {"arguments": {"namespace": "user:alice", "key": "theme", "value": 1, "memory_type": "semantic"}, "setup": [added()], "fault": "conflict.duplicate"},
                    {"arguments": {"namespace": "alice", "key": "k", "value": 1, "memory_type": "semantic"}, "fault": "invalid.argument"},
                    {"arguments": {"namespace": "user:alice", "key": "k", "value": 1, "memory_type": "semantic", "actor": "user:bob"}, "fault": "denied.write"},
                ]),
            ),
        ),
        (
            "update_memory",
            operation(
                (
                    "write",
                    "Writes the next version of a memory; the history stays.",
                    "With `base_version`, the version the writer knew: if there is a later one this is a conflict. Simple: the last wins. Temporal: both stay with their validity. Contradictory and manual: it is current, marked requires_review, until resolve_conflict.",
                ),
                (
                    &json!({"namespace": namespace(), "key": key(), "value": value(), "updated_by": by("Who changes it."), "task_id": task(),
                         "metadata": s::maybe_object("Instead of the old metadata."), "actor": actor(),
                         "base_version": {"type": ["integer", "null"], "minimum": 1, "description": "The version this change was made from."}}),
                    &["namespace", "key", "value"],
                ),
                (&written(), &WRITTEN),
                &json!([
                    {"arguments": {"namespace": "user:alice", "key": "theme", "value": {"mode": "light"}}, "setup": [added()]},
                    {"arguments": {"namespace": "user:alice", "key": "theme", "value": {"mode": "blue"}, "base_version": 1}, "setup": twice},
                    {"arguments": {"namespace": "user:alice", "key": "none", "value": 1}, "fault": "not-found.memory"},
                ]),
            ),
        ),
        (
            "delete_memory",
            operation(
                (
                    "write",
                    "Deletes a memory softly.",
                    "Its versions stay in get_memory_history; add_memory may use the key again.",
                ),
                (&one, &["namespace", "key"]),
                (
                    &json!({"deleted": {"type": "boolean"}, "id": {"type": "integer"}, "version": {"type": "integer"}}),
                    &["deleted", "id", "version"],
                ),
                &json!([
                    {"arguments": {"namespace": "user:alice", "key": "theme"}, "setup": [added()]},
                    {"arguments": {"namespace": "user:alice", "key": "none"}, "fault": "not-found.memory"},
                ]),
            ),
        ),
        (
            "rollback_memory",
            operation(
                (
                    "write",
                    "Takes back the current version of a memory.",
                    "It is deleted softly and the newest version before it that is not deleted becomes current.",
                ),
                (&one, &["namespace", "key"]),
                (&written(), &WRITTEN),
                &json!([
                    {"arguments": {"namespace": "user:alice", "key": "theme"}, "setup": twice},
                    {"arguments": {"namespace": "user:alice", "key": "theme"}, "setup": [added()], "fault": "not-found.version"},
                ]),
            ),
        ),
        (
            "batch_create",
            operation(
                ("write", "Adds several memories, all or none.", "At most 100."),
                (
                    &json!({"memories": {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "object", "properties": add_fields(),
                            "required": ["namespace", "key", "value", "memory_type"], "additionalProperties": false}},
                         "task_id": task(), "actor": actor()}),
                    &["memories"],
                ),
                (
                    &json!({"created": {"type": "array", "items": {"type": "object"}}, "count": {"type": "integer"}}),
                    &["created", "count"],
                ),
                &json!([{"arguments": {"memories": [
                    {"namespace": "user:alice", "key": "a", "value": 1, "memory_type": "semantic"},
                    {"namespace": "app:helper", "key": "flow", "value": ["plan", "do"], "memory_type": "procedural"}]}}]),
            ),
        ),
        (
            "publish",
            operation(
                (
                    "write",
                    "Copies a memory's current value into another namespace.",
                    "Where the key is used there, it becomes its next version.",
                ),
                (
                    &json!({"from_namespace": namespace(), "to_namespace": namespace(), "key": key(), "published_by": by("Who does it."), "task_id": task(), "actor": actor()}),
                    &["from_namespace", "to_namespace", "key"],
                ),
                (&written(), &WRITTEN),
                &json!([
                    {"arguments": {"from_namespace": "user:alice", "to_namespace": "project:apollo", "key": "theme"}, "setup": [added()]},
                    {"arguments": {"from_namespace": "user:alice", "to_namespace": "user:alice", "key": "theme"}, "setup": [added()], "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "cleanup_expired_memories",
            operation(
                (
                    "write",
                    "Deletes episodic memories whose time is over, softly.",
                    "Last written `ttl_days` ago, 90 unless the settings say otherwise. Runs daily; at most 200 a call, `more` says that some are left.",
                ),
                (
                    &json!({"ttl_days": {"type": ["integer", "null"], "minimum": 0, "maximum": 3650, "description": "Instead of the setting."},
                         "namespace": s::maybe_text("Only here and below.", 200)}),
                    &[],
                ),
                (&json!({"deleted": {"type": "integer"}, "more": {"type": "boolean"}}), &["deleted", "more"]),
                &json!([{"arguments": {}}, {"arguments": {"ttl_days": 0}, "setup": [
                    step("add_memory", &json!({"namespace": "user:a", "key": "k", "value": "saw", "memory_type": "episodic"}))]}]),
            ),
        ),
        (
            "end_session",
            operation(
                (
                    "write",
                    "Clears temp: at the end of a turn, session: too at the end of a session.",
                    "Hears `sessions.terminated`. Soft deletion; at most 200 a call, `more` says that some are left.",
                ),
                (
                    &json!({"session_id": s::maybe_text("The session.", 200), "turn_only": {"type": "boolean", "default": false, "description": "Only temp:."},
                         "event": {"type": "string"}, "seq": {"type": "integer"}, "at": {"type": "integer"}, "collection": {"type": ["string", "null"]},
                         "id": {"type": ["integer", "null"]}, "payload": {"type": ["object", "null"]}}),
                    &[],
                ),
                (&json!({"deleted": {"type": "integer"}, "more": {"type": "boolean"}}), &["deleted", "more"]),
                &json!([{"arguments": {"session_id": "s1"}, "setup": [
                    step("add_memory", &json!({"namespace": "temp:s1", "key": "k", "value": 1, "memory_type": "semantic"}))]}]),
            ),
        ),
    ]
}
