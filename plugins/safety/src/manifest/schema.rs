//! Small builders for the JSON Schemas and operations of this manifest.

use memstrata_sdk::Value;
pub(super) use memstrata_sdk::schema::{
    Named, choice, cursor, input, integer, list, operation, or, output_of as output, project, text, texts, time,
};

/// How many.
pub(super) fn limit(default: i64) -> Value {
    or(integer("At most this many.", 1, 500), default)
}
