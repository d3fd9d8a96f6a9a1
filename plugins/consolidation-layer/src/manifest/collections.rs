//! Its own collections: what was asked for, what is wished regularly, what was decided.

use crate::resolution::STRATEGIES;
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "requests": {
            "summary": "Consolidation runs that were asked for; who asked is in the journal.",
            "fields": {
                "asked": {"type": "text"},
                "strategy": {"type": "text"},
                "since": {"type": "time"},
                "again": {"type": "boolean", "default": false},
                "dry_run": {"type": "boolean", "default": false},
                "reason": {"type": "text"},
            },
        },
        "schedules": {
            "summary": "When consolidation is wished regularly, one for a namespace.",
            "fields": {
                "frequency": {"type": "text", "required": true, "values": ["off", "hourly", "daily"]},
                "time_of_day": {"type": "text", "required": true},
                "asked": {"type": "text"},
                "max_age_minutes": {"type": "integer"},
                "next_due": {"type": "time"},
                "last_request": {"type": "ref"},
            },
            "unique": {"namespace": ["namespace"]},
            "indexes": [["next_due"]],
        },
        "resolutions": {
            "summary": "How conflicts were decided; each cites the conflict and its memories.",
            "fields": {
                "conflict": {"type": "ref", "required": true},
                "strategy": {"type": "text", "required": true, "values": STRATEGIES},
                "status": {"type": "text", "required": true, "values": ["resolved", "decided"]},
                "kept": {"type": "list"},
                "ended": {"type": "list"},
                "to_end": {"type": "list"},
                "note": {"type": "text"},
            },
            "unique": {"conflict": ["conflict"]},
        },
    })
}
