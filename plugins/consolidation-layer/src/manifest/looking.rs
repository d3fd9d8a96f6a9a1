//! Operations that show records: runs, comparisons, promotions, derived memories and where they come from.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    vec![
        (
            "list_runs",
            operation(
                "read",
                "Consolidation runs, newest first.",
                "As the host recorded them: what ran, what set it off, what it created, changed and ended, how it went.",
                (
                    s::input(
                        &json!({
                            "status": {"type": "string", "enum": ["running", "done", "partial", "failed", "cancelled", "undone"]},
                            "strategy": s::text("Only of this configured strategy.", 60),
                            "request": s::id("Only those this request set off."),
                            "limit": s::limit(20),
                            "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::page("runs"),
                ),
                &json!([{"arguments": {"limit": 5}}]),
            ),
        ),
        (
            "get_run",
            operation(
                "read",
                "One run with its measures and units; or what became of a request.",
                "By `run`, or by the `request` that run_consolidation gave: `run` is null until the host has begun it, with a word why.",
                (
                    s::input(
                        &json!({
                            "run": s::text("A run's name (`r..`), or `latest`.", 60),
                            "request": s::id("Of run_consolidation."),
                            "units": s::flag("Its units too, 200 at most.", true),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({
                            "run": {"type": ["object", "null"]}, "status": {"type": "string"}, "why": {"type": ["string", "null"]},
                            "measures": {"type": ["object", "null"]}, "quality": {"type": ["object", "null"]}, "units": s::objects(),
                            "request": {"type": ["object", "null"]},
                        }),
                        &["run", "status"],
                    ),
                ),
                &json!([
                    {"arguments": {"request": 1}, "setup": [{"operation": "run_consolidation", "arguments": {}}], "note": "Asked for, not begun yet."},
                    {"arguments": {"request": 1}, "fault": "not-found.request", "note": "Nothing was asked for in this space."},
                    {"arguments": {"run": "latest"}, "fault": "not-found.run", "note": "Nothing has run in this space."},
                ]),
            ),
        ),
        (
            "list_comparisons",
            operation(
                "read",
                "Shadow comparisons of strategies, newest first.",
                "Each strategy tried on a copy of the space as of one instant, with its scores; nothing of it was kept.",
                (s::input(&json!({"limit": s::limit(10), "cursor": s::cursor()}), &[]), s::page("comparisons")),
                &json!([{"arguments": {}}]),
            ),
        ),
        (
            "get_strategy_history",
            operation(
                "read",
                "Which strategy was made the active one, when and why.",
                "`active` is the strategy of the latest promotion that stands; null with a word why if there was none: then the configuration says which.",
                (
                    s::input(&json!({"limit": s::limit(20), "cursor": s::cursor()}), &[]),
                    s::output(
                        &json!({
                            "active": {"type": ["string", "null"]}, "why": {"type": ["string", "null"]}, "promotions": s::objects(),
                            "count": {"type": "integer"}, "next_cursor": {"type": ["string", "null"]},
                        }),
                        &["active", "promotions", "count", "next_cursor"],
                    ),
                ),
                &json!([{"arguments": {}}]),
            ),
        ),
        (
            "list_patterns",
            operation(
                "read",
                "Memories that consolidation derived, newest first.",
                "Those that hold now, with how many rows bear them out. `type` is the strategy's tag, such as `decision` or `tdd-cycle`.",
                (
                    s::input(
                        &json!({
                            "type": s::text("Only of this kind.", 60),
                            "min_confidence": {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
                            "namespace": s::namespace(),
                            "limit": s::limit(20),
                            "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::page("patterns"),
                ),
                &json!([{"arguments": {"min_confidence": 0.8}}]),
            ),
        ),
        (
            "get_pattern",
            operation(
                "read",
                "A derived memory with its evidence, and how far that bears it out.",
                "`grounding` is the share of its words that the events it cites say too, halved for each number, name or negation that none of them has.",
                (
                    s::input(&json!({"id": s::id("The memory.")}), &["id"]),
                    s::output(
                        &json!({"pattern": {"type": "object"}, "evidence": s::objects(), "grounding": {"type": ["object", "null"]}, "notes": s::notes()}),
                        &["pattern", "evidence", "grounding"],
                    ),
                ),
                &json!([{"arguments": {"id": "m:1"}, "fault": "not-found", "note": "There is no memory yet."}]),
            ),
        ),
        (
            "explain_memory",
            operation(
                "read",
                "Where a memory comes from: run, strategy, unit, evidence, and what changed it since.",
                "Of any layer's memory. `origin` is null with a word why if no run made it: then a caller or a layer wrote it.",
                (
                    s::input(&json!({"id": s::id("The memory.")}), &["id"]),
                    s::output(
                        &json!({
                            "id": {"type": "string"}, "collection": {"type": "string"}, "says": {"type": ["string", "null"]},
                            "holds": {"type": "boolean"}, "origin": {"type": ["object", "null"]}, "why": {"type": ["string", "null"]},
                            "evidence": s::objects(), "changes": s::objects(), "conflicts": s::objects(),
                        }),
                        &["id", "collection", "holds", "origin", "evidence", "changes"],
                    ),
                ),
                &json!([{"arguments": {"id": 42}, "fault": "not-found", "note": "There is no memory yet."}]),
            ),
        ),
    ]
}
