//! A run: one at a time in a space, over all processes; its units one after another, its record always there.

use super::cut::units;
use super::facts::Left;
use super::propose::Job;
use super::records::{RUNS, host_session, record_meta};
use super::unit::Run;
use super::{Consolidate, Mode, RunReport};
use crate::api::{CallError, Progress};
use crate::kernel::{Kernel, admit_space, now_ms};
use crate::layers::Layer;
use memstrata_store::{Condition, Lease, Namespace, Query, Space};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How long the right to run is held without a sign of life.
const LEASE_MS: u64 = 300_000;

impl Kernel {
    /// Runs a strategy over a space.
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
        let layer = self.strategy(request.strategy.as_deref())?;
        let space = self.space(&request.space)?;
        let lease = match request.mode {
            Mode::DryRun => None,
            Mode::Apply => Some(self.only_one(&space)?),
        };
        let report = self.consolidate_under(request, layer, &space, lease.as_ref());
        if let Some(lease) = &lease {
            self.shared.control.release(lease)?;
        }
        report
    }

    fn strategy(&self, name: Option<&str>) -> Result<Arc<Layer>, CallError> {
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
        cut_off.filter(Condition::parse(&json!(["status", "=", "running"]).to_string())?)?;
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

    fn consolidate_under(
        &self,
        request: &Consolidate,
        layer: Arc<Layer>,
        space: &Arc<Space>,
        lease: Option<&Lease>,
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
            seed: u64::from_str_radix(run.trim_start_matches('r'), 16).unwrap_or(now),
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
            details: Vec::new(),
            error: None,
        };
        let record = match request.mode {
            Mode::Apply => Some(job.open_record(request, &report)?),
            Mode::DryRun => None,
        };
        let mut run = Run { job, request, lease, at: as_of, left: Left::new(), report, measured: BTreeMap::new() };
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
