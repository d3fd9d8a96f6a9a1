//! Operations on the history and on what is left to clients.

use super::collections::{KINDS, OUTCOMES};
use super::schema::{self as s, Named, operation, step};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    let left = json!([
        step("register_hook", &json!({"hook_type": "session_end", "actions": ["semantic.optimize", "Say good night"]})),
        step("trigger_hook", &json!({"hook_type": "session_end"})),
    ]);
    vec![
        (
            "list_firings",
            operation(
                "read",
                "What fired, newest first.",
                "Refused ones (`cycle`, `too_deep`) are listed; what a rate limit refused is counted in list_hooks.",
                (
                    s::input(
                        &json!({
                            "kind": s::choice(&KINDS, "Only such."), "subject": s::text("Only of this hook type, event, rule or workflow; with `kind`.", 200),
                            "outcome": s::choice(&OUTCOMES, "Only such."), "session_id": s::text("Only of this session.", 200), "namespace": s::namespace(),
                            "limit": s::limit(20, 200), "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"firings": s::objects(), "count": s::of("integer"), "next_cursor": s::maybe("string")}),
                        &["firings", "count"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"kind": "hook", "subject": "session_end"}, "setup": left}]),
            ),
        ),
        (
            "get_firing",
            operation(
                "read",
                "One firing: its data, what it did, what it left, what followed.",
                "The newest if no id is given.",
                (
                    s::input(&json!({"firing_id": s::id("The firing.")}), &[]),
                    s::output(
                        &json!({"firing": s::of("object"), "actions": s::objects(), "followed": s::objects()}),
                        &["firing", "actions", "followed"],
                    ),
                ),
                &json!([
                    {"arguments": {}, "setup": left},
                    {"arguments": {"firing_id": 999_999_999}, "fault": "not-found.firing"},
                ]),
            ),
        ),
        (
            "list_pending_actions",
            operation(
                "read",
                "Actions that firings left to a client and nobody has acknowledged, oldest first.",
                "",
                (
                    s::input(
                        &json!({"firing_id": s::id("Only of this firing."), "limit": s::limit(20, 50), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(
                        &json!({"actions": s::objects(), "count": s::of("integer"), "total": s::of("integer"), "next_cursor": s::maybe("string")}),
                        &["actions", "count", "total"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"limit": 1}, "setup": left}]),
            ),
        ),
        (
            "acknowledge_action",
            operation(
                "write",
                "Says that an action left to you is done, failed or will not be done.",
                "The oldest pending one if no id is given.",
                (
                    s::input(
                        &json!({
                            "action_id": s::id("The action."), "status": s::or(s::choice(&["done", "failed", "dismissed"], "How it went."), "done"),
                            "result": s::text("What came of it.", 4_000),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "status": s::of("string"), "firing": s::of("integer"), "still_pending": s::of("integer")}),
                        &["id", "status", "firing", "still_pending"],
                    ),
                ),
                &json!([
                    {"arguments": {"result": "12 pruned"}, "setup": left},
                    {"arguments": {}, "fault": "not-found.action"},
                ]),
            ),
        ),
        (
            "tidy",
            operation(
                "destructive",
                "Deletes firings with their actions, tool uses and reports older than `keep_days`.",
                "The host calls it every ten minutes; 1,000 rows of each at a time. `given_up`: actions among them that nobody had acknowledged.",
                (
                    s::input(&json!({}), &[]),
                    s::output(
                        &json!({"firings": s::of("integer"), "given_up": s::of("integer"), "tool_uses": s::of("integer"), "reports": s::of("integer"), "more": s::of("boolean")}),
                        &["firings", "given_up", "tool_uses", "reports", "more"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": left}]),
            ),
        ),
    ]
}
