//! Reads fields out of a row, and writes ids and numbers as callers see them.

pub use memstrata_sdk::row::{id, int, reference, text};
use memstrata_sdk::{Map, Value};

/// A finite number field.
#[must_use]
pub fn number(row: &Value, field: &str) -> Option<f64> {
    row.get(field).and_then(Value::as_f64).filter(|number| number.is_finite())
}

/// A list field of ids; empty if it is missing.
#[must_use]
pub fn ids(row: &Value, field: &str) -> Vec<u64> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(id_of).collect()
}

/// A list field of texts; empty if it is missing.
#[must_use]
pub fn texts<'a>(row: &'a Value, field: &str) -> Vec<&'a str> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// An id in a list: `42`, or `"42"` and `"m:42"` as lists of texts hold it.
fn id_of(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| memstrata_sdk::args::parse_id(value.as_str()?))
}

/// Ids as callers write them.
#[must_use]
pub fn references(ids: &[u64]) -> Vec<String> {
    ids.iter().copied().map(reference).collect()
}

/// A number with four decimals: more is noise to a reader.
#[must_use]
pub fn round(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

/// The mean; `None` of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The named fields of a row that are there.
#[must_use]
pub fn some(row: &Value, fields: &[&str]) -> Map<String, Value> {
    let there = |field: &&&str| row.get(**field).is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
    fields.iter().filter(there).filter_map(|field| Some(((*field).to_owned(), row.get(*field)?.clone()))).collect()
}

/// Since when what a row says holds, as far as it is known: its valid time, else when it was written.
#[must_use]
pub fn since(row: &Value) -> u64 {
    int(row, "valid_from").or_else(|| int(row, "created_at")).unwrap_or_default()
}

/// Whether a row has ended at an instant.
#[must_use]
pub fn ended(row: &Value, now: u64) -> bool {
    int(row, "valid_to").is_some_and(|end| end <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;

    #[test]
    fn ids_come_as_numbers_or_references() {
        let row = json!({"id": 7, "rows": [1, "m:2", "3", "x", -4], "valid_to": 5});
        assert_eq!(ids(&row, "rows"), [1, 2, 3]);
        assert_eq!((id(&row), ids(&row, "none")), (7, vec![]));
        assert!(ended(&row, 5) && !ended(&row, 4) && !ended(&json!({"valid_to": null}), 9));
    }

    #[test]
    fn what_is_null_or_empty_is_not_there() {
        let row = json!({"a": null, "b": "", "c": 0, "d": []});
        assert_eq!(Value::Object(some(&row, &["a", "b", "c", "d", "e"])), json!({"c": 0, "d": []}));
    }

    #[test]
    fn what_a_row_says_holds_from_its_valid_time_on() {
        assert_eq!(since(&json!({"valid_from": 3, "created_at": 9})), 3);
        assert_eq!(since(&json!({"valid_from": null, "created_at": 9})), 9);
        assert_eq!((mean(&[]), mean(&[1.0, 2.0])), (None, Some(1.5)));
    }
}
