//! A valid patch becomes staged writes: each row it changes or cites must still be what the strategy saw.

use super::records::{CONFLICTS, condition};
use super::validate::Facts;
use crate::api::CallError;
use memstrata_runtime::{Change, Patch, RowName};
use memstrata_store::{Collection, Query, Session};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a patch did, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) created: u64,
    pub(crate) changed: u64,
    pub(crate) ended: u64,
    pub(crate) conflicts: u64,
}

impl Counts {
    /// What a patch would do.
    pub(crate) fn of(patch: &Patch) -> Self {
        let mut counts = Self::default();
        for step in &patch.steps {
            match &step.change {
                Change::Create { .. } => counts.created += 1,
                Change::Update { .. } | Change::Link { .. } => counts.changed += 1,
                Change::Mark { rows, .. } => counts.changed += rows.len() as u64,
                Change::Supersede { .. } => counts.ended += 1,
                Change::Merge { rows, .. } | Change::Retire { rows } => counts.ended += rows.len() as u64,
                Change::FlagConflict { .. } => counts.conflicts += 1,
            }
        }
        counts
    }
}

/// Who proposed.
pub(crate) struct Author<'a> {
    pub(crate) strategy: &'a str,
    pub(crate) run: &'a str,
}

/// Stages a patch that has no faults.
pub(crate) fn stage(session: &mut Session, patch: &Patch, facts: &Facts, author: &Author<'_>) -> Result<(), CallError> {
    let mut staging = Staging {
        now: session.options().now,
        session,
        facts,
        new: Vec::new(),
        changes: BTreeMap::new(),
        cites: BTreeMap::new(),
    };
    staging.unchanged_evidence(patch)?;
    for step in &patch.steps {
        staging.step(step, author)?;
    }
    staging.write()
}

struct Staging<'a> {
    now: u64,
    session: &'a mut Session,
    facts: &'a Facts,
    /// Ids of the new rows, by their number.
    new: Vec<u64>,
    /// New values of stored rows: all of a row's changes are one.
    changes: BTreeMap<u64, Map<String, Value>>,
    /// What rows cite from now on besides what they cite already.
    cites: BTreeMap<RowName, BTreeSet<u64>>,
}

impl Staging<'_> {
    /// The commit fails if a row that bears the patch out has changed since, or is gone.
    fn unchanged_evidence(&mut self, patch: &Patch) -> Result<(), CallError> {
        let cited: BTreeSet<u64> = patch.steps.iter().flat_map(|step| step.evidence.iter().copied()).collect();
        let mut versions: HashMap<(&str, u64), Vec<u64>> = HashMap::new();
        for id in cited {
            if let Some(row) = self.facts.rows.get(&id) {
                versions.entry((row.collection.as_str(), row.version)).or_default().push(id);
            }
        }
        for ((name, version), ids) in versions {
            let Some(facts) = self.facts.collections.get(name) else { continue };
            for ids in ids.chunks(500) {
                let mut query = Query::new(Arc::clone(&facts.collection));
                query.filter(condition(&json!(["id", "in", ids]))?)?;
                query.filter(condition(&json!(["version", "=", version]))?)?;
                self.session.expect(&query, ids.len() as u64)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &memstrata_runtime::Step, author: &Author<'_>) -> Result<(), CallError> {
        match &step.change {
            Change::Create { collection, row } => {
                let Some(facts) = self.facts.collections.get(collection) else { return Ok(()) };
                let mut row = row.clone();
                row.insert("sources".into(), json!(step.evidence));
                if let Some(field) = facts.trust_field().filter(|field| !row.contains_key(*field)) {
                    row.insert(field.to_owned(), json!(self.facts.weakest(&step.evidence)));
                }
                if !row.contains_key("namespace") {
                    row.insert("namespace".into(), self.common_namespace(&step.evidence).into());
                }
                let id = self.session.insert(&facts.collection, row)?;
                self.new.push(id);
            }
            Change::Update { row, fields } => self.set(*row, fields),
            Change::Mark { rows, fields } => rows.iter().for_each(|row| self.set(*row, fields)),
            Change::Retire { rows } => rows.iter().for_each(|row| self.end(*row)),
            Change::Supersede { row, by } => {
                self.end(*row);
                self.cite(*by, std::slice::from_ref(row));
                self.cite(*by, &step.evidence);
            }
            Change::Merge { rows, into } => {
                rows.iter().for_each(|row| self.end(*row));
                self.cite(*into, rows);
                self.cite(*into, &step.evidence);
            }
            Change::Link { row, to } => self.cite(*row, to),
            Change::FlagConflict { rows, kind, severity } => {
                let collection = self.session.space().collection(CONFLICTS)?;
                let conflict = json!({
                    "rows": rows, "kind": kind, "severity": severity, "reason": step.reason, "status": "open",
                    "strategy": author.strategy, "run": author.run, "sources": rows,
                    "namespace": self.common_namespace(rows),
                });
                let Value::Object(conflict) = conflict else { return Ok(()) };
                self.session.insert(&collection, conflict)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, row: u64, fields: &Map<String, Value>) {
        let changes = self.changes.entry(row).or_default();
        changes.extend(fields.iter().map(|(field, value)| (field.clone(), value.clone())));
    }

    fn end(&mut self, row: u64) {
        self.changes.entry(row).or_default().insert("valid_to".into(), self.now.into());
    }

    fn cite(&mut self, row: RowName, to: &[u64]) {
        let itself = |id: &u64| row == RowName::Row(*id);
        self.cites.entry(row).or_default().extend(to.iter().copied().filter(|id| !itself(id)));
    }

    /// Writes what was gathered: one change a row, bound to the version the strategy saw.
    fn write(mut self) -> Result<(), CallError> {
        for (name, to) in std::mem::take(&mut self.cites) {
            match name {
                RowName::Row(id) => {
                    let mut all: BTreeSet<u64> = to;
                    all.extend(self.facts.rows.get(&id).into_iter().flat_map(|row| row.sources.iter().copied()));
                    self.changes.entry(id).or_default().insert("sources".into(), json!(all));
                }
                RowName::New(nth) => {
                    let Some(id) = self.new.get(nth).copied() else { continue };
                    let Some(collection) = self.session.locate(id)? else { continue };
                    let row = self.session.get(&collection, id)?.unwrap_or_default();
                    let row: Value = serde_json::from_str(&row).unwrap_or_default();
                    let mut all = to;
                    all.extend(
                        row.get("sources").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64),
                    );
                    let Value::Object(sources) = json!({ "sources": all }) else { continue };
                    self.session.update(&collection, id, None, &sources)?;
                }
            }
        }
        for (id, fields) in self.changes {
            let Some(row) = self.facts.rows.get(&id) else { continue };
            let collection: Arc<Collection> = self.session.space().collection(&row.collection)?;
            self.session.update(&collection, id, Some(row.version), &fields)?;
        }
        Ok(())
    }

    /// The longest namespace that covers all of some rows: what is derived from them is no wider known than they are.
    fn common_namespace(&self, ids: &[u64]) -> String {
        let mut common: Option<Vec<&str>> = None;
        for row in ids.iter().filter_map(|id| self.facts.rows.get(id)) {
            let segments = row.namespace.split(':').filter(|segment| !segment.is_empty());
            common = Some(match common {
                None => segments.collect(),
                Some(common) => common.into_iter().zip(segments).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
            });
        }
        common.unwrap_or_default().join(":")
    }
}
