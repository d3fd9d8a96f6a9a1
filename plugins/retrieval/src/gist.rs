//! What a row of any collection says, for rows that come without a recall view.

use memstrata_sdk::{Map, Value};

/// Fields that usually hold what a row says, best first.
const TELLING: [&str; 9] =
    ["content", "text", "statement", "observation", "description", "summary", "body", "title", "name"];

/// System fields say nothing about the matter.
const SYSTEM: [&str; 10] = [
    "id",
    "version",
    "namespace",
    "created_at",
    "updated_at",
    "deleted_at",
    "valid_from",
    "valid_to",
    "sources",
    "component",
];

/// The text of a row: a field with a telling name, else its longest text.
#[must_use]
pub fn gist(row: &Value) -> &str {
    let said = |field: &&str| row.get(*field).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    if let Some(text) = TELLING.iter().find_map(said) {
        return text;
    }
    row.as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| !SYSTEM.contains(&field.as_str()))
        .filter_map(|(_, value)| value.as_str())
        .max_by_key(|text| text.len())
        .unwrap_or_default()
}

/// The row without fields that are null or empty lists.
#[must_use]
pub fn lean(row: &Value) -> Map<String, Value> {
    let keep = |value: &Value| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty));
    row.as_object()
        .into_iter()
        .flatten()
        .filter(|(field, value)| keep(value) && field.as_str() != "content_hash")
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

/// The ids a row cites.
#[must_use]
pub fn sources(row: &Value) -> Vec<u64> {
    let ids = row.get("sources").and_then(Value::as_array);
    ids.map(|ids| ids.iter().filter_map(Value::as_u64).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn the_gist_is_the_telling_field_or_the_longest() {
        for (row, text) in [
            (json!({"title": "t", "content": "c"}), "c"),
            (json!({"content": " ", "title": "t"}), "t"),
            (json!({"mood": "calm", "weather": "very rainy", "namespace": "a:long:namespace:here"}), "very rainy"),
            (json!({"n": 4}), ""),
        ] {
            assert_eq!(gist(&row), text);
        }
    }

    #[test]
    fn lean_rows_have_no_nulls() {
        assert_eq!(Value::Object(lean(&json!({"a": null, "b": [], "c": 0, "d": ""}))), json!({"c": 0, "d": ""}));
    }
}
