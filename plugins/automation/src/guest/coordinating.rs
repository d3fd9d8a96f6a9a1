//! The moments of a session: each triggers its hook and answers what the rows say then.

use super::firing::{Engine, Outcome};
use super::history::waiting;
use super::looking::{self, Missing, counts, of};
use super::{BREAKERS, EVENTS, FIRED, GOALS, TASKS, TOOL_USES, now, put};
use crate::spread::{quantile, sorted};
use memstrata_sdk::args::Id;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

mod ending;
mod preparing;

pub(super) use ending::session_end;
pub(super) use preparing::pre_execution;

const DAY: u64 = 86_400_000;
/// Open states of tasks.
const OPEN: [&str; 3] = ["pending", "active", "blocked"];
/// Uses of a tool that are looked at.
const MOST_USES: u32 = 200;
/// So many measured uses are needed before one is called slow.
const LEAST_USES: usize = 20;

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
    let open =
        of(BREAKERS, moment.within())?.filter(json!(["state", "!=", "closed"]))?.select(&["name", "state"])?.limit(20);
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
