//! The manifest keeps the rules of docs/manifest.md and the parameters of requirements 1.12.

use super::*;
use memstrata_sdk::contract;
use std::collections::BTreeSet;

#[test]
fn it_keeps_the_contract() {
    let manifest = manifest();
    assert_eq!(contract::faults(&manifest), Vec::<String>::new());
    assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace"]));
    assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
}

/// Parameters and defaults of requirements 1.12; `"*"`: must be given; null: no default.
#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let wanted = [
        ("start_new_conversation", json!({"title": "Untitled Conversation", "context": null})),
        ("add_message_to_conversation", json!({"conversation_id": "*", "role": "*", "content": "*"})),
        ("get_conversation_history", json!({"conversation_id": "*", "limit": 50})),
        ("resume_conversation_session", json!({"conversation_id": "*"})),
        ("create_context_snapshot", json!({"conversation_id": "*"})),
        ("recover_conversation_context", json!({"snapshot_id": null, "conversation_id": null})),
        ("list_active_conversations", json!({"limit": 20})),
        ("export_conversation_data", json!({})),
    ];
    assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
}

#[test]
fn settings_defaults_are_those_of_the_code() {
    let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
    assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
}
