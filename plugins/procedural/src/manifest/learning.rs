//! Operations that look at executions and at events: effectiveness, suggestions, workflows, extraction.

use super::schema::{self as s, Named, operation};
use super::writing::{executed, release};
use crate::outcomes::Outcome;
use memstrata_sdk::{Value, json};

/// Three executions with a lesson.
fn done() -> Value {
    json!([
        release(),
        executed("success", &json!({})),
        executed("success", &json!({"learned": "Tag only what is pushed."})),
        executed("failure", &json!({"failed_step": 3, "learned": "Log in to the remote first."})),
    ])
}

fn measuring() -> Vec<Named> {
    vec![
        (
            "list_executions",
            operation(
                "read",
                "Executions, newest first.",
                "Of one procedure, or of all; by outcome or session.",
                (
                    s::input(
                        &json!({
                            "procedure": s::procedure(),
                            "outcome": {"type": "string", "enum": Outcome::NAMES},
                            "session_id": s::text("Only of this session.", 200),
                            "limit": s::integer("Rows a page.", 1, 200, 20),
                            "cursor": s::cursor(),
                            "namespace": s::namespace(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"count": {"type": "integer"}, "executions": {"type": "array", "items": {"type": "object"}},
                                "next_cursor": {"type": ["string", "null"]}}),
                        &["count", "executions", "next_cursor"],
                    ),
                ),
                &json!([{"arguments": {"procedure": "Tag a release", "outcome": "failure"}, "setup": done()}]),
            ),
        ),
        (
            "get_procedure_effectiveness",
            operation(
                "read",
                "How well a procedure works, from its recorded executions.",
                "Success rate with its 95 % Wilson interval, and a verdict: proven or failing if the whole interval is above or below the wanted rate, else open. Mean over all, median, 90th percentile, versions and failed steps over the newest 500 executions.",
                (
                    s::input(
                        &json!({"procedure": s::procedure(), "wanted": s::share("The rate it is judged against; 0.7 unless the operator says otherwise.")}),
                        &["procedure"],
                    ),
                    s::output(
                        &json!({
                            "id": {"type": "integer"}, "name": {"type": "string"},
                            "verdict": {"type": "string", "enum": ["untried", "proven", "failing", "open"]},
                            "wanted": {"type": "number"}, "total_executions": {"type": "integer"},
                            "success_rate": {"type": ["number", "null"]}, "interval": {"type": ["object", "null"]},
                            "time_ms": {"type": "object"}, "by_version": {"type": "array"}, "failed_at": {"type": "array"},
                            "looked_at": {"type": "integer"},
                        }),
                        &["id", "name", "verdict", "total_executions", "success_rate", "interval", "time_ms"],
                    ),
                ),
                &json!([
                    {"arguments": {"procedure": "Tag a release"}, "setup": done()},
                    {"arguments": {"procedure": "Tag a release", "wanted": 0.5}, "setup": [release()]},
                ]),
            ),
        ),
        (
            "summarize_procedures",
            operation(
                "read",
                "What the procedures for a query come to, in numbers.",
                "How many there are, how many reach the threshold, their mean, range and total executions, the best five ids. What was never done and not learned from events has no rate and counts as `unrated_count`.",
                (
                    s::input(
                        &json!({
                            "query": s::text("What is to be done.", 10_000),
                            "limit": s::integer("Procedures looked at.", 1, 100, 10),
                            "effectiveness_threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5,
                                "description": "The least success rate that counts."},
                            "namespace": s::namespace(),
                        }),
                        &["query"],
                    ),
                    s::output(
                        &json!({
                            "found_count": {"type": "integer"}, "effective_count": {"type": "integer"},
                            "unrated_count": {"type": "integer"}, "avg_effectiveness": {"type": ["number", "null"]},
                            "effectiveness_range": {"type": ["array", "null"]}, "total_executions": {"type": "integer"},
                            "total_successes": {"type": "integer"}, "top_procedure_ids": {"type": "array", "items": {"type": "integer"}},
                        }),
                        &["found_count", "avg_effectiveness", "total_executions", "top_procedure_ids"],
                    ),
                ),
                &json!([{"arguments": {"query": "release"}, "setup": done()}]),
            ),
        ),
    ]
}

fn suggesting() -> Vec<Named> {
    let suggestions = json!({"type": "array", "items": {"type": "object", "properties": {
        "key": {"type": "string"}, "kind": {"type": "string"}, "suggestion": {"type": "string"},
        "evidence": {"type": "array", "items": {"type": "integer"}}, "applicable": {"type": "boolean"}},
        "required": ["key", "suggestion", "evidence", "applicable"]}});
    vec![
        (
            "suggest_procedure_improvements",
            operation(
                "read",
                "What its recorded executions say a procedure should change.",
                "Each suggestion has its numbers and the executions it rests on: low success, a step that fails, a value that goes with failure, a version that made it worse, growing times, values that could be defaults, lessons not yet in it. Nothing is said below 3 executions. Those `applicable` can be given to apply_suggestion.",
                (
                    s::input(&json!({"procedure": s::procedure()}), &["procedure"]),
                    s::output(
                        &json!({"id": {"type": "integer"}, "name": {"type": "string"}, "suggestions": suggestions,
                                "looked_at": {"type": "integer"}, "reason": {"type": "string"}}),
                        &["id", "name", "suggestions", "looked_at"],
                    ),
                ),
                &json!([
                    {"arguments": {"procedure": "Tag a release"}, "setup": done()},
                    {"arguments": {"procedure": "Tag a release"}, "setup": [release()], "note": "Too few executions."},
                ]),
            ),
        ),
        (
            "get_pattern_suggestions",
            operation(
                "read",
                "Chains of events that recur, and what each lacks to become a procedure.",
                "By the rules of extract_procedures. Tells what its last run without `limit` and `lookback_days` found (one a day), at `computed_at`. Where there is none, or with `lookback_days`, looks at the newest 200 events; `fresh` at 10000, which takes longer. `known` names the procedure a chain has become. Those that lack nothing can be given to apply_suggestion by their signature.",
                (
                    s::input(
                        &json!({
                            "lookback_days": {"type": "integer", "minimum": 1, "maximum": 3650, "description": "30 unless the operator says otherwise."},
                            "limit": s::integer("At most this many.", 1, 100, 10),
                            "fresh": s::flag("Study the events now.", false),
                            "namespace": s::namespace(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"count": {"type": "integer"}, "patterns": {"type": "array", "items": {"type": "object"}},
                                "events": {"type": ["integer", "null"], "description": "Events that were read; null where a study of the whole space answers for a namespace."}, "computed_at": {"type": "integer"}, "notes": {"type": "array", "items": {"type": "string"}}}),
                        &["count", "patterns", "events", "computed_at"],
                    ),
                ),
                &json!([
                    {"arguments": {}, "note": "No events are there."},
                    {"arguments": {}, "setup": [{"operation": "extract_procedures", "arguments": {}}], "note": "Of the kept study."},
                ]),
            ),
        ),
        (
            "apply_suggestion",
            operation(
                "write",
                "Applies a suggestion: improves a procedure, or makes one of a pattern.",
                "Either `procedure` and the `key` of one of its applicable suggestions, or the `signature` of a pattern that lacks nothing, with a `name` if you like. The suggestion is made anew from what is recorded now; if it no longer holds, it is `not-found.suggestion`.",
                (
                    s::input(
                        &json!({
                            "procedure": s::procedure(),
                            "key": s::text("The key of the suggestion, such as `default:branch`.", 200),
                            "signature": s::text("The signature of the pattern.", 5_000),
                            "name": s::text("The new procedure's name.", 100),
                            "namespace": {"type": "string", "maxLength": 200, "description": "The pattern's namespace, where several have that signature."},
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"id": {"type": "integer"}, "ref": {"type": "string"}, "name": {"type": "string"},
                                "applied": {"type": "string"}, "changed": {"type": "array", "items": {"type": "string"}},
                                "evidence": {"type": "array", "items": {"type": "integer"}}}),
                        &["id", "ref", "name", "applied"],
                    ),
                ),
                &json!([
                    {"arguments": {"procedure": "Tag a release", "key": "default:version"},
                     "setup": [
                        release(),
                        executed("success", &json!({"variables": {"version": "next"}})), executed("success", &json!({"variables": {"version": "next"}})),
                        executed("success", &json!({"variables": {"version": "next"}})), executed("success", &json!({"variables": {"version": "next"}})),
                        executed("success", &json!({"variables": {"version": "next"}})),
                     ]},
                    {"arguments": {"procedure": "Tag a release", "key": "rework"}, "setup": done(), "fault": "not-found.suggestion"},
                    {"arguments": {"signature": "action:success>action:success>action:success"}, "fault": "not-found.suggestion"},
                    {"arguments": {"key": "rework"}, "fault": "invalid.argument"},
                ]),
            ),
        ),
    ]
}

fn learning() -> Vec<Named> {
    vec![
        (
            "generate_workflow_from_task",
            operation(
                "read",
                "A workflow for a task, from the steps of the procedures that match it best.",
                "Steps of several procedures are merged in order; each names the procedures it is from. With `steps_taken`, the known steps that were left out are put between them. `draft` fits create_procedure, `record` fits record_execution. Nothing is stored.",
                (
                    s::input(
                        &json!({
                            "task_description": s::text("The task, in plain words.", 10_000),
                            "steps_taken": s::steps("What was done already, in order."),
                            "outcome": {"type": "string", "enum": ["", "success", "failure", "partial"], "default": "", "description": "How it ended, if it has."},
                            "duration_mins": {"type": "number", "minimum": 0, "maximum": 527_040, "description": "How long it took."},
                            "procedures": s::integer("At most this many procedures are drawn on.", 1, 10, 3),
                            "category": s::category("Only of this category."),
                            "namespace": s::namespace(),
                        }),
                        &["task_description"],
                    ),
                    s::output(
                        &json!({
                            "steps": {"type": "array", "items": {"type": "object"}},
                            "drawn_on": {"type": "array", "items": {"type": "object"}},
                            "left_out": {"type": "array", "items": {"type": "integer"}, "description": "Numbers of known steps that were not taken."},
                            "draft": {"type": "object"}, "record": {"type": ["object", "null"]}, "reason": {"type": "string"},
                        }),
                        &["steps", "drawn_on", "draft"],
                    ),
                ),
                &json!([
                    {"arguments": {"task_description": "Tag and push a release"}, "setup": [release()]},
                    {"arguments": {"task_description": "Tag a release", "steps_taken": ["Push the tag to origin"], "outcome": "success", "duration_mins": 5},
                     "setup": [release()]},
                    {"arguments": {"task_description": "Bake bread"}, "note": "Nothing matches."},
                ]),
            ),
        ),
        (
            "extract_procedures",
            operation(
                "write",
                "Learns procedures from chains of events that recurred and went well.",
                "Reads the events of the last days; chains of a session with the same sequence of type:outcome, seen often enough and successful enough, become procedures with steps, variables where they differ, contexts, examples, and the events as `sources`. Run again it changes nothing but evidence; what you edited stays. `dry_run` shows what would be stored.",
                (
                    s::input(
                        &json!({
                            "lookback_days": {"type": "integer", "minimum": 1, "maximum": 3650, "description": "30 unless the operator says otherwise."},
                            "dry_run": s::flag("Store nothing.", false),
                            "limit": s::integer("At most this many events, the newest.", 5, 20_000, 10_000),
                            "namespace": s::namespace(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({
                            "dry_run": {"type": "boolean"}, "events": {"type": "integer"}, "chains": {"type": "integer"},
                            "patterns": {"type": "integer"},
                            "created": {"type": "array", "items": {"type": "object"}}, "updated": {"type": "array", "items": {"type": "object"}},
                            "unchanged": {"type": "integer"}, "skipped": {"type": "array", "items": {"type": "object"}},
                            "reason": {"type": "string"}, "notes": {"type": "array", "items": {"type": "string"}},
                        }),
                        &["dry_run", "events", "chains", "created", "updated", "unchanged"],
                    ),
                ),
                &json!([
                    {"arguments": {"dry_run": true}, "note": "No events are there: the reason says so."},
                    {"arguments": {"lookback_days": 7}},
                ]),
            ),
        ),
    ]
}

pub(super) fn operations() -> Vec<Named> {
    [measuring(), suggesting(), learning()].concat()
}
