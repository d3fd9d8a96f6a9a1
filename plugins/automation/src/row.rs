//! Reads fields out of a row, and the references (`m:42`) that callers see.

use memstrata_sdk::Value;

/// An unsigned integer field: ids, times, counts. Null, missing and negative are `None`.
#[must_use]
pub fn int(row: &Value, field: &str) -> Option<u64> {
    row.get(field).and_then(Value::as_u64)
}

/// A number field.
#[must_use]
pub fn number(row: &Value, field: &str) -> Option<f64> {
    row.get(field).and_then(Value::as_f64)
}

/// A text field; empty if it is missing.
#[must_use]
pub fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A list field of texts; empty if it is missing.
#[must_use]
pub fn texts(row: &Value, field: &str) -> Vec<String> {
    let items = row.get(field).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list field of numbers; empty if it is missing.
#[must_use]
pub fn numbers(row: &Value, field: &str) -> Vec<f64> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// The row's id; 0, which no row has, if there is none.
#[must_use]
pub fn id(row: &Value) -> u64 {
    int(row, "id").unwrap_or_default()
}

/// How callers write an id: `m:42`.
#[must_use]
pub fn reference(id: u64) -> String {
    format!("m:{id}")
}

/// Four decimals, as answers show scores.
#[must_use]
pub fn round(score: f64) -> f64 {
    (score * 10_000.0).round() / 10_000.0
}

/// The longest prefix of at most `most` characters, the ellipsis counted.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn fields_of_another_type_read_as_missing() {
        let row = json!({"id": "7", "tags": ["a", 1, "b"], "features": [1, "x", 0.5], "content": 4});
        assert_eq!(id(&row), 0);
        assert_eq!(texts(&row, "tags"), ["a", "b"]);
        assert_eq!(numbers(&row, "features"), [1.0, 0.5]);
        assert_eq!(text(&row, "content"), "");
    }

    #[test]
    fn clips_on_characters() {
        assert_eq!(clip("grüße", 5), "grüße");
        assert_eq!(clip("grüße an alle", 7), "grüße…");
    }
}
