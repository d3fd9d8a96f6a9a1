//! The component: names of operations to functions, and what several of them share.

mod causes;
mod changing;
mod communities;
mod detecting;
mod entities;
mod figures;
mod find;
mod listing;
mod measuring;
mod observations;
mod related;
mod relations;
mod resolve;
mod retrieving;
mod routes;
mod symbols;
mod view;
mod walks;

use crate::settings::Settings;
use memstrata_sdk::{Answer, Fault, Layer, Value, clock};

const ENTITIES: &str = "entities";
const ALIASES: &str = "aliases";
const RELATIONS: &str = "relations";
const OBSERVATIONS: &str = "observations";
const COMMUNITIES: &str = "communities";
const DETECTIONS: &str = "detections";
const FIGURES: &str = "figures";

struct Graph;

memstrata_sdk::layer!(Graph);

impl Layer for Graph {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "create_entity" => entities::create(arguments),
            "create_entities" => entities::create_many(arguments),
            "update_entity" => changing::update(arguments),
            "merge_entities" => changing::merge(arguments),
            "delete_entities" => changing::delete(arguments),
            "restore_entities" => changing::restore(arguments),
            "create_relation" => relations::create(arguments),
            "create_relations" => relations::create_many(arguments),
            "update_relation" => relations::update(arguments),
            "delete_relations" => relations::delete(arguments),
            "search_relationships" => relations::search(arguments),
            "add_observation" => observations::add(arguments),
            "list_observations" => observations::list(arguments),
            "delete_observations" => observations::delete(arguments),
            "get_entity" => listing::get_entity(arguments),
            "list_entities" => listing::list(arguments),
            "entity_history" => listing::history(arguments),
            "search_entities" => listing::search(arguments),
            "stats" => listing::stats(arguments),
            "search_graph" | "search_graph_with_depth" => walks::search(arguments),
            "get_entity_neighbors" => walks::neighbors(arguments),
            "find_path" => routes::shortest(arguments),
            "find_weighted_path" => routes::cheapest(arguments),
            "find_all_paths" => routes::all(arguments),
            "get_graph_metrics" => measuring::of_entity(arguments),
            "analyze_graph_metrics" => measuring::of_graph(arguments),
            "find_isolated_entities" => measuring::isolated(arguments),
            "find_dependencies" => symbols::dependencies(arguments, false, false),
            "find_dependents" => symbols::dependencies(arguments, true, false),
            "find_symbol_dependencies" => symbols::dependencies(arguments, false, true),
            "find_symbol_dependents" => symbols::dependencies(arguments, true, true),
            "get_symbol_info" => symbols::info(arguments),
            "analyze_symbols" => symbols::analyze(arguments),
            "get_causal_context" => causes::causal(arguments),
            "get_associations" => related::associations(arguments),
            "find_memory_path" => related::path(arguments),
            "detect_graph_communities" => detecting::detect(arguments),
            "list_communities" => communities::list(arguments),
            "get_community_details" => communities::details(arguments),
            "query_communities_by_level" => communities::query(arguments),
            "analyze_community_connectivity" => communities::connectivity(arguments),
            "find_bridge_entities" => communities::bridges(arguments),
            "keep_graph_figures" => figures::keep(),
            "graphrag_retrieve" => retrieving::retrieve(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
