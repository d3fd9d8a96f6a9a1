//! The moments of a session: each triggers its hook and answers what the rows say then.

use super::firing::{Engine, Outcome};
use super::history::waiting;
use super::looking::{self, Missing, counts, of};
use super::{BREAKERS, DEPENDENCIES, EVENTS, FIRED, GOALS, TASKS, TOOL_USES, now, put};
use crate::readiness::{Facts, issues, ready};
use crate::spread::{mean, quantile, sorted};
use crate::{runs, scenario};
use memstrata_sdk::args::Id;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

const DAY: u64 = 86_400_000;
/// Open states of tasks.
const OPEN: [&str; 3] = ["pending", "active", "blocked"];
/// Episodes of a session that are looked at.
const MOST_EVENTS: usize = 1_000;
/// Uses of a tool that are looked at.
const MOST_USES: u32 = 200;
/// So many measured uses are needed before one is called slow.
const LEAST_USES: usize = 20;
/// Completed tasks that scenarios rest on, at most.
const MOST_DONE: u32 = 200;

#[derive(Deserialize)]
struct Moment {
    session_id: Option<String>,
    occasion: Option<String>,
    namespace: Option<String>,
    #[serde(default)]
    validate_plans: bool,
    #[serde(default)]
    extract_patterns: bool,
    #[serde(default)]
    measure_quality: bool,
    #[serde(default)]
    monitor_health: bool,
    prompt: Option<String>,
}

impl Moment {
    fn engine(&self) -> Result<Engine, Fault> {
        Engine::new(self.session_id.clone(), self.namespace.clone())
    }

    fn fire(&self, engine: &mut Engine, hook_type: &str, context: &Value) -> Result<Outcome, Fault> {
        engine.hook(hook_type, context, &Engine::after(None, self.occasion.clone())?)
    }

    fn within(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    fn open(&self) -> Result<Query, Fault> {
        of(TASKS, self.within())?.filter(json!(["status", "in", OPEN]))
    }

    fn with_status(&self, status: &str) -> Result<Query, Fault> {
        of(TASKS, self.within())?.filter(json!(["status", "=", status]))
    }

    fn overdue(&self, at: u64) -> Result<Query, Fault> {
        self.open()?.filter(json!(["due_at", "<", at]))
    }

    /// Triggers that fired and nobody acknowledged.
    fn fired_triggers(&self, missing: &mut Missing) -> Answer {
        missing.look(FIRED, || {
            let unseen = of(FIRED, self.within())?.filter(json!(["acknowledged", "=", false]))?;
            Ok(json!(unseen.count()?))
        })
    }
}

/// What the hook answered, with what was found.
fn answered(engine: Engine, outcome: Outcome, found: Vec<(&str, Value)>, missing: Missing) -> Value {
    let mut answer = engine.answer(outcome);
    for (name, value) in found {
        put(&mut answer, name, value);
    }
    put(&mut answer, "missing", missing.names());
    answer
}

/// `optimize_session_start`.
pub(super) fn session_start(given: Value) -> Answer {
    let moment: Moment = arguments(given)?;
    let mut missing = Missing::default();
    let at = now();
    let tasks = missing.look(TASKS, || {
        let due = moment.open()?.filter(json!(["due_at", ">=", at]))?.filter(json!(["due_at", "<", at + 7 * DAY]))?;
        Ok(json!({
            "by_status": counts(&of(TASKS, moment.within())?, "status")?,
            "active": looking::tasks(&moment.with_status("active")?.ascending("urgency")?.limit(10))?,
            "overdue": looking::tasks(&moment.overdue(at)?.ascending("due_at")?.limit(10))?,
            "due_within_7_days": looking::tasks(&due.ascending("due_at")?.limit(10))?,
            "next": looking::tasks(&moment.with_status("pending")?.ascending("urgency")?.limit(5))?,
        }))
    })?;
    let goals = missing.look(GOALS, || {
        let active = of(GOALS, moment.within())?.filter(json!(["status", "in", ["active", "in_progress"]]))?;
        let count = active.count()?;
        let top = active.descending("priority")?.limit(5).page()?.rows;
        let top: Vec<Value> = top
            .iter()
            .map(|goal| {
                super::history::compact(goal, &["id", "goal_text", "status", "priority", "progress", "deadline"])
            })
            .collect();
        Ok(json!({"open": count, "top": top}))
    })?;
    let plans = match moment.validate_plans {
        true => missing.look(TASKS, || plans(&moment))?,
        false => Value::Null,
    };
    let recent = missing.look(EVENTS, || {
        let newest = of(EVENTS, moment.within())?.descending("timestamp")?.limit(10).page()?.rows;
        Ok(newest.iter().map(looking::event).collect())
    })?;
    let fired = moment.fired_triggers(&mut missing)?;
    let pending = waiting()?.count()?;
    let mut engine = moment.engine()?;
    let context = json!({"session_id": moment.session_id, "tasks": tasks, "fired_triggers": fired});
    let outcome = moment.fire(&mut engine, "session_start", &context)?;
    let found = vec![
        ("tasks", tasks),
        ("goals", goals),
        ("plans", plans),
        ("recent_events", recent),
        ("fired_triggers", fired),
        ("pending_actions", json!(pending)),
    ];
    Ok(answered(engine, outcome, found, missing))
}

/// The plans of the most urgent open tasks: how many have none, how many were not validated.
fn plans(moment: &Moment) -> Answer {
    let open = moment.open()?.ascending("urgency")?.limit(25).select(&["content", "plan", "status", "priority"])?;
    let looked = open.page()?.rows;
    let plan = |task: &Value| task.get("plan").filter(|plan| plan.is_object()).cloned();
    let validated = |plan: &Value| plan.get("validated") == Some(&json!(true));
    let without: Vec<Value> = looked.iter().filter(|task| plan(task).is_none()).map(looking::task).collect();
    let unsure: Vec<Value> =
        looked.iter().filter(|task| plan(task).is_some_and(|plan| !validated(&plan))).map(looking::task).collect();
    Ok(json!({
        "looked_at": looked.len(), "without_plan": without.len(), "not_validated": unsure.len(),
        "tasks_without_plan": without.iter().take(10).collect::<Vec<_>>(),
        "tasks_not_validated": unsure.iter().take(10).collect::<Vec<_>>(),
    }))
}

/// `optimize_session_end`.
pub(super) fn session_end(given: Value) -> Answer {
    let moment: Moment = arguments(given)?;
    let mut missing = Missing::default();
    let at = now();
    let mut events = Vec::new();
    let session = missing.look(EVENTS, || {
        events = session_events(&moment, at)?;
        Ok(summary(&events))
    })?;
    let here = !session.is_null();
    let patterns = if moment.extract_patterns && here { patterns(&events) } else { Value::Null };
    let quality = if moment.measure_quality && here { quality(&events) } else { Value::Null };
    let unconsolidated = missing.look(EVENTS, || {
        let left = of(EVENTS, moment.within())?.filter(json!(["consolidation_status", "=", "unconsolidated"]))?;
        Ok(json!(left.filter_if("session_id", "=", moment.session_id.as_deref())?.count()?))
    })?;
    let uses = Query::of(TOOL_USES).filter_if("session_id", "=", moment.session_id.as_deref())?;
    let uses = match moment.session_id {
        Some(_) => uses,
        None => uses.filter(json!(["at", ">=", at.saturating_sub(DAY)]))?,
    };
    let uses = json!({"count": uses.count()?, "by_result": counts(&uses, "result")?});
    let mut engine = moment.engine()?;
    let context = json!({
        "session_id": moment.session_id, "session": session, "quality": quality, "unconsolidated": unconsolidated,
    });
    let outcome = moment.fire(&mut engine, "session_end", &context)?;
    let found = vec![
        ("session", session),
        ("patterns", patterns),
        ("quality", quality),
        ("unconsolidated", unconsolidated),
        ("tool_uses", uses),
    ];
    Ok(answered(engine, outcome, found, missing))
}

/// The newest episodes of the session, or of the last 24 hours, oldest first.
fn session_events(moment: &Moment, at: u64) -> Result<Vec<Value>, Fault> {
    let query = of(EVENTS, moment.within())?.filter_if("session_id", "=", moment.session_id.as_deref())?;
    let query = match moment.session_id {
        Some(_) => query,
        None => query.filter(json!(["timestamp", ">=", at.saturating_sub(DAY)]))?,
    };
    let fields = ["timestamp", "event_type", "outcome", "learned", "confidence"];
    let mut events = query.descending("timestamp")?.select(&fields)?.limit(500).all(MOST_EVENTS)?;
    events.reverse();
    Ok(events)
}

fn tally(events: &[Value], field: &str) -> Value {
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for event in events {
        let value = row::text(event, field);
        if !value.is_empty() {
            *counts.entry(value).or_default() += 1;
        }
    }
    json!(counts)
}

fn summary(events: &[Value]) -> Value {
    let at = |event: Option<&Value>| event.and_then(|event| row::int(event, "timestamp"));
    let (first, last) = (at(events.first()), at(events.last()));
    let minutes = first.zip(last).map(|(first, last)| row::round(last.saturating_sub(first) as f64 / 60_000.0));
    json!({
        "events": events.len(), "complete": events.len() < MOST_EVENTS, "first_at": first, "last_at": last,
        "minutes": minutes, "by_type": tally(events, "event_type"), "by_outcome": tally(events, "outcome"),
    })
}

fn patterns(events: &[Value]) -> Value {
    let label = |event: &Value| match row::text(event, "outcome") {
        "" => row::text(event, "event_type").to_owned(),
        outcome => format!("{}:{outcome}", row::text(event, "event_type")),
    };
    let labels: Vec<String> = events.iter().map(label).collect();
    runs::runs(&labels, 10).iter().map(|run| json!({"steps": run.steps, "times": run.times})).collect()
}

/// Shares over the episodes; null over none.
fn quality(events: &[Value]) -> Value {
    let share = |part: usize, of: usize| (of > 0).then(|| row::round(part as f64 / of as f64));
    let with = |field: &str| events.iter().filter(|event| !row::text(event, field).is_empty()).count();
    let ended =
        events.iter().filter(|event| ["success", "failure", "partial"].contains(&row::text(event, "outcome"))).count();
    let well = events.iter().filter(|event| row::text(event, "outcome") == "success").count();
    let sure: Vec<f64> = events.iter().filter_map(|event| row::number(event, "confidence")).collect();
    json!({
        "success_rate": share(well, ended), "with_outcome": share(with("outcome"), events.len()),
        "with_learning": share(with("learned"), events.len()), "mean_confidence": mean(&sure).map(row::round),
    })
}

/// `optimize_user_prompt_submit`.
pub(super) fn prompt(given: Value) -> Answer {
    let moment: Moment = arguments(given)?;
    let mut missing = Missing::default();
    let at = now();
    let active = missing
        .look(TASKS, || Ok(json!(looking::tasks(&moment.with_status("active")?.ascending("urgency")?.limit(5))?)))?;
    let health = if moment.monitor_health { health(&moment, &mut missing, at)? } else { Value::Null };
    let fired = moment.fired_triggers(&mut missing)?;
    let pending = waiting()?.count()?;
    let mut engine = moment.engine()?;
    let context = json!({"prompt": moment.prompt, "session_id": moment.session_id, "health": health});
    let outcome = moment.fire(&mut engine, "user_prompt_submit", &context)?;
    let found = vec![
        ("active_tasks", active),
        ("health", health),
        ("fired_triggers", fired),
        ("pending_actions", json!(pending)),
    ];
    Ok(answered(engine, outcome, found, missing))
}

fn health(moment: &Moment, missing: &mut Missing, at: u64) -> Answer {
    let tasks = missing.look(TASKS, || {
        let stalled = moment.with_status("active")?.filter(json!(["updated_at", "<", at.saturating_sub(7 * DAY)]))?;
        Ok(json!({
            "overdue": moment.overdue(at)?.count()?, "blocked": moment.with_status("blocked")?.count()?,
            "stalled_7_days": stalled.count()?,
        }))
    })?;
    let errors = missing.look(EVENTS, || {
        let errors = of(EVENTS, moment.within())?.filter(json!(["event_type", "=", "error"]))?.filter(json!([
            "timestamp",
            ">=",
            at.saturating_sub(DAY)
        ]))?;
        let newest = errors.count()?;
        let shown = errors.descending("timestamp")?.limit(3).page()?.rows;
        Ok(json!({"last_24_hours": newest, "newest": shown.iter().map(looking::event).collect::<Vec<_>>()}))
    })?;
    let open = Query::of(BREAKERS).filter(json!(["state", "!=", "closed"]))?.select(&["name", "state"])?.limit(20);
    let open: Vec<String> = open.page()?.rows.iter().map(|row| row::text(row, "name").to_owned()).collect();
    Ok(json!({"tasks": tasks, "errors": errors, "open_breakers": open}))
}

#[derive(Deserialize)]
struct Tool {
    tool_name: String,
    execution_time_ms: f64,
    tool_result: String,
    task_id: Option<Id>,
    session_id: Option<String>,
    namespace: Option<String>,
}

/// Whether a result says that a tool failed.
fn has_failed(result: &str) -> bool {
    ["failure", "failed", "fail", "error", "timeout"].contains(&result.to_lowercase().as_str())
}

/// `optimize_post_tool_use`.
pub(super) fn tool(given: Value) -> Answer {
    let given: Tool = arguments(given)?;
    let mut missing = Missing::default();
    let at = now();
    let failed = has_failed(&given.tool_result);
    let before = Query::of(TOOL_USES)
        .filter(json!(["tool_name", "=", given.tool_name]))?
        .descending("at")?
        .limit(MOST_USES)
        .select(&["result", "execution_time_ms"])?
        .page()?
        .rows;
    let times = sorted(
        before
            .iter()
            .filter_map(|row| row::number(row, "execution_time_ms"))
            .filter(|milliseconds| *milliseconds > 0.0),
    );
    let measured = given.execution_time_ms > 0.0 && times.len() >= LEAST_USES;
    let slow = measured.then(|| quantile(&times, 0.95).is_some_and(|most| given.execution_time_ms > most));
    let failures = before.iter().filter(|row| has_failed(row::text(row, "result"))).count() + usize::from(failed);
    let task = match given.task_id {
        Some(Id(id)) => missing.look(TASKS, || Ok(get(TASKS, id)?.map(|task| looking::task(&task)).into()))?,
        None => Value::Null,
    };
    let mut used = json!({
        "tool_name": given.tool_name, "result": given.tool_result, "execution_time_ms": given.execution_time_ms, "at": at,
    });
    super::put_some(&mut used, "task", row::int(&task, "id"));
    super::put_some(&mut used, "session_id", given.session_id.clone());
    super::put_some(&mut used, "namespace", given.namespace.clone());
    let used = write::insert(TOOL_USES, &used)?;
    let uses = before.len() + 1;
    let tool = json!({
        "tool_name": given.tool_name, "looked_at": uses, "failures": failures,
        "failure_rate": row::round(failures as f64 / uses as f64), "measured_before": times.len(),
        "median_ms": quantile(&times, 0.5).map(row::round), "p95_ms": quantile(&times, 0.95).map(row::round),
    });
    let mut engine = Engine::new(given.session_id, given.namespace)?;
    let context = json!({
        "tool": given.tool_name, "tool_name": given.tool_name, "execution_time_ms": given.execution_time_ms,
        "tool_result": given.tool_result, "failed": failed, "slow": slow, "task_id": row::int(&task, "id"), "use": used,
        "failure_rate": tool.get("failure_rate"),
    });
    let outcome = engine.hook("post_tool_use", &context, &Engine::after(None, None)?)?;
    if failed && outcome.outcome == "fired" {
        // It follows the use: what error_occurred triggers does not come back to post_tool_use.
        engine.hook("error_occurred", &context, &Engine::after(outcome.firing, None)?)?;
    }
    let found =
        vec![("use", json!(used)), ("tool", tool), ("slow", json!(slow)), ("failed", json!(failed)), ("task", task)];
    Ok(answered(engine, outcome, found, missing))
}

#[derive(Deserialize)]
struct Before {
    task_id: Id,
    strict_mode: bool,
    run_scenarios: Value,
    session_id: Option<String>,
    namespace: Option<String>,
}

/// `optimize_pre_execution`.
pub(super) fn pre_execution(given: Value) -> Answer {
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
        ("task", looking::task(&task)),
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
