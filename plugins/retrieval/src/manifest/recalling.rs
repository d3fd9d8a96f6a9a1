//! `recall`, `retrieve` and `why_not`.

use super::schema::time;
use crate::allocate::SHARES;
use crate::confidence::NO_ANSWER;
use memstrata_sdk::{Value, json};

fn id_list(description: &str, most: u32) -> Value {
    json!({"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1, "maxItems": most,
           "description": description})
}

/// The scope arguments of `recall`; `why_not` takes the same, so that a call can be repeated with only the id added.
pub(super) fn scope() -> Value {
    json!({
        "query": {"type": "string", "minLength": 1, "maxLength": 10_000,
                  "description": "What you want to know, in plain words; names and rare words help most."},
        "budget": {"type": "integer", "minimum": 50, "maximum": 20_000, "default": 300,
                   "description": "Tokens the whole answer may cost (detail summary)."},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        "namespace": {"type": "string", "maxLength": 200,
                      "description": "Only this namespace and below, such as `user:alice`; all if absent."},
        "kinds": {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 20,
                  "description": "Only these kinds, such as `decision`."},
        "layers": {"type": "array", "items": {"type": "string", "maxLength": 40}, "maxItems": 20,
                   "description": "Only these layers, such as `episodic`."},
        "as_of": time("What was true at this time; now if absent. ISO date or time, or ms UTC."),
        "valid_at": time("Another name of `as_of`."),
        "known_at": time("What this memory knew at that time, right or wrong: later corrections are not seen."),
        "since": time("Only what happened at or after this."),
        "until": time("Only what happened before this."),
        "from": time("Another name of `since`."),
        "to": time("Another name of `until`."),
        "collections": {"type": "array", "items": {"type": "string", "maxLength": 80}, "maxItems": 50,
                        "description": "Only these, such as `semantic.memories`; all if absent."},
        "detail": {"type": "string", "enum": ["summary", "full", "ids"], "default": "summary",
                   "description": "full: whole rows, no budget; ids: ids and scores."},
        "budget_strategy": {"type": "string", "enum": SHARES,
            "description": "How hits share the budget by rank; all alike if absent. quality: the best whole; speed, minimal: short."},
        "abstain": {"type": "boolean", "default": false,
                    "description": "Answer nothing if nothing found answers the question (confidence below 0.4)."},
        "min_similarity": {"type": "number", "minimum": -1, "maximum": 1, "default": 0.2,
                           "description": "Drops matches by meaning alone below this cosine."},
    })
}

pub(super) fn recall() -> Value {
    json!({
        "summary": "Recalls what is known about a question, from all memory layers.",
        "description": "Call it before you answer anything that may depend on earlier work, people, preferences or decisions. Searches words, meaning and context at once and answers a summary within `budget` tokens: each hit with its id (m:42), kind, date and why it was found. Superseded facts are left out; `as_of` asks what was true then. `scope` says what was searched; `empty` is true with the reason if nothing was found. Text ending in … is cut: read it whole with `retrieve`. `omitted` counts hits that did not fit.",
        "effect": "read",
        "input": {"type": "object", "properties": scope(), "required": ["query"], "additionalProperties": false},
        "output": {
            "type": "object",
            "properties": {
                "found": {"type": "integer"},
                "truncated": {"type": "boolean"},
                "omitted": {"type": "integer"},
                "empty": {"type": "boolean"},
                "reason": {"type": "string", "enum": ["nothing eligible in scope", "nothing matched", NO_ANSWER]},
                "confidence": {"type": "number", "description": "With `abstain`."},
                "confidence_level": {"type": "string"},
                "hint": {"type": "string"},
                "hits": {"type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "integer"}, "ref": {"type": "string"}, "text": {"type": "string"},
                        "kind": {"type": "string"}, "when": {"type": "string"}, "from": {"type": "string"},
                        "why": {"type": "string", "description": "Rank in each channel that found it."},
                        "trust": {"type": "number"},
                        "also": {"type": "array", "items": {"type": "string"},
                                 "description": "Near-identical memories."},
                        "sources": {"type": "array", "items": {"type": "integer"}, "description": "Ids of its evidence."},
                    },
                    "required": ["id", "ref"],
                }},
                "scope": {"type": "object", "description": "What was searched; of an empty answer also how many rows were `eligible`."},
                "notes": {"type": "array", "items": {"type": "string"},
                          "description": "What the search could not do."},
                "tokens": {"type": "integer", "description": "Estimated cost of this answer."},
            },
            "required": ["found", "truncated", "omitted", "empty", "hits", "scope", "tokens"],
        },
        "examples": [
            {"arguments": {"query": "what does Ada prefer for indentation", "namespace": "user:ada"},
             "note": "A question within one namespace."},
            {"arguments": {"query": "why SQLite", "kinds": ["decision"], "as_of": "2026-11-01", "budget": 150},
             "note": "Decisions that held on a day, short."},
            {"arguments": {"query": "failed deployments", "since": "2026-11-01", "detail": "ids", "limit": 50},
             "note": "Ids alone."},
            {"arguments": {"query": "capital of France", "layers": ["semantic"], "abstain": true, "budget_strategy": "quality"},
             "note": "Rather nothing than what does not answer."},
        ],
    })
}

pub(super) fn retrieve() -> Value {
    json!({
        "summary": "Reads memories in full by id, with their evidence.",
        "description": "The drill-down after `recall`: give the ids it answered. Each row comes whole (detail full) or as its text (summary), with the rows it cites resolved one level, so that you can check what a memory rests on. `history` adds its stored versions; `known_at` shows it as the store knew it then. Ids that cannot be read come back under `missing` with the reason.",
        "effect": "read",
        "input": {
            "type": "object",
            "properties": {
                "ids": id_list("Ids from `recall`, each 42 or \"m:42\".", 50),
                "query": {"type": "string", "minLength": 1, "maxLength": 10_000,
                          "description": "Instead of ids: the rows one search finds."},
                "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10, "description": "With `query`."},
                "namespace": {"type": "string", "maxLength": 200, "description": "With `query`."},
                "detail": {"type": "string", "enum": ["summary", "full"], "default": "full"},
                "sources": {"type": "boolean", "default": true, "description": "Resolve the rows each one cites."},
                "history": {"type": "boolean", "default": false, "description": "The last 20 stored versions too."},
                "known_at": time("As the store knew it then. ISO date or time, or ms UTC."),
            },
            "additionalProperties": false,
        },
        "output": {
            "type": "object",
            "properties": {
                "rows": {"type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "integer"}, "ref": {"type": "string"}, "collection": {"type": "string"},
                        "text": {"type": "string"}, "row": {"type": "object"},
                        "sources": {"type": "array", "items": {"type": "object"}},
                        "history": {"type": "array", "items": {"type": "object"}},
                    },
                    "required": ["id", "ref", "collection", "text"],
                }},
                "missing": {"type": "array", "items": {"type": "object"}},
            },
            "required": ["rows", "missing"],
        },
        "examples": [{"arguments": {"ids": ["m:999999999"]}, "note": "No such memory.", "fault": "not-found"},
                     {"arguments": {"query": "tabs or spaces"}, "note": "Whole rows by a question."},
                     {"arguments": {}, "note": "Neither.", "fault": "invalid.argument"}],
    })
}

pub(super) fn why_not() -> Value {
    let mut properties = scope();
    if let Some(properties) = properties.as_object_mut() {
        properties.insert(
            "id".into(),
            json!({"type": ["integer", "string"], "description": "The memory you expected, 42 or \"m:42\"."}),
        );
    }
    json!({
        "summary": "Says which stage kept a memory out of a recall.",
        "description": "Repeat the arguments of the recall and add the `id` you expected. It checks, in order: exists, deleted, collection, namespace, valid time, time range, kind, whether any channel matches it at all (with its own BM25 and cosine), its rank in a search 200 deep, near-identical hits, confidence (with `abstain`), the token budget. `stage` names the first that drops it, `advice` what to change.",
        "effect": "read",
        "input": {"type": "object", "properties": properties, "required": ["query", "id"],
                  "additionalProperties": false},
        "output": {
            "type": "object",
            "properties": {
                "id": {"type": "integer"}, "ref": {"type": "string"}, "recalled": {"type": "boolean"},
                "stage": {"type": "string"}, "reason": {"type": "string"}, "advice": {"type": "string"},
                "checks": {"type": "array", "items": {"type": "object"}},
            },
            "required": ["id", "ref", "recalled", "stage", "reason", "advice", "checks"],
        },
        "examples": [{"arguments": {"query": "what does Ada prefer", "id": "m:999999999"},
                      "note": "The stage is `exists`."}],
    })
}
