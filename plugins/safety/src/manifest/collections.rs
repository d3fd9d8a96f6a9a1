//! The collections: changes, approvals, policies, executions, snapshots, audit.

use crate::execution::STATUSES;
use crate::policy::DECISIONS;
use memstrata_sdk::{Value, json};

/// How a change went.
pub(crate) const OUTCOMES: [&str; 4] = ["success", "partial", "failure", "rolled_back"];
/// The states of approvals that are stored; `expired` is told of a pending one past its deadline.
pub(crate) const APPROVALS: [&str; 3] = ["pending", "approved", "rejected"];

pub(super) fn collections() -> Value {
    json!({
        "changes": {
            "summary": "Changes that were evaluated, the rules that held, and how they went.",
            "fields": {
                "change_id": {"type": "text", "required": true},
                "change_type": {"type": "text", "required": true},
                "description": {"type": "text", "required": true, "search": true},
                "systems": {"type": "list"},
                "score": {"type": "integer"},
                "level": {"type": "text"},
                "decision": {"type": "text"},
                "rules": {"type": "json"},
                "outcome": {"type": "text", "values": OUTCOMES},
                "notes": {"type": "text"},
                "at": {"type": "time", "required": true},
                "outcome_at": {"type": "time"},
            },
            "unique": {"change": ["change_id"]},
            "indexes": [["change_id"], ["at"], ["outcome", "at"], ["change_type", "at"]],
            "recall": {"text": "description", "time": "at", "kind": "change_type"},
        },
        "approvals": {
            "summary": "Who was asked for what, and what was decided.",
            "fields": {
                "change_id": {"type": "text", "required": true},
                "change_type": {"type": "text", "required": true},
                "description": {"type": "text", "required": true},
                "requested_by": {"type": "text", "required": true},
                "requested_at": {"type": "time", "required": true},
                "deadline": {"type": "time"},
                "status": {"type": "text", "required": true, "values": APPROVALS},
                "decided_by": {"type": "text"},
                "decided_at": {"type": "time"},
                "reason": {"type": "text"},
            },
            "indexes": [["change_id", "status"], ["status", "requested_at"], ["requested_at"]],
        },
        "policies": {
            "summary": "Which actions are allowed, denied, or want approval.",
            "fields": {
                "name": {"type": "text", "required": true},
                "policy_type": {"type": "text", "required": true},
                "pattern": {"type": "text", "required": true},
                "decision": {"type": "text", "required": true, "values": DECISIONS},
                "priority": {"type": "integer", "required": true},
                "reason": {"type": "text"},
                "enabled": {"type": "boolean", "required": true},
            },
            "unique": {"name": ["name"]},
            "indexes": [["enabled", "priority"], ["policy_type", "enabled", "priority"], ["name"], ["priority"]],
        },
        "executions": {
            "summary": "Executions that are watched.",
            "fields": {
                "execution_id": {"type": "text", "required": true},
                "status": {"type": "text", "required": true, "values": STATUSES},
                "progress_percent": {"type": "number", "required": true},
                "error_message": {"type": "text"},
                "started_at": {"type": "time", "required": true},
                "reported_at": {"type": "time", "required": true},
                "ended_at": {"type": "time"},
                "reports": {"type": "integer", "required": true},
            },
            "unique": {"execution": ["execution_id"]},
            "indexes": [["execution_id"], ["status", "reported_at"], ["reported_at"]],
        },
        "snapshots": {
            "summary": "Hashes of files at a time.",
            "fields": {
                "name": {"type": "text", "required": true},
                "description": {"type": "text"},
                "components": {"type": "list"},
                "hash": {"type": "text", "required": true},
                "files": {"type": "integer", "required": true},
                "hashes": {"type": "json", "required": true},
                "at": {"type": "time", "required": true},
            },
            "unique": {"name": ["name"]},
            "indexes": [["name"], ["at"], ["hash"]],
        },
        "audit": {
            "summary": "What was done, by whom, written in the transaction of the deed.",
            "fields": {
                "at": {"type": "time", "required": true},
                "action_type": {"type": "text", "required": true},
                "user": {"type": "text", "required": true},
                "subject": {"type": "text"},
                "data": {"type": "json"},
            },
            "indexes": [["at"], ["action_type", "at"], ["user", "at"], ["subject", "at"]],
        },
    })
}
