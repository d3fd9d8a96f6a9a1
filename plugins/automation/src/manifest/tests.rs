//! The manifest keeps the rules of docs/manifest.md and the parameters of requirements 1.12.

use super::*;
use std::collections::BTreeSet;

fn operations() -> Map<String, Value> {
    manifest()["operations"].as_object().cloned().unwrap_or_default()
}

#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let operations = operations();
    for (name, parameters) in [
        (
            "register_automation_rule",
            json!({"rule_name": null, "trigger_event": null, "action": null, "condition": null}),
        ),
        ("trigger_automation_event", json!({"event_type": null, "event_data": {}})),
        ("list_automation_rules", json!({})),
        ("update_automation_config", json!({"config_key": null, "config_value": null})),
        ("execute_automation_workflow", json!({"workflow_name": null, "workflow_params": {}})),
        ("register_hook", json!({"hook_type": "session_start"})),
        ("trigger_hook", json!({"hook_type": "session_start"})),
        ("detect_hook_cycles", json!({})),
        ("configure_rate_limiting", json!({"hook_type": "post_tool_use", "rate_limit": 100})),
        ("list_hooks", json!({})),
        ("optimize_session_start", json!({"project_id": null, "validate_plans": true})),
        ("optimize_session_end", json!({"session_id": null, "extract_patterns": true, "measure_quality": true})),
        ("optimize_user_prompt_submit", json!({"project_id": null, "monitor_health": true})),
        (
            "optimize_post_tool_use",
            json!({"tool_name": null, "execution_time_ms": 0, "tool_result": "unknown", "task_id": null}),
        ),
        ("optimize_pre_execution", json!({"task_id": null, "strict_mode": false, "run_scenarios": "auto"})),
        ("configure_circuit_breaker", json!({"component": null, "failure_threshold": 5, "timeout_seconds": 60})),
        ("get_resilience_status", json!({})),
        ("test_fallback_chain", json!({"component": null})),
        ("configure_retry_policy", json!({"max_retries": 3, "backoff_seconds": 1, "backoff_multiplier": 2})),
    ] {
        let known = &operations.get(name).unwrap_or(&Value::Null)["input"]["properties"];
        assert!(known.is_object(), "{name}");
        let required: &[&str] = match name {
            "register_automation_rule" => &["rule_name", "trigger_event", "action"],
            "trigger_automation_event" => &["event_type"],
            "update_automation_config" => &["config_key", "config_value"],
            "execute_automation_workflow" => &["workflow_name"],
            "optimize_post_tool_use" => &["tool_name"],
            "optimize_pre_execution" => &["task_id"],
            "configure_circuit_breaker" | "test_fallback_chain" => &["component"],
            _ => &[],
        };
        assert_eq!(operations[name]["input"]["required"], json!(required), "{name}");
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
        for side in ["input", "output"] {
            let schema = &operation[side];
            assert_eq!(schema["type"], "object", "{name}.{side}");
            assert!(schema.to_string().len() <= 8192, "{name}.{side}");
        }
        assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
        assert!(operation["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{name}");
    }
}

#[test]
fn examples_use_only_known_operations_and_arguments() {
    let operations = operations();
    let fits = |name: &str, arguments: &Value| {
        let input = &operations.get(name).unwrap_or(&Value::Null)["input"];
        assert!(input.is_object(), "no operation {name}");
        let known: BTreeSet<_> = input["properties"].as_object().into_iter().flat_map(Map::keys).collect();
        for key in arguments.as_object().into_iter().flat_map(Map::keys) {
            assert!(known.contains(key), "{name}: unknown {key}");
        }
        for key in input["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(arguments.get(key).is_some(), "{name}: {key} is missing");
        }
    };
    for (name, operation) in &operations {
        for example in operation["examples"].as_array().into_iter().flatten() {
            fits(name, &example["arguments"]);
            for step in example["setup"].as_array().into_iter().flatten() {
                fits(step["operation"].as_str().unwrap_or_default(), &step["arguments"]);
            }
        }
    }
    for schedule in manifest()["schedules"].as_array().into_iter().flatten() {
        fits(schedule["operation"].as_str().unwrap_or_default(), &schedule["arguments"]);
    }
    for event in manifest()["events"].as_array().into_iter().flatten() {
        assert!(operations.contains_key(event["operation"].as_str().unwrap_or_default()), "{event}");
    }
}

#[test]
fn collections_name_only_their_fields() {
    let collections = manifest()["collections"].clone();
    let system = ["id", "version", "namespace", "sources", "component", "created_at", "updated_at", "valid_from"];
    for (name, collection) in collections.as_object().into_iter().flatten() {
        assert!(system.iter().all(|field| collection["fields"].get(field).is_none()), "{name}");
        let known = |field: &Value| {
            let field = field.as_str().unwrap_or_default();
            collection["fields"].get(field).is_some() || system.contains(&field)
        };
        for index in collection["indexes"].as_array().into_iter().flatten() {
            assert!(index.as_array().into_iter().flatten().all(known), "{name}: {index}");
        }
        for key in collection["unique"].as_object().into_iter().flat_map(Map::values) {
            assert!(key.as_array().into_iter().flatten().all(known), "{name}: {key}");
        }
        for part in ["recall", "sequence"] {
            assert!(collection[part].as_object().into_iter().flat_map(Map::values).all(known), "{name}: {part}");
        }
    }
}
