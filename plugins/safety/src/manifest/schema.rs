//! Small builders for the JSON Schemas and operations of this manifest.

pub(super) use memstrata_sdk::schema::{Named, choice, cursor, input, integer, list, operation, or, text, time};
use memstrata_sdk::{Value, json};

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
