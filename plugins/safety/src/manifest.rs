//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod operations;
mod schema;

use crate::policy::DECISIONS;
use crate::settings::SCANNED;
use memstrata_sdk::{Map, Value, json};
use schema::{choice, integer, list, or, text};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut all = Map::new();
    for (name, operation) in operations::operations() {
        all.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "safety",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Safety of changes: risk by named rules, policies, approvals, executions, snapshots, an audit; risky code and sensitive data.",
        "imports": ["store-read", "store-write", "search", "events", "clock", "random", "settings"],
        "optional_imports": ["files"],
        "reads": ["*"],
        "collections": collections::collections(),
        "operations": all,
        "settings": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "default_decision": or(choice(&DECISIONS, "What holds for an action no policy names."), "allow"),
                "approval_score": or(integer("A change of this score or more wants approval.", 1, 100), 50),
                "scanned": or(list(&text("`layer.collection`.", 100), 50, "Collections track_sensitive_data looks through."), SCANNED.to_vec()),
            },
        },
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

    /// Parameters and defaults of requirements 1.12, tools 8 and 15; `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            (
                "evaluate_change_safety",
                json!({"change_type": "*", "change_description": "*", "affected_components": [], "risk_level": "medium"}),
            ),
            (
                "request_approval",
                json!({"change_id": "*", "change_type": "*", "description": "*", "requested_by": "system", "deadline": null}),
            ),
            ("get_audit_trail", json!({"limit": 100, "action_type": null, "user": null, "days_back": null})),
            (
                "monitor_execution",
                json!({"execution_id": "*", "status": "running", "error_message": null, "progress_percent": 0}),
            ),
            ("create_code_snapshot", json!({"snapshot_name": "*", "description": null, "components": ["all"]})),
            ("check_safety_policy", json!({"action": "*", "policy_type": null})),
            ("analyze_change_risk", json!({"change_description": "*", "scope": "medium", "affected_systems": []})),
            ("analyze_code_security", json!({"code": "", "file_path": ""})),
            ("track_sensitive_data", json!({"project_id": 1})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }
}
