//! Cuts a job into units as the strategy's manifest says: a session, a window of time, a cluster, or a page.

use super::cluster::arrange;
use crate::api::CallError;
use memstrata_runtime::{MOST_CLUSTERED, StrategySpec, UnitSpec};
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
pub(super) struct Cut {
    pub(super) id: u64,
    version: u64,
    /// The part of the unit's name that rows share.
    pub(super) key: String,
    /// The number of its cluster.
    pub(super) group: u32,
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
        UnitSpec::Page { order } | UnitSpec::Cluster { order, .. } => (None, order),
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
    let mut rows: Vec<Cut> = Vec::new();
    loop {
        let page = session.rows(&query)?;
        rows.extend(page.rows.iter().filter_map(|row| read(row, spec, shared.map(String::as_str))));
        // Clusters are of so many rows, whatever one read gives: the same rows make the same clusters.
        let step = if let UnitSpec::Cluster { .. } = &spec.units { MOST_CLUSTERED } else { rows.len().max(1) };
        while rows.len() >= step || (page.next.is_none() && !rows.is_empty()) {
            let rest = rows.split_off(step.min(rows.len()));
            let mut together = std::mem::replace(&mut rows, rest);
            if let UnitSpec::Cluster { threshold, .. } = &spec.units {
                arrange(session, collection, *threshold, &mut together)?;
                close(&mut open, &mut units);
            }
            for cut in together {
                let apart = |last: &Cut| (last.group, &last.key) != (cut.group, &cut.key);
                if open.last().is_some_and(apart) || open.len() >= most {
                    close(&mut open, &mut units);
                }
                open.push(cut);
            }
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
    Some(Cut { id: row.get("id")?.as_u64()?, version: row.get("version")?.as_u64()?, key, group: 0 })
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
