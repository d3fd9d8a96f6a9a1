//! Asks a strategy for its patch of one unit as of one snapshot, and checks it.

use super::apply::Counts;
use super::cut::Unit;
use super::facts::{Left, Quota, gather};
use super::validate::{Facts, PatchFault};
use crate::api::CallError;
use crate::budget::Budgeted;
use crate::kernel::Kernel;
use crate::layers::Layer;
use memstrata_models::Llm;
use memstrata_runtime::{CallContext, Models, Patch};
use memstrata_store::{Deadline, Namespace, SessionOptions, Space};
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What all units of a run share.
pub(super) struct Job {
    pub(super) kernel: Kernel,
    pub(super) layer: Arc<Layer>,
    pub(super) space: Arc<Space>,
    pub(super) run: String,
    pub(super) scope: Namespace,
    pub(super) namespace: String,
    pub(super) now: u64,
    pub(super) seed: u64,
    pub(super) quota: Quota,
    pub(super) cancelled: Arc<AtomicBool>,
}

/// A unit's patch without faults, and what it was checked against.
pub(super) struct Proposed {
    pub(super) patch: Patch,
    pub(super) facts: Facts,
    pub(super) counts: Counts,
    pub(super) guest: Duration,
    pub(super) tokens: u32,
    /// What they cost.
    pub(super) money: f64,
    /// Model answers by prompt: what a replay is given again.
    pub(super) answers: serde_json::Value,
}

/// What a unit is proposed from, besides its rows.
pub(super) struct Inputs {
    /// The sequence it reads as of.
    pub(super) as_of: u64,
    pub(super) seed: u64,
    /// Model answers given already.
    pub(super) answers: Arc<Mutex<HashMap<String, String>>>,
    /// No model is asked: only those answers count.
    pub(super) replay: bool,
}

/// Why a unit has no patch.
pub(crate) enum Refused {
    /// The patch has faults.
    Faults(Patch, Vec<PatchFault>),
    /// The call failed.
    Failed(CallError),
}

impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}

impl Job {
    /// A session of this run. `as_of` none is the newest there is.
    pub(super) fn session_options(&self, as_of: Option<u64>, read_only: bool) -> SessionOptions {
        let limits = self.kernel.shared.runtime.limits();
        let mut reads = limits.store();
        // Cutting looks at every row of the job, whatever one call of a component may read.
        reads.rows_read = u64::MAX;
        SessionOptions {
            layer: self.layer.name().to_owned(),
            component: self.layer.plugin.digest().to_owned(),
            scope: self.scope.clone(),
            now: self.now,
            deadline: self.deadline(),
            limits: reads,
            binding: String::new(),
            read_only,
            as_of,
        }
    }

    fn deadline(&self) -> Deadline {
        let wall = self.kernel.shared.runtime.limits().wall(true);
        Deadline { at: Instant::now() + wall, cancelled: Arc::clone(&self.cancelled) }
    }

    /// The seed of a run: its name.
    pub(super) fn seed_of(run: &str, now: u64) -> u64 {
        u64::from_str_radix(run.trim_start_matches('r'), 16).unwrap_or(now)
    }

    /// The seed of a unit: the same in every run with the same seed.
    pub(super) fn seed(&self, unit: &Unit) -> u64 {
        unit.name.bytes().fold(self.seed, |seed, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// Runs the component.
    pub(super) fn propose(&self, unit: &Unit, inputs: Inputs, left: &mut Left) -> Result<Proposed, Refused> {
        let job = json!({
            "run": self.run, "unit": unit.name, "namespace": self.namespace, "as_of": self.now, "ids": unit.ids,
            "collection": self.layer.plugin.manifest().strategy.as_ref().map(|strategy| &strategy.collection),
        });
        let llm = self.kernel.shared.llm.as_ref().filter(|_| !inputs.replay).map(Budgeted::for_call);
        let models = Models {
            embedder: Some(Arc::clone(&self.kernel.shared.embedder)),
            llm: llm.clone().map(|llm| llm as Arc<dyn Llm>),
            answers: inputs.answers,
        };
        let as_of = inputs.as_of;
        let mut options = self.session_options(Some(as_of), true);
        options.limits = self.kernel.shared.runtime.limits().store();
        let context = CallContext {
            session: Some(self.space.session(options)),
            models: models.clone(),
            deadline: self.deadline(),
            now: self.now,
            seed: inputs.seed,
            progress: None,
        };
        let proposal =
            self.layer.plugin.propose(&job.to_string(), context).map_err(|failure| Refused::Failed(failure.into()))?;
        let mut session = self.space.session(self.session_options(Some(as_of), true));
        let facts = gather(&mut session, &self.layer.plugin, &proposal.patch, self.quota, left)?;
        let faults = facts.faults(&proposal.patch);
        if !faults.is_empty() {
            return Err(Refused::Faults(proposal.patch, faults));
        }
        let answers = models.answers.lock().map(|answers| json!(*answers)).unwrap_or_default();
        Ok(Proposed {
            counts: Counts::of(&proposal.patch),
            patch: proposal.patch,
            facts,
            guest: proposal.guest,
            tokens: proposal.tokens,
            money: llm.map_or(0.0, |llm| llm.money()),
            answers,
        })
    }
}
