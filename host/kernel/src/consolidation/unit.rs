//! One unit of a run: proposed, checked, applied in a transaction of its own, and recorded.

use super::apply::{Author, Counts, stage};
use super::cut::Unit;
use super::facts::Left;
use super::lease::Held;
use super::propose::{Inputs, Job, Proposed, Refused};
use super::records::{UNITS, condition, host_session, record_meta};
use super::score::Tally;
use super::{Consolidate, Mode, RunReport, UnitReport};
use crate::api::CallError;
use memstrata_store::{CommitMeta, Deadline, Query};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often a unit is proposed in all when rows change under it.
const ATTEMPTS: u32 = 3;
/// The state of a unit that is tried once more.
pub(super) const POSTPONED: &str = "postponed";

/// A run that goes on: its job, and its totals so far.
pub(super) struct Run<'a> {
    pub(super) job: Job,
    pub(super) request: &'a Consolidate,
    pub(super) lease: Option<&'a Held>,
    /// The sequence units are proposed as of.
    pub(super) at: u64,
    /// What is left of the quotas.
    pub(super) left: Left,
    pub(super) report: RunReport,
    /// Sum and count of each number the strategy gave.
    pub(super) measured: BTreeMap<String, (f64, u32)>,
    /// Gathers what is proposed, to be judged.
    pub(super) tally: Option<&'a mut Tally>,
    /// Units that failed for a reason that may be over soon: tried once more at the end.
    pub(super) later: Vec<Unit>,
    /// That is now.
    pub(super) last_try: bool,
}

impl Run<'_> {
    /// Proposes a unit, and applies it if the run is one that does; a unit that fails is told, not raised.
    pub(super) fn unit(&mut self, unit: &Unit) -> Result<UnitReport, CallError> {
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
        if !self.request.again && self.job.done_before(unit)? {
            self.report.skipped += 1;
            return Ok(detail);
        }
        if let Some(tally) = self.tally.as_mut().filter(|_| !self.last_try) {
            tally.unit(unit);
        }
        // A model that has answered is not asked again because a row was changed meanwhile.
        let answers = Arc::default();
        for attempt in 1..=ATTEMPTS {
            let mut quota = self.left.clone();
            let inputs =
                Inputs { as_of: self.at, seed: self.job.seed(unit), answers: Arc::clone(&answers), replay: false };
            match self.job.propose(unit, inputs, &mut quota) {
                Ok(proposed) => {
                    detail.patch_hash = proposed.patch.hash();
                    if self.request.mode == Mode::Apply {
                        match self.job.apply(unit, &proposed, self.at, self.lease) {
                            Ok(seq) => detail.seq = seq,
                            Err(error) if error.code.starts_with("conflict") && attempt < ATTEMPTS => {
                                // Rows changed under it: proposed anew as of now.
                                self.at = self.job.space.latest()?;
                                continue;
                            }
                            Err(error) => {
                                self.failed(unit, &mut detail, &error)?;
                                return Ok(detail);
                            }
                        }
                    }
                    spend(&mut quota, &proposed);
                    self.left = quota;
                    self.report.take(&proposed);
                    if let Some(tally) = &mut self.tally {
                        tally.take(unit, &proposed);
                    }
                    for (name, value) in &proposed.patch.measures {
                        let (sum, count) = self.measured.entry(name.clone()).or_default();
                        (*sum, *count) = (*sum + value, *count + 1);
                    }
                    let empty = proposed.patch.steps.is_empty();
                    detail.status = match (empty, self.request.mode) {
                        (true, _) => "empty",
                        (false, Mode::Apply) => "applied",
                        (false, Mode::DryRun) => "proposed",
                    };
                    if empty {
                        self.report.skipped += 1;
                    } else {
                        self.report.applied += 1;
                    }
                    // What is applied stands in the journal; only what is shown is held.
                    detail.patch = (self.request.mode == Mode::DryRun).then_some(proposed.patch);
                    return Ok(detail);
                }
                Err(Refused::Faults(patch, faults)) => {
                    let first =
                        faults.first().map(|fault| format!("{}: {}", fault.code, fault.message)).unwrap_or_default();
                    let more = faults.len().saturating_sub(1);
                    let error = CallError::new("patch.refused", format!("{first} ({more} more faults)"));
                    detail.patch = (self.request.mode == Mode::DryRun).then_some(patch);
                    detail.faults = faults;
                    self.failed(unit, &mut detail, &error)?;
                    return Ok(detail);
                }
                Err(Refused::Failed(error)) => {
                    self.failed(unit, &mut detail, &error)?;
                    return Ok(detail);
                }
            }
        }
        Ok(detail)
    }

    fn failed(&mut self, unit: &Unit, detail: &mut UnitReport, error: &CallError) -> Result<(), CallError> {
        let job = &self.job;
        detail.error = Some(error.to_string());
        if self.request.cancelled.load(Ordering::Relaxed) {
            detail.status = "cancelled";
            return Ok(());
        }
        if transient(error) && !self.last_try {
            tracing::info!(run = %job.run, unit = %unit.name, %error, "a unit is tried once more at the end of the run");
            detail.status = POSTPONED;
            self.later.push(unit.clone());
            return Ok(());
        }
        tracing::warn!(run = %job.run, unit = %unit.name, %error, "a unit failed; the run goes on");
        self.report.failed += 1;
        detail.status = "failed";
        self.report.error.get_or_insert_with(|| error.to_string());
        if self.report.mode == Mode::DryRun {
            return Ok(());
        }
        let mut session = host_session(&job.kernel, &job.space, job.now);
        job.record_unit(
            &mut session,
            unit,
            json!({ "status": "failed", "error": error.to_string(), "as_of": self.at }),
        )?;
        let lease = self.lease.map(Held::fence);
        job.space.commit(session.finish(), CommitMeta { lease, ..record_meta("system") }, None)?;
        Ok(())
    }
}

/// Whether the same unit may well succeed a little later.
fn transient(error: &CallError) -> bool {
    error.code == "budget.time" || error.code.starts_with("unavailable.")
}

impl Job {
    /// Whether an earlier run of the same component has worked on the same rows in the same versions.
    fn done_before(&self, unit: &Unit) -> Result<bool, CallError> {
        let mut session = host_session(&self.kernel, &self.space, self.now);
        let mut done = Query::new(self.space.collection(UNITS)?);
        for part in [
            json!(["digest", "=", self.layer.plugin.digest()]),
            json!(["rows_hash", "=", unit.rows_hash]),
            json!(["status", "=", "applied"]),
            json!(["settings", "=", self.layer.plugin.settings()]),
            // Nothing to propose then may be something now: time has passed, rows were used, a model is there.
            json!(["steps", ">", 0]),
        ] {
            done.filter(condition(&part)?)?;
        }
        Ok(session.count(&done)? > 0)
    }

    /// Applies a patch in one transaction, with the record of its unit.
    fn apply(&self, unit: &Unit, proposed: &Proposed, at: u64, lease: Option<&Held>) -> Result<Option<u64>, CallError> {
        let mut options = self.session_options(None, false);
        options.limits.rows_read = u64::MAX;
        let mut session = self.space.session(options);
        let author = Author { strategy: self.layer.name(), run: &self.run };
        stage(&mut session, &proposed.patch, &proposed.facts, &author)?;
        let record = json!({
            "status": "applied", "as_of": at, "now": self.now, "seed": self.seed(unit).to_string(),
            "answers": proposed.answers, "patch_hash": proposed.patch.hash(), "steps": proposed.patch.steps.len(),
            "counts": counts(proposed),
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
            lease: lease.map(Held::fence),
            ..CommitMeta::default()
        };
        let committed = self.space.commit(write_set, meta, None)?;
        self.kernel.shared.wake();
        Ok((committed.seq > 0).then_some(committed.seq))
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

/// What a unit did, in numbers: a run that is resumed goes on counting from there.
fn counts(proposed: &Proposed) -> Value {
    let Counts { created, changed, ended, conflicts } = proposed.counts;
    json!({
        "created": created, "changed": changed, "ended": ended, "conflicts": conflicts, "tokens": proposed.tokens, "money": proposed.money,
        "guest_ms": proposed.guest.as_secs_f64() * 1000.0, "measures": proposed.patch.measures, "spent": spent(proposed),
    })
}

/// What ends by a patch is taken from the quotas.
fn spend(left: &mut Left, proposed: &Proposed) {
    for (collection, ended) in spent(proposed) {
        if let Some(quota) = left.get_mut(&collection) {
            *quota = quota.saturating_sub(ended);
        }
    }
}

/// How many rows of each collection a patch ends.
fn spent(proposed: &Proposed) -> BTreeMap<String, u64> {
    use memstrata_runtime::Change;
    let mut spent = BTreeMap::new();
    for step in &proposed.patch.steps {
        let rows = match &step.change {
            Change::Supersede { row, .. } => std::slice::from_ref(row),
            Change::Merge { rows, .. } | Change::Retire { rows } => rows,
            _ => continue,
        };
        for row in rows.iter().filter_map(|id| proposed.facts.rows.get(id)) {
            *spent.entry(row.collection.clone()).or_default() += 1;
        }
    }
    spent
}
