//! Why an operation failed: a dotted code and a sentence that says what to do.

/// See `types.wit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// An open dotted vocabulary, such as `invalid.argument` or `not-found`.
    pub code: String,
    /// One sentence that says what to do.
    pub message: String,
    /// When the same call may succeed later.
    pub retry_after_ms: Option<u64>,
}

impl Fault {
    /// A fault of any code.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retry_after_ms: None }
    }

    /// `invalid.argument`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid.argument", message)
    }

    /// `not-found`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("not-found", message)
    }

    /// `conflict`: the host runs the call again.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new("conflict", message)
    }

    /// The operation is in no list of this component.
    pub fn unknown_operation(operation: &str) -> Self {
        Self::not_found(format!("no operation `{operation}`"))
    }
}

#[cfg(target_family = "wasm")]
mod convert {
    use super::Fault;
    use crate::bindings::memstrata::plugin::types;

    impl From<types::Fault> for Fault {
        fn from(f: types::Fault) -> Self {
            Self { code: f.code, message: f.message, retry_after_ms: f.retry_after_ms }
        }
    }

    impl From<Fault> for types::Fault {
        fn from(f: Fault) -> Self {
            Self { code: f.code, message: f.message, retry_after_ms: f.retry_after_ms }
        }
    }
}
