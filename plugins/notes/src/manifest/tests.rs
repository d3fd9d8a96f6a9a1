//! What the test kit does not see of the manifest.

use super::*;
use memstrata_sdk::contract;
use std::collections::BTreeSet;

#[test]
fn it_keeps_the_contract() {
    let manifest = manifest();
    assert_eq!(contract::faults(&manifest), Vec::<String>::new());
    assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace", "updated_at"]));
    assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
}

/// Parameters and defaults of requirements 1.12, tool 30; `"*"`: must be given; null: no default.
#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let wanted = [
        ("create_memory_version", json!({"memory_id": "*", "content": "*"})),
        ("get_memory_evolution_history", json!({"memory_id": "*"})),
        ("compute_memory_attributes", json!({"memory_id": "*"})),
        ("get_memory_attributes", json!({"memory_id": "*"})),
        ("create_hierarchical_index", json!({"project_id": null, "parent_id": null, "label": "Untitled"})),
        ("assign_memory_to_index", json!({"memory_id": "*", "index_id": "*"})),
    ];
    assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
}

#[test]
fn a_notes_first_text_is_version_1_in_an_example() {
    let examples = manifest()["operations"]["get_memory_version"]["examples"].clone();
    let first = &examples[0];
    assert_eq!(first["arguments"], json!({"memory_id": 1, "version": 1}));
    let steps: Vec<&str> =
        first["setup"].as_array().into_iter().flatten().filter_map(|step| step["operation"].as_str()).collect();
    assert_eq!((steps, first["fault"].is_null()), (vec!["create_note"], true));
}
