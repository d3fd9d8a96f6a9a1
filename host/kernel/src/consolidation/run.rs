//! A run: one at a time in a space, over all processes; its units one after another, its record always there.

use super::cut::{Unit, units};
use super::facts::Left;
use super::lease::Held;
use super::propose::Job;
use super::unit::{POSTPONED, Run};
use super::{Consolidate, Mode, RunReport, UnitReport};
use crate::api::{CallError, Progress};
use crate::kernel::{Kernel, admit_space, now_ms};
use crate::layers::Layer;
use memstrata_store::{Namespace, Space};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Units of an applied run that its report tells of; the records have them all.
const TOLD: usize = 1_000;
/// What the lease of a space's runs is called, before the space.
pub(super) const LEASE: &str = "consolidation:";

impl Kernel {
    /// Runs a strategy over a space.
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
        let layer = self.strategy(request.strategy.as_deref())?;
        let space = self.space(&request.space)?;
        let lease = match request.mode {
            Mode::DryRun => None,
            Mode::Apply => Some(self.only_one(&space)?),
        };
        if let Some(lease) = &lease {
            self.resume_cut_off(&space, lease, &request.cancelled)?;
        }
        self.consolidate_under(request, layer, &space, lease.as_ref(), acknowledges)
    }

    pub(super) fn strategy(&self, name: Option<&str>) -> Result<Arc<Layer>, CallError> {
        let set = self.shared.layers.load_full();
        let mut strategies = set.layers.iter().filter(|(_, layer)| layer.plugin.manifest().strategy.is_some());
        let known: Vec<&str> = strategies.clone().map(|(name, _)| name.as_str()).collect();
        let found = match name {
            Some(wanted) => strategies.find(|(name, _)| *name == wanted),
            None => strategies.next().filter(|_| known.len() == 1),
        };
        found.map(|(_, layer)| Arc::clone(layer)).ok_or_else(|| {
            let what =
                name.map_or_else(|| "say which strategy".to_owned(), |name| format!("there is no strategy `{name}`"));
            CallError::new("not-found.strategy", format!("{what}; there are: {}", known.join(", ")))
        })
    }

    /// The right to run in a space.
    pub(super) fn only_one(&self, space: &Arc<Space>) -> Result<Held, CallError> {
        Held::take(self, &format!("{LEASE}{}", space.name()))?.ok_or_else(|| {
            CallError::new(
                "conflict.running",
                format!("a consolidation of space `{}` is running; wait for it, or try --dry-run", space.name()),
            )
        })
    }

    fn consolidate_under(
        &self,
        request: &Consolidate,
        layer: Arc<Layer>,
        space: &Arc<Space>,
        lease: Option<&Held>,
        acknowledges: Option<(String, u64, u64)>,
    ) -> Result<RunReport, CallError> {
        let Some(spec) = layer.plugin.manifest().strategy.clone() else {
            return Err(CallError::new("internal", "a layer is no strategy"));
        };
        let collection = space.collection(&spec.collection)?;
        let now = now_ms();
        let run = format!("r{now:x}{:04x}", rand::random::<u16>());
        let job = Job {
            kernel: self.clone(),
            space: Arc::clone(space),
            scope: request.principal.scope.clone(),
            namespace: request.namespace.clone(),
            seed: Job::seed_of(&run, now),
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
        let report = RunReport {
            run: job.run.clone(),
            strategy: job.layer.name().to_owned(),
            digest: job.layer.plugin.digest().to_owned(),
            mode: request.mode,
            status: "done",
            as_of,
            units: units.len() as u64,
            applied: 0,
            skipped: 0,
            failed: 0,
            created: 0,
            changed: 0,
            ended: 0,
            conflicts: 0,
            tokens: 0,
            guest_ms: 0.0,
            measures: BTreeMap::new(),
            quality_before: Some(before),
            quality_after: None,
            resumed: 0,
            details: Vec::new(),
            left_out: 0,
            error: None,
        };
        let record = match request.mode {
            Mode::Apply => Some(job.open_record(request, &report, acknowledges)?),
            Mode::DryRun => None,
        };
        self.go_on(Run::new(job, request, lease, as_of, report), &units, record)
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
        let detail = self.unit(unit)?;
        self.tell(detail);
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
