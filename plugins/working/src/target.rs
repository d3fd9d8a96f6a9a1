//! What to call to keep an item: the operation of the long-term layer it was routed to, with its arguments.
//!
//! No layer calls another, and each layer checks what it stores by its own rules. So consolidating answers the call to make,
//! keeps it with the item until it is confirmed, and says it in an event that a layer may subscribe to.

use crate::route::full_text;
use crate::row;
use crate::settings::Settings;
use memstrata_sdk::{Map, Value, json};

/// The longest name of a procedure: Athena's first 50 characters.
const MOST_NAME: usize = 50;

/// The priority of a task by the importance (0 to 1) of the item, in the steps of the decay multipliers.
#[must_use]
pub fn priority(importance: f64) -> &'static str {
    if importance < 0.33 {
        "low"
    } else if importance < 0.67 {
        "medium"
    } else {
        "high"
    }
}

/// `{"operation", "arguments"}` for a layer of [`crate::route::LAYERS`].
#[must_use]
pub fn next(settings: &Settings, item: &Value, layer: &str) -> Value {
    let content = full_text(item);
    let kind = row::text(item, "content_type");
    let importance = row::number(item, "importance").unwrap_or(0.5);
    let tags = row::texts(item, "tags");
    let mut arguments = Map::new();
    let mut put = |field: &str, value: Value| arguments.insert(field.to_owned(), value);
    let operation = match layer {
        "episodic" => {
            put("content", json!(content));
            put("event_type", json!(if kind == "decision" { "decision" } else { "action" }));
            put("session_id", json!(row::text(item, "session_id")));
            if let Some(at) = row::int(item, "created_at") {
                put("timestamp", json!(at));
            }
            put("metadata", json!({"working_item": row::id(item)}));
            &settings.episodic_operation
        }
        "procedural" => {
            let first = content.lines().next().unwrap_or_default();
            put("name", json!(row::clip(first, MOST_NAME)));
            put("description", json!(content));
            let steps = row::texts(item, "chunk");
            if !steps.is_empty() {
                put("steps", json!(steps));
            }
            put("sources", json!([row::id(item)]));
            &settings.procedural_operation
        }
        "prospective" => {
            put("content", json!(content));
            put("priority", json!(priority(importance)));
            &settings.prospective_operation
        }
        _ => {
            put("content", json!(content));
            put("memory_type", json!(if kind == "decision" { "decision" } else { "fact" }));
            put("sources", json!([row::id(item)]));
            &settings.semantic_operation
        }
    };
    // A procedure has contexts and a category in place of tags.
    if layer != "procedural" && !tags.is_empty() {
        arguments.insert("tags".into(), json!(tags));
    }
    let namespace = row::text(item, "namespace");
    if !namespace.is_empty() {
        arguments.insert("namespace".into(), json!(namespace));
    }
    json!({"operation": operation, "arguments": arguments})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::LAYERS;

    fn item() -> Value {
        json!({"id": 7, "content": "Chose SQLite", "chunk": ["one file", "no service"], "content_type": "decision",
               "importance": 0.8, "tags": ["db"], "namespace": "user:ada", "session_id": "s1", "created_at": 5})
    }

    #[test]
    fn each_layer_has_its_operation_and_the_whole_text() {
        let settings = Settings::default();
        for layer in LAYERS {
            let next = next(&settings, &item(), layer);
            assert!(next["operation"].as_str().unwrap_or_default().starts_with(layer), "{next}");
            assert!(next.to_string().contains("one file"), "{next}");
        }
        let semantic = next(&settings, &item(), "semantic");
        assert_eq!(semantic["arguments"]["memory_type"], "decision");
        assert_eq!(semantic["arguments"]["sources"], json!([7]));
        for layer in LAYERS {
            assert_eq!(next(&settings, &item(), layer)["arguments"]["namespace"], "user:ada", "{layer}");
        }
        let procedure = next(&settings, &item(), "procedural");
        assert_eq!(procedure["arguments"]["steps"], json!(["one file", "no service"]));
        assert!(procedure["arguments"].get("tags").is_none());
        assert_eq!(next(&settings, &item(), "prospective")["arguments"]["priority"], "high");
        assert_eq!(next(&settings, &item(), "episodic")["arguments"]["timestamp"], 5);
    }

    #[test]
    fn the_operation_is_the_operators_choice() {
        let settings = Settings { semantic_operation: "notes.write".into(), ..Settings::default() };
        assert_eq!(next(&settings, &item(), "semantic")["operation"], "notes.write");
    }

    #[test]
    fn a_long_first_line_is_a_short_name() {
        let long = json!({"id": 1, "content": "x".repeat(80)});
        let name = next(&Settings::default(), &long, "procedural")["arguments"]["name"].clone();
        assert_eq!(name.as_str().map(|name| name.chars().count()), Some(MOST_NAME));
    }
}
