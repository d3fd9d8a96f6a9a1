//! A strategy's patch as data: what it would change, with the evidence and the reason of each step.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A row a patch speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowName {
    /// A stored row.
    Row(u64),
    /// The nth row the patch creates.
    New(usize),
}

impl RowName {
    /// Reads `m:42`, `42` or `new:0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("new:") {
            Some(nth) => nth.parse().ok().map(Self::New),
            None => text.strip_prefix("m:").unwrap_or(text).parse().ok().map(Self::Row),
        }
    }
}

impl std::fmt::Display for RowName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Row(id) => write!(f, "m:{id}"),
            Self::New(nth) => write!(f, "new:{nth}"),
        }
    }
}

impl Serialize for RowName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What one step does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Change {
    /// A new row.
    Create {
        /// `layer.collection`.
        collection: String,
        /// Its fields.
        row: Map<String, Value>,
    },
    /// Fields of a row change.
    Update {
        /// The row.
        row: u64,
        /// The new values.
        fields: Map<String, Value>,
    },
    /// A row gives way to another.
    Supersede {
        /// The row that ends.
        row: u64,
        /// The one that says it better.
        by: RowName,
    },
    /// Rows give way to one that cites them.
    Merge {
        /// The rows that end.
        rows: Vec<u64>,
        /// The one that stays.
        into: RowName,
    },
    /// A row cites others.
    Link {
        /// The row.
        row: RowName,
        /// What it cites from now on.
        to: Vec<u64>,
    },
    /// Marks are set.
    Mark {
        /// The rows.
        rows: Vec<u64>,
        /// The marks.
        fields: Map<String, Value>,
    },
    /// Rows end.
    Retire {
        /// The rows.
        rows: Vec<u64>,
    },
    /// Rows contradict each other.
    FlagConflict {
        /// The rows.
        rows: Vec<u64>,
        /// `simple`, `contradictory`, `temporal` or `manual`.
        kind: String,
        /// `low`, `medium`, `high` or `critical`.
        severity: String,
    },
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What it does.
    #[serde(flatten)]
    pub change: Change,
    /// Rows that bear it out.
    pub evidence: Vec<u64>,
    /// Why, for people.
    pub reason: String,
}

/// What a strategy proposes for one unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Patch {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Numbers for the comparison of strategies.
    pub measures: BTreeMap<String, f64>,
}

impl Patch {
    /// The new rows, in the order of their names.
    pub fn created(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        self.steps.iter().filter_map(|step| match &step.change {
            Change::Create { collection, row } => Some((collection.as_str(), row)),
            _ => None,
        })
    }

    /// SHA-256 over its canonical JSON (RFC 8785), hexadecimal: equal patches have equal hashes in every language.
    #[must_use]
    pub fn hash(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        crate::wasm::digest_of(canonical(&value).as_bytes())
    }
}

/// JSON with sorted keys, no white space, and whole numbers without a fraction.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            // RFC 8785 sorts by UTF-16 units.
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            let fields = keys
                .into_iter()
                .filter_map(|key| Some(format!("{}:{}", Value::from(key.as_str()), canonical(map.get(key)?))));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
                (float as i64).to_string()
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_read_and_print() {
        for (text, name) in
            [("m:42", Some(RowName::Row(42))), ("7", Some(RowName::Row(7))), ("new:0", Some(RowName::New(0)))]
        {
            assert_eq!(RowName::parse(text), name);
        }
        assert_eq!(RowName::parse("new:x"), None);
        assert_eq!(RowName::New(3).to_string(), "new:3");
    }

    #[test]
    fn equal_patches_hash_equal_whatever_the_order_of_fields() {
        let patch = |row: &str| Patch {
            steps: vec![Step {
                change: Change::Create { collection: "a.b".into(), row: serde_json::from_str(row).unwrap_or_default() },
                evidence: vec![1],
                reason: "r".into(),
            }],
            measures: BTreeMap::new(),
        };
        assert_eq!(patch(r#"{"a":1,"b":2.0}"#).hash(), patch(r#"{"b":2,"a":1.0}"#).hash());
        assert_ne!(patch(r#"{"a":1}"#).hash(), patch(r#"{"a":2}"#).hash());
        assert_eq!(canonical(&json!({"b": [1.5, null], "a": "ü\n"})), "{\"a\":\"ü\\n\",\"b\":[1.5,null]}");
    }
}
