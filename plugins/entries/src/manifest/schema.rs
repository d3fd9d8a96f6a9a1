//! Small builders for the JSON Schemas of this manifest.

use memstrata_sdk::{Value, json};

/// A named operation.
pub(super) type Named = (&'static str, Value);

/// Text of a length.
pub(super) fn text(description: &str, most: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "description": description})
}

/// Text of a length, or null.
pub(super) fn maybe_text(description: &str, most: u32) -> Value {
    json!({"type": ["string", "null"], "minLength": 1, "maxLength": most, "description": description})
}

/// One of a list.
pub(super) fn choice(values: &[&str], description: &str) -> Value {
    json!({"type": "string", "enum": values, "description": description})
}

/// An integer in a range with a default.
pub(super) fn integer(description: &str, least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// Any object, or null.
pub(super) fn object(description: &str) -> Value {
    json!({"type": ["object", "null"], "description": description})
}

/// An operation of the manifest: its input properties with the required ones, its output alike.
pub(super) fn operation(
    (effect, summary, description): (&str, &str, &str),
    (input, required): (&Value, &[&str]),
    (output, answered): (&Value, &[&str]),
    examples: &Value,
) -> Value {
    json!({
        "summary": summary,
        "description": description,
        "effect": effect,
        "input": {"type": "object", "properties": input, "required": required, "additionalProperties": false},
        "output": {"type": "object", "properties": output, "required": answered},
        "examples": examples,
    })
}
