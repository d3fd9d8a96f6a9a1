//! Gathers what the validator must know of the rows and collections a patch speaks of.

use super::validate::{CollectionFacts, Facts, RowFacts};
use crate::api::CallError;
use memstrata_runtime::{Change, Patch, Plugin, RowName};
use memstrata_store::{Collection, Query, Session};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Share of a collection's live rows that one run may end, and how many it may always.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// Of the live rows, 0 to 1.
    pub share: f64,
    /// At least so many.
    pub least: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { share: 0.2, least: 10 }
    }
}

/// Rows that may end in a run, by collection: what is left of the quotas.
pub(crate) type Left = BTreeMap<String, u64>;

/// The facts of a patch as of the session's snapshot.
pub(crate) fn gather(
    session: &mut Session,
    plugin: &Plugin,
    patch: &Patch,
    quota: Quota,
    left: &mut Left,
) -> Result<Facts, CallError> {
    let mut facts = Facts::default();
    let now = session.options().now;
    for id in mentioned(patch) {
        let Some(collection) = session.locate(id)? else { continue };
        if !plugin.may_read(collection.name()) {
            continue;
        }
        let Some(row) = session.get(&collection, id)? else { continue };
        let Ok(row) = serde_json::from_str::<Value>(&row) else { continue };
        let trust = collection.spec().recall.as_ref().and_then(|view| view.trust.as_ref());
        let number = |field: &str| row.get(field).and_then(Value::as_u64);
        facts.rows.insert(
            id,
            RowFacts {
                collection: collection.name().to_owned(),
                version: number("version").unwrap_or(1),
                ended: number("valid_to").is_some_and(|end| end <= now),
                trust: trust.and_then(|field| row.get(field)).and_then(Value::as_f64).unwrap_or(1.0),
                sources: row
                    .get("sources")
                    .and_then(Value::as_array)
                    .map(|ids| ids.iter().filter_map(Value::as_u64).collect())
                    .unwrap_or_default(),
                namespace: row.get("namespace").and_then(Value::as_str).unwrap_or_default().to_owned(),
            },
        );
    }
    let mut names: BTreeSet<String> = facts.rows.values().map(|row| row.collection.clone()).collect();
    names.extend(patch.created().map(|(collection, _)| collection.to_owned()));
    for name in names {
        let Ok(collection) = session.space().collection(&name) else { continue };
        if !left.contains_key(&name) {
            left.insert(name.clone(), quota_of(session, &collection, quota)?);
        }
        let writable = plugin.may_write(&name);
        let quota = left.get(&name).copied().unwrap_or_default();
        facts.collections.insert(name, CollectionFacts { collection, writable, quota });
    }
    Ok(facts)
}

/// How many rows of a collection a run may end, as of the session's snapshot.
pub(crate) fn quota_of(session: &mut Session, collection: &Arc<Collection>, quota: Quota) -> Result<u64, CallError> {
    let mut live = Query::new(Arc::clone(collection));
    live.valid_at(session.options().now);
    let share = (session.count(&live)? as f64 * quota.share.clamp(0.0, 1.0)) as u64;
    Ok(share.max(quota.least))
}

/// Every stored row a patch names.
pub(crate) fn mentioned(patch: &Patch) -> BTreeSet<u64> {
    let mut ids = BTreeSet::new();
    let name = |ids: &mut BTreeSet<u64>, name: &RowName| {
        if let RowName::Row(id) = name {
            ids.insert(*id);
        }
    };
    for step in &patch.steps {
        ids.extend(&step.evidence);
        match &step.change {
            Change::Create { .. } => {}
            Change::Update { row, .. } => _ = ids.insert(*row),
            Change::Supersede { row, by } => {
                ids.insert(*row);
                name(&mut ids, by);
            }
            Change::Merge { rows, into } => {
                ids.extend(rows);
                name(&mut ids, into);
            }
            Change::Link { row, to } => {
                ids.extend(to);
                name(&mut ids, row);
            }
            Change::Mark { rows, .. } | Change::Retire { rows } | Change::FlagConflict { rows, .. } => ids.extend(rows),
        }
    }
    ids
}
