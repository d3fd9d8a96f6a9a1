//! Reading without searching: one procedure, lists, history, counts.

use super::finding::Scope;
use super::naming::Key;
use super::{EXECUTIONS, PROCEDURES, TALLIES, named, tallies, tally};
use crate::execution::Tally;
use crate::procedure::{Detail, show};
use crate::row;
use crate::words::clip;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get_many, json};
use serde::Deserialize;

/// Versions told of a procedure, the newest.
const MOST_VERSIONS: usize = 50;
/// Of a value that changed, so many characters are shown.
const MOST_SHOWN: usize = 1_000;

#[derive(Deserialize)]
struct One {
    procedure: Key,
}

pub(super) fn get_procedure(given: Value) -> Answer {
    let stored = arguments::<One>(given)?.procedure.live()?;
    Ok(Value::Object(show(&stored, &tally(row::id(&stored))?, Detail::Full)))
}

#[derive(Deserialize)]
struct List {
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    created_by: Option<String>,
    #[serde(default)]
    sort_by: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let (field, by_use) = match given.sort_by.as_deref() {
        Some("used") => ("usage_count", true),
        Some("last_used") => ("last_used", true),
        Some("name") => ("name", false),
        Some("created") => ("created_at", false),
        _ => ("updated_at", false),
    };
    if by_use && given.created_by.is_some() {
        return Err(Fault::invalid("`created_by` cannot be asked for with this `sort_by`: leave one of them out"));
    }
    let collection = if by_use { TALLIES } else { PROCEDURES };
    let query = Query::of(collection)
        .namespace(given.scope.namespace.as_deref())?
        .filter_if("category", "=", given.scope.category.as_deref())?
        .filter_if("created_by", "=", given.created_by.as_deref())?;
    let query = if field == "name" { query.ascending(field)? } else { query.descending(field)? };
    let page = query.limit(given.limit.unwrap_or(20)).after(given.cursor.as_deref())?.page()?;
    let listed: Vec<(Value, Tally)> = if by_use {
        let ids: Vec<u64> = page.rows.iter().filter_map(|tally| row::int(tally, "procedure")).collect();
        let tallies = page.rows.iter().map(Tally::of_row);
        get_many(PROCEDURES, &ids)?
            .into_iter()
            .zip(tallies)
            .filter_map(|(stored, tally)| Some((stored?, tally)))
            .collect()
    } else {
        let ids: Vec<u64> = page.rows.iter().map(row::id).collect();
        let tallies = tallies(&ids)?;
        let tally = |stored: &Value| tallies.get(&row::id(stored)).copied().unwrap_or_default();
        page.rows.into_iter().map(|stored| (tally(&stored), stored)).map(|(tally, stored)| (stored, tally)).collect()
    };
    Ok(json!({
        "count": listed.len(),
        "procedures": listed.iter().map(|(stored, tally)| show(stored, tally, Detail::Brief)).collect::<Vec<_>>(),
        "next_cursor": page.next,
    }))
}

pub(super) fn history(given: Value) -> Answer {
    let key = arguments::<One>(given)?.procedure;
    // A deleted procedure still has a history.
    let id = match key.live() {
        Ok(stored) => row::id(&stored),
        Err(fault) => key.gone().map(|stored| row::id(&stored)).map_err(|_| fault)?,
    };
    let versions = memstrata_sdk::history(PROCEDURES, id)?;
    let unsaid = ["version", "updated_at", "seq", "at", "verb", "component", "words", "name_hash"];
    let mut shown = Vec::with_capacity(versions.len());
    let nothing = Value::Null;
    for (nth, version) in versions.iter().enumerate() {
        let before = nth.checked_sub(1).and_then(|at| versions.get(at)).unwrap_or(&nothing);
        let fields = version.as_object().into_iter().flatten();
        let changed: Map<String, Value> = fields
            .filter(|(field, value)| !unsaid.contains(&field.as_str()) && before.get(field.as_str()) != Some(*value))
            .filter(|(_, value)| !(before.is_null() && value.is_null()))
            .map(|(field, value)| (field.clone(), brief(value)))
            .collect();
        shown.push(json!({
            "version": row::int(version, "version"),
            "at": row::int(version, "at").or(row::int(version, "updated_at")),
            "verb": version.get("verb"),
            "changed": changed,
        }));
    }
    let old = shown.len().saturating_sub(MOST_VERSIONS);
    shown.drain(..old);
    Ok(json!({"id": id, "versions": shown}))
}

/// A value, or its beginning as text if it is long: fifty versions must fit into an answer.
fn brief(value: &Value) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().nth(MOST_SHOWN).is_some() { json!(clip(&text, MOST_SHOWN)) } else { value.clone() }
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn stats(given: Value) -> Answer {
    let given: Stats = arguments(given)?;
    let of = |collection: &str| Query::of(collection).namespace(given.namespace.as_deref());
    let grouped = |collection: &str, field: &str| -> Result<Map<String, Value>, Fault> {
        let counts = of(collection)?.group_count(field)?;
        Ok(counts
            .into_iter()
            .map(|(value, count)| (value.as_str().unwrap_or("none").to_owned(), json!(count)))
            .collect())
    };
    let sum = |field: &str| -> Result<f64, Fault> { Ok(of(TALLIES)?.aggregate("sum", field)?.unwrap_or(0.0)) };
    let (usage, timed) = (sum("usage_count")?, sum("timed_count")?);
    let rate = if usage > 0.0 { Some(row::round(sum("successes")? / usage)) } else { None };
    let mean = if timed > 0.0 { Some((sum("total_ms")? / timed).round()) } else { None };
    Ok(json!({
        "procedures": of(PROCEDURES)?.count()?,
        "by_category": grouped(PROCEDURES, "category")?,
        "by_author": grouped(PROCEDURES, "created_by")?,
        "executed": of(TALLIES)?.filter(json!(["usage_count", ">", 0]))?.count()?,
        "executions": of(EXECUTIONS)?.count()?,
        "by_outcome": grouped(EXECUTIONS, "outcome")?,
        "success_rate": rate,
        "avg_completion_time_ms": mean,
    }))
}
