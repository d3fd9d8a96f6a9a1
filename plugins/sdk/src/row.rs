//! Fields of a row, and ids, texts and numbers as callers see them.

use crate::Value;

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

/// A boolean field; false if it is missing.
#[must_use]
pub fn flag(row: &Value, field: &str) -> bool {
    row.get(field).and_then(Value::as_bool).unwrap_or_default()
}

/// A list field of texts; empty if it is missing.
#[must_use]
pub fn texts(row: &Value, field: &str) -> Vec<String> {
    let items = row.get(field).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list field of ids; empty if it is missing.
#[must_use]
pub fn ids(row: &Value, field: &str) -> Vec<u64> {
    let items = row.get(field).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_u64).collect()
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

/// Several ids as callers write them: `m:1, m:2`.
#[must_use]
pub fn references(ids: &[u64]) -> String {
    ids.iter().map(|id| reference(*id)).collect::<Vec<_>>().join(", ")
}

/// The first `most` characters, with `…` where something was cut.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default().trim_end()),
    }
}

/// Three decimals, as answers show shares and scores.
#[must_use]
pub fn round(value: f64) -> f64 {
    // Adding nothing makes -0, which an empty sum is, a plain 0.
    (value * 1_000.0).round() / 1_000.0 + 0.0
}

/// Minutes between two instants in ms.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
pub fn minutes(from: u64, to: u64) -> f64 {
    round(to.saturating_sub(from) as f64 / 60_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn fields_of_another_type_read_as_missing() {
        let row =
            json!({"id": "7", "tags": ["a", 1, "b"], "sources": [1, "m:2", 3], "content": 4, "armed": 1, "share": 0.5});
        assert_eq!(id(&row), 0);
        assert_eq!(texts(&row, "tags"), ["a", "b"]);
        assert_eq!(ids(&row, "sources"), [1, 3]);
        assert_eq!(text(&row, "content"), "");
        assert!(!flag(&row, "armed"));
        assert_eq!(number(&row, "share"), Some(0.5));
    }

    #[test]
    fn a_clip_cuts_between_characters() {
        assert_eq!(clip("Grüße", 5), "Grüße");
        assert_eq!(clip("Grüße an alle", 6), "Grüße…");
    }

    #[test]
    fn numbers_are_short_and_nothing_has_no_sign() {
        assert_eq!(round(2.0 / 3.0).to_string(), "0.667");
        assert!(round(-0.0).is_sign_positive());
    }

    #[test]
    fn minutes_never_run_backwards() {
        assert_eq!(minutes(0, 90_000).to_string(), "1.5");
        assert_eq!(minutes(5, 1).to_string(), "0");
    }
}
