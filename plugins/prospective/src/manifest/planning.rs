//! Operations on what a task is made of: plan, milestones, dependencies.

use super::schema::{self as s, Named, operation};
use crate::vocabulary::{DEPENDENCY_TYPES, MILESTONE_STATUSES};
use memstrata_sdk::{Value, json};

fn planned() -> Value {
    json!([{"operation": "create_task_with_planning", "arguments": {"content": "Fix the login; test it", "key": "a"}}])
}

fn standing() -> Value {
    s::output(
        &json!({"id": {"type": "integer"}, "milestones": {"type": "array", "items": {"type": "object"}}, "progress": {"type": "number"},
                "actual_minutes": {"type": ["number", "null"]}, "open": {"type": "array"},
                "passed_over": {"type": "array", "description": "Open ones before a completed one."}}),
        &["id", "milestones", "progress", "open"],
    )
}

pub(super) fn operations() -> Vec<Named> {
    let task = || s::reference("The task.");
    let edge = json!({"from_task_id": s::reference("The task that comes first."), "to_task_id": s::reference("The task that follows."),
                      "dependency_type": s::or(s::choice(&DEPENDENCY_TYPES, "blocks: it cannot start before; enables: it is told; related."), "blocks")});
    let linked = s::output(
        &json!({"id": {"type": "integer"}, "created": {"type": "boolean"}, "to_task": {"type": "integer"},
                                   "status": {"type": ["string", "null"]}}),
        &["id", "to_task"],
    );
    let two = json!([s::made("a"), s::made("b")]);
    let chain = json!([s::made("a"), s::made("b"), {"operation": "add_dependency", "arguments": {"from_task_id": "a", "to_task_id": "b"}}]);
    let stones = json!([{"operation": "create_task_with_milestones", "arguments": {"content": "Move house", "key": "a", "milestones": ["Pack", "Drive"]}}]);
    vec![
        (
            "set_task_plan",
            operation(
                "write",
                "Gives a task a plan, in place of the old one.",
                "Takes a started task back to planning. Then validate_task_plan.",
                (
                    s::input(
                        &json!({"task_id": task(), "steps": s::steps(), "auto_plan": s::flag("Without steps: make them out of the content.", false),
                "estimated_minutes": s::integer("How long all of it should take.", 0, 1_000_000), "notes": s::words("Notes of the plan.")}),
                        &["task_id"],
                    ),
                    s::changed(),
                ),
                &json!([{"arguments": {"task_id": "a", "steps": ["Collect changes", "Review the text"]}, "setup": [s::made("a")]}]),
            ),
        ),
        (
            "validate_task_plan",
            operation(
                "write",
                "Checks a task's plan; without errors the task is plan_ready.",
                "Rules: steps, content, duplicates, order (no circles), estimate, deadline, verification. `strict_mode` takes warnings for errors.",
                (
                    s::input(
                        &json!({"task_id": task(), "strict_mode": s::flag("Warnings count as errors.", false)}),
                        &["task_id"],
                    ),
                    s::output(
                        &json!({"id": {"type": "integer"}, "valid": {"type": "boolean"}, "phase": {"type": "string"}, "issues": {"type": "array", "items": {"type": "object"}}}),
                        &["id", "valid", "phase", "issues"],
                    ),
                ),
                &json!([{"arguments": {"task_id": "a"}, "setup": planned()},
                    {"arguments": {"task_id": "a"}, "setup": [s::made("a")], "fault": "not-found.plan", "note": "It has no plan."}]),
            ),
        ),
        (
            "update_plan_step",
            operation(
                "write",
                "Sets the status of a step of a plan.",
                "The task's progress follows, weighted by minutes.",
                (
                    s::input(
                        &json!({"task_id": task(), "step": s::integer("Its number, from 1.", 1, 100), "status": s::or(s::choice(&MILESTONE_STATUSES, "New status."), "completed")}),
                        &["task_id", "step"],
                    ),
                    s::changed(),
                ),
                &json!([{"arguments": {"task_id": "a", "step": 1}, "setup": planned()}]),
            ),
        ),
        (
            "add_milestones",
            operation(
                "write",
                "Adds milestones to a task.",
                "Without `order` they come after those there are.",
                (
                    s::input(&json!({"task_id": task(), "milestones": s::milestones()}), &["task_id", "milestones"]),
                    standing(),
                ),
                &json!([{"arguments": {"task_id": "a", "milestones": ["Draft", "Final"]}, "setup": [s::made("a")]}]),
            ),
        ),
        (
            "update_milestone_progress",
            operation(
                "write",
                "Moves a milestone on.",
                "100 % is completed. The task's progress follows.",
                (
                    s::input(
                        &json!({"task_id": task(), "milestone_order": s::integer("Its order.", 1, 1000),
                "status": s::or(s::choice(&MILESTONE_STATUSES, "New status."), "in_progress"), "progress_percent": s::number("How far.", 0.0, 100.0),
                "actual_minutes": s::number("Minutes it took.", 0.0, 1e7), "completion_notes": s::words("Added to its notes.")}),
                        &["task_id", "milestone_order"],
                    ),
                    standing(),
                ),
                &json!([{"arguments": {"task_id": "a", "milestone_order": 1, "status": "completed", "actual_minutes": 50}, "setup": stones},
                    {"arguments": {"task_id": "a", "milestone_order": 9}, "setup": stones, "fault": "not-found.milestone", "note": "No such order."}]),
            ),
        ),
        (
            "add_dependency",
            operation(
                "write",
                "Makes one task depend on another.",
                "A circle is refused and named. A task that is blocked becomes `blocked` until what blocks it is completed.",
                (s::input(&edge, &["from_task_id", "to_task_id"]), linked.clone()),
                &json!([{"arguments": {"from_task_id": "a", "to_task_id": "b"}, "setup": two},
                    {"arguments": {"from_task_id": "b", "to_task_id": "a"}, "setup": chain, "fault": "conflict.cycle", "note": "A circle."}]),
            ),
        ),
        (
            "remove_dependency",
            operation(
                "write",
                "Takes a dependency away.",
                "A task that waited for it alone is free.",
                (s::input(&edge, &["from_task_id", "to_task_id"]), linked),
                &json!([{"arguments": {"from_task_id": "a", "to_task_id": "b"}, "setup": chain}]),
            ),
        ),
    ]
}
