//! The eight collections: tasks, phases, milestones, dependencies, triggers, firings, goals, and the log of goals' progress.

use crate::vocabulary::{
    DEPENDENCY_TYPES, GOAL_STATUSES, GOAL_TYPES, MILESTONE_STATUSES, PHASES, PRIORITIES, STATUSES, TRIGGER_TYPES,
};
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "tasks": tasks(),
        "phases": {
            "summary": "Phases that tasks have left, with the time spent in each.",
            "fields": {
                "task": {"type": "ref", "required": true},
                "phase": {"type": "text", "required": true, "values": PHASES},
                "started": {"type": "time", "required": true},
                "completed": {"type": "time", "required": true},
                "minutes": {"type": "number", "required": true},
            },
            "indexes": [["task", "started"], ["phase", "minutes"]],
        },
        "milestones": {
            "summary": "Milestones of tasks, in order.",
            "fields": {
                "task": {"type": "ref", "required": true},
                "position": {"type": "integer", "required": true},
                "title": {"type": "text", "required": true, "search": true},
                "status": {"type": "text", "values": MILESTONE_STATUSES, "default": "pending"},
                "progress": {"type": "number", "default": 0.0},
                "estimated_minutes": {"type": "integer"},
                "actual_minutes": {"type": "number"},
                "notes": {"type": "text"},
                "completed_at": {"type": "time"},
            },
            "unique": {"position": ["task", "position"]},
            "indexes": [["task", "position"]],
        },
        "dependencies": {
            "summary": "How tasks bear on each other: one of a type between the same two. `open`: the first is not completed.",
            "fields": {
                "from_task": {"type": "ref", "required": true},
                "to_task": {"type": "ref", "required": true},
                "dependency_type": {"type": "text", "required": true, "values": DEPENDENCY_TYPES},
                "open": {"type": "boolean", "required": true},
            },
            "unique": {"edge": ["from_task", "to_task", "dependency_type"]},
            "indexes": [["from_task", "dependency_type"], ["to_task", "dependency_type", "open"], ["open"]],
        },
        "triggers": {
            "summary": "What brings a task up. `armed`: it may still fire; `due_at`: its next occasion, of time triggers.",
            "fields": {
                "task": {"type": "ref", "required": true},
                "trigger_type": {"type": "text", "required": true, "values": TRIGGER_TYPES},
                "condition": {"type": "json", "required": true},
                "event_type": {"type": "text", "required": true},
                "recurring": {"type": "boolean", "default": false},
                "armed": {"type": "boolean", "required": true},
                "fired": {"type": "boolean", "default": false},
                "fired_at": {"type": "time"},
                "times_fired": {"type": "integer", "default": 0},
                "due_at": {"type": "time"},
                "depends_on": {"type": "ref"},
            },
            "indexes": [
                ["armed", "due_at"], ["armed", "trigger_type", "event_type"], ["task"], ["depends_on", "armed"],
            ],
        },
        "firings": {
            "summary": "Triggers that fired, once for each occasion, for clients to see and acknowledge.",
            "fields": {
                "trigger": {"type": "ref", "required": true},
                "occasion": {"type": "text", "required": true},
                "task": {"type": "ref", "required": true},
                "trigger_type": {"type": "text", "required": true, "values": TRIGGER_TYPES},
                "fired_at": {"type": "time", "required": true},
                "due_at": {"type": "time"},
                "missed": {"type": "integer"},
                "event": {"type": "ref"},
                "cause": {"type": "text"},
                "activation": {"type": "text", "required": true},
                "acknowledged": {"type": "boolean", "default": false},
                "acknowledged_at": {"type": "time"},
            },
            "unique": {"occasion": ["trigger", "occasion"]},
            "indexes": [["acknowledged", "fired_at"], ["task", "fired_at"], ["fired_at"]],
        },
        "goals": goals(),
        "progress": {
            "summary": "How goals went on: one row for each record.",
            "fields": {
                "goal": {"type": "ref", "required": true},
                "progress": {"type": "number", "required": true},
                "status": {"type": "text", "required": true, "values": GOAL_STATUSES},
                "notes": {"type": "text"},
            },
            "indexes": [["goal", "created_at"]],
        },
    })
}

fn tasks() -> Value {
    json!({
        "summary": "What is to be done.",
        "fields": {
            "content": {"type": "text", "required": true, "search": true, "embed": true},
            "key": {"type": "text"},
            "active_form": {"type": "text"},
            "status": {"type": "text", "required": true, "values": STATUSES},
            "priority": {"type": "text", "required": true, "values": PRIORITIES},
            // The priority as a number, so that an index sorts by it.
            "urgency": {"type": "integer", "required": true},
            "phase": {"type": "text", "required": true, "values": PHASES},
            "phase_started_at": {"type": "time", "required": true},
            "due_at": {"type": "time"},
            "started_at": {"type": "time"},
            "completed_at": {"type": "time"},
            "plan": {"type": "json", "max_bytes": 262_144},
            "plan_created_at": {"type": "time"},
            "estimated_minutes": {"type": "integer"},
            "actual_duration_minutes": {"type": "number"},
            "progress": {"type": "number", "default": 0.0},
            "assignee": {"type": "text", "default": "user"},
            "tags": {"type": "list"},
            "notes": {"type": "text", "search": true, "max_bytes": 262_144},
            "blocked_reason": {"type": "text"},
            // Blocked by hand, not by a dependency.
            "held": {"type": "boolean", "default": false},
            // A trigger fired while it was blocked.
            "wanted": {"type": "boolean", "default": false},
            "failure_reason": {"type": "text"},
            "lessons_learned": {"type": "text", "search": true},
            "goal": {"type": "ref"},
        },
        "unique": {"key": ["namespace", "key"]},
        "indexes": [
            ["status", "urgency"], ["urgency"], ["status", "due_at"], ["due_at"], ["phase"], ["goal", "status"], ["key"],
            ["status", "completed_at"], ["assignee", "status"], ["status", "updated_at"],
            // Each filter of a list with each of its orders, and the mean of what was completed.
            ["goal", "urgency"], ["phase", "urgency"], ["assignee", "urgency"], ["urgency", "updated_at"],
            ["status", "actual_duration_minutes"],
        ],
        "recall": {"text": "content", "time": "created_at", "kind": "status"},
    })
}

fn goals() -> Value {
    json!({
        "summary": "What is aimed at; `parent` makes a tree of them.",
        "fields": {
            "goal_text": {"type": "text", "required": true, "search": true, "embed": true},
            "key": {"type": "text"},
            "goal_type": {"type": "text", "required": true, "values": GOAL_TYPES},
            "parent": {"type": "ref"},
            "priority": {"type": "integer", "required": true},
            "status": {"type": "text", "required": true, "values": GOAL_STATUSES},
            "progress": {"type": "number", "default": 0.0},
            "deadline": {"type": "time"},
            "criteria": {"type": "list"},
            "resources": {"type": "list"},
            "outcome": {"type": "text"},
            "notes": {"type": "text", "search": true, "max_bytes": 262_144},
            "completed_at": {"type": "time"},
        },
        "unique": {"key": ["namespace", "key"]},
        "indexes": [["status", "priority"], ["parent", "status"], ["key"], ["status", "deadline"]],
        "recall": {"text": "goal_text", "time": "created_at", "kind": "status"},
    })
}
