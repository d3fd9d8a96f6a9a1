//! Events of a session: what one is made of, and the text in it.

use memstrata_sdk::args::Time;
use memstrata_sdk::{Fault, Map, Value};
use serde::Deserialize;

/// What an event can be.
pub const TYPES: [&str; 5] = ["message", "action", "tool_call", "reflection", "state_change"];
/// Characters of text that are indexed.
const MOST_TEXT: usize = 8_000;
/// Bytes of a content at most.
pub const MOST_CONTENT: usize = 40_000;

/// An event as it is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its name; made from the row's id if absent.
    pub event_id: Option<String>,
    /// When it happened; now if absent.
    pub timestamp: Option<Time>,
    /// One of [`TYPES`].
    #[serde(default = "message")]
    pub event_type: String,
    /// `user`, `system` or `agent:<id>`.
    #[serde(default = "user")]
    pub actor: String,
    /// Any JSON.
    #[serde(default)]
    pub content: Value,
    /// Keys of the state it changes.
    pub state_delta: Option<Map<String, Value>>,
    /// Whether it answers the user for good.
    #[serde(default)]
    pub is_final_response: bool,
}

fn message() -> String {
    "message".to_owned()
}

fn user() -> String {
    "user".to_owned()
}

/// Reads an event, given as an object or as its JSON text.
///
/// # Errors
/// `invalid.argument` for text that is no JSON, unknown fields, types, actors, and contents that are too long.
pub fn read(given: Value) -> Result<Event, Fault> {
    let given = match given {
        Value::String(text) => serde_json::from_str(&text)
            .map_err(|e| Fault::invalid(format!("`event` is no valid JSON ({e}): give an object")))?,
        other => other,
    };
    let event: Event = serde_json::from_value(given).map_err(|e| Fault::invalid(format!("`event`: {e}")))?;
    if !TYPES.contains(&event.event_type.as_str()) {
        let wrong: String = event.event_type.chars().take(60).collect();
        return Err(Fault::invalid(format!("event_type `{wrong}` is none of {}", TYPES.join(", "))));
    }
    let agent = event.actor.strip_prefix("agent:").is_some_and(|id| !id.trim().is_empty());
    if !(agent || event.actor == "user" || event.actor == "system") || event.actor.chars().count() > 200 {
        return Err(Fault::invalid("`actor` is `user`, `system` or `agent:<id>`"));
    }
    if event.event_id.as_ref().is_some_and(|id| id.trim().is_empty() || id.chars().count() > 200) {
        return Err(Fault::invalid("`event_id` has 1 to 200 characters; leave it out to get one"));
    }
    if event.content.to_string().len() > MOST_CONTENT {
        return Err(Fault::invalid(format!("`content` is over {MOST_CONTENT} bytes: split it over several events")));
    }
    Ok(event)
}

/// All texts inside a JSON value, in order, joined by blanks: what full-text search sees.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut parts = Vec::new();
    gather(value, &mut parts);
    parts.join(" ").chars().take(MOST_TEXT).collect()
}

fn gather<'a>(value: &'a Value, parts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => parts.push(text),
        Value::Array(items) => items.iter().for_each(|item| gather(item, parts)),
        Value::Object(fields) => fields.values().for_each(|field| gather(field, parts)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn an_event_is_an_object_or_its_json() {
        let read_text = read(json!(r#"{"content": "hello", "actor": "agent:7"}"#)).ok();
        assert_eq!(read_text.map(|event| (event.event_type, event.actor)), Some(("message".into(), "agent:7".into())));
        for bad in [
            json!("{bad json"),
            json!("[1]"),
            json!({"event_type": "shout"}),
            json!({"actor": "agent:"}),
            json!({"actor": "robot"}),
            json!({"event_id": " "}),
            json!({"other": 1}),
            json!({"content": "x".repeat(50_000)}),
        ] {
            assert_eq!(read(bad.clone()).err().map(|fault| fault.code), Some("invalid.argument".into()), "{bad}");
        }
    }

    #[test]
    fn texts_inside_are_found() {
        assert_eq!(text(&json!({"say": "hi", "n": 3, "more": ["a", {"b": "c"}]})), "hi a c");
        assert_eq!(text(&json!(null)), "");
    }
}
