//! The laws of a manifest, and the parameters and defaults the requirements name.

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

/// Parameters and defaults; `"*"`: must be given; null: no default.
#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let wanted = [
        ("orchestrate_agent_tasks", json!({"task_definition": {}, "agent_count": 1})),
        ("analyze_failure_patterns", json!({"task_id": null, "failure_type": "general"})),
        ("recommend_orchestration", json!({"num_agents": 1, "task_domains": [], "time_constraint": "no_limit"})),
        (
            "add_project_dependency",
            json!({"from_task_id": "*", "from_project_id": 1, "to_task_id": "*", "to_project_id": 1, "dependency_type": "depends_on"}),
        ),
        ("detect_resource_conflicts", json!({"project_ids": []})),
        ("analyze_project_coordination", json!({"project_ids": [1]})),
        ("get_resource_allocation", json!({})),
        (
            "task_enqueue",
            json!({"prompt": "*", "agent_type": "general", "priority": 5, "max_retries": 3, "max_execution_timeout_seconds": 3600, "parent_task_id": null, "dependencies": null, "session_id": null, "created_by": null}),
        ),
        ("task_get", json!({"task_id": "*"})),
        ("task_list", json!({"limit": 50})),
        ("task_queue_status", json!({})),
        ("task_cancel", json!({"task_id": "*"})),
        ("task_execution_plan", json!({"task_ids": null})),
    ];
    assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    let limit = manifest()["operations"]["task_list"]["input"]["properties"]["limit"].clone();
    assert_eq!((&limit["minimum"], &limit["maximum"]), (&json!(1), &json!(500)));
}
