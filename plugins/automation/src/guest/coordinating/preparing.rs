//! Before a task is begun: what stands in its way, and how long it may take.

use super::super::firing::{Engine, Outcome};
use super::super::looking::{Missing, task as shown_task};
use super::super::{DEPENDENCIES, TASKS};
use super::answered;
use crate::readiness::{Facts, issues, ready};
use crate::scenario;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, row};
use serde::Deserialize;

/// Completed tasks that scenarios rest on, at most.
const MOST_DONE: u32 = 200;

#[derive(Deserialize)]
struct Before {
    task_id: Id,
    strict_mode: bool,
    run_scenarios: Value,
    session_id: Option<String>,
    namespace: Option<String>,
}

/// `optimize_pre_execution`.
pub(in crate::guest) fn pre_execution(given: Value) -> Answer {
    let given: Before = arguments(given)?;
    let mut missing = Missing::default();
    let Id(id) = given.task_id;
    let mut here = false;
    let task = missing.look(TASKS, || {
        let known = get(TASKS, id)?;
        here = true;
        Ok(known.into())
    })?;
    if here && task.is_null() {
        let name = row::reference(id);
        return Err(Fault::new("not-found.task", format!("there is no task {name}: take an id from list_tasks")));
    }
    let mut engine = Engine::new(given.session_id, given.namespace)?;
    if task.is_null() {
        let reason =
            Some("the layer of tasks is not here: nothing is known of the task, and nothing was fired".to_owned());
        let outcome = Outcome { outcome: "not_ready", reason, ..Outcome::default() };
        let found =
            vec![("task", Value::Null), ("ready", Value::Null), ("issues", json!([])), ("scenarios", Value::Null)];
        return Ok(answered(engine, outcome, found, missing));
    }
    let facts = facts(&task, &mut missing)?;
    let stand = issues(&facts, engine.now);
    let is_ready = ready(&stand, given.strict_mode);
    let scenarios = match &given.run_scenarios {
        Value::String(word) if word == "never" => Value::Null,
        Value::Bool(false) => Value::Null,
        word => missing.look(TASKS, || scenarios(facts.estimate, word != "auto"))?,
    };
    let shown: Vec<Value> = stand.iter().map(|issue| json!({"severity": issue.severity, "what": issue.what})).collect();
    let context = json!({
        "task_id": row::id(&task), "content": row::text(&task, "content"), "priority": row::text(&task, "priority"),
        "issues": shown, "scenarios": scenarios,
    });
    let outcome = if is_ready {
        engine.hook("task_started", &context, &Engine::after(None, None)?)?
    } else {
        let reason = Some("something stands in the way, see `issues`: the hook was not triggered".to_owned());
        Outcome { outcome: "not_ready", reason, ..Outcome::default() }
    };
    let found = vec![
        ("task", shown_task(&task)),
        ("ready", json!(is_ready)),
        ("issues", json!(shown)),
        ("scenarios", scenarios),
    ];
    Ok(answered(engine, outcome, found, missing))
}

fn facts(task: &Value, missing: &mut Missing) -> Result<Facts, Fault> {
    let blockers = missing.look(DEPENDENCIES, || {
        let open = Query::of(DEPENDENCIES)
            .filter(json!(["to_task", "=", row::id(task)]))?
            .filter(json!(["dependency_type", "=", "blocks"]))?
            .filter(json!(["open", "=", true]))?
            .limit(100)
            .page()?;
        Ok(open.rows.iter().filter_map(|edge| row::int(edge, "from_task")).collect())
    })?;
    let plan = task.get("plan").filter(|plan| plan.is_object());
    Ok(Facts {
        status: row::text(task, "status").to_owned(),
        blockers: blockers.as_array().into_iter().flatten().filter_map(Value::as_u64).collect(),
        steps: plan.map(|plan| plan.get("steps").and_then(Value::as_array).map_or(0, Vec::len)),
        validated: plan.is_some_and(|plan| plan.get("validated") == Some(&json!(true))),
        estimate: row::number(task, "estimated_minutes"),
        due_at: row::int(task, "due_at"),
    })
}

/// Scenarios of an estimate from the newest completed tasks; with `explain`, why there are none.
fn scenarios(estimate: Option<f64>, explain: bool) -> Answer {
    let done = Query::of(TASKS)
        .filter(json!(["status", "=", "completed"]))?
        .filter(json!(["estimated_minutes", "!=", null]))?
        .filter(json!(["actual_duration_minutes", "!=", null]))?
        .descending("completed_at")?
        .select(&["estimated_minutes", "actual_duration_minutes"])?
        .limit(MOST_DONE)
        .page()?
        .rows;
    let sample =
        |task: &Value| Some((row::number(task, "estimated_minutes")?, row::number(task, "actual_duration_minutes")?));
    let done: Vec<(f64, f64)> = done.iter().filter_map(sample).collect();
    Ok(match (estimate.and_then(|estimate| scenario::scenarios(estimate, &done)), estimate) {
        (Some(found), _) => json!({
            "best_case": found.best_case, "most_likely": found.most_likely, "worst_case": found.worst_case,
            "unit": "minutes", "completed_tasks": found.samples,
        }),
        (None, None) if explain => json!({"reason": "the task has no estimate"}),
        (None, Some(_)) if explain => json!({
            "reason": format!("{} completed tasks have estimate and actual time; {} are needed", done.len(), scenario::LEAST),
        }),
        _ => Value::Null,
    })
}
