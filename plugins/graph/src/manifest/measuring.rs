//! Operations that measure: one entity, the graph, symbols, what is alone.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    let setup = s::setup();
    vec![
        (
            "get_graph_metrics",
            operation(
                "read",
                "How central an entity is.",
                "Degree, closeness (Wasserman, Faust), betweenness (Brandes; estimated in graphs of over 400 entities), clustering coefficient.",
                (
                    s::viewed(
                        &json!({"fresh": s::fresh(), "entity": s::entity("Which."), "entity_name": s::entity("The same under its older name."), "entity_type": s::entity_type()}),
                        &[],
                    ),
                    s::output(&[
                        ("id", "i"),
                        ("name", "s"),
                        ("entity_type", "s"),
                        ("neighbors", "i"),
                        ("relations_in", "i"),
                        ("relations_out", "i"),
                        ("strength", "n"),
                        ("degree_centrality", "n"),
                        ("closeness_centrality", "n"),
                        ("betweenness_centrality", "n"),
                        ("betweenness_rank", "i"),
                        ("betweenness_exact", "b"),
                        ("clustering_coefficient", "n"),
                        ("entities", "i"),
                        ("notes", "a"),
                        ("computed_at", "i?"),
                    ]),
                ),
                &json!([{"arguments": {"entity_name": "parser.rs"}, "setup": setup}]),
            ),
        ),
        (
            "analyze_graph_metrics",
            operation(
                "read",
                "The shape of the whole graph.",
                "Size, density, clustering, components, and the most central entities by degree, closeness and betweenness.",
                (
                    s::viewed(&json!({"fresh": s::fresh(), "limit": s::integer("Entities a list.", 1, 100, 10)}), &[]),
                    s::output(&[
                        ("entities", "i"),
                        ("relations", "i"),
                        ("related_pairs", "i"),
                        ("density", "n"),
                        ("avg_degree", "n"),
                        ("avg_clustering", "n"),
                        ("components", "i"),
                        ("largest_component", "i"),
                        ("isolated", "i"),
                        ("top_degree", "a"),
                        ("top_closeness", "a"),
                        ("top_betweenness", "a"),
                        ("betweenness_exact", "b"),
                        ("relation_type_distribution", "o"),
                        ("notes", "a"),
                        ("computed_at", "i?"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": setup}, {"arguments": {}, "note": "An empty graph."}]),
            ),
        ),
        (
            "find_isolated_entities",
            operation(
                "read",
                "Entities without any valid relation.",
                "To be related, or deleted.",
                (
                    s::viewed(
                        &json!({"fresh": s::fresh(), "entity_type": s::entity_type(), "limit": s::integer("Shown.", 1, 500, 50)}),
                        &[],
                    ),
                    s::output(&[
                        ("total", "i"),
                        ("entities", "a"),
                        ("entity_type_distribution", "o"),
                        ("truncated", "b"),
                        ("notes", "a"),
                        ("computed_at", "i?"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": setup}]),
            ),
        ),
        (
            "analyze_symbols",
            operation(
                "read",
                "Files and functions and how they depend on each other.",
                "Counts, the most needed and the neediest, cycles of dependencies, how many are tested, which are related to nothing.",
                (
                    s::viewed(&json!({"fresh": s::fresh(), "limit": s::integer("Entities a list.", 1, 100, 10)}), &[]),
                    s::output(&[
                        ("symbols", "i"),
                        ("by_type", "o"),
                        ("relation_type_distribution", "o"),
                        ("dependencies", "i"),
                        ("most_needed", "a"),
                        ("neediest", "a"),
                        ("cycles", "a"),
                        ("cycle_count", "i"),
                        ("tested", "i"),
                        ("unrelated", "a"),
                        ("unrelated_count", "i"),
                        ("notes", "a"),
                        ("computed_at", "i?"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": setup}, {"arguments": {"fresh": true}, "setup": setup}]),
            ),
        ),
        (
            "keep_graph_figures",
            operation(
                "write",
                "Computes what is kept of a large graph: metrics, symbols, isolated entities, bridges.",
                "Of a whole space with 2,000 entities or relations and more. The host calls it each minute; it computes if something changed, an hour after it last did, or after communities were detected. `more`: metrics of some entities are still to be computed, at the next call. For figures of now give `fresh` to the operation that reads them.",
                (
                    s::input(&json!({}), &[]),
                    s::output(&[("computed", "b"), ("entities", "i"), ("relations", "i"), ("more", "b")]),
                ),
                &json!([{"arguments": {}, "setup": setup}]),
            ),
        ),
    ]
}
