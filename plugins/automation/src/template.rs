//! Templates: `{{path}}` in texts stands for the value of an event's data.

use crate::condition::at;
use memstrata_sdk::{Map, Value};

/// Longest text a template grows to, in bytes.
const MOST: usize = 10_000;

/// Fills every text of a value, keys aside. A text that is one `{{path}}` alone becomes the value itself, of its own type; what is
/// missing becomes null there, and nothing inside of a text.
#[must_use]
pub fn fill(template: &Value, data: &Value) -> Value {
    match template {
        Value::String(text) => match alone(text) {
            Some(path) => at(data, path).cloned().unwrap_or_default(),
            None => Value::String(text_of(text, data)),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, data)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), fill(value, data))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn alone(text: &str) -> Option<&str> {
    let path = text.strip_prefix("{{")?.strip_suffix("}}")?;
    (!path.contains("{{") && !path.contains("}}")).then(|| path.trim())
}

/// Fills a text; what is not a text is written as JSON. An opening without an end is kept as it is.
#[must_use]
pub fn text_of(text: &str, data: &Value) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((path, behind)) = after.split_once("}}") else { break };
        out.push_str(before);
        match at(data, path.trim()) {
            Some(Value::String(value)) => out.push_str(value),
            Some(Value::Null) | None => {}
            Some(value) => out.push_str(&value.to_string()),
        }
        rest = behind;
        if out.len() > MOST {
            break;
        }
    }
    out.push_str(rest);
    if out.len() > MOST {
        let end = (0..=MOST).rev().find(|end| out.is_char_boundary(*end)).unwrap_or_default();
        out.truncate(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;
    use proptest::prelude::*;

    #[test]
    fn texts_are_filled_and_values_keep_their_type() {
        let data = json!({"tool": "cargo", "code": 101, "result": {"files": ["a.rs"]}});
        let template = json!({
            "content": "{{tool}} failed with {{ code }}{{missing}}: {{result.files}}",
            "files": "{{result.files}}", "first": ["{{result.files.0}}"], "none": "{{missing}}", "n": 5,
        });
        assert_eq!(
            fill(&template, &data),
            json!({"content": "cargo failed with 101: [\"a.rs\"]", "files": ["a.rs"], "first": ["a.rs"], "none": null, "n": 5})
        );
    }

    #[test]
    fn what_was_filled_in_is_not_read_again() {
        assert_eq!(text_of("x {{a}}", &json!({"a": "{{b}}", "b": "secret"})), "x {{b}}");
        assert_eq!(text_of("open {{a", &json!({"a": 1})), "open {{a");
        assert_eq!(text_of(&"{{a}}".repeat(9), &json!({"a": "ü".repeat(9_000)})).len(), MOST);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\{\\{|\\}\\}|a|ü| ){0,20}") {
            let _ = fill(&json!(text), &json!({"a": 1}));
        }
    }
}
