//! A task's plan: set, validated, worked off.

use super::moving::{Moved, enter, told};
use super::{TASKS, map, now, patch, task};
use crate::plan::{NewStep, Plan};
use crate::plan_check::check;
use crate::row;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, json};
use serde::Deserialize;

fn plan_of(task: &Value) -> Result<Plan, Fault> {
    Plan::of(task).ok_or_else(|| {
        Fault::new("not-found.plan", format!("{} has no plan: call set_task_plan", row::reference(row::id(task))))
    })
}

#[derive(Deserialize)]
struct Set {
    task_id: Reference,
    #[serde(default)]
    steps: Vec<NewStep>,
    #[serde(default)]
    auto_plan: bool,
    estimated_minutes: Option<u32>,
    notes: Option<String>,
}

/// `set_task_plan`: in place of the old one; the task is planned anew.
pub(super) fn set_plan(given: Value) -> Answer {
    let given: Set = arguments(given)?;
    let (task, at) = (task(&given.task_id)?, now());
    let id = row::id(&task);
    let phase = row::text(&task, "phase");
    if !["planning", "plan_ready", "executing"].contains(&phase) {
        return Err(Fault::new(
            "conflict.transition",
            format!("a task in phase `{phase}` is not planned: that is done in planning, plan_ready and executing"),
        ));
    }
    let stored = row::int(&task, "estimated_minutes").and_then(|minutes| u32::try_from(minutes).ok());
    let minutes = given.estimated_minutes.or(stored).unwrap_or(30);
    let plan = if given.steps.is_empty() && given.auto_plan {
        Plan { notes: given.notes, ..Plan::from_words(row::text(&task, "content"), minutes) }
    } else {
        Plan::new(given.steps, minutes, given.notes)?
    };
    let fields = map(json!({
        "plan": plan.value(), "plan_created_at": at, "estimated_minutes": minutes, "progress": plan.progress(),
    }));
    let mut moved = Moved::default();
    if phase == "planning" {
        patch(TASKS, id, fields)?;
    } else {
        moved = enter(&task, "planning", fields, at)?;
    }
    let mut answer = told(id, true, moved)?;
    answer.insert("plan".into(), plan.value());
    Ok(answer.into())
}

#[derive(Deserialize)]
struct Validate {
    task_id: Reference,
    #[serde(default)]
    strict_mode: bool,
}

/// `validate_task_plan`: a plan without errors makes its task ready.
pub(super) fn validate(given: Value) -> Answer {
    let given: Validate = arguments(given)?;
    let (task, at) = (task(&given.task_id)?, now());
    let id = row::id(&task);
    let mut plan = plan_of(&task)?;
    let issues = check(&plan, row::int(&task, "due_at"), at, given.strict_mode);
    let valid = !issues.iter().any(|issue| issue.error);
    plan.validated = valid;
    let fields = map(json!({"plan": plan.value()}));
    let (phase, mut moved) = (row::text(&task, "phase"), Moved::default());
    match (phase, valid) {
        ("planning", true) => moved = enter(&task, "plan_ready", fields, at)?,
        ("plan_ready", false) => moved = enter(&task, "planning", fields, at)?,
        _ => patch(TASKS, id, fields)?,
    }
    let mut answer = told(id, true, moved)?;
    answer.insert("valid".into(), json!(valid));
    answer.insert("issues".into(), issues.iter().map(crate::plan_check::Issue::value).collect());
    Ok(answer.into())
}

#[derive(Deserialize)]
struct StepChange {
    task_id: Reference,
    step: usize,
    status: String,
}

/// `update_plan_step`.
pub(super) fn update_step(given: Value) -> Answer {
    let given: StepChange = arguments(given)?;
    let task = task(&given.task_id)?;
    let id = row::id(&task);
    if crate::phase::is_over(row::text(&task, "status")) {
        return Err(Fault::new("conflict.transition", "the task is over: its steps stay as they are"));
    }
    let mut plan = plan_of(&task)?;
    let count = plan.steps.len();
    let Some(step) = given.step.checked_sub(1).and_then(|at| plan.steps.get_mut(at)) else {
        return Err(Fault::new(
            "not-found.step",
            format!("there is no step {}: the plan has {count}, from 1", given.step),
        ));
    };
    step.status = given.status;
    let mut fields = Map::new();
    let progress = plan.progress();
    fields.insert("plan".into(), plan.value());
    fields.insert("progress".into(), json!(progress));
    patch(TASKS, id, fields)?;
    let mut answer = told(id, true, Moved::default())?;
    answer.insert("progress".into(), json!(progress));
    answer.insert("unfinished".into(), json!(plan.unfinished()));
    Ok(answer.into())
}
