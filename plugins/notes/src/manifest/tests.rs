//! What the test kit does not see of the manifest.

use super::*;

fn operations() -> Map<String, Value> {
    manifest()["operations"].as_object().cloned().unwrap_or_default()
}

/// Parameters and defaults of requirements 1.12, tool 30; null: no default.
#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let operations = operations();
    for (name, required, parameters) in [
        ("create_memory_version", json!(["memory_id", "content"]), json!({"memory_id": null, "content": null})),
        ("get_memory_evolution_history", json!(["memory_id"]), json!({"memory_id": null})),
        ("compute_memory_attributes", json!(["memory_id"]), json!({"memory_id": null})),
        ("get_memory_attributes", json!(["memory_id"]), json!({"memory_id": null})),
        ("create_hierarchical_index", json!([]), json!({"project_id": null, "parent_id": null, "label": "Untitled"})),
        ("assign_memory_to_index", json!(["memory_id", "index_id"]), json!({"memory_id": null, "index_id": null})),
    ] {
        let input = &operations.get(name).unwrap_or(&Value::Null)["input"];
        assert_eq!(input["required"], required, "{name}");
        for (parameter, default) in parameters.as_object().into_iter().flatten() {
            let known = &input["properties"][parameter];
            assert!(known.is_object(), "{name} takes no {parameter}");
            assert_eq!(known["default"], *default, "{name}.{parameter}");
        }
    }
}

#[test]
fn every_operation_shows_a_call_that_succeeds() {
    for (name, operation) in operations() {
        let examples = operation["examples"].as_array().cloned().unwrap_or_default();
        assert!(examples.iter().any(|example| example["fault"].is_null()), "{name}");
        assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
    }
}

#[test]
fn a_notes_first_text_is_version_1_in_an_example() {
    let examples = operations()["get_memory_version"]["examples"].clone();
    let first = &examples[0];
    assert_eq!(first["arguments"], json!({"memory_id": 1, "version": 1}));
    let steps: Vec<&str> =
        first["setup"].as_array().into_iter().flatten().filter_map(|step| step["operation"].as_str()).collect();
    assert_eq!((steps, first["fault"].is_null()), (vec!["create_note"], true));
}
