//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

mod attending;
mod collections;
mod holding;
mod inhibiting;
mod keeping;
mod schema;
mod weighing;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    let groups = [
        holding::operations(),
        keeping::operations(),
        weighing::operations(),
        attending::operations(),
        inhibiting::operations(),
    ];
    for (name, operation) in groups.concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "working_memory",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "What is in mind now: seven items or so that fade unless rehearsed, and what attention is on.",
        "imports": ["store-read", "store-write", "hints", "events", "clock", "settings"],
        "optional_imports": ["vectors"],
        "reads": ["episodic.events", "semantic.memories"],
        "collections": collections::collections(),
        "operations": operations,
        "schedules": [{"name": "tidy", "every_ms": 86_400_000, "operation": "tidy", "arguments": {}}],
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn operations() -> Map<String, Value> {
        manifest()["operations"].as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn every_operation_keeps_the_rules() {
        for (name, operation) in &operations() {
            let said = |key: &str| operation[key].as_str().unwrap_or_default();
            let length = said("summary").chars().count() + said("description").chars().count();
            assert!(length <= 600 && !said("summary").is_empty(), "{name}: {length}");
            assert!(["read", "write", "destructive"].contains(&said("effect")), "{name}");
            for side in ["input", "output"] {
                let schema = &operation[side];
                assert_eq!(schema["type"], "object", "{name}.{side}");
                assert!(schema.to_string().len() <= 8192, "{name}.{side}");
            }
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            assert!(operation["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{name}");
        }
    }

    #[test]
    fn examples_use_only_known_operations_and_arguments() {
        let operations = operations();
        let fits = |name: &str, arguments: &Value| {
            let input = &operations.get(name).unwrap_or(&Value::Null)["input"];
            assert!(input.is_object(), "no operation {name}");
            let known: BTreeSet<_> = input["properties"].as_object().into_iter().flat_map(Map::keys).collect();
            for key in arguments.as_object().into_iter().flat_map(Map::keys) {
                assert!(known.contains(key), "{name}: unknown {key}");
            }
            for key in input["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(arguments.get(key).is_some(), "{name}: {key} is missing");
            }
        };
        for (name, operation) in &operations {
            for example in operation["examples"].as_array().into_iter().flatten() {
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
    fn collections_index_only_their_fields() {
        let collections = manifest()["collections"].clone();
        let system = ["id", "version", "namespace", "sources", "component", "created_at", "updated_at", "valid_from"];
        for (name, collection) in collections.as_object().into_iter().flatten() {
            assert!(system.iter().all(|field| collection["fields"].get(field).is_none()), "{name}");
            let known = |field: &Value| {
                let field = field.as_str().unwrap_or_default();
                collection["fields"].get(field).is_some() || ["namespace", "created_at"].contains(&field)
            };
            for index in collection["indexes"].as_array().into_iter().flatten() {
                assert!(index.as_array().into_iter().flatten().all(known), "{name}: {index}");
            }
            for key in collection["unique"].as_object().into_iter().flat_map(Map::values) {
                assert!(key.as_array().into_iter().flatten().all(known), "{name}: {key}");
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
