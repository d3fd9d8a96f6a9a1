//! Rehearsal, for the test kit: every unit of a job proposed with a clock and a seed that are given; nothing is written.

use super::cut::units;
use super::facts::Left;
use super::propose::{Inputs, Job, Refused};
use crate::api::{CallError, Principal};
use crate::kernel::Kernel;
use memstrata_runtime::Patch;
use memstrata_store::Namespace;
use std::sync::Arc;
use std::time::Duration;

/// What a strategy proposed for one unit.
pub(crate) struct Rehearsed {
    /// The unit's name.
    pub(crate) unit: String,
    /// Its rows, in order.
    pub(crate) ids: Vec<u64>,
    /// The patch, or why there is none.
    pub(crate) outcome: Result<Patch, Refused>,
    /// Time inside the component, if it came to its end.
    pub(crate) guest: Duration,
}

impl Kernel {
    /// Proposes the units of a whole space at one instant. The seed of a unit comes from `seed` and its place alone. Ends after a
    /// unit whose call failed: the next would fail the same way, and take as long.
    ///
    /// # Errors
    /// `not-found.strategy`, and those of the store.
    pub(crate) fn rehearse(
        &self,
        space: &str,
        strategy: &str,
        now: u64,
        seed: u64,
    ) -> Result<Vec<Rehearsed>, CallError> {
        let set = self.shared.layers.load_full();
        let found =
            set.layers.get(strategy).and_then(|layer| Some((layer, layer.plugin.manifest().strategy.as_ref()?)));
        let (layer, spec) =
            found.ok_or_else(|| CallError::new("not-found.strategy", format!("there is no strategy `{strategy}`")))?;
        let space = self.space(space)?;
        let job = Job {
            kernel: self.clone(),
            layer: Arc::clone(layer),
            space: Arc::clone(&space),
            run: "rehearsal".into(),
            scope: Principal::local().scope,
            namespace: String::new(),
            now,
            seed,
            quota: self.shared.options.consolidation.quota,
            cancelled: Arc::default(),
        };
        let collection = space.collection(&spec.collection)?;
        let mut session = space.session(job.session_options(None, true));
        let as_of = session.sequence()?;
        let units = units(&mut session, &collection, spec, &Namespace::default(), None)?;
        drop(session);
        let mut rehearsed = Vec::with_capacity(units.len());
        for (seed, unit) in (seed..).zip(units) {
            let inputs = Inputs { as_of, seed, answers: Arc::default(), replay: false };
            let (outcome, guest) = match job.propose(&unit, inputs, &mut Left::new()) {
                Ok(proposed) => (Ok(proposed.patch), proposed.guest),
                Err(refused) => (Err(refused), Duration::ZERO),
            };
            let failed = matches!(outcome, Err(Refused::Failed(_)));
            rehearsed.push(Rehearsed { unit: unit.name, ids: unit.ids, outcome, guest });
            if failed {
                break;
            }
        }
        Ok(rehearsed)
    }
}
