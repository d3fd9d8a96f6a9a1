//! A run: one at a time in a space, over all processes; its units one after another, its record always there.

use super::cut::units;
use super::facts::Left;
use super::propose::Job;
use super::records::{RUNS, condition, host_session, record_meta};
use super::score::Tally;
use super::unit::Run;
use super::{Consolidate, Mode, RunReport};
use crate::api::{CallError, Progress};
use crate::kernel::{Kernel, admit_space, now_ms};
use crate::layers::{Layer, short};
use memstrata_store::{Lease, Namespace, Query, Space};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How long the right to run is held without a sign of life.
const LEASE_MS: u64 = 300_000;

/// What a run goes on with, besides what was asked.
pub(super) struct Terms<'a> {
    pub(super) layer: Arc<Layer>,
    /// The space, or a copy of it.
    pub(super) space: &'a Arc<Space>,
    /// The right to run; a copy needs none.
    pub(super) lease: Option<&'a Lease>,
    /// Its clock.
    pub(super) now: u64,
    /// Its randomness; none: its own.
    pub(super) seed: Option<u64>,
    /// Gathers what is proposed, to be judged.
    pub(super) tally: Option<&'a mut Tally>,
}

impl Kernel {
    /// Runs a strategy over a space. A run that breaks a pinned recall is taken back.
    ///
    /// # Errors
    /// `not-found.strategy`, `denied.*`, `conflict.running` while another run goes on in the space, and those of the store. A
    /// unit that fails does not fail the run: the report tells.
    pub fn consolidate(&self, request: &Consolidate) -> Result<RunReport, CallError> {
        admit_space(&request.principal, &request.space)?;
        if request.mode == Mode::Apply && !request.principal.may_write {
            return Err(CallError::new(
                "denied.write",
                format!("`{}` may only read; a dry run is allowed", request.principal.name),
            ));
        }
        let space = self.space(&request.space)?;
        let name = match &request.strategy {
            Some(name) => name.clone(),
            None => self.active_in(&space)?,
        };
        let layer = self.strategy(&name)?;
        let terms =
            |lease| Terms { layer: Arc::clone(&layer), space: &space, lease, now: now_ms(), seed: None, tally: None };
        if request.mode == Mode::DryRun {
            return self.run_on(request, terms(None));
        }
        let lease = self.only_one(&space)?;
        let report = self.guarded(request, terms(Some(&lease)));
        self.shared.control.release(&lease)?;
        report
    }

    /// A strategy that serves, by its name.
    pub(super) fn strategy(&self, name: &str) -> Result<Arc<Layer>, CallError> {
        let set = self.shared.layers.load_full();
        let found = set.layers.get(name).filter(|layer| layer.plugin.manifest().strategy.is_some());
        found.map(Arc::clone).ok_or_else(|| {
            let why = set.failed.get(name).map(|reason| format!(", for it did not load: {reason}")).unwrap_or_default();
            CallError::new(
                "not-found.strategy",
                format!("there is no strategy `{}`{why}; there are: {}", short(name), self.strategies().join(", ")),
            )
        })
    }

    /// The names of the strategies that serve.
    #[must_use]
    pub fn strategies(&self) -> Vec<String> {
        let set = self.shared.layers.load_full();
        let strategies = set.layers.iter().filter(|(_, layer)| layer.plugin.manifest().strategy.is_some());
        strategies.map(|(name, _)| name.clone()).collect()
    }

    /// The right to run in a space. Runs that were cut off are then known to be: their records say so.
    fn only_one(&self, space: &Arc<Space>) -> Result<Lease, CallError> {
        let name = format!("consolidation:{}", space.name());
        // A holder for each run: two of one process exclude each other too.
        let holder = format!("{}/{:08x}", self.shared.process, rand::random::<u32>());
        let Some(lease) = self.shared.control.acquire(&name, &holder, LEASE_MS)? else {
            return Err(CallError::new(
                "conflict.running",
                format!("a consolidation of space `{}` is running; wait for it, or try --dry-run", space.name()),
            ));
        };
        let mut session = host_session(self, space, now_ms());
        let runs = space.collection(RUNS)?;
        let mut cut_off = Query::new(Arc::clone(&runs));
        cut_off.filter(condition(&json!(["status", "=", "running"]))?)?;
        for id in session.ids(&cut_off)? {
            let Value::Object(end) = json!({ "status": "failed", "error": "it was cut off", "ended_at": now_ms() })
            else {
                continue;
            };
            session.update(&runs, id, None, &end)?;
        }
        space.commit(session.finish(), record_meta("system"), None)?;
        Ok(lease)
    }

    /// Runs a strategy on a space or a copy of one.
    pub(super) fn run_on(&self, request: &Consolidate, terms: Terms<'_>) -> Result<RunReport, CallError> {
        let Terms { layer, space, lease, now, seed, tally } = terms;
        let Some(spec) = layer.plugin.manifest().strategy.clone() else {
            return Err(CallError::new("internal", "a layer is no strategy"));
        };
        let collection = space.collection(&spec.collection)?;
        let run = format!("r{now:x}{:04x}", rand::random::<u16>());
        let own_seed = u64::from_str_radix(run.trim_start_matches('r'), 16).unwrap_or(now);
        let job = Job {
            kernel: self.clone(),
            space: Arc::clone(space),
            scope: request.principal.scope.clone(),
            namespace: request.namespace.clone(),
            seed: seed.unwrap_or(own_seed),
            run,
            now,
            quota: self.shared.options.consolidation.quota,
            cancelled: Arc::clone(&request.cancelled),
            layer,
        };
        let mut session = space.session(job.session_options(None, true));
        let as_of = session.sequence()?;
        let namespace = Namespace::parse(&request.namespace)?;
        let units = units(&mut session, &collection, &spec, &namespace, request.since)?;
        drop(session);
        let begun = RunReport::begun(&job.run, job.layer.name(), job.layer.plugin.digest(), request.mode, as_of);
        let report = RunReport { units: units.len() as u64, ..begun };
        let record = match request.mode {
            Mode::Apply => Some(job.open_record(request, &report)?),
            Mode::DryRun => None,
        };
        let mut run =
            Run { job, request, lease, at: as_of, left: Left::new(), report, measured: BTreeMap::new(), tally };
        for (nth, unit) in units.iter().enumerate() {
            if request.cancelled.load(Ordering::Relaxed) {
                run.report.status = "cancelled";
                run.report.error = Some("it was cancelled; what is applied stays, and can be undone".into());
                break;
            }
            if let Some(progress) = &request.progress {
                progress(Progress { done: nth as u64, total: run.report.units, message: unit.name.clone() });
            }
            let detail = run.unit(unit)?;
            run.report.details.push(detail);
            if let Some(lease) = lease {
                self.shared.control.acquire(&lease.name, &lease.holder, LEASE_MS)?;
            }
        }
        let Run { job, mut report, measured, .. } = run;
        let mean = |(name, (sum, count)): (String, (f64, u32))| (name, sum / f64::from(count));
        report.measures = measured.into_iter().map(mean).collect();
        if report.failed > 0 && report.status == "done" {
            report.status = if report.applied == 0 { "failed" } else { "partial" };
            let first = report.details.iter().find(|unit| unit.status == "failed");
            report.error = report.error.or_else(|| first.and_then(|unit| unit.error.clone()));
        }
        if let Some(id) = record {
            job.close_record(id, &report)?;
        }
        Ok(report)
    }
}
