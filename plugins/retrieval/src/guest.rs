//! The component: names of operations to functions.

mod around;
mod budgeting;
mod calibrating;
mod find;
mod model;
mod pipeline;
mod recall;
mod retrieve;
mod searching;
mod smart;
mod strategies;
mod why_not;

use crate::strategy::Strategy;
use searching::By;

use memstrata_sdk::{Answer, Fault, Layer, Value};

struct Retrieval;

memstrata_sdk::layer!(Retrieval);

impl Layer for Retrieval {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "recall" => recall::recall(arguments),
            "retrieve" => retrieve::retrieve(arguments),
            "why_not" => why_not::why_not(arguments),
            "search" | "hybrid_search" => searching::search(By::Fusion, arguments),
            "semantic_search" => searching::search(By::Cosine, arguments),
            "keyword_search" => searching::search(By::Words, arguments),
            "bm25_search" => searching::search(By::Bm25, arguments),
            "query_expansion" => searching::query_expansion(arguments),
            "get_stats" => searching::get_stats(arguments),
            "search_all_layers" => searching::search_all_layers(arguments),
            "smart_retrieve" | "retrieve_smart" => smart::smart_retrieve(arguments),
            "reflective_retrieve" | "reflective_search" => smart::with(Strategy::Reflective, arguments),
            "retrieve_with_reranking" => smart::with(Strategy::Rerank, arguments),
            "route_planning_query" => smart::route_planning_query(arguments),
            "enrich_temporal_context" => around::enrich_temporal_context(arguments),
            "find_related_context" => around::find_related_context(arguments),
            "temporal_search_enrich" => around::temporal_search_enrich(arguments),
            "calibrate_uncertainty" => calibrating::calibrate_uncertainty(arguments),
            "allocate_token_budget" => budgeting::allocate_token_budget(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}
