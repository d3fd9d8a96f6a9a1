//! What the gateway and the app ask of the kernel, and what they get.

use memstrata_store::Namespace;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `local`, or the name of a token.
    pub name: String,
    /// The part of a space it may see; the empty namespace is all of it.
    pub scope: Namespace,
    /// Spaces it may use; none named: all.
    pub spaces: Option<Vec<String>>,
    /// Whether it may call operations that write.
    pub may_write: bool,
}

impl Principal {
    /// The user of this machine: everything is allowed.
    #[must_use]
    pub fn local() -> Self {
        Self { name: "local".into(), scope: Namespace::default(), spaces: None, may_write: true }
    }
}

/// How far long work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all; 0 if unknown.
    pub total: u64,
    /// What is being done.
    pub message: String,
}

/// Receives progress; called from the call's worker.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

/// One call of an operation.
#[derive(Clone)]
pub struct CallRequest {
    /// The space.
    pub space: String,
    /// Who calls.
    pub principal: Principal,
    /// `layer.operation`.
    pub operation: String,
    /// Its arguments; `idempotency_key` among them makes a write repeatable.
    pub arguments: Map<String, Value>,
    /// Run, but commit nothing: the answer carries what would change.
    pub dry_run: bool,
    /// Set it when nobody waits any more.
    pub cancelled: Arc<AtomicBool>,
    /// Where progress goes.
    pub progress: Option<ProgressSink>,
}

/// What a call answers.
#[derive(Debug, Clone, Serialize)]
pub struct CallAnswer {
    /// The operation's answer: fits its output schema.
    pub value: Value,
    /// The commit, if it wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Rows of it whose vector comes later.
    #[serde(skip_serializing_if = "is_zero")]
    pub embed_pending: u64,
    /// The answer of an earlier call with the same idempotency key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// What a dry run would have changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<Vec<Value>>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Why a call failed: what a client may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CallError {
    /// Dotted code, see `wit/types.wit`.
    pub code: String,
    /// One sentence that says what to do.
    pub message: String,
    /// More for programs: JSON pointers of faults, near names, and such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// When the same call may succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// What the component wrote to standard error last: for its author, never for a client.
    #[serde(skip)]
    pub said: String,
}

impl CallError {
    /// An error with a code and a sentence.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), details: None, retry_after_ms: None, said: String::new() }
    }

    /// Adds details.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// The error with what the component said before it failed: for its author.
    pub(crate) fn for_author(&self) -> String {
        if self.said.is_empty() { self.to_string() } else { format!("{self}; it said: {}", self.said) }
    }
}

/// What an operation does to memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing is written.
    Read,
    /// Rows are added or changed; history keeps what was.
    Write,
    /// Something may be gone for good, or much at once.
    Destructive,
}

/// An operation of the catalog.
#[derive(Debug, Clone, Serialize)]
pub struct Operation {
    /// `layer.operation`.
    pub name: String,
    /// The layer.
    pub layer: String,
    /// One line.
    pub summary: String,
    /// More, for a model that must choose.
    pub description: String,
    /// What it does to memory.
    pub effect: Effect,
    /// JSON Schema of the arguments.
    pub input: Value,
    /// JSON Schema of the answer.
    pub output: Value,
}

/// A layer's state.
#[derive(Debug, Clone, Serialize)]
pub struct LayerHealth {
    /// `ok`, `degraded` (operations were dropped) or `failed`.
    pub status: String,
    /// Version of the component.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The generation that serves.
    pub generation: u64,
    /// Operations offered.
    pub operations: usize,
    /// What is wrong, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The host's state.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// `healthy`, or `degraded`.
    pub status: String,
    /// Version of the host.
    pub version: String,
    /// Each layer.
    pub layers: std::collections::BTreeMap<String, LayerHealth>,
    /// The embedding model, and whether it answers.
    pub embedder: Value,
    /// The language model, and what it has used today; absent if none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm: Option<crate::budget::Spending>,
    /// Where the data lies.
    pub data: String,
}
