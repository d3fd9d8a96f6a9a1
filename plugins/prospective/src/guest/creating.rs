//! Making a task, with its plan, milestones, dependencies and triggers, in one transaction.

use super::{MILESTONES, TASKS, child, dependencies, emit, goals, named, now, refuse_twin, triggers};
use crate::milestone;
use crate::plan::Plan;
use crate::row;
use crate::task::NewTask;
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, get, json, write};

/// `create_task` and its forms; `planned`: it gets a plan.
pub(super) fn create(given: Value, planned: bool) -> Answer {
    let new: NewTask = arguments(given)?;
    let at = now();
    let mut fields = new.row(at)?;
    let goal = new.goal_id.as_ref().map(|goal| named(super::GOALS, "goal", goal)).transpose()?;
    if let Some(goal) = &goal {
        fields.insert("goal".into(), json!(row::id(goal)));
    }
    if let Some(key) = &new.key {
        refuse_twin(TASKS, key, new.namespace.as_deref())?;
    }
    let plan = plan(&new, planned)?;
    if let Some(plan) = &plan {
        fields.insert("plan".into(), plan.value());
        fields.insert("plan_created_at".into(), json!(at));
        fields.entry("estimated_minutes").or_insert_with(|| json!(plan.estimated_duration_minutes));
    }
    let id = write::insert(TASKS, &fields.into())?;
    // Read back: the host may have put it into the caller's own namespace.
    let task = get(TASKS, id)?.unwrap_or_default();
    let milestones = milestone::rows(new.milestones, &[])?;
    for milestone in &milestones {
        write::insert(MILESTONES, &child(milestone.clone(), "task", &task))?;
    }
    for before in &new.depends_on {
        let before = super::task(before)?;
        dependencies::link(&before, &task, "blocks")?;
    }
    let (mut made, mut fired) = (Vec::new(), Vec::new());
    for trigger in &new.triggers {
        let (trigger, firing) = triggers::store(trigger, &task)?;
        made.push(trigger);
        fired.extend(firing);
    }
    if let Some(goal) = &goal {
        goals::roll_up(row::id(goal), at)?;
    }
    emit("task_created", &json!({"task": id}))?;
    let task = get(TASKS, id)?.unwrap_or(task);
    let mut answer = Map::new();
    for (name, value) in [
        ("id", json!(id)),
        ("ref", json!(row::reference(id))),
        ("status", json!(row::text(&task, "status"))),
        ("phase", json!(row::text(&task, "phase"))),
        ("namespace", json!(row::text(&task, "namespace"))),
        ("milestones", json!(milestones.len())),
        ("triggers", json!(made)),
    ] {
        answer.insert(name.into(), value);
    }
    if let Some(plan) = plan {
        answer.insert("plan".into(), plan.value());
    }
    if !fired.is_empty() {
        answer.insert("fired".into(), json!(fired));
    }
    Ok(answer.into())
}

fn plan(new: &NewTask, planned: bool) -> Result<Option<Plan>, Fault> {
    if !planned {
        return Ok(None);
    }
    let minutes = new.estimated_minutes.unwrap_or(30);
    Ok(match (new.steps.is_empty(), new.auto_plan) {
        (false, _) => Some(Plan::new(new.steps.clone(), minutes, new.plan_notes.clone())?),
        (true, true) => Some(Plan { notes: new.plan_notes.clone(), ..Plan::from_words(&new.content, minutes) }),
        (true, false) => Some(Plan::new(vec![], minutes, new.plan_notes.clone())?),
    })
}
