//! Explains where a memory comes from.

use super::memories::CLIP;
use super::records::units_of;
use super::{CONFLICTS, RUNS, now};
use crate::origin::{run_of, unit_of, what_changed, written_at};
use crate::row;
use memstrata_consolidation_rules::words::clip;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, history, json, locate};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Evidence shown.
const SHOWN: usize = 100;
/// Versions shown.
const VERSIONS: usize = 50;
/// Conflicts looked through.
const LOOKED: usize = 1_000;

#[derive(Deserialize)]
struct One {
    id: Id,
}

/// Rows that are cited, as far as this layer may read them.
pub(super) fn rows(ids: &[u64]) -> Result<Vec<Value>, Fault> {
    ids.iter().take(SHOWN).map(|id| cited(*id)).collect()
}

fn cited(id: u64) -> Result<Value, Fault> {
    let reference = row::reference(id);
    let Some(collection) = locate(id)? else {
        return Ok(json!({ "id": reference, "why": "it is not there, or not for this layer to read" }));
    };
    let Some(found) = memstrata_sdk::get(&collection, id)? else {
        return Ok(json!({ "id": reference, "collection": collection, "why": "it was deleted" }));
    };
    let mut shown =
        row::some(&found, &["timestamp", "created_at", "event_type", "memory_type", "session_id", "confidence"]);
    shown.insert("id".into(), json!(reference));
    shown.insert("collection".into(), json!(collection));
    shown.insert("says".into(), json!(clip(row::text(&found, "content"), CLIP)));
    Ok(Value::Object(shown))
}

pub(super) fn explain(given: Value) -> Answer {
    let Id(id) = arguments::<One>(given)?.id;
    let missing =
        || Fault::not_found(format!("there is no memory m:{id} that this layer may read: take an id from `recall`"));
    let collection = locate(id)?.ok_or_else(missing)?;
    let versions = history(&collection, id)?;
    let (Some(first), Some(last)) = (versions.first(), versions.last()) else { return Err(missing()) };
    let current = memstrata_sdk::get(&collection, id)?;
    let runs = runs_of(&versions)?;
    let component = row::text(first, "component");
    let made_by = run_of(&runs, component, row::int(first, "created_at").unwrap_or_else(|| written_at(first)));
    let sources = row::ids(first, "sources");
    let origin = made_by.map(|run| tell(run, &sources)).transpose()?;
    let why = origin.is_none().then(|| match runs.is_empty() {
        true => format!("no run that is recorded here made it: the component {} did", short(component)),
        false => "no run made it, but runs changed it since".to_owned(),
    });
    let mut changes = Vec::new();
    let old = versions.len().saturating_sub(VERSIONS);
    for (nth, version) in versions.iter().enumerate().skip(old) {
        let before = nth.checked_sub(1).and_then(|nth| versions.get(nth));
        let run = run_of(&runs, row::text(version, "component"), written_at(version));
        changes.push(json!({
            "at": row::int(version, "at"), "version": row::int(version, "version"), "what": what_changed(before, version),
            "run": run.map(|run| row::text(run, "run")), "strategy": run.map(|run| row::text(run, "strategy")),
            "component": short(row::text(version, "component")),
        }));
    }
    let now = now();
    Ok(json!({
        "id": row::reference(id), "collection": collection,
        "says": current.as_ref().map(|row| clip(row::text(row, "content"), CLIP)).filter(|says| !says.is_empty()),
        "holds": current.as_ref().is_some_and(|row| !row::ended(row, now)),
        "origin": origin, "why": why,
        "evidence": rows(&row::ids(current.as_ref().unwrap_or(last), "sources"))?,
        "changes": changes, "conflicts": conflicts(id)?,
    }))
}

fn short(component: &str) -> &str {
    component.get(..12).unwrap_or(component)
}

/// The runs of the components that wrote some versions.
fn runs_of(versions: &[Value]) -> Result<Vec<Value>, Fault> {
    let digests: BTreeSet<&str> = versions.iter().map(|version| row::text(version, "component")).collect();
    Query::of(RUNS).filter(json!(["digest", "in", digests]))?.descending("started_at")?.limit(1_000).all(5_000)
}

fn tell(run: &Value, sources: &[u64]) -> Answer {
    let units = units_of(run)?;
    let unit = unit_of(&units, sources);
    let mut told = row::some(run, &["run", "strategy", "digest", "status", "trigger", "principal", "started_at"]);
    told.insert("unit".into(), json!(unit.map(|unit| row::text(unit, "unit"))));
    told.insert("patch_hash".into(), json!(unit.map(|unit| row::text(unit, "patch_hash"))));
    let undo = format!("memstrata undo --run {}", row::text(run, "run"));
    told.insert("undo".into(), json!(undo));
    Ok(Value::Object(told))
}

/// The conflicts a memory is part of.
fn conflicts(id: u64) -> Result<Vec<Value>, Fault> {
    let flagged = Query::of(CONFLICTS).descending("created_at")?.limit(1_000).all(LOOKED)?;
    let part = flagged.iter().filter(|conflict| row::ids(conflict, "rows").contains(&id)).take(10);
    Ok(part
        .map(|conflict| {
            let mut told = row::some(conflict, &["kind", "severity", "reason", "status", "run"]);
            told.insert("conflict".into(), json!(row::reference(row::id(conflict))));
            Value::Object(told)
        })
        .collect())
}
