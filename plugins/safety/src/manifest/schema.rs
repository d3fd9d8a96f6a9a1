//! Small builders for the JSON Schemas and operations of this manifest.

use memstrata_sdk::{Value, json};

/// A named operation.
pub(super) type Named = (&'static str, Value);

/// An input: these properties and no others.
pub(super) fn input(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// An output: at least these, each of a type.
pub(super) fn output(fields: &[(&str, &str)]) -> Value {
    let mut properties = memstrata_sdk::Map::new();
    for (name, kind) in fields {
        let kinds: Vec<&str> = kind.split('|').collect();
        properties.insert((*name).to_owned(), json!({"type": kinds}));
    }
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

/// Text of a length.
pub(super) fn text(description: &str, most: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most, "description": description})
}

/// One word of a list.
pub(super) fn choice(values: &[&str], description: &str) -> Value {
    json!({"type": "string", "enum": values, "description": description})
}

/// The same schema with a default.
pub(super) fn or(mut schema: Value, default: impl Into<Value>) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("default".into(), default.into());
    }
    schema
}

/// An integer in a range.
pub(super) fn integer(description: &str, least: i64, most: i64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "description": description})
}

/// An instant.
pub(super) fn time(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} ISO date or time, or ms UTC.")})
}

/// A list.
pub(super) fn list(items: &Value, most: usize, description: &str) -> Value {
    json!({"type": "array", "items": items, "maxItems": most, "description": description})
}

/// Short texts.
pub(super) fn texts(description: &str) -> Value {
    list(&json!({"type": "string", "minLength": 1, "maxLength": 200}), 50, description)
}

/// A project: a number or a name.
pub(super) fn project(description: &str) -> Value {
    json!({"type": ["integer", "string", "null"], "maxLength": 100, "description": description})
}

/// How many.
pub(super) fn limit(default: i64) -> Value {
    or(integer("At most this many.", 1, 500), default)
}

/// A cursor.
pub(super) fn cursor() -> Value {
    text("`next_cursor` of the page before, with the same other arguments.", 4096)
}

/// An operation of the manifest.
pub(super) fn operation(
    effect: &str,
    summary: &str,
    description: &str,
    (input, output): (Value, Value),
    examples: &Value,
) -> Value {
    json!({"summary": summary, "description": description, "effect": effect, "input": input, "output": output, "examples": examples})
}
