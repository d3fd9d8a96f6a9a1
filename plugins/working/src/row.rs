//! Reads fields out of a row, and the references (`m:42`) that callers see.

use memstrata_sdk::Value;
pub use memstrata_sdk::row::{id, int, number, reference, text, texts};

/// A list field of numbers; empty if it is missing.
#[must_use]
pub fn numbers(row: &Value, field: &str) -> Vec<f64> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect()
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
