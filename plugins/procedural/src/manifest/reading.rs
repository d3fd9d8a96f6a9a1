//! Operations that find and read procedures, and fill them in.

use super::schema::{self as s, Named, operation};
use super::writing::{executed, release};
use crate::parameter;
use memstrata_sdk::{Value, json};

fn found() -> Value {
    s::output(
        &json!({
            "count": {"type": "integer"},
            "procedures": {"type": "array", "items": {"type": "object"}},
            "reason": {"type": "string", "description": "Why nothing was found."},
            "notes": {"type": "array", "items": {"type": "string"}},
        }),
        &["count", "procedures"],
    )
}

/// A list that goes on: a ranking has no next page.
fn page() -> Value {
    s::output(
        &json!({
            "count": {"type": "integer"},
            "procedures": {"type": "array", "items": {"type": "object"}},
            "next_cursor": {"type": ["string", "null"]},
        }),
        &["count", "procedures"],
    )
}

fn find() -> Value {
    operation(
        "read",
        "Finds procedures for what you are about to do.",
        "Call it before a task that may have been done before. Words and meaning are searched together; each hit has its score, how it was found, and its success rate with where that comes from. `min_success_rate` leaves out what works less often, and what was never done.",
        (
            s::input(
                &json!({
                    "query": s::text("What is to be done, in plain words.", 10_000),
                    "category": s::category("Only this category."),
                    "limit": s::integer("At most this many.", 1, 100, 5),
                    "min_success_rate": s::share("Only those that succeeded at least this often."),
                    "namespace": s::namespace(),
                }),
                &["query"],
            ),
            found(),
        ),
        &json!([
            {"arguments": {"query": "publish a new version"}, "setup": [release()]},
            {"arguments": {"query": "tag", "category": "git", "min_success_rate": 0.5},
             "setup": [release(), executed("success", &json!({}))]},
            {"arguments": {"query": "anything"}, "note": "Nothing is there."},
        ]),
    )
}

fn finding() -> Vec<Named> {
    vec![
        ("find_procedures", find()),
        ("search_procedures", find()),
        (
            "procedures_for_context",
            operation(
                "read",
                "Procedures that apply where you are.",
                "Those with at least one of these `applicable_contexts` (case does not matter); most shared contexts first, then the most assured (lower bound of the Wilson interval of success). Among the 2000 last changed that share one.",
                (
                    s::input(
                        &json!({
                            "contexts": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 100},
                                "minItems": 1, "maxItems": 20, "description": "A language, a tool, a phase."},
                            "category": s::category("Only this category."),
                            "limit": s::integer("At most this many.", 1, 100, 5),
                            "namespace": s::namespace(),
                        }),
                        &["contexts"],
                    ),
                    found(),
                ),
                &json!([{"arguments": {"contexts": ["Git", "rust"]}, "setup": [release()]}]),
            ),
        ),
        (
            "procedures_for_trigger",
            operation(
                "read",
                "Procedures whose trigger a situation meets.",
                "A trigger is words that must all occur, or a glob; alternatives are split by `|`. The most telling trigger comes first, then the most assured. Looks at the 5000 procedures with a trigger that were changed last.",
                (
                    s::input(
                        &json!({
                            "situation": s::text("What happened, or what is to be done.", 10_000),
                            "category": s::category("Only this category."),
                            "limit": s::integer("At most this many.", 1, 100, 5),
                            "namespace": s::namespace(),
                        }),
                        &["situation"],
                    ),
                    found(),
                ),
                &json!([{"arguments": {"situation": "We release version 2 today"}, "setup": [release()]}]),
            ),
        ),
    ]
}

fn one() -> Value {
    operation(
        "read",
        "One procedure in full.",
        "Template, parameters, steps, examples, running success rate, usage and mean time.",
        (
            s::input(&json!({"procedure": s::procedure()}), &["procedure"]),
            s::output(
                &json!({
                    "id": {"type": "integer"}, "ref": {"type": "string"}, "name": {"type": "string"},
                    "category": {"type": "string"}, "version": {"type": "integer"},
                    "success_rate": {"type": ["number", "null"]}, "usage_count": {"type": "integer"},
                    "avg_completion_time_ms": {"type": ["number", "null"]}, "last_used": {"type": ["integer", "null"]},
                }),
                &["id", "ref", "name", "success_rate", "usage_count"],
            ),
        ),
        &json!([
            {"arguments": {"procedure": "Tag a release"}, "setup": [release()]},
            {"arguments": {"procedure": "Tag a relase"}, "fault": "not-found.procedure"},
        ]),
    )
}

fn reading() -> Vec<Named> {
    vec![
        ("get_procedure", one()),
        (
            "list_procedures",
            operation(
                "read",
                "Lists procedures page by page.",
                "`sort_by` recent (last changed), created, name, used (most often executed), last_used. Those never executed may be missing from `used` and `last_used` if another component wrote them. get_procedure has template and steps.",
                (
                    s::input(
                        &json!({
                            "category": s::category("Only this category."),
                            "created_by": s::created_by(),
                            "sort_by": {"type": "string", "enum": ["recent", "created", "name", "used", "last_used"], "default": "recent"},
                            "limit": s::integer("Rows a page.", 1, 200, 20),
                            "cursor": s::cursor(),
                            "namespace": s::namespace(),
                        }),
                        &[],
                    ),
                    page(),
                ),
                &json!([
                    {"arguments": {"category": "git", "limit": 1}, "setup": [release()]},
                    {"arguments": {"sort_by": "used"}, "setup": [release(), executed("success", &json!({}))]},
                ]),
            ),
        ),
        (
            "procedure_history",
            operation(
                "read",
                "How a procedure came to be what it is.",
                "Its last 50 versions, oldest first, each with what changed; deleted procedures too, by id.",
                (
                    s::input(&json!({"procedure": s::procedure()}), &["procedure"]),
                    s::output(
                        &json!({"id": {"type": "integer"}, "versions": {"type": "array", "items": {"type": "object"}}}),
                        &["id", "versions"],
                    ),
                ),
                &json!([{"arguments": {"procedure": "Tag a release"},
                    "setup": [release(), {"operation": "update_procedure", "arguments": {"procedure": "Tag a release", "description": "x"}}]}]),
            ),
        ),
        (
            "procedure_stats",
            operation(
                "read",
                "Counts of the layer.",
                "Procedures by category and author, executions by outcome, mean success and time over all executions.",
                (
                    s::input(&json!({"namespace": s::namespace()}), &[]),
                    s::output(
                        &json!({
                            "procedures": {"type": "integer"}, "by_category": {"type": "object"}, "by_author": {"type": "object"},
                            "executed": {"type": "integer", "description": "Procedures done at least once."},
                            "executions": {"type": "integer"}, "by_outcome": {"type": "object"},
                            "success_rate": {"type": ["number", "null"]}, "avg_completion_time_ms": {"type": ["number", "null"]},
                        }),
                        &["procedures", "by_category", "executions", "by_outcome"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": [release(), executed("partial", &json!({}))]}]),
            ),
        ),
    ]
}

pub(super) fn operations() -> Vec<Named> {
    let mut operations = [finding(), reading()].concat();
    operations.push((
        "execute_procedure",
        operation(
            "read",
            "Fills a procedure in: its template and steps with your values.",
            "Answers text to follow; it runs nothing and records nothing. Missing required variables, unknown ones and wrong types are refused by name. Defaults stand in for what is not given. Afterwards call record_execution.",
            (
                s::input(
                    &json!({"procedure": s::procedure(), "variables": s::variables("A value for each variable.", parameter::MOST)}),
                    &["procedure"],
                ),
                s::output(
                    &json!({
                        "procedure": {"type": "integer"}, "name": {"type": "string"}, "version": {"type": "integer"},
                        "filled": {"type": "string"}, "steps": {"type": "array", "items": {"type": "object"}},
                        "variables": {"type": "object", "description": "Every value as it was filled in."},
                    }),
                    &["procedure", "name", "filled", "steps", "variables"],
                ),
            ),
            &json!([
                {"arguments": {"procedure": "Tag a release", "variables": {"version": "2.0.0"}}, "setup": [release()]},
                {"arguments": {"procedure": "Tag a release", "variables": {"verson": 2}}, "setup": [release()],
                 "fault": "invalid.argument", "note": "`version` is missing, `verson` unknown."},
                {"arguments": {"procedure": "Hm"}, "setup": [{"operation": "create_procedure", "arguments": {"name": "Hm"}}],
                 "fault": "invalid.procedure", "note": "It has neither template nor steps."},
            ]),
        ),
    ));
    operations
}
