//! Operations that walk: surroundings, paths, dependencies, causes, and citations across layers.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn ends(longest: u32) -> Value {
    json!({"from_entity": s::entity("Where it starts."), "to_entity": s::entity("Where it ends."), "direction": s::direction(),
           "max_length": s::integer("Steps at most.", 1, 20, longest)})
}

fn needs(of: &str) -> Value {
    json!({of: s::entity("Of what."), "entity_type": s::entity_type(), "depth": s::integer("Steps followed.", 1, 20, 5),
           "limit": s::integer("Shown.", 1, 500, 100)})
}

pub(super) fn operations() -> Vec<Named> {
    let setup = s::setup();
    let search = |default: u32| {
        (
            s::viewed(
                &json!({"query": s::text("What to look for.", 5_000), "entity_type": s::entity_type(), "direction": s::direction(),
            "depth": s::integer("Steps walked from what was found.", 0, 6, default), "limit": s::integer("Entities found.", 1, 50, 10),
            "max_entities": s::integer("Entities shown in all.", 1, 300, 50)}),
                &["query"],
            ),
            s::output(&[
                ("entities", "a"),
                ("relations", "a"),
                ("total_entities", "i"),
                ("total_relations", "i"),
                ("relation_type_distribution", "o"),
                ("truncated", "b"),
                ("notes", "a"),
            ]),
        )
    };
    let path = s::output(&[
        ("from_id", "i"),
        ("to_id", "i"),
        ("found", "b"),
        ("path", "o?"),
        ("truncated", "b"),
        ("notes", "a"),
    ]);
    let between = json!([{"arguments": {"from_entity": "Ada Lovelace", "to_entity": "next_token"}, "setup": setup}]);
    let found = || {
        s::output(&[
            ("id", "i"),
            ("name", "s"),
            ("entity_type", "s"),
            ("found", "a"),
            ("total", "i"),
            ("direct", "i"),
            ("max_depth", "i"),
            ("in_cycle", "b"),
            ("truncated", "b"),
        ])
    };
    let needed = "Transitive, nearest first, each with its depth and the entity it is reached through. Follows depends_on, calls, imports and uses, unless relation types are named.";
    vec![
        (
            "search_graph",
            operation(
                "read",
                "Finds entities and what is around them.",
                "By words and meaning, then one step along relations.",
                search(1),
                &json!([{"arguments": {"query": "parser"}, "setup": setup}]),
            ),
        ),
        (
            "search_graph_with_depth",
            operation(
                "read",
                "Finds entities and walks several steps.",
                "As `search_graph`, two steps by default; `relation_type` and `direction` say which relations are followed.",
                search(2),
                &json!([{"arguments": {"query": "parser", "relation_type": "depends_on", "direction": "out"}, "setup": setup}]),
            ),
        ),
        (
            "get_entity_neighbors",
            operation(
                "read",
                "The neighbours of an entity.",
                "Nearest first, then by strength x confidence. `connectivity_score`: relations found over pairs that could be related.",
                (
                    s::viewed(
                        &json!({"entity": s::entity("Of what."), "entity_id": s::entity("The same under its older name."), "entity_type": s::entity_type(), "direction": s::direction(),
                "depth": s::integer("Steps.", 1, 6, 1), "limit": s::integer("Shown.", 1, 500, 50)}),
                        &[],
                    ),
                    s::output(&[
                        ("id", "i"),
                        ("neighbors", "a"),
                        ("total_neighbors", "i"),
                        ("neighbor_type_distribution", "o"),
                        ("relation_type_distribution", "o"),
                        ("connectivity_score", "n"),
                        ("truncated", "b"),
                    ]),
                ),
                &json!([{"arguments": {"entity": "parser.rs"}, "setup": setup}]),
            ),
        ),
        (
            "find_path",
            operation(
                "read",
                "The shortest path between two entities.",
                "Fewest relations (breadth first from both ends). `path` is null if there is none.",
                (s::viewed(&ends(10), &["from_entity", "to_entity"]), path.clone()),
                &between,
            ),
        ),
        (
            "find_weighted_path",
            operation(
                "read",
                "The strongest path between two entities.",
                "Least sum of 1 / (strength x confidence) (Dijkstra), so that weak relations cost more.",
                (s::viewed(&ends(10), &["from_entity", "to_entity"]), path),
                &between,
            ),
        ),
        (
            "find_all_paths",
            operation(
                "read",
                "All paths between two entities.",
                "Simple ones (no entity twice), shortest first, at most `limit`.",
                (
                    s::viewed(
                        &{
                            let mut fields = ends(4);
                            if let Some(fields) = fields.as_object_mut() {
                                fields.insert("limit".into(), s::integer("Paths.", 1, 200, 20));
                                fields.insert("max_length".into(), s::integer("Steps at most.", 1, 8, 4));
                            }
                            fields
                        },
                        &["from_entity", "to_entity"],
                    ),
                    s::output(&[
                        ("from_id", "i"),
                        ("to_id", "i"),
                        ("count", "i"),
                        ("paths", "a"),
                        ("lengths", "o"),
                        ("truncated", "b"),
                    ]),
                ),
                &json!([{"arguments": {"from_entity": "parser.rs", "to_entity": "next_token"}, "setup": setup}]),
            ),
        ),
        (
            "find_dependencies",
            operation(
                "read",
                "What an entity needs.",
                needed,
                (s::viewed(&needs("entity"), &["entity"]), found()),
                &json!([{"arguments": {"entity": "parser.rs"}, "setup": setup}]),
            ),
        ),
        (
            "find_dependents",
            operation(
                "read",
                "What needs an entity.",
                needed,
                (s::viewed(&needs("entity"), &["entity"]), found()),
                &json!([{"arguments": {"entity": "lexer.rs"}, "setup": setup}]),
            ),
        ),
        (
            "find_symbol_dependencies",
            operation(
                "read",
                "What a file or function needs.",
                needed,
                (s::viewed(&needs("symbol"), &["symbol"]), found()),
                &json!([{"arguments": {"symbol": "parse"}, "setup": setup}, {"arguments": {"symbol": "Ada Lovelace"}, "setup": setup, "fault": "invalid.argument"}]),
            ),
        ),
        (
            "find_symbol_dependents",
            operation(
                "read",
                "What needs a file or function.",
                needed,
                (s::viewed(&needs("symbol"), &["symbol"]), found()),
                &json!([{"arguments": {"symbol": "next_token"}, "setup": setup}]),
            ),
        ),
        (
            "get_symbol_info",
            operation(
                "read",
                "A file or function and what is around it.",
                "What contains it, what it contains, needs, is needed by, implements, and what tests it.",
                (
                    s::viewed(&json!({"symbol": s::entity("Which."), "entity_type": s::entity_type()}), &["symbol"]),
                    s::output(&[
                        ("entity", "o"),
                        ("observations", "a"),
                        ("contained_in", "a"),
                        ("contains", "a"),
                        ("dependencies", "a"),
                        ("dependents", "a"),
                        ("tested_by", "a"),
                        ("implements", "a"),
                        ("relation_count", "i"),
                        ("relation_type_distribution", "o"),
                        ("truncated", "b"),
                    ]),
                ),
                &json!([{"arguments": {"symbol": "parse"}, "setup": setup}]),
            ),
        ),
        (
            "get_causal_context",
            operation(
                "read",
                "What led to something, and what came of it.",
                "Follows caused_by and resulted_in both ways, in chains. Start at `entity`, or at the entities that cite the memory `memory_id`. `weight` is the product of strength x confidence along the chain.",
                (
                    s::viewed(
                        &json!({"memory_id": s::id("A memory of any readable layer."), "entity": s::entity("Of what."), "depth": s::integer("Steps.", 1, 10, 3)}),
                        &[],
                    ),
                    s::output(&[
                        ("start", "a"),
                        ("causes", "a"),
                        ("effects", "a"),
                        ("root_causes", "a"),
                        ("truncated", "b"),
                    ]),
                ),
                &json!([{"arguments": {"entity": "Rewrite the parser"}, "setup": setup}, {"arguments": {}, "fault": "invalid.argument"}]),
            ),
        ),
        (
            "get_associations",
            operation(
                "read",
                "What is associated with a memory of any layer.",
                "Rows it cites, rows that cite it, rows similar in meaning or words, each with how; and the entities that cite it. As far as this layer may read.",
                (
                    s::input(
                        &json!({"memory_id": s::id("The memory."), "layer": s::text("The layer it must be of.", 60), "max_results": s::integer("Shown.", 1, 100, 20), "namespace": s::namespace()}),
                        &["memory_id"],
                    ),
                    s::output(&[
                        ("memory", "o"),
                        ("associations", "a"),
                        ("count", "i"),
                        ("entities", "a"),
                        ("notes", "a"),
                    ]),
                ),
                &json!([{"arguments": {"memory_id": 1}, "setup": setup}, {"arguments": {"memory_id": 999_999_999}, "fault": "not-found.memory"}]),
            ),
        ),
        (
            "find_memory_path",
            operation(
                "read",
                "The path of citations between two memories.",
                "Over `sources` both ways, and over observations and relations of this layer, through every layer it may read. Fewest steps.",
                (
                    s::input(
                        &json!({"from_memory_id": s::id("Where it starts."), "to_memory_id": s::id("Where it ends."), "from_layer": s::text("The layer the first must be of.", 60),
                "to_layer": s::text("The layer the last must be of.", 60), "max_length": s::integer("Steps at most.", 1, 12, 6)}),
                        &["from_memory_id", "to_memory_id"],
                    ),
                    s::output(&[("found", "b"), ("length", "i"), ("path", "a"), ("looked_at", "i"), ("notes", "a")]),
                ),
                &json!([{"arguments": {"from_memory_id": 1, "to_memory_id": 3}, "setup": setup}, {"arguments": {"from_memory_id": 999_999_998, "to_memory_id": 999_999_999}, "fault": "not-found.memory"}]),
            ),
        ),
    ]
}
