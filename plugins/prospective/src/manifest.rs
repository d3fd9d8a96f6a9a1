//! The layer's manifest: what it owns, offers, hears and needs (docs/manifest.md).

mod collections;
mod goals;
mod planning;
mod schema;
mod tasks;
mod triggers;
mod watching;

use memstrata_sdk::{Map, Value, json};

/// How often the host looks for time triggers that are due (docs/adr/0023).
pub const LOOK_MS: u64 = 30_000;

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    let parts = [
        tasks::operations(),
        planning::operations(),
        triggers::operations(),
        goals::operations(),
        watching::operations(),
    ];
    for (name, operation) in parts.concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "prospective",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "What is still to be done: tasks with phases and plans, goals, and triggers that bring a task up in its hour.",
        "imports": ["store-read", "store-write", "search", "events", "clock", "settings"],
        "reads": ["episodic.events"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "due", "every_ms": LOOK_MS, "operation": "fire_due_triggers", "arguments": {}}],
        "events": [{"name": "heard", "on": "episodic.events:insert", "operation": "hear_event"}],
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SYSTEM: [&str; 10] = [
        "id",
        "version",
        "namespace",
        "created_at",
        "updated_at",
        "deleted_at",
        "valid_from",
        "valid_to",
        "sources",
        "component",
    ];

    fn operations() -> Map<String, Value> {
        manifest()["operations"].as_object().cloned().unwrap_or_default()
    }

    fn is_name(name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= 40
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.contains("__")
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Parameters and defaults of requirements 1.12, tools 5 and 4; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let operations = operations();
        for (name, parameters) in [
            ("create_task", json!({"content": null, "active_form": null, "triggers": null, "priority": "medium"})),
            ("create_task_with_planning", json!({"auto_plan": true, "estimated_minutes": 30, "priority": "medium"})),
            (
                "create_task_with_milestones",
                json!({"milestones": null, "estimated_minutes": 120, "priority": "medium"}),
            ),
            ("list_tasks", json!({"status": null, "priority": null, "limit": 20})),
            ("update_task_status", json!({"task_id": null, "notes": null, "status": ""})),
            (
                "update_milestone_progress",
                json!({"task_id": null, "milestone_order": null, "status": "in_progress", "actual_minutes": null, "completion_notes": null}),
            ),
            ("start_task", json!({"task_id": null})),
            ("verify_task", json!({"task_id": null, "completion_notes": null, "mark_complete": false})),
            ("set_goal", json!({"priority": 5, "parent_goal_id": null, "goal_text": null, "content": null})),
            ("get_active_goals", json!({"include_subgoals": true})),
            ("activate_goal", json!({"goal_id": null})),
            ("get_goal_priority_ranking", json!({})),
            ("recommend_next_goal", json!({})),
            ("record_execution_progress", json!({"goal_id": null, "progress_percent": 0, "notes": null})),
            ("complete_goal", json!({"goal_id": null, "outcome": "success", "notes": null})),
            ("get_workflow_status", json!({})),
            ("get_task_health", json!({"task_id": null})),
            ("get_project_dashboard", json!({})),
            ("get_project_status", json!({})),
            ("check_goal_conflicts", json!({})),
            ("resolve_goal_conflicts", json!({})),
            ("analyze_estimation_accuracy", json!({"days_back": 30})),
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
        let operations = operations();
        assert!(operations.len() >= 50, "{}", operations.len());
        for (name, operation) in &operations {
            assert!(is_name(name), "{name}");
            let said = |key: &str| operation[key].as_str().unwrap_or_default();
            let length = said("summary").chars().count() + said("description").chars().count();
            assert!(
                length <= 600 && !said("summary").is_empty() && !said("summary").contains('\n'),
                "{name}: {length}"
            );
            assert!(["read", "write", "destructive"].contains(&said("effect")), "{name}");
            for side in ["input", "output"] {
                let schema = &operation[side];
                assert_eq!(schema["type"], "object", "{name}.{side}");
                for combinator in ["oneOf", "anyOf", "allOf", "not", "if"] {
                    assert!(schema.get(combinator).is_none(), "{name}.{side}: {combinator}");
                }
                let text = schema.to_string();
                assert!(!text.contains("$ref") && text.len() <= 8192 && depth(schema) <= 16, "{name}.{side}");
            }
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            let keys: BTreeSet<_> = operation.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
            let known = ["summary", "description", "effect", "input", "output", "examples"];
            assert!(keys.iter().all(|key| known.contains(key)), "{name}: {keys:?}");
        }
    }

    /// Enough of JSON Schema for examples: unknown keys, missing keys, types, enums.
    fn check(schema: &Value, value: &Value, at: &str) {
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let fits = |kind: &&str| match *kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => value.is_null(),
        };
        assert!(kinds.iter().any(fits), "{at}: {value} is no {kinds:?}");
        if let Some(values) = schema["enum"].as_array() {
            assert!(values.contains(value), "{at}: {value}");
        }
        for (key, field) in value.as_object().into_iter().flatten() {
            let known = &schema["properties"][key];
            assert!(!known.is_null() || schema["additionalProperties"] != false, "{at}: unknown {key}");
            check(known, field, &format!("{at}.{key}"));
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(!value.is_object() || value.get(required).is_some(), "{at}: {required} is missing");
        }
        for item in value.as_array().into_iter().flatten() {
            check(&schema["items"], item, at);
        }
    }

    #[test]
    fn examples_and_schedules_fit() {
        let operations = operations();
        let fits = |name: &str, arguments: &Value| {
            let operation = operations.get(name).unwrap_or(&Value::Null);
            assert!(operation.is_object(), "no operation {name}");
            check(&operation["input"], arguments, name);
        };
        for (name, operation) in &operations {
            let examples = operation["examples"].as_array().cloned().unwrap_or_default();
            assert!(!examples.is_empty(), "{name} has no example");
            for example in &examples {
                fits(name, &example["arguments"]);
                for step in example["setup"].as_array().into_iter().flatten() {
                    fits(step["operation"].as_str().unwrap_or_default(), &step["arguments"]);
                }
            }
        }
        for schedule in manifest()["schedules"].as_array().into_iter().flatten() {
            fits(schedule["operation"].as_str().unwrap_or_default(), &schedule["arguments"]);
        }
    }

    #[test]
    fn defaults_fit_their_own_schema() {
        for (name, operation) in operations() {
            for (field, schema) in operation["input"]["properties"].as_object().into_iter().flatten() {
                if let Some(default) = schema.get("default") {
                    check(schema, default, &format!("{name}.{field}"));
                }
            }
        }
    }

    #[test]
    fn collections_name_only_their_fields() {
        let collections = manifest()["collections"].clone();
        for (name, collection) in collections.as_object().into_iter().flatten() {
            let fields = collection["fields"].as_object().cloned().unwrap_or_default();
            let known = |field: &Value| {
                let field = field.as_str().unwrap_or_default();
                fields.contains_key(field) || SYSTEM.contains(&field)
            };
            assert!(fields.keys().all(|field| is_name(field) && !SYSTEM.contains(&field.as_str())), "{name}");
            assert!(fields.values().filter(|field| field["embed"] == true).count() <= 1, "{name}");
            for index in collection["indexes"].as_array().into_iter().flatten() {
                assert!(index.as_array().into_iter().flatten().all(known), "{name}: {index}");
            }
            for key in collection["unique"].as_object().into_iter().flat_map(Map::values) {
                assert!(key.as_array().into_iter().flatten().all(known), "{name}: {key}");
            }
            for field in collection["recall"].as_object().into_iter().flat_map(Map::values) {
                assert!(known(field), "{name}: {field}");
            }
        }
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let properties = manifest()["settings"]["properties"].as_object().cloned().unwrap_or_default();
        let defaults: Map<String, Value> =
            properties.iter().map(|(name, schema)| (name.clone(), schema["default"].clone())).collect();
        let read: Result<crate::settings::Settings, _> = serde_json::from_value(Value::Object(defaults));
        assert_eq!(read.ok(), Some(crate::settings::Settings::default()));
    }
}
