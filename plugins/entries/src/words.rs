//! The text of a memory: its key and all texts inside its value, which search and recall see.

use memstrata_sdk::Value;

/// Characters that are indexed at most.
const MOST: usize = 8_000;
/// Bytes of a value at most.
pub const MOST_VALUE: usize = 40_000;

/// Key and value as one text.
#[must_use]
pub fn text(key: &str, value: &Value) -> String {
    let mut parts = vec![format!("{key}:")];
    gather(value, &mut parts);
    parts.join(" ").chars().take(MOST).collect()
}

fn gather(value: &Value, parts: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => parts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, parts)),
        Value::Object(fields) => {
            for (field, value) in fields {
                parts.push(field.clone());
                gather(value, parts);
            }
        }
        plain => parts.push(plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn key_fields_and_values_are_searchable() {
        assert_eq!(text("theme", &json!({"mode": "dark", "sizes": [1, 2], "x": null})), "theme: mode dark sizes 1 2 x");
        assert_eq!(text("k", &json!("v".repeat(9_000))).chars().count(), 8_000);
    }
}
