//! Small builders for the JSON Schemas and operations of this manifest.

use crate::status::STATUSES;
pub(super) use memstrata_sdk::schema::{
    Named, choice, cursor, flag, input, integer, list, number, operation, or, output_of as output, own_namespace,
    project, text, texts, time,
};
use memstrata_sdk::{Value, json};

/// A task or an agent.
pub(super) fn reference(what: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{what}: 42, \"m:42\", or its key or name.")})
}

/// Any JSON object.
pub(super) fn object(description: &str) -> Value {
    json!({"type": "object", "description": description})
}

/// Projects.
pub(super) fn projects(default: &Value) -> Value {
    or(
        list(&json!({"type": ["integer", "string"], "maxLength": 100}), 50, "Projects; all of them if empty."),
        default.clone(),
    )
}

/// A state of tasks.
pub(super) fn status() -> Value {
    let values: Vec<&str> = STATUSES.iter().copied().chain(["pending"]).collect();
    choice(&values, "Only these; `pending` is blocked or ready.")
}

/// How many.
pub(super) fn limit(default: i64) -> Value {
    or(integer("At most this many.", 1, 500), default)
}

/// A namespace to look in.
pub(super) fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Only this namespace and below; all if absent."})
}

/// An example's step that queues a task with a key.
pub(super) fn queued(key: &str) -> Value {
    json!({"operation": "task_enqueue", "arguments": {"prompt": "Fix the parser", "key": key}})
}

/// An example's step that queues a task that waits for another.
pub(super) fn after(key: &str, before: &str) -> Value {
    json!({"operation": "task_enqueue", "arguments": {"prompt": "Test the parser", "key": key, "dependencies": [before]}})
}

/// An example's step that registers an agent.
pub(super) fn agent(name: &str) -> Value {
    json!({"operation": "agent_register", "arguments": {"name": name}})
}

/// An example's step in which an agent claims the next task.
pub(super) fn claimed(name: &str) -> Value {
    json!({"operation": "task_claim", "arguments": {"agent_id": name}})
}

/// An example's step that cancels a task and those that wait for it.
pub(super) fn cancelled(key: &str) -> Value {
    json!({"operation": "task_cancel", "arguments": {"task_id": key}})
}
