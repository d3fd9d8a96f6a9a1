//! The four collections: procedures, executions, the tally of each procedure's executions, and what the last study of events found.

use crate::category::CATEGORIES;
use crate::outcomes::Outcome;
use crate::procedure::AUTHORS;
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "procedures": {
            "summary": "How things are done: template, parameters, steps, and when to use them.",
            "fields": {
                "name": {"type": "text", "required": true, "search": true},
                // Makes a name unique in its namespace, whoever writes the row.
                "name_hash": {"type": "text", "required": true, "digest_of": "name"},
                "category": {"type": "text", "values": CATEGORIES, "default": "git"},
                "description": {"type": "text", "search": true},
                "trigger_pattern": {"type": "text"},
                "applicable_contexts": {"type": "list"},
                "template": {"type": "text", "max_bytes": 81_920},
                "parameters": {"type": "json", "max_bytes": 409_600},
                "steps": {"type": "json", "max_bytes": 819_200},
                "examples": {"type": "json", "max_bytes": 409_600},
                "created_by": {"type": "text", "values": AUTHORS, "default": "user"},
                // All its words together: what meaning is searched by.
                "words": {"type": "text", "search": true, "embed": true, "max_bytes": 204_800},
                "signature": {"type": "text"},
                "occurrences": {"type": "integer"},
                "learned_success_rate": {"type": "number"},
                "last_seen": {"type": "time"},
                "confidence": {"type": "number", "default": 1.0},
            },
            "indexes": [
                ["category", "updated_at"], ["created_by", "updated_at"], ["name"], ["signature"], ["category", "name"],
            ],
            "unique": {"name": ["namespace", "name_hash"], "signature": ["namespace", "signature"]},
            "recall": {"text": "words", "title": "name", "time": "updated_at", "trust": "confidence", "kind": "category"},
        },
        "executions": {
            "summary": "Each time a procedure was done: how it ended, how long it took, what was learned. Cites the procedure.",
            "fields": {
                "procedure": {"type": "ref", "required": true},
                "procedure_version": {"type": "integer"},
                "timestamp": {"type": "time", "required": true},
                "outcome": {"type": "text", "required": true, "values": Outcome::NAMES},
                "duration_ms": {"type": "integer"},
                "variables": {"type": "json"},
                "learned": {"type": "text", "search": true},
                "failed_step": {"type": "integer"},
                "session_id": {"type": "text"},
            },
            "indexes": [["procedure", "timestamp"], ["outcome", "timestamp"], ["session_id", "timestamp"], ["timestamp"]],
        },
        "studies": {
            "summary": "What the last whole study of the events found: the chains that recur in the row's namespace and below.",
            "fields": {
                "computed_at": {"type": "time", "required": true},
                "events": {"type": "integer"},
                "patterns": {"type": "json", "max_bytes": 1_048_576},
                "notes": {"type": "list"},
            },
            "unique": {"namespace": ["namespace"]},
        },
        "tallies": {
            "summary": "Sums over the executions of a procedure, so that a running rate costs no scan and no conflict.",
            "fields": {
                "procedure": {"type": "ref", "required": true},
                "category": {"type": "text"},
                "usage_count": {"type": "integer", "default": 0},
                "successes": {"type": "integer", "default": 0},
                "failures": {"type": "integer", "default": 0},
                "partials": {"type": "integer", "default": 0},
                "timed_count": {"type": "integer", "default": 0},
                "total_ms": {"type": "integer", "default": 0},
                "last_used": {"type": "time"},
            },
            "indexes": [["usage_count"], ["last_used"], ["category", "usage_count"], ["category", "last_used"]],
            "unique": {"procedure": ["procedure"]},
        },
    })
}
