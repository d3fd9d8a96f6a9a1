//! Small builders for the JSON Schemas of this manifest.

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
    json!({"type": "string", "maxLength": most, "description": description})
}

/// One of some words, with a default.
pub(super) fn word(description: &str, words: &[&str], default: &str) -> Value {
    json!({"type": "string", "enum": words, "default": default, "description": description})
}

/// An integer in a range with a default.
pub(super) fn integer(description: &str, least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// True or false with a default.
pub(super) fn flag(description: &str, default: bool) -> Value {
    json!({"type": "boolean", "default": default, "description": description})
}

/// One id.
pub(super) fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "maxLength": 40, "description": format!("{description} 42 or \"m:42\".")})
}

/// Words with defaults.
pub(super) fn words(description: &str, default: &[&str]) -> Value {
    json!({"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 20, "default": default, "description": description})
}

/// A namespace.
pub(super) fn namespace() -> Value {
    text("Only this namespace and below, such as `user:alice`; all if absent.", 200)
}

/// A strategy by name.
pub(super) fn strategy(default: &str) -> Value {
    json!({"type": "string", "maxLength": 60, "default": default,
        "description": "balanced, speed, quality, minimal, custom or auto (mapped by the setting `strategies`; else the active one), or a configured strategy's name."})
}

/// How old what is consolidated may be.
pub(super) fn max_age() -> Value {
    integer("Only rows changed in the last so many minutes; 0: of any age.", 0, 5_256_000, 1440)
}

/// A run.
pub(super) fn run() -> Value {
    json!({"type": "string", "maxLength": 60, "default": "latest", "description": "A run's name (`r..`), or `latest`."})
}

/// Rows of a page.
pub(super) fn limit(default: u32) -> Value {
    integer("At most so many.", 1, 200, default)
}

/// Where a list goes on.
pub(super) fn cursor() -> Value {
    text("`next_cursor` of the page before.", 4096)
}

/// A list of objects, with how many and where it goes on.
pub(super) fn page(what: &str) -> Value {
    output(
        &json!({what: objects(), "count": {"type": "integer"}, "next_cursor": {"type": ["string", "null"]}, "notes": notes()}),
        &[what, "count", "next_cursor"],
    )
}

/// A list of objects.
pub(super) fn objects() -> Value {
    json!({"type": "array", "items": {"type": "object"}})
}

/// What could not be told, in words.
pub(super) fn notes() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
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
        "summary": summary, "description": description, "effect": effect, "input": input, "output": output,
        "examples": examples,
    })
}

/// An example that fails since nothing ran in the empty space it is tried in.
pub(super) fn no_run(arguments: &Value) -> Value {
    json!([{"arguments": arguments, "fault": "not-found.run", "note": "Nothing has run in this space."}])
}

/// The settings an operator may give.
pub(super) fn settings() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "strategies": {"type": "object", "additionalProperties": {"type": "string"}, "default": {},
                "description": "What callers call a strategy to its configured name; empty means the active one."},
            "events": {"type": "string", "default": "episodic.events", "description": "The collection of raw events."},
            "memories": {"type": "array", "items": {"type": "string"}, "default": ["semantic.memories"],
                "description": "The collections derived memories go to."},
        },
    })
}
