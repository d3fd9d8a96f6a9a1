//! Milestones of a task.

use super::{MILESTONES, PAGE, TASKS, child, emit, map, now, patch, task};
use crate::milestone::{Change, NewMilestone, rows, standing};
use crate::row;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// A task's milestones, in order.
pub(super) fn of(task: u64) -> Result<Vec<Value>, Fault> {
    let query = Query::of(MILESTONES).filter(json!(["task", "=", task]))?.ascending("position")?;
    Ok(query.limit(PAGE).page()?.rows)
}

/// Stages the task's progress; answers how its milestones stand.
fn settle(task: &Value) -> Answer {
    let milestones = of(row::id(task))?;
    let found = standing(&milestones);
    patch(TASKS, row::id(task), map(json!({"progress": found.progress})))?;
    Ok(json!({
        "id": row::id(task), "milestones": milestones.iter().map(shown).collect::<Vec<_>>(), "progress": found.progress,
        "actual_minutes": found.actual_minutes, "open": found.open, "passed_over": found.passed_over,
    }))
}

/// As answers show it.
pub(super) fn shown(milestone: &Value) -> Value {
    json!({
        "order": row::int(milestone, "position"), "title": row::text(milestone, "title"), "status": row::text(milestone, "status"),
        "progress": row::number(milestone, "progress"), "estimated_minutes": row::int(milestone, "estimated_minutes"),
        "actual_minutes": row::number(milestone, "actual_minutes"), "notes": row::text(milestone, "notes"),
        "completed_at": row::int(milestone, "completed_at"),
    })
}

fn open_task(reference: &Reference) -> Result<Value, Fault> {
    let task = task(reference)?;
    if crate::phase::is_over(row::text(&task, "status")) {
        return Err(Fault::new("conflict.transition", "the task is over: its milestones stay as they are"));
    }
    Ok(task)
}

#[derive(Deserialize)]
struct Add {
    task_id: Reference,
    milestones: Vec<NewMilestone>,
}

/// `add_milestones`.
pub(super) fn add(given: Value) -> Answer {
    let given: Add = arguments(given)?;
    let task = open_task(&given.task_id)?;
    let taken: Vec<u64> = of(row::id(&task))?.iter().filter_map(|row| row::int(row, "position")).collect();
    for milestone in rows(given.milestones, &taken)? {
        write::insert(MILESTONES, &child(milestone, "task", &task))?;
    }
    settle(&task)
}

#[derive(Deserialize)]
struct Update {
    task_id: Reference,
    milestone_order: u64,
    #[serde(flatten)]
    change: Change,
}

/// `update_milestone_progress`.
pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let task = open_task(&given.task_id)?;
    let milestones = of(row::id(&task))?;
    let Some(old) = milestones.iter().find(|row| row::int(row, "position") == Some(given.milestone_order)) else {
        let orders: Vec<String> =
            milestones.iter().filter_map(|row| row::int(row, "position")).map(|n| n.to_string()).collect();
        let orders = if orders.is_empty() { "none".to_owned() } else { orders.join(", ") };
        return Err(Fault::new(
            "not-found.milestone",
            format!("no milestone {}: the task has {orders}", given.milestone_order),
        ));
    };
    let fields = crate::milestone::patch(old, &given.change, now())?;
    let reached = fields.get("status") == Some(&json!("completed")) && row::text(old, "status") != "completed";
    patch(MILESTONES, row::id(old), fields)?;
    if reached {
        emit("milestone_reached", &json!({"task": row::id(&task), "order": given.milestone_order}))?;
    }
    settle(&task)
}
