//! The laws of a manifest, and the parameters and defaults the requirements name.

use super::*;

fn operations() -> Map<String, Value> {
    manifest()["operations"].as_object().cloned().unwrap_or_default()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Parameters and defaults; null: no default.
#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let operations = operations();
    for (name, parameters) in [
        ("orchestrate_agent_tasks", json!({"task_definition": {}, "agent_count": 1})),
        ("analyze_failure_patterns", json!({"task_id": null, "failure_type": "general"})),
        ("recommend_orchestration", json!({"num_agents": 1, "task_domains": [], "time_constraint": "no_limit"})),
        (
            "add_project_dependency",
            json!({"from_task_id": null, "from_project_id": 1, "to_task_id": null, "to_project_id": 1, "dependency_type": "depends_on"}),
        ),
        ("detect_resource_conflicts", json!({"project_ids": []})),
        ("analyze_project_coordination", json!({"project_ids": [1]})),
        ("get_resource_allocation", json!({})),
        (
            "task_enqueue",
            json!({"prompt": null, "agent_type": "general", "priority": 5, "max_retries": 3, "max_execution_timeout_seconds": 3600,
                   "parent_task_id": null, "dependencies": null, "session_id": null, "created_by": null}),
        ),
        ("task_get", json!({"task_id": null})),
        ("task_list", json!({"limit": 50})),
        ("task_queue_status", json!({})),
        ("task_cancel", json!({"task_id": null})),
        ("task_execution_plan", json!({"task_ids": null})),
    ] {
        let known = &operations.get(name).unwrap_or(&Value::Null)["input"]["properties"];
        assert!(known.is_object(), "{name}");
        for (parameter, default) in parameters.as_object().into_iter().flatten() {
            assert!(known[parameter].is_object(), "{name} takes no {parameter}");
            assert_eq!(known[parameter]["default"], *default, "{name}.{parameter}");
        }
    }
    let limit = &operations["task_list"]["input"]["properties"]["limit"];
    assert_eq!((&limit["minimum"], &limit["maximum"]), (&json!(1), &json!(500)));
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
        for side in ["input", "output"] {
            let schema = &operation[side];
            assert_eq!(schema["type"], "object", "{name}.{side}");
            assert!(schema.to_string().len() <= 8192 && depth(schema) <= 16, "{name}.{side}");
        }
    }
}

#[test]
fn indexes_name_fields() {
    let system = ["id", "namespace", "created_at", "updated_at"];
    for (name, collection) in manifest()["collections"].as_object().into_iter().flatten() {
        let keys = collection["unique"].as_object().into_iter().flatten().map(|(_, fields)| fields);
        for index in collection["indexes"].as_array().into_iter().flatten().chain(keys) {
            for field in index.as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(system.contains(&field) || collection["fields"][field].is_object(), "{name}.{field}");
            }
        }
    }
}
