//! Small builders for the JSON Schemas of this manifest.

use crate::category::CATEGORIES;
use crate::parameter::{self, Kind};
use crate::procedure::{AUTHORS, MOST_CONTEXTS, MOST_EXAMPLES};
use crate::{execution, step};
pub(super) use memstrata_sdk::schema::{Named, cursor, flag, input, operation, text, time};
use memstrata_sdk::{Value, json};

/// An output: at least these.
pub(super) fn output(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// An object with more keys.
pub(super) fn with(object: Value, more: &[(&str, Value)]) -> Value {
    let Value::Object(mut fields) = object else { return object };
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(fields)
}

/// Text that may be empty: to clear it.
pub(super) fn clearable(description: &str, most: u32) -> Value {
    json!({"type": "string", "maxLength": most, "description": description})
}

/// An integer in a range with a default.
pub(super) fn integer(description: &str, least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// 0 to 1.
pub(super) fn share(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": description})
}

/// One procedure.
pub(super) fn procedure() -> Value {
    json!({"type": ["string", "integer"], "minLength": 1, "maxLength": 200,
           "description": "The procedure: its exact name, 42 or \"m:42\"."})
}

/// Ids.
pub(super) fn ids(description: &str, most: u32) -> Value {
    json!({"type": "array", "items": {"type": ["integer", "string"]}, "maxItems": most,
           "description": format!("{description} Each 42 or \"m:42\".")})
}

/// A namespace to look in.
pub(super) fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200,
           "description": "Only this namespace and below, such as `project:web`; all if absent."})
}

/// One of the ten categories.
pub(super) fn category(description: &str) -> Value {
    json!({"type": "string", "enum": CATEGORIES, "description": description})
}

/// Values of variables.
pub(super) fn variables(description: &str, most: usize) -> Value {
    json!({"type": "object", "maxProperties": most, "description": description})
}

/// Steps as callers give them.
pub(super) fn steps(description: &str) -> Value {
    json!({
        "type": "array", "maxItems": step::MOST, "description": description,
        "items": {
            "type": ["string", "object"], "minLength": 1, "maxLength": 2000,
            "properties": {"action": {"type": "string", "minLength": 1, "maxLength": 2000},
                           "expect": {"type": "string", "maxLength": 2000}},
            "required": ["action"], "additionalProperties": false,
        },
    })
}

/// Parameters as callers declare them.
fn parameters() -> Value {
    json!({
        "type": "array", "maxItems": parameter::MOST,
        "description": "Variables of template and steps. Those used and not declared are required text.",
        "items": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 40},
                "type": {"type": "string", "enum": Kind::NAMES},
                "required": {"type": "boolean", "description": "True unless there is a default."},
                "default": {"type": ["string", "number", "boolean", "array"]},
                "description": {"type": "string", "maxLength": 500},
            },
            "required": ["name"], "additionalProperties": false,
        },
    })
}

fn examples() -> Value {
    json!({
        "type": "array", "maxItems": MOST_EXAMPLES, "description": "Uses that show how; their variables must fit.",
        "items": {
            "type": "object",
            "properties": {"variables": {"type": "object", "maxProperties": parameter::MOST},
                           "note": {"type": "string", "maxLength": 1000}},
            "additionalProperties": false,
        },
    })
}

/// The fields of a procedure that callers write.
pub(super) fn fields() -> Value {
    json!({
        "name": text("Unique in its namespace.", 100),
        "category": category("By its words if absent; `git` if they say nothing."),
        "description": clearable("What it is for, and when not to use it.", 5_000),
        "trigger_pattern": clearable("When to use it: words that must all occur, or a glob with `*`; alternatives split by `|`.", 1_000),
        "applicable_contexts": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 100},
            "maxItems": MOST_CONTEXTS, "description": "Where it applies: a language, a tool, a phase."},
        "template": clearable("Text with {{variables}}; \\{{ for the braces themselves.", 20_000),
        "parameters": parameters(),
        "steps": steps("What is done, in order; may hold {{variables}}."),
        "examples": examples(),
    })
}

/// Who made it.
pub(super) fn created_by() -> Value {
    json!({"type": "string", "enum": AUTHORS, "description": "Who made it."})
}

/// How long it took.
pub(super) fn duration(description: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": execution::MOST_DURATION, "description": description})
}

/// The settings an operator may give.
pub(super) fn settings() -> Value {
    let integer = |default: u64, least: u64, most: u64, description: &str| json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description});
    let number = |default: f64, description: &str| json!({"type": "number", "minimum": 0, "maximum": 1, "default": default, "description": description});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "lookback_days": integer(30, 1, 3650, "How far back extraction looks."),
            "least_events": integer(5, 1, 100_000, "Extraction needs so many events."),
            "least_chain": integer(3, 2, 100, "Events of a chain, at least."),
            "least_occurrences": integer(3, 2, 10_000, "How often a chain must have occurred."),
            "least_success": number(0.7, "The share of tries of a chain that went well must be greater than this."),
            "gap_minutes": integer(60, 1, 100_000, "Events of a session further apart than this are of two chains."),
            "wanted_success": number(0.7, "The success share procedures are judged against."),
        },
    })
}
