//! Operations about communities, and GraphRAG.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn level() -> Value {
    s::integer("0 is the coarsest; each further level is finer.", 0, 50, 0)
}

pub(super) fn operations() -> Vec<Named> {
    let mut found = s::setup();
    if let Some(steps) = found.as_array_mut() {
        steps.push(json!({"operation": "detect_graph_communities", "arguments": {}}));
    }
    let setup = s::setup();
    let number = |description: &str, most: f64| json!({"type": "number", "minimum": 0, "maximum": most, "description": description});
    vec![
        (
            "detect_graph_communities",
            operation(
                "write",
                "Finds the communities of the graph and keeps them.",
                "Leiden (Traag, Waltman, van Eck 2019) with modularity, weights strength x confidence, on all its levels; the same seed gives the same answer. Replaces what was found before in the same namespace.",
                (
                    s::viewed(
                        &json!({"min_community_size": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "2 by default."},
                "max_iterations": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "100 by default."},
                "resolution": number("Above 1: more and smaller communities. 1 by default.", 100.0),
                "quality_threshold": number("A run that betters modularity by less is the last. 0.01 by default.", 1.0),
                "seed": {"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32, "description": "42 by default."}}),
                        &[],
                    ),
                    s::output(&[
                        ("detection_id", "i"),
                        ("modularity", "n"),
                        ("iterations", "i"),
                        ("levels", "a"),
                        ("community_count", "i"),
                        ("total_communities", "i"),
                        ("total_entities", "i"),
                        ("total_relations", "i"),
                        ("in_communities", "i"),
                        ("largest", "i"),
                        ("smallest", "i"),
                        ("avg_size", "n"),
                        ("communities", "a"),
                        ("notes", "a"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": setup}, {"arguments": {}, "note": "An empty graph."}]),
            ),
        ),
        (
            "list_communities",
            operation(
                "read",
                "The communities of a level, largest first.",
                "Of the latest detection.",
                (
                    s::viewed(
                        &json!({"level": level(), "limit": s::integer("Rows a page.", 1, 500, 20), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(&[
                        ("level", "i"),
                        ("levels", "i"),
                        ("modularity", "n"),
                        ("detected_at", "i"),
                        ("communities", "a"),
                        ("count", "i"),
                        ("next_cursor", "s?"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": found}, {"arguments": {}, "fault": "not-found.communities"}, {"arguments": {"level": 50}, "setup": found, "fault": "not-found.level"}]),
            ),
        ),
        (
            "get_community_details",
            operation(
                "read",
                "One community: members, numbers, relations, sub-communities.",
                "Members best connected first. Relation types are counted among the members shown.",
                (
                    s::input(
                        &json!({"community_id": s::id("Which."), "members_limit": s::integer("Members shown.", 1, 500, 50)}),
                        &["community_id"],
                    ),
                    s::output(&[
                        ("id", "i"),
                        ("level", "i"),
                        ("size", "i"),
                        ("summary", "s"),
                        ("density", "n"),
                        ("internal_edges", "i"),
                        ("external_edges", "i"),
                        ("cohesion_score", "n"),
                        ("members", "a"),
                        ("member_count", "i"),
                        ("relation_types", "o"),
                        ("children", "a"),
                        ("truncated", "b"),
                    ]),
                ),
                &json!([{"arguments": {"community_id": 19}, "setup": found}, {"arguments": {"community_id": 999_999_999}, "fault": "not-found.community"}]),
            ),
        ),
        (
            "query_communities_by_level",
            operation(
                "read",
                "Communities of a level that a question is about.",
                "By words and meaning of their summaries.",
                (
                    s::viewed(
                        &json!({"query": s::text("The question.", 5_000), "level": level(), "limit": s::integer("Shown.", 1, 50, 5)}),
                        &["query"],
                    ),
                    s::output(&[("level", "i"), ("communities", "a"), ("count", "i")]),
                ),
                &json!([{"arguments": {"query": "parser"}, "setup": found}]),
            ),
        ),
        (
            "analyze_community_connectivity",
            operation(
                "read",
                "How the communities of a level hang together.",
                "Relations between each pair, those inside, isolated communities, the best connected one.",
                (
                    s::viewed(
                        &json!({"fresh": s::fresh(), "level": level(), "limit": s::integer("Pairs shown.", 1, 200, 20)}),
                        &[],
                    ),
                    s::output(&[
                        ("level", "i"),
                        ("communities", "i"),
                        ("connected_pairs", "i"),
                        ("relations_between", "i"),
                        ("relations_inside", "i"),
                        ("cohesion", "n"),
                        ("isolated_communities", "i"),
                        ("most_connected", "o?"),
                        ("links", "a"),
                        ("truncated", "b"),
                        ("notes", "a"),
                        ("computed_at", "i?"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": found}]),
            ),
        ),
        (
            "find_bridge_entities",
            operation(
                "read",
                "Entities that hold communities together.",
                "Those whose neighbours lie in at least `threshold` communities of the level, their own counted.",
                (
                    s::viewed(
                        &json!({"fresh": s::fresh(), "level": level(), "threshold": s::integer("Communities.", 1, 100, 3), "limit": s::integer("Shown.", 1, 200, 20)}),
                        &[],
                    ),
                    s::output(&[
                        ("level", "i"),
                        ("threshold", "i"),
                        ("total", "i"),
                        ("bridges", "a"),
                        ("truncated", "b"),
                        ("notes", "a"),
                        ("computed_at", "i?"),
                    ]),
                ),
                &json!([{"arguments": {"threshold": 2}, "setup": found}]),
            ),
        ),
        (
            "graphrag_retrieve",
            operation(
                "read",
                "Answers a question with entities, relations and communities.",
                "Score: 0.6 the entity's own likeness, 0.2 its nearness in the graph to what was found (1 / (1 + steps)), 0.2 its community's likeness; the weights are settings. Works without communities too, and says so.",
                (
                    s::viewed(
                        &json!({"query": s::text("The question.", 5_000), "level": level(), "depth": s::integer("Steps walked.", 0, 4, 2), "limit": s::integer("Entities.", 1, 50, 10)}),
                        &["query"],
                    ),
                    s::output(&[
                        ("entities", "a"),
                        ("relations", "a"),
                        ("communities", "a"),
                        ("weights", "o"),
                        ("truncated", "b"),
                        ("notes", "a"),
                    ]),
                ),
                &json!([{"arguments": {"query": "why is the parser rewritten"}, "setup": found}, {"arguments": {"query": "parser"}, "setup": setup}]),
            ),
        ),
    ]
}
