//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod governing;
mod reading;
mod writing;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let groups = [writing::operations(), reading::operations(), governing::operations()];
    let operations: Map<String, Value> =
        groups.concat().into_iter().map(|(name, operation)| (name.to_owned(), operation)).collect();
    json!({
        "manifest": 1,
        "name": "entries",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Versioned key-value memories in namespaces, with permissions, conflicts and an audit of every write.",
        "imports": ["store-read", "store-write", "search", "clock", "settings"],
        "optional_imports": ["llm"],
        "reads": ["sessions.sessions"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "expire", "every_ms": 86_400_000, "operation": "cleanup_expired_memories", "arguments": {}}],
        "events": [{"name": "session_over", "on": "sessions.terminated", "operation": "end_session"}],
        "settings": {"type": "object", "additionalProperties": false, "properties": {
            "enforce_permissions": {"type": "boolean", "default": false,
                "description": "Permissions hold for every call, by `created_by` and the like; else for calls that name an `actor`."},
            "episodic_ttl_days": {"type": "integer", "minimum": 1, "maximum": 3650, "default": 90,
                "description": "Episodic memories expire after so many days."},
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
            ("add_memory", vec!["namespace", "key", "value", "memory_type", "created_by", "task_id", "metadata"]),
            ("get_memory", vec!["namespace", "key", "version"]),
            ("update_memory", vec!["namespace", "key", "value", "updated_by", "task_id"]),
            ("delete_memory", vec!["namespace", "key"]),
            ("search_memories", vec!["namespace_prefix", "memory_type", "limit"]),
            ("get_memory_history", vec!["namespace", "key"]),
            ("list_namespaces", vec![]),
            ("cleanup_expired_memories", vec!["ttl_days"]),
            ("batch_create", vec!["memories"]),
            ("publish", vec!["from_namespace", "to_namespace", "key"]),
            ("rollback_memory", vec!["namespace", "key"]),
            ("consolidate_memories", vec!["namespace", "strategy"]),
            ("list_conflicts", vec!["namespace"]),
            ("resolve_conflict", vec!["conflict_id"]),
            ("synthesize_context", vec!["user_id", "project_id"]),
            ("query_audit", vec!["namespace"]),
            ("grant_access", vec!["actor", "scope", "can_write"]),
            ("resolve_key", vec!["key"]),
        ];
        for (name, parameters) in wanted {
            let properties = manifest()["operations"][name]["input"]["properties"].clone();
            assert!(properties.is_object(), "{name}");
            assert!(parameters.iter().all(|parameter| properties.get(parameter).is_some()), "{name}");
        }
    }

    #[test]
    fn a_context_takes_ten_twenty_five_and_five() {
        let properties = manifest()["operations"]["synthesize_context"]["input"]["properties"].clone();
        let limits = ["user_limit", "project_limit", "app_limit", "episodic_limit"]
            .map(|name| properties[name]["default"].as_u64());
        assert_eq!(limits, [Some(10), Some(20), Some(5), Some(5)]);
    }
}
