//! What lies around a memory, and how far to believe it.

use super::schema::{self as s, Named};
use memstrata_sdk::{Value, json};

fn near() -> Value {
    json!({"type": "array", "items": {"type": "object", "properties": {
        "id": {"type": "integer"}, "ref": {"type": "string"}, "layer": {"type": "string"}, "text": {"type": "string"},
        "when": {"type": ["string", "null"]}, "minutes_apart": {"type": ["integer", "null"]}}, "required": ["id"]}})
}

/// The operations.
pub(super) fn operations() -> Vec<Named> {
    vec![
        (
            "calibrate_uncertainty",
            s::reading(
                "How far a text or a memory may be believed, by what else is remembered.",
                "Give `result_text`, `result_id` or both. Confidence from likeness (0.4), coverage (0.3), agreement of channels (0.2) and \
                 trust (0.1); 0.8 high, 0.6 medium, 0.4 low, below abstain. `self_rag` names the sentences without support.",
                &json!({
                    "result_text": {"type": "string", "maxLength": 20_000, "default": "", "description": "The text to judge."},
                    "result_id": {"type": ["integer", "string", "null"], "default": null,
                                  "description": "The memory to judge, 42 or \"m:42\"."},
                    "query": {"type": "string", "maxLength": 10_000, "description": "The question it should answer."},
                    "namespace": {"type": "string", "maxLength": 200, "description": "Evidence from here only."},
                }),
                &[],
                &json!({"type": "object", "properties": {
                    "confidence": s::confidence(), "level": {"type": "string"}, "abstain": {"type": "boolean"},
                    "weights": {"type": "object"}, "self_rag": {"type": "object"}, "evidence": s::hits(),
                    "cites": {"type": "integer"}},
                    "required": ["confidence", "level", "abstain", "self_rag", "evidence"]}),
                &json!([{"arguments": {"result_text": "The parser is slow.", "query": "is the parser slow"}},
                        {"arguments": {"result_id": "m:999999999"}, "fault": "not-found"},
                        {"arguments": {}, "note": "Nothing to judge.", "fault": "invalid.argument"}]),
            ),
        ),
        (
            "enrich_temporal_context",
            s::reading(
                "What happened around a memory, in all layers.",
                "The nearest before and after it, and what in that time is about the same.",
                &json!({"result_id": s::id("The memory."), "time_window": s::window(),
                        "limit": s::integer("Of each list at most.", 1, 50, 5)}),
                &["result_id"],
                &json!({"type": "object", "properties": {
                    "result": s::hit(), "at": {"type": "string"}, "window_hours": {"type": "integer"}, "before": near(),
                    "after": near(), "related": s::hits(), "layers": {"type": "object"}, "empty": {"type": "boolean"}},
                    "required": ["result", "before", "after", "related", "empty"]}),
                &json!([{"arguments": {"result_id": 999_999_999}, "fault": "not-found"},
                        {"arguments": {"result_id": 1, "time_window": "soon"}, "fault": "invalid.argument"}]),
            ),
        ),
        (
            "find_related_context",
            s::reading(
                "What is connected with a memory or an entity: by citations, relations, then likeness.",
                "`via` names the connection, `distance` its steps; hits by likeness have none. Paths between two are in the graph layer.",
                &json!({"entity_id": s::id("A memory or an entity."), "depth": s::integer("Steps at most.", 1, 5, 2),
                        "limit": s::integer("Hits at most.", 1, 50, 10)}),
                &["entity_id"],
                &json!({"type": "object", "properties": {"entity": s::hit(), "connected": {"type": "integer"},
                    "count": {"type": "integer"}, "empty": {"type": "boolean"}, "results": s::hits()},
                    "required": ["entity", "connected", "count", "empty", "results"]}),
                &json!([{"arguments": {"entity_id": 999_999_999}, "fault": "not-found"}]),
            ),
        ),
        (
            "temporal_search_enrich",
            s::reading(
                "A search whose hits come with what happened just before and after, and what they rest on.",
                "An empty query answers the newest.",
                &s::scoped(&json!({
                    "query": {"type": "string", "maxLength": 10_000, "default": "", "description": "The question; empty for the newest."},
                    "project_id": s::project(&json!(1)),
                    "k": s::integer("Hits at most.", 1, 20, 5),
                    "time_window": s::window(),
                })),
                &[],
                &json!({"type": "object", "properties": {"count": {"type": "integer"}, "empty": {"type": "boolean"},
                    "window_hours": {"type": "integer"}, "results": s::hits()}, "required": ["count", "empty", "results"]}),
                &json!([{"arguments": {}}, {"arguments": {"query": "failed deployment", "k": 3, "time_window": "2hours"}}]),
            ),
        ),
    ]
}
