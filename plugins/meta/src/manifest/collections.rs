//! The collections of this layer.

use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "coverage": {
            "summary": "What was known of a domain when it was last measured.",
            "fields": {
                "domain": {"type": "text", "required": true},
                "category": {"type": "text"},
                "memory_count": {"type": "integer", "required": true},
                "episodic_count": {"type": "integer", "required": true},
                "procedural_count": {"type": "integer", "required": true},
                "entity_count": {"type": "integer", "required": true},
                "avg_confidence": {"type": "number"},
                "avg_usefulness": {"type": "number"},
                "score": {"type": "number", "required": true},
                "expertise": {"type": "text", "values": ["beginner", "intermediate", "advanced", "expert"]},
                "gaps": {"type": "list"},
                "strength_areas": {"type": "list"},
                "first_encounter": {"type": "time"},
                "measured_at": {"type": "time", "required": true},
            },
            "indexes": [["score"], ["measured_at"]],
            "unique": {"domain": ["namespace", "domain"]},
        },
        "quality": {
            "summary": "Quality of one memory when it was last measured.",
            "fields": {
                "memory": {"type": "ref", "required": true},
                "layer": {"type": "text", "required": true},
                "access_count": {"type": "integer", "required": true},
                "useful_count": {"type": "integer", "required": true},
                "usefulness": {"type": "number"},
                "confidence": {"type": "number", "required": true},
                "relevance_decay": {"type": "number", "required": true},
                "source": {"type": "text"},
                "verified": {"type": "boolean", "required": true},
                "measured_at": {"type": "time", "required": true},
            },
            "indexes": [["confidence"]],
            "unique": {"memory": ["memory"]},
        },
        "transfers": {
            "summary": "Knowledge of one project that was used in another.",
            "fields": {
                "from_project": {"type": "text", "required": true},
                "to_project": {"type": "text", "required": true},
                "item": {"type": "ref", "required": true},
                "layer": {"type": "text", "required": true},
                "applicability": {"type": "number", "required": true},
                "notes": {"type": "text"},
            },
            "indexes": [["from_project", "created_at"], ["to_project", "created_at"]],
        },
        "snapshots": {
            "summary": "Health of a day, one row a day: what trends and progress are read from.",
            "fields": {
                "day": {"type": "integer", "required": true},
                "taken_at": {"type": "time", "required": true},
                "overall": {"type": "number"},
                "episodic": {"type": "number"},
                "semantic": {"type": "number"},
                "procedural": {"type": "number"},
                "prospective": {"type": "number"},
                "graph": {"type": "number"},
                "counts": {"type": "json", "required": true},
            },
            "indexes": [["taken_at"]],
            "unique": {"day": ["day"]},
        },
        "gaps": {
            "summary": "Gaps found when measuring, and on how many days.",
            "fields": {
                "key": {"type": "text", "required": true},
                "domain": {"type": "text", "required": true},
                "kind": {"type": "text", "required": true},
                "severity": {"type": "text", "required": true},
                "first_day": {"type": "integer", "required": true},
                "last_day": {"type": "integer", "required": true},
                "days_seen": {"type": "integer", "required": true},
            },
            "indexes": [["last_day"]],
            "unique": {"key": ["key"]},
        },
        "outcomes": {
            "summary": "How tasks ended, and how long they took against the estimate, in minutes.",
            "fields": {
                "task": {"type": "ref"},
                "outcome": {"type": "text", "required": true, "values": super::operations::OUTCOMES},
                "estimated": {"type": "number"},
                "actual": {"type": "number"},
            },
            "indexes": [["outcome", "created_at"], ["task"]],
        },
        "kept": {
            "summary": "Figures of a large space as they were last computed; of the whole space only.",
            "fields": {
                "name": {"type": "text", "required": true},
                "figures": {"type": "json", "required": true},
                "computed_at": {"type": "time", "required": true},
            },
            "unique": {"name": ["namespace", "name"]},
        },
    })
}
