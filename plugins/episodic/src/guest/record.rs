//! Recording: single events, batches, marks, metrics, forgetting.

use super::{EVENTS, METRICS, RELATIONS, event as live_event, mention, now, source};
use crate::event::Draft;
use crate::manifest::BATCH;
use crate::vocabulary::{STATUSES, check};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get_many, json, write};
use serde::Deserialize;
use std::collections::HashMap;

/// Stages an event unless it is there; answers its id and whether it is new.
pub(super) fn store(draft: Draft) -> Result<(u64, bool), Fault> {
    let row: Value = draft.row(now())?.into();
    let (id, new) = write::insert_or_get(EVENTS, "content", &row)?;
    if new {
        mention::note(vec![(id, row)])?;
    }
    Ok((id, new))
}

/// The word for what `store` did.
pub(super) fn status(new: bool) -> &'static str {
    if new { "recorded" } else { "duplicate" }
}

/// `record_event`.
pub(super) fn event(given: Value) -> Answer {
    let (id, new) = store(Draft::read(given)?)?;
    Ok(json!({"id": id, "status": status(new)}))
}

#[derive(Deserialize)]
struct Batch {
    events: Vec<Value>,
    #[serde(default)]
    namespace: String,
    session_id: Option<String>,
    source: Option<String>,
    source_cursor: Option<String>,
}

/// `batch_record_events`.
pub(super) fn batch(given: Value) -> Answer {
    let batch: Batch = arguments(given)?;
    if batch.events.len() > BATCH {
        return Err(Fault::invalid(format!("{} events; send at most {BATCH} at a time", batch.events.len())));
    }
    let source = batch.source.as_deref().map(|name| source::named(&batch.namespace, name)).transpose()?;
    let mut results = Vec::with_capacity(batch.events.len());
    // Twins inside the batch are matched here, so that the answer does not depend on what staged rows a key sees.
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut fresh = Vec::new();
    let (mut recorded, mut duplicates, mut invalid) = (0, 0, 0);
    for (index, item) in batch.events.into_iter().enumerate() {
        let item = with_defaults(item, &batch.namespace, batch.session_id.as_deref(), batch.source.as_deref());
        match store_item(item, &mut seen, &mut fresh) {
            Ok((id, new)) => {
                *(if new { &mut recorded } else { &mut duplicates }) += 1;
                results.push(json!({"index": index, "status": status(new), "id": id}));
            }
            Err(fault) if fault.code.starts_with("invalid.") => {
                invalid += 1;
                results.push(json!({"index": index, "status": "invalid", "error": fault.message}));
            }
            Err(fault) => return Err(fault),
        }
    }
    mention::note(fresh)?;
    let mut answer = json!({"recorded": recorded, "duplicates": duplicates, "invalid": invalid, "results": results});
    if let (Some(source), Some(answer)) = (source, answer.as_object_mut()) {
        let moves = invalid == 0;
        source::advance(&source, batch.source_cursor.as_deref().filter(|_| moves), recorded)?;
        answer.insert("cursor_moved".into(), json!(moves && batch.source_cursor.is_some()));
    }
    Ok(answer)
}

fn with_defaults(mut item: Value, namespace: &str, session: Option<&str>, source: Option<&str>) -> Value {
    if let Some(item) = item.as_object_mut() {
        let defaults = [("namespace", Some(namespace)), ("session_id", session), ("source", source)];
        for (field, default) in defaults {
            if let Some(default) = default.filter(|default| !default.is_empty()) {
                item.entry(field).or_insert_with(|| json!(default));
            }
        }
    }
    item
}

fn store_item(
    item: Value,
    seen: &mut HashMap<String, u64>,
    fresh: &mut Vec<(u64, Value)>,
) -> Result<(u64, bool), Fault> {
    let row = Draft::read(item)?.row(now())?;
    let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
    let key = format!("{}\n{}", text("namespace"), text("content_hash"));
    if let Some(id) = seen.get(&key) {
        return Ok((*id, false));
    }
    let row: Value = row.into();
    let (id, new) = write::insert_or_get(EVENTS, "content", &row)?;
    seen.insert(key, id);
    if new {
        fresh.push((id, row));
    }
    Ok((id, new))
}

#[derive(Deserialize)]
struct Mark {
    ids: Vec<u64>,
    #[serde(default = "consolidated")]
    status: String,
}

fn consolidated() -> String {
    "consolidated".into()
}

/// `mark_consolidated`.
pub(super) fn mark_consolidated(given: Value) -> Answer {
    let mark: Mark = arguments(given)?;
    check("status", &mark.status, &STATUSES)?;
    let at = (mark.status == "consolidated").then(now);
    let mut changed = 0;
    let mut results = Vec::new();
    for (id, row) in mark.ids.iter().zip(get_many(EVENTS, &mark.ids)?) {
        let status = match row {
            None => "not_found",
            Some(row) if row.get("consolidation_status").and_then(Value::as_str) == Some(&mark.status) => "unchanged",
            Some(_) => {
                let patch = json!({"consolidation_status": mark.status, "consolidated_at": at});
                write::update(EVENTS, *id, None, &patch)?;
                changed += 1;
                "changed"
            }
        };
        results.push(json!({"id": id, "status": status}));
    }
    Ok(json!({"changed": changed, "results": results}))
}

#[derive(Deserialize)]
struct Forget {
    ids: Vec<u64>,
}

/// `forget`: the event with its relations and metrics.
pub(super) fn forget(given: Value) -> Answer {
    let mut ids = arguments::<Forget>(given)?.ids;
    ids.sort_unstable();
    ids.dedup();
    let mut forgotten = 0;
    let mut results = Vec::new();
    for (id, row) in ids.iter().zip(get_many(EVENTS, &ids)?) {
        if row.is_some() {
            let ends = json!({"any": [["from_event", "=", id], ["to_event", "=", id]]});
            delete_all(RELATIONS, ends)?;
            delete_all(METRICS, json!(["event_id", "=", id]))?;
            write::delete(EVENTS, *id, None)?;
            forgotten += 1;
        }
        results.push(json!({"id": id, "status": if row.is_some() { "forgotten" } else { "not_found" }}));
    }
    Ok(json!({"forgotten": forgotten, "results": results}))
}

/// Deletes every row that fits, page by page: a query sees the call's own deletions, so each page is a first page.
fn delete_all(collection: &str, condition: Value) -> Result<(), Fault> {
    loop {
        let ids = Query::of(collection).filter(condition.clone())?.limit(500).ids()?;
        if ids.is_empty() {
            return Ok(());
        }
        for id in ids {
            write::delete(collection, id, None)?;
        }
    }
}

#[derive(Deserialize)]
struct Metric {
    event_id: u64,
    name: String,
    value: f64,
}

/// `record_metric`.
pub(super) fn metric(given: Value) -> Answer {
    let metric: Metric = arguments(given)?;
    let row = live_event(metric.event_id)?;
    let (id, new) = attach(metric.event_id, super::namespace_of(&row), &metric.name, metric.value)?;
    Ok(json!({"id": id, "status": if new { "recorded" } else { "replaced" }}))
}

/// Stages one metric of an event.
pub(super) fn attach(event_id: u64, namespace: &str, name: &str, value: f64) -> Result<(u64, bool), Fault> {
    let name = name.trim();
    if name.is_empty() || name.len() > 100 || !value.is_finite() {
        return Err(Fault::invalid("a metric needs a name of 1 to 100 bytes and a finite number"));
    }
    let mut row = Map::new();
    row.insert("event_id".into(), json!(event_id));
    row.insert("name".into(), json!(name));
    row.insert("value".into(), json!(value));
    row.insert("recorded_at".into(), json!(now()));
    super::put(&mut row, "namespace", crate::filter::namespace(namespace));
    write::upsert(METRICS, "metric", &row.into())
}
