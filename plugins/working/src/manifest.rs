//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod attending;
mod collections;
mod holding;
mod inhibiting;
mod keeping;
mod schema;
mod weighing;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    let groups = [
        holding::operations(),
        keeping::operations(),
        weighing::operations(),
        attending::operations(),
        inhibiting::operations(),
    ];
    for (name, operation) in groups.concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "working_memory",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "What is in mind now: seven items or so that fade unless rehearsed, and what attention is on.",
        "imports": ["store-read", "store-write", "hints", "events", "clock", "settings"],
        "optional_imports": ["vectors"],
        "reads": ["episodic.events", "semantic.memories"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "tidy", "every_ms": 86_400_000, "operation": "tidy", "arguments": {}}],
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
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from([]));
        assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
        assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
    }
}
