//! Consolidation: strategies propose, the host disposes. A run is cut into units; each is proposed by the strategy's component as
//! of one snapshot, checked, and applied in a transaction of its own.

mod apply;
mod cluster;
mod cut;
mod facts;
mod fork;
mod lease;
mod options;
mod pins;
mod promote;
mod propose;
mod quality;
pub(crate) mod records;
mod rehearse;
mod replay;
mod resume;
mod run;
mod runner;
mod running;
mod score;
mod shadow;
mod triggers;
mod unit;
mod validate;

pub use facts::Quota;
pub use options::{ConsolidationOptions, PromotionRule};
pub use pins::{Pin, Pinned};
pub use promote::Promoted;
pub(crate) use propose::Refused;
pub use quality::Quality;
pub(crate) use records::mark_undone;
pub(crate) use rehearse::Rehearsed;
pub use replay::Replayed;
pub(crate) use runner::Runner;
pub(crate) use running::Running;
pub use score::Trial;
pub use shadow::{Compare, Comparison};
pub use triggers::{Trigger, When};
pub use validate::{CollectionFacts, Facts, PatchFault, RowFacts};

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
    /// The strategy; none: the active one.
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

impl Consolidate {
    /// A run by hand of the active strategy over all of a space.
    #[must_use]
    pub fn new(space: &str, principal: Principal) -> Self {
        Self {
            space: space.to_owned(),
            strategy: None,
            namespace: String::new(),
            since: None,
            again: false,
            mode: Mode::Apply,
            trigger: "manual".into(),
            principal,
            cancelled: Arc::default(),
            progress: None,
        }
    }
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
    /// `done`, `failed` (units failed and none was applied), `partial`, `cancelled`, or `undone` (it broke a pinned recall).
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
    /// What they cost, by the operator's prices.
    pub money: f64,
    /// Time inside the component, ms.
    pub guest_ms: f64,
    /// The strategy's own numbers, as means over its units.
    pub measures: BTreeMap<String, f64>,
    /// How good what is derived was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_before: Option<Quality>,
    /// How good it is now; a dry run leaves it as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_after: Option<Quality>,
    /// How often it was cut off and went on.
    pub resumed: u64,
    /// The units, with what each proposes; of a run that was applied the first thousand.
    pub details: Vec<UnitReport>,
    /// Pinned recalls that held before and not after, for which it was taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins_broken: Vec<String>,
    /// Units that `details` leaves out; `host.units` has them all.
    pub left_out: u64,
    /// Of a failed run, the first fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl RunReport {
    /// The report of a run that has done nothing yet.
    pub(crate) fn begun(run: &str, strategy: &str, digest: &str, mode: Mode, as_of: u64) -> Self {
        Self {
            run: run.into(),
            strategy: strategy.into(),
            digest: digest.into(),
            mode,
            status: "done",
            as_of,
            units: 0,
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
            measures: BTreeMap::new(),
            quality_before: None,
            quality_after: None,
            resumed: 0,
            details: Vec::new(),
            left_out: 0,
            pins_broken: Vec::new(),
            error: None,
        }
    }
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
