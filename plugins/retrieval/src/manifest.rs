//! The component's manifest: operations that read every collection with a recall view, and no collection of its own.

mod around;
mod recalling;
mod schema;
mod searching;
mod smart;

use memstrata_sdk::{Map, Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    let mut operations = Map::new();
    let first =
        [("recall", recalling::recall()), ("retrieve", recalling::retrieve()), ("why_not", recalling::why_not())];
    let groups = [first.to_vec(), searching::operations(), smart::operations(), around::operations()];
    for (name, operation) in groups.concat() {
        operations.insert(name.to_owned(), operation);
    }
    json!({
        "manifest": 1,
        "name": "retrieval",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Recall over all memory layers: summaries in a token budget, drill-down, and why something was not found.",
        "imports": ["store-read", "search", "hints", "clock", "settings"],
        "optional_imports": ["vectors", "llm"],
        "reads": ["*"],
        "operations": operations,
        "settings": schema::settings(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{LEAST_COSINE, Request};

    #[test]
    fn required_operations_keep_their_parameters_and_defaults() {
        let operations = manifest()["operations"].clone();
        for (name, parameters) in [
            ("smart_retrieve", json!({"conversation_history": null, "query": "*", "context": null, "k": 5})),
            ("retrieve_smart", json!({"query": "*", "limit": 10})),
            ("calibrate_uncertainty", json!({"result_text": "", "result_id": null})),
            ("route_planning_query", json!({"query": "*", "context": {}})),
            ("enrich_temporal_context", json!({"result_id": "*", "time_window": "7days"})),
            ("find_related_context", json!({"entity_id": "*", "depth": 2, "limit": 10})),
            ("reflective_retrieve", json!({"query": "*", "max_iterations": 3})),
            ("temporal_search_enrich", json!({"query": "", "project_id": 1, "k": 5})),
            ("search_all_layers", json!({"query": "*", "limit_per_layer": 10, "confidence_threshold": 0.7})),
            ("allocate_token_budget", json!({"total": 4000, "buffer": 100, "response": 200, "strategy": "balanced"})),
        ] {
            let input = &operations[name]["input"];
            for (key, default) in parameters.as_object().into_iter().flatten() {
                let schema = &input["properties"][key];
                assert!(schema.is_object(), "{name}.{key}");
                let required = input["required"].as_array().is_some_and(|keys| keys.contains(&json!(key)));
                assert_eq!(required, *default == "*", "{name}.{key}");
                if !required {
                    assert_eq!(schema["default"], *default, "{name}.{key}");
                }
            }
        }
        for name in [
            "retrieve",
            "search",
            "semantic_search",
            "keyword_search",
            "hybrid_search",
            "bm25_search",
            "reflective_search",
            "retrieve_with_reranking",
            "query_expansion",
            "get_stats",
        ] {
            assert!(operations[name].is_object(), "{name}");
        }
    }

    #[test]
    fn settings_state_the_defaults_of_the_code() {
        let stated: Map<String, Value> = manifest()["settings"]["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), schema["default"].clone()))
            .collect();
        let read: crate::settings::Settings = serde_json::from_value(Value::Object(stated)).unwrap_or_default();
        assert_eq!(read, crate::settings::Settings::default());
        assert_eq!(manifest()["settings"]["properties"].as_object().map(Map::len), Some(4));
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
        for (name, operation) in manifest()["operations"].as_object().into_iter().flatten() {
            let said = |key: &str| operation[key].as_str().unwrap_or_default();
            let length = said("summary").chars().count() + said("description").chars().count();
            assert!(length <= 600 && !said("summary").is_empty(), "{name}: {length}");
            assert_eq!(said("effect"), "read");
            assert_eq!(operation["input"]["additionalProperties"], false, "{name}");
            for side in ["input", "output"] {
                let schema = &operation[side];
                assert_eq!(schema["type"], "object", "{name}");
                assert!(["oneOf", "anyOf", "allOf", "not", "if"].iter().all(|key| schema.get(key).is_none()), "{name}");
                let text = schema.to_string();
                assert!(text.len() <= 8192 && depth(schema) <= 16 && !text.contains("$ref"), "{name}: {}", text.len());
            }
            for required in operation["input"]["required"].as_array().into_iter().flatten() {
                let known = required.as_str().unwrap_or_default();
                assert!(operation["input"]["properties"].get(known).is_some(), "{name}: {known}");
            }
        }
    }

    #[test]
    fn examples_fit_their_input() {
        for (name, operation) in manifest()["operations"].as_object().into_iter().flatten() {
            let examples = operation["examples"].as_array().cloned().unwrap_or_default();
            assert!(!examples.is_empty(), "{name}");
            for example in examples {
                for (key, value) in example["arguments"].as_object().into_iter().flatten() {
                    let schema = &operation["input"]["properties"][key];
                    assert!(schema.is_object(), "{name}: unknown {key}");
                    if let Some(values) = schema["enum"].as_array() {
                        assert!(values.contains(value), "{name}.{key}");
                    }
                }
            }
        }
    }

    #[test]
    fn defaults_are_those_of_the_code() {
        let properties = recalling::scope();
        let request = Request::default();
        assert_eq!(properties["budget"]["default"], request.budget());
        assert_eq!(properties["limit"]["default"], request.limit());
        assert_eq!(properties["min_similarity"]["default"], LEAST_COSINE);
        let example = &manifest()["operations"]["recall"]["examples"][1]["arguments"];
        let read: Request = serde_json::from_value(example.clone()).unwrap_or_default();
        assert_eq!((read.budget(), read.kinds.len()), (150, 1));
    }
}
