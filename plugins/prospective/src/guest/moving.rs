//! Moves a task from phase to phase and status to status, with everything that follows in the same transaction.

use super::{DEPENDENCIES, PAGE, PHASES, TASKS, TRIGGERS, child, emit, firing, goals, map, patch};
use crate::phase::{check_phase, is_over, next_phases, status_of};
use crate::plan::Plan;
use crate::row;
use memstrata_sdk::{Fault, Map, Query, Value, get, get_many, json};

/// What a move brought about.
#[derive(Default)]
pub(super) struct Moved {
    pub(super) unblocked: Vec<u64>,
    pub(super) enabled: Vec<u64>,
    pub(super) fired: Vec<Value>,
    pub(super) goals: Vec<Value>,
}

/// Enters a phase: checks that it may follow, closes the old one's time, and deals with whoever waited. `more` are fields set along.
pub(super) fn enter(task: &Value, phase: &str, mut more: Map<String, Value>, now: u64) -> Result<Moved, Fault> {
    let (id, old) = (row::id(task), row::text(task, "phase"));
    check_phase(old, phase, Plan::of(task).is_some())?;
    let started = row::int(task, "phase_started_at").unwrap_or(now);
    let spent = map(json!({"phase": old, "started": started, "completed": now, "minutes": row::minutes(started, now)}));
    memstrata_sdk::write::insert(PHASES, &child(spent, "task", task))?;
    let waiting = blockers(id)?;
    let mut status = status_of(phase);
    if status == "pending" && (!waiting.is_empty() || row::flag(task, "held")) {
        status = "blocked";
    }
    more.insert("phase".into(), json!(phase));
    more.insert("phase_started_at".into(), json!(now));
    more.insert("status".into(), json!(status));
    if phase == "executing" && row::int(task, "started_at").is_none() {
        more.insert("started_at".into(), json!(now));
    }
    let over = is_over(status);
    more.insert("completed_at".into(), if over { json!(now) } else { Value::Null });
    if over {
        for (field, value) in [("held", json!(false)), ("wanted", json!(false)), ("blocked_reason", Value::Null)] {
            more.insert(field.into(), value);
        }
    }
    if phase == "completed" {
        more.insert("progress".into(), json!(1.0));
    }
    patch(TASKS, id, more)?;
    emit("task_phase", &json!({"task": id, "from": old, "to": phase, "status": status}))?;
    let mut moved = Moved::default();
    if over {
        disarm(id)?;
    }
    if phase == "completed" {
        release(id, now, &mut moved)?;
        emit("task_completed", &json!({"task": id}))?;
        moved.fired.extend(firing::completed(id, now)?);
    } else if is_over(row::text(task, "status")) {
        // Reopened: whoever waited for it waits again, which `open` of the dependency says already.
        emit("task_reopened", &json!({"task": id}))?;
    }
    if let Some(goal) = row::int(task, "goal") {
        moved.goals = goals::roll_up(goal, now)?;
    }
    Ok(moved)
}

/// Open tasks that block a task.
pub(super) fn blockers(id: u64) -> Result<Vec<u64>, Fault> {
    let open = Query::of(DEPENDENCIES)
        .filter(json!(["to_task", "=", id]))?
        .filter(json!(["dependency_type", "=", "blocks"]))?
        .filter(json!(["open", "=", true]))?
        .limit(PAGE)
        .page()?;
    Ok(open.rows.iter().filter_map(|edge| row::int(edge, "from_task")).collect())
}

/// A task that is over fires no more.
fn disarm(id: u64) -> Result<(), Fault> {
    let armed =
        Query::of(TRIGGERS).filter(json!(["task", "=", id]))?.filter(json!(["armed", "=", true]))?.limit(PAGE).ids()?;
    for trigger in armed {
        patch(TRIGGERS, trigger, map(json!({"armed": false})))?;
    }
    Ok(())
}

/// Closes the dependencies on a completed task, and frees those that nothing else blocks.
fn release(id: u64, now: u64, moved: &mut Moved) -> Result<(), Fault> {
    let query = Query::of(DEPENDENCIES).filter(json!(["from_task", "=", id]))?;
    // One added meanwhile would stay open for ever: then this call runs again.
    memstrata_sdk::write::expect(&query, query.count()?)?;
    let edges = query.limit(PAGE).all(super::MOST)?;
    for edge in edges {
        let (kind, to) = (row::text(&edge, "dependency_type"), row::int(&edge, "to_task").unwrap_or_default());
        patch(DEPENDENCIES, row::id(&edge), map(json!({"open": false})))?;
        match kind {
            "blocks" if settle(to, now)? => moved.unblocked.push(to),
            "enables" => {
                emit("task_enabled", &json!({"task": to, "by": id}))?;
                moved.enabled.push(to);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes a task's status agree with what blocks it; whether that freed it.
pub(super) fn settle(id: u64, _now: u64) -> Result<bool, Fault> {
    let Some(task) = get(TASKS, id)? else { return Ok(false) };
    let status = row::text(&task, "status");
    if is_over(status) {
        return Ok(false);
    }
    let waiting = blockers(id)?;
    if !waiting.is_empty() {
        let reason = format!("waits for {}", row::references(&waiting));
        if !row::flag(&task, "held") {
            patch(TASKS, id, map(json!({"status": "blocked", "blocked_reason": reason})))?;
        }
        return Ok(false);
    }
    if status != "blocked" || row::flag(&task, "held") {
        return Ok(false);
    }
    let wanted = row::flag(&task, "wanted") || status_of(row::text(&task, "phase")) == "active";
    let next = if wanted { "active" } else { "pending" };
    patch(TASKS, id, map(json!({"status": next, "blocked_reason": null, "wanted": false})))?;
    emit("task_unblocked", &json!({"task": id, "status": next}))?;
    if next == "active" {
        emit("task_activated", &json!({"task": id}))?;
    }
    Ok(true)
}

/// Of the tasks that block one, those that were cancelled.
pub(super) fn dead(blockers: &[u64]) -> Result<Vec<u64>, Fault> {
    let rows = get_many(TASKS, blockers)?;
    let gone = blockers
        .iter()
        .zip(rows)
        .filter(|(_, task)| task.as_ref().is_none_or(|task| row::text(task, "status") == "cancelled"));
    Ok(gone.map(|(id, _)| *id).collect())
}

/// The answer of whatever changed a task.
pub(super) fn told(id: u64, changed: bool, moved: Moved) -> Result<Map<String, Value>, Fault> {
    let task = get(TASKS, id)?.unwrap_or_default();
    let phase = row::text(&task, "phase");
    let mut answer = map(json!({
        "id": id, "status": row::text(&task, "status"), "phase": phase, "changed": changed,
        "allowed_phases": next_phases(phase, Plan::of(&task).is_some()),
    }));
    for (name, value) in [
        ("unblocked", json!(moved.unblocked)),
        ("enabled", json!(moved.enabled)),
        ("fired", json!(moved.fired)),
        ("goals", json!(moved.goals)),
    ] {
        if value.as_array().is_some_and(|list| !list.is_empty()) {
            answer.insert(name.into(), value);
        }
    }
    Ok(answer)
}
