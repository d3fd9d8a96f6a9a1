//! The identity of an event: SHA-256 over what was recorded, so that recording it again finds it.

use memstrata_sdk::{Map, Value};
use sha2::{Digest, Sha256};

/// Fields that may change without the event becoming another one (requirements 1.3), and the ones the host keeps.
const NOT_HASHED: [&str; 5] = ["id", "consolidation_status", "consolidated_at", "namespace", "content_hash"];

/// SHA-256 (lower-case hex) over the row less `id`, `consolidation_status` and `consolidated_at`; the timestamp is in.
///
/// Key order, absent fields against nulls, and `1.0` against `1` make no difference. The namespace is not hashed but
/// part of the unique key, so that two namespaces may hold the same event.
#[must_use]
pub fn content_hash(row: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_object(row, &NOT_HASHED, &mut text);
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_object(object: &Map<String, Value>, without: &[&str], out: &mut String) {
    let mut keys: Vec<&String> = object
        .iter()
        .filter(|(key, value)| !value.is_null() && !without.contains(&key.as_str()))
        .map(|(k, _)| k)
        .collect();
    keys.sort();
    out.push('{');
    for key in keys {
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        write(object.get(key).unwrap_or(&Value::Null), out);
        out.push(',');
    }
    out.push('}');
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => write_object(object, &[], out),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Number(_) => match crate::moment::whole(value) {
            Some(integer) => out.push_str(&integer.to_string()),
            None => out.push_str(&value.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::json;
    use proptest::prelude::*;

    fn of(value: &Value) -> String {
        content_hash(value.as_object().unwrap())
    }

    #[test]
    fn consolidation_does_not_change_the_identity_but_the_timestamp_does() {
        let event = json!({"content": "a", "timestamp": 5, "confidence": 1.0});
        let later = json!({"id": 9, "confidence": 1, "consolidation_status": "consolidated", "consolidated_at": 7,
            "timestamp": 5, "content": "a", "outcome": null});
        assert_eq!(of(&event), of(&later));
        assert_eq!(of(&event).len(), 64);
        assert_ne!(of(&event), of(&json!({"content": "a", "timestamp": 6, "confidence": 1.0})));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        assert_ne!(of(&json!({"a": "x\",\"b\":\"y"})), of(&json!({"a": "x", "b": "y"})));
        assert_ne!(of(&json!({"a": ["x", "y"]})), of(&json!({"a": ["x,y"]})));
    }

    proptest! {
        #[test]
        fn order_of_keys_does_not_matter(pairs in prop::collection::btree_map("[a-z]{1,5}", ".{0,8}", 0..8)) {
            let forth: Map<String, Value> = pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            let back: Map<String, Value> = pairs.iter().rev().map(|(k, v)| (k.clone(), json!(v))).collect();
            prop_assert_eq!(content_hash(&forth), content_hash(&back));
        }
    }
}
