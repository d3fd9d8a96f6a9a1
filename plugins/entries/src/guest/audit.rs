//! The audit: written with each write, and read.

use super::{AUDIT, name};
use crate::scope;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, clock, json, write};
use serde::Deserialize;

/// Who writes, and for which task.
pub(super) struct By<'a> {
    pub(super) actor: &'a str,
    pub(super) task: Option<&'a Value>,
}

/// Stages the line of a write.
pub(super) fn note(
    by: &By<'_>,
    action: &str,
    verb: &str,
    namespace: &str,
    entry: u64,
    data: &Value,
) -> Result<(), Fault> {
    write::insert(
        AUDIT,
        &json!({
            "namespace": namespace, "timestamp": clock::now(), "actor": by.actor, "task_id": name(by.task), "action_type": action,
            "action_data": data, "result": "ok", "memory_operation_type": verb, "memory_namespace": namespace,
            "memory_entry_id": entry,
        }),
    )
    .map(|_| ())
}

#[derive(Deserialize)]
struct Ask {
    actor: Option<String>,
    task_id: Option<Value>,
    namespace: Option<String>,
    memory_operation_type: Option<String>,
    memory_entry_id: Option<u64>,
    since: Option<u64>,
    until: Option<u64>,
    limit: u32,
    cursor: Option<String>,
}

pub(super) fn query(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let page = Query::of(AUDIT)
        .namespace(given.namespace.as_deref().and_then(scope::pattern))?
        .filter_if("actor", "=", given.actor)?
        .filter_if("task_id", "=", name(given.task_id.as_ref()))?
        .filter_if("memory_operation_type", "=", given.memory_operation_type)?
        .filter_if("memory_entry_id", "=", given.memory_entry_id)?
        .filter_if("timestamp", ">=", given.since)?
        .filter_if("timestamp", "<", given.until)?
        .descending("timestamp")?
        .descending("id")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let fields = [
        "id",
        "timestamp",
        "actor",
        "task_id",
        "action_type",
        "action_data",
        "result",
        "memory_operation_type",
        "memory_namespace",
        "memory_entry_id",
    ];
    let entries: Vec<Map<String, Value>> = page
        .rows
        .iter()
        .map(|row| {
            fields.iter().map(|field| ((*field).to_owned(), row.get(*field).cloned().unwrap_or_default())).collect()
        })
        .collect();
    Ok(json!({"count": entries.len(), "entries": entries, "next_cursor": page.next}))
}
