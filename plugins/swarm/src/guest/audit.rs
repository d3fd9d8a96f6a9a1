//! The audit: a line in the transaction of each deed, and asking for them.

use super::{AUDIT, agent, id_of, now, show, task};
use memstrata_sdk::args::Time;
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// Stages a line.
pub(super) fn note(action: &str, task: Option<u64>, agent: Option<u64>, data: &Value) -> Result<(), Fault> {
    let line =
        json!({"at": now(), "action_type": action, "task": task, "agent": agent, "action_data": data, "result": "ok"});
    write::insert(AUDIT, &line).map(|_| ())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    action_type: Option<String>,
    agent_id: Option<Reference>,
    task_id: Option<Reference>,
    action_data: Option<Value>,
    result: Option<String>,
    memory_operation_type: Option<String>,
    memory_namespace: Option<String>,
    memory_entry_id: Option<u64>,
    since: Option<Time>,
    until: Option<Time>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// `audit_record`.
pub(super) fn record(given: Value) -> Answer {
    let given: Line = arguments(given)?;
    let line = json!({
        "at": now(), "action_type": given.action_type, "agent": id_of(given.agent_id.as_ref(), agent)?,
        "task": id_of(given.task_id.as_ref(), task)?, "action_data": given.action_data, "result": given.result.unwrap_or_else(|| "ok".into()),
        "memory_operation_type": given.memory_operation_type, "memory_namespace": given.memory_namespace,
        "memory_entry_id": given.memory_entry_id,
    });
    Ok(json!({"id": write::insert(AUDIT, &line)?}))
}

/// `audit_query`.
pub(super) fn query(given: Value) -> Answer {
    let given: Line = arguments(given)?;
    let query = Query::of(AUDIT)
        .filter_if("task", "=", id_of(given.task_id.as_ref(), task)?)?
        .filter_if("agent", "=", id_of(given.agent_id.as_ref(), agent)?)?
        .filter_if("action_type", "=", given.action_type)?
        .filter_if("memory_operation_type", "=", given.memory_operation_type)?
        .filter_if("memory_namespace", "=", given.memory_namespace)?
        .filter_if("memory_entry_id", "=", given.memory_entry_id)?
        .filter_if("at", ">=", given.since.map(|time| time.0))?
        .filter_if("at", "<", given.until.map(|time| time.0))?
        .descending("at")?
        .limit(given.limit.unwrap_or(50))
        .after(given.cursor.as_deref())?;
    let page = query.page()?;
    let entries: Vec<Value> = page
        .rows
        .iter()
        .map(|line| {
            show::without_nulls(json!({
                "id": row::id(line), "timestamp": line.get("at"), "action_type": line.get("action_type"), "agent_id": line.get("agent"),
                "task_id": line.get("task"), "action_data": line.get("action_data"), "result": line.get("result"),
                "memory_operation_type": line.get("memory_operation_type"), "memory_namespace": line.get("memory_namespace"),
                "memory_entry_id": line.get("memory_entry_id"),
            }))
        })
        .collect();
    Ok(json!({"count": entries.len(), "entries": entries, "next_cursor": page.next}))
}
