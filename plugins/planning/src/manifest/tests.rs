//! The manifest keeps the rules of docs/manifest.md and the parameters of the requirements.

use super::*;
use memstrata_sdk::contract;
use std::collections::BTreeSet;

#[test]
fn it_keeps_the_contract() {
    let manifest = manifest();
    assert_eq!(contract::faults(&manifest), Vec::<String>::new());
    assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["created_at", "namespace", "updated_at"]));
    assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
}

/// Parameters and defaults of requirements 1.12 and 1.14; `"*"`: must be given; null: no default.
#[test]
fn the_required_operations_keep_their_parameters_and_defaults() {
    let wanted = [
        ("decompose_hierarchically", json!({"task_description": "", "complexity_level": 5, "domain": "general"})),
        ("decompose_with_strategy", json!({"task_description": "", "strategy": "HIERARCHICAL"})),
        ("validate_plan", json!({"project_id": null, "strict_mode": false})),
        ("verify_plan", json!({"project_id": null, "properties_to_verify": []})),
        ("generate_task_plan", json!({"task_id": "*", "task_description": "*"})),
        ("optimize_plan", json!({"task_id": "*", "project_id": 1})),
        ("estimate_resources", json!({"task_id": "*"})),
        ("generate_alternative_plans", json!({"task_id": "*", "base_estimate": null})),
        (
            "suggest_planning_strategy",
            json!({"task_description": "", "domain": "general", "complexity": 5, "time_available": "1_day"}),
        ),
        ("recommend_strategy", json!({"task_id": 0, "description": "", "task_type": "feature_implementation"})),
        ("predict_task_duration", json!({"task_id": 0, "description": "", "complexity": "MEDIUM"})),
        (
            "validate_plan_with_reasoning",
            json!({"plan_id": 1, "description": "", "steps": [], "dependencies": null, "constraints": null, "success_criteria": null}),
        ),
        ("analyze_uncertainty", json!({"task_id": 0, "estimate": 100, "external_factors": []})),
        (
            "trigger_replanning",
            json!({"task_id": "*", "trigger_type": "*", "trigger_reason": null, "remaining_work_estimate": null}),
        ),
        (
            "generate_confidence_scores",
            json!({"task_id": 0, "estimate": 100, "score_type": "estimate", "historical_variance": 0.15, "data_points": 10, "external_factors": []}),
        ),
        ("estimate_confidence_interval", json!({"task_id": 0, "estimate": 100, "variance": 0.15})),
        ("train_estimation_model", json!({"project_id": 1})),
        ("forecast_resource_needs", json!({"project_id": 1, "forecast_days": 30})),
        ("planning_assistance", json!({"task_id": 0, "task_description": null, "context": null})),
        ("optimize_plan_suggestions", json!({"task_id": "*"})),
        ("estimate_task_resources_detailed", json!({"task_id": "*"})),
        ("generate_alternative_plans_impl", json!({"task_id": "*", "num_alternatives": 3})),
        ("recommend_planning_patterns", json!({"task_description": "", "project_context": {}})),
        (
            "validate_plan_comprehensive",
            json!({"task_id": "*", "validation_levels": ["structure", "feasibility", "rules"], "strict_mode": false}),
        ),
        (
            "verify_plan_properties",
            json!({"task_id": "*", "properties": ["optimality", "completeness", "consistency", "soundness", "minimality"], "depth": "medium"}),
        ),
        ("monitor_execution_deviation", json!({"task_id": "*", "threshold_percent": 10})),
        (
            "trigger_adaptive_replanning",
            json!({"task_id": "*", "trigger_type": "assumption_violated", "severity": "high"}),
        ),
        (
            "refine_plan_automatically",
            json!({"task_id": "*", "strategies": ["parallelization", "compression", "reordering"]}),
        ),
        (
            "simulate_plan_scenarios",
            json!({"task_id": "*", "scenarios": ["best_case", "worst_case", "most_likely"], "iterations": 1000}),
        ),
        ("extract_planning_patterns", json!({"project_id": null, "days_back": 30, "pattern_type": "all"})),
        ("generate_lightweight_plan", json!({"task_id": "*", "strategy": "minimal_steps", "resource_limit": 100})),
        ("validate_plan_with_llm", json!({"task_id": "*", "depth": "medium", "focus_area": "feasibility"})),
        ("create_validation_gate", json!({"task_id": "*", "gate_type": "basic", "stakeholders": []})),
        ("calculate_task_cost", json!({"task_id": 0, "estimated_hours": 40, "team_members": ["senior"]})),
        ("estimate_roi", json!({"project_id": 1, "total_cost": 10000, "expected_value": 45000})),
        ("suggest_cost_optimizations", json!({"task_id": "*", "current_cost": "*"})),
        ("track_budget", json!({"project_id": "*", "total_budget": "*", "spent_amount": "*"})),
        ("detect_budget_anomalies", json!({"project_id": "*"})),
        ("calculate_roi", json!({"task_id": 0, "total_cost": "*", "expected_value": "*", "annual_benefit": 0})),
        ("decompose_task", json!({"task_description": "*", "target_depth": 3, "max_subtasks": 10})),
        ("get_task_structure", json!({"task_id": "*", "include_subtasks": true})),
        ("get_dependency_graph", json!({"task_id": "*"})),
    ];
    assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
}

#[test]
fn settings_defaults_are_those_of_the_code() {
    let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
    assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
}
