//! Step 6 of 7: `consolidation`. The patch of a strategy, kept for the host to check; nothing here touches the store.

use super::store_read::ITEM;
use super::{Answer, finite, object};
use crate::error::HostError;
use crate::patch::{Change, Patch, RowName, Step};
use crate::state::CallState;
use crate::strategy_bindings::memstrata::plugin::consolidation::{Host, HostPatch};
use serde_json::{Map, Value};
use wasmtime::component::Resource;

/// The longest reason, bytes.
const MOST_REASON: usize = 500;
/// Measures of a patch, at most.
const MOST_MEASURES: usize = 50;

/// A patch being built.
#[derive(Default)]
pub struct PatchHandle(Patch);

impl PatchHandle {
    /// The finished patch.
    pub(crate) fn into_patch(self) -> Patch {
        self.0
    }
}

impl CallState {
    fn step(
        &mut self,
        patch: &Resource<PatchHandle>,
        change: Change,
        evidence: Vec<u64>,
        reason: String,
    ) -> Answer<()> {
        if reason.len() > MOST_REASON {
            return Err(HostError::fault(
                "limit.reason",
                format!("a reason has {} bytes, at most {MOST_REASON}: one sentence", reason.len()),
            ));
        }
        let bytes = ITEM + size(&change) + evidence.len() * 8 + reason.len();
        self.keep(patch, bytes)?;
        let most = self.limits.rows_written;
        let steps = &mut self.table.get_mut(patch)?.0.steps;
        if steps.len() >= most {
            return Err(HostError::fault(
                "limit.patch",
                format!("a patch has {most} steps at most; make units smaller"),
            ));
        }
        steps.push(Step { change, evidence, reason });
        Ok(())
    }

    fn named(&mut self, patch: &Resource<PatchHandle>, text: &str) -> Answer<RowName> {
        let known = self.table.get(patch)?.0.created().count();
        match RowName::parse(text) {
            Some(RowName::New(nth)) if nth >= known => {
                Err(HostError::fault("invalid.argument", format!("`{text}` names no row this patch has created")))
            }
            Some(name) => Ok(name),
            None => Err(HostError::fault("invalid.argument", format!("`{text}` is no row: m:42, or new:0"))),
        }
    }
}

/// Bytes a change counts for, about.
fn size(change: &Change) -> usize {
    let map = |map: &Map<String, Value>| Value::Object(map.clone()).to_string().len();
    match change {
        Change::Create { row, .. } => map(row),
        Change::Update { fields, .. } => map(fields),
        Change::Mark { rows, fields } => rows.len() * 8 + map(fields),
        Change::Merge { rows, .. } | Change::Retire { rows } | Change::FlagConflict { rows, .. } => rows.len() * 8,
        Change::Link { to, .. } => to.len() * 8,
        Change::Supersede { .. } => 16,
    }
}

impl Host for CallState {}

impl HostPatch for CallState {
    fn new(&mut self) -> wasmtime::Result<Resource<PatchHandle>> {
        // Counts as a handle; what it is told counts by bytes.
        Ok(self.table.push(PatchHandle::default())?)
    }

    fn create(
        &mut self,
        patch: Resource<PatchHandle>,
        collection: String,
        row: String,
        evidence: Vec<u64>,
        reason: String,
    ) -> Answer<String> {
        let name = RowName::New(self.table.get(&patch)?.0.created().count());
        let row = object(&row)?;
        self.step(&patch, Change::Create { collection, row }, evidence, reason)?;
        Ok(name.to_string())
    }

    fn update(
        &mut self,
        patch: Resource<PatchHandle>,
        row: u64,
        fields: String,
        evidence: Vec<u64>,
        reason: String,
    ) -> Answer<()> {
        let fields = object(&fields)?;
        self.step(&patch, Change::Update { row, fields }, evidence, reason)
    }

    fn supersede(
        &mut self,
        patch: Resource<PatchHandle>,
        row: u64,
        by: String,
        evidence: Vec<u64>,
        reason: String,
    ) -> Answer<()> {
        let by = self.named(&patch, &by)?;
        self.step(&patch, Change::Supersede { row, by }, evidence, reason)
    }

    fn merge(
        &mut self,
        patch: Resource<PatchHandle>,
        rows: Vec<u64>,
        into: String,
        evidence: Vec<u64>,
        reason: String,
    ) -> Answer<()> {
        let into = self.named(&patch, &into)?;
        self.step(&patch, Change::Merge { rows, into }, evidence, reason)
    }

    fn link(
        &mut self,
        patch: Resource<PatchHandle>,
        row: String,
        to: Vec<u64>,
        evidence: Vec<u64>,
        reason: String,
    ) -> Answer<()> {
        let row = self.named(&patch, &row)?;
        self.step(&patch, Change::Link { row, to }, evidence, reason)
    }

    fn mark(&mut self, patch: Resource<PatchHandle>, rows: Vec<u64>, fields: String) -> Answer<()> {
        let fields = object(&fields)?;
        self.step(&patch, Change::Mark { rows, fields }, Vec::new(), String::new())
    }

    fn retire(
        &mut self,
        patch: Resource<PatchHandle>,
        rows: Vec<u64>,
        evidence: Vec<u64>,
        reason: String,
    ) -> Answer<()> {
        self.step(&patch, Change::Retire { rows }, evidence, reason)
    }

    fn flag_conflict(
        &mut self,
        patch: Resource<PatchHandle>,
        rows: Vec<u64>,
        kind: String,
        severity: String,
        reason: String,
    ) -> Answer<()> {
        let evidence = rows.clone();
        self.step(&patch, Change::FlagConflict { rows, kind, severity }, evidence, reason)
    }

    fn measure(&mut self, patch: Resource<PatchHandle>, name: String, value: f64) -> Answer<()> {
        finite(value, "a measure")?;
        self.keep(&patch, ITEM + name.len())?;
        let measures = &mut self.table.get_mut(&patch)?.0.measures;
        if measures.len() >= MOST_MEASURES && !measures.contains_key(&name) {
            return Err(HostError::fault("limit.patch", format!("a patch has {MOST_MEASURES} measures at most")));
        }
        measures.insert(name, value);
        Ok(())
    }

    fn drop(&mut self, patch: Resource<PatchHandle>) -> wasmtime::Result<()> {
        self.held.let_go(patch.rep());
        self.table.delete(patch)?;
        Ok(())
    }
}
