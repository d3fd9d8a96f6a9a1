//! Operations that search.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Value, json};

fn results(more: &Value) -> Value {
    let mut properties = json!({
        "results": {"type": "array", "items": {"type": "object", "properties": {
            "id": {"type": "integer"}, "ref": {"type": "string"}, "content": {"type": "string"},
            "similarity": {"type": ["number", "null"], "description": "1 - cosine distance / 2."},
            "score": {"type": "number"}, "why": {"type": "string"},
        }, "required": ["id", "ref", "content"]}},
        "count": {"type": "integer"},
        "empty": {"type": "boolean"},
        "reason": {"type": "string", "description": "Why it is empty."},
        "eligible": {"type": "integer", "description": "Memories in scope, matching or not."},
        "variants": {"type": "array", "items": {"type": "string"}},
        "notes": {"type": "array", "items": {"type": "string"}},
    });
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    s::output(&properties, &["results", "count", "empty"])
}

fn scope(more: &Value) -> Value {
    let mut properties = json!({
        "query": s::query(),
        "namespace": s::namespace(),
        "memory_types": s::memory_types(),
        "tags": s::tags("Only memories with one of these tags."),
        "as_of": s::time("What was true at this time; now if absent."),
        "include_superseded": s::flag("Superseded and ended memories too.", false),
    });
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    properties
}

pub(super) fn operations() -> Vec<Named> {
    let setup = json!([
        {"operation": "remember", "arguments": {"content": "Ada prefers tabs over spaces.", "tags": ["style"],
                                                "namespace": "user:ada", "topic": "style"}},
        {"operation": "remember", "arguments": {"content": "The build takes nine minutes.", "namespace": "ci"}},
    ]);
    let example = |arguments: Value| json!([{"arguments": arguments, "setup": setup}]);
    let related = || {
        operation(
            "read",
            "Memories related to one memory, and how.",
            "Finds memories similar in meaning (`similar`), in words (`shares_words`), linked by evidence (`linked`), of the same topic, or of the same lineage (`supersedes`, `superseded_by`). Looks in the memory's own namespace and below unless `namespace` is given (empty: everywhere).",
            (
                s::input(
                    &json!({"id": s::id("The memory."), "limit": s::integer("At most this many.", 1, 100, 5),
                            "namespace": {"type": "string", "maxLength": 200}}),
                    &["id"],
                ),
                s::output(
                    &json!({
                        "id": {"type": "integer"},
                        "related_count": {"type": "integer"},
                        "related_ids": {"type": "array", "items": {"type": "integer"}},
                        "relationship_types": {"type": "object"},
                        "related": {"type": "array", "items": {"type": "object"}},
                        "empty": {"type": "boolean"},
                    }),
                    &["id", "related_count", "related_ids", "relationship_types", "related", "empty"],
                ),
            ),
            &json!([{"arguments": {"id": 1}, "setup": setup}, {"arguments": {"id": 999_999_999}, "fault": "not-found"}]),
        )
    };
    vec![
        (
            "recall",
            operation(
                "read",
                "The k memories of this layer that best answer a question.",
                "Searches text and vectors with up to four rule-made wordings of the query, takes 3k candidates and ranks them by 0.7 similarity + 0.1 recency (90 days) + 0.2 usefulness. Similarity is 1 - cosine distance / 2, so unrelated text scores about 0.5: raise `min_similarity` to 0.6-0.7 for close matches only. Superseded and ended memories are left out; `as_of` asks what was true then, `known_at` what the store knew then. For all layers within a token budget use retrieval.recall.",
                (
                    s::input(
                        &scope(&json!({
                            "k": s::integer("At most this many.", 1, 100, 5),
                            "min_similarity": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.3,
                                               "description": "Drops memories less similar than this."},
                            "known_at": s::time("As the store knew it then; a bounded scan."),
                            "expand": s::flag("Search other wordings too.", true),
                        })),
                        &["query"],
                    ),
                    results(&json!({})),
                ),
                &example(json!({"query": "what indentation does Ada like", "k": 3})),
            ),
        ),
        (
            "search",
            operation(
                "read",
                "Searches by meaning, by words, or by both.",
                "`mode` semantic: vectors only; keyword: BM25 only; hybrid: both, fused by reciprocal rank (k = 60) with weights 0.4 and 0.6. Ranks by relevance alone; `recall` also weighs recency and usefulness.",
                (
                    s::input(
                        &scope(&json!({
                            "mode": {"type": "string", "enum": ["semantic", "keyword", "hybrid"], "default": "hybrid"},
                            "limit": s::integer("At most this many.", 1, 1000, 10),
                            "min_similarity": s::share("Drops vector matches less similar than this (1 - cosine distance / 2)."),
                        })),
                        &["query"],
                    ),
                    results(&json!({"mode": {"type": "string"}})),
                ),
                &example(json!({"query": "build minutes", "mode": "keyword"})),
            ),
        ),
        (
            "search_by_topic",
            operation(
                "read",
                "Memories of a topic or tag.",
                "A topic matches the memory's topic or any of its tags, exactly. With `query`, the most relevant of them; without, the most useful, page by page, and `eligible` counts to 100.",
                (
                    s::input(
                        &json!({
                            "topic": s::text("The topic or tag.", 200),
                            "query": s::query(),
                            "namespace": s::namespace(),
                            "limit": s::integer("At most this many.", 1, 1000, 10),
                            "cursor": s::text("`next_cursor` of the page before (without `query`).", 4096),
                        }),
                        &["topic"],
                    ),
                    results(&json!({"next_cursor": {"type": ["string", "null"]}})),
                ),
                &example(json!({"topic": "style"})),
            ),
        ),
        ("related_memories", related()),
        ("search_related", related()),
        (
            "search_across_namespaces",
            operation(
                "read",
                "Searches the whole space and says which namespaces know of it.",
                "The search over all projects of a space. `exclude_current` leaves out `namespace` and what lies below it: what do the others know?",
                (
                    s::input(
                        &json!({
                            "query": s::query(),
                            "namespace": {"type": "string", "maxLength": 200, "description": "The current namespace."},
                            "exclude_current": s::flag("Leave it out.", false),
                            "limit": s::integer("At most this many.", 1, 1000, 10),
                            "as_of": s::time("What was true at this time."),
                        }),
                        &["query"],
                    ),
                    results(&json!({"by_namespace": {"type": "object"}})),
                ),
                &example(json!({"query": "how long is the build", "namespace": "user:ada", "exclude_current": true})),
            ),
        ),
        (
            "search_memories",
            operation(
                "read",
                "A search answered by a summary in place of rows.",
                "Counts, confidence and usefulness spreads, distributions by topic and type, and the five best ids: about 200 tokens however many memories match. Read single ones with get_memory.",
                (
                    s::input(
                        &json!({
                            "query": s::query(),
                            "limit": s::integer("Summarise at most this many matches.", 1, 1000, 100),
                            "confidence_threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.7},
                            "domain_filter": s::text("Only this topic.", 200),
                            "memory_type_filter": s::memory_type(),
                            "namespace": s::namespace(),
                        }),
                        &["query"],
                    ),
                    s::output(
                        &json!({
                            "total_results": {"type": "integer"},
                            "empty": {"type": "boolean"},
                            "high_confidence_count": {"type": "integer"},
                            "avg_confidence": {"type": ["number", "null"]},
                            "confidence_range": {"type": "array"},
                            "avg_usefulness": {"type": ["number", "null"]},
                            "domain_distribution": {"type": "object"},
                            "type_distribution": {"type": "object"},
                            "top_5_ids": {"type": "array", "items": {"type": "integer"}},
                            "percentiles": {"type": "object"},
                            "eligible": {"type": "integer"},
                        }),
                        &["total_results", "empty", "top_5_ids"],
                    ),
                ),
                &example(json!({"query": "style"})),
            ),
        ),
    ]
}
