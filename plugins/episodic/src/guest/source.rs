//! Sources of events and how far each is synchronised.

use super::{SOURCES, compact, namespace_of, now, put};
use crate::filter::namespace;
use crate::moment::Moment;
use crate::vocabulary::{SOURCE_TYPES, check};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Upsert {
    #[serde(default)]
    namespace: String,
    name: String,
    source_type: Option<String>,
    cursor: Option<String>,
    expected_cursor: Option<String>,
    last_sync_at: Option<Moment>,
    enabled: Option<bool>,
    config: Option<Value>,
    last_error: Option<String>,
}

fn find(namespace: &str, name: &str) -> Result<Option<Value>, Fault> {
    let rows = Query::of(SOURCES).filter(json!(["name", "=", name]))?.page()?.rows;
    Ok(rows.into_iter().find(|row| namespace_of(row) == namespace))
}

/// A source by name, or a fault that says how to make it.
pub(super) fn named(namespace: &str, name: &str) -> Answer {
    find(namespace, name)?
        .ok_or_else(|| Fault::not_found(format!("no source `{name}`; make it with upsert_source first")))
}

/// Counts events of a source, and moves its cursor if there is a new one.
///
/// The cursor goes under the version that was read: two synchronisers cannot both move it.
pub(super) fn advance(source: &Value, cursor: Option<&str>, events: u32) -> Result<(), Fault> {
    let number = |field: &str| source.get(field).and_then(Value::as_u64);
    let id = number("id").ok_or_else(|| Fault::new("internal", "a source without id"))?;
    if let Some(cursor) = cursor {
        let patch = json!({"cursor": cursor, "last_sync_at": now(), "last_error": null});
        write::update(SOURCES, id, number("version"), &patch)?;
    }
    if events > 0 {
        write::add(SOURCES, id, "event_count", f64::from(events))?;
    }
    Ok(())
}

/// `upsert_source`.
pub(super) fn upsert(given: Value) -> Answer {
    let asked: Upsert = arguments(given)?;
    if asked.name.trim().is_empty() {
        return Err(Fault::invalid("`name` is empty; name the source, such as github:acme/api"));
    }
    if let Some(kind) = &asked.source_type {
        check("source_type", kind, &SOURCE_TYPES)?;
    }
    let known = find(&asked.namespace, &asked.name)?;
    let stands = known.as_ref().and_then(|row| row.get("cursor")).and_then(Value::as_str).unwrap_or_default();
    if asked.expected_cursor.as_deref().is_some_and(|expected| expected != stands) {
        return Err(Fault::new(
            "conflict.cursor",
            format!("the source stands at `{stands}`; read it with list_sources and go on from there"),
        ));
    }
    let mut patch = Map::new();
    put(&mut patch, "source_type", asked.source_type.as_deref());
    put(&mut patch, "cursor", asked.cursor.as_deref());
    let moved = asked.cursor.as_deref().is_some_and(|cursor| cursor != stands).then(now);
    put(&mut patch, "last_sync_at", asked.last_sync_at.map(|moment| moment.0).or(moved));
    put(&mut patch, "enabled", asked.enabled);
    put(&mut patch, "config", asked.config.clone());
    let error = asked.last_error.as_deref();
    put(&mut patch, "last_error", error.map(|text| if text.is_empty() { Value::Null } else { json!(text) }));
    let cursor = asked.cursor.as_deref().unwrap_or(stands);
    let (id, status) = match &known {
        Some(row) => (row.get("id").and_then(Value::as_u64).unwrap_or(0), change(row, patch)?),
        None => (make(&asked, patch)?, "created"),
    };
    Ok(json!({"id": id, "status": status, "cursor": cursor}))
}

fn change(row: &Value, mut patch: Map<String, Value>) -> Result<&'static str, Fault> {
    patch.retain(|field, value| row.get(field).unwrap_or(&Value::Null) != value);
    if patch.is_empty() {
        return Ok("unchanged");
    }
    let number = |field: &str| row.get(field).and_then(Value::as_u64);
    write::update(SOURCES, number("id").unwrap_or(0), number("version"), &patch.into())?;
    Ok("updated")
}

fn make(asked: &Upsert, mut row: Map<String, Value>) -> Result<u64, Fault> {
    if !row.contains_key("source_type") {
        return Err(Fault::invalid(format!("a new source needs `source_type`: one of {}", SOURCE_TYPES.join(", "))));
    }
    row.insert("name".into(), json!(asked.name));
    put(&mut row, "namespace", namespace(&asked.namespace));
    Ok(write::upsert(SOURCES, "name", &row.into())?.0)
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    namespace: String,
    source_type: Option<String>,
    enabled: Option<bool>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// `list_sources`.
pub(super) fn list(given: Value) -> Answer {
    let asked: List = arguments(given)?;
    let page = Query::of(SOURCES)
        .namespace(namespace(&asked.namespace))?
        .filter_if("source_type", "=", asked.source_type.as_deref())?
        .filter_if("enabled", "=", asked.enabled)?
        .ascending("name")?
        .select(&["name", "source_type", "cursor", "last_sync_at", "event_count", "enabled", "config", "last_error"])?
        .limit(asked.limit.unwrap_or(50).clamp(1, 200))
        .after(asked.cursor.as_deref())?
        .page()?;
    let mut answer = Map::new();
    answer.insert("count".into(), json!(page.rows.len()));
    answer.insert("sources".into(), page.rows.into_iter().map(compact).collect::<Vec<_>>().into());
    put(&mut answer, "next_cursor", page.next);
    Ok(answer.into())
}
