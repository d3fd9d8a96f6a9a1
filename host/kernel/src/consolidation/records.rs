//! What is kept of runs: collections of the host itself, in each space, that layers may read by grant (`host.*`).

use super::cut::Unit;
use super::lease::Held;
use super::propose::Job;
use super::{Consolidate, RunReport};
use crate::api::{CallError, Principal};
use crate::kernel::{Kernel, admit_space, now_ms};
use crate::layers::short;
use indexmap::IndexMap;
use memstrata_store::{
    CollectionSpec, CommitMeta, Condition, Deadline, Namespace, Query, Session, SessionOptions, Space,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The layer name of the host's own collections; no component may have it.
pub(crate) const HOST: &str = "host";
pub(crate) const RUNS: &str = "host.runs";
pub(crate) const UNITS: &str = "host.units";
pub(crate) const CONFLICTS: &str = "host.conflicts";
pub(crate) const COMPARISONS: &str = "host.comparisons";
pub(crate) const PROMOTIONS: &str = "host.promotions";
pub(crate) const PINS: &str = "host.pins";

/// Their declarations, as a manifest would make them.
pub(crate) fn collections() -> Result<IndexMap<String, CollectionSpec>, serde_json::Error> {
    let fields = |list: &[(&str, &str)]| -> Value {
        list.iter()
            .map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind })))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    serde_json::from_value(json!({
        "runs": {
            "summary": "Consolidation runs: what ran, over what, and how it ended.",
            "fields": fields(&[
                ("run", "text"), ("strategy", "text"), ("digest", "text"), ("mode", "text"), ("status", "text"),
                ("trigger", "text"), ("principal", "text"), ("as_of", "integer"), ("started_at", "time"), ("ended_at", "time"),
                ("units", "integer"), ("applied", "integer"), ("skipped", "integer"), ("failed", "integer"),
                ("created", "integer"), ("changed", "integer"), ("ended", "integer"), ("conflicts", "integer"),
                ("tokens", "integer"), ("money", "number"), ("guest_ms", "number"), ("measures", "json"), ("error", "text"),
                ("request", "json"), ("quality_before", "json"), ("quality_after", "json"), ("resumed", "integer"),
            ]),
            "indexes": [["status"], ["started_at"]],
            "unique": { "run": ["run"] },
        },
        "units": {
            "summary": "Units of runs: with what inputs each was proposed, and the hash of its patch.",
            "fields": fields(&[
                ("run", "text"), ("unit", "text"), ("strategy", "text"), ("digest", "text"), ("rows", "json"), ("rows_hash", "text"), ("scope", "text"), ("settings", "text"), ("model", "text"),
                ("status", "text"), ("as_of", "integer"), ("now", "time"), ("seed", "text"), ("answers", "json"),
                ("patch_hash", "text"), ("steps", "integer"), ("error", "text"), ("counts", "json"),
            ]),
            "indexes": [["digest", "rows_hash"]],
            "unique": { "unit": ["run", "unit"] },
        },
        "comparisons": {
            "summary": "Strategies tried on copies of the space as of one instant, with their scores.",
            "fields": fields(&[
                ("comparison", "text"), ("at", "time"), ("as_of", "integer"), ("trigger", "text"), ("principal", "text"),
                ("active", "text"), ("winner", "text"), ("entries", "json"),
            ]),
            "indexes": [["at"]],
            "unique": { "comparison": ["comparison"] },
        },
        "promotions": {
            "summary": "Which strategy is the active one, since when and why.",
            "fields": fields(&[
                ("strategy", "text"), ("before", "text"), ("at", "time"), ("principal", "text"), ("comparison", "text"),
                ("reason", "text"), ("status", "text"),
            ]),
            "indexes": [["at"]],
        },
        "pins": {
            "summary": "Pinned recalls: questions that must go on finding a memory.",
            "fields": fields(&[
                ("question", "text"), ("finds", "integer"), ("says", "text"), ("within", "integer"), ("note", "text"),
            ]),
        },
        "conflicts": {
            "summary": "Rows that contradict each other, for somebody to decide.",
            "fields": fields(&[
                ("rows", "list"), ("kind", "text"), ("severity", "text"), ("reason", "text"), ("status", "text"),
                ("strategy", "text"), ("run", "text"),
            ]),
            "indexes": [["status"]],
        },
    }))
}

impl Kernel {
    /// The runs of a space, newest first; one run with its units as `details`.
    ///
    /// # Errors
    /// `not-found.space`, `denied.space`, and those of the store.
    pub fn runs(
        &self,
        space: &str,
        principal: &Principal,
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
            query.filter(condition(&json!(["run", "=", run]))?)?;
        }
        let mut found: Vec<Value> =
            session.rows(&query)?.rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect();
        if let (Some(run), Some(Value::Object(one))) = (run, found.first_mut()) {
            let mut units = Query::new(space.collection(UNITS)?);
            units.filter(condition(&json!(["run", "=", run]))?)?;
            units.limit(1_000);
            let units = session.rows(&units)?.rows;
            let units: Vec<Value> = units.iter().filter_map(|row| serde_json::from_str(row).ok()).collect();
            one.insert("details".into(), units.into());
        }
        Ok(found)
    }
}

impl Kernel {
    /// The run that is meant: its name, the beginning of its name, or `latest` for the last one begun.
    ///
    /// # Errors
    /// `not-found.run`, and `invalid.argument` where several runs begin like that.
    pub fn find_run(&self, space: &str, principal: &Principal, meant: &str) -> Result<String, CallError> {
        let name = |run: &Value| run.get("run").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let [run] = self.runs(space, principal, Some(meant), 1)?.as_slice() {
            return Ok(name(run));
        }
        let all: Vec<String> = self.runs(space, principal, None, 1_000)?.iter().map(name).collect();
        let fitting: Vec<&String> = match meant {
            "latest" => all.iter().take(1).collect(),
            meant => all.iter().filter(|run| !meant.is_empty() && run.starts_with(meant)).collect(),
        };
        match fitting.as_slice() {
            [run] => Ok((*run).clone()),
            [] => Err(CallError::new(
                "not-found.run",
                format!("space `{space}` has no run `{}`; `memstrata runs` lists them", short(meant)),
            )),
            [first, second, ..] => Err(CallError::new(
                "invalid.argument",
                format!("several runs begin with `{}`, such as {first} and {second}; write more of it", short(meant)),
            )),
        }
    }
}

impl Job {
    pub(super) fn record_unit(&self, session: &mut Session, unit: &Unit, more: Value) -> Result<(), CallError> {
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

    /// `acknowledges` is the event that set the run off: it counts as dealt with from the commit on that says the run has begun.
    pub(super) fn open_record(
        &self,
        request: &Consolidate,
        report: &RunReport,
        held: &[String],
        acknowledges: Option<(String, u64, u64)>,
    ) -> Result<u64, CallError> {
        let mut session = host_session(&self.kernel, &self.space, self.now);
        let row = json!({
            "run": self.run, "strategy": report.strategy, "digest": report.digest, "mode": request.mode, "status": "running",
            "trigger": request.trigger, "principal": request.principal.name, "as_of": report.as_of, "started_at": self.now,
            "units": report.units, "namespace": request.namespace, "quality_before": report.quality_before, "resumed": 0,
            "request": {
                "namespace": request.namespace, "since": request.since, "again": request.again, "strategy": report.strategy,
                "scope": self.scope.as_str(), "pins": held,
            },
        });
        let Value::Object(row) = row else { return Err(CallError::new("internal", "no record")) };
        let id = session.insert(&self.space.collection(RUNS)?, row)?;
        let meta = CommitMeta { acknowledges, ..record_meta(&request.principal.name) };
        self.space.commit(session.finish(), meta, None)?;
        Ok(id)
    }

    pub(super) fn close_record(&self, id: u64, report: &RunReport, lease: Option<&Held>) -> Result<(), CallError> {
        let mut session = host_session(&self.kernel, &self.space, now_ms());
        let Ok(Value::Object(mut row)) = serde_json::to_value(report) else { return Ok(()) };
        row.retain(|field, _| {
            !matches!(
                field.as_str(),
                "run" | "strategy" | "digest" | "mode" | "details" | "left_out" | "as_of" | "units"
            )
        });
        row.insert("ended_at".into(), now_ms().into());
        session.update(&self.space.collection(RUNS)?, id, None, &row)?;
        let lease = lease.map(Held::fence);
        self.space.commit(session.finish(), CommitMeta { lease, ..record_meta("system") }, None)?;
        Ok(())
    }
}

/// The record of a run says that it was taken back.
pub(crate) fn mark_undone(kernel: &Kernel, space: &Arc<Space>, run: &str) -> Result<(), CallError> {
    let mut session = host_session(kernel, space, now_ms());
    let runs = space.collection(RUNS)?;
    let mut query = Query::new(Arc::clone(&runs));
    query.filter(condition(&json!(["run", "=", run]))?)?;
    for id in session.ids(&query)? {
        let Value::Object(undone) = json!({ "status": "undone" }) else { continue };
        session.update(&runs, id, None, &undone)?;
    }
    space.commit(session.finish(), record_meta("system"), None)?;
    Ok(())
}

/// A condition of the host's own making.
pub(super) fn condition(condition: &Value) -> Result<Condition, CallError> {
    Ok(Condition::parse(&condition.to_string())?)
}

/// The fields of a row of the host's own making.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}

/// A session of the host for its records.
pub(super) fn host_session(kernel: &Kernel, space: &Arc<Space>, now: u64) -> Session {
    let limits = kernel.shared.runtime.limits();
    space.session(SessionOptions {
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
pub(super) fn record_meta(principal: &str) -> CommitMeta {
    CommitMeta {
        kind: "record".into(),
        principal: principal.into(),
        layer: HOST.into(),
        component: HOST.into(),
        operation: "consolidation".into(),
        ..CommitMeta::default()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_declarations_are_sound() {
        for (name, spec) in super::collections().unwrap() {
            assert_eq!(spec.faults(&name), Vec::<String>::new(), "{name}");
        }
    }
}
