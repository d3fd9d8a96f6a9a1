//! Small builders for the JSON Schemas of this manifest.

use crate::route::default_routes;
use memstrata_sdk::{Value, json};

/// A named operation.
pub(super) type Named = (&'static str, Value);

/// An operation that reads; its input has these properties and no others.
pub(super) fn reading(
    summary: &str,
    description: &str,
    properties: &Value,
    required: &[&str],
    output: &Value,
    examples: &Value,
) -> Value {
    json!({
        "summary": summary, "description": description, "effect": "read",
        "input": {"type": "object", "properties": properties, "required": required, "additionalProperties": false},
        "output": output, "examples": examples,
    })
}

/// An instant.
pub(super) fn time(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": description})
}

/// The question.
pub(super) fn query() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 10_000, "description": "The question, in plain words."})
}

/// An integer in a range with a default.
pub(super) fn integer(description: &str, least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default, "description": description})
}

/// One id.
pub(super) fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} 42 or \"m:42\".")})
}

/// Accepted from older callers: a space is one project.
pub(super) fn project(default: &Value) -> Value {
    json!({"type": ["integer", "string", "null"], "default": default, "description": "Ignored: a space is one project."})
}

/// A window of time.
pub(super) fn window() -> Value {
    json!({"type": "string", "minLength": 2, "maxLength": 20, "default": "7days",
           "description": "A number and a unit: 30minutes, 12hours, 7days, 2weeks."})
}

/// These properties, and where to search.
pub(super) fn scoped(own: &Value) -> Value {
    let names = |what: &str| {
        json!({"type": "array", "items": {"type": "string", "maxLength": 80}, "maxItems": 20,
               "description": format!("Only these {what}.")})
    };
    let mut all = json!({
        "namespace": {"type": "string", "maxLength": 200, "description": "Only this namespace and below."},
        "kinds": names("kinds"),
        "layers": names("layers"),
        "known_at": time("What the store knew then."),
        "valid_at": time("What was true then."),
        "from": time("Only what happened from here on."),
        "to": time("Only what happened before this."),
    });
    if let (Some(all), Some(own)) = (all.as_object_mut(), own.as_object()) {
        all.extend(own.iter().map(|(name, schema)| (name.clone(), schema.clone())));
    }
    all
}

/// A hit.
pub(super) fn hit() -> Value {
    json!({"type": "object", "properties": {
        "id": {"type": "integer"}, "ref": {"type": "string"}, "layer": {"type": "string"}, "from": {"type": "string"},
        "text": {"type": "string"}, "kind": {"type": "string"}, "when": {"type": "string"}, "score": {"type": "number"},
        "relevance": {"type": "number"}, "grade": {"type": "string", "enum": ["correct", "ambiguous", "incorrect"]},
        "why": {"type": "string"}, "sources": {"type": "array", "items": {"type": "integer"}}}, "required": ["id"]})
}

/// A list of hits.
pub(super) fn hits() -> Value {
    json!({"type": "array", "items": hit()})
}

/// How sure, and why.
pub(super) fn confidence() -> Value {
    json!({"type": "object", "properties": {
        "value": {"type": "number", "minimum": 0, "maximum": 1},
        "level": {"type": "string", "enum": ["high", "medium", "low", "abstain"]},
        "abstain": {"type": "boolean"}, "out_of_distribution": {"type": "boolean"},
        "factors": {"type": "object"}}, "required": ["value", "level", "abstain"]})
}

/// Whether a model was asked.
pub(super) fn model() -> Value {
    json!({"type": "object", "properties": {"used": {"type": "boolean"}, "calls": {"type": "integer"},
           "reason": {"type": ["string", "null"], "description": "Why it was not."}}, "required": ["used"]})
}

/// The operator's settings.
pub(super) fn settings() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {
        "routes": {"type": "object", "default": default_routes(),
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "Collections for each sort of question; none: all."},
        "recency_half_life_days": {"type": "number", "minimum": 0.01, "default": 30.0,
            "description": "A memory counts half as recent after so many days."},
        "auto_reflective": {"type": "boolean", "default": false,
            "description": "Whether `auto` may search in several rounds."},
        "use_model": {"type": "boolean", "default": true, "description": "Whether a granted language model is asked."},
    }})
}
