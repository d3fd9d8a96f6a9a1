//! A run: one at a time in a space, over all processes; its units one after another, its record always there.

use super::cut::{Unit, units};
use super::facts::Left;
use super::lease::Held;
use super::propose::Job;
use super::score::Tally;
use super::unit::{POSTPONED, Run};
use super::{Consolidate, Mode, RunReport, UnitReport};
use crate::api::{CallError, Progress};
use crate::kernel::{Kernel, admit_space, now_ms};
use crate::layers::{Layer, short};
use memstrata_store::{Namespace, Space};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Units of an applied run that its report tells of; the records have them all.
const TOLD: usize = 1_000;
/// What the lease of a space's runs is called, before the space.
pub(super) const LEASE: &str = "consolidation:";

/// What a run goes on with, besides what was asked.
pub(super) struct Terms<'a> {
    pub(super) layer: Arc<Layer>,
    /// The space, or a copy of it.
    pub(super) space: &'a Arc<Space>,
    /// The right to run; a copy needs none.
    pub(super) lease: Option<&'a Held>,
    /// The event it is for, dealt with once the run is known to have begun.
    pub(super) acknowledges: Option<(String, u64, u64)>,
    /// Pinned recalls that hold before it, by name: kept in its record, for it may be cut off.
    pub(super) held: Vec<String>,
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
        self.consolidate_for(request, None)
    }

    /// Runs a strategy for an event, which counts as dealt with once the run is known to have begun.
    pub(super) fn consolidate_for(
        &self,
        request: &Consolidate,
        acknowledges: Option<(String, u64, u64)>,
    ) -> Result<RunReport, CallError> {
        admit_space(&request.principal, &request.space)?;
        if request.mode == Mode::Apply && !request.principal.may_write {
            return Err(CallError::new(
                "denied.write",
                format!("`{}` may only read; a dry run is allowed", request.principal.name),
            ));
        }
        let _going = self.shared.running.enter(&request.cancelled);
        let space = self.space(&request.space)?;
        let lease = match request.mode {
            Mode::DryRun => None,
            Mode::Apply => Some(self.only_one(&space)?),
        };
        // First, for a run that was cut off may turn out to break a pinned recall and cost its strategy its place.
        if let Some(lease) = &lease {
            self.resume_cut_off(&space, lease, &request.cancelled)?;
        }
        let name = match &request.strategy {
            Some(name) => name.clone(),
            None => self.active_in(&space)?,
        };
        let terms = Terms {
            layer: self.strategy(&name)?,
            space: &space,
            lease: lease.as_ref(),
            acknowledges,
            held: Vec::new(),
            now: now_ms(),
            seed: None,
            tally: None,
        };
        match request.mode {
            Mode::DryRun => self.run_on(request, terms),
            Mode::Apply => self.guarded(request, terms),
        }
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

    /// The right to run in a space.
    pub(crate) fn only_one(&self, space: &Arc<Space>) -> Result<Held, CallError> {
        Held::take(self, &format!("{LEASE}{}", space.name()))?.ok_or_else(|| {
            CallError::new(
                "conflict.running",
                format!("a consolidation of space `{}` is running; wait for it, or try --dry-run", space.name()),
            )
        })
    }

    /// Runs a strategy on a space or a copy of one.
    pub(super) fn run_on(&self, request: &Consolidate, terms: Terms<'_>) -> Result<RunReport, CallError> {
        let Terms { layer, space, lease, acknowledges, held, now, seed, tally } = terms;
        let Some(spec) = layer.plugin.manifest().strategy.clone() else {
            return Err(CallError::new("internal", "a layer is no strategy"));
        };
        let collection = space.collection(&spec.collection)?;
        let run = format!("r{now:x}{:04x}", rand::random::<u16>());
        let job = Job {
            kernel: self.clone(),
            space: Arc::clone(space),
            scope: request.principal.scope.clone(),
            namespace: request.namespace.clone(),
            seed: seed.unwrap_or_else(|| Job::seed_of(&run, now)),
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
        let before = self.quality(space, &job.layer, &namespace, &job.scope)?;
        let begun = RunReport::begun(&job.run, job.layer.name(), job.layer.plugin.digest(), request.mode, as_of);
        let report = RunReport { units: units.len() as u64, quality_before: Some(before), ..begun };
        let record = match request.mode {
            Mode::Apply => Some(job.open_record(request, &report, &held, acknowledges)?),
            Mode::DryRun => None,
        };
        let run = Run { tally, ..Run::new(job, request, lease, as_of, report) };
        self.go_on(run, &units, record)
    }

    /// The units one after another, and the end of the run.
    pub(super) fn go_on(&self, mut run: Run<'_>, units: &[Unit], record: Option<u64>) -> Result<RunReport, CallError> {
        let (request, lease) = (run.request, run.lease);
        let done = run.report.units - units.len() as u64;
        for (nth, unit) in units.iter().enumerate() {
            if let Some(progress) = &request.progress {
                progress(Progress { done: done + nth as u64, total: run.report.units, message: unit.name.clone() });
            }
            if !run.next(unit)? {
                break;
            }
        }
        run.last_try = true;
        for unit in std::mem::take(&mut run.later) {
            if !run.next(&unit)? {
                break;
            }
        }
        if request.cancelled.load(Ordering::Relaxed) {
            run.report.status = "cancelled";
            run.report.error = Some("it was cancelled; what is applied stays, and can be undone".into());
        }
        let Run { job, mut report, measured, .. } = run;
        let mean = |(name, (sum, count)): (String, (f64, u32))| (name, sum / f64::from(count));
        report.measures = measured.into_iter().map(mean).collect();
        if report.failed > 0 && report.status == "done" {
            report.status = if report.applied == 0 { "failed" } else { "partial" };
        }
        if let Some(id) = record {
            let namespace = Namespace::parse(&request.namespace)?;
            report.quality_after = Some(self.quality(&job.space, &job.layer, &namespace, &job.scope)?);
            job.close_record(id, &report, lease)?;
        }
        Ok(report)
    }
}

impl<'a> Run<'a> {
    /// A run that begins.
    pub(super) fn new(job: Job, request: &'a Consolidate, lease: Option<&'a Held>, at: u64, report: RunReport) -> Self {
        Self {
            job,
            request,
            lease,
            at,
            left: Left::new(),
            report,
            measured: BTreeMap::new(),
            tally: None,
            later: Vec::new(),
            last_try: false,
        }
    }

    /// One unit more; whether the run goes on.
    fn next(&mut self, unit: &Unit) -> Result<bool, CallError> {
        if self.request.cancelled.load(Ordering::Relaxed) {
            return Ok(false);
        }
        self.lease.map_or(Ok(()), Held::check)?;
        let begun = Instant::now();
        let detail = self.unit(unit)?;
        self.tell(detail);
        let shared = &self.job.kernel.shared;
        shared.traffic.give_way(begun.elapsed(), shared.options.consolidation.busy_share, &self.request.cancelled);
        Ok(true)
    }

    /// Puts a unit into the report: in the place it had before it was put off, and no more than are read of a run that is applied.
    fn tell(&mut self, detail: UnitReport) {
        let details = &mut self.report.details;
        let before =
            details.iter_mut().find(|told| self.last_try && told.status == POSTPONED && told.unit == detail.unit);
        if let Some(place) = before {
            *place = detail;
        } else if self.request.mode == Mode::DryRun || details.len() < TOLD {
            details.push(detail);
        } else if detail.status != POSTPONED {
            self.report.left_out += 1;
        }
    }
}
