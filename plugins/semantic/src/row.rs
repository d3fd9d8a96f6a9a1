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
    row.get(field)
        .and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// A list field of ids; empty if it is missing.
#[must_use]
pub fn ids(row: &Value, field: &str) -> Vec<u64> {
    row.get(field)
        .and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_u64).collect())
        .unwrap_or_default()
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

/// Whether a row holds at an instant: `valid_from <= t < valid_to`, open ends included.
#[must_use]
pub fn valid_at(row: &Value, time: u64) -> bool {
    int(row, "valid_from").is_none_or(|from| from <= time) && int(row, "valid_to").is_none_or(|to| time < to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn validity_is_half_open_with_open_ends() {
        for (row, time, valid) in [
            (json!({}), 5, true),
            (json!({"valid_from": 5}), 5, true),
            (json!({"valid_from": 6}), 5, false),
            (json!({"valid_from": null, "valid_to": 5}), 5, false),
            (json!({"valid_from": 1, "valid_to": 6}), 5, true),
        ] {
            assert_eq!(valid_at(&row, time), valid, "{row}");
        }
    }

    #[test]
    fn fields_of_another_type_read_as_missing() {
        let row = json!({"id": "7", "tags": ["a", 1, "b"], "sources": [1, "m:2", 3], "content": 4});
        assert_eq!(id(&row), 0);
        assert_eq!(texts(&row, "tags"), ["a", "b"]);
        assert_eq!(ids(&row, "sources"), [1, 3]);
        assert_eq!(text(&row, "content"), "");
    }
}
