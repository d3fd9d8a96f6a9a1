//! Consolidation: strategies propose, the host disposes. A run is cut into units; each is proposed by the strategy's component as
//! of one snapshot, checked, and applied in a transaction of its own.

mod apply;
mod cut;
mod facts;
mod propose;
pub(crate) mod records;
mod rehearse;
mod replay;
mod run;
mod validate;

pub use facts::Quota;
pub(crate) use propose::Refused;
pub(crate) use rehearse::Rehearsed;
pub use replay::Replayed;
pub(crate) use run::mark_undone;
pub use validate::PatchFault;

use crate::api::{Principal, ProgressSink};
use memstrata_runtime::Patch;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Whether a run changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Proposed, checked, and applied.
    Apply,
    /// Proposed and checked; nothing is written.
    DryRun,
}

/// What to consolidate.
#[derive(Clone)]
pub struct Consolidate {
    /// The space.
    pub space: String,
    /// The strategy; none: the only one there is.
    pub strategy: Option<String>,
    /// Only rows of this namespace and below.
    pub namespace: String,
    /// Only rows changed since (ms UTC).
    pub since: Option<u64>,
    /// Also units that an earlier run has done and that have not changed since.
    pub again: bool,
    /// Whether anything is written.
    pub mode: Mode,
    /// What set it off: `manual`, `schedule`, or an event's name.
    pub trigger: String,
    /// Who asked.
    pub principal: Principal,
    /// Set when nobody waits any more.
    pub cancelled: Arc<AtomicBool>,
    /// Where progress goes.
    pub progress: Option<ProgressSink>,
}

/// How a run went.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// Its name: what `undo` takes.
    pub run: String,
    /// The strategy.
    pub strategy: String,
    /// Digest of its component.
    pub digest: String,
    /// Whether anything was written.
    pub mode: Mode,
    /// `done`, `failed` (units failed and none was applied), `partial` or `cancelled`.
    pub status: &'static str,
    /// The journal sequence it began at.
    pub as_of: u64,
    /// Units of the job.
    pub units: u64,
    /// Units applied, or that would be.
    pub applied: u64,
    /// Units done before, or with nothing to propose.
    pub skipped: u64,
    /// Units that failed.
    pub failed: u64,
    /// Rows created.
    pub created: u64,
    /// Rows changed or marked.
    pub changed: u64,
    /// Rows superseded, merged or retired.
    pub ended: u64,
    /// Conflicts flagged.
    pub conflicts: u64,
    /// Tokens of language models.
    pub tokens: u64,
    /// Time inside the component, ms.
    pub guest_ms: f64,
    /// The strategy's own numbers, as means over its units.
    pub measures: BTreeMap<String, f64>,
    /// The units, with what each proposes.
    pub details: Vec<UnitReport>,
    /// Of a failed run, the first fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a unit went.
#[derive(Debug, Clone, Serialize)]
pub struct UnitReport {
    /// Its name in the run.
    pub unit: String,
    /// Rows in it.
    pub rows: usize,
    /// `applied`, `proposed`, `skipped`, `empty` or `failed`.
    pub status: &'static str,
    /// Its hash: equal patches have equal hashes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub patch_hash: String,
    /// The commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// What it proposes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<PatchFault>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
