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
    use memstrata_sdk::contract;
    use std::collections::BTreeSet;

    #[test]
    fn it_keeps_the_contract() {
        let manifest = manifest();
        assert_eq!(contract::faults(&manifest), Vec::<String>::new());
        assert_eq!(contract::system_fields(&manifest), BTreeSet::from([]));
        // these need rows of other layers
        assert_eq!(contract::unshown(&manifest), ["enrich_temporal_context", "find_related_context"]);
        let mut operations = manifest["operations"].as_object().into_iter().flatten();
        assert!(operations.all(|(_, operation)| operation["effect"] == "read"));
    }

    /// `"*"`: must be given; null: no default.
    #[test]
    fn the_required_operations_keep_their_parameters_and_defaults() {
        let wanted = [
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
            ("retrieve", json!({})),
            ("search", json!({"query": "*"})),
            ("semantic_search", json!({"query": "*"})),
            ("keyword_search", json!({"query": "*"})),
            ("hybrid_search", json!({"query": "*"})),
            ("bm25_search", json!({"query": "*"})),
            ("reflective_search", json!({"query": "*"})),
            ("retrieve_with_reranking", json!({"query": "*"})),
            ("query_expansion", json!({"query": "*"})),
            ("get_stats", json!({})),
        ];
        assert_eq!(contract::lacking(&manifest(), &wanted), Vec::<String>::new());
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

    #[test]
    fn settings_defaults_are_those_of_the_code() {
        let stated: Result<crate::settings::Settings, _> = serde_json::from_value(contract::defaults(&manifest()));
        assert_eq!(stated.ok(), Some(crate::settings::Settings::default()));
        assert_eq!(manifest()["settings"]["properties"].as_object().map(Map::len), Some(4));
    }
}
