//! Operations on goals.

use super::schema::{self as s, Named, operation};
use crate::vocabulary::{GOAL_STATUSES, GOAL_TYPES};
use memstrata_sdk::{Value, json};

fn goal() -> Value {
    s::output(
        &json!({"id": {"type": "integer"}, "goal_text": {"type": "string"}, "status": {"type": "string"}, "priority": {"type": "integer"},
                      "progress": {"type": "number"}, "goals": {"type": "array", "description": "Goals above that moved with it."}}),
        &["id", "goal_text", "status", "priority", "progress"],
    )
}

fn made(key: &str, more: &Value) -> Value {
    let mut arguments = json!({"goal_text": "Ship version 2", "key": key});
    if let (Some(arguments), Some(more)) = (arguments.as_object_mut(), more.as_object()) {
        arguments.extend(more.clone());
    }
    json!({"operation": "set_goal", "arguments": arguments})
}

fn fields(more: &Value) -> Value {
    let mut all = json!({
        "goal_text": s::text("What is aimed at.", 4000),
        "parent_goal_id": s::reference("The goal it is part of."),
        "deadline": s::time("Until when."),
        "criteria": s::texts("When it counts as reached: one statement each."),
        "resources": s::texts("What it needs: people, machines, places. Goals that share one may be in conflict."),
        "notes": s::words("Added to its notes."),
    });
    if let (Some(all), Some(more)) = (all.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    all
}

pub(super) fn operations() -> Vec<Named> {
    let id = || s::reference("The goal.");
    let one = json!([made("g", &json!({}))]);
    let pair = json!([
        made("g", &json!({"resources": ["Ada"], "deadline": "2030-01-01", "priority": 8})),
        made("h", &json!({"resources": ["Ada"], "deadline": "2030-01-01", "priority": 3}))
    ]);
    let tree = json!([made("g", &json!({})), made("h", &json!({"parent_goal_id": "g"}))]);
    let set = || {
        let more = json!({"key": s::text("A name of your choice, usable in place of the id.", 64), "content": s::text("The same as goal_text.", 4000),
            "goal_type": s::choice(&GOAL_TYPES, "primary; subgoal if it has a parent."),
            "priority": s::or(s::integer("1 to 10, 10 first.", 1, 10), 5), "namespace": s::own_namespace()});
        operation(
            "write",
            "Sets a goal, or a subgoal of one.",
            "It starts active; activate_goal when it is being worked on. Tasks serve it by `goal_id`.",
            (s::input(&fields(&more), &[]), goal()),
            &json!([{"arguments": {"goal_text": "Ship version 2", "priority": 8, "deadline": "2030-06-01", "criteria": ["All tests pass"]}},
                    {"arguments": {"goal_text": "Part", "parent_goal_id": 999_999}, "fault": "not-found.goal", "note": "No such parent."}]),
        )
    };
    let list = |name: &str| s::page(name);
    let scope = || json!({"namespace": s::namespace()});
    vec![
        ("set_goal", set()),
        ("create_goal", set()),
        (
            "get_goal",
            operation(
                "read",
                "One goal with its subgoals and tasks.",
                "`above`: its parents, nearest first.",
                (s::input(&json!({"goal_id": id()}), &["goal_id"]), goal()),
                &json!([{"arguments": {"goal_id": "g"}, "setup": tree}]),
            ),
        ),
        (
            "list_goals",
            operation(
                "read",
                "Lists goals.",
                "By status, type or parent.",
                (
                    s::input(
                        &json!({"status": s::choice(&GOAL_STATUSES, "Only this status."), "goal_type": s::choice(&GOAL_TYPES, "Only this type."),
                "parent_goal_id": s::reference("Only subgoals of this."), "namespace": s::namespace(), "limit": s::limit(20), "cursor": s::cursor()}),
                        &[],
                    ),
                    list("goals"),
                ),
                &json!([{"arguments": {}, "setup": tree}]),
            ),
        ),
        (
            "get_active_goals",
            operation(
                "read",
                "Goals that are active or in progress.",
                "",
                (
                    s::input(
                        &json!({"include_subgoals": s::flag("Subgoals too.", true), "namespace": s::namespace(), "cursor": s::cursor()}),
                        &[],
                    ),
                    list("goals"),
                ),
                &json!([{"arguments": {"include_subgoals": false}, "setup": tree}]),
            ),
        ),
        (
            "update_goal",
            operation(
                "write",
                "Changes a goal: fields, parent, status.",
                "A parent that would close a circle, and a status that may not follow, are refused.",
                (
                    s::input(
                        &fields(
                            &json!({"goal_id": id(), "priority": s::integer("1 to 10.", 1, 10), "status": s::choice(&GOAL_STATUSES, "New status.")}),
                        ),
                        &["goal_id"],
                    ),
                    goal(),
                ),
                &json!([{"arguments": {"goal_id": "g", "status": "suspended"}, "setup": one},
                    {"arguments": {"goal_id": "g", "parent_goal_id": "h"}, "setup": tree, "fault": "conflict.cycle", "note": "A circle."}]),
            ),
        ),
        (
            "activate_goal",
            operation(
                "write",
                "Marks a goal as being worked on.",
                "Status in_progress.",
                (s::input(&json!({"goal_id": id()}), &["goal_id"]), goal()),
                &json!([{"arguments": {"goal_id": "g"}, "setup": one}]),
            ),
        ),
        (
            "record_execution_progress",
            operation(
                "write",
                "Records how far a goal is.",
                "At 100 it is completed, unless subgoals are open. Goals above follow: theirs is the mean of their parts.",
                (
                    s::input(
                        &json!({"goal_id": id(), "progress_percent": s::or(s::number("0 to 100.", 0.0, 100.0), 0), "notes": s::words("What was done.")}),
                        &["goal_id"],
                    ),
                    goal(),
                ),
                &json!([{"arguments": {"goal_id": "h", "progress_percent": 100}, "setup": tree},
                    {"arguments": {"goal_id": "g", "progress_percent": 100}, "setup": tree, "fault": "conflict.open-subgoals", "note": "A part is open."}]),
            ),
        ),
        (
            "complete_goal",
            operation(
                "write",
                "Ends a goal.",
                "success and partial complete it, failure fails it.",
                (
                    s::input(
                        &json!({"goal_id": id(), "outcome": s::or(s::choice(&["success", "partial", "failure"], "How it ended."), "success"), "notes": s::words("Why.")}),
                        &["goal_id"],
                    ),
                    goal(),
                ),
                &json!([{"arguments": {"goal_id": "g", "outcome": "success"}, "setup": one}]),
            ),
        ),
        (
            "get_goal_priority_ranking",
            operation(
                "read",
                "Open goals in the order of the attention they deserve.",
                "Score: 0.40 priority, 0.35 urgency of the deadline, 0.15 progress, 0.10 for being behind its time. `terms` shows each.",
                (s::input(&scope(), &[]), s::ranking("goals")),
                &json!([{"arguments": {}, "setup": pair}]),
            ),
        ),
        (
            "recommend_next_goal",
            operation(
                "read",
                "The goal to work on next.",
                "The first in rank that is neither suspended, blocked, nor waiting for subgoals; with its tasks, and why others were passed over.",
                (
                    s::input(&scope(), &[]),
                    s::output(
                        &json!({"goal": {"type": ["object", "null"]}, "tasks": {"type": "array"}, "passed_over": {"type": "array"}}),
                        &["goal", "passed_over"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": tree}, {"arguments": {}, "note": "No goal yet."}]),
            ),
        ),
        (
            "get_progress_metrics",
            operation(
                "read",
                "How goals get on.",
                "Of one goal: its records, too.",
                (
                    s::input(&json!({"goal_id": id(), "namespace": s::namespace()}), &[]),
                    s::output(
                        &json!({"by_status": {"type": "object"}, "mean_open_progress": {"type": ["number", "null"]}, "overdue": {"type": "integer"},
                "progress": {"type": ["number", "null"]}, "records": {"type": "array"}}),
                        &["by_status", "overdue"],
                    ),
                ),
                &json!([{"arguments": {"goal_id": "g"}, "setup": one}]),
            ),
        ),
        (
            "check_goal_conflicts",
            operation(
                "read",
                "Open goals that are in each other's way.",
                "Rules over what is stored: one deadline and one resource; criteria that contradict each other by words; equal high priorities for one resource; a subgoal above its parent.",
                (
                    s::input(&scope(), &[]),
                    s::output(
                        &json!({"count": {"type": "integer"}, "conflicts": {"type": "array", "items": {"type": "object"}}, "goals": {"type": "integer"}}),
                        &["count", "conflicts"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": pair}]),
            ),
        ),
        (
            "resolve_goal_conflicts",
            operation(
                "write",
                "Settles conflicts: who yields is suspended.",
                "strategy priority: lower priority yields, then the later deadline, then the newer; deadline: the later deadline first. A subgoal above its parent takes its priority. `apply` false only tells.",
                (
                    s::input(
                        &json!({"namespace": s::namespace(), "strategy": s::or(s::choice(&["priority", "deadline"], "Who yields."), "priority"), "apply": s::flag("Do it.", true)}),
                        &[],
                    ),
                    s::output(
                        &json!({"conflicts": {"type": "array"}, "actions": {"type": "array", "items": {"type": "object"}}, "applied": {"type": "boolean"}, "unresolved": {"type": "array"}}),
                        &["conflicts", "actions", "applied"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": pair}]),
            ),
        ),
    ]
}
