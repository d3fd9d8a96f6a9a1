//! A consolidation strategy: reads one unit of a job, proposes a patch.

use crate::strategy_bindings::memstrata::plugin::consolidation as wit;
use crate::{Fault, Value};
use serde::Deserialize;

/// One unit of a consolidation.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Job {
    /// The run's name.
    pub run: String,
    /// The unit's name in it.
    pub unit: String,
    /// The collection its rows are of.
    pub collection: String,
    /// Its rows, in order.
    pub ids: Vec<u64>,
    /// The namespace the run is limited to; empty for none.
    #[serde(default)]
    pub namespace: String,
    /// The instant (ms UTC) everything is read as of.
    pub as_of: u64,
}

/// A component of the world `strategy`.
pub trait Strategy {
    /// The manifest as JSON text: the same at every call.
    fn manifest() -> String;
    /// What it proposes for a unit.
    fn propose(job: &Job) -> Result<Patch, Fault>;
}

/// A patch being built, see `consolidation.patch` in the WIT. Rows are named `m:42`, or as [`Patch::create`] answered.
pub struct Patch(wit::Patch);

impl Default for Patch {
    fn default() -> Self {
        Self(wit::Patch::new())
    }
}

impl Patch {
    /// A new row; answers its name.
    pub fn create(&self, collection: &str, row: &Value, evidence: &[u64], reason: &str) -> Result<String, Fault> {
        Ok(self.0.create(collection, &row.to_string(), evidence, reason)?)
    }
    /// Changes fields of a row.
    pub fn update(&self, row: u64, fields: &Value, evidence: &[u64], reason: &str) -> Result<(), Fault> {
        Ok(self.0.update(row, &fields.to_string(), evidence, reason)?)
    }
    /// A row gives way to another.
    pub fn supersede(&self, row: u64, by: &str, evidence: &[u64], reason: &str) -> Result<(), Fault> {
        Ok(self.0.supersede(row, by, evidence, reason)?)
    }
    /// Rows give way to one that cites them.
    pub fn merge(&self, rows: &[u64], into: &str, evidence: &[u64], reason: &str) -> Result<(), Fault> {
        Ok(self.0.merge(rows, into, evidence, reason)?)
    }
    /// A row cites others.
    pub fn link(&self, row: &str, to: &[u64], evidence: &[u64], reason: &str) -> Result<(), Fault> {
        Ok(self.0.link(row, to, evidence, reason)?)
    }
    /// Sets marks.
    pub fn mark(&self, rows: &[u64], fields: &Value) -> Result<(), Fault> {
        Ok(self.0.mark(rows, &fields.to_string())?)
    }
    /// Rows end.
    pub fn retire(&self, rows: &[u64], evidence: &[u64], reason: &str) -> Result<(), Fault> {
        Ok(self.0.retire(rows, evidence, reason)?)
    }
    /// Rows contradict each other.
    pub fn flag_conflict(&self, rows: &[u64], kind: &str, severity: &str, reason: &str) -> Result<(), Fault> {
        Ok(self.0.flag_conflict(rows, kind, severity, reason)?)
    }
    /// A number for the comparison of strategies.
    pub fn measure(&self, name: &str, value: f64) -> Result<(), Fault> {
        Ok(self.0.measure(name, value)?)
    }
    /// The host's resource, for the export.
    #[doc(hidden)]
    pub fn into_resource(self) -> wit::Patch {
        self.0
    }
}

/// Exports a type that implements [`Strategy`] as the component's `strategy` world.
#[macro_export]
macro_rules! strategy {
    ($strategy:ty) => {
        struct Exported;
        impl $crate::strategy_bindings::Guest for Exported {
            fn manifest() -> String {
                <$strategy as $crate::Strategy>::manifest()
            }
        }
        impl $crate::strategy_bindings::exports::memstrata::plugin::proposing::Guest for Exported {
            fn propose(
                job: String,
            ) -> Result<
                $crate::strategy_bindings::memstrata::plugin::consolidation::Patch,
                $crate::bindings::memstrata::plugin::types::Fault,
            > {
                $crate::run_strategy::<$strategy>(&job)
            }
        }
        $crate::strategy_bindings::export_strategy!(Exported with_types_in $crate::strategy_bindings);
    };
}

/// Runs a strategy on a job's JSON text. Called by [`strategy!`].
#[doc(hidden)]
pub fn run_strategy<S: Strategy>(job: &str) -> Result<wit::Patch, crate::bindings::memstrata::plugin::types::Fault> {
    let job: Job = serde_json::from_str(job).map_err(|error| Fault::invalid(error.to_string()))?;
    Ok(S::propose(&job)?.into_resource())
}
