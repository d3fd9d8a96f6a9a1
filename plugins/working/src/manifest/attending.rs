//! Operations on what attention is on.

use super::schema::{self as s, Named, adding, operation};
use crate::focus::{KINDS, TRANSITIONS};
use memstrata_sdk::{Value, json};

fn focused() -> Value {
    json!({"focus_id": s::of("integer"), "memory_id": s::of("integer"), "ref": s::of("string"), "layer": s::of("string"),
           "kind": s::of("string"), "weight": s::of("number"), "transition": s::of("string"), "previous": s::maybe("integer"),
           "started_at": s::of("integer"), "ended_at": s::maybe("integer"), "seconds": s::of("number")})
}

fn set() -> Value {
    let mut properties = focused();
    if let Some(properties) = properties.as_object_mut() {
        properties.insert("ended".into(), s::integers());
        properties.insert("warning".into(), s::of("string"));
    }
    s::output(&properties, &["focus_id", "memory_id", "layer", "kind", "weight", "ended"])
}

fn list() -> Value {
    json!({"type": "array", "items": {"type": "object", "properties": focused(), "required": ["focus_id", "memory_id", "kind", "weight"]}})
}

pub(super) fn operations() -> Vec<Named> {
    let focused_on_one = json!([adding("Fix the login timeout", "goal"), {"operation": "set_focus", "arguments": {}}]);
    let shifted = json!([
        adding("Fix the login timeout", "goal"),
        {"operation": "set_focus", "arguments": {}},
        adding("The pager rings", "verbal"),
        {"operation": "shift_focus", "arguments": {"transition": "interruption"}},
    ]);
    let memory = || s::id("The memory, event or item; the newest held item if absent.");
    let reason = || s::text("Why.", 500);
    vec![
        (
            "set_focus",
            operation(
                "write",
                "Puts attention on a memory.",
                "There is one primary focus: a new one ends it. What else is in focus fades by a tenth with each shift and ends below 0.1. Secondary and background focuses stand beside the primary one.",
                (
                    s::input(
                        &json!({
                            "memory_id": memory(),
                            "kind": s::choice_or(&KINDS, "primary", "How strongly."),
                            "weight": s::share_or("0.1 to 1.", 1.0),
                            "transition": s::choice_or(&TRANSITIONS, "voluntary", "How it came about."),
                            "reason": reason(),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    set(),
                ),
                &json!([
                    {"arguments": {}, "setup": [adding("Fix the login timeout", "goal")]},
                    {"arguments": {"kind": "secondary", "weight": 0.5}, "setup": focused_on_one},
                    {"arguments": {"memory_id": 999_999_999}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "shift_focus",
            operation(
                "write",
                "Moves the primary focus to another memory.",
                "The same as set_focus with kind primary and weight 1; remembers where attention came from, for return_focus.",
                (
                    s::input(
                        &json!({
                            "memory_id": memory(),
                            "transition": s::choice_or(&TRANSITIONS, "voluntary", "How it came about."),
                            "reason": reason(),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    set(),
                ),
                &json!([{"arguments": {"transition": "interruption"}, "setup": focused_on_one}]),
            ),
        ),
        (
            "return_focus",
            operation(
                "write",
                "Goes back to what attention was on before the last shift.",
                "After an interruption for instance. Fails as `not-found` where there was nothing before.",
                (s::input(&json!({"session_id": s::session()}), &[]), set()),
                &json!([{"arguments": {}, "setup": shifted}, {"arguments": {}, "fault": "not-found"}]),
            ),
        ),
        (
            "get_focus",
            operation(
                "read",
                "What attention is on, strongest first.",
                "The primary focus and all others that have not ended.",
                (
                    s::input(&json!({"kind": s::choice(&KINDS, "Only these."), "session_id": s::session()}), &[]),
                    s::output(
                        &json!({"focuses": list(), "count": s::of("integer"), "primary": s::maybe("integer"), "empty": s::of("boolean")}),
                        &["focuses", "count", "primary", "empty"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": focused_on_one}]),
            ),
        ),
        (
            "decay_focus",
            operation(
                "write",
                "Lets all focuses fade by a step.",
                "Weight times (1 - rate), a tenth by default; below 0.1 a focus ends.",
                (
                    s::input(
                        &json!({"rate": s::share_or("What the step takes.", 0.1), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(&json!({"faded": s::objects(), "ended": s::integers()}), &["faded", "ended"]),
                ),
                &json!([{"arguments": {}, "setup": focused_on_one}, {"arguments": {"rate": 0.95}, "setup": focused_on_one}]),
            ),
        ),
        (
            "end_focus",
            operation(
                "write",
                "Takes attention off a memory, or off everything.",
                "Ended focuses stay in the history.",
                (
                    s::input(&json!({"memory_id": s::id("Only this one."), "session_id": s::session()}), &[]),
                    s::output(&json!({"ended": s::integers(), "count": s::of("integer")}), &["ended", "count"]),
                ),
                &json!([{"arguments": {}, "setup": focused_on_one}]),
            ),
        ),
        (
            "focus_history",
            operation(
                "read",
                "What attention was on, newest first, and for how long.",
                "With how each focus came about and where it came from.",
                (
                    s::input(
                        &json!({"limit": s::integer("At most this many.", 1, 100, 10), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"focuses": list(), "count": s::of("integer"), "empty": s::of("boolean")}),
                        &["focuses", "count", "empty"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": shifted}]),
            ),
        ),
        (
            "get_attention_metrics",
            operation(
                "read",
                "How attention has moved in a session.",
                "Shifts by how they came about, the mean time in focus, how many are open and inhibited, and the primary focus now. Over the newest 1000 focuses.",
                (
                    s::input(&json!({"session_id": s::session()}), &[]),
                    s::output(
                        &json!({"focuses": s::of("integer"), "open": s::of("integer"), "ended": s::of("integer"), "by_transition": s::of("object"),
                                "by_kind": s::of("object"), "mean_seconds": s::maybe("number"), "primary": s::maybe("integer"), "inhibited": s::of("integer"),
                                "interruptions": s::of("integer"), "memories": s::of("integer")}),
                        &["focuses", "open", "ended", "by_transition", "mean_seconds", "primary", "inhibited"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": shifted}]),
            ),
        ),
    ]
}
