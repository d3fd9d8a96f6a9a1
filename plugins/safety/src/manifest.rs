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

    fn operations() -> Map<String, Value> {
        manifest()["operations"].as_object().cloned().unwrap_or_default()
    }

    /// Parameters and defaults of requirements 1.12, tools 8 and 15; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let operations = operations();
        for (name, parameters) in [
            (
                "evaluate_change_safety",
                json!({"change_type": null, "change_description": null, "affected_components": [], "risk_level": "medium"}),
            ),
            (
                "request_approval",
                json!({"change_id": null, "change_type": null, "description": null, "requested_by": "system", "deadline": null}),
            ),
            ("get_audit_trail", json!({"limit": 100, "action_type": null, "user": null, "days_back": null})),
            (
                "monitor_execution",
                json!({"execution_id": null, "status": "running", "error_message": null, "progress_percent": 0}),
            ),
            ("create_code_snapshot", json!({"snapshot_name": null, "description": null, "components": ["all"]})),
            ("check_safety_policy", json!({"action": null, "policy_type": null})),
            ("analyze_change_risk", json!({"change_description": null, "scope": "medium", "affected_systems": []})),
            ("analyze_code_security", json!({"code": "", "file_path": ""})),
            ("track_sensitive_data", json!({"project_id": 1})),
        ] {
            let known = &operations.get(name).unwrap_or(&Value::Null)["input"]["properties"];
            assert!(known.is_object(), "{name}");
            for (parameter, default) in parameters.as_object().into_iter().flatten() {
                assert!(known[parameter].is_object(), "{name} takes no {parameter}");
                assert_eq!(known[parameter]["default"], *default, "{name}.{parameter}");
            }
        }
    }

    #[test]
    fn every_operation_keeps_the_rules() {
        for (name, operation) in &operations() {
            let said = |key: &str| operation[key].as_str().unwrap_or_default();
            let length = said("summary").chars().count() + said("description").chars().count();
            assert!(length <= 600 && !said("summary").is_empty(), "{name}: {length}");
            assert!(["read", "write", "destructive"].contains(&said("effect")), "{name}");
            assert!(operation["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{name}");
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            assert!(["input", "output"].iter().all(|side| operation[side].to_string().len() <= 8192), "{name}");
        }
    }

    #[test]
    fn indexes_name_fields() {
        for (name, collection) in manifest()["collections"].as_object().into_iter().flatten() {
            for index in collection["indexes"].as_array().into_iter().flatten() {
                for field in index.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    assert!(collection["fields"][field].is_object(), "{name}.{field}");
                }
            }
        }
    }
}
