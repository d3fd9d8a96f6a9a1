//! Reads fields out of a row, and writes the references (`m:42`) that callers see.

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

/// A share or a score as answers show it: three decimals.
#[must_use]
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn fields_of_another_type_read_as_missing() {
        let row = json!({"id": "7", "contexts": ["a", 1, "b"], "sources": [1, "m:2", 3], "name": 4, "share": 0.5});
        assert_eq!(id(&row), 0);
        assert_eq!(texts(&row, "contexts"), ["a", "b"]);
        assert_eq!(ids(&row, "sources"), [1, 3]);
        assert_eq!(text(&row, "name"), "");
        assert_eq!(number(&row, "share"), Some(0.5));
        assert_eq!(round(2.0 / 3.0), 0.667);
    }
}
