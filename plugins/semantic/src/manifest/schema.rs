//! Small builders for the JSON Schemas of this manifest.

use crate::memory::TYPES;
use memstrata_sdk::{Value, json};

/// A named operation.
pub(super) type Named = (&'static str, Value);

/// An input: these properties and no others.
pub(super) fn input(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// An output: at least these.
pub(super) fn output(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// Text of a length.
pub(super) fn text(description: &str, most: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "description": description})
}

/// What to search for.
pub(super) fn query() -> Value {
    text("What to look for, in plain words.", 10_000)
}

/// An integer in a range with a default.
pub(super) fn integer(description: &str, least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// 0 to 1.
pub(super) fn share(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": description})
}

/// True or false with a default.
pub(super) fn flag(description: &str, default: bool) -> Value {
    json!({"type": "boolean", "default": default, "description": description})
}

/// One id.
pub(super) fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} 42 or \"m:42\".")})
}

/// A list of ids.
pub(super) fn ids(description: &str, most: u32) -> Value {
    json!({"type": "array", "items": {"type": ["integer", "string"]}, "maxItems": most,
           "description": format!("{description} Each 42 or \"m:42\".")})
}

/// An instant.
pub(super) fn time(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} ISO date or time, or ms UTC.")})
}

/// A namespace.
pub(super) fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200,
           "description": "Only this namespace and below, such as `user:alice`; all if absent."})
}

/// The namespace of a new memory.
pub(super) fn own_namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Where it belongs, such as `user:alice:prefs`."})
}

/// A type of memory.
pub(super) fn memory_type() -> Value {
    json!({"type": "string", "enum": TYPES, "description": "semantic, episodic and procedural are accepted aliases."})
}

/// Several types.
pub(super) fn memory_types() -> Value {
    json!({"type": "array", "items": {"type": "string", "enum": TYPES}, "description": "Only these types."})
}

/// Tags.
pub(super) fn tags(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 100}, "maxItems": 50,
           "description": description})
}

/// Why.
pub(super) fn reason() -> Value {
    json!({"type": "string", "maxLength": 500, "description": "Why; kept in the memory's history."})
}

/// An operation of the manifest.
pub(super) fn operation(
    effect: &str,
    summary: &str,
    description: &str,
    (input, output): (Value, Value),
    examples: &Value,
) -> Value {
    json!({
        "summary": summary,
        "description": description,
        "effect": effect,
        "input": input,
        "output": output,
        "examples": examples,
    })
}

/// The settings an operator may give.
pub(super) fn settings() -> Value {
    let number = |default: f64, description: &str| json!({"type": "number", "minimum": 0, "default": default, "description": description});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "labile_minutes": {"type": "integer", "minimum": 0, "default": 5,
                "description": "For how long a retrieved memory is open to reconsolidation."},
            "recency_days": number(90.0, "Recency falls linearly to 0 over this many days."),
            "weight_similarity": number(0.7, "Weight of similarity in the composite rank."),
            "weight_recency": number(0.1, "Weight of recency in the composite rank."),
            "weight_usefulness": number(0.2, "Weight of usefulness in the composite rank."),
            "prune_below": number(0.2, "`optimize` prunes below this usefulness .."),
            "prune_idle_days": number(90.0, ".. what was not accessed for this many days."),
        },
    })
}
