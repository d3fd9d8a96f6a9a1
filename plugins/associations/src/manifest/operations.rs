//! The operations, each with its schemas and examples.
//!
//! The kit runs an example in a space where this layer is alone, so what is linked there are cues: ids 1, 2, 3.

use crate::cue;
use crate::spreading::MOST_REACHED;
use memstrata_sdk::schema::{self as s, Named, operation_of as operation, step};
use memstrata_sdk::{Value, json};

/// Memories of one call, at most: twenty make 190 links.
const MOST_IDS: usize = 20;
/// An id no example has.
const NONE: u64 = 999_999_999;

fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "maxLength": 24, "description": format!("{description} 42 or \"m:42\".")})
}

fn ids(description: &str) -> Value {
    json!({"type": "array", "items": id("A memory, or a cue."), "minItems": 1, "maxItems": MOST_IDS, "description": description})
}

fn limit() -> Value {
    s::integer_or("How many.", 1, i64::try_from(MOST_REACHED).unwrap_or(100), 20)
}

fn many(required: &[&str]) -> Value {
    json!({"type": "array", "items": {"type": "object", "required": required}})
}

fn next() -> Value {
    json!({"type": ["string", "null"]})
}

fn cue(text: &str) -> Value {
    step("add_cue", &json!({"text": text}))
}

fn pair() -> Value {
    json!({"from_id": 1, "to_id": 2})
}

/// Three cues, and the first strongly linked to the second and the second to the third.
fn linked() -> Vec<Value> {
    let strong = |from: u64, to: u64| vec![step("strengthen", &json!({"from_id": from, "to_id": to})); 5];
    [vec![cue("release"), cue("changelog"), cue("tag")], strong(1, 2), strong(2, 3)].concat()
}

pub(super) fn operations() -> Vec<Named> {
    [linking(), activating(), cueing(), tending()].concat()
}

fn linking() -> Vec<Named> {
    let ends = json!({"from_id": id("The memory it starts from."), "to_id": id("The memory it leads to.")});
    let link = json!({"from_id": {"type": "integer"}, "to_id": {"type": "integer"}, "weight": {"type": "number", "minimum": 0, "maximum": 1},
                      "created": {"type": "boolean"}});
    let linked_answer = ["from_id", "to_id", "weight", "created"];
    let gone =
        json!({"arguments": {"from_id": 1, "to_id": NONE}, "setup": [cue("release")], "fault": "not-found.memory"});
    let two = || vec![cue("release"), cue("changelog")];
    let weakened =
        [two(), vec![step("strengthen", &pair()), step("weaken", &pair()), step("prune_associations", &json!({}))]]
            .concat();
    let young = [
        two(),
        vec![
            step("record_coactivation", &json!({"memory_ids": [1, 2], "gap_ms": 60_000})),
            step("prune_associations", &json!({})),
        ],
    ]
    .concat();
    vec![
        (
            "strengthen",
            operation(
                (
                    "write",
                    "Strengthens a link by 0.1, making it if there is none.",
                    "A link has a direction; the way back is another one. Weights are 0 to 1.",
                ),
                (&ends, &["from_id", "to_id"]),
                (&link, &linked_answer),
                &json!([{"arguments": pair(), "setup": two()}, gone,
                        {"arguments": {"from_id": 1, "to_id": 1}, "setup": [cue("release")], "fault": "invalid.argument"}]),
            ),
        ),
        (
            "weaken",
            operation(
                (
                    "write",
                    "Weakens a link by 0.05.",
                    "Below 0.1 it is pruned at the next pruning, however young it is.",
                ),
                (&ends, &["from_id", "to_id"]),
                (&link, &linked_answer),
                &json!([
                    {"arguments": pair(), "setup": [cue("release"), cue("changelog"), step("strengthen", &pair())]},
                    {"arguments": pair(), "setup": young, "note": "A link of today, active a minute apart (0.05), outlives a pruning."},
                    {"arguments": pair(), "setup": weakened, "fault": "not-found.link", "note": "Weakened below 0.1 and pruned."},
                    {"arguments": pair(), "setup": two(), "fault": "not-found.link"},
                    gone,
                ]),
            ),
        ),
        (
            "record_coactivation",
            operation(
                (
                    "write",
                    "Records memories that were active together, in their order: each earlier one is linked to each later one.",
                    "The weight grows by 0.1 x activation x activation x (1 - weight) x time, where time falls from 1 to 0.5 as two are up to 60 s apart.",
                ),
                (
                    &json!({"memory_ids": ids("In the order they were active."),
                            "activation": {"type": "number", "minimum": 0, "maximum": 1, "default": 1.0, "description": "How active each was."},
                            "activations": {"type": ["array", "null"], "items": {"type": "number", "minimum": 0, "maximum": 1}, "maxItems": MOST_IDS,
                                            "description": "How active each was, one number for each; in place of `activation`."},
                            "gap_ms": s::integer_or("Time between one and the next.", 0, 86_400_000, 0)}),
                    &["memory_ids"],
                ),
                (
                    &json!({"links": many(&["from_id", "to_id", "weight", "created"]), "count": {"type": "integer"}}),
                    &["links", "count"],
                ),
                &json!([
                    {"arguments": {"memory_ids": [1, 2, 3], "gap_ms": 30_000}, "setup": [cue("release"), cue("changelog"), cue("tag")]},
                    {"arguments": {"memory_ids": ["m:1", "m:2"], "activations": [1, 0.5]}, "setup": two()},
                    {"arguments": {"memory_ids": [1, 1]}, "setup": two(), "fault": "invalid.argument"},
                    {"arguments": {"memory_ids": [1, NONE]}, "setup": two(), "fault": "not-found.memory"},
                ]),
            ),
        ),
        (
            "get_linked",
            operation(
                (
                    "read",
                    "The memories a memory is linked to, strongest first, with what is left of each weight now.",
                    "A link to a memory that is gone is not shown; a page may then be shorter than `limit`.",
                ),
                (
                    &json!({"memory_id": id("The memory."), "direction": s::or(s::choice(&["out", "in"], "out: links that start from it; in: links that lead to it."), "out"),
                            "limit": limit(), "cursor": s::cursor()}),
                    &["memory_id"],
                ),
                (
                    &json!({"memory_id": {"type": "integer"}, "linked": many(&["id", "ref", "collection", "weight", "uses"]),
                            "count": {"type": "integer"}, "next_cursor": next()}),
                    &["memory_id", "linked", "count", "next_cursor"],
                ),
                &json!([{"arguments": {"memory_id": 1}, "setup": linked()}, {"arguments": {"memory_id": 3, "direction": "in"}, "setup": linked()},
                        {"arguments": {"memory_id": NONE}, "fault": "not-found.memory"}]),
            ),
        ),
    ]
}

fn activating() -> Vec<Named> {
    let prime = || step("prime", &json!({"memory_ids": [1, 2]}));
    let primed = [linked(), vec![step("prime", &json!({"memory_ids": [2]}))]].concat();
    vec![
        (
            "spread_activation",
            operation(
                (
                    "read",
                    "What comes to mind with some memories: activation spread over links.",
                    "3 hops, activation x weight x 0.7 a hop, from 0.1 up; of several ways the strongest counts. `score` is the activation times the factor of what is primed, and orders the answer.",
                ),
                (&json!({"memory_ids": ids("Where it starts."), "limit": limit()}), &["memory_ids"]),
                (
                    &json!({"activated": many(&["id", "ref", "collection", "activation", "hops", "priming", "score"]), "count": {"type": "integer"}}),
                    &["activated", "count"],
                ),
                &json!([{"arguments": {"memory_ids": [1]}, "setup": linked()},
                        {"arguments": {"memory_ids": [1]}, "setup": primed, "note": "2 is primed."},
                        {"arguments": {"memory_ids": [NONE]}, "fault": "not-found.memory"}]),
            ),
        ),
        (
            "prime",
            operation(
                (
                    "write",
                    "Primes memories now.",
                    "For an hour they come to mind more easily: factor 2 for 5 minutes, 1.5 to 30, 1.2 to 60.",
                ),
                (&json!({"memory_ids": ids("What is in mind.")}), &["memory_ids"]),
                (
                    &json!({"primed": {"type": "array", "items": {"type": "integer"}}, "factor": {"type": "number"}, "until": {"type": "integer"}}),
                    &["primed", "factor", "until"],
                ),
                &json!([{"arguments": {"memory_ids": [1]}, "setup": [cue("release")]}, {"arguments": {"memory_ids": [NONE]}, "fault": "not-found.memory"}]),
            ),
        ),
        (
            "get_primed",
            operation(
                ("read", "Memories primed in the last hour, the latest first, with their factor now.", ""),
                (&json!({"limit": limit(), "cursor": s::cursor()}), &[]),
                (
                    &json!({"primed": many(&["id", "ref", "collection", "factor", "primed_at"]), "count": {"type": "integer"}, "next_cursor": next()}),
                    &["primed", "count", "next_cursor"],
                ),
                &json!([{"arguments": {}, "setup": [cue("release"), cue("changelog"), prime()]}, {"arguments": {"limit": 1}, "setup": [cue("release"), cue("changelog"), prime()]}, {"arguments": {}}]),
            ),
        ),
    ]
}

fn cueing() -> Vec<Named> {
    vec![
        (
            "add_cue",
            operation(
                (
                    "write",
                    "Adds a cue: a word or a phrase that memories can be linked to.",
                    "It may stand wherever a memory's id may. The same words in the same namespace are the same cue.",
                ),
                (
                    &json!({"text": s::text("The words.", cue::MOST), "namespace": s::maybe_text("Where it belongs.", 200)}),
                    &["text"],
                ),
                (
                    &json!({"id": {"type": "integer"}, "ref": {"type": "string"}, "created": {"type": "boolean"}}),
                    &["id", "ref", "created"],
                ),
                &json!([{"arguments": {"text": "release day"}}, {"arguments": {"text": "Release  Day"}, "setup": [cue("release day")], "note": "The same one."},
                        {"arguments": {"text": "  "}, "fault": "invalid.argument"}]),
            ),
        ),
        (
            "list_cues",
            operation(
                ("read", "The cues, in the order of their words.", ""),
                (
                    &json!({"prefix": s::maybe_text("Only those that begin so.", cue::MOST), "namespace": s::maybe_text("Only this namespace and below.", 200),
                            "limit": limit(), "cursor": s::cursor()}),
                    &[],
                ),
                (
                    &json!({"cues": many(&["id", "ref", "text", "namespace"]), "count": {"type": "integer"}, "next_cursor": next()}),
                    &["cues", "count", "next_cursor"],
                ),
                &json!([{"arguments": {"prefix": "rel"}, "setup": [cue("release"), cue("changelog")]}, {"arguments": {"limit": 1}, "setup": [cue("release"), cue("tag")]}]),
            ),
        ),
        (
            "delete_cue",
            operation(
                ("destructive", "Deletes a cue and its links.", ""),
                (&json!({"cue_id": id("The cue.")}), &["cue_id"]),
                (&json!({"deleted": {"type": "integer"}, "links": {"type": "integer"}}), &["deleted", "links"]),
                &json!([{"arguments": {"cue_id": 2}, "setup": linked()}, {"arguments": {"cue_id": NONE}, "fault": "not-found.cue"}]),
            ),
        ),
    ]
}

fn tending() -> Vec<Named> {
    vec![
        (
            "prune_associations",
            operation(
                (
                    "destructive",
                    "Deletes links that have faded below 0.1 and what is primed no longer; 500 of each a call.",
                    "A weight loses 5 % a day without use (half-life 13.5 days). Younger than `minimum_age_days` a link goes only if `weaken` took it below 0.1. Runs by itself every hour.",
                ),
                (&json!({}), &[]),
                (
                    &json!({"pruned": {"type": "integer"}, "unprimed": {"type": "integer"}, "more": {"type": "boolean"}}),
                    &["pruned", "unprimed", "more"],
                ),
                &json!([{"arguments": {}, "setup": [cue("release"), cue("tag"), step("strengthen", &pair()), step("weaken", &pair())], "note": "Prunes one."},
                        {"arguments": {}}]),
            ),
        ),
        (
            "statistics",
            operation(
                ("read", "Counts links, those due to be pruned, cues, and memories primed in the last hour.", ""),
                (&json!({}), &[]),
                (
                    &json!({"links": {"type": "integer"}, "prunable": {"type": "integer"}, "cues": {"type": "integer"}, "primed": {"type": "integer"}}),
                    &["links", "prunable", "cues", "primed"],
                ),
                &json!([{"arguments": {}, "setup": linked()}, {"arguments": {}}]),
            ),
        ),
    ]
}
