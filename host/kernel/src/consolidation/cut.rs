//! Cuts a job into units as the strategy's manifest says: a session, a window of time, or a page.

use crate::api::CallError;
use memstrata_runtime::{StrategySpec, UnitSpec};
use memstrata_store::{Collection, Condition, Namespace, Query, Session};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The rows one call of a strategy works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its name in the run.
    pub(crate) name: String,
    /// Its rows, in order.
    pub(crate) ids: Vec<u64>,
    /// What its rows were: the same rows in the same versions have the same hash.
    pub(crate) rows_hash: String,
}

/// Rows of a page while a job is cut.
const PAGE: u32 = 1_000;

/// A row as far as cutting needs it.
struct Cut {
    id: u64,
    version: u64,
    /// The part of the unit's name that rows share.
    key: String,
}

/// The rows a strategy consolidates.
pub(super) fn waiting(collection: &Arc<Collection>, spec: &StrategySpec) -> Result<Query, CallError> {
    let mut query = Query::new(Arc::clone(collection));
    if let Some(filter) = &spec.filter {
        query.filter(Condition::parse(&filter.to_string())?)?;
    }
    Ok(query)
}

/// The units of a job, in the order of their rows.
pub(crate) fn units(
    session: &mut Session,
    collection: &Arc<Collection>,
    spec: &StrategySpec,
    namespace: &Namespace,
    since: Option<u64>,
) -> Result<Vec<Unit>, CallError> {
    let mut query = waiting(collection, spec)?;
    if let Some(since) = since {
        query.filter(Condition::parse(&serde_json::json!(["updated_at", ">=", since]).to_string())?)?;
    }
    query.namespace(namespace.clone());
    let (shared, order) = match &spec.units {
        UnitSpec::Field { field, order } => (Some(field), order),
        UnitSpec::Window { field, .. } => (None, field),
        UnitSpec::Page { order } => (None, order),
    };
    if let Some(field) = shared {
        query.order_by(field, false)?;
    }
    query.order_by(order, false)?;
    let mut fields = vec!["version".to_owned(), order.clone()];
    fields.extend(shared.cloned());
    query.select(&fields)?;
    query.limit(PAGE);
    let most = spec.max_rows.max(1) as usize;
    let mut units: Vec<Unit> = Vec::new();
    let mut open: Vec<Cut> = Vec::new();
    loop {
        let page = session.rows(&query)?;
        for row in &page.rows {
            let Some(cut) = read(row, spec, shared.map(String::as_str)) else { continue };
            if open.last().is_some_and(|last| last.key != cut.key) || open.len() >= most {
                close(&mut open, &mut units);
            }
            open.push(cut);
        }
        match page.next {
            Some(next) => query.after(&next),
            None => break,
        }
    }
    close(&mut open, &mut units);
    Ok(units)
}

fn read(row: &str, spec: &StrategySpec, shared: Option<&str>) -> Option<Cut> {
    let row: Value = serde_json::from_str(row).ok()?;
    let key = match (&spec.units, shared) {
        (_, Some(field)) => match row.get(field) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => "-".into(),
            Some(other) => other.to_string(),
        },
        (UnitSpec::Window { field, every_ms }, None) => {
            let time = row.get(field).and_then(Value::as_u64).unwrap_or_default();
            format!("t{}", time / every_ms.max(&1) * every_ms)
        }
        _ => String::new(),
    };
    Some(Cut { id: row.get("id")?.as_u64()?, version: row.get("version")?.as_u64()?, key })
}

/// The rows gathered so far become a unit.
fn close(open: &mut Vec<Cut>, units: &mut Vec<Unit>) {
    let Some(first) = open.first() else { return };
    let mut hasher = Sha256::new();
    for cut in open.iter() {
        hasher.update(cut.id.to_le_bytes());
        hasher.update(cut.version.to_le_bytes());
    }
    let rows_hash = hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    // Named by its first row: a later run that finds the same rows makes the same units.
    let name = if first.key.is_empty() { format!("m:{}", first.id) } else { format!("{}@m:{}", first.key, first.id) };
    units.push(Unit { name, ids: open.iter().map(|cut| cut.id).collect(), rows_hash });
    open.clear();
}
