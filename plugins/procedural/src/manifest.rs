//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod collections;
mod learning;
mod reading;
mod schema;
mod writing;

use memstrata_sdk::{Map, Value, json};

/// Where events are read from.
pub const EVENTS: &str = "episodic.events";

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    for (name, operation) in [writing::operations(), reading::operations(), learning::operations()].concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "procedural",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "How things are done: procedures with templates and steps, their executions, and what is learned from events.",
        "imports": ["store-read", "store-write", "search", "clock", "settings", "budget"],
        "reads": [EVENTS],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "extract", "every_ms": 86_400_000, "operation": "extract_procedures", "arguments": {}}],
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

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

    fn operations() -> Map<String, Value> {
        manifest()["operations"].as_object().cloned().unwrap_or_default()
    }

    fn is_name(name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= 40
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.contains("__")
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    #[test]
    fn every_operation_keeps_the_rules() {
        let operations = operations();
        assert!(operations.len() >= 20, "{}", operations.len());
        for (name, operation) in &operations {
            assert!(is_name(name), "{name}");
            let said = |key: &str| operation[key].as_str().unwrap_or_default();
            let length = said("summary").chars().count() + said("description").chars().count();
            assert!(
                length <= 600 && !said("summary").is_empty() && !said("summary").contains('\n'),
                "{name}: {length}"
            );
            assert!(["read", "write", "destructive"].contains(&said("effect")), "{name}");
            for side in ["input", "output"] {
                let schema = &operation[side];
                assert_eq!(schema["type"], "object", "{name}.{side}");
                for combinator in ["oneOf", "anyOf", "allOf", "not", "if"] {
                    assert!(schema.get(combinator).is_none(), "{name}.{side}: {combinator}");
                }
                let text = schema.to_string();
                assert!(!text.contains("$ref") && text.len() <= 8192 && depth(schema) <= 16, "{name}.{side}");
            }
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            let keys: BTreeSet<_> = operation.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
            let known = ["summary", "description", "effect", "input", "output", "examples"];
            assert!(keys.iter().all(|key| known.contains(key)), "{name}: {keys:?}");
        }
    }

    /// Enough of JSON Schema for examples: unknown keys, missing keys, types, enums.
    fn check(schema: &Value, value: &Value, at: &str) {
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let fits = |kind: &&str| match *kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => value.is_null(),
        };
        assert!(kinds.iter().any(fits), "{at}: {value} is no {kinds:?}");
        if let Some(values) = schema["enum"].as_array() {
            assert!(values.contains(value), "{at}: {value}");
        }
        for (key, field) in value.as_object().into_iter().flatten() {
            let known = &schema["properties"][key];
            assert!(!known.is_null() || schema["additionalProperties"] != false, "{at}: unknown {key}");
            check(known, field, &format!("{at}.{key}"));
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(!value.is_object() || value.get(required).is_some(), "{at}: {required} is missing");
        }
        for item in value.as_array().into_iter().flatten() {
            check(&schema["items"], item, at);
        }
    }

    #[test]
    fn examples_and_schedules_fit() {
        let operations = operations();
        let fits = |name: &str, arguments: &Value| {
            let operation = operations.get(name).unwrap_or(&Value::Null);
            assert!(operation.is_object(), "no operation {name}");
            check(&operation["input"], arguments, name);
        };
        for (name, operation) in &operations {
            let examples = operation["examples"].as_array().cloned().unwrap_or_default();
            assert!(!examples.is_empty(), "{name} has no example");
            for example in &examples {
                fits(name, &example["arguments"]);
                for step in example["setup"].as_array().into_iter().flatten() {
                    fits(step["operation"].as_str().unwrap_or_default(), &step["arguments"]);
                }
            }
        }
        for schedule in manifest()["schedules"].as_array().into_iter().flatten() {
            fits(schedule["operation"].as_str().unwrap_or_default(), &schedule["arguments"]);
        }
    }

    #[test]
    fn defaults_fit_their_own_schema() {
        for (name, operation) in operations() {
            for (field, schema) in operation["input"]["properties"].as_object().into_iter().flatten() {
                if let Some(default) = schema.get("default") {
                    check(schema, default, &format!("{name}.{field}"));
                }
            }
        }
    }

    #[test]
    fn collections_name_only_their_fields() {
        let collections = manifest()["collections"].clone();
        for (name, collection) in collections.as_object().into_iter().flatten() {
            let fields = collection["fields"].as_object().cloned().unwrap_or_default();
            let known = |field: &Value| {
                let field = field.as_str().unwrap_or_default();
                fields.contains_key(field) || SYSTEM.contains(&field)
            };
            assert!(fields.keys().all(|field| is_name(field) && !SYSTEM.contains(&field.as_str())), "{name}");
            assert!(fields.values().filter(|field| field["embed"] == true).count() <= 1, "{name}");
            for index in collection["indexes"].as_array().into_iter().flatten() {
                assert!(index.as_array().into_iter().flatten().all(known), "{name}: {index}");
            }
            for key in collection["unique"].as_object().into_iter().flat_map(Map::values) {
                assert!(key.as_array().into_iter().flatten().all(known), "{name}: {key}");
            }
            for field in collection["recall"].as_object().into_iter().flat_map(Map::values) {
                assert!(known(field), "{name}: {field}");
            }
        }
    }

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let properties = manifest()["settings"]["properties"].as_object().cloned().unwrap_or_default();
        let defaults: Map<String, Value> =
            properties.iter().map(|(name, schema)| (name.clone(), schema["default"].clone())).collect();
        let read: Result<crate::settings::Settings, _> = serde_json::from_value(Value::Object(defaults));
        assert_eq!(read.ok(), Some(crate::settings::Settings::default()));
    }
}
