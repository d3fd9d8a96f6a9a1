//! The layer's manifest: what it owns, offers, hears and needs (docs/manifest.md).

mod collections;
mod goals;
mod planning;
mod schema;
mod tasks;
mod triggers;
mod watching;

use memstrata_sdk::{Map, Value, json};

/// How often the host looks for time triggers that are due (docs/adr/0023).
pub const LOOK_MS: u64 = 30_000;

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    let parts = [
        tasks::operations(),
        planning::operations(),
        triggers::operations(),
        goals::operations(),
        watching::operations(),
    ];
    for (name, operation) in parts.concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "prospective",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "What is still to be done: tasks with phases and plans, goals, and triggers that bring a task up in its hour.",
        "imports": ["store-read", "store-write", "search", "events", "clock", "settings"],
        "reads": ["episodic.events"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "due", "every_ms": LOOK_MS, "operation": "fire_due_triggers", "arguments": {}}],
        "events": [{"name": "heard", "on": "episodic.events:insert", "operation": "hear_event"}],
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::contract;
    use std::collections::BTreeSet;

    #[test]
    fn it_keeps_the_contract() {
        let manifest = manifest();
        assert_eq!(contract::faults(&manifest), Vec::<String>::new());
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["created_at", "namespace", "updated_at"]));
        assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
        let count = manifest["operations"].as_object().map_or(0, Map::len);
        assert!(count >= 50, "{count}");
    }

    /// Parameters and defaults of requirements 1.12, tools 5 and 4; `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
            ("create_task", json!({"content": "*", "active_form": null, "triggers": null, "priority": "medium"})),
            (
                "create_task_with_planning",
                json!({"auto_plan": true, "estimated_minutes": 30, "priority": "medium", "content": "*"}),
            ),
            (
                "create_task_with_milestones",
                json!({"milestones": null, "estimated_minutes": 120, "priority": "medium", "content": "*"}),
            ),
            ("list_tasks", json!({"status": null, "priority": null, "limit": 20})),
            ("update_task_status", json!({"task_id": "*", "notes": null, "status": ""})),
            (
                "update_milestone_progress",
                json!({"task_id": "*", "milestone_order": "*", "status": "in_progress", "actual_minutes": null, "completion_notes": null}),
            ),
            ("start_task", json!({"task_id": "*"})),
            ("verify_task", json!({"task_id": "*", "completion_notes": null, "mark_complete": false})),
            ("set_goal", json!({"priority": 5, "parent_goal_id": null, "goal_text": null, "content": null})),
            ("get_active_goals", json!({"include_subgoals": true})),
            ("activate_goal", json!({"goal_id": "*"})),
            ("get_goal_priority_ranking", json!({})),
            ("recommend_next_goal", json!({})),
            ("record_execution_progress", json!({"goal_id": "*", "progress_percent": 0, "notes": null})),
            ("complete_goal", json!({"goal_id": "*", "outcome": "success", "notes": null})),
            ("get_workflow_status", json!({})),
            ("get_task_health", json!({"task_id": "*"})),
            ("get_project_dashboard", json!({})),
            ("get_project_status", json!({})),
            ("check_goal_conflicts", json!({})),
            ("resolve_goal_conflicts", json!({})),
            ("analyze_estimation_accuracy", json!({"days_back": 30})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
        assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
    }
}
