//! Schemas that several operations of this layer share, and the calls that come before an example.
//!
//! In an empty space the first row is 1. A note takes two ids, its own and that of its first version.

pub(super) use memstrata_sdk::schema::step;
use memstrata_sdk::{Value, json};

/// An id no example has.
pub(super) const NONE: u64 = 999_999_999;

fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "maxLength": 100, "description": description})
}

/// A memory of any layer.
pub(super) fn memory() -> Value {
    json!({"memory_id": id("A note, or a memory of any layer that recalls show: 42, \"m:42\", or with its collection, \"semantic.memories:42\".")})
}

/// A note.
pub(super) fn note(description: &str) -> Value {
    id(&format!("{description} 42 or \"m:42\"."))
}

/// A topic.
pub(super) fn index(description: &str) -> Value {
    id(&format!("{description} 42 or \"m:42\"."))
}

/// A list of objects that have these fields.
pub(super) fn many(required: &[&str]) -> Value {
    json!({"type": "array", "items": {"type": "object", "required": required}})
}

/// The cursor of the next page.
pub(super) fn next() -> Value {
    json!({"type": ["string", "null"]})
}

/// Whole numbers, texts and flags of an answer.
pub(super) fn int() -> Value {
    json!({"type": "integer"})
}
pub(super) fn word() -> Value {
    json!({"type": "string"})
}
pub(super) fn flag() -> Value {
    json!({"type": "boolean"})
}

/// Writes the note 1 (then 3, 5).
pub(super) fn written() -> Value {
    step("create_note", &json!({"title": "Tabs", "text": "Ada prefers tabs.", "tags": ["style"]}))
}

/// An example that is refused.
pub(super) fn refused(arguments: &Value, fault: &str) -> Value {
    json!({"arguments": arguments, "fault": fault})
}
