//! Operations on what is held back from attention.

use super::schema::{self as s, Named, adding, operation};
use crate::inhibition::KINDS;
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    let one = json!([adding("An old way to deploy", "verbal")]);
    let inhibited = json!([adding("An old way to deploy", "verbal"), {"operation": "inhibit", "arguments": {}}]);
    vec![
        (
            "inhibit",
            operation(
                "write",
                "Holds a memory back from attention for a while.",
                "The strength halves every 1800 s; records on one memory add up, to 1 at most. From 0.3 on it is inhibited: search and auto_focus_top_memories leave it out. Below 0.01 the record is removed. `kind`: proactive, old learning holds back new; retroactive, new holds back old; selective, you do.",
                (
                    s::input(
                        &json!({
                            "memory_id": s::id("The memory, event or item; the newest held item if absent."),
                            "strength": s::share_or("How strongly.", 0.5),
                            "kind": s::choice_or(&KINDS, "selective", "Why it is held back."),
                            "duration_s": {"type": "integer", "minimum": 1, "maximum": 31_536_000, "description": "Ends it after so many seconds in any case."},
                            "reason": s::text("Why.", 500),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"inhibition_id": s::of("integer"), "memory_id": s::of("integer"), "layer": s::of("string"), "strength": s::of("number"),
                                "inhibited": s::of("boolean"), "gone_in_s": s::of("integer")}),
                        &["inhibition_id", "memory_id", "layer", "strength", "inhibited"],
                    ),
                ),
                &json!([
                    {"arguments": {"strength": 0.9, "kind": "retroactive"}, "setup": one},
                    {"arguments": {"memory_id": 999_999_999}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "release_inhibition",
            operation(
                "write",
                "Ends the inhibition of a memory, or one record of it.",
                "By `memory_id` all its records, by `inhibition_id` one; without either, all of the session.",
                (
                    s::input(
                        &json!({"memory_id": s::id("The memory."), "inhibition_id": s::id("Or one record."), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(&json!({"released": s::integers(), "count": s::of("integer")}), &["released", "count"]),
                ),
                &json!([{"arguments": {}, "setup": inhibited}, {"arguments": {"memory_id": 999_999_999}, "note": "Nothing to release."}]),
            ),
        ),
        (
            "get_inhibition",
            operation(
                "read",
                "How strongly a memory is held back now.",
                "The sum of what is left of its records, and whether that is 0.3 or more.",
                (
                    s::input(
                        &json!({"memory_id": s::id("The memory; the newest held item if absent."), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"memory_id": s::of("integer"), "strength": s::of("number"), "inhibited": s::of("boolean"), "records": s::objects()}),
                        &["memory_id", "strength", "inhibited", "records"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": inhibited}, {"arguments": {"memory_id": 999_999_999}, "note": "Not held back."}]),
            ),
        ),
        (
            "list_inhibited",
            operation(
                "read",
                "The memories that are held back, strongest first.",
                "Those at `min_strength` or above, 0.3 by default.",
                (
                    s::input(
                        &json!({"min_strength": s::share_or("At least this.", 0.3), "limit": s::integer("At most this many.", 1, 100, 20), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"memories": s::objects(), "count": s::of("integer"), "empty": s::of("boolean")}),
                        &["memories", "count", "empty"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": inhibited}]),
            ),
        ),
    ]
}
