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
    use memstrata_sdk::contract;
    use std::collections::BTreeSet;

    #[test]
    fn it_keeps_the_contract() {
        let manifest = manifest();
        assert_eq!(contract::faults(&manifest), Vec::<String>::new());
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace"]));
        assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
    }

    /// `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            (
                "add_memory",
                json!({"namespace": "*", "key": "*", "value": "*", "memory_type": "*", "created_by": "system", "task_id": null, "metadata": null}),
            ),
            ("get_memory", json!({"namespace": "*", "key": "*", "version": null})),
            (
                "update_memory",
                json!({"namespace": "*", "key": "*", "value": "*", "updated_by": "system", "task_id": null}),
            ),
            ("delete_memory", json!({"namespace": "*", "key": "*"})),
            ("search_memories", json!({"namespace_prefix": "*", "memory_type": null, "limit": 50})),
            ("get_memory_history", json!({"namespace": "*", "key": "*"})),
            ("list_namespaces", json!({})),
            ("cleanup_expired_memories", json!({"ttl_days": null})),
            ("batch_create", json!({"memories": "*"})),
            ("publish", json!({"from_namespace": "*", "to_namespace": "*", "key": "*"})),
            ("rollback_memory", json!({"namespace": "*", "key": "*"})),
            ("consolidate_memories", json!({"namespace": "*", "strategy": "llm_based"})),
            ("list_conflicts", json!({"namespace": null})),
            ("resolve_conflict", json!({"conflict_id": null, "resolution": "*"})),
            ("synthesize_context", json!({"user_id": null, "project_id": null})),
            ("query_audit", json!({"namespace": null})),
            ("grant_access", json!({"actor": "*", "scope": "*", "can_write": false})),
            ("resolve_key", json!({"key": "*"})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }

    #[test]
    fn a_context_takes_ten_twenty_five_and_five() {
        let properties = manifest()["operations"]["synthesize_context"]["input"]["properties"].clone();
        let limits = ["user_limit", "project_limit", "app_limit", "episodic_limit"]
            .map(|name| properties[name]["default"].as_u64());
        assert_eq!(limits, [Some(10), Some(20), Some(5), Some(5)]);
    }
}
