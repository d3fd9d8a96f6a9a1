//! The manifest of a component, as docs/manifest.md says.

use indexmap::IndexMap;
use memstrata_store::CollectionSpec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a component says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format: 1.
    pub manifest: u32,
    /// The layer's name: prefix of its operations and collections.
    pub name: String,
    /// The component's version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// Interfaces it cannot live without.
    #[serde(default)]
    pub imports: Vec<String>,
    /// Interfaces it can live without.
    #[serde(default)]
    pub optional_imports: Vec<String>,
    /// Whether its calls are slow: their own queue and time.
    #[serde(default)]
    pub background: bool,
    /// Collections of others it reads.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Collections of others it writes.
    #[serde(default)]
    pub writes: Vec<String>,
    /// Collections it owns.
    #[serde(default)]
    pub collections: IndexMap<String, CollectionSpec>,
    /// Operations it offers.
    #[serde(default)]
    pub operations: IndexMap<String, OperationSpec>,
    /// Operations run from time to time.
    #[serde(default)]
    pub schedules: Vec<ScheduleSpec>,
    /// Operations run for events.
    #[serde(default)]
    pub events: Vec<SubscriptionSpec>,
    /// JSON Schema of its settings.
    #[serde(default)]
    pub settings: Option<Value>,
    /// What it consolidates: the manifest of a component of the world `strategy`.
    #[serde(default)]
    pub strategy: Option<StrategySpec>,
}

/// What a strategy consolidates, and in which units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategySpec {
    /// The collection its units are made of: `layer.collection`.
    pub collection: String,
    /// A condition rows must meet, as in `query.filter`.
    #[serde(default)]
    pub filter: Option<Value>,
    /// How the host cuts a job.
    pub units: UnitSpec,
    /// Rows in a unit, at most.
    #[serde(default = "most_rows")]
    pub max_rows: u32,
}

fn most_rows() -> u32 {
    500
}

/// How a job is cut into units; each is proposed and applied alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase", deny_unknown_fields)]
pub enum UnitSpec {
    /// Rows with the same value of a field, in the order of another: a session.
    Field {
        /// The field.
        field: String,
        /// The order.
        order: String,
    },
    /// Rows of one span of time.
    Window {
        /// The time field.
        field: String,
        /// The span, ms.
        every_ms: u64,
    },
    /// Rows in the order of a field, `max_rows` at a time.
    Page {
        /// The order.
        order: String,
    },
    /// Rows whose stored vectors are near each other: average-link clusters of a page of the rows in the order of a field.
    /// Those without a vector are a unit of their own.
    Cluster {
        /// Least mean cosine inside a cluster, 0 to 1.
        threshold: f32,
        /// The order.
        order: String,
    },
}

impl Manifest {
    /// Whether its calls go to the slow queue.
    #[must_use]
    pub fn slow(&self) -> bool {
        self.background || self.imports.iter().any(|import| import == "llm")
    }
}

/// What an operation does to memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationEffect {
    /// Nothing is written.
    Read,
    /// Rows are added or changed.
    Write,
    /// Something may be gone for good, or much at once.
    Destructive,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationSpec {
    /// One line.
    pub summary: String,
    /// More.
    #[serde(default)]
    pub description: String,
    /// What it does to memory.
    pub effect: OperationEffect,
    /// JSON Schema of its arguments.
    pub input: Value,
    /// JSON Schema of its answer.
    pub output: Value,
    /// Calls that show it, run by the test kit.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// A call that shows an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// What it shows.
    #[serde(default)]
    pub note: String,
    /// Calls that come before it.
    #[serde(default)]
    pub setup: Vec<Setup>,
    /// The code it must fail with.
    #[serde(default)]
    pub fault: Option<String>,
}

/// A call before an example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// An operation of the same component.
    pub operation: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
}

/// An operation run from time to time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSpec {
    /// Its name.
    pub name: String,
    /// The time between two runs, ms.
    pub every_ms: u64,
    /// The operation.
    pub operation: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// An operation run for events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionSpec {
    /// Its name.
    pub name: String,
    /// `layer.collection:verb`, or an emitted event's `layer.name`.
    pub on: String,
    /// The operation.
    pub operation: String,
}
