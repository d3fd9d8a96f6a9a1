//! Files of the granted folders, see `files` in the WIT.

use crate::bindings::memstrata::plugin::files as wit;
use crate::{Fault, Value};

/// Bytes asked for at a time by [`read`].
const STEP: u32 = 1 << 20;

/// Names of the granted folders, sorted.
#[must_use]
pub fn folders() -> Vec<String> {
    wit::folders()
}

/// What lies directly in a folder, after a name (empty: from the start), in the order of names: objects with `name`, `kind`,
/// `bytes`, `modified`.
///
/// # Errors
/// `denied.files` outside of the folder, `not-found.file`.
pub fn entries(folder: &str, path: &str, after: &str, limit: u32) -> Result<Vec<Value>, Fault> {
    let text = wit::entries(folder, path, after, limit)?;
    serde_json::from_str(&text).map_err(|error| Fault::invalid(format!("entries of `{path}`: {error}")))
}

/// One file or folder: `name`, `kind`, `bytes`, `modified`.
///
/// # Errors
/// `denied.files` outside of the folder, `not-found.file`.
pub fn about(folder: &str, path: &str) -> Result<Value, Fault> {
    let text = wit::about(folder, path)?;
    serde_json::from_str(&text).map_err(|error| Fault::invalid(format!("about `{path}`: {error}")))
}

/// A whole file.
///
/// # Errors
/// `invalid.file` for one of more than `most` bytes or no plain file, `denied.files`, `not-found.file`.
pub fn read(folder: &str, path: &str, most: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    loop {
        let step = wit::read(folder, path, bytes.len() as u64, STEP)?;
        if step.is_empty() {
            return Ok(bytes);
        }
        bytes.extend(step);
        if bytes.len() as u64 > most {
            return Err(Fault::new("invalid.file", format!("`{path}` has more than {most} bytes")));
        }
    }
}
