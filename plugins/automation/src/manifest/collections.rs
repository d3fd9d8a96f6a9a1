//! The collections: hooks, rules, workflows, their firings and what these left to do; tool uses; breakers and reports.

use crate::breaker::STATES;
use crate::kind::NAMES;
use memstrata_sdk::{Value, json};

/// What may fire.
pub(super) const KINDS: [&str; 4] = ["hook", "event", "rule", "workflow"];
/// How a firing came out.
pub(super) const OUTCOMES: [&str; 4] = ["fired", "skipped", "cycle", "too_deep"];
/// Where an action left to the client stands.
pub(super) const STATUSES: [&str; 4] = ["pending", "done", "failed", "dismissed"];

pub(super) fn collections() -> Value {
    let actions = json!({"type": "json", "max_bytes": 102_400});
    json!({
        "hooks": {
            "summary": "What is done when a hook is triggered; one of a name for each kind.",
            "fields": {
                "hook_type": {"type": "text", "required": true, "values": NAMES},
                "name": {"type": "text", "required": true},
                "description": {"type": "text"},
                "condition": {"type": "json"},
                "actions": actions,
                "enabled": {"type": "boolean", "default": true},
            },
            "unique": {"name": ["namespace", "hook_type", "name"]},
            "indexes": [["hook_type", "enabled"], ["hook_type", "name"], ["name"]],
        },
        "hook_kinds": {
            "summary": "Rate limit and counts of each kind of hook, in each namespace where it was limited or triggered.",
            "fields": {
                "hook_type": {"type": "text", "required": true, "values": NAMES},
                "rate_limit": {"type": "integer"},
                "window_ms": {"type": "integer"},
                "fired": {"type": "integer", "default": 0},
                "suppressed": {"type": "integer", "default": 0},
                "last_fired_at": {"type": "time"},
            },
            "unique": {"hook_type": ["namespace", "hook_type"]},
        },
        "rules": {
            "summary": "When an event comes and a condition holds, these actions are done.",
            "fields": {
                "rule_name": {"type": "text", "required": true},
                "trigger_event": {"type": "text", "required": true},
                "description": {"type": "text"},
                "condition": {"type": "json"},
                "actions": actions,
                "enabled": {"type": "boolean", "default": true},
                "cooldown_seconds": {"type": "integer", "default": 0},
                // It hears no episode that was written before.
                "since": {"type": "time"},
                "times_fired": {"type": "integer", "default": 0},
                "last_fired_at": {"type": "time"},
            },
            "unique": {"name": ["namespace", "rule_name"]},
            "indexes": [["trigger_event", "enabled"], ["rule_name"]],
        },
        "workflows": {
            "summary": "Steps done in order, by name.",
            "fields": {
                "workflow_name": {"type": "text", "required": true},
                "description": {"type": "text"},
                "steps": actions,
                "required_params": {"type": "list"},
                "times_run": {"type": "integer", "default": 0},
                "last_run_at": {"type": "time"},
            },
            "unique": {"name": ["namespace", "workflow_name"]},
            "indexes": [["workflow_name"]],
        },
        "firings": {
            "summary": "The history: what fired, why, what it did, and what it left to do. `way`: the events that led to it.",
            "fields": {
                "kind": {"type": "text", "required": true, "values": KINDS},
                "subject": {"type": "text", "required": true},
                "event": {"type": "text"},
                "parent": {"type": "ref"},
                "way": {"type": "json"},
                "outcome": {"type": "text", "required": true, "values": OUTCOMES},
                "reason": {"type": "text"},
                // The caller's own name of the occasion: the same one fires once.
                "key": {"type": "text"},
                "data": {"type": "json"},
                "done": {"type": "json", "max_bytes": 102_400},
                "left": {"type": "integer", "default": 0},
                "session_id": {"type": "text"},
                "fired_at": {"type": "time", "required": true},
            },
            "unique": {"key": ["namespace", "kind", "subject", "key"]},
            "indexes": [
                ["kind", "subject", "fired_at"], ["fired_at"], ["outcome", "fired_at"], ["kind", "fired_at"], ["parent"],
                ["kind", "subject", "outcome", "fired_at"], ["session_id", "fired_at"],
            ],
        },
        "actions": {
            "summary": "Actions that only a client can do, until it says that they are done.",
            "fields": {
                "firing": {"type": "ref", "required": true},
                "position": {"type": "integer", "required": true},
                "type": {"type": "text", "required": true},
                "message": {"type": "text"},
                "operation": {"type": "text"},
                "arguments": {"type": "json", "max_bytes": 102_400},
                "status": {"type": "text", "required": true, "values": STATUSES},
                "result": {"type": "text"},
                "acknowledged_at": {"type": "time"},
            },
            "indexes": [["status", "created_at"], ["firing", "status"]],
        },
        "notes": {
            "summary": "Notes that firings made.",
            "fields": {
                "text": {"type": "text", "required": true, "search": true, "embed": true},
                "subject": {"type": "text"},
                "firing": {"type": "ref"},
            },
            "indexes": [["firing"]],
            "recall": {"text": "text", "time": "created_at", "kind": "subject"},
        },
        "config": {
            "summary": "What clients changed of the configuration, and how far episodes were heard.",
            "fields": {"key": {"type": "text", "required": true}, "value": {"type": "json", "required": true}},
            "unique": {"key": ["namespace", "key"]},
        },
        "tool_uses": {
            "summary": "Each use of a tool that was reported: how long it took and how it ended.",
            "fields": {
                "tool_name": {"type": "text", "required": true},
                "result": {"type": "text", "required": true},
                "execution_time_ms": {"type": "number", "required": true},
                "task": {"type": "ref"},
                "session_id": {"type": "text"},
                "at": {"type": "time", "required": true},
            },
            "indexes": [["tool_name", "at"], ["at"], ["tool_name", "result", "at"], ["task", "at"], ["session_id", "at"]],
        },
        "breakers": {
            "summary": "Components that clients of a namespace call, and whether calls are let through now.",
            "fields": {
                "name": {"type": "text", "required": true},
                "state": {"type": "text", "required": true, "values": STATES},
                "failures": {"type": "integer", "default": 0},
                "failure_threshold": {"type": "integer", "required": true},
                "timeout_ms": {"type": "integer", "required": true},
                "opened_at": {"type": "time"},
                "trial_at": {"type": "time"},
                "fallbacks": {"type": "list"},
                "successes_total": {"type": "integer", "default": 0},
                "failures_total": {"type": "integer", "default": 0},
                "refused_total": {"type": "integer", "default": 0},
                "opened_times": {"type": "integer", "default": 0},
                "last_error": {"type": "text"},
                "last_report_at": {"type": "time"},
            },
            "unique": {"name": ["namespace", "name"]},
            "indexes": [["state", "name"], ["name"]],
        },
        "reports": {
            "summary": "Outcomes that clients reported of a component's calls.",
            "fields": {
                "name": {"type": "text", "required": true},
                "ok": {"type": "boolean", "required": true},
                "error": {"type": "text"},
                "execution_time_ms": {"type": "number"},
                "at": {"type": "time", "required": true},
            },
            "indexes": [["name", "at"], ["at"], ["name", "ok", "at"]],
        },
        "policies": {
            "summary": "How often and how late calls are tried again; `*` is for components without a policy of their own.",
            "fields": {
                "name": {"type": "text", "required": true},
                "max_retries": {"type": "integer", "required": true},
                "backoff_seconds": {"type": "number", "required": true},
                "backoff_multiplier": {"type": "number", "required": true},
            },
            "unique": {"name": ["namespace", "name"]},
            "indexes": [["name"]],
        },
    })
}
