//! How callers name an entity, and how rows are read and shown.

use crate::args::parse_id;
use memstrata_sdk::{Map, Value, json};
use serde::de::{Deserialize, Deserializer, Error};

/// An entity by id (`42`, `"m:42"`) or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refer {
    /// A row's id.
    Id(u64),
    /// A name; digits alone are a name.
    Name(String),
}

impl<'de> Deserialize<'de> for Refer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(u64),
            Text(String),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Number(0) => Err(D::Error::custom("an id is a positive integer")),
            Raw::Number(id) => Ok(Self::Id(id)),
            Raw::Text(text) => Ok(Self::of(&text)),
        }
    }
}

impl Refer {
    /// Reads `m:42` as an id and anything else as a name.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        match text.strip_prefix("m:").and_then(parse_id) {
            Some(id) => Self::Id(id),
            None => Self::Name(text.to_owned()),
        }
    }
}

/// An unsigned integer field: ids, times, counts.
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

/// A list of ids; empty if it is missing.
#[must_use]
pub fn ids(row: &Value, field: &str) -> Vec<u64> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// The row's id; 0, which no row has, if there is none.
#[must_use]
pub fn id(row: &Value) -> u64 {
    int(row, "id").unwrap_or_default()
}

/// How callers write an id.
#[must_use]
pub fn reference(id: u64) -> String {
    format!("m:{id}")
}

/// Three decimals: more would only cost a reader tokens.
#[must_use]
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn put(shown: &mut Map<String, Value>, row: &Value, from: &str, to: &str) {
    match row.get(from) {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) if text.is_empty() => {}
        Some(Value::Array(items)) if items.is_empty() => {}
        Some(value) => {
            shown.insert(to.to_owned(), value.clone());
        }
    }
}

/// An entity as callers see it.
#[must_use]
pub fn entity(row: &Value) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("id".into(), json!(id(row)));
    shown.insert("ref".into(), json!(reference(id(row))));
    for field in ["name", "entity_type", "description", "metadata", "namespace", "sources", "created_at", "updated_at"]
    {
        put(&mut shown, row, field, field);
    }
    shown
}

/// An observation as callers see it.
#[must_use]
pub fn observation(row: &Value) -> Value {
    let mut shown = Map::new();
    shown.insert("id".into(), json!(id(row)));
    for (from, to) in [
        ("content", "content"),
        ("observation_type", "observation_type"),
        ("confidence", "confidence"),
        ("source", "source"),
        ("observed_at", "timestamp"),
        ("superseded_by", "superseded_by"),
        ("sources", "sources"),
    ] {
        put(&mut shown, row, from, to);
    }
    Value::Object(shown)
}

/// A relation as callers see it: its ends by id, its valid time under the names of the requirements.
#[must_use]
pub fn relation(row: &Value) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("id".into(), json!(id(row)));
    for (from, to) in [
        ("from_id", "from_id"),
        ("to_id", "to_id"),
        ("relation_type", "relation_type"),
        ("fact", "fact"),
        ("strength", "strength"),
        ("confidence", "confidence"),
        ("valid_from", "valid_from"),
        ("valid_to", "valid_until"),
        ("sources", "sources"),
        ("metadata", "metadata"),
    ] {
        put(&mut shown, row, from, to);
    }
    shown
}

/// The text an entity is searched by.
#[must_use]
pub fn searched(name: &str, entity_type: &str, description: &str) -> String {
    if description.is_empty() {
        format!("{name} ({entity_type})")
    } else {
        format!("{name} ({entity_type}): {description}")
    }
}

/// Whether two valid times share an instant; ends are open where absent, and an end is not part of it.
#[must_use]
pub fn overlap(a: (Option<u64>, Option<u64>), b: (Option<u64>, Option<u64>)) -> bool {
    let before = |end: Option<u64>, start: Option<u64>| end.is_some_and(|end| start.is_some_and(|start| end <= start));
    !before(a.1, b.0) && !before(b.1, a.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids() {
        for (given, refer) in [
            (json!(42), Refer::Id(42)),
            (json!("m:42"), Refer::Id(42)),
            (json!("42"), Refer::Name("42".into())),
            (json!(" Ada "), Refer::Name("Ada".into())),
            (json!("m:x"), Refer::Name("m:x".into())),
        ] {
            assert_eq!(serde_json::from_value::<Refer>(given).ok(), Some(refer));
        }
        assert!(serde_json::from_value::<Refer>(json!(0)).is_err());
        assert!(serde_json::from_value::<Refer>(json!(-1)).is_err());
    }

    #[test]
    fn valid_times_are_half_open() {
        for (a, b, shared) in [
            ((None, None), (None, None), true),
            ((None, Some(5)), (Some(5), None), false),
            ((None, Some(6)), (Some(5), None), true),
            ((Some(7), Some(9)), (Some(1), Some(7)), false),
            ((Some(1), None), (Some(5), Some(6)), true),
        ] {
            assert_eq!(overlap(a, b), shared, "{a:?} {b:?}");
            assert_eq!(overlap(b, a), shared);
        }
    }

    #[test]
    fn rows_are_shown_without_what_they_do_not_have() {
        let row = json!({"id": 3, "from_id": 1, "to_id": 2, "relation_type": "tests", "valid_to": 9, "metadata": null, "sources": []});
        assert_eq!(
            Value::Object(relation(&row)),
            json!({"id": 3, "from_id": 1, "to_id": 2, "relation_type": "tests", "valid_until": 9})
        );
        assert_eq!(searched("Ada", "Person", ""), "Ada (Person)");
    }
}
