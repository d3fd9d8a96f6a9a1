//! How work goes: health of a task, workflow, dashboard, critical path, bottlenecks, accuracy of estimates.

use super::{DEPENDENCIES, FIRINGS, GOALS, MOST, PAGE, PHASES, TASKS, goals, map, moving, now, settings, task};
use crate::accuracy::{Sample, of};
use crate::critical_path::{Node, held_up, network};
use crate::health::{Facts, look};
use crate::plan::Plan;
use crate::row;
use crate::task::{brief, counts, open_statuses};
use crate::vocabulary::{GOAL_STATUSES, PHASES as PHASE_NAMES, PRIORITIES, STATUSES};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, json};
use serde::Deserialize;
use std::collections::BTreeSet;

const DAY: u64 = 86_400_000;
/// Rows a page of those of which only a few short fields are read: fewer pages, fewer calls.
const WIDE: u32 = 1_000;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    task_id: Option<Reference>,
    namespace: Option<String>,
    days_back: Option<u64>,
    limit: Option<u32>,
}

impl Given {
    fn tasks(&self) -> Result<Query, Fault> {
        Query::of(TASKS).namespace(self.namespace.as_deref())
    }

    fn open(&self) -> Result<Query, Fault> {
        self.tasks()?.filter(json!(["status", "in", open_statuses()]))
    }

    fn overdue(&self, now: u64) -> Result<Query, Fault> {
        self.open()?.filter(json!(["due_at", "<", now]))
    }
}

/// `get_task_health`.
pub(super) fn task_health(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let task = task(given.task_id.as_ref().ok_or_else(|| Fault::invalid("`task_id` is missing"))?)?;
    let (id, at) = (row::id(&task), now());
    let blockers = moving::blockers(id)?;
    let executed = Query::of(PHASES).filter(json!(["task", "=", id]))?.filter(json!(["phase", "=", "executing"]))?;
    let current = match (row::text(&task, "phase"), row::int(&task, "phase_started_at")) {
        ("executing", Some(started)) => row::minutes(started, at),
        _ => 0.0,
    };
    let spent = row::round(executed.aggregate("sum", "minutes")?.unwrap_or_default() + current);
    let facts = Facts {
        status: row::text(&task, "status").to_owned(),
        due_at: row::int(&task, "due_at"),
        changed_at: row::int(&task, "updated_at").unwrap_or(at),
        estimated_minutes: row::number(&task, "estimated_minutes"),
        spent_minutes: spent,
        progress: row::number(&task, "progress").unwrap_or_default(),
        plan_validated: Plan::of(&task).map(|plan| plan.validated),
        dead_blockers: moving::dead(&blockers)?,
        blockers,
        blocked_reason: row::text(&task, "blocked_reason").to_owned(),
    };
    let health = look(&facts, at, settings()?.stalled_days.saturating_mul(DAY));
    Ok(json!({
        "id": id, "state": health.state, "score": health.score, "issues": health.issues, "status": facts.status,
        "phase": row::text(&task, "phase"), "progress": facts.progress, "spent_minutes": spent,
        "estimated_minutes": facts.estimated_minutes, "blockers": facts.blockers,
    }))
}

/// `get_workflow_status`.
pub(super) fn workflow(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let at = now();
    let space = given.namespace.as_deref();
    let mut durations = serde_json::Map::new();
    for phase in PHASE_NAMES {
        let left = || Query::of(PHASES).namespace(space)?.filter(json!(["phase", "=", phase]));
        if let Some(mean) = left()?.aggregate("avg", "minutes")? {
            durations.insert(phase.into(), json!({"mean_minutes": row::round(mean), "count": left()?.count()?}));
        }
    }
    let overdue = given.overdue(at)?.ascending("due_at")?.limit(20).page()?.rows;
    let active = given.tasks()?.filter(json!(["status", "=", "active"]))?.ascending("urgency")?.limit(20).page()?.rows;
    let completed = given.tasks()?.filter(json!(["status", "=", "completed"]))?;
    Ok(json!({
        "total": given.tasks()?.count()?,
        "by_phase": counts(&PHASE_NAMES, &given.tasks()?.group_count("phase")?),
        "by_status": counts(&STATUSES, &given.tasks()?.group_count("status")?),
        "phase_durations": durations,
        "mean_actual_minutes": completed.aggregate("avg", "actual_duration_minutes")?.map(row::round),
        "overdue_count": given.overdue(at)?.count()?,
        "overdue": overdue.iter().map(|task| brief(task, at)).collect::<Vec<_>>(),
        "active": active.iter().map(|task| brief(task, at)).collect::<Vec<_>>(),
    }))
}

/// `get_project_dashboard`.
pub(super) fn dashboard(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let at = now();
    let space = given.namespace.as_deref();
    let shown = |query: Query| -> Result<Vec<Value>, Fault> {
        Ok(query.limit(10).page()?.rows.iter().map(|task| brief(task, at)).collect())
    };
    let done = |days: u64| {
        let since = at.saturating_sub(days * DAY);
        given.tasks()?.filter(json!(["status", "=", "completed"]))?.filter(json!(["completed_at", ">=", since]))
    };
    let next_week = given.open()?.filter(json!(["due_at", ">=", at]))?.filter(json!(["due_at", "<", at + 7 * DAY]))?;
    let goals: Vec<Value> = Query::of(GOALS)
        .namespace(space)?
        .filter(json!(["status", "=", "in_progress"]))?
        .select(&["goal_text", "progress"])?
        .limit(10)
        .page()?
        .rows
        .iter()
        .map(|goal| json!({"id": row::id(goal), "goal_text": row::text(goal, "goal_text"), "progress": row::number(goal, "progress")}))
        .collect();
    Ok(json!({
        "by_status": counts(&STATUSES, &given.tasks()?.group_count("status")?),
        "open_by_priority": counts(&PRIORITIES, &given.open()?.group_count("priority")?),
        "by_phase": counts(&PHASE_NAMES, &given.tasks()?.group_count("phase")?),
        "overdue": shown(given.overdue(at)?.ascending("due_at")?)?,
        "due_within_7_days": shown(next_week.ascending("due_at")?)?,
        "active": shown(given.tasks()?.filter(json!(["status", "=", "active"]))?.ascending("urgency")?)?,
        "blocked": shown(given.tasks()?.filter(json!(["status", "=", "blocked"]))?.ascending("urgency")?)?,
        "recently_completed": shown(done(7)?.descending("completed_at")?)?,
        "completed_last_7_days": done(7)?.count()?,
        "completed_last_30_days": done(30)?.count()?,
        "goals": counts(&GOAL_STATUSES, &Query::of(GOALS).namespace(space)?.group_count("status")?),
        "goals_in_progress": goals,
        "fired_unacknowledged": Query::of(FIRINGS).namespace(space)?.filter(json!(["acknowledged", "=", false]))?.count()?,
    }))
}

/// `get_project_status`.
pub(super) fn project(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let at = now();
    let total = given.tasks()?.filter(json!(["status", "!=", "cancelled"]))?.count()?;
    let done = given.tasks()?.filter(json!(["status", "=", "completed"]))?.count()?;
    let overdue = given.overdue(at)?.count()?;
    let blocked = given.tasks()?.filter(json!(["status", "=", "blocked"]))?.count()?;
    #[expect(clippy::cast_precision_loss, reason = "counts of tasks")]
    let completion = (total > 0).then(|| row::round(done as f64 / total as f64));
    let next = given.open()?.filter(json!(["due_at", ">=", at]))?.ascending("due_at")?.first()?;
    let open_goals = goals::aimed(given.namespace.as_deref())?.count()?;
    let state = match (overdue, blocked) {
        (0, 0) => "on_track",
        (0, _) => "blocked_work",
        _ => "overdue_work",
    };
    Ok(json!({
        "state": state, "tasks": total, "completed": done, "completion": completion, "open": given.open()?.count()?,
        "overdue": overdue, "blocked": blocked, "open_goals": open_goals, "next_due": next.map(|task| brief(&task, at)),
    }))
}

/// Open edges that order tasks, as (before, after).
fn edges(space: Option<&str>) -> Result<Vec<(u64, u64)>, Fault> {
    let rows = Query::of(DEPENDENCIES)
        .namespace(space)?
        .filter(json!(["open", "=", true]))?
        .filter(json!(["dependency_type", "in", ["blocks", "enables"]]))?
        .select(&["from_task", "to_task"])?
        .limit(WIDE)
        .all(MOST)?;
    Ok(rows.iter().filter_map(|edge| Some((row::int(edge, "from_task")?, row::int(edge, "to_task")?))).collect())
}

/// These of the tasks, as far as they are open, by id, with the fields a network needs.
fn open_of(ids: &[u64]) -> Result<Vec<Value>, Fault> {
    let mut tasks = Vec::with_capacity(ids.len());
    for ids in ids.chunks(WIDE as usize) {
        let query = Query::of(TASKS).filter(json!(["id", "in", ids]))?;
        tasks.extend(query.select(&["status", "estimated_minutes", "progress"])?.limit(WIDE).page()?.rows);
    }
    tasks.retain(|task| !crate::phase::is_over(row::text(task, "status")));
    Ok(tasks)
}

/// `analyze_critical_path`.
pub(super) fn critical_path(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let default = f64::from(settings()?.default_minutes);
    let edges = edges(given.namespace.as_deref())?;
    let named: BTreeSet<u64> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let tasks = open_of(&named.into_iter().collect::<Vec<_>>())?;
    let left = |task: &Value| {
        let estimate = row::number(task, "estimated_minutes").unwrap_or(default);
        row::round(estimate * (1.0 - row::number(task, "progress").unwrap_or_default()))
    };
    let nodes: Vec<Node> = tasks.iter().map(|task| Node { id: row::id(task), minutes: left(task) }).collect();
    let found = network(&nodes, &edges);
    let on_it = get_many(TASKS, &found.path)?;
    let content =
        |task: &Option<Value>| task.as_ref().map(|task| row::clip(row::text(task, "content"), 120).to_owned());
    let path: Vec<Value> =
        found.path.iter().zip(&on_it).map(|(id, task)| json!({"id": id, "content": content(task)})).collect();
    let slots: Vec<Value> = found
        .slots
        .iter()
        .take(given.limit.unwrap_or(100) as usize)
        .map(|slot| json!({"id": slot.id, "start": row::round(slot.start), "end": row::round(slot.end), "slack": row::round(slot.slack)}))
        .collect();
    let guessed = tasks.iter().filter(|task| row::number(task, "estimated_minutes").is_none()).count();
    Ok(
        json!({"path": path, "minutes": row::round(found.minutes), "tasks": slots, "without_estimate": guessed, "counted_for_each": default}),
    )
}

/// `detect_bottlenecks`.
pub(super) fn bottlenecks(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let at = now();
    let edges = edges(given.namespace.as_deref())?;
    let most = given.limit.unwrap_or(10) as usize;
    let mut found: Vec<Value> = Vec::new();
    // Of the most waited for, only as many tasks are read as are shown: the others are over.
    for ranked in held_up(&edges).chunks(most.clamp(10, PAGE as usize)) {
        let ids: Vec<u64> = ranked.iter().map(|(id, _)| *id).collect();
        for (task, (_, waiting)) in get_many(TASKS, &ids)?.iter().zip(ranked) {
            let Some(task) = task.as_ref().filter(|task| !crate::phase::is_over(row::text(task, "status"))) else {
                continue;
            };
            let mut shown = map(brief(task, at));
            shown.insert("waiting".into(), json!(waiting));
            found.push(Value::Object(shown));
        }
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    Ok(json!({"count": found.len(), "bottlenecks": found}))
}

/// `analyze_estimation_accuracy`.
pub(super) fn accuracy(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let since = now().saturating_sub(given.days_back.unwrap_or(30).saturating_mul(DAY));
    let rows = given
        .tasks()?
        .filter(json!(["status", "=", "completed"]))?
        .filter(json!(["completed_at", ">=", since]))?
        .filter(json!(["estimated_minutes", "!=", null]))?
        .filter(json!(["actual_duration_minutes", "!=", null]))?
        .select(&["priority", "estimated_minutes", "actual_duration_minutes"])?
        .limit(PAGE)
        .all(MOST)?;
    let sample = |task: &Value| {
        Some(Sample {
            estimated: row::number(task, "estimated_minutes")?,
            actual: row::number(task, "actual_duration_minutes")?,
        })
    };
    let all: Vec<Sample> = rows.iter().filter_map(sample).collect();
    let by_priority: serde_json::Map<String, Value> = PRIORITIES
        .iter()
        .map(|priority| {
            let of_it: Vec<Sample> =
                rows.iter().filter(|task| row::text(task, "priority") == *priority).filter_map(sample).collect();
            ((*priority).to_owned(), of(&of_it))
        })
        .collect();
    Ok(json!({"days_back": given.days_back.unwrap_or(30), "overall": of(&all), "by_priority": by_priority}))
}
