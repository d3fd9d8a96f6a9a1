//! The operations that change one task: its fields, its status, its phase.

use super::moving::{Moved, blockers, enter, settle, told};
use super::{MILESTONES, PAGE, PHASES, TASKS, emit, map, now, patch, task};
use crate::args::Time;
use crate::milestone::standing;
use crate::phase::{check_status, is_over};
use crate::plan::Plan;
use crate::row;
use crate::vocabulary::urgency;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json};
use serde::Deserialize;

/// What operations on one task take; each declares those it knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Given {
    task_id: Option<Reference>,
    status: String,
    phase: String,
    notes: Option<String>,
    completion_notes: Option<String>,
    reason: String,
    lessons_learned: Option<String>,
    actual_minutes: Option<f64>,
    mark_complete: bool,
}

fn read(given: Value) -> Result<(Given, Value), Fault> {
    let given: Given = arguments(given)?;
    let reference = given.task_id.as_ref().ok_or_else(|| Fault::invalid("`task_id` is missing"))?;
    let task = task(reference)?;
    Ok((given, task))
}

/// Notes and lessons added to what the task has.
fn noted(given: &Given, task: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    let notes = given.notes.as_ref().or(given.completion_notes.as_ref()).filter(|notes| !notes.trim().is_empty());
    if let Some(notes) = notes {
        fields.insert("notes".into(), json!(row::appended(row::text(task, "notes"), notes)));
    }
    if let Some(lessons) = given.lessons_learned.as_ref().filter(|lessons| !lessons.trim().is_empty()) {
        fields.insert("lessons_learned".into(), json!(row::appended(row::text(task, "lessons_learned"), lessons)));
    }
    fields
}

/// Minutes a task took: as said, else what its milestones took, else the time it was being executed.
fn actual(task: &Value, said: Option<f64>, now: u64) -> Result<Option<f64>, Fault> {
    if said.is_some() {
        return Ok(said);
    }
    let id = row::id(task);
    let milestones = Query::of(MILESTONES).filter(json!(["task", "=", id]))?.limit(PAGE).page()?.rows;
    if let Some(minutes) = standing(&milestones).actual_minutes {
        return Ok(Some(minutes));
    }
    let left = Query::of(PHASES).filter(json!(["task", "=", id]))?.filter(json!(["phase", "=", "executing"]))?;
    let before = left.aggregate("sum", "minutes")?.unwrap_or_default();
    let current = match (row::text(task, "phase"), row::int(task, "phase_started_at")) {
        ("executing", Some(started)) => row::minutes(started, now),
        _ => 0.0,
    };
    Ok(row::int(task, "started_at").map(|_| row::round(before + current)))
}

/// Steps and milestones that are still open.
fn unfinished(task: &Value) -> Result<Vec<String>, Fault> {
    let mut open = Plan::of(task).map(|plan| plan.unfinished()).unwrap_or_default();
    let milestones = Query::of(MILESTONES)
        .filter(json!(["task", "=", row::id(task)]))?
        .ascending("position")?
        .limit(PAGE)
        .page()?
        .rows;
    let left = milestones.iter().filter(|milestone| !crate::plan::is_done(row::text(milestone, "status")));
    open.extend(left.map(|milestone| {
        let order = row::int(milestone, "position").unwrap_or_default();
        format!("milestone {order}: {}", row::clip(row::text(milestone, "title"), 80))
    }));
    Ok(open)
}

fn refuse_blocked(task: &Value) -> Result<(), Fault> {
    let waiting = blockers(row::id(task))?;
    let id = row::reference(row::id(task));
    if !waiting.is_empty() {
        let names = row::references(&waiting);
        return Err(Fault::new(
            "conflict.blocked",
            format!("{id} is blocked by {names}: complete them, or remove_dependency"),
        ));
    }
    if row::text(task, "status") == "blocked" {
        let why = row::text(task, "blocked_reason");
        return Err(Fault::new("conflict.blocked", format!("{id} is blocked ({why}): call unblock_task first")));
    }
    Ok(())
}

fn finish(task: &Value, given: &Given, now: u64) -> Result<Map<String, Value>, Fault> {
    refuse_blocked(task)?;
    let open = unfinished(task)?;
    let mut fields = noted(given, task);
    if let Some(minutes) = actual(task, given.actual_minutes, now)? {
        fields.insert("actual_duration_minutes".into(), json!(minutes));
    }
    let moved = enter(task, "completed", fields, now)?;
    let mut answer = told(row::id(task), true, moved)?;
    if !open.is_empty() {
        answer.insert("unfinished".into(), json!(open));
    }
    Ok(answer)
}

/// `complete_task`.
pub(super) fn complete(given: Value) -> Answer {
    let (given, task) = read(given)?;
    finish(&task, &given, now()).map(Value::Object)
}

/// `start_task`: begins, or goes on after a pause.
pub(super) fn start(given: Value) -> Answer {
    let (given, task) = read(given)?;
    refuse_blocked(&task)?;
    let id = row::id(&task);
    let fields = noted(&given, &task);
    if row::text(&task, "phase") == "executing" {
        let paused = row::text(&task, "status") != "active";
        let mut fields = fields;
        fields.insert("status".into(), json!("active"));
        patch(TASKS, id, fields)?;
        return Ok(told(id, paused, Moved::default())?.into());
    }
    let moved = enter(&task, "executing", fields, now())?;
    emit("task_started", &json!({"task": id}))?;
    Ok(told(id, true, moved)?.into())
}

/// `verify_task`.
pub(super) fn verify(given: Value) -> Answer {
    let (given, mut task) = read(given)?;
    let (id, at) = (row::id(&task), now());
    let open = unfinished(&task)?;
    if given.mark_complete && !open.is_empty() {
        return Err(Fault::new(
            "conflict.unfinished",
            format!("not done yet: {}. Finish or skip them, or call complete_task", open.join("; ")),
        ));
    }
    let mut moved = Moved::default();
    let changed = row::text(&task, "phase") != "verifying";
    if changed {
        moved = enter(&task, "verifying", noted(&given, &task), at)?;
        task = super::task(&Reference::Id(id))?;
    } else if !given.mark_complete {
        let fields = noted(&given, &task);
        if !fields.is_empty() {
            patch(TASKS, id, fields)?;
        }
    }
    if given.mark_complete {
        let without = Given { notes: None, completion_notes: None, ..given };
        return finish(&task, &without, at).map(Value::Object);
    }
    let mut answer = told(id, changed, moved)?;
    if !open.is_empty() {
        answer.insert("unfinished".into(), json!(open));
    }
    Ok(answer.into())
}

fn ended(given: Value, phase: &str) -> Answer {
    let (given, task) = read(given)?;
    let mut fields = noted(&given, &task);
    let field = if phase == "failed" { "failure_reason" } else { "notes" };
    if !given.reason.trim().is_empty() {
        let old = fields.get(field).and_then(Value::as_str).unwrap_or_else(|| row::text(&task, field)).to_owned();
        fields.insert(field.into(), json!(row::appended(&old, &given.reason)));
    }
    let at = now();
    if let (Some(minutes), "failed") = (actual(&task, given.actual_minutes, at)?, phase) {
        fields.insert("actual_duration_minutes".into(), json!(minutes));
    }
    let moved = enter(&task, phase, fields, at)?;
    Ok(told(row::id(&task), true, moved)?.into())
}

/// `fail_task`.
pub(super) fn fail(given: Value) -> Answer {
    ended(given, "failed")
}

/// `cancel_task`.
pub(super) fn cancel(given: Value) -> Answer {
    ended(given, "abandoned")
}

/// `reopen_task`: a failed or abandoned task is planned anew.
pub(super) fn reopen(given: Value) -> Answer {
    let (given, task) = read(given)?;
    let status = row::text(&task, "status");
    if !is_over(status) {
        return Err(Fault::new(
            "conflict.transition",
            format!("the task is `{status}`: only one that is over is reopened"),
        ));
    }
    let moved = enter(&task, "planning", noted(&given, &task), now())?;
    Ok(told(row::id(&task), true, moved)?.into())
}

/// `block_task`.
pub(super) fn block(given: Value) -> Answer {
    let (given, task) = read(given)?;
    let (id, status) = (row::id(&task), row::text(&task, "status"));
    if status != "blocked" {
        check_status(status, "blocked")?;
    }
    let mut fields = noted(&given, &task);
    fields.extend(map(json!({"status": "blocked", "held": true, "blocked_reason": given.reason.trim()})));
    if status == "active" {
        fields.insert("wanted".into(), json!(true));
    }
    patch(TASKS, id, fields)?;
    emit("task_blocked", &json!({"task": id, "reason": given.reason}))?;
    Ok(told(id, status != "blocked", Moved::default())?.into())
}

/// `unblock_task`: takes a block by hand away; dependencies still hold.
pub(super) fn unblock(given: Value) -> Answer {
    let (given, task) = read(given)?;
    let id = row::id(&task);
    if !row::flag(&task, "held") {
        refuse_blocked(&task)?;
        return Err(Fault::new("conflict.transition", format!("{} is not blocked", row::reference(id))));
    }
    let mut fields = noted(&given, &task);
    fields.insert("held".into(), json!(false));
    fields.insert("blocked_reason".into(), Value::Null);
    patch(TASKS, id, fields)?;
    let freed = settle(id, now())?;
    Ok(told(id, freed, Moved::default())?.into())
}

/// `set_task_phase`.
pub(super) fn set_phase(given: Value) -> Answer {
    let (given, task) = read(given)?;
    match given.phase.as_str() {
        "executing" => refuse_blocked(&task)?,
        "completed" => return finish(&task, &given, now()).map(Value::Object),
        "plan_ready" => {
            return Err(Fault::new("conflict.transition", "a plan becomes ready by validate_task_plan, not by hand"));
        }
        _ => {}
    }
    let moved = enter(&task, &given.phase, noted(&given, &task), now())?;
    Ok(told(row::id(&task), true, moved)?.into())
}

/// `update_task_status`.
pub(super) fn update_status(given: Value) -> Answer {
    let (given, task) = read(given)?;
    let (id, old) = (row::id(&task), row::text(&task, "status").to_owned());
    let mut fields = noted(&given, &task);
    if given.status.is_empty() || given.status == old {
        if !fields.is_empty() {
            patch(TASKS, id, fields)?;
        }
        return Ok(told(id, false, Moved::default())?.into());
    }
    check_status(&old, &given.status)?;
    let reference = json!(id);
    match given.status.as_str() {
        "completed" => return finish(&task, &given, now()).map(Value::Object),
        "cancelled" => return ended(json!({"task_id": reference, "notes": given.notes}), "abandoned"),
        "blocked" => {
            return block(
                json!({"task_id": reference, "reason": given.notes.unwrap_or_else(|| "no reason given".into())}),
            );
        }
        "pending" if is_over(&old) => return reopen(json!({"task_id": reference, "notes": given.notes})),
        "active" | "pending" => {
            let waiting = blockers(id)?;
            if !waiting.is_empty() {
                refuse_blocked(&task)?;
            }
            fields.extend(map(json!({"status": given.status, "held": false, "blocked_reason": null, "wanted": false})));
            patch(TASKS, id, fields)?;
            if given.status == "active" {
                emit("task_activated", &json!({"task": id}))?;
            }
        }
        _ => {}
    }
    Ok(told(id, true, Moved::default())?.into())
}

#[derive(Deserialize)]
struct Update {
    task_id: Reference,
    content: Option<String>,
    active_form: Option<String>,
    priority: Option<String>,
    due_at: Option<Value>,
    assignee: Option<String>,
    tags: Option<Vec<String>>,
    goal_id: Option<Reference>,
    estimated_minutes: Option<u32>,
    notes: Option<String>,
}

/// `update_task`.
pub(super) fn update_task(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let task = task(&given.task_id)?;
    let id = row::id(&task);
    let mut fields = Map::new();
    if given.content.as_ref().is_some_and(|content| content.trim().is_empty()) {
        return Err(Fault::invalid("`content` is empty: say in a sentence what is to be done"));
    }
    for (field, value) in [
        ("content", given.content.map(|text| json!(text.trim()))),
        ("active_form", given.active_form.map(|text| json!(text))),
        ("urgency", given.priority.as_ref().map(|priority| json!(urgency(priority)))),
        ("priority", given.priority.map(|priority| json!(priority))),
        ("assignee", given.assignee.map(|text| json!(text))),
        ("tags", given.tags.map(|tags| json!(tags))),
        ("estimated_minutes", given.estimated_minutes.map(|minutes| json!(minutes))),
        ("notes", given.notes.map(|notes| json!(row::appended(row::text(&task, "notes"), &notes)))),
    ] {
        if let Some(value) = value {
            fields.insert(field.into(), value);
        }
    }
    match given.due_at {
        Some(Value::String(none)) if none.trim().is_empty() => _ = fields.insert("due_at".into(), Value::Null),
        Some(due) => _ = fields.insert("due_at".into(), json!(arguments::<Time>(due)?.0)),
        None => {}
    }
    let before = row::int(&task, "goal");
    if let Some(reference) = &given.goal_id {
        fields.insert("goal".into(), json!(row::id(&super::goal(reference)?)));
    }
    let changed = !fields.is_empty();
    let after = fields.get("goal").and_then(Value::as_u64);
    if changed {
        patch(TASKS, id, fields)?;
    }
    let mut moved = Moved::default();
    if after.is_some() && after != before {
        for goal in before.into_iter().chain(after) {
            moved.goals.extend(super::goals::roll_up(goal, now())?);
        }
    }
    Ok(told(id, changed, moved)?.into())
}
