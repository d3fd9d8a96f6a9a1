//! Reading the queue: one task, lists, counts, failures.

use super::{AGENTS, DEPENDENCIES, FAILURES, PAGE, TASKS, agent, id_of, namespace, now, project, show, task};
use crate::status::STATUSES;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get_many, json};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ask {
    task_id: Option<Reference>,
    status: Option<String>,
    agent_type: Option<String>,
    project_id: Option<Value>,
    session_id: Option<String>,
    parent_task_id: Option<Reference>,
    agent_id: Option<Reference>,
    kind: Option<String>,
    namespace: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The tasks at the other end of a task's dependencies.
fn linked(id: u64, mine: &str, other: &str) -> Result<Vec<Value>, Fault> {
    let edges = Query::of(DEPENDENCIES).filter(json!([mine, "=", id]))?.limit(100).page()?.rows;
    let ids: Vec<u64> = edges.iter().filter_map(|edge| row::int(edge, other)).collect();
    let tasks = get_many(TASKS, &ids)?;
    let shown = edges.iter().zip(&ids).zip(&tasks).map(|((edge, id), task)| {
        json!({"id": id, "status": task.as_ref().and_then(|task| task.get("status")), "kind": edge.get("kind"), "open": edge.get("open")})
    });
    Ok(shown.collect())
}

/// `task_get`.
pub(super) fn one(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let Some(reference) = &given.task_id else { return Err(Fault::invalid("give a task_id")) };
    let task = task(reference)?;
    let id = row::id(&task);
    let mut shown = show::whole(&task);
    let failures = Query::of(FAILURES).filter(json!(["task", "=", id]))?.descending("at")?.limit(20).page()?.rows;
    let parts = Query::of(TASKS).filter(json!(["parent", "=", id]))?.group_count("status")?;
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("dependencies".into(), json!(linked(id, "task", "depends_on")?));
        fields.insert("dependents".into(), json!(linked(id, "depends_on", "task")?));
        fields.insert("failures".into(), failures.iter().map(failure).collect());
        if !parts.is_empty() {
            fields.insert("parts".into(), counts(parts));
        }
    }
    Ok(shown)
}

fn failure(row_: &Value) -> Value {
    show::without_nulls(json!({
        "id": row::id(row_), "task_id": row_.get("task"), "agent_id": row_.get("agent"), "kind": row_.get("kind"), "class": row_.get("class"),
        "attempt": row_.get("attempt"), "message": row_.get("message"), "at": row_.get("at"),
    }))
}

/// Counts by value as an object.
pub(super) fn counts(groups: Vec<(Value, u64)>) -> Value {
    let named = groups.into_iter().map(|(value, count)| (value.as_str().unwrap_or("none").to_owned(), json!(count)));
    Value::Object(named.collect::<Map<String, Value>>())
}

/// A project to look in, where one is given.
fn wanted(given: Option<&Value>) -> Option<String> {
    given.filter(|id| !id.is_null()).map(|id| project(Some(id)))
}

/// `task_list`.
pub(super) fn list(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let mut query = Query::of(TASKS)
        .namespace(namespace(given.namespace.as_deref()))?
        .filter_if("agent_type", "=", given.agent_type.as_deref())?
        .filter_if("project", "=", wanted(given.project_id.as_ref()))?
        .filter_if("session_id", "=", given.session_id.as_deref())?
        .filter_if("parent", "=", id_of(given.parent_task_id.as_ref(), task)?)?
        .filter_if("agent", "=", id_of(given.agent_id.as_ref(), agent)?)?;
    query = match given.status.as_deref() {
        Some("pending") => query.filter(json!(["status", "in", ["blocked", "ready"]]))?,
        status => query.filter_if("status", "=", status)?,
    };
    let page = query
        .ascending("priority")?
        .ascending("submitted_at")?
        .limit(given.limit.unwrap_or(50))
        .after(given.cursor.as_deref())?
        .page()?;
    let tasks: Vec<Value> = page.rows.iter().map(show::brief).collect();
    Ok(json!({"count": tasks.len(), "tasks": tasks, "next_cursor": page.next}))
}

/// `task_queue_status`.
pub(super) fn status(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let project = wanted(given.project_id.as_ref());
    let of = |status: Option<&str>| {
        Query::of(TASKS).filter_if("project", "=", project.as_deref())?.filter_if("status", "=", status)
    };
    let groups = of(None)?.group_count("status")?;
    let total: u64 = groups.iter().map(|(_, count)| count).sum();
    let mut by_status = Map::new();
    for status in STATUSES {
        let count = groups.iter().find(|(value, _)| value.as_str() == Some(status)).map_or(0, |(_, count)| *count);
        by_status.insert(status.into(), json!(count));
    }
    let ready = of(Some("ready"))?;
    Ok(json!({
        "total": total,
        "by_status": by_status,
        "ready_by_agent_type": counts(ready.group_count("agent_type")?),
        "oldest_ready_at": whole(ready.aggregate("min", "submitted_at")?),
        "overdue_running": of(Some("running"))?.filter(json!(["deadline_at", "<=", now()]))?.count()?,
        "mean_duration_ms": of(Some("completed"))?.aggregate("avg", "duration_ms")?.map(row::round),
        "agents": counts(Query::of(AGENTS).group_count("state")?),
    }))
}

/// A time out of an aggregate.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are whole and below 2^53")]
fn whole(number: Option<f64>) -> Option<u64> {
    number.map(|number| number as u64)
}

/// `task_failures`.
pub(super) fn failures(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let page = Query::of(FAILURES)
        .filter_if("task", "=", id_of(given.task_id.as_ref(), task)?)?
        .filter_if("kind", "=", given.kind.as_deref())?
        .descending("at")?
        .limit(given.limit.unwrap_or(50).min(PAGE))
        .after(given.cursor.as_deref())?
        .page()?;
    let failures: Vec<Value> = page.rows.iter().map(failure).collect();
    Ok(json!({"count": failures.len(), "failures": failures, "next_cursor": page.next}))
}
