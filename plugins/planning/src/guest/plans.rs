//! Plans kept by hand, and their shape.

use super::{PLANS, Target, joined, optional, set, target, text};
use crate::plan::{Assumption, Constraint, Milestone, Plan, Step};
use crate::reference::is_key;
use crate::{args, row, strategy, when};
use memstrata_sdk::{Answer, Fault, Query, Value, clock, json, write};
use serde::de::DeserializeOwned;

/// Items that are texts become objects with that text.
fn items<T: DeserializeOwned>(
    given: &Value,
    field: &str,
    of_text: impl Fn(&str) -> Value,
) -> Result<Option<Vec<T>>, Fault> {
    let Some(items) = given.get(field).and_then(Value::as_array) else { return Ok(None) };
    let whole: Vec<Value> = items.iter().map(|item| item.as_str().map_or_else(|| item.clone(), &of_text)).collect();
    serde_json::from_value(whole.into()).map(Some).map_err(|error| Fault::invalid(format!("`{field}`: {error}")))
}

/// Steps as given: where all are texts, one comes after another, which is only supposed.
pub(super) fn steps(given: &Value) -> Result<Option<Vec<Step>>, Fault> {
    let mut steps: Option<Vec<Step>> = items(given, "steps", |text| json!({"content": text}))?;
    let plain = row::field(given, "steps").as_array().is_some_and(|steps| steps.iter().all(Value::is_string));
    for (at, step) in steps.iter_mut().flatten().enumerate().filter(|(at, _)| plain && *at > 0) {
        step.depends_on = vec![at];
        step.order_assumed = true;
    }
    Ok(steps)
}

/// Fills in what is given.
pub(super) fn fill(plan: &mut Plan, given: &Value) -> Result<(), Fault> {
    if let Some(title) = given.get("title").and_then(Value::as_str) {
        plan.title = title.trim().to_owned();
    }
    if let Some(steps) = steps(given)? {
        plan.steps = steps;
    }
    if let Some(assumptions) = items::<Assumption>(given, "assumptions", |text| json!({"text": text}))? {
        plan.assumptions = assumptions;
    }
    if let Some(constraints) = items::<Constraint>(given, "constraints", |text| json!({"text": text}))? {
        plan.constraints = constraints;
    }
    if let Some(criteria) = given.get("acceptance_criteria").filter(|criteria| criteria.is_array()) {
        plan.acceptance_criteria = row::texts(&json!({"x": criteria}), "x");
    }
    if let Some(milestones) = given.get("milestones").and_then(Value::as_array) {
        let milestone = |given: &Value| {
            let due_at = given.get("due_at").map(|due| serde_json::from_value::<args::Time>(due.clone())).transpose();
            let due_at = due_at.map_err(|error| Fault::invalid(format!("`due_at`: {error}")))?.map(|args::Time(at)| at);
            let after_step = row::int(given, "after_step").unwrap_or(0) as usize;
            Ok::<_, Fault>(Milestone { title: text(given, "title").to_owned(), after_step, due_at })
        };
        plan.milestones = milestones.iter().map(milestone).collect::<Result<_, _>>()?;
    }
    if let Some(deadline) = given.get("deadline") {
        let at = deadline.as_u64().or_else(|| deadline.as_str().and_then(when::parse));
        plan.deadline = Some(at.ok_or_else(|| Fault::invalid("`deadline`: an ISO date or time, or ms UTC"))?);
    }
    Ok(())
}

/// The fields of a row that hold the plan.
pub(super) fn fields(plan: &Plan) -> Value {
    json!({"title": plan.title, "steps": plan.steps, "assumptions": plan.assumptions, "constraints": plan.constraints,
           "acceptance_criteria": plan.acceptance_criteria, "milestones": plan.milestones, "deadline": plan.deadline})
}

pub(super) fn told(id: u64, plan: &Plan) -> Value {
    let mut shown = joined(json!({"id": id}), fields(plan));
    set(&mut shown, "outline", strategy::outline(plan));
    shown
}

/// Stores a new plan.
pub(super) fn store(
    plan: &Plan,
    key: Option<&str>,
    task: Option<u64>,
    namespace: &str,
    more: Value,
) -> Result<u64, Fault> {
    plan.check()?;
    let mut stored = joined(fields(plan), more);
    set(&mut stored, "namespace", json!(namespace));
    if let Some(task) = task {
        set(&mut stored, "task", json!(task));
    }
    if let Some(key) = key {
        if !is_key(key) {
            return Err(Fault::invalid(format!("`{key}` is no key: a letter, then letters, digits, - _ . up to 64")));
        }
        let twin = Query::of(PLANS)
            .filter(json!(["namespace", "=", namespace]))?
            .filter(json!(["key", "=", key]))?
            .limit(1)
            .ids()?;
        if let Some(twin) = twin.first() {
            return Err(Fault::new(
                "conflict.duplicate",
                format!("{} has the key `{key}` already: take another one", row::reference(*twin)),
            ));
        }
        set(&mut stored, "key", json!(key));
    }
    write::insert(PLANS, &stored)
}

pub(super) fn create(given: &Value) -> Answer {
    let task = target(given, "task_id")?;
    let mut plan = Plan::default();
    fill(&mut plan, given)?;
    let namespace = match given.get("namespace").and_then(Value::as_str) {
        Some(namespace) => namespace,
        None => task.as_ref().map_or("", Target::namespace),
    };
    let more = json!({"strategy": text(given, "strategy"), "domain": text(given, "domain"), "basis": "as given"});
    let id = store(
        &plan,
        given.get("key").and_then(Value::as_str),
        task.as_ref().and_then(Target::task_id),
        namespace,
        more,
    )?;
    Ok(told(id, &plan))
}

fn stored(given: &Value) -> Result<(u64, Value, Target), Fault> {
    let missing = || Fault::new("not-found.plan", "there is no such plan: see `list_plans`");
    let mut found = target(given, "plan_id")
        .map_err(|fault| if fault.code == "not-found.task" { missing() } else { fault })?
        .ok_or_else(missing)?;
    let (id, row) = found.id.zip(found.row.take()).ok_or_else(missing)?;
    Ok((id, row, found))
}

pub(super) fn show(given: &Value) -> Answer {
    let (id, stored, found) = stored(given)?;
    let mut shown = told(id, &found.plan);
    for field in ["key", "task", "status", "strategy", "domain", "basis", "created_at", "updated_at", "version"] {
        set(&mut shown, field, stored.get(field).cloned().unwrap_or_default());
    }
    for (name, collection) in [("gates", "gates"), ("replans", "replans"), ("validations", "validations")] {
        let rows =
            Query::of(collection).filter(json!(["plan", "=", id]))?.descending("created_at")?.limit(5).page()?.rows;
        set(&mut shown, name, rows.into());
    }
    Ok(shown)
}

pub(super) fn list(given: &Value) -> Answer {
    let namespace = given.get("namespace").and_then(Value::as_str);
    let limit = row::int(given, "limit").unwrap_or(20) as u32;
    let query =
        Query::of(PLANS).filter_if("status", "=", given.get("status").and_then(Value::as_str))?.namespace(namespace)?;
    let page =
        query.descending("updated_at")?.limit(limit).after(given.get("cursor").and_then(Value::as_str))?.page()?;
    let short = |stored: &Value| json!({"id": row::id(stored), "key": row::field(stored, "key"), "title": row::field(stored, "title"), "status": row::field(stored, "status"), "task": row::field(stored, "task"), "outline": strategy::outline(&Plan::of(stored))});
    Ok(json!({"plans": page.rows.iter().map(short).collect::<Vec<_>>(), "next_cursor": page.next}))
}

pub(super) fn update(given: &Value) -> Answer {
    let (id, stored, mut found) = stored(given)?;
    let plan = &mut found.plan;
    let before = row::text(&stored, "status").to_owned();
    fill(plan, given)?;
    if let Some(number) = row::int(given, "step") {
        let count = plan.steps.len();
        let step = plan.steps.get_mut((number as usize).wrapping_sub(1));
        let step = step
            .ok_or_else(|| Fault::new("not-found.step", format!("there is no step {number}: the plan has {count}")))?;
        if let Some(status) = given.get("step_status").and_then(Value::as_str) {
            step.status = status.to_owned();
        }
        step.actual_minutes = row::number(given, "actual_minutes").or(step.actual_minutes);
    }
    if let Some(number) = row::int(given, "violated_assumption") {
        let assumption = plan.assumptions.get_mut((number as usize).wrapping_sub(1));
        assumption
            .ok_or_else(|| Fault::new("not-found.assumption", format!("there is no assumption {number}")))?
            .violated = true;
    }
    plan.check()?;
    let over = plan.steps.iter().all(Step::over);
    let begun = plan.steps.iter().any(|step| !step.status.is_empty() && step.status != "pending");
    let status = match given.get("status").and_then(Value::as_str) {
        Some(status) => status.to_owned(),
        None if over => "completed".into(),
        None if begun && before != "abandoned" => "active".into(),
        None => before.clone(),
    };
    let (mut changed, now) = (joined(fields(plan), json!({"status": status})), clock::now());
    if status == "active" && row::int(&stored, "started_at").is_none() {
        set(&mut changed, "started_at", json!(now));
    }
    if status == "completed" && before != "completed" {
        set(&mut changed, "completed_at", json!(now));
        for step in plan.steps.iter().filter(|step| step.actual_minutes.is_some()) {
            let outcome = json!({"content": step.content, "plan": id, "estimated_minutes": step.estimated_minutes, "actual_minutes": step.actual_minutes,
                "finished": true, "basis": "a step of a completed plan", "namespace": row::text(&stored, "namespace")});
            write::insert("estimates", &outcome)?;
        }
    }
    write::update(PLANS, id, row::int(&stored, "version"), &changed)?;
    Ok(joined(told(id, plan), json!({"status": status})))
}

pub(super) fn delete(given: &Value) -> Answer {
    let (id, _, _) = stored(given)?;
    write::delete(PLANS, id, None)?;
    Ok(json!({"id": id, "deleted": true}))
}

fn depth(steps: &[Step]) -> usize {
    let mut depths = vec![0usize; steps.len()];
    for at in crate::cpm::order(steps).unwrap_or_default() {
        let before = steps
            .get(at)
            .into_iter()
            .flat_map(|step| &step.depends_on)
            .filter_map(|number| depths.get(number.wrapping_sub(1)));
        let deepest = before.copied().max().unwrap_or(0) + 1;
        if let Some(depth) = depths.get_mut(at) {
            *depth = deepest;
        }
    }
    depths.into_iter().max().unwrap_or(0)
}

fn dependencies(task: Option<u64>, field: &str) -> Result<Vec<Value>, Fault> {
    let Some(task) = task else { return Ok(vec![]) };
    optional(|| Ok(Query::of("prospective.dependencies").filter(json!([field, "=", task]))?.limit(500).page()?.rows))
}

pub(super) fn structure(given: &Value) -> Answer {
    let found = target(given, "task_id")?.ok_or_else(|| Fault::invalid("`task_id`: name a task or a plan"))?;
    let plan = &found.plan;
    let outline = strategy::outline(plan);
    let mut by_status = serde_json::Map::new();
    for step in &plan.steps {
        let status = if step.status.is_empty() { "pending" } else { &step.status };
        let count = by_status.get(status).and_then(Value::as_u64).unwrap_or(0);
        by_status.insert(status.to_owned(), json!(count + 1));
    }
    // Steps have no priority of their own: theirs is the task's.
    let priority = found.task.as_ref().map_or("none", |task| row::text(task, "priority"));
    let (effort, unknown) = plan.effort();
    let effort = (unknown < plan.steps.len()).then(|| row::round(effort));
    let phases: std::collections::BTreeSet<&str> = plan.steps.iter().filter_map(|step| step.phase.as_deref()).collect();
    let mut answer = json!({
        "total_tasks": plan.steps.len(), "decomposition_depth": if plan.steps.is_empty() { 0 } else { 1 + usize::from(!phases.is_empty()) },
        "top_level_tasks": if phases.is_empty() { plan.steps.len() } else { phases.len() + plan.steps.iter().filter(|step| step.phase.is_none()).count() },
        "tasks_by_status": by_status, "tasks_by_priority": {priority: plan.steps.len()}, "total_estimated_effort": effort,
        "effort_by_priority": {priority: effort}, "longest_chain": depth(&plan.steps),
        "critical_path_length": row::field(&outline, "critical_path").as_array().map_or(0, Vec::len), "critical_path_minutes": row::field(&outline, "critical_path_minutes"),
        "dependencies_count": plan.steps.iter().map(|step| step.depends_on.len()).sum::<usize>(),
    });
    if given.get("include_subtasks").and_then(Value::as_bool).unwrap_or(true) {
        set(&mut answer, "subtasks", plan.steps_value());
    }
    Ok(answer)
}

pub(super) fn graph(given: &Value) -> Answer {
    let found = target(given, "task_id")?.ok_or_else(|| Fault::invalid("`task_id`: name a task or a plan"))?;
    let steps = &found.plan.steps;
    let edges: Vec<Value> = (1..)
        .zip(steps)
        .flat_map(|(number, step)| {
            step.depends_on
                .iter()
                .map(move |before| json!({"from": before, "to": number, "supposed": step.order_assumed}))
        })
        .collect();
    let nodes: Vec<Value> = (1..)
        .zip(steps)
        .map(|(number, step)| json!({"step": number, "content": step.content, "status": step.status}))
        .collect();
    let (out, into) = (dependencies(found.task_id(), "from_task")?, dependencies(found.task_id(), "to_task")?);
    let open = |edge: &&Value| row::flag(edge, "open") && row::text(edge, "dependency_type") == "blocks";
    Ok(
        json!({"nodes": nodes, "edges": edges, "blocking": out.iter().filter(open).count(), "blocked_by": into.iter().filter(open).count(), "tasks": out.iter().chain(&into).map(|edge|
        json!({"from": row::field(edge, "from_task"), "to": row::field(edge, "to_task"), "type": row::field(edge, "dependency_type"), "open": row::field(edge, "open")})).collect::<Vec<_>>()}),
    )
}
