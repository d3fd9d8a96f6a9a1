//! The manifest: what the layer is, which collections it owns and which operations it offers.

mod collections;
mod list;
mod operation;
mod place;
mod record;
mod relate;
mod schema;
mod segment;
mod source;

#[cfg(test)]
mod check;

use memstrata_sdk::{Map, Value, json};

pub use record::BATCH;

/// Host interfaces the component imports.
pub const IMPORTS: [&str; 6] = ["store-read", "store-write", "search", "vectors", "hints", "clock"];

/// The manifest as JSON; see docs/manifest.md.
#[must_use]
pub fn manifest() -> Value {
    let groups = [
        record::operations(),
        list::operations(),
        relate::operations(),
        segment::operations(),
        place::operations(),
        source::operations(),
    ];
    let operations: Map<String, Value> = groups.into_iter().flatten().map(operation::Operation::finish).collect();
    json!({
        "manifest": 1,
        "name": "episodic",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Events: what happened, when, where in the code, how surprising, and what led to what.",
        "imports": IMPORTS,
        "collections": collections::all(),
        "operations": operations,
        "schedules": [
            {"name": "lists", "every_ms": 60_000, "operation": "index_lists", "arguments": {}},
            {"name": "stats", "every_ms": 600_000, "operation": "keep_stats", "arguments": {}},
        ],
    })
}
