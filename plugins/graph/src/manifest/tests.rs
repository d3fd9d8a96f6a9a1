//! The manifest against the rules of docs/manifest.md.

use super::*;
use memstrata_sdk::contract;
use std::collections::BTreeSet;

#[test]
fn it_keeps_the_contract() {
    let manifest = manifest();
    assert_eq!(contract::faults(&manifest), Vec::<String>::new());
    assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["created_at", "namespace"]));
    assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
    let count = manifest["operations"].as_object().map_or(0, Map::len);
    assert!(count >= 25, "{count}");
}

#[test]
fn settings_defaults_are_those_of_the_code() {
    let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
    assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
}

/// Who keeps figures by calls of their own goes on until nothing is left: the first call computes no entity's metrics.
#[test]
fn keeping_figures_says_whether_more_is_left() {
    let answer = &manifest()["operations"]["keep_graph_figures"]["output"];
    assert_eq!(answer["properties"]["more"], json!({"type": "boolean"}));
    assert!(answer["required"].as_array().is_some_and(|required| required.contains(&json!("more"))));
}
