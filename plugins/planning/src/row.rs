//! Reads fields out of a row, and the references (`m:42`) that callers see.

use memstrata_sdk::Value;
pub use memstrata_sdk::row::{clip, flag, id, int, minutes, number, reference, references, round, text, texts};

/// A field of any type; null if it is missing.
#[must_use]
pub fn field<'a>(row: &'a Value, name: &str) -> &'a Value {
    row.get(name).unwrap_or(&Value::Null)
}

/// Numbers of steps as callers read them: `1, 2`.
#[must_use]
pub fn list(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
