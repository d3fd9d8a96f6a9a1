//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod learning;
mod reading;
mod schema;
mod writing;

use memstrata_sdk::{Map, Value, json};

/// Where events are read from.
pub const EVENTS: &str = "episodic.events";

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    for (name, operation) in [writing::operations(), reading::operations(), learning::operations()].concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "procedural",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "How things are done: procedures with templates and steps, their executions, and what is learned from events.",
        "imports": ["store-read", "store-write", "search", "clock", "settings", "budget"],
        "reads": [EVENTS],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "extract", "every_ms": 86_400_000, "operation": "extract_procedures", "arguments": {}}],
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::contract;
    use std::collections::BTreeSet;

    #[test]
    fn it_keeps_the_contract() {
        let manifest = manifest();
        assert_eq!(contract::faults(&manifest), Vec::<String>::new());
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace", "updated_at"]));
        assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
        let count = manifest["operations"].as_object().map_or(0, Map::len);
        assert!(count >= 20, "{count}");
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
        assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
    }
}
