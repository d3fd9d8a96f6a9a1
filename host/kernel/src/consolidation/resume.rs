//! Runs that were cut off go on where they stopped: the same snapshot, clock and request, and only units that have no record.

use super::cut::{Unit, units};
use super::facts::{Left, quota_of};
use super::lease::Held;
use super::propose::Job;
use super::records::{RUNS, UNITS, host_session, record_meta};
use super::run::LEASE;
use super::unit::Run;
use super::{Consolidate, Mode, RunReport};
use crate::api::{CallError, Principal};
use crate::kernel::{Kernel, now_ms};
use memstrata_store::{CommitMeta, Condition, Namespace, Query, Session, Space};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How often a run is resumed: one that is cut off again and again may be what ends its host.
const MOST: u64 = 2;

/// What earlier tries of a run have left behind.
#[derive(Default)]
struct Recorded {
    names: HashSet<String>,
    rows: HashSet<u64>,
    /// Of its units: totals in the words of a report.
    applied: u64,
    skipped: u64,
    failed: u64,
    error: Option<String>,
    counts: BTreeMap<String, f64>,
    measured: BTreeMap<String, (f64, u32)>,
    spent: BTreeMap<String, u64>,
}

impl Recorded {
    fn add(&mut self, unit: &Value) {
        let text = |field: &str| unit.get(field).and_then(Value::as_str).unwrap_or_default();
        self.names.insert(text("unit").to_owned());
        let rows = unit.get("rows").and_then(Value::as_array).into_iter().flatten();
        self.rows.extend(rows.filter_map(Value::as_u64));
        match (text("status"), unit.get("steps").and_then(Value::as_u64)) {
            ("applied", Some(0)) => self.skipped += 1,
            ("applied", _) => self.applied += 1,
            _ => {
                self.failed += 1;
                self.error.get_or_insert_with(|| text("error").to_owned());
            }
        }
        let counts = unit.get("counts").and_then(Value::as_object);
        for (name, value) in counts.into_iter().flatten() {
            let parts = value.as_object().into_iter().flatten();
            let numbers = parts.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
            match name.as_str() {
                "measures" => numbers.for_each(|(name, value)| {
                    let (sum, count) = self.measured.entry(name).or_default();
                    (*sum, *count) = (*sum + value, *count + 1);
                }),
                "spent" => numbers.for_each(|(name, value)| *self.spent.entry(name).or_default() += value as u64),
                _ => *self.counts.entry(name.clone()).or_default() += value.as_f64().unwrap_or_default(),
            }
        }
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default() as u64
    }
}

impl Kernel {
    /// Whether runs of a space stand as running: if nobody holds the space's lease, they were cut off.
    pub(super) fn has_cut_off(&self, space: &Arc<Space>) -> Result<bool, CallError> {
        let mut session = host_session(self, space, now_ms());
        let query = standing(space)?;
        Ok(session.count(&query)? > 0)
    }

    /// Spaces whose run has lost its process, opened here or not.
    pub(super) fn abandoned(&self) -> Result<Vec<String>, CallError> {
        let names = self.shared.control.abandoned(LEASE)?;
        Ok(names.iter().filter_map(|name| name.strip_prefix(LEASE)).map(str::to_owned).collect())
    }

    /// Finishes the runs of a space that were cut off; `lease` says that nobody else does. What cannot go on is told as failed.
    pub(super) fn resume_cut_off(
        &self,
        space: &Arc<Space>,
        lease: &Held,
        cancelled: &Arc<AtomicBool>,
    ) -> Result<(), CallError> {
        let mut session = host_session(self, space, now_ms());
        let rows = session.rows(&standing(space)?)?.rows;
        drop(session);
        for row in rows {
            let record: Value = serde_json::from_str(&row).unwrap_or_default();
            let Some(id) = record.get("id").and_then(Value::as_u64) else { continue };
            let run = record.get("run").and_then(Value::as_str).unwrap_or_default().to_owned();
            let resumed = record.get("resumed").and_then(Value::as_u64).unwrap_or_default();
            let done = if resumed >= MOST {
                Err(CallError::new("unavailable.run", format!("it was cut off {} times", resumed + 1)))
            } else {
                tracing::info!(%run, space = space.name(), "a run was cut off; it goes on");
                self.note(space, lease, id, json!({ "resumed": resumed + 1 }))?;
                self.resume(space, lease, &record, resumed + 1, cancelled)
            };
            match done {
                Ok(report) => tracing::info!(%run, status = report.status, "the run has ended"),
                // Another process has it, or the store failed: it is not over.
                Err(error) if lease.check().is_err() || error.code == "unavailable.store" => return Err(error),
                Err(error) => {
                    tracing::error!(%run, %error, "a run that was cut off does not go on");
                    let error = format!("it was cut off and did not go on: {}", error.message);
                    self.note(space, lease, id, json!({ "status": "failed", "error": error, "ended_at": now_ms() }))?;
                }
            }
        }
        Ok(())
    }

    /// Writes fields of a run's record, if nobody has taken the space's runs over.
    fn note(&self, space: &Arc<Space>, lease: &Held, id: u64, fields: Value) -> Result<(), CallError> {
        let Value::Object(fields) = fields else { return Ok(()) };
        let mut session = host_session(self, space, now_ms());
        session.update(&space.collection(RUNS)?, id, None, &fields)?;
        let meta = CommitMeta { lease: Some(lease.fence()), ..record_meta("system") };
        space.commit(session.finish(), meta, None)?;
        Ok(())
    }

    fn resume(
        &self,
        space: &Arc<Space>,
        lease: &Held,
        record: &Value,
        resumed: u64,
        cancelled: &Arc<AtomicBool>,
    ) -> Result<RunReport, CallError> {
        let text = |field: &str| record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |field: &str| record.get(field).and_then(Value::as_u64).unwrap_or_default();
        let empty = Map::new();
        let asked = record.get("request").and_then(Value::as_object).unwrap_or(&empty);
        let said = |field: &str| asked.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let layer = self.component(&text("strategy"), &text("digest")).map_err(|error| {
            CallError::new(
                "not-found.component",
                format!("its component {} is gone: {}", text("digest"), error.message),
            )
        })?;
        let Some(spec) = layer.plugin.manifest().strategy.clone() else {
            return Err(CallError::new(
                "not-found.component",
                format!("`{}` is no strategy any more", text("strategy")),
            ));
        };
        let scope = Namespace::parse(&said("scope"))?;
        let request = Consolidate {
            space: space.name().to_owned(),
            strategy: Some(text("strategy")),
            namespace: said("namespace"),
            since: asked.get("since").and_then(Value::as_u64),
            again: asked.get("again").and_then(Value::as_bool).unwrap_or_default(),
            mode: Mode::Apply,
            trigger: text("trigger"),
            principal: Principal { name: text("principal"), scope: scope.clone(), ..Principal::local() },
            cancelled: Arc::clone(cancelled),
            progress: None,
        };
        let (run, now, as_of) = (text("run"), number("started_at"), number("as_of"));
        let job = Job {
            kernel: self.clone(),
            space: Arc::clone(space),
            scope,
            namespace: request.namespace.clone(),
            seed: Job::seed_of(&run, now),
            run,
            now,
            quota: self.shared.options.consolidation.quota,
            cancelled: Arc::clone(cancelled),
            layer,
        };
        let recorded = self.recorded(space, &job.run)?;
        let mut session = space.session(job.session_options(Some(as_of), true));
        let namespace = Namespace::parse(&request.namespace)?;
        let collection = space.collection(&spec.collection)?;
        let mut left_units = units(&mut session, &collection, &spec, &namespace, request.since)?;
        let all = left_units.len() as u64;
        // What is cut by vectors may be cut otherwise now: rows that had their turn have it once.
        let fresh =
            |unit: &Unit| !recorded.names.contains(&unit.name) && !unit.ids.iter().any(|id| recorded.rows.contains(id));
        left_units.retain(fresh);
        let left = left(&mut session, &job, &recorded)?;
        drop(session);
        let report = RunReport {
            units: all.max(left_units.len() as u64 + recorded.names.len() as u64),
            applied: recorded.applied,
            skipped: recorded.skipped,
            failed: recorded.failed,
            created: recorded.count("created"),
            changed: recorded.count("changed"),
            ended: recorded.count("ended"),
            conflicts: recorded.count("conflicts"),
            tokens: recorded.count("tokens"),
            money: recorded.counts.get("money").copied().unwrap_or_default(),
            guest_ms: recorded.counts.get("guest_ms").copied().unwrap_or_default(),
            resumed,
            ..RunReport::begun(&job.run, job.layer.name(), job.layer.plugin.digest(), Mode::Apply, as_of)
        };
        let id = record.get("id").and_then(Value::as_u64);
        let run = Run { left, measured: recorded.measured, ..Run::new(job, &request, Some(lease), as_of, report) };
        let report = self.go_on(run, &left_units, id)?;
        let pins = asked.get("pins").and_then(Value::as_array).into_iter().flatten();
        let held: Vec<String> = pins.filter_map(|pin| pin.as_str().map(str::to_owned)).collect();
        self.watched(space, report, &held)
    }

    /// The units of a run that have a record.
    fn recorded(&self, space: &Arc<Space>, run: &str) -> Result<Recorded, CallError> {
        let mut session = host_session(self, space, now_ms());
        let mut query = Query::new(space.collection(UNITS)?);
        query.filter(Condition::parse(&json!(["run", "=", run]).to_string())?)?;
        query.select(&["unit", "rows", "status", "steps", "error", "counts"].map(str::to_owned))?;
        query.limit(1_000);
        let mut recorded = Recorded::default();
        loop {
            let page = session.rows(&query)?;
            page.rows.iter().filter_map(|row| serde_json::from_str(row).ok()).for_each(|unit| recorded.add(&unit));
            match page.next {
                Some(next) => query.after(&next),
                None => return Ok(recorded),
            }
        }
    }
}

/// The runs of a space whose records say that they go on, oldest first.
fn standing(space: &Arc<Space>) -> Result<Query, CallError> {
    let mut query = Query::new(space.collection(RUNS)?);
    query.filter(Condition::parse(&json!(["status", "=", "running"]).to_string())?)?;
    query.order_by("started_at", false)?;
    Ok(query)
}

/// What a run may still end, less what it has ended before it was cut off.
fn left(session: &mut Session, job: &Job, recorded: &Recorded) -> Result<Left, CallError> {
    let mut left = Left::new();
    for (name, spent) in &recorded.spent {
        let collection = session.space().collection(name)?;
        let quota = quota_of(session, &collection, job.quota)?;
        left.insert(name.clone(), quota.saturating_sub(*spent));
    }
    Ok(left)
}
