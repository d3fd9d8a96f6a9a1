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
    use memstrata_sdk::contract;
    use std::collections::BTreeSet;

    #[test]
    fn it_keeps_the_contract() {
        let manifest = manifest();
        assert_eq!(contract::faults(&manifest), Vec::<String>::new());
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["id"]));
        assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
    }

    /// `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            (
                "create_session",
                json!({"session_id": "*", "app_name": "*", "user_id": "*", "project_id": null, "initial_state": null}),
            ),
            ("get_session", json!({"session_id": "*"})),
            ("append_event", json!({"session_id": "*", "event": "*", "state_delta": null})),
            ("update_status", json!({"session_id": "*", "status": "*"})),
            ("terminate_session", json!({"session_id": "*"})),
            ("get_state", json!({"session_id": "*", "key": null})),
            ("set_state", json!({"session_id": "*", "key": "*", "value": "*"})),
            ("list_sessions", json!({"project_id": null, "status": null, "limit": 50})),
            ("list_active_sessions", json!({"user_id": null})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }
}
