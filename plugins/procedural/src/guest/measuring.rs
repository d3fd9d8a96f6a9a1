//! Executions, and what they say about how well procedures work.

use super::finding::{Scope, search};
use super::naming::Key;
use super::{EXECUTIONS, MEASURED, named, runs, settings, tally};
use crate::effectiveness;
use crate::row;
use memstrata_sdk::{Answer, Map, Query, Value, arguments, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Executions {
    #[serde(default)]
    procedure: Option<Key>,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn executions(given: Value) -> Answer {
    let given: Executions = arguments(given)?;
    let procedure = match &given.procedure {
        // What was deleted keeps its executions.
        Some(key) => Some(row::id(&key.live().or_else(|fault| key.gone().map_err(|_| fault))?)),
        None => None,
    };
    let page = Query::of(EXECUTIONS)
        .namespace(given.namespace.as_deref())?
        .filter_if("procedure", "=", procedure)?
        .filter_if("outcome", "=", given.outcome.as_deref())?
        .filter_if("session_id", "=", given.session_id.as_deref())?
        .descending("timestamp")?
        .limit(given.limit.unwrap_or(20))
        .after(given.cursor.as_deref())?
        .page()?;
    let shown = page.rows.iter().map(|stored| {
        let mut shown = Map::new();
        shown.insert("id".into(), json!(row::id(stored)));
        for field in [
            "procedure",
            "procedure_version",
            "timestamp",
            "outcome",
            "duration_ms",
            "variables",
            "learned",
            "failed_step",
            "session_id",
        ] {
            let value = stored.get(field).unwrap_or(&Value::Null);
            if !value.is_null() {
                shown.insert(field.into(), value.clone());
            }
        }
        shown
    });
    let shown: Vec<_> = shown.collect();
    Ok(json!({"count": shown.len(), "executions": shown, "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct Effectiveness {
    procedure: Key,
    #[serde(default)]
    wanted: Option<f64>,
}

pub(super) fn effectiveness(given: Value) -> Answer {
    let given: Effectiveness = arguments(given)?;
    let stored = given.procedure.live()?;
    let id = row::id(&stored);
    let wanted = match given.wanted {
        Some(wanted) => wanted,
        None => settings()?.wanted_success,
    };
    let mut answer = Map::new();
    answer.insert("id".into(), json!(id));
    answer.insert("name".into(), json!(row::text(&stored, "name")));
    answer.extend(effectiveness::measure(&tally(id)?, &runs(id, &MEASURED)?, wanted));
    Ok(Value::Object(answer))
}

#[derive(Deserialize)]
struct Summarize {
    query: String,
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    effectiveness_threshold: Option<f64>,
}

pub(super) fn summarize(given: Value) -> Answer {
    let given: Summarize = arguments(given)?;
    let (found, _) = search(&given.query, &given.scope, given.limit.unwrap_or(10))?;
    let found: Vec<_> = found.into_iter().map(|found| (found.row, found.tally)).collect();
    Ok(Value::Object(effectiveness::summarize(&found, given.effectiveness_threshold.unwrap_or(0.5))))
}
