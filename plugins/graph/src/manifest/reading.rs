//! Operations that look things up: entities, relations, observations.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    let setup = s::setup();
    vec![
        (
            "get_entity",
            operation(
                "read",
                "One entity in full.",
                "Its fields, aliases, current observations and relations. `as_of`: relations and observations valid then; `known_at`: as the store knew it then.",
                (
                    s::viewed(
                        &json!({"entity": s::entity("Which."), "entity_id": s::entity("The same under its older name."), "entity_type": s::entity_type(),
                "relations_limit": s::integer("Relations shown.", 0, 200, 20), "observations_limit": s::integer("Observations shown.", 1, 200, 20)}),
                        &[],
                    ),
                    s::output(&[
                        ("id", "i"),
                        ("ref", "s"),
                        ("name", "s"),
                        ("entity_type", "s"),
                        ("aliases", "a"),
                        ("observations", "a"),
                        ("relations", "a"),
                        ("relation_count", "i"),
                        ("relation_types", "o"),
                        ("truncated", "b"),
                    ]),
                ),
                &json!([{"arguments": {"entity": "parse"}, "setup": setup}, {"arguments": {"entity": 999_999_999}, "fault": "not-found.entity"}]),
            ),
        ),
        (
            "list_entities",
            operation(
                "read",
                "Lists entities page by page.",
                "`sort_by` name, recent (last changed) or created.",
                (
                    s::viewed(
                        &json!({"entity_type": s::entity_type(), "limit": s::integer("Rows a page.", 1, 500, 20), "cursor": s::cursor(),
                "sort_by": {"type": "string", "enum": ["name", "recent", "created"], "default": "name"}}),
                        &[],
                    ),
                    s::output(&[("entities", "a"), ("count", "i"), ("next_cursor", "s?")]),
                ),
                &json!([{"arguments": {"limit": 2}, "setup": setup}]),
            ),
        ),
        (
            "search_entities",
            operation(
                "read",
                "Finds entities by words and meaning.",
                "Over names, descriptions and current observations (BM25 0.6, vectors 0.4).",
                (
                    s::viewed(
                        &json!({"query": s::text("What to look for.", 5_000), "entity_type": s::entity_type(), "limit": s::integer("Entities.", 1, 100, 10)}),
                        &["query"],
                    ),
                    s::output(&[("entities", "a"), ("count", "i"), ("notes", "a")]),
                ),
                &json!([{"arguments": {"query": "short functions"}, "setup": setup}]),
            ),
        ),
        (
            "entity_history",
            operation(
                "read",
                "How an entity came to be what it is.",
                "The last 50 stored versions, the last 100 relations and observations, ended and deleted ones too.",
                (
                    s::input(
                        &json!({"entity": s::entity("Which; a deleted one by its id."), "namespace": s::namespace()}),
                        &["entity"],
                    ),
                    s::output(&[("id", "i"), ("versions", "a"), ("relations", "a"), ("observations", "a")]),
                ),
                &json!([{"arguments": {"entity": "parse"}, "setup": setup}]),
            ),
        ),
        (
            "search_relationships",
            operation(
                "read",
                "Finds relations by end, type, words and time.",
                "`entity` matches either end. With `query` by words of the sentence the relation makes; without it page by page.",
                (
                    s::viewed(
                        &json!({"entity": s::entity("Either end."), "from_entity": s::entity("Where it starts."), "to_entity": s::entity("Where it leads."),
                "query": s::text("Words.", 2_000), "include_ended": s::flag("Ended and future ones too.", false), "min_confidence": s::share("At least so sure."),
                "limit": s::integer("Rows.", 1, 500, 20), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(&[("relations", "a"), ("count", "i"), ("next_cursor", "s?")]),
                ),
                &json!([{"arguments": {"entity": "parser.rs"}, "setup": setup}, {"arguments": {"query": "parser", "relation_type": "depends_on"}, "setup": setup}]),
            ),
        ),
        (
            "list_observations",
            operation(
                "read",
                "What was observed of an entity, newest first.",
                "Current ones, unless `as_of` or `include_superseded` asks for others.",
                (
                    s::viewed(
                        &json!({"entity": s::entity("Of what."), "entity_type": s::entity_type(), "observation_type": s::observation_type(),
                "include_superseded": s::flag("Superseded ones too.", false), "limit": s::integer("Rows.", 1, 500, 20), "cursor": s::cursor()}),
                        &["entity"],
                    ),
                    s::output(&[("entity_id", "i"), ("observations", "a"), ("count", "i"), ("next_cursor", "s?")]),
                ),
                &json!([{"arguments": {"entity": "parse"}, "setup": setup}]),
            ),
        ),
        (
            "stats",
            operation(
                "read",
                "Counts of the layer.",
                "Entities and valid relations by type, ended relations, current observations, communities, means.",
                (
                    s::input(&json!({"namespace": s::namespace()}), &[]),
                    s::output(&[
                        ("entities", "i"),
                        ("relations", "i"),
                        ("relations_ended", "i"),
                        ("observations", "i"),
                        ("communities", "i"),
                        ("entity_types", "o"),
                        ("relation_types", "o"),
                        ("avg_relations_per_entity", "n"),
                        ("avg_confidence", "n?"),
                    ]),
                ),
                &json!([{"arguments": {}, "setup": setup}]),
            ),
        ),
    ]
}
