//! The five collections: items, routing decisions, focus, salience, inhibitions.

use crate::item::{COMPONENTS, STATES, TYPES};
use crate::route::LAYERS;
use crate::{focus, inhibition};
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "items": {
            "summary": "What is, or was, held in mind; `activation` is that of `touched_at`, reads compute what is left.",
            "fields": {
                "session_id": {"type": "text", "required": true},
                "content": {"type": "text", "required": true, "search": true, "embed": true},
                "content_type": {"type": "text", "required": true, "values": TYPES},
                "held_in": {"type": "text", "required": true, "values": COMPONENTS},
                "importance": {"type": "number", "default": 0.5},
                "activation": {"type": "number", "required": true},
                "half_life_ms": {"type": "number", "required": true},
                "touched_at": {"type": "time", "required": true},
                // When activation falls below 0.05: compared at each read, so nothing needs a timer.
                "gone_at": {"type": "time", "required": true},
                "rehearsals": {"type": "integer", "default": 0},
                "chunk": {"type": "list"},
                "tags": {"type": "list"},
                "metadata": {"type": "json"},
                "status": {"type": "text", "values": STATES, "default": "held"},
                "target": {"type": "text", "values": LAYERS},
                "next": {"type": "json", "max_bytes": 262_144},
                "consolidated_at": {"type": "time"},
                "stored_as": {"type": "ref"},
            },
            "indexes": [
                ["session_id", "status", "gone_at"], ["status", "gone_at"], ["session_id", "status", "consolidated_at"],
                ["status", "consolidated_at"],
            ],
        },
        "decisions": {
            "summary": "Where an item was routed, by what, and whether that was right: what the forest learns from.",
            "fields": {
                "item": {"type": "ref", "required": true},
                "layer": {"type": "text", "required": true, "values": LAYERS},
                "by": {"type": "text", "required": true, "values": ["rules", "forest", "caller"]},
                "confidence": {"type": "number"},
                "features": {"type": "list"},
                "correct": {"type": "boolean"},
                "label": {"type": "text", "values": LAYERS},
                "decided_at": {"type": "time", "required": true},
            },
            "indexes": [["label", "decided_at"], ["decided_at"], ["by", "correct"]],
            "unique": {"item": ["item"]},
        },
        "focus": {
            "summary": "What attention is, or was, on.",
            "fields": {
                "session_id": {"type": "text", "required": true},
                "memory": {"type": "ref", "required": true},
                "layer": {"type": "text", "required": true},
                "kind": {"type": "text", "required": true, "values": focus::KINDS},
                "weight": {"type": "number", "required": true},
                "transition": {"type": "text", "required": true, "values": focus::TRANSITIONS},
                "started_at": {"type": "time", "required": true},
                "ended_at": {"type": "time"},
                "previous": {"type": "ref"},
                "reason": {"type": "text"},
            },
            "indexes": [["session_id", "ended_at"], ["session_id", "started_at"]],
        },
        "salience": {
            "summary": "How much a memory or a text stood out when it was scored.",
            "fields": {
                "session_id": {"type": "text", "required": true},
                "memory": {"type": "ref"},
                "layer": {"type": "text"},
                "content": {"type": "text"},
                "salience": {"type": "number", "required": true},
                "novelty": {"type": "number", "required": true},
                "surprise": {"type": "number"},
                "contradiction": {"type": "number"},
                "conflicts_with": {"type": "ref"},
                "reason": {"type": "text"},
                "scored_at": {"type": "time", "required": true},
            },
            "indexes": [["session_id", "salience"], ["memory", "scored_at"]],
        },
        "inhibitions": {
            "summary": "Memories held back; `strength` is that of `inhibited_at`, reads compute what is left.",
            "fields": {
                "session_id": {"type": "text", "required": true},
                "memory": {"type": "ref", "required": true},
                "layer": {"type": "text", "required": true},
                "kind": {"type": "text", "required": true, "values": inhibition::KINDS},
                "strength": {"type": "number", "required": true},
                "inhibited_at": {"type": "time", "required": true},
                "until": {"type": "time"},
                "gone_at": {"type": "time", "required": true},
                "reason": {"type": "text"},
            },
            "indexes": [["session_id", "gone_at"], ["session_id", "memory", "gone_at"], ["gone_at"]],
        },
    })
}
