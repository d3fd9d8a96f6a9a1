//! Tasks that are not to be done, with those that wait for them; and tasks put back.
//!
//! What these decide by is more than what they write: the edges of every task behind the cancelled one, and the states of those left
//! alone. All of it is expected to be so at the commit, so that a task that comes to wait meanwhile makes the call run again.

use super::finishing::{free, open_dependencies, refused, told};
use super::{DEPENDENCIES, MOST, PAGE, TASKS, audit, emit, now, patch, task, unchanged};
use crate::dependants::{CHUNK, behind, dead};
use crate::status::{OPEN, is_over, waiting};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, json, write};
use serde::Deserialize;

/// Tasks cancelled with one, at most.
const MOST_WAITERS: usize = 2_000;
/// Tasks named in an error.
const MOST_NAMED: usize = 5;

#[derive(Deserialize)]
struct Cancel {
    task_id: Reference,
    #[serde(default = "yes")]
    cancel_dependents: bool,
    reason: Option<String>,
}

fn yes() -> bool {
    true
}

fn too_many() -> Fault {
    Fault::new("limit.dependents", "more than 2,000 tasks wait for it: cancel some of them first")
}

/// Open edges whose field is one of some tasks.
fn open_edges(field: &str, tasks: &[u64]) -> Result<Query, Fault> {
    Query::of(DEPENDENCIES).filter(json!([field, "in", tasks]))?.filter(json!(["open", "=", true]))?.filter(json!([
        "kind",
        "=",
        "depends_on"
    ]))
}

/// The tasks behind those open edges, which are expected to stay all there are.
fn expected(field: &str, tasks: &[u64], other: &str) -> Result<Vec<u64>, Fault> {
    let edges = open_edges(field, tasks)?.select(&[other])?.limit(PAGE).all(MOST + 1)?;
    if edges.len() > MOST {
        return Err(too_many());
    }
    write::expect(&open_edges(field, tasks)?, edges.len() as u64)?;
    Ok(edges.iter().filter_map(|edge| row::int(edge, other)).collect())
}

/// Those of some tasks that are not over; so many are expected to be.
fn not_over(tasks: &[u64]) -> Result<Vec<Value>, Fault> {
    let mut open = Vec::new();
    for chunk in tasks.chunks(CHUNK) {
        let found: Vec<Value> =
            get_many(TASKS, chunk)?.into_iter().flatten().filter(|task| !is_over(row::text(task, "status"))).collect();
        // One that is over is only read: put back meanwhile, it would wait for a cancelled task.
        let query = Query::of(TASKS).filter(json!(["id", "in", chunk]))?.filter(json!(["status", "in", OPEN]))?;
        write::expect(&query, found.len() as u64)?;
        open.extend(found);
    }
    Ok(open)
}

fn cancel_one(task: &Value, reason: Option<&str>) -> Result<(), Fault> {
    let id = row::id(task);
    patch(
        TASKS,
        id,
        &json!({"status": "cancelled", "completed_at": now(), "deadline_at": null, "error_message": reason}),
    )?;
    free(task, None, false)?;
    audit::note("task_cancelled", Some(id), row::int(task, "agent"), &json!({"reason": reason}))?;
    emit("task_cancelled", &json!({"task": id}))
}

/// `task_cancel`.
pub(super) fn cancel(given: Value) -> Answer {
    let given: Cancel = arguments(given)?;
    let task = task(&given.task_id)?;
    let id = row::id(&task);
    if is_over(row::text(&task, "status")) {
        return Err(refused(&task, "only a task that is not over can be cancelled"));
    }
    let behind = behind(id, MOST_WAITERS, |tasks| expected("depends_on", tasks, "task"))?.ok_or_else(too_many)?;
    let waiters = not_over(&behind)?;
    cancel_one(&task, given.reason.as_deref())?;
    let (mut cancelled, mut left) = (vec![id], Vec::new());
    let because = format!("{} was cancelled", row::reference(id));
    for waiter in &waiters {
        if given.cancel_dependents {
            cancel_one(waiter, Some(&because))?;
            cancelled.push(row::id(waiter));
        } else {
            left.push(row::id(waiter));
        }
    }
    Ok(json!({"id": id, "status": "cancelled", "cancelled": cancelled, "left_blocked": left}))
}

#[derive(Deserialize)]
struct Retry {
    task_id: Reference,
}

/// Refuses a task that would wait for one that will not be completed; that none is such is expected at the commit too.
fn check_before(id: u64) -> Result<(), Fault> {
    let before = expected("task", &[id], "depends_on")?;
    let mut gone: Vec<(u64, String)> = Vec::new();
    for chunk in before.chunks(CHUNK) {
        let rows: Vec<Value> = get_many(TASKS, chunk)?.into_iter().flatten().collect();
        let states: Vec<(u64, &str)> = rows.iter().map(|task| (row::id(task), row::text(task, "status"))).collect();
        gone.extend(dead(&states).into_iter().map(|(id, status)| (id, status.to_owned())));
        let ids = Query::of(TASKS).filter(json!(["id", "in", chunk]))?;
        write::expect(&ids.filter(json!(["status", "in", ["failed", "cancelled"]]))?, 0)?;
    }
    if gone.is_empty() {
        return Ok(());
    }
    let mut named: Vec<String> =
        gone.iter().take(MOST_NAMED).map(|(id, status)| format!("{} ({status})", row::reference(*id))).collect();
    if gone.len() > MOST_NAMED {
        named.push(format!("{} more", gone.len() - MOST_NAMED));
    }
    Err(Fault::new(
        "conflict.dependency",
        format!(
            "{} waits for {}, which will not be completed: task_retry puts that back first",
            row::reference(id),
            named.join(", ")
        ),
    ))
}

/// `task_retry`.
pub(super) fn retry(given: Value) -> Answer {
    let given: Retry = arguments(given)?;
    let task = task(&given.task_id)?;
    let id = row::id(&task);
    if !matches!(row::text(&task, "status"), "failed" | "cancelled") {
        return Err(refused(&task, "only a failed or cancelled task can be put back"));
    }
    unchanged(&task)?;
    check_before(id)?;
    let open = open_dependencies(id)?;
    let status = waiting(open);
    patch(
        TASKS,
        id,
        &json!({"status": status, "open_dependencies": open, "retry_count": 0, "agent": null, "started_at": null, "completed_at": null,
                "progress_percent": null}),
    )?;
    audit::note("task_retried", Some(id), None, &json!({"status": status}))?;
    emit("task_enqueued", &json!({"task": id, "agent_type": row::text(&task, "agent_type"), "status": status}))?;
    Ok(told(id, status, &[]))
}
