//! Plain searches by channel, wordings, numbers, and counts by layer.

use super::schema::{self as s, Named};
use memstrata_sdk::{Value, json};

fn found() -> Value {
    json!({"type": "object", "properties": {"count": {"type": "integer"}, "empty": {"type": "boolean"},
           "results": s::hits(), "notes": {"type": "array", "items": {"type": "string"}}},
           "required": ["count", "empty", "results"]})
}

fn search(summary: &str, description: &str, own: &Value) -> Value {
    let mut properties = s::scoped(&json!({
        "query": s::query(),
        "limit": s::integer("Hits at most.", 1, 100, 10),
        "min_similarity": {"type": "number", "minimum": -1, "maximum": 1, "default": 0.2,
                           "description": "Drops matches by meaning alone below this cosine."},
    }));
    if let (Some(all), Some(own)) = (properties.as_object_mut(), own.as_object()) {
        all.extend(own.iter().map(|(name, schema)| (name.clone(), schema.clone())));
    }
    let examples = json!([{"arguments": {"query": "how is the parser tested", "limit": 5}},
                          {"arguments": {"query": "parser", "layers": ["semantic"], "from": "2026-01-01"}}]);
    s::reading(summary, description, &properties, &["query"], &found(), &examples)
}

/// The operations.
pub(super) fn operations() -> Vec<Named> {
    let none = json!({});
    let either = json!({"match": {"type": "string", "enum": ["any", "all"], "default": "any",
                                  "description": "all: only what has every telling word."}});
    vec![
        (
            "search",
            search(
                "Searches all layers by words, meaning and context.",
                "Hits with layer, score, why they were found and their evidence. For answers in a token budget use `recall`.",
                &none,
            ),
        ),
        (
            "hybrid_search",
            search(
                "Searches by words and meaning together; the same as `search`.",
                "Ranks of full text, vectors and neighbours are fused by the host.",
                &none,
            ),
        ),
        ("semantic_search", search("Searches by meaning alone.", "Scores are cosines.", &none)),
        (
            "keyword_search",
            search(
                "Searches by words alone.",
                "Scores are shares of the question's telling words, other endings counted; ties by BM25.",
                &either,
            ),
        ),
        (
            "bm25_search",
            search("Searches by words alone, scored by BM25.", "Scores compare within one collection only.", &none),
        ),
        (
            "query_expansion",
            s::reading(
                "Other wordings of a question.",
                "By a language model if one is granted, else by the telling words of what the question finds first (pseudo relevance feedback).",
                &s::scoped(&json!({"query": s::query(), "limit": s::integer("Wordings at most.", 1, 10, 4)})),
                &["query"],
                &json!({"type": "object", "properties": {
                    "variants": {"type": "array", "items": {"type": "string"}}, "terms": {"type": "array", "items": {"type": "string"}},
                    "added_words": {"type": "array", "items": {"type": "string"}}, "by": {"type": "string"}, "model": s::model()},
                    "required": ["variants", "terms", "by"]}),
                &json!([{"arguments": {"query": "why did the deployment fail"}}]),
            ),
        ),
        (
            "get_stats",
            s::reading(
                "How much there is to search, and by which numbers it is judged.",
                "Counts of the collections that the routes name.",
                &json!({"namespace": {"type": "string", "maxLength": 200, "description": "Only this namespace and below."}}),
                &[],
                &json!({"type": "object", "properties": {
                    "total": {"type": "integer"}, "layers": {"type": "object"}, "collections": {"type": "object"},
                    "strategies": {"type": "array", "items": {"type": "string"}}, "thresholds": {"type": "object"},
                    "recency_half_life_days": {"type": "number"}},
                    "required": ["total", "layers", "collections", "strategies", "thresholds"]}),
                &json!([{"arguments": {}}]),
            ),
        ),
        (
            "search_all_layers",
            s::reading(
                "How much each layer has on a question: counts and the best ids, no texts.",
                "Under 300 tokens. Counted are the best hits of one search over all layers, eight for each `limit_per_layer`, 200 at most; read ids with `retrieve`.",
                &s::scoped(&json!({
                    "query": s::query(),
                    "limit_per_layer": s::integer("Counted of each layer at most.", 1, 100, 10),
                    "confidence_threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.7,
                                             "description": "From this relevance on a hit counts as high_confidence."},
                })),
                &["query"],
                &json!({"type": "object", "properties": {"total_found": {"type": "integer"}, "empty": {"type": "boolean"},
                    "layers": {"type": "object", "additionalProperties": {"type": "object", "properties": {
                        "count": {"type": "integer"}, "high_confidence": {"type": "integer"},
                        "top_ids": {"type": "array", "items": {"type": "integer"}}},
                        "required": ["count", "high_confidence", "top_ids"]}},
                    "notes": {"type": "array", "items": {"type": "string"}}},
                    "required": ["total_found", "empty", "layers"]}),
                &json!([{"arguments": {"query": "authentication"}}]),
            ),
        ),
    ]
}
