//! Retrieval by strategy, and the budget of tokens.

use super::schema::{self as s, Named};
use crate::allocate::{BUFFER, OVERFLOWS, PRIORITIES, RESPONSE, SHARES, TOTAL};
use crate::strategy::{NAMES, REFLECT_ROUNDS};
use memstrata_sdk::{Value, json};

fn outcome(more: &Value) -> Value {
    let mut properties = json!({
        "strategy": {"type": "string"}, "because": {"type": "string"}, "classes": {"type": "array", "items": {"type": "object"}},
        "searched": {"type": ["array", "string"]}, "queries": {"type": "array", "items": {"type": "string"}},
        "rounds": {"type": "integer"}, "confidence_by_round": {"type": "array", "items": {"type": "number"}},
        "correction": {"type": "string"}, "model": s::model(),
        "fallback": {"type": "string", "description": "What stood in for the model."},
        "confidence": s::confidence(), "count": {"type": "integer"}, "empty": {"type": "boolean"},
        "reason": {"type": "string"}, "results": s::hits(), "notes": {"type": "array", "items": {"type": "string"}},
    });
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.iter().map(|(name, schema)| (name.clone(), schema.clone())));
    }
    json!({"type": "object", "properties": properties,
           "required": ["strategy", "classes", "queries", "model", "confidence", "count", "empty", "results"]})
}

/// What all of them take besides their own.
fn with(own: &Value) -> Value {
    let mut all = s::scoped(&json!({
        "query": s::query(),
        "abstain": {"type": "boolean", "default": false,
                    "description": "No results if none answers the question (confidence below 0.4)."},
        "corrective": {"type": "boolean", "default": false,
                       "description": "Drop hits graded incorrect; if the best is ambiguous, search again (CRAG)."},
        "recency": {"type": "boolean", "description": "Weigh relevance 0.7 and recency 0.3. By default if the question says recent or latest."},
        "k_per_layer": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Hits of one layer at most."},
        "fields": {"type": "array", "items": {"type": "string", "maxLength": 40}, "maxItems": 20,
                   "description": "Only these fields of each hit, and its id."},
    }));
    if let (Some(all), Some(own)) = (all.as_object_mut(), own.as_object()) {
        all.extend(own.iter().map(|(name, schema)| (name.clone(), schema.clone())));
    }
    all
}

fn strategy() -> Value {
    json!({"type": "string", "enum": NAMES, "default": "auto",
           "description": "auto picks by rules; all but basic and planning are better with a language model."})
}

fn history() -> Value {
    json!({"type": ["array", "string", "null"], "maxItems": 200, "maxLength": 50_000, "default": null,
           "items": {"type": ["string", "object"]},
           "description": "Turns, oldest first, as texts or objects with `content`; pronouns are resolved by them."})
}

fn context(default: &Value) -> Value {
    json!({"type": ["object", "array", "string", "null"], "default": default,
           "description": "What is going on: text, or an object with `content`; read like the last turn."})
}

fn rounds() -> Value {
    s::integer("Rounds at most; it stops once it is sure (0.8).", 1, 10, REFLECT_ROUNDS)
}

fn limit(most: u32) -> Value {
    s::integer("Hits at most.", 1, 100, most)
}

fn budget() -> Value {
    let tokens =
        |description: &str| json!({"type": "integer", "minimum": 0, "maximum": 1_000_000, "description": description});
    let tokens_or = |description: &str, default: usize| json!({"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": default, "description": description});
    let section = json!({"type": "object", "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "text": {"type": "string", "maxLength": 100_000},
        "need_tokens": tokens("Instead of a text, what it would fill."),
        "min_tokens": tokens_or("Below this it says nothing.", 0),
        "priority": {"type": "string", "enum": PRIORITIES, "default": "normal"},
        "overflow": {"type": "string", "enum": OVERFLOWS}}, "required": ["name"], "additionalProperties": false});
    s::reading(
        "Shares out a context's tokens among its sections and cuts their texts.",
        "balanced: by priority, fair; quality: the important get all they need first; speed: only critical and high get more than their \
         least; minimal: the least of each. `overflow` says what becomes of what does not fit.",
        &json!({
            "sections": {"type": "array", "items": section, "maxItems": 50, "default": []},
            "total": tokens_or("Tokens of the context.", TOTAL),
            "buffer": tokens_or("Kept free.", BUFFER),
            "response": tokens_or("Kept for the response.", RESPONSE),
            "strategy": {"type": "string", "enum": SHARES, "default": "balanced"},
            "overflow": {"type": "string", "enum": OVERFLOWS, "default": "truncate_end"},
        }),
        &[],
        &json!({"type": "object", "properties": {
            "total": {"type": "integer"}, "buffer": {"type": "integer"}, "response": {"type": "integer"},
            "available": {"type": "integer"}, "allocated": {"type": "integer"}, "unused": {"type": "integer"},
            "sections": {"type": "array", "items": {"type": "object", "properties": {
                "name": {"type": "string"}, "need": {"type": "integer"}, "tokens": {"type": "integer"},
                "overflowed": {"type": "boolean"}, "dropped": {"type": "boolean"},
                "text": {"type": "string", "description": "What is left of it, if it was cut."}},
                "required": ["name", "need", "tokens", "overflowed"]}}},
            "required": ["total", "available", "allocated", "unused", "sections"]}),
        &json!([
            {"arguments": {"sections": [{"name": "memories", "need_tokens": 5000, "priority": "high"},
                                        {"name": "tasks", "need_tokens": 400}]}},
            {"arguments": {"total": 320, "strategy": "quality", "sections": [
                {"name": "system", "text": "Answer briefly.", "priority": "critical"},
                {"name": "notes", "text": "The parser was rewritten. It is faster now. Nobody misses the old one, and its tests are gone too.",
                 "priority": "low", "overflow": "compress"}]}},
            {"arguments": {"total": 310, "overflow": "fail", "sections": [{"name": "memories", "need_tokens": 50}]},
             "fault": "limit.tokens"},
            {"arguments": {"total": 100}, "note": "Less than buffer and response.", "fault": "invalid.argument"},
        ]),
    )
}

/// The operations.
pub(super) fn operations() -> Vec<Named> {
    let plain = outcome(&json!({}));
    vec![
        (
            "smart_retrieve",
            s::reading(
                "Answers a question within a conversation, by the strategy that suits it.",
                "The question is sorted (temporal, relational, planning, procedural, prospective, meta, factual) and searched for where that \
                 sort is kept; if that is too little, everywhere. Says what it did and how sure it is.",
                &with(
                    &json!({"conversation_history": history(), "context": context(&Value::Null), "k": limit(5), "strategy": strategy()}),
                ),
                &["query"],
                &plain,
                &json!([{"arguments": {"query": "what does she prefer",
                                       "conversation_history": [{"role": "user", "content": "Yesterday I met Ada Lovelace."}]}},
                        {"arguments": {"query": "when did the deployment fail", "strategy": "hyde", "recency": true, "abstain": true}}]),
            ),
        ),
        (
            "retrieve_smart",
            s::reading(
                "Answers a question by the strategy that suits it.",
                "As `smart_retrieve`, without a conversation.",
                &with(&json!({"limit": limit(10), "strategy": strategy()})),
                &["query"],
                &plain,
                &json!([{"arguments": {"query": "which tasks are blocked", "corrective": true}},
                        {"arguments": {"query": "latest deployment", "k_per_layer": 2, "fields": ["text"]}}]),
            ),
        ),
        (
            "reflective_retrieve",
            s::reading(
                "Searches in rounds: what is missing is asked for next, until it is sure.",
                "At most `max_iterations` rounds; it stops at confidence 0.8. `confidence_by_round` tells how it went.",
                &with(&json!({"max_iterations": rounds(), "limit": limit(10)})),
                &["query"],
                &plain,
                &json!([{"arguments": {"query": "who wrote the parser and why is it slow"}}]),
            ),
        ),
        (
            "reflective_search",
            s::reading(
                "The same as `reflective_retrieve`.",
                "",
                &with(&json!({"max_iterations": rounds(), "limit": limit(10)})),
                &["query"],
                &plain,
                &json!([{"arguments": {"query": "who wrote the parser", "max_iterations": 2}}]),
            ),
        ),
        (
            "retrieve_with_reranking",
            s::reading(
                "Fetches three times as many hits as wanted and judges them anew.",
                "0.7 the judgement of a language model, 0.3 the cosine; without a model the share of the question's words is the judgement.",
                &with(&json!({"limit": limit(10)})),
                &["query"],
                &plain,
                &json!([{"arguments": {"query": "why is the parser slow", "limit": 3}}]),
            ),
        ),
        (
            "route_planning_query",
            s::reading(
                "What tasks, goals, plans and procedures say to a planning question.",
                "Says too whether it is a planning question at all, and which parts it has.",
                &with(&json!({"context": context(&json!({})), "limit": limit(10)})),
                &["query"],
                &outcome(
                    &json!({"is_planning": {"type": "boolean"}, "parts": {"type": "array", "items": {"type": "string"}}}),
                ),
                &json!([{"arguments": {"query": "plan the migration of the database and what blocks it"}}]),
            ),
        ),
        ("allocate_token_budget", budget()),
    ]
}
