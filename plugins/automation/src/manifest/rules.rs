//! Operations on rules, events and the configuration.

use super::schema::{self as s, Named, operation, step};
use memstrata_sdk::{Value, json};

fn event_type(description: &str) -> Value {
    s::text(description, 100)
}

fn delivery() -> Value {
    json!({
        "event": s::text("Its name.", 200), "seq": s::integer("", 0, i64::MAX >> 11), "at": s::integer("", 0, i64::MAX >> 11),
        "collection": s::text("", 200), "id": s::integer("The row.", 1, i64::MAX >> 11), "payload": {},
    })
}

fn heard() -> Value {
    s::output(
        &json!({"heard": s::of("integer"), "fired": s::objects(), "count": s::of("integer"), "more": s::of("boolean")}),
        &["heard", "fired", "count", "more"],
    )
}

pub(super) fn operations() -> Vec<Named> {
    let rule = step(
        "register_automation_rule",
        &json!({"rule_name": "red build", "trigger_event": "build_failed",
        "condition": "exit_code != 0", "action": [{"type": "note", "text": "{{branch}} is red"}, {"type": "notify", "message": "Look at {{branch}}"}]}),
    );
    vec![
        (
            "register_automation_rule",
            operation(
                "write",
                "Registers a rule: when this event comes and the condition holds, the action is done.",
                "Events: names you trigger; `hook.<kind>`; names that emit_event gives; `episodic.<event_type>` and `episodic.*`; prospective.task_completed and the like (get_automation_config lists them). Registering a name again replaces it.",
                (
                    s::input(
                        &json!({
                            "rule_name": s::text("Its name.", 200), "trigger_event": event_type("The event it waits for."),
                            "action": s::actions("What is done."), "condition": s::condition(), "description": s::text("What it is for.", 1_000),
                            "enabled": s::flag("Whether it fires.", true), "cooldown_seconds": s::or(s::integer("At least so long between two firings.", 0, 31_536_000), 0),
                            "namespace": s::own_namespace(),
                        }),
                        &["rule_name", "trigger_event", "action"],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "ref": s::of("string"), "rule_name": s::of("string"), "status": {"type": "string", "enum": ["registered", "updated"]}, "heard": s::of("string")}),
                        &["id", "ref", "rule_name", "status", "heard"],
                    ),
                ),
                &json!([
                    {"arguments": {"rule_name": "red build", "trigger_event": "build_failed", "action": "Look at the build", "condition": "exit_code != 0"}},
                    {"arguments": {"rule_name": "task of error", "trigger_event": "episodic.error", "action": {"type": "create_task", "content": "Mend: {{content}}"}}},
                    {"arguments": {"rule_name": "x", "trigger_event": "Not A Name", "action": "x"}, "fault": "invalid.argument"},
                    {"arguments": {"rule_name": "x", "trigger_event": "hook.breakfast", "action": "x"}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "set_automation_rule_enabled",
            operation(
                "write",
                "Switches a rule on or off.",
                "",
                (
                    s::input(
                        &json!({"rule_name": s::text("Its name.", 200), "enabled": s::flag("On or off.", true), "namespace": s::own_namespace()}),
                        &["rule_name"],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "rule_name": s::of("string"), "enabled": s::of("boolean")}),
                        &["id", "rule_name", "enabled"],
                    ),
                ),
                &json!([
                    {"arguments": {"rule_name": "red build", "enabled": false}, "setup": [rule]},
                    {"arguments": {"rule_name": "nobody"}, "fault": "not-found.rule"},
                ]),
            ),
        ),
        (
            "remove_automation_rule",
            operation(
                "destructive",
                "Takes a rule away; its history stays.",
                "",
                (
                    s::input(
                        &json!({"rule_name": s::text("Its name.", 200), "namespace": s::own_namespace()}),
                        &["rule_name"],
                    ),
                    s::output(&json!({"id": s::of("integer"), "removed": s::of("boolean")}), &["id", "removed"]),
                ),
                &json!([{"arguments": {"rule_name": "red build"}, "setup": [rule]}]),
            ),
        ),
        (
            "list_automation_rules",
            operation(
                "read",
                "Rules by name.",
                "",
                (
                    s::input(
                        &json!({
                            "trigger_event": event_type("Only those that wait for it."), "enabled": {"type": "boolean", "description": "Only such."},
                            "namespace": s::namespace(), "limit": s::limit(50, 50), "cursor": s::cursor(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"rules": s::objects(), "count": s::of("integer"), "total": s::of("integer"), "next_cursor": s::maybe("string")}),
                        &["rules", "count", "total"],
                    ),
                ),
                &json!([{"arguments": {}}, {"arguments": {"trigger_event": "build_failed"}, "setup": [rule]}]),
            ),
        ),
        (
            "trigger_automation_event",
            operation(
                "write",
                "Says that an event came: fires the rules that wait for it, and answers what is left to you in `to_do`.",
                "With `occasion` the same one fires once.",
                (
                    s::input(
                        &json!({
                            "event_type": event_type("Its name, such as `build_failed`."), "event_data": s::or(s::data("What conditions and templates see."), json!({})),
                            "occasion": s::text("Your name of the occasion: the same one fires once.", 200), "parent_firing": s::id("The firing that led here:"),
                            "session_id": s::session(), "namespace": s::there(),
                        }),
                        &["event_type"],
                    ),
                    s::fired(),
                ),
                &json!([
                    {"arguments": {"event_type": "build_failed", "event_data": {"exit_code": 1, "branch": "main"}}, "setup": [rule]},
                    {"arguments": {"event_type": "build_failed", "event_data": {"exit_code": 0}}, "setup": [rule], "note": "The condition does not hold."},
                    {"arguments": {"event_type": "Not A Name"}, "fault": "invalid.argument"},
                    {"arguments": {"event_type": "hook.pre_clear"}, "fault": "invalid.argument", "note": "Hooks are triggered by trigger_hook."},
                    {"arguments": {"event_type": "twice", "occasion": "o-1"}, "setup": [
                        step("register_automation_rule", &json!({"rule_name": "both", "trigger_event": "twice", "action": [{"type": "trigger_hook", "hook_type": "task_started"}, {"type": "run_workflow", "workflow_name": "again"}]})),
                        step("register_workflow", &json!({"workflow_name": "again", "steps": [{"type": "trigger_hook", "hook_type": "task_started"}]})),
                    ], "note": "One call may trigger a hook twice on different ways."},
                ]),
            ),
        ),
        (
            "update_automation_config",
            operation(
                "write",
                "Changes a key of the configuration.",
                "get_automation_config lists the keys. It holds for the whole space: a caller confined to a namespace may not change it.",
                (
                    s::input(
                        &json!({"config_key": s::text("The key.", 100), "config_value": {"description": "Its value; null for the default."}}),
                        &["config_key", "config_value"],
                    ),
                    s::output(
                        &json!({"config_key": s::of("string"), "config_value": {}, "was": {}}),
                        &["config_key", "config_value", "was"],
                    ),
                ),
                &json!([
                    {"arguments": {"config_key": "max_depth", "config_value": 3}},
                    {"arguments": {"config_key": "max_depth", "config_value": 99}, "fault": "invalid.argument"},
                    {"arguments": {"config_key": "colour", "config_value": "red"}, "fault": "not-found.config_key"},
                ]),
            ),
        ),
        (
            "get_automation_config",
            operation(
                "read",
                "The configuration with what each key does, and the events of other layers that rules can hear.",
                "",
                (
                    s::input(&json!({}), &[]),
                    s::output(
                        &json!({"config": s::of("object"), "keys": s::objects(), "heard": {"type": "array", "items": {"type": "string"}}}),
                        &["config", "keys", "heard"],
                    ),
                ),
                &json!([{"arguments": {}}]),
            ),
        ),
        (
            "hear_new_episodes",
            operation(
                "write",
                "Fires the rules that wait for episodes, for those recorded since the last time and at least ten seconds ago.",
                "The host calls it every 30 seconds; 1,000 episodes at a time, `more` says that some are left. A rule hears what is recorded after it was registered or switched on.",
                (s::input(&json!({}), &[]), heard()),
                &json!([
                    {"arguments": {}},
                    {"arguments": {}, "setup": [step("register_automation_rule", &json!({"rule_name": "errors", "trigger_event": "episodic.error", "action": "Look at it"}))],
                     "note": "Where there is no episodic layer nothing is heard."},
                ]),
            ),
        ),
        (
            "hear_event",
            operation(
                "write",
                "Fires the rules that wait for an event another layer emitted.",
                "The host calls it once for each; the acknowledgement commits with what it fires.",
                (s::input(&delivery(), &["event"]), heard()),
                &json!([
                    {"arguments": {"event": "prospective.task_completed", "payload": {"task": 7}}},
                    {"arguments": {"event": "prospective.task_completed", "payload": {"task": 7}}, "setup": [
                        step("register_automation_rule", &json!({"rule_name": "done", "trigger_event": "prospective.*", "action": {"type": "note", "text": "m:{{task}} is done"}}))]},
                ]),
            ),
        ),
    ]
}
