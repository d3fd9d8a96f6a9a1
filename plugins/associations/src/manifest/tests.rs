//! What the test kit does not see of the manifest.

use super::*;
use memstrata_sdk::contract;
use std::collections::BTreeSet;

fn operations() -> Map<String, Value> {
    manifest()["operations"].as_object().cloned().unwrap_or_default()
}

#[test]
fn it_keeps_the_contract() {
    let manifest = manifest();
    assert_eq!(contract::faults(&manifest), Vec::<String>::new());
    assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace"]));
    assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
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
fn schedules_run_operations_that_need_no_argument() {
    for schedule in manifest()["schedules"].as_array().into_iter().flatten() {
        let operation = &operations()[schedule["operation"].as_str().unwrap_or_default()];
        assert_eq!(operation["input"]["required"], json!([]), "{schedule}");
    }
}

#[test]
fn settings_defaults_are_those_of_the_code() {
    let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
    assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
}
