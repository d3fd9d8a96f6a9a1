//! The nine collections: tasks and their dependencies and failures, agents, checkpoints, state, metrics, audit, links of projects.

use crate::status::{AGENT_STATES, FAILURE_KINDS, STATUSES};
use memstrata_sdk::{Value, json};

/// What an audit row may say was done to a memory.
pub(crate) const MEMORY_OPERATIONS: [&str; 5] = ["create", "update", "delete", "consolidate", "publish"];

pub(super) fn collections() -> Value {
    json!({
        "tasks": tasks(),
        "dependencies": {
            "summary": "Which task waits for which. `open`: the one waited for is not completed. `related` orders nothing. `pair`: their projects, if they are two.",
            "fields": {
                "task": {"type": "ref", "required": true},
                "depends_on": {"type": "ref", "required": true},
                "kind": {"type": "text", "required": true, "values": ["depends_on", "related"]},
                "open": {"type": "boolean", "required": true},
                "pair": {"type": "text"},
            },
            "unique": {"edge": ["task", "depends_on", "kind"]},
            "indexes": [["task", "open"], ["depends_on", "open"], ["pair", "open"], ["open", "kind"]],
        },
        "failures": {
            "summary": "Attempts that did not succeed: errors, timeouts, agents that ended.",
            "fields": {
                "task": {"type": "ref", "required": true},
                "agent": {"type": "ref"},
                "agent_type": {"type": "text", "required": true},
                "project": {"type": "text", "required": true},
                "kind": {"type": "text", "required": true, "values": FAILURE_KINDS},
                "attempt": {"type": "integer", "required": true},
                "message": {"type": "text", "required": true},
                "signature": {"type": "text", "required": true},
                "class": {"type": "text", "required": true},
                "at": {"type": "time", "required": true},
            },
            "indexes": [["task", "at"], ["signature", "at"], ["class", "at"], ["kind", "at"], ["at"]],
        },
        "agents": {
            "summary": "Who works: its state, its task, when it was last heard of.",
            "fields": {
                "name": {"type": "text", "required": true},
                "specialization": {"type": "text", "required": true},
                "task": {"type": "ref"},
                "state": {"type": "text", "required": true, "values": AGENT_STATES},
                "model": {"type": "text"},
                "spawned_at": {"type": "time", "required": true},
                "heartbeat_at": {"type": "time", "required": true},
                "terminated_at": {"type": "time"},
                "resource_usage": {"type": "json"},
                "session_id": {"type": "text"},
                "completed_tasks": {"type": "integer", "default": 0},
                "failed_attempts": {"type": "integer", "default": 0},
            },
            "unique": {"name": ["namespace", "name"]},
            "indexes": [["name"], ["task"], ["state", "specialization"], ["session_id"], ["heartbeat_at"]],
        },
        "checkpoints": {
            "summary": "What a task had reached at an iteration.",
            "fields": {
                "task": {"type": "ref", "required": true},
                "iteration": {"type": "integer", "required": true},
                "state": {"type": "json", "required": true},
                "session_id": {"type": "text"},
                "saved_at": {"type": "time", "required": true},
            },
            "unique": {"iteration": ["task", "iteration"]},
            "indexes": [["task", "iteration"], ["saved_at"], ["session_id"]],
        },
        "state": {
            "summary": "What tasks keep, one row a key.",
            "fields": {
                "task": {"type": "ref", "required": true},
                "key": {"type": "text", "required": true},
                "value": {"type": "json"},
            },
            "unique": {"key": ["task", "key"]},
            "indexes": [["task", "key"]],
        },
        "metrics": {
            "summary": "Numbers that were measured, none below zero.",
            "fields": {
                "metric_name": {"type": "text", "required": true},
                "value": {"type": "number", "required": true},
                "labels": {"type": "json"},
                "label_pairs": {"type": "list"},
                "at": {"type": "time", "required": true},
            },
            "indexes": [["metric_name", "at"]],
        },
        "audit": {
            "summary": "Who did what to which task, written in the transaction of the deed.",
            "fields": {
                "at": {"type": "time", "required": true},
                "agent": {"type": "ref"},
                "task": {"type": "ref"},
                "action_type": {"type": "text", "required": true},
                "action_data": {"type": "json"},
                "result": {"type": "text", "required": true},
                "memory_operation_type": {"type": "text", "values": MEMORY_OPERATIONS},
                "memory_namespace": {"type": "text"},
                "memory_entry_id": {"type": "integer"},
            },
            "indexes": [
                ["task", "at"], ["agent", "at"], ["at"], ["action_type", "at"], ["memory_operation_type", "at"],
                ["memory_namespace", "at"], ["memory_entry_id"],
            ],
        },
    })
}

fn tasks() -> Value {
    json!({
        "summary": "The queue: what is to be done, by which kind of agent, and how it went.",
        "fields": {
            "key": {"type": "text", "max_bytes": 64},
            "prompt": {"type": "text", "required": true, "search": true},
            "agent_type": {"type": "text", "required": true},
            "priority": {"type": "integer", "required": true},
            "status": {"type": "text", "required": true, "values": STATUSES},
            "input_data": {"type": "json"},
            "result_data": {"type": "json"},
            "error_message": {"type": "text"},
            "retry_count": {"type": "integer", "required": true},
            "max_retries": {"type": "integer", "required": true},
            "max_execution_timeout_seconds": {"type": "integer", "required": true},
            "estimated_minutes": {"type": "number"},
            "resources": {"type": "list"},
            "needs_resources": {"type": "boolean"},
            "submitted_at": {"type": "time", "required": true},
            "started_at": {"type": "time"},
            "completed_at": {"type": "time"},
            "deadline_at": {"type": "time"},
            "duration_ms": {"type": "integer"},
            "progress_percent": {"type": "number"},
            "created_by": {"type": "text"},
            "parent": {"type": "ref"},
            "agent": {"type": "ref"},
            "open_dependencies": {"type": "integer", "required": true},
            "session_id": {"type": "text"},
            "project": {"type": "text", "required": true},
        },
        "unique": {"key": ["namespace", "key"]},
        "indexes": [
            ["status", "priority", "submitted_at"], ["status", "agent_type", "priority", "submitted_at"],
            ["status", "deadline_at"], ["needs_resources", "status"], ["status", "project"], ["project", "status", "priority", "submitted_at"],
            ["priority", "submitted_at"], ["submitted_at"], ["agent_type", "status", "duration_ms"],
            ["parent", "priority", "submitted_at"], ["session_id", "priority", "submitted_at"], ["agent", "status"], ["key"],
        ],
        "recall": {"text": "prompt", "time": "submitted_at", "kind": "status"},
    })
}
