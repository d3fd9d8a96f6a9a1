//! Small builders for the JSON Schemas of this manifest.

use crate::item::{COMPONENTS, TYPES};
use crate::route::LAYERS;
pub(super) use memstrata_sdk::schema::{
    Named, choice, flag, input, integer_or as integer, maybe, objects, of, operation, output, text,
};
use memstrata_sdk::{Value, json};

/// 0 to 1.
pub(super) fn share(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": description})
}

/// 0 to 1, with a default.
pub(super) fn share_or(description: &str, default: f64) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "default": default, "description": description})
}

/// One of a list, with a default.
pub(super) fn choice_or(values: &[&str], default: &str, description: &str) -> Value {
    json!({"type": "string", "enum": values, "default": default, "description": description})
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

/// The session that working memory is held for.
pub(super) fn session() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 200, "default": "default",
           "description": "Whose working memory; each session has its own."})
}

/// A component, or all.
pub(super) fn component_or_all() -> Value {
    let all: Vec<&str> = ["all"].into_iter().chain(COMPONENTS).collect();
    choice_or(&all, "all", "Only this component.")
}

/// A type of item.
pub(super) fn content_type(default: bool) -> Value {
    let says = "What it is: sets the half-life and, unless `component` is given, the component.";
    if default { choice_or(&TYPES, "verbal", says) } else { choice(&TYPES, says) }
}

/// A long-term layer.
pub(super) fn layer(description: &str) -> Value {
    choice(&LAYERS, description)
}

/// Short texts.
pub(super) fn texts(description: &str, most: u32, length: u32) -> Value {
    json!({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": length}, "maxItems": most,
           "description": description})
}

/// Integers in an answer.
pub(super) fn integers() -> Value {
    json!({"type": "array", "items": {"type": "integer"}})
}

/// Remarks in an answer.
pub(super) fn notes() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

/// A step of an example's setup: adds an item.
pub(super) fn adding(content: &str, content_type: &str) -> Value {
    json!({"operation": "add", "arguments": {"content": content, "content_type": content_type}})
}

/// The settings an operator may give.
pub(super) fn settings() -> Value {
    let seconds = |default: f64, what: &str| json!({"type": "number", "minimum": 0.001, "default": default, "description": format!("Half-life of {what}, in seconds.")});
    let limit = |default: u32, description: &str| json!({"type": "integer", "minimum": 1, "maximum": 100, "default": default, "description": description});
    let stores = |default: &str| json!({"type": "string", "default": default, "description": "Operation that keeps what is routed there."});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "half_life_verbal_s": seconds(30.0, "verbal items"),
            "half_life_spatial_s": seconds(45.0, "spatial items"),
            "half_life_action_s": seconds(20.0, "actions"),
            "half_life_decision_s": seconds(60.0, "decisions"),
            "half_life_other_s": seconds(30.0, "episodic items and goals"),
            "importance_rule": {"type": "string", "enum": ["steps", "linear"], "default": "steps",
                "description": "steps: the rate times 1.5, 1 or 0.7; linear: times 1 - 0.5 importance."},
            "soft_limit": limit(6, "From so many items in a component on, the weakest makes room."),
            "hard_limit": limit(7, "A component refuses beyond so many."),
            "buffer_soft_limit": limit(4, "The soft limit of the episodic buffer."),
            "buffer_hard_limit": limit(5, "The hard limit of the episodic buffer."),
            "least_samples": {"type": "integer", "minimum": 2, "maximum": 500, "default": 10,
                "description": "The routing forest is asked from so many labelled decisions on."},
            "semantic_operation": stores("semantic.remember"),
            "episodic_operation": stores("episodic.record_event"),
            "procedural_operation": stores("procedural.create_procedure"),
            "prospective_operation": stores("prospective.create_task"),
        },
    })
}
