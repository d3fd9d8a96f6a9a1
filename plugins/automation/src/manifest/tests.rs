//! The manifest keeps the rules of docs/manifest.md and the parameters of requirements 1.12.

use super::*;
use memstrata_sdk::contract;
use std::collections::BTreeSet;

#[test]
fn it_keeps_the_contract() {
    let manifest = manifest();
    assert_eq!(contract::faults(&manifest), Vec::<String>::new());
    assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["created_at", "namespace"]));
    assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
}

/// Parameters and defaults of requirements 1.12; `"*"`: must be given; null: no default.
#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let wanted = [
        ("register_automation_rule", json!({"rule_name": "*", "trigger_event": "*", "action": "*", "condition": null})),
        ("trigger_automation_event", json!({"event_type": "*", "event_data": {}})),
        ("list_automation_rules", json!({})),
        ("update_automation_config", json!({"config_key": "*", "config_value": "*"})),
        ("execute_automation_workflow", json!({"workflow_name": "*", "workflow_params": {}})),
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
            json!({"tool_name": "*", "execution_time_ms": 0, "tool_result": "unknown", "task_id": null}),
        ),
        ("optimize_pre_execution", json!({"task_id": "*", "strict_mode": false, "run_scenarios": "auto"})),
        ("configure_circuit_breaker", json!({"component": "*", "failure_threshold": 5, "timeout_seconds": 60})),
        ("get_resilience_status", json!({})),
        ("test_fallback_chain", json!({"component": "*"})),
        ("configure_retry_policy", json!({"max_retries": 3, "backoff_seconds": 1, "backoff_multiplier": 2})),
    ];
    assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
}
