//! The ends of an attempt: done, failed, out of time, cancelled; and who is free then.

use super::{AGENTS, DEPENDENCIES, FAILURES, MOST, PAGE, TASKS, agent, audit, emit, now, patch, task, unchanged};
use crate::failure;
use crate::status::{AfterFailure, after_failure, is_over, waiting};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, get_many, json, write};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct End {
    task_id: Reference,
    agent_id: Option<Reference>,
    result_data: Option<Value>,
    error_message: Option<String>,
    #[serde(default = "yes")]
    retryable: bool,
    #[serde(default = "yes")]
    cancel_dependents: bool,
    reason: Option<String>,
}

fn yes() -> bool {
    true
}

fn told(id: u64, status: &str, changed: &[u64]) -> Value {
    json!({"id": id, "ref": row::reference(id), "status": status, "changed_tasks": changed})
}

fn refused(task: &Value, may: &str) -> Fault {
    let (name, status) = (row::reference(row::id(task)), row::text(task, "status"));
    Fault::new("conflict.transition", format!("{name} is {status}: {may}"))
}

/// The running task a caller means. An agent that lost it, by a timeout for instance, is refused.
fn running(given: &End) -> Result<Value, Fault> {
    let task = task(&given.task_id)?;
    if row::text(&task, "status") != "running" {
        return Err(refused(&task, "only a running task can end so, and task_claim runs one"));
    }
    if let Some(reference) = &given.agent_id {
        let agent = agent(reference)?;
        if row::int(&task, "agent") != Some(row::id(&agent)) {
            let (name, task) = (row::text(&agent, "name"), row::reference(row::id(&task)));
            return Err(Fault::new(
                "conflict.not-claimed",
                format!("agent `{name}` does not run {task} any more: claim another task"),
            ));
        }
    }
    Ok(task)
}

/// Sets the agent of a task free; `field` counts how it went.
fn free(task: &Value, field: Option<&str>, heard: bool) -> Result<(), Fault> {
    let Some(id) = row::int(task, "agent") else { return Ok(()) };
    let Some(agent) = get(AGENTS, id)?.filter(|agent| row::int(agent, "task") == Some(row::id(task))) else {
        return Ok(());
    };
    let mut fields = super::map(json!({"task": null}));
    if row::text(&agent, "state") != "terminated" {
        fields.insert("state".into(), json!("idle"));
    }
    if heard {
        fields.insert("heartbeat_at".into(), json!(now()));
    }
    if let Some(field) = field {
        fields.insert(field.into(), json!(row::int(&agent, field).unwrap_or_default() + 1));
    }
    patch(AGENTS, id, &fields.into())
}

/// `task_complete`.
pub(super) fn complete(given: Value) -> Answer {
    let given: End = arguments(given)?;
    let task = running(&given)?;
    let (id, now) = (row::id(&task), now());
    let took = now.saturating_sub(row::int(&task, "started_at").unwrap_or(now));
    patch(
        TASKS,
        id,
        &json!({"status": "completed", "completed_at": now, "deadline_at": null, "duration_ms": took, "progress_percent": 100.0,
                "result_data": given.result_data, "error_message": null}),
    )?;
    free(&task, Some("completed_tasks"), true)?;
    let ready = release(id)?;
    audit::note(
        "task_completed",
        Some(id),
        row::int(&task, "agent"),
        &json!({"duration_ms": took, "made_ready": ready}),
    )?;
    emit("task_completed", &json!({"task": id, "made_ready": ready}))?;
    Ok(told(id, "completed", &ready))
}

/// Closes the dependencies on a completed task; answers those that nothing else blocks.
fn release(id: u64) -> Result<Vec<u64>, Fault> {
    let query = Query::of(DEPENDENCIES).filter(json!(["depends_on", "=", id]))?.filter(json!(["open", "=", true]))?;
    // One added meanwhile would stay open for ever: then this call runs again.
    write::expect(&query, query.count()?)?;
    let mut ready = Vec::new();
    for edge in query.limit(PAGE).all(MOST)? {
        patch(DEPENDENCIES, row::id(&edge), &json!({"open": false}))?;
        if row::text(&edge, "kind") == "depends_on"
            && let Some(waiter) = row::int(&edge, "task")
            && settle(waiter)? == Some("ready")
        {
            ready.push(waiter);
        }
    }
    Ok(ready)
}

/// Counts anew what a waiting task waits for; answers its state, none if it does not wait. The row is written in any case: of two
/// calls that each close one of its dependencies, the later one runs again and sees both closed.
pub(super) fn settle(id: u64) -> Result<Option<&'static str>, Fault> {
    let Some(task) = get(TASKS, id)?.filter(|task| matches!(row::text(task, "status"), "blocked" | "ready")) else {
        return Ok(None);
    };
    let open = open_dependencies(id)?;
    let status = waiting(open);
    patch(TASKS, id, &json!({"open_dependencies": open, "status": status}))?;
    if status == "ready" && row::text(&task, "status") != "ready" {
        emit("task_ready", &json!({"task": id, "agent_type": row::text(&task, "agent_type")}))?;
    }
    Ok(Some(status))
}

fn open_dependencies(id: u64) -> Result<u64, Fault> {
    Query::of(DEPENDENCIES)
        .filter(json!(["task", "=", id]))?
        .filter(json!(["open", "=", true]))?
        .filter(json!(["kind", "=", "depends_on"]))?
        .count()
}

/// Records a failed attempt and puts the task back or ends it; answers its new state. `counts`: the attempt is one of max_retries.
pub(super) fn attempt_failed(
    task: &Value,
    kind: &str,
    message: &str,
    retryable: bool,
    counts: bool,
) -> Result<&'static str, Fault> {
    let (id, now) = (row::id(task), now());
    let tried = row::int(task, "retry_count").unwrap_or_default();
    let next = if counts {
        after_failure(tried, row::int(task, "max_retries").unwrap_or_default(), retryable)
    } else {
        AfterFailure::Again(tried)
    };
    write::insert(
        FAILURES,
        &json!({"task": id, "agent": row::int(task, "agent"), "agent_type": row::text(task, "agent_type"), "project": row::text(task, "project"),
                "kind": kind, "attempt": tried + 1, "message": message, "signature": failure::signature(message),
                "class": if kind == "timeout" { "timeout" } else { failure::class(message) }, "at": now}),
    )?;
    let (status, fields) = match next {
        AfterFailure::Again(count) => (
            "ready",
            json!({"status": "ready", "retry_count": count, "agent": null, "started_at": null, "deadline_at": null, "error_message": message}),
        ),
        AfterFailure::Failed => {
            ("failed", json!({"status": "failed", "completed_at": now, "deadline_at": null, "error_message": message}))
        }
    };
    patch(TASKS, id, &fields)?;
    free(task, Some("failed_attempts"), kind == "error")?;
    let action = match (kind, status) {
        ("timeout", _) => "task_timed_out",
        (_, "failed") => "task_failed",
        _ => "task_requeued",
    };
    audit::note(
        action,
        Some(id),
        row::int(task, "agent"),
        &json!({"kind": kind, "error": row::clip(message, 500), "status": status}),
    )?;
    emit(if status == "failed" { "task_failed" } else { "task_ready" }, &json!({"task": id, "kind": kind}))?;
    Ok(status)
}

/// `task_fail`.
pub(super) fn fail(given: Value) -> Answer {
    let given: End = arguments(given)?;
    let task = running(&given)?;
    let message = given.error_message.as_deref().unwrap_or("no message was given");
    let status = attempt_failed(&task, "error", message, given.retryable, true)?;
    Ok(told(row::id(&task), status, &[]))
}

#[derive(Deserialize)]
struct TimeOut {
    limit: Option<u32>,
}

/// `requeue_timed_out`. A second call at the same time finds the versions changed, runs again, and finds nothing.
pub(super) fn time_out(given: Value) -> Answer {
    let given: TimeOut = arguments(given)?;
    let late = Query::of(TASKS)
        .filter(json!(["status", "=", "running"]))?
        .filter(json!(["deadline_at", "<=", now()]))?
        .ascending("deadline_at")?
        .limit(given.limit.unwrap_or(200))
        .page()?
        .rows;
    let (mut requeued, mut failed) = (Vec::new(), Vec::new());
    for task in &late {
        let seconds = row::int(task, "max_execution_timeout_seconds").unwrap_or_default();
        let message = format!("timed out after {seconds} s");
        let list = if attempt_failed(task, "timeout", &message, true, true)? == "failed" {
            &mut failed
        } else {
            &mut requeued
        };
        list.push(row::id(task));
    }
    Ok(json!({"requeued": requeued, "failed": failed}))
}

/// The tasks that wait for some, directly or through others, without them.
fn waiting_for(id: u64) -> Result<Vec<u64>, Fault> {
    let mut seen = BTreeSet::from([id]);
    let mut frontier = vec![id];
    while !frontier.is_empty() {
        let edges = Query::of(DEPENDENCIES)
            .filter(json!(["depends_on", "in", frontier]))?
            .filter(json!(["open", "=", true]))?
            .filter(json!(["kind", "=", "depends_on"]))?
            .limit(PAGE)
            .all(MOST)?;
        frontier = edges.iter().filter_map(|edge| row::int(edge, "task")).filter(|task| seen.insert(*task)).collect();
        if seen.len() > 2_000 {
            return Err(Fault::new("limit.dependents", "more than 2,000 tasks wait for it: cancel some of them first"));
        }
    }
    seen.remove(&id);
    Ok(seen.into_iter().collect())
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
    let given: End = arguments(given)?;
    let task = task(&given.task_id)?;
    let id = row::id(&task);
    if is_over(row::text(&task, "status")) {
        return Err(refused(&task, "only a task that is not over can be cancelled"));
    }
    let waiters: Vec<Value> = get_many(TASKS, &waiting_for(id)?)?
        .into_iter()
        .flatten()
        .filter(|task| !is_over(row::text(task, "status")))
        .collect();
    // A task that comes to wait for this one meanwhile must be seen.
    let edges = Query::of(DEPENDENCIES).filter(json!(["depends_on", "=", id]))?.filter(json!(["open", "=", true]))?;
    write::expect(&edges, edges.count()?)?;
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

/// `task_retry`.
pub(super) fn retry(given: Value) -> Answer {
    let given: End = arguments(given)?;
    let task = task(&given.task_id)?;
    let id = row::id(&task);
    if !matches!(row::text(&task, "status"), "failed" | "cancelled") {
        return Err(refused(&task, "only a failed or cancelled task can be put back"));
    }
    unchanged(&task)?;
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
