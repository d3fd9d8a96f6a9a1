//! Step 6 of 7: the host interfaces. Each function reads in three moves: check the grant, translate, call the store or a model.
#![allow(unreachable_pub, reason = "the generated bindings re-export the handles")]

mod consolidation;
mod files;
mod llm;
mod search;
mod small;
mod store_read;
mod store_write;
mod vectors;

pub use consolidation::PatchHandle;
pub use files::Folders;
pub use llm::PromptHandle;
pub use search::{RequestHandle, ResultsHandle};
pub use store_read::QueryHandle;
pub use vectors::{BatchHandle, MOST_CLUSTERED, average_link};

use crate::bindings::memstrata::plugin::types;
use crate::error::HostError;
use crate::state::CallState;
use serde_json::{Map, Value};

pub(crate) type Answer<T> = Result<T, HostError>;

impl types::Host for CallState {
    fn convert_fault(&mut self, error: HostError) -> wasmtime::Result<types::Fault> {
        match error {
            HostError::Fault(fault) => Ok(fault),
            HostError::Trap(trap) => Err(trap),
        }
    }
}

/// Reads a row or a patch.
fn object(text: &str) -> Answer<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(HostError::fault("invalid.argument", "a row is a JSON object")),
        Err(error) => Err(HostError::fault("invalid.argument", format!("the row is no JSON: {error}"))),
    }
}

/// A finite number from a guest.
fn finite(value: f64, what: &str) -> Answer<f64> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(HostError::fault("invalid.argument", format!("{what} must be a finite number")))
    }
}
