//! What tasks keep: checkpoints by iteration, and state by key.

use super::{CHECKPOINTS, PAGE, STATE, audit, check_session, now, patch, settings, show, task};
use memstrata_sdk::reference::Reference;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Given {
    task_id: Reference,
    iteration: Option<u64>,
    state: Option<Value>,
    session_id: Option<String>,
    #[serde(default)]
    overwrite: bool,
    key: Option<String>,
    #[serde(default)]
    value: Value,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// `checkpoint_save`.
pub(super) fn save(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let id = row::id(&task(&given.task_id)?);
    let iteration = given.iteration.unwrap_or_default();
    check_session(given.session_id.as_deref(), &settings()?)?;
    let fields = json!({"task": id, "iteration": iteration, "state": given.state, "session_id": given.session_id, "saved_at": now()});
    let (checkpoint, created) = write::insert_or_get(CHECKPOINTS, "iteration", &fields)?;
    if !created {
        if !given.overwrite {
            let name = row::reference(id);
            return Err(Fault::new(
                "conflict.duplicate",
                format!("{name} has a checkpoint of iteration {iteration}: take the next number, or overwrite"),
            ));
        }
        patch(CHECKPOINTS, checkpoint, &fields)?;
    }
    audit::note("checkpoint_saved", Some(id), None, &json!({"iteration": iteration}))?;
    Ok(json!({"id": checkpoint, "task_id": id, "iteration": iteration, "replaced": !created}))
}

/// `checkpoint_get`.
pub(super) fn checkpoint(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let id = row::id(&task(&given.task_id)?);
    let found = Query::of(CHECKPOINTS)
        .filter(json!(["task", "=", id]))?
        .filter_if("iteration", "=", given.iteration)?
        .descending("iteration")?
        .first()?
        .ok_or_else(|| {
            Fault::new("not-found.checkpoint", "there is no such checkpoint: checkpoint_list shows those of a task")
        })?;
    Ok(show::without_nulls(json!({
        "id": row::id(&found), "task_id": id, "iteration": found.get("iteration"), "state": found.get("state"), "saved_at": found.get("saved_at"),
        "session_id": found.get("session_id"),
    })))
}

/// `checkpoint_list`.
pub(super) fn checkpoints(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let id = row::id(&task(&given.task_id)?);
    let page = Query::of(CHECKPOINTS)
        .filter(json!(["task", "=", id]))?
        .descending("iteration")?
        .select(&["iteration", "saved_at"])?
        .limit(given.limit.unwrap_or(50))
        .after(given.cursor.as_deref())?
        .page()?;
    Ok(json!({"count": page.rows.len(), "checkpoints": page.rows, "next_cursor": page.next}))
}

/// `state_set`.
pub(super) fn set(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let id = row::id(&task(&given.task_id)?);
    let key = given.key.unwrap_or_default();
    let (_, created) = write::upsert(STATE, "key", &json!({"task": id, "key": key, "value": given.value}))?;
    audit::note("state_set", Some(id), None, &json!({"key": key}))?;
    Ok(json!({"task_id": id, "key": key, "created": created}))
}

/// `state_get`.
pub(super) fn state(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let id = row::id(&task(&given.task_id)?);
    let rows = Query::of(STATE)
        .filter(json!(["task", "=", id]))?
        .filter_if("key", "=", given.key.as_deref())?
        .ascending("key")?
        .limit(PAGE)
        .page()?
        .rows;
    if let Some(key) = given.key.filter(|_| rows.is_empty()) {
        return Err(Fault::new("not-found.state", format!("{} keeps nothing under `{key}`", row::reference(id))));
    }
    let state: Map<String, Value> = rows
        .iter()
        .map(|kept| (row::text(kept, "key").to_owned(), kept.get("value").cloned().unwrap_or_default()))
        .collect();
    Ok(json!({"task_id": id, "state": state}))
}
