//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod keeping;
mod messages;
mod schema;
mod threads;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    for (name, operation) in [threads::operations(), messages::operations(), keeping::operations()].concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "conversations",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Conversations: threads of messages in order, snapshots of their context, resumption, export.",
        "imports": ["store-read", "store-write", "search", "events", "clock", "settings"],
        "collections": collections::collections(),
        "operations": operations,
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests;
