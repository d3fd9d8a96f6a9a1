//! Operations that check, simulate, watch and change plans.

use super::schema::{self as s, Named, operation};
use crate::{properties, refine, replan, simulate, validate};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    let verdict = json!({"valid": {"type": "boolean"}, "issues": {"type": "array"}});
    let verified = json!({"score": {"type": "number"}, "properties": {"type": "array"}});
    let refined = json!({"changes": {"type": "array"}, "before": {"type": "object"}, "after": {"type": "object"}});
    let level = json!({"level": {"type": "string"}, "rule": {"type": "string"}, "severity": {"type": "string"}, "steps": {"type": "array"}});
    let gate = json!({"id": {"type": "integer"}, "status": {"type": "string"}, "checks": {"type": "array"}});
    let mut opened = s::given();
    if let Some(steps) = opened.as_array_mut() {
        steps.push(
            json!({"operation": "create_validation_gate", "arguments": {"task_id": "p", "stakeholders": ["Ada"]}}),
        );
    }
    let empty = json!([{"arguments": {"project_id": 1}, "setup": s::given()}, {"arguments": {"project_id": 1}, "note": "No plan yet."}]);
    vec![
        operation(
            "validate_plan",
            "read",
            "Validates the plans of the project that are not over.",
            "At most the 20 that changed last; all three levels.",
            &json!({"project_id": s::project(), "strict_mode": s::flag("Warnings count as errors.", false), "namespace": s::text("Only this and below.", 200)}),
            &json!({"valid": {"type": "boolean"}, "plans": {"type": "array"}}),
            &empty,
        ),
        operation(
            "verify_plan",
            "read",
            "Verifies formal properties of the project's plans that are not over.",
            "At most 20. No properties: all nine. Score: 60 % hard, 40 % soft.",
            &json!({"project_id": s::project(), "properties_to_verify": s::or(s::choices(&properties::PROPERTIES, "Which."), json!([])), "namespace": s::text("Only this and below.", 200)}),
            &json!({"plans": {"type": "array"}}),
            &empty,
        ),
        operation(
            "validate_plan_comprehensive",
            "write",
            "Validates a plan at levels, and keeps what was found.",
            "structure: circles, criteria, phases, milestones; feasibility: minutes, deadline, recorded ratio, number of steps; rules: constraints, assumptions, verification, guards.",
            &json!({"task_id!": s::task(), "validation_levels": s::or(s::choices(&validate::LEVELS, "Which."), json!(validate::LEVELS)), "strict_mode": s::flag("Warnings count as errors.", false)}),
            &verdict,
            &s::on_plan(&json!({})),
        ),
        operation(
            "verify_plan_properties",
            "write",
            "Verifies formal properties of a plan, and keeps the verdict.",
            "Hard: completeness, consistency, soundness, safety, liveness, correctness (60 %); soft: optimality, minimality, feasibility (40 %). shallow leaves words out; deep simulates.",
            &json!({"task_id!": s::task(), "properties": s::or(s::choices(&properties::PROPERTIES, "Which."), json!(["optimality", "completeness", "consistency", "soundness", "minimality"])), "depth": s::or(s::choice(&properties::DEPTHS, "How closely."), "medium")}),
            &verified,
            &s::on_plan(&json!({"depth": "deep"})),
        ),
        operation(
            "validate_plan_with_reasoning",
            "write",
            "Validates a plan given here or stored, with the reasons.",
            "With steps these are validated, else the stored plan `plan_id`. `dependencies` are pairs [before, after].",
            &json!({"plan_id": s::or(s::task(), 1), "description": s::or(s::text("What it is for.", 4000), ""), "steps": s::or(s::steps("Its steps."), json!([])),
                "dependencies": {"type": ["array", "null"], "maxItems": 500, "description": "Pairs.", "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer", "minimum": 1, "maximum": 100}}},
                "constraints": s::constraints(), "success_criteria": s::texts("When it is done.")}),
            &json!({"valid": {"type": "boolean"}, "issues": {"type": "array"}, "properties": {"type": "array"}, "reasoning": {"type": "array"}}),
            &json!([{"arguments": {"description": "Ship", "steps": ["Build", "Test"], "dependencies": [[1, 2]], "success_criteria": ["it runs"]}}, {"arguments": {"plan_id": "p"}, "setup": s::given()}, {"arguments": {}, "fault": "not-found.task"}]),
        ),
        operation(
            "validate_plan_with_llm",
            "write",
            "A language model's view of a plan, beside the rules'.",
            "Without a model `model` says why, and the rules' findings are all there is.",
            &json!({"task_id!": s::task(), "depth": s::or(s::choice(&properties::DEPTHS, "How closely."), "medium"), "focus_area": s::or(s::text("What to look at.", 200), "feasibility")}),
            &json!({"valid": {"type": "boolean"}, "issues": {"type": "array"}, "model": {"type": "object"}}),
            &s::on_plan(&json!({})),
        ),
        operation(
            "simulate_plan_scenarios",
            "write",
            "Draws the durations of a plan many times (Monte Carlo).",
            "Three-point estimates by PERT or triangle, others by recorded ratios or a supposed spread, which `basis` says. Ends, quantiles, chance to be in time, share of runs each step is critical in. The seed repeats a run.",
            &json!({"task_id!": s::task(), "scenarios": s::or(s::choices(&simulate::SCENARIOS, "Which."), json!(["best_case", "worst_case", "most_likely"])), "iterations": s::or(s::integer("Runs.", 10, 20_000), 1000),
                "seed": s::integer("Repeats a run.", 0, 9_007_199_254_740_991), "distribution": s::or(s::choice(&["pert", "triangular"], "For three-point estimates."), "pert")}),
            &json!({"overall": {"type": "object"}, "scenarios": {"type": "object"}, "seed": {"type": "integer"}, "basis": {"type": "string"}}),
            &s::on_plan(&json!({"seed": 7})),
        ),
        operation(
            "monitor_execution_deviation",
            "read",
            "How far a plan is off its estimates.",
            "Actual against estimated minutes of what is done, over-long open time, missed milestones. Severity: above 50 % critical, 25 high, 10 medium.",
            &json!({"task_id!": s::task(), "threshold_percent": s::or(s::number("Above this it deviates.", 1000.0), 10)}),
            &json!({"deviates": {"type": "boolean"}, "severity": {"type": "string"}, "triggers": {"type": "array"}}),
            &s::on_plan(&json!({})),
        ),
        operation(
            "trigger_adaptive_replanning",
            "write",
            "Decides how much of a plan is made anew, and records it.",
            "none, local, segment, full or abort, by the table of docs/layers/planning.md; `steps` are those concerned.",
            &json!({"task_id!": s::task(), "trigger_type": s::or(s::choice(&replan::TRIGGERS, "What happened."), "assumption_violated"), "severity": s::or(s::choice(&replan::SEVERITIES, "How bad."), "high"), "reason": s::text("Why.", 2000)}),
            &level,
            &s::on_plan(&json!({})),
        ),
        operation(
            "trigger_replanning",
            "write",
            "Reports what happened to a plan and decides on replanning.",
            "Severity comes from the deviation: `remaining_work_estimate` minutes against those planned for what is open, else actual against estimated minutes.",
            &json!({"task_id!": s::task(), "trigger_type!": s::choice(&replan::TRIGGERS, "What happened."), "trigger_reason": s::text("Why.", 2000), "remaining_work_estimate": s::minutes("Minutes still needed.")}),
            &level,
            &s::on_plan(
                &json!({"trigger_type": "duration_exceeded", "trigger_reason": "slow", "remaining_work_estimate": 300}),
            ),
        ),
        operation(
            "refine_plan_automatically",
            "write",
            "Refines a plan.",
            "parallelization drops supposed orders; compression joins twins and drops optional steps; reordering puts critical steps first; escalation, deferral mark steps. `apply` false only tells.",
            &json!({"task_id!": s::task(), "strategies": s::or(s::choices(&refine::REFINEMENTS, "In this order."), json!(["parallelization", "compression", "reordering"])), "apply": s::flag("Store it.", true)}),
            &refined,
            &s::on_plan(&json!({})),
        ),
        operation(
            "optimize_plan",
            "write",
            "Refines a plan by parallelization, compression and reordering.",
            "As refine_plan_automatically; `apply` false only tells.",
            &json!({"task_id!": s::task(), "project_id": s::or(s::project(), 1), "apply": s::flag("Store it.", true)}),
            &refined,
            &s::on_plan(&json!({})),
        ),
        operation(
            "optimize_plan_suggestions",
            "read",
            "What each refinement would change.",
            "",
            &json!({"task_id!": s::task()}),
            &json!({"suggestions": {"type": "array"}}),
            &s::on_plan(&json!({})),
        ),
        operation(
            "create_validation_gate",
            "write",
            "A gate the plan must pass.",
            "basic: structure has no error; standard: all levels; strict: no warning either. With stakeholders each must approve. The checks run now and when decided.",
            &json!({"task_id!": s::task(), "gate_type": s::or(s::choice(&["basic", "standard", "strict"], "How much is checked."), "basic"), "stakeholders": s::or(s::texts("Who must approve."), json!([]))}),
            &gate,
            &s::on_plan(&json!({})),
        ),
        operation(
            "decide_validation_gate",
            "write",
            "Decides on a gate.",
            "A stakeholder approves or rejects; checks alone decide where there is none. One rejection fails it.",
            &json!({"gate_id!": {"type": ["integer", "string"], "maxLength": 64, "description": "The gate, or the plan or task whose newest open gate is meant."}, "stakeholder": s::text("Who.", 500), "approve": s::flag("Or rejects.", true), "note": s::text("Why.", 2000)}),
            &gate,
            &json!([{"arguments": {"gate_id": "p", "stakeholder": "Ada"}, "setup": opened}, {"arguments": {"gate_id": "p", "stakeholder": "Eve"}, "setup": opened, "fault": "denied.stakeholder"}]),
        ),
        operation(
            "list_validation_gates",
            "read",
            "Gates, newest first.",
            "",
            &json!({"task_id": s::task_or_none(), "status": s::choice(&["open", "passed", "failed"], "Only these."), "limit": s::or(s::integer("At most.", 1, 200), 20)}),
            &json!({"gates": {"type": "array"}}),
            &json!([{"arguments": {"task_id": "p"}, "setup": opened}]),
        ),
        operation(
            "extract_planning_patterns",
            "read",
            "What repeats in the plans of the last days.",
            "Strategies and how they end, ratios of actual to estimated minutes, steps that recur, reasons to replan; in the newest 100 plans.",
            &json!({"project_id": s::project(), "days_back": s::or(s::integer("Days.", 1, 3650), 30), "pattern_type": s::or(s::choice(&["all", "strategy", "duration", "steps", "replanning"], "Which."), "all")}),
            &json!({"patterns": {"type": "array"}, "plans": {"type": "integer"}}),
            &json!([{"arguments": {"project_id": 1}, "setup": s::given()}]),
        ),
    ]
}
