//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod operations;

use memstrata_sdk::schema::integer_or;
use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let operations: Map<String, Value> =
        operations::operations().into_iter().map(|(name, operation)| (name.to_owned(), operation)).collect();
    json!({
        "manifest": 1,
        "name": "associations",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Hebbian links between memories of any layer, spreading activation, priming.",
        "imports": ["store-read", "store-write", "clock", "settings"],
        "reads": ["*"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "prune", "every_ms": 3_600_000, "operation": "prune_associations", "arguments": {}}],
        "settings": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "minimum_age_days": integer_or("A younger link is pruned only if use has weakened it below 0.1.", 0, 3650, 7),
            },
        },
    })
}

#[cfg(test)]
mod tests;
