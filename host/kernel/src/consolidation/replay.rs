//! Replay: the units of a run proposed once more from their recorded inputs; nothing is written.

use super::cut::Unit;
use super::facts::Left;
use super::propose::{Inputs, Job, Refused};
use super::records::{UNITS, condition, host_session};
use crate::api::{CallError, Principal};
use crate::kernel::{Kernel, admit_space, now_ms};
use crate::layers::Layer;
use memstrata_store::{Generation, Query};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// How one unit came out.
#[derive(Debug, Clone, Serialize)]
pub struct Replayed {
    /// Its name in the run.
    pub unit: String,
    /// The hash its patch had.
    pub recorded: String,
    /// The hash it has now; empty if it was not proposed.
    pub replayed: String,
    /// Whether they are equal.
    pub same: bool,
    /// The input that differs, if they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
}

impl Kernel {
    /// Proposes every applied unit of a run again, with the snapshot, clock, seed and model answers it had.
    ///
    /// # Errors
    /// `not-found.run`, `not-found` when the component is no longer kept, and those of the store.
    pub fn replay(&self, space: &str, run: &str, principal: &Principal) -> Result<Vec<Replayed>, CallError> {
        admit_space(principal, space)?;
        let space = self.space(space)?;
        let mut session = host_session(self, &space, now_ms());
        let mut query = Query::new(space.collection(UNITS)?);
        for part in [json!(["run", "=", run]), json!(["status", "=", "applied"])] {
            query.filter(condition(&part)?)?;
        }
        query.limit(1_000);
        let mut records: Vec<Value> = Vec::new();
        loop {
            let page = session.rows(&query)?;
            records.extend(page.rows.iter().filter_map(|row| serde_json::from_str(row).ok()));
            match page.next {
                Some(next) => query.after(&next),
                None => break,
            }
        }
        drop(session);
        let Some(first) = records.first() else {
            return Err(CallError::new(
                "not-found.run",
                format!("space `{}` has no applied unit of run `{run}`; an undone run leaves none", space.name()),
            ));
        };
        let text =
            |record: &Value, field: &str| record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let layer = self.component(&text(first, "strategy"), &text(first, "digest"))?;
        let mut replayed = Vec::with_capacity(records.len());
        for record in &records {
            let number = |field: &str| record.get(field).and_then(Value::as_u64).unwrap_or_default();
            let rows = record.get("rows").and_then(Value::as_array).into_iter().flatten();
            let unit = Unit {
                name: text(record, "unit"),
                ids: rows.filter_map(Value::as_u64).collect(),
                rows_hash: text(record, "rows_hash"),
            };
            let answers: HashMap<String, String> = record
                .get("answers")
                .and_then(|answers| serde_json::from_value(answers.clone()).ok())
                .unwrap_or_default();
            let inputs = Inputs {
                as_of: number("as_of"),
                seed: text(record, "seed").parse().unwrap_or_default(),
                answers: Arc::new(Mutex::new(answers)),
                replay: true,
            };
            let job = Job {
                kernel: self.clone(),
                layer: Arc::clone(&layer),
                space: Arc::clone(&space),
                run: run.to_owned(),
                scope: principal.scope.clone(),
                namespace: text(record, "scope"),
                now: number("now"),
                seed: 0,
                quota: self.shared.options.consolidation.quota,
                cancelled: Arc::default(),
            };
            let recorded = text(record, "patch_hash");
            let (hash, mut differs) = match job.propose(&unit, inputs, &mut Left::new()) {
                Ok(proposed) => (proposed.patch.hash(), None),
                // The quota is that of the whole run; the patch is the same all the same.
                Err(Refused::Faults(patch, _)) => (patch.hash(), None),
                Err(Refused::Failed(error)) => (String::new(), Some(error.to_string())),
            };
            let same = hash == recorded;
            if !same && differs.is_none() {
                differs = Some(self.what_differs(&layer, record));
            }
            replayed.push(Replayed { unit: unit.name, recorded, replayed: hash, same, differs });
        }
        Ok(replayed)
    }

    /// A strategy's component by its digest: the one that serves, or one that is still kept.
    pub(super) fn component(&self, name: &str, digest: &str) -> Result<Arc<Layer>, CallError> {
        let set = self.shared.layers.load_full();
        if let Some(layer) = set.layers.get(name).filter(|layer| layer.plugin.digest() == digest) {
            return Ok(Arc::clone(layer));
        }
        let wasm = self.stored(digest);
        let generation =
            Generation { layer: name.into(), generation: 0, digest: digest.into(), origin: "replay".into(), at: 0 };
        Ok(Arc::new(self.load(name, &wasm, &generation)?))
    }

    /// What is not as it was, as far as it is recorded.
    fn what_differs(&self, layer: &Layer, record: &Value) -> String {
        let recorded = |field: &str| record.get(field).and_then(Value::as_str).unwrap_or_default();
        if recorded("settings") != layer.plugin.settings() {
            return "settings: the strategy's settings are others now".into();
        }
        if recorded("model") != self.shared.embedder.model().to_string() {
            return "model: vectors are made by another model now".into();
        }
        "search or vectors: they are of what the rows say now, and some have changed since".into()
    }
}
