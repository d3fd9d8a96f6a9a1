//! A run: one at a time in a space, over all processes; its units one after another, its record always there.

use super::apply::{Author, Counts, stage};
use super::cut::{Unit, units};
use super::facts::Left;
use super::propose::{Inputs, Job, Proposed, Refused};
use super::records::{HOST, RUNS, UNITS};
use super::{Consolidate, Mode, RunReport, UnitReport};
use crate::api::{CallError, Progress};
use crate::kernel::{Kernel, admit_space, now_ms};
use crate::layers::Layer;
use memstrata_store::{CommitMeta, Condition, Deadline, Lease, Namespace, Query, Session, Space};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often a unit is proposed in all when rows change under it.
const ATTEMPTS: u32 = 3;
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

    /// The runs of a space, newest first; one run with its units as `details`.
    ///
    /// # Errors
    /// `not-found.space`, `denied.space`, and those of the store.
    pub fn runs(
        &self,
        space: &str,
        principal: &crate::api::Principal,
        run: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Value>, CallError> {
        admit_space(principal, space)?;
        let space = self.space(space)?;
        let mut session = host_session(self, &space, now_ms());
        let mut query = Query::new(space.collection(RUNS)?);
        query.order_by("started_at", true)?;
        query.limit(limit);
        if let Some(run) = run {
            query.filter(Condition::parse(&json!(["run", "=", run]).to_string())?)?;
        }
        let mut found: Vec<Value> =
            session.rows(&query)?.rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect();
        if let (Some(run), Some(Value::Object(one))) = (run, found.first_mut()) {
            let mut units = Query::new(space.collection(UNITS)?);
            units.filter(Condition::parse(&json!(["run", "=", run]).to_string())?)?;
            units.limit(1_000);
            let units = session.rows(&units)?.rows;
            let units: Vec<Value> = units.iter().filter_map(|row| serde_json::from_str(row).ok()).collect();
            one.insert("details".into(), units.into());
        }
        Ok(found)
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
            quota: self.shared.options.quota,
            cancelled: Arc::clone(&request.cancelled),
            layer,
        };
        let mut session = space.session(job.session_options(None, true));
        let as_of = session.sequence()?;
        let namespace = Namespace::parse(&request.namespace)?;
        let units = units(&mut session, &collection, &spec, &namespace, request.since)?;
        drop(session);
        let mut report = RunReport {
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
            money: 0.0,
            guest_ms: 0.0,
            measures: std::collections::BTreeMap::new(),
            details: Vec::new(),
            error: None,
        };
        let record = match request.mode {
            Mode::Apply => Some(job.open_record(request, &report)?),
            Mode::DryRun => None,
        };
        let mut left = Left::new();
        let mut measured: std::collections::BTreeMap<String, (f64, u32)> = std::collections::BTreeMap::new();
        let mut at = as_of;
        for (nth, unit) in units.iter().enumerate() {
            if request.cancelled.load(Ordering::Relaxed) {
                report.status = "cancelled";
                report.error = Some("it was cancelled; what is applied stays, and can be undone".into());
                break;
            }
            if let Some(progress) = &request.progress {
                progress(Progress { done: nth as u64, total: report.units, message: unit.name.clone() });
            }
            let detail = job.unit(unit, request, &mut at, &mut left, lease, &mut report, &mut measured)?;
            report.details.push(detail);
            if let Some(lease) = lease {
                self.shared.control.acquire(&lease.name, &lease.holder, LEASE_MS)?;
            }
        }
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

impl Job {
    #[expect(clippy::too_many_arguments, reason = "the run's running totals")]
    fn unit(
        &self,
        unit: &Unit,
        request: &Consolidate,
        at: &mut u64,
        left: &mut Left,
        lease: Option<&Lease>,
        report: &mut RunReport,
        measured: &mut std::collections::BTreeMap<String, (f64, u32)>,
    ) -> Result<UnitReport, CallError> {
        let mut detail = UnitReport {
            unit: unit.name.clone(),
            rows: unit.ids.len(),
            status: "skipped",
            patch_hash: String::new(),
            seq: None,
            patch: None,
            faults: Vec::new(),
            error: None,
        };
        if !request.again && self.done_before(unit)? {
            report.skipped += 1;
            return Ok(detail);
        }
        for attempt in 1..=ATTEMPTS {
            let mut quota = left.clone();
            let inputs = Inputs { as_of: *at, seed: self.seed(unit), answers: Arc::default(), replay: false };
            match self.propose(unit, inputs, &mut quota) {
                Ok(proposed) => {
                    detail.patch_hash = proposed.patch.hash();
                    if request.mode == Mode::Apply {
                        match self.apply(unit, &proposed, *at, lease) {
                            Ok(seq) => detail.seq = seq,
                            Err(error) if error.code.starts_with("conflict") && attempt < ATTEMPTS => {
                                // Rows changed under it: proposed anew as of now.
                                *at = self.space.latest()?;
                                continue;
                            }
                            Err(error) => {
                                self.failed(unit, &mut detail, report, &error, *at)?;
                                return Ok(detail);
                            }
                        }
                    }
                    spend(&mut quota, &proposed);
                    *left = quota;
                    report.take(&proposed);
                    for (name, value) in &proposed.patch.measures {
                        let (sum, count) = measured.entry(name.clone()).or_default();
                        (*sum, *count) = (*sum + value, *count + 1);
                    }
                    let empty = proposed.patch.steps.is_empty();
                    detail.status = match (empty, request.mode) {
                        (true, _) => "empty",
                        (false, Mode::Apply) => "applied",
                        (false, Mode::DryRun) => "proposed",
                    };
                    if empty {
                        report.skipped += 1
                    } else {
                        report.applied += 1
                    }
                    detail.patch = Some(proposed.patch);
                    return Ok(detail);
                }
                Err(Refused::Faults(patch, faults)) => {
                    let first =
                        faults.first().map(|fault| format!("{}: {}", fault.code, fault.message)).unwrap_or_default();
                    let more = faults.len().saturating_sub(1);
                    let error = CallError::new("patch.refused", format!("{first} ({more} more faults)"));
                    detail.patch = Some(patch);
                    detail.faults = faults;
                    self.failed(unit, &mut detail, report, &error, *at)?;
                    return Ok(detail);
                }
                Err(Refused::Failed(error)) => {
                    self.failed(unit, &mut detail, report, &error, *at)?;
                    return Ok(detail);
                }
            }
        }
        Ok(detail)
    }

    fn failed(
        &self,
        unit: &Unit,
        detail: &mut UnitReport,
        report: &mut RunReport,
        error: &CallError,
        at: u64,
    ) -> Result<(), CallError> {
        tracing::warn!(run = %self.run, unit = %unit.name, %error, "a unit failed; the run goes on");
        report.failed += 1;
        detail.status = "failed";
        detail.error = Some(error.to_string());
        if report.mode == Mode::DryRun {
            return Ok(());
        }
        let mut session = host_session(&self.kernel, &self.space, self.now);
        self.record_unit(&mut session, unit, json!({ "status": "failed", "error": error.to_string(), "as_of": at }))?;
        self.space.commit(session.finish(), record_meta("system"), None)?;
        Ok(())
    }

    /// Whether an earlier run of the same component has worked on the same rows in the same versions.
    fn done_before(&self, unit: &Unit) -> Result<bool, CallError> {
        let mut session = host_session(&self.kernel, &self.space, self.now);
        let mut done = Query::new(self.space.collection(UNITS)?);
        for condition in [
            json!(["digest", "=", self.layer.plugin.digest()]),
            json!(["rows_hash", "=", unit.rows_hash]),
            json!(["status", "=", "applied"]),
        ] {
            done.filter(Condition::parse(&condition.to_string())?)?;
        }
        Ok(session.count(&done)? > 0)
    }

    /// Applies a patch in one transaction, with the record of its unit.
    fn apply(
        &self,
        unit: &Unit,
        proposed: &Proposed,
        at: u64,
        lease: Option<&Lease>,
    ) -> Result<Option<u64>, CallError> {
        let mut options = self.session_options(None, false);
        options.limits.rows_read = u64::MAX;
        let mut session = self.space.session(options);
        let author = Author { strategy: self.layer.name(), run: &self.run };
        stage(&mut session, &proposed.patch, &proposed.facts, &author)?;
        let record = json!({
            "status": "applied", "as_of": at, "now": self.now, "seed": self.seed(unit).to_string(),
            "answers": proposed.answers, "patch_hash": proposed.patch.hash(), "steps": proposed.patch.steps.len(),
        });
        self.record_unit(&mut session, unit, record)?;
        let mut write_set = session.finish();
        let deadline = Deadline::within(self.kernel.shared.runtime.limits().wall(true));
        crate::dispatch::embed(&*self.kernel.shared.embedder, &mut write_set, &deadline);
        let meta = CommitMeta {
            kind: "consolidation".into(),
            principal: "consolidation".into(),
            layer: self.layer.name().to_owned(),
            component: self.layer.plugin.digest().to_owned(),
            operation: self.run.clone(),
            lease: lease.map(|lease| (lease.name.clone(), lease.token)),
            ..CommitMeta::default()
        };
        let committed = self.space.commit(write_set, meta, None)?;
        self.kernel.shared.wake();
        Ok((committed.seq > 0).then_some(committed.seq))
    }

    fn record_unit(&self, session: &mut Session, unit: &Unit, more: Value) -> Result<(), CallError> {
        let mut row = Map::new();
        for (field, value) in [
            ("run", self.run.as_str()),
            ("unit", unit.name.as_str()),
            ("strategy", self.layer.name()),
            ("digest", self.layer.plugin.digest()),
            ("rows_hash", unit.rows_hash.as_str()),
            ("scope", self.namespace.as_str()),
            ("settings", self.layer.plugin.settings()),
        ] {
            row.insert(field.into(), value.into());
        }
        row.insert("rows".into(), json!(unit.ids));
        row.insert("model".into(), self.kernel.shared.embedder.model().to_string().into());
        if let Value::Object(more) = more {
            row.extend(more);
        }
        let units = self.space.collection(UNITS)?;
        session.upsert(&units, "unit", row)?;
        Ok(())
    }

    fn open_record(&self, request: &Consolidate, report: &RunReport) -> Result<u64, CallError> {
        let mut session = host_session(&self.kernel, &self.space, self.now);
        let row = json!({
            "run": self.run, "strategy": report.strategy, "digest": report.digest, "mode": request.mode, "status": "running",
            "trigger": request.trigger, "principal": request.principal.name, "as_of": report.as_of, "started_at": self.now,
            "units": report.units, "namespace": request.namespace,
        });
        let Value::Object(row) = row else { return Err(CallError::new("internal", "no record")) };
        let id = session.insert(&self.space.collection(RUNS)?, row)?;
        self.space.commit(session.finish(), record_meta(&request.principal.name), None)?;
        Ok(id)
    }

    fn close_record(&self, id: u64, report: &RunReport) -> Result<(), CallError> {
        let mut session = host_session(&self.kernel, &self.space, now_ms());
        let Ok(Value::Object(mut row)) = serde_json::to_value(report) else { return Ok(()) };
        row.retain(|field, _| {
            !matches!(field.as_str(), "run" | "strategy" | "digest" | "mode" | "details" | "as_of" | "units")
        });
        row.insert("ended_at".into(), now_ms().into());
        session.update(&self.space.collection(RUNS)?, id, None, &row)?;
        self.space.commit(session.finish(), record_meta("system"), None)?;
        Ok(())
    }
}

impl RunReport {
    fn take(&mut self, proposed: &Proposed) {
        let Counts { created, changed, ended, conflicts } = proposed.counts;
        self.created += created;
        self.changed += changed;
        self.ended += ended;
        self.conflicts += conflicts;
        self.tokens += u64::from(proposed.tokens);
        self.money += proposed.money;
        self.guest_ms += proposed.guest.as_secs_f64() * 1000.0;
    }
}

/// What ends by a patch is taken from the quotas.
fn spend(left: &mut Left, proposed: &Proposed) {
    use memstrata_runtime::Change;
    for step in &proposed.patch.steps {
        let rows = match &step.change {
            Change::Supersede { row, .. } => std::slice::from_ref(row),
            Change::Merge { rows, .. } | Change::Retire { rows } => rows,
            _ => continue,
        };
        for row in rows.iter().filter_map(|id| proposed.facts.rows.get(id)) {
            if let Some(quota) = left.get_mut(&row.collection) {
                *quota = quota.saturating_sub(1);
            }
        }
    }
}

/// The record of a run says that it was taken back.
pub(crate) fn mark_undone(kernel: &Kernel, space: &Arc<Space>, run: &str) -> Result<(), CallError> {
    let mut session = host_session(kernel, space, now_ms());
    let runs = space.collection(RUNS)?;
    let mut query = Query::new(Arc::clone(&runs));
    query.filter(Condition::parse(&json!(["run", "=", run]).to_string())?)?;
    for id in session.ids(&query)? {
        let Value::Object(undone) = json!({ "status": "undone" }) else { continue };
        session.update(&runs, id, None, &undone)?;
    }
    space.commit(session.finish(), record_meta("system"), None)?;
    Ok(())
}

/// A session of the host for its records.
pub(super) fn host_session(kernel: &Kernel, space: &Arc<Space>, now: u64) -> Session {
    let limits = kernel.shared.runtime.limits();
    space.session(memstrata_store::SessionOptions {
        layer: HOST.into(),
        component: HOST.into(),
        scope: Namespace::default(),
        now,
        deadline: Deadline::within(limits.wall(true)),
        limits: limits.store(),
        binding: String::new(),
        read_only: false,
        as_of: None,
    })
}

/// What the journal says of a record.
fn record_meta(principal: &str) -> CommitMeta {
    CommitMeta {
        kind: "record".into(),
        principal: principal.into(),
        layer: HOST.into(),
        component: HOST.into(),
        operation: "consolidation".into(),
        ..CommitMeta::default()
    }
}
