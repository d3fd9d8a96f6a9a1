//! How rows are shown.

use memstrata_sdk::row;
use memstrata_sdk::{Value, json};

/// Leaves out fields that are null.
pub(super) fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
    }
    value
}

/// A task of a list.
pub(super) fn brief(task: &Value) -> Value {
    without_nulls(json!({
        "id": row::id(task), "ref": row::reference(row::id(task)), "key": task.get("key"), "prompt": row::clip(row::text(task, "prompt"), 200),
        "agent_type": task.get("agent_type"), "priority": task.get("priority"), "status": task.get("status"), "project_id": task.get("project"),
        "agent_id": task.get("agent"), "parent_task_id": task.get("parent"), "session_id": task.get("session_id"),
        "open_dependencies": task.get("open_dependencies"), "retry_count": task.get("retry_count"),
        "submitted_at": task.get("submitted_at"), "started_at": task.get("started_at"), "completed_at": task.get("completed_at"),
        "error_message": task.get("error_message"),
    }))
}

/// A whole task.
pub(super) fn whole(task: &Value) -> Value {
    let mut shown = brief(task);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("prompt".into(), task.get("prompt").cloned().unwrap_or_default());
        for name in [
            "input_data",
            "result_data",
            "max_retries",
            "max_execution_timeout_seconds",
            "estimated_minutes",
            "resources",
            "deadline_at",
            "duration_ms",
            "progress_percent",
            "created_by",
            "namespace",
        ] {
            if let Some(value) = task.get(name).filter(|value| !value.is_null()) {
                fields.insert(name.into(), value.clone());
            }
        }
        fields.insert("last_updated_at".into(), task.get("updated_at").cloned().unwrap_or_default());
    }
    shown
}

/// An agent.
pub(super) fn agent(agent: &Value, now: u64, silent_seconds: u64) -> Value {
    let heard = row::int(agent, "heartbeat_at").unwrap_or_default();
    let alive = row::text(agent, "state") != "terminated";
    without_nulls(json!({
        "agent_id": row::id(agent), "name": agent.get("name"), "specialization": agent.get("specialization"), "state": agent.get("state"),
        "task_id": agent.get("task"), "model": agent.get("model"), "session_id": agent.get("session_id"), "spawned_at": agent.get("spawned_at"),
        "heartbeat_at": heard, "terminated_at": agent.get("terminated_at"), "resource_usage": agent.get("resource_usage"),
        "completed_tasks": agent.get("completed_tasks"), "failed_attempts": agent.get("failed_attempts"),
        "silent": alive && now.saturating_sub(heard) > silent_seconds.saturating_mul(1000),
    }))
}
