//! Two families: what a host function answers a guest, and why a call or a load failed.

use crate::bindings::memstrata::plugin::types::Fault;
use memstrata_models::ModelError;
use memstrata_store::StoreError;

/// What a host function answers a guest, or the trap it raises.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "the generated bindings name it")]
pub enum HostError {
    /// The guest gets a fault and may go on.
    Fault(Fault),
    /// The call ends here.
    Trap(wasmtime::Error),
}

impl HostError {
    pub(crate) fn fault(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Fault(Fault { code: code.into(), message: message.into(), retry_after_ms: None })
    }
}

impl From<StoreError> for HostError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Sqlite(cause) = &error {
            tracing::warn!(%cause, "the store failed inside a call");
        }
        Self::fault(error.code(), error.message())
    }
}

impl From<ModelError> for HostError {
    fn from(error: ModelError) -> Self {
        let retry_after_ms = error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        Self::Fault(Fault { code: error.code().into(), message: error.to_string(), retry_after_ms })
    }
}

impl From<wasmtime::component::ResourceTableError> for HostError {
    fn from(error: wasmtime::component::ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

impl From<wasmtime::Error> for HostError {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

/// Why a call failed, as its caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CallFailure {
    /// Dotted code, see `wit/types.wit`.
    pub code: String,
    /// One sentence that says what to do.
    pub message: String,
    /// When the same call may succeed.
    pub retry_after_ms: Option<u64>,
    /// What the component wrote to standard error last: for its author and the log, never for a client.
    pub said: String,
}

impl CallFailure {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retry_after_ms: None, said: String::new() }
    }
}

/// The longest a guest can ask a client to wait: an hour.
const MOST_WAIT_MS: u64 = 3_600_000;

impl From<Fault> for CallFailure {
    fn from(fault: Fault) -> Self {
        // What a guest says goes to clients: short, and with a code of the usual form.
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        let code = match !fault.code.is_empty() && fault.code.len() <= 60 && fault.code.chars().all(sound) {
            true => fault.code,
            false => "plugin.fault".into(),
        };
        Self {
            code,
            message: fault.message.chars().take(2000).collect(),
            retry_after_ms: fault.retry_after_ms.map(|wait| wait.min(MOST_WAIT_MS)),
            said: String::new(),
        }
    }
}

/// Why a component was not loaded: every reason at once.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{origin} was not loaded: {}", faults.join("; "))]
pub struct LoadError {
    /// Which component: a path, `bundled`.
    pub origin: String,
    /// What its author or operator must change.
    pub faults: Vec<String>,
}
