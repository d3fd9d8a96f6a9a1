//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod evolving;
mod indexing;
mod shape;
mod writing;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let operations: Map<String, Value> = [writing::operations(), evolving::operations(), indexing::operations()]
        .concat()
        .into_iter()
        .map(|(name, operation)| (name.to_owned(), operation))
        .collect();
    json!({
        "manifest": 1,
        "name": "notes",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Zettelkasten: linked notes, versions and attributes of memories, a tree of numbered topics.",
        "imports": ["store-read", "store-write", "search", "hints", "clock"],
        "reads": ["*"],
        "collections": collections::collections(),
        "operations": operations,
    })
}

#[cfg(test)]
mod tests;
