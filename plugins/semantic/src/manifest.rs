//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod listing;
mod recalling;
mod schema;
mod tending;
mod writing;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    for (name, operation) in
        [writing::operations(), recalling::operations(), listing::operations(), tending::operations()].concat()
    {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "semantic",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "What is known: facts, patterns, decisions and context, each current until it is superseded.",
        "imports": ["store-read", "store-write", "search", "hints", "clock", "settings", "budget", "progress"],
        "optional_imports": ["vectors"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{
            "name": "rescore",
            "every_ms": 86_400_000,
            "operation": "optimize",
            "arguments": {"prune": false, "max_rows": 100_000},
        }],
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
        assert_eq!(
            contract::system_fields(&manifest),
            BTreeSet::from(["created_at", "namespace", "valid_from", "valid_to"])
        );
        assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
        let count = manifest["operations"].as_object().map_or(0, Map::len);
        assert!(count >= 25, "{count}");
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
        assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
    }
}
