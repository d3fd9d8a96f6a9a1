//! Operations on hooks.

use super::schema::{self as s, Named, operation, step};
use memstrata_sdk::json;

pub(super) fn operations() -> Vec<Named> {
    let note = step(
        "register_hook",
        &json!({"hook_type": "error_occurred", "name": "keep", "condition": "exit_code != 0",
        "actions": [{"type": "note", "text": "{{tool}} failed with {{exit_code}}"}, "meta.find_gaps"]}),
    );
    let keyed = step("trigger_hook", &json!({"hook_type": "session_end", "occasion": "s-1"}));
    vec![
        (
            "register_hook",
            operation(
                "write",
                "Registers what is done when a hook of a kind is triggered.",
                "Registering a name of a kind again replaces it. A kind may be triggered without any: then it is recorded, and rules that wait for `hook.<kind>` fire.",
                (
                    s::input(
                        &json!({
                            "hook_type": s::or(s::hook_type(), "session_start"), "name": s::or(s::text("Its name among those of the kind.", 100), "default"),
                            "actions": s::or(s::actions("What is done."), json!([])), "condition": s::condition(), "description": s::text("What it is for.", 1_000),
                            "enabled": s::flag("Whether it fires.", true), "namespace": s::own_namespace(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "ref": s::of("string"), "hook_type": s::of("string"), "name": s::of("string"), "status": {"type": "string", "enum": ["registered", "updated"]}}),
                        &["id", "ref", "hook_type", "name", "status"],
                    ),
                ),
                &json!([
                    {"arguments": {}},
                    {"arguments": {"hook_type": "error_occurred", "name": "keep", "actions": [{"type": "note", "text": "{{message}}"}]}},
                    {"arguments": {"actions": [{"type": "explode"}]}, "fault": "invalid.action"},
                    {"arguments": {"condition": "exit_code = ="}, "fault": "invalid.condition"},
                ]),
            ),
        ),
        (
            "remove_hook",
            operation(
                "destructive",
                "Takes a registered hook away; its history stays.",
                "",
                (
                    s::input(
                        &json!({"hook_type": s::hook_type(), "name": s::or(s::text("Its name.", 100), "default"), "namespace": s::own_namespace()}),
                        &["hook_type"],
                    ),
                    s::output(&json!({"id": s::of("integer"), "removed": s::of("boolean")}), &["id", "removed"]),
                ),
                &json!([
                    {"arguments": {"hook_type": "error_occurred", "name": "keep"}, "setup": [note]},
                    {"arguments": {"hook_type": "pre_clear"}, "fault": "not-found.hook"},
                ]),
            ),
        ),
        (
            "list_hooks",
            operation(
                "read",
                "The thirteen kinds with what is registered, their rate limits and counts.",
                "`suppressed`: triggers the rate limit refused. Counts are of the namespace `counted_in`: the one given, else the whole space where you see it. A page has the kinds, each with those of its hooks that are on the page.",
                (
                    s::input(
                        &json!({"hook_type": s::hook_type(), "namespace": s::namespace(), "limit": s::limit(50, 50), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::output(
                        &json!({"hooks": s::objects(), "count": s::of("integer"), "registered": s::of("integer"), "counted_in": s::of("string"), "next_cursor": s::maybe("string")}),
                        &["hooks", "count", "registered", "next_cursor"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"hook_type": "error_occurred"}, "setup": [note]}]),
            ),
        ),
        (
            "trigger_hook",
            operation(
                "write",
                "Triggers a hook: does what is registered for it, fires the rules that wait for it, and answers what is left to you in `to_do`.",
                "With `occasion` the same one fires once. `parent_firing` is the firing that made you trigger it: so cycles are refused across calls. Make the calls in `to_do`, then acknowledge_action.",
                (
                    s::input(
                        &json!({
                            "hook_type": s::or(s::hook_type(), "session_start"),
                            "context": s::or(s::data("What conditions and templates see."), json!({})),
                            "occasion": s::text("Your name of the occasion: the same one fires once.", 200), "parent_firing": s::id("The firing that led here:"),
                            "session_id": s::session(), "namespace": s::there(),
                        }),
                        &[],
                    ),
                    s::fired(),
                ),
                &json!([
                    {"arguments": {}},
                    {"arguments": {"hook_type": "error_occurred", "context": {"tool": "cargo", "exit_code": 101}}, "setup": [note]},
                    {"arguments": {"hook_type": "session_end", "occasion": "s-1"}, "setup": [keyed], "note": "The same occasion again is a duplicate."},
                    {"arguments": {"parent_firing": 999_999_999}, "fault": "not-found.firing"},
                ]),
            ),
        ),
        (
            "detect_hook_cycles",
            operation(
                "read",
                "Cycles that hooks, rules and workflows would run into, and those that were refused when they ran.",
                "Strongly connected components of what leads to what (Tarjan); `via` names what leads from each event to the next. Conditions are not looked at: a cycle shown may never run. When one runs it is refused.",
                (
                    s::input(&json!({"limit": s::limit(20, 100)}), &[]),
                    s::output(
                        &json!({"cycles": s::objects(), "count": s::of("integer"), "refused": s::objects(), "refused_total": s::of("integer"), "looked_at": s::of("integer"), "complete": s::of("boolean")}),
                        &["cycles", "count", "refused", "looked_at", "complete"],
                    ),
                ),
                &json!([
                    {"arguments": {}},
                    {"arguments": {}, "setup": [
                        step("register_automation_rule", &json!({"rule_name": "ping", "trigger_event": "a", "action": {"type": "emit_event", "name": "b"}})),
                        step("register_automation_rule", &json!({"rule_name": "pong", "trigger_event": "b", "action": {"type": "emit_event", "name": "a"}})),
                        step("trigger_automation_event", &json!({"event_type": "a"})),
                    ]},
                ]),
            ),
        ),
        (
            "configure_rate_limiting",
            operation(
                "write",
                "Limits how often a hook of a kind fires within a window.",
                "A sliding window over the history, exact. `rate_limit` 0 is no limit. It holds in its namespace and below, over all that fires there, unless a nearer one has its own; a caller confined to a namespace is held by what is set there or below, never by what is above.",
                (
                    s::input(
                        &json!({
                            "hook_type": s::or(s::hook_type(), "post_tool_use"), "rate_limit": s::or(s::integer("Firings in the window.", 0, 100_000), 100),
                            "window_seconds": s::or(s::integer("The window.", 1, 86_400), 60), "namespace": s::own_namespace(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"hook_type": s::of("string"), "rate_limit": s::of("integer"), "window_seconds": s::of("integer")}),
                        &["hook_type", "rate_limit", "window_seconds"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"hook_type": "session_start", "rate_limit": 1, "window_seconds": 10}}]),
            ),
        ),
    ]
}
