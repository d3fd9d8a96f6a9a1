//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod operations;

use crate::lifecycle::ARCHIVE_AFTER_DAYS;
use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let operations: Map<String, Value> =
        operations::operations().into_iter().map(|(name, operation)| (name.to_owned(), operation)).collect();
    json!({
        "manifest": 1,
        "name": "sessions",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Sessions of agents: their life, their events in order, and the state they keep.",
        "imports": ["store-read", "store-write", "events", "clock", "settings"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "archive", "every_ms": 86_400_000, "operation": "archive_sessions", "arguments": {}}],
        "settings": {"type": "object", "additionalProperties": false, "properties": {
            "archive_after_days": {"type": "integer", "minimum": 1, "maximum": 3650, "default": ARCHIVE_AFTER_DAYS,
                "description": "A session terminated so many days ago is archived."},
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_keeps_the_rules() {
        for (name, operation) in manifest()["operations"].as_object().into_iter().flatten() {
            let said = |key: &str| operation[key].as_str().unwrap_or_default();
            let length = said("summary").chars().count() + said("description").chars().count();
            assert!(length <= 600 && !said("summary").is_empty(), "{name}: {length}");
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            for example in operation["examples"].as_array().into_iter().flatten() {
                for key in example["arguments"].as_object().into_iter().flat_map(Map::keys) {
                    assert!(operation["input"]["properties"].get(key).is_some(), "{name}: unknown {key}");
                }
            }
            assert!(operation["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{name}");
        }
    }

    #[test]
    fn the_operations_of_the_requirement_are_there() {
        let wanted = [
            ("create_session", vec!["session_id", "app_name", "user_id", "project_id", "initial_state"]),
            ("get_session", vec!["session_id"]),
            ("append_event", vec!["session_id", "event", "state_delta"]),
            ("update_status", vec!["session_id", "status"]),
            ("terminate_session", vec!["session_id"]),
            ("get_state", vec!["session_id", "key"]),
            ("set_state", vec!["session_id", "key", "value"]),
            ("list_sessions", vec!["project_id", "status", "limit"]),
            ("list_active_sessions", vec!["user_id"]),
        ];
        for (name, parameters) in wanted {
            let properties = manifest()["operations"][name]["input"]["properties"].clone();
            assert!(parameters.iter().all(|parameter| properties.get(parameter).is_some()), "{name}");
        }
        assert_eq!(manifest()["operations"]["list_sessions"]["input"]["properties"]["limit"]["default"], 50);
    }
}
