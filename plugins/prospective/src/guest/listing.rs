//! Reading tasks: one, lists, search.

use super::{PAGE, PHASES, TASKS, TRIGGERS, dependencies, milestones, now, task, triggers};
use crate::row;
use crate::task::{brief, open_statuses, whole};
use crate::vocabulary::urgency;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::{Answer, Fault, Query, Search, Value, arguments, json};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    status: Option<String>,
    priority: Option<String>,
    phase: Option<String>,
    goal_id: Option<Reference>,
    assignee: Option<String>,
    tag: Option<String>,
    overdue: bool,
    sort_by: Option<String>,
    namespace: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    query: String,
}

fn listed(query: &Query, now: u64) -> Answer {
    let page = query.page()?;
    let tasks: Vec<Value> = page.rows.iter().map(|task| brief(task, now)).collect();
    Ok(json!({"count": tasks.len(), "tasks": tasks, "next_cursor": page.next}))
}

/// `list_tasks`: each order is that of an index.
pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let at = now();
    let mut query = Query::of(TASKS)
        .namespace(given.namespace.as_deref())?
        .filter_if("status", "=", given.status.as_deref())?
        .filter_if("urgency", "=", given.priority.as_deref().map(urgency))?
        .filter_if("phase", "=", given.phase.as_deref())?
        .filter_if("assignee", "=", given.assignee.as_deref())?
        .filter_if("tags", "has", given.tag.as_deref())?;
    if let Some(goal) = &given.goal_id {
        query = query.filter(json!(["goal", "=", row::id(&super::goal(goal)?)]))?;
    }
    if given.overdue {
        query = query.filter(json!(["due_at", "<", at]))?.filter(json!(["status", "in", open_statuses()]))?;
    }
    let query = match given.sort_by.as_deref() {
        Some("due") => query.filter(json!(["due_at", "!=", null]))?.ascending("due_at")?,
        Some("recent") => query.descending("updated_at")?,
        _ => query.ascending("urgency")?,
    };
    listed(&query.limit(given.limit.unwrap_or(20)).after(given.cursor.as_deref())?, at)
}

/// `get_pending_tasks`: pending ones, most urgent first.
pub(super) fn pending(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let query = Query::of(TASKS)
        .namespace(given.namespace.as_deref())?
        .filter(json!(["status", "=", "pending"]))?
        .ascending("urgency")?
        .limit(given.limit.unwrap_or(20));
    listed(&query.after(given.cursor.as_deref())?, now())
}

/// `search_tasks`.
pub(super) fn search(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let mut search = Search::of(&given.query)
        .collection(TASKS)?
        .namespace(given.namespace.as_deref())?
        .limit(given.limit.unwrap_or(20));
    if let Some(status) = &given.status {
        search = search.filter(json!(["status", "=", status]))?;
    }
    let at = now();
    let tasks: Vec<Value> = search
        .hits()?
        .iter()
        .map(|hit| {
            let mut shown = brief(&hit.row, at);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("score".into(), json!(hit.score));
            }
            shown
        })
        .collect();
    Ok(json!({"count": tasks.len(), "tasks": tasks}))
}

#[derive(Deserialize)]
struct One {
    task_id: Reference,
}

/// The phases a task was in, oldest first, with the one it is in.
pub(super) fn phase_metrics(task: &Value) -> Result<Vec<Value>, Fault> {
    let left =
        Query::of(PHASES).filter(json!(["task", "=", row::id(task)]))?.ascending("started")?.limit(PAGE).page()?;
    let mut metrics: Vec<Value> = left
        .rows
        .iter()
        .map(|phase| {
            json!({"phase": row::text(phase, "phase"), "started": row::int(phase, "started"),
                   "completed": row::int(phase, "completed"), "minutes": row::number(phase, "minutes")})
        })
        .collect();
    let (phase, started) = (row::text(task, "phase"), row::int(task, "phase_started_at"));
    metrics.push(json!({"phase": phase, "started": started, "completed": null, "minutes": null}));
    Ok(metrics)
}

/// `get_task`.
pub(super) fn get_task(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let task = task(&given.task_id)?;
    let id = row::id(&task);
    let mut shown = whole(&task, now());
    let fired = Query::of(TRIGGERS).filter(json!(["task", "=", id]))?.limit(PAGE).page()?.rows;
    let milestones = milestones::of(id)?;
    let planned = crate::plan::Plan::of(&task).is_some();
    for (name, value) in [
        ("allowed_phases", json!(crate::phase::next_phases(row::text(&task, "phase"), planned))),
        ("phase_metrics", json!(phase_metrics(&task)?)),
        ("milestones", milestones.iter().map(milestones::shown).collect()),
        ("dependencies", json!(dependencies::of(id)?)),
        ("triggers", fired.iter().map(triggers::shown).collect()),
    ] {
        shown.insert(name.into(), value);
    }
    Ok(shown.into())
}
