//! Operations that trigger a hook and answer what the rows say at that moment.

use super::schema::{self as s, FIRED, Named, operation, step};
use memstrata_sdk::{Value, json};

/// The answer: what the hook did, and these too.
fn with(more: Value) -> Value {
    let mut properties = s::fired_properties();
    let mut required: Vec<String> = FIRED.iter().map(|name| (*name).to_owned()).collect();
    if let (Some(properties), Value::Object(more)) = (properties.as_object_mut(), more) {
        required.extend(more.keys().cloned());
        properties.insert("missing".into(), json!({"type": "array", "items": {"type": "string"}, "description": "Layers that are not here: what they would say is null."}));
        properties.extend(more);
    }
    required.push("missing".into());
    json!({"type": "object", "properties": properties, "required": required})
}

pub(super) fn operations() -> Vec<Named> {
    let used = |ms: u32, result: &str| {
        step(
            "optimize_post_tool_use",
            &json!({"tool_name": "cargo test", "execution_time_ms": ms, "tool_result": result}),
        )
    };
    let made = json!([
        step(
            "register_automation_rule",
            &json!({"rule_name": "make", "trigger_event": "wish", "action": {"type": "create_task", "content": "Mend the lexer"}})
        ),
        step("trigger_automation_event", &json!({"event_type": "wish"})),
    ]);
    vec![
        (
            "optimize_session_start",
            operation(
                "write",
                "Triggers session_start, and answers where work stands: active, overdue and due tasks, goals, what waits, what happened last.",
                "With `validate_plans`, open tasks whose plan is missing or was not validated.",
                (
                    s::input(
                        &json!({
                            "project_id": s::project(), "validate_plans": s::flag("Look at plans.", true), "session_id": s::session(),
                            "occasion": s::text("Your name of the occasion: the same one fires once.", 200), "namespace": s::there(),
                        }),
                        &[],
                    ),
                    with(json!({
                        "tasks": s::maybe("object"), "goals": s::maybe("object"), "fired_triggers": s::maybe("integer"), "plans": s::maybe("object"),
                        "recent_events": s::maybe("array"), "pending_actions": s::of("integer"),
                    })),
                ),
                &json!([{"arguments": {}}, {"arguments": {"project_id": 1, "validate_plans": false, "session_id": "s-1"}}]),
            ),
        ),
        (
            "optimize_session_end",
            operation(
                "write",
                "Triggers session_end, and answers what the session was: its events, their outcomes, what came back, what is not consolidated.",
                "With `extract_patterns`, runs of events that came back; with `measure_quality`, shares of success, of events with outcome, of what was learned. The newest 1,000 events are looked at. Without a session, those of the last 24 hours.",
                (
                    s::input(
                        &json!({
                            "session_id": s::session(), "extract_patterns": s::flag("Look for runs.", true), "measure_quality": s::flag("Measure.", true),
                            "occasion": s::text("Your name of the occasion: the same one fires once.", 200), "namespace": s::there(),
                        }),
                        &[],
                    ),
                    with(
                        json!({"session": s::maybe("object"), "patterns": s::maybe("array"), "quality": s::maybe("object"), "unconsolidated": s::maybe("integer"), "tool_uses": s::of("object")}),
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"session_id": "s-1", "occasion": "end of s-1"}, "setup": [used(5, "success")]}]),
            ),
        ),
        (
            "optimize_user_prompt_submit",
            operation(
                "write",
                "Triggers user_prompt_submit, and answers what should be known before answering: active tasks, what waits.",
                "With `monitor_health`: overdue, blocked and stalled tasks, errors of the last 24 hours, open breakers.",
                (
                    s::input(
                        &json!({
                            "project_id": s::project(), "monitor_health": s::flag("Look at health.", true), "prompt": s::text("The prompt, for conditions and templates.", 10_000),
                            "session_id": s::session(), "namespace": s::there(),
                        }),
                        &[],
                    ),
                    with(
                        json!({"active_tasks": s::maybe("array"), "fired_triggers": s::maybe("integer"), "pending_actions": s::of("integer"), "health": s::maybe("object")}),
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"monitor_health": false, "prompt": "Fix the lexer"}}]),
            ),
        ),
        (
            "optimize_post_tool_use",
            operation(
                "write",
                "Records a use of a tool, triggers post_tool_use (and error_occurred if it failed), and answers how the tool does.",
                "The use is recorded also where the hook is rate limited. `tool`: times and failures of its last 200 uses; `slow`: longer than 95 % of at least 20. An execution_time_ms of 0 counts as not measured.",
                (
                    s::input(
                        &json!({
                            "tool_name": s::text("The tool.", 200), "execution_time_ms": s::or(s::number("How long it took.", 0.0, 1e10), 0),
                            "tool_result": s::or(s::text("success, failure, error, partial, unknown, or a word of your own.", 100), "unknown"),
                            "task_id": s::id("The task it was for:"), "session_id": s::session(), "namespace": s::there(),
                        }),
                        &["tool_name"],
                    ),
                    with(
                        json!({"use": s::of("integer"), "tool": s::of("object"), "slow": s::maybe("boolean"), "failed": s::of("boolean"), "task": s::maybe("object")}),
                    ),
                ),
                &json!([
                    {"arguments": {"tool_name": "cargo test"}},
                    {"arguments": {"tool_name": "cargo test", "execution_time_ms": 900, "tool_result": "failure"}, "setup": [used(100, "success"), used(200, "success")]},
                ]),
            ),
        ),
        (
            "optimize_pre_execution",
            operation(
                "write",
                "Triggers task_started with what is known of a task, and answers whether it can be begun: blockers, plan, estimate, due time.",
                "In `strict_mode` warnings stand in the way too. Scenarios scale the estimate by what estimates of completed tasks were off by (10th, 50th, 90th percentile); none from fewer than 5. The hook fires only if the task is ready.",
                (
                    s::input(
                        &json!({
                            "task_id": s::id("The task:"), "strict_mode": s::flag("Warnings block.", false),
                            "run_scenarios": s::or(json!({"type": ["string", "boolean"], "enum": ["auto", "always", "never", true, false], "description": "auto: where there is an estimate and enough measured tasks; always: says why not."}), "auto"),
                            "session_id": s::session(), "namespace": s::there(),
                        }),
                        &["task_id"],
                    ),
                    {
                        let mut output = with(
                            json!({"task": s::maybe("object"), "ready": s::maybe("boolean"), "issues": s::objects(), "scenarios": s::maybe("object")}),
                        );
                        if let Some(outcome) =
                            output.pointer_mut("/properties/outcome/enum").and_then(Value::as_array_mut)
                        {
                            outcome.push(json!("not_ready"));
                        }
                        output
                    },
                ),
                &json!([
                    {"arguments": {"task_id": 4}, "setup": made, "note": "The task that a rule made; without the prospective layer nothing is known, and nothing is made up."},
                    {"arguments": {"task_id": "m:4", "strict_mode": true, "run_scenarios": "never"}, "setup": made},
                    {"arguments": {"task_id": "the first"}, "fault": "invalid.argument"},
                ]),
            ),
        ),
    ]
}
