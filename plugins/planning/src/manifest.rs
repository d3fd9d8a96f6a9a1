//! The layer's manifest: what it owns, offers, reads and needs (docs/manifest.md).

mod checking;
mod collections;
mod drawing;
mod estimating;
mod schema;
#[cfg(test)]
mod tests;

use crate::settings::Settings;
use memstrata_sdk::{Map, Value, json};

/// Collections of other layers this one reads where they are.
pub const READS: [&str; 7] = [
    "prospective.tasks",
    "prospective.phases",
    "prospective.milestones",
    "prospective.dependencies",
    "procedural.procedures",
    "procedural.tallies",
    "episodic.events",
];

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    for (name, operation) in [drawing::operations(), checking::operations(), estimating::operations()].concat() {
        operations.insert(name.to_owned(), operation);
    }
    let defaults = Settings::default();
    json!({
        "manifest": 1,
        "name": "planning",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Plans: drawn from words, procedures and recorded work, checked, simulated, watched and changed.",
        "imports": ["store-read", "store-write", "search", "clock", "random", "settings"],
        "optional_imports": ["llm"],
        "reads": READS,
        "collections": collections::collections(),
        "operations": operations,
        "settings": {"type": "object", "additionalProperties": false, "properties": {
            "most_minutes": {"type": "number", "minimum": 1, "default": defaults.most_minutes, "description": "The critical path of a feasible plan has at most so many minutes."},
            "hourly_rates": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}, "default": {}, "description": "Cost of an hour by name or role; empty: costs are not told."},
            "similar": {"type": "number", "minimum": 0, "maximum": 1, "default": defaults.similar, "description": "Recorded work is similar from this share of common words on."},
            "spread_low": {"type": "number", "minimum": 0, "maximum": 1, "default": defaults.spread_low, "description": "Lowest minutes of a step of which only an estimate is known, as a share of it."},
            "spread_high": {"type": "number", "minimum": 1, "default": defaults.spread_high, "description": "Highest minutes, the same."},
        }},
    })
}
