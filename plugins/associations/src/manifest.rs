//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

use memstrata_sdk::{Value, json};

fn operation(effect: &str, summary: &str, sides: (&Value, &[&str], &str), examples: &Value) -> Value {
    let (properties, required, key) = sides;
    json!({
        "summary": summary, "effect": effect, "examples": examples,
        "input": {"type": "object", "properties": properties, "required": required, "additionalProperties": false},
        "output": {"type": "object", "required": [key], "properties": {key: {"type": ["array", "integer", "number"]}}},
    })
}

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let id = json!({"type": ["integer", "string"], "description": "A memory: 42 or \"m:42\"."});
    let ids = json!({"type": "array", "items": id, "minItems": 1, "maxItems": 20});
    let limit = json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20});
    let pair = json!({"from_id": id, "to_id": id});
    let two = json!([{"arguments": {"from_id": 999_999_998, "to_id": 999_999_999}, "fault": "not-found"}]);
    let gone = json!([{"arguments": {"memory_ids": [999_999_998, 999_999_999]}, "fault": "not-found"}]);
    let empty = json!([{"arguments": {}}]);
    let share = json!({"type": "number", "minimum": 0, "maximum": 1, "default": 1.0});
    json!({
        "manifest": 1, "name": "associations", "version": env!("CARGO_PKG_VERSION"),
        "summary": "Hebbian links between memories, spreading activation, priming.",
        "imports": ["store-read", "store-write", "clock"], "reads": ["*"],
        "collections": {
            "links": {
                "summary": "From a memory to one that was active after it; each direction has its own weight.",
                "fields": {
                    "from_id": {"type": "ref", "required": true}, "to_id": {"type": "ref", "required": true},
                    "weight": {"type": "number", "required": true}, "decayed_at": {"type": "time", "required": true},
                },
                "indexes": [["from_id", "weight"], ["weight"], ["decayed_at"]],
                "unique": {"pair": ["from_id", "to_id"]},
            },
            "primed": {
                "summary": "When a memory was last primed.",
                "fields": {"memory": {"type": "ref", "required": true}, "primed_at": {"type": "time", "required": true}},
                "indexes": [["primed_at"]], "unique": {"memory": ["memory"]},
            },
        },
        "operations": {
            "strengthen": operation("write", "Strengthens a link by 0.1, making it if there is none.", (&pair, &["from_id", "to_id"], "weight"), &two),
            "weaken": operation("write", "Weakens a link by 0.05.", (&pair, &["from_id", "to_id"], "weight"), &two),
            "record_coactivation": operation("write", "Records memories retrieved together, in their order: each earlier one is linked to each later one.",
                (&json!({"memory_ids": ids, "activation": share,
                         "gap_ms": {"type": "integer", "minimum": 0, "maximum": 86_400_000, "default": 0, "description": "Time between two of them."}}), &["memory_ids"], "links"), &gone),
            "get_linked": operation("read", "The memories a memory is linked to, strongest first.",
                (&json!({"memory_id": id, "limit": limit}), &["memory_id"], "linked"), &json!([{"arguments": {"memory_id": 1}}])),
            "spread_activation": operation("read", "Spreads activation from memories: 3 hops, 0.7 a hop, from 0.1 up.",
                (&json!({"memory_ids": ids, "limit": limit}), &["memory_ids"], "activated"), &json!([{"arguments": {"memory_ids": [1]}}])),
            "prime": operation("write", "Primes memories now.", (&json!({"memory_ids": ids}), &["memory_ids"], "primed"), &gone),
            "get_primed": operation("read", "Memories primed in the last hour with their factor: 2, 1.5 or 1.2.",
                (&json!({"limit": limit}), &[], "primed"), &empty),
            "decay_associations": operation("write", "Takes 5 % of the links not decayed for a day, 500 a call.", (&json!({}), &[], "decayed"), &empty),
            "prune_associations": operation("destructive", "Deletes links below 0.1, 500 a call.", (&json!({}), &[], "pruned"), &empty),
            "statistics": operation("read", "Number of links.", (&json!({}), &[], "links"), &empty),
        },
        "schedules": [
            {"name": "decay", "every_ms": 3_600_000, "operation": "decay_associations", "arguments": {}},
            {"name": "prune", "every_ms": 3_600_000, "operation": "prune_associations", "arguments": {}},
        ],
    })
}
