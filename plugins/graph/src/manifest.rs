//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod grouping;
mod measuring;
mod reading;
mod schema;
mod walking;
mod writing;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    for (name, operation) in [
        writing::operations(),
        reading::operations(),
        walking::operations(),
        measuring::operations(),
        grouping::operations(),
    ]
    .concat()
    {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "graph",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Entities, how they relate and since when, what was observed of them, and the communities they form.",
        "imports": ["store-read", "store-write", "search", "clock", "settings", "budget", "progress"],
        "reads": ["*"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "figures", "every_ms": 60_000, "operation": "keep_graph_figures", "arguments": {}}],
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests;
