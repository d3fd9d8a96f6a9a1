//! What the test kit does not see of the manifest.

use super::*;
use crate::settings::Settings;

fn operations() -> Map<String, Value> {
    manifest()["operations"].as_object().cloned().unwrap_or_default()
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
fn a_fresh_link_outlives_a_pruning_in_an_example() {
    let weaken = operations()["weaken"]["examples"].clone();
    let pruned = |example: &Value| {
        let steps = example["setup"].as_array().cloned().unwrap_or_default();
        steps.iter().any(|step| step["operation"] == "prune_associations")
    };
    let outcomes: Vec<bool> =
        weaken.as_array().into_iter().flatten().filter(|one| pruned(one)).map(|one| one["fault"].is_null()).collect();
    assert_eq!(outcomes, [true, false], "one is young and stays, one was weakened and goes");
}

#[test]
fn settings_defaults_are_those_of_the_code() {
    let properties = manifest()["settings"]["properties"].as_object().cloned().unwrap_or_default();
    let defaults: Map<String, Value> =
        properties.iter().map(|(name, schema)| (name.clone(), schema["default"].clone())).collect();
    let read: Result<Settings, _> = serde_json::from_value(Value::Object(defaults));
    assert_eq!(read.ok(), Some(Settings::default()));
}

#[test]
fn schedules_run_operations_that_need_no_argument() {
    for schedule in manifest()["schedules"].as_array().into_iter().flatten() {
        let operation = &operations()[schedule["operation"].as_str().unwrap_or_default()];
        assert_eq!(operation["input"]["required"], json!([]), "{schedule}");
    }
}
