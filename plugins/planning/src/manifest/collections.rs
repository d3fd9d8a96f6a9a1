//! The eight collections.

use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "plans": {
            "summary": "Plans: steps with estimates and dependencies, assumptions, constraints, criteria, milestones.",
            "fields": {
                "title": {"type": "text", "required": true, "search": true, "embed": true},
                "key": {"type": "text"},
                "task": {"type": "ref"},
                "status": {"type": "text", "values": ["draft", "active", "completed", "abandoned"], "default": "draft"},
                "strategy": {"type": "text"},
                "domain": {"type": "text"},
                "basis": {"type": "text"},
                "steps": {"type": "json", "required": true, "max_bytes": 819_200},
                "assumptions": {"type": "json", "max_bytes": 102_400},
                "constraints": {"type": "json", "max_bytes": 102_400},
                "acceptance_criteria": {"type": "list"},
                "milestones": {"type": "json", "max_bytes": 102_400},
                "deadline": {"type": "time"},
                "started_at": {"type": "time"},
                "completed_at": {"type": "time"},
            },
            "unique": {"key": ["namespace", "key"]},
            "indexes": [["task", "created_at"], ["status", "updated_at"], ["key"], ["strategy", "status"]],
            "recall": {"text": "title", "time": "created_at", "kind": "status"},
        },
        "validations": {
            "summary": "What checks of a plan found.",
            "fields": {
                "plan": {"type": "ref"}, "kind": {"type": "text", "required": true}, "valid": {"type": "boolean", "required": true},
                "score": {"type": "number"}, "findings": {"type": "json", "max_bytes": 409_600},
            },
            "indexes": [["plan", "created_at"], ["kind", "created_at"]],
        },
        "simulations": {
            "summary": "Simulations of plans, with the seed that repeats them.",
            "fields": {
                "plan": {"type": "ref"}, "task": {"type": "ref"}, "seed": {"type": "text", "required": true},
                "iterations": {"type": "integer", "required": true}, "result": {"type": "json", "max_bytes": 409_600},
            },
            "indexes": [["plan", "created_at"]],
        },
        "gates": {
            "summary": "Gates a plan must pass, and who decided.",
            "fields": {
                "plan": {"type": "ref"}, "task": {"type": "ref"}, "gate_type": {"type": "text", "required": true},
                "stakeholders": {"type": "list"}, "status": {"type": "text", "values": ["open", "passed", "failed"], "default": "open"},
                "checks": {"type": "json"}, "decisions": {"type": "json", "max_bytes": 102_400}, "decided_at": {"type": "time"},
            },
            "indexes": [["status", "created_at"], ["plan", "created_at"], ["task", "created_at"]],
        },
        "replans": {
            "summary": "When a plan was to be changed, how much of it, and by which rule.",
            "fields": {
                "plan": {"type": "ref"}, "task": {"type": "ref"}, "trigger_type": {"type": "text", "required": true}, "reason": {"type": "text"},
                "severity": {"type": "text", "required": true}, "level": {"type": "text", "required": true}, "rule": {"type": "text"},
                "steps": {"type": "list"}, "remaining_minutes": {"type": "number"},
            },
            "indexes": [["plan", "created_at"], ["task", "created_at"], ["created_at", "trigger_type"], ["level", "created_at"]],
        },
        "estimates": {
            "summary": "Work that was estimated, and what it took.",
            "fields": {
                "content": {"type": "text", "required": true, "search": true}, "task": {"type": "ref"}, "plan": {"type": "ref"},
                "estimated_minutes": {"type": "number"}, "actual_minutes": {"type": "number"}, "finished": {"type": "boolean", "default": false},
                "basis": {"type": "text"},
            },
            "indexes": [["finished", "created_at"], ["task", "created_at"]],
        },
        "models": {
            "summary": "The trained model of actual minutes, one a namespace.",
            "fields": {"name": {"type": "text", "required": true}, "model": {"type": "json", "required": true}},
            "unique": {"name": ["namespace", "name"]},
        },
        "budgets": {
            "summary": "Standings of budgets.",
            "fields": {
                "project": {"type": "text", "required": true}, "total": {"type": "number", "required": true},
                "spent": {"type": "number", "required": true}, "at": {"type": "time", "required": true},
            },
            "indexes": [["project", "at"]],
        },
    })
}
