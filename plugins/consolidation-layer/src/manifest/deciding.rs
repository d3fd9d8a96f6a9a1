//! Operations on conflicts: what contradicts what, and who wins.

use super::schema::{self as s, Named, operation};
use crate::resolution::STRATEGIES;
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    vec![
        (
            "list_conflicts",
            operation(
                "read",
                "Memories that contradict each other, newest first, with what they say.",
                "Runs flag them. `open` are those nobody has decided and of which two memories or more still hold.",
                (
                    s::input(
                        &json!({
                            "status": s::word("Which.", &["open", "resolved", "all"], "open"),
                            "kind": {"type": "string", "enum": ["simple", "contradictory", "temporal", "manual"]},
                            "severity": {"type": "string", "enum": ["low", "medium", "high", "critical"]},
                            "limit": s::limit(20),
                            "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::page("conflicts"),
                ),
                &json!([{"arguments": {"status": "all"}}]),
            ),
        ),
        (
            "resolve_conflict",
            operation(
                "write",
                "Decides a conflict: what stands, and what ends now.",
                "timestamp_precedence: the latest stands. merge: the one in `keep`, which may be one you stored for it, stands for all. user_input: those in `keep` stand. keep_both: nothing ends. What ends is not deleted, its valid time ends. Where the layer may not write, the answer says what to call.",
                (
                    s::input(
                        &json!({
                            "conflict": s::id("Of list_conflicts."),
                            "strategy": {"type": "string", "enum": STRATEGIES},
                            "keep": {"type": "array", "items": {"type": ["integer", "string"], "maxLength": 40}, "maxItems": 50, "default": [], "description": "Memories that stand, for merge and user_input."},
                            "note": s::text("Why; kept.", 500),
                        }),
                        &["conflict", "strategy"],
                    ),
                    s::output(
                        &json!({
                            "resolution": {"type": "string"}, "conflict": {"type": "string"}, "status": {"type": "string"}, "strategy": {"type": "string"},
                            "kept": {"type": "array"}, "ended": {"type": "array"}, "to_end": {"type": "array"}, "notes": s::notes(),
                        }),
                        &["resolution", "status", "kept", "ended", "to_end"],
                    ),
                ),
                &json!([{"arguments": {"conflict": 1, "strategy": "keep_both"}, "fault": "not-found.conflict", "note": "Nothing was flagged in this space."}]),
            ),
        ),
    ]
}
