//! Operations on triggers, and on what fired.

use super::schema::{self as s, Named, operation};
use crate::vocabulary::TRIGGER_TYPES;
use memstrata_sdk::{Value, json};

fn fired() -> Value {
    s::output(
        &json!({"count": {"type": "integer"}, "fired": {"type": "array", "items": {"type": "object"}},
                "more": {"type": "boolean", "description": "More are due: call again."}}),
        &["count", "fired"],
    )
}

fn trigger() -> Value {
    s::output(
        &json!({"id": {"type": "integer"}, "task": {"type": "integer"}, "type": {"type": "string"}, "armed": {"type": "boolean"},
                      "due_at": {"type": ["integer", "null"]}, "firings": {"type": "array"}}),
        &["id", "task", "type", "armed"],
    )
}

fn with(trigger: &Value) -> Value {
    json!({"operation": "create_task", "arguments": {"content": "Water the plants", "key": "a", "triggers": [trigger]}})
}

pub(super) fn operations() -> Vec<Named> {
    let home = with(&json!({"type": "context", "condition": {"tags": ["home"]}}));
    let past = with(&json!({"type": "time", "condition": {"due_at": "2020-01-01"}}));
    let one = json!({"trigger_id": {"type": ["integer", "string"], "description": "The trigger. 42 or \"m:42\"."}});
    let known = json!([{"arguments": {"trigger_id": 2}, "setup": [home]},
        {"arguments": {"trigger_id": 999_999}, "fault": "not-found.trigger", "note": "No such trigger."}]);
    vec![
        (
            "add_trigger",
            operation(
                "write",
                "Adds a trigger to a task.",
                "time: due_at, daily, weekly. event: fires on recorded episodes by event_type, outcome, content_pattern, file_pattern. context and file: by evaluate_triggers (file by episodes, too). dependency: when a task is completed.",
                (
                    s::input(
                        &json!({"task_id": s::reference("The task."), "trigger": s::trigger()}),
                        &["task_id", "trigger"],
                    ),
                    trigger(),
                ),
                &json!([{"arguments": {"task_id": "a", "trigger": {"type": "event", "condition": {"event_type": "error"}, "recurring": true}}, "setup": [s::made("a")]},
                    {"arguments": {"task_id": "a", "trigger": {"type": "time", "condition": {"location": "x"}}}, "setup": [s::made("a")],
                     "fault": "invalid.argument", "note": "A time has no location."}]),
            ),
        ),
        (
            "list_triggers",
            operation(
                "read",
                "Lists triggers.",
                "`armed`: it may still fire. `due_at`: the next occasion.",
                (
                    s::input(
                        &json!({"task_id": s::reference("Only of this task."), "armed": {"type": "boolean", "description": "Only such."},
                "type": s::choice(&TRIGGER_TYPES, "Only this type."), "namespace": s::namespace(), "limit": s::limit(20), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::page("triggers"),
                ),
                &json!([{"arguments": {"armed": true}, "setup": [home]}]),
            ),
        ),
        (
            "remove_trigger",
            operation(
                "destructive",
                "Takes a trigger away.",
                "What it fired stays listed.",
                (
                    s::input(&one, &["trigger_id"]),
                    s::output(&json!({"id": {"type": "integer"}, "removed": {"type": "boolean"}}), &["id", "removed"]),
                ),
                &known,
            ),
        ),
        (
            "rearm_trigger",
            operation(
                "write",
                "Lets a trigger fire again.",
                "For triggers that fired once, or whose task was reopened.",
                (s::input(&one, &["trigger_id"]), trigger()),
                &known,
            ),
        ),
        (
            "evaluate_triggers",
            operation(
                "write",
                "Fires what is due now, here, with these files.",
                "Always the time triggers that are due; with `context` the context triggers; with `files` (changed ones) the file triggers; with `event` the event triggers. Each fires once for its occasion.",
                (
                    s::input(
                        &json!({
                            "context": {"type": "object", "additionalProperties": false, "properties": {"location": s::text("Folder or name of the place.", 1000),
                                "open_files": s::texts("Open files."), "tags": s::texts("What is so: `home`, `evening`.")}},
                            "files": s::list(&s::text("", 1000), 500, "Files that changed."),
                            "event": {"type": "object", "additionalProperties": false, "properties": {"event_type": s::text("", 100), "outcome": s::text("", 100),
                                "content": s::text("", 10_000), "files": s::list(&s::text("", 1000), 500, "")}},
                            "namespace": {"type": "string", "maxLength": 200, "description": "Where it happens: triggers of it and of namespaces above are asked; all if absent."},
                        }),
                        &[],
                    ),
                    fired(),
                ),
                &json!([{"arguments": {"context": {"tags": ["home"]}}, "setup": [home], "note": "Comes home."},
                    {"arguments": {}, "setup": [past], "note": "A time that has passed."}]),
            ),
        ),
        (
            "fire_due_triggers",
            operation(
                "write",
                "Fires the time triggers that are due.",
                "The host calls it every 30 seconds; 500 at a time.",
                (s::input(&json!({}), &[]), fired()),
                &json!([{"arguments": {}, "setup": [past]}]),
            ),
        ),
        (
            "hear_event",
            operation(
                "write",
                "Evaluates triggers against an episode.",
                "The host calls it once for each recorded episode; the acknowledgement commits with what it fires.",
                (
                    s::input(
                        &json!({"event": s::text("", 200), "seq": s::integer("", 0, i64::MAX >> 11), "at": s::integer("", 0, i64::MAX >> 11),
                "collection": s::text("", 200), "id": s::integer("The episode.", 1, i64::MAX >> 11), "payload": {"type": ["object", "null"]}}),
                        &["id"],
                    ),
                    fired(),
                ),
                &json!([{"arguments": {"event": "episodic.events:insert", "seq": 1, "at": 1, "collection": "episodic.events", "id": 999_999}, "note": "An episode that is gone fires nothing."}]),
            ),
        ),
        (
            "list_fired",
            operation(
                "read",
                "What fired, newest first.",
                "By default what nobody has acknowledged. `activation`: activated, already_active, when_unblocked.",
                (
                    s::input(
                        &json!({"acknowledged": s::flag("Acknowledged ones.", false), "task_id": s::reference("Only of this task."), "since": s::time("Fired from then on."),
                "type": s::choice(&TRIGGER_TYPES, "Only this type."), "namespace": s::namespace(), "limit": s::limit(20), "cursor": s::cursor()}),
                        &[],
                    ),
                    s::page("fired"),
                ),
                &json!([{"arguments": {}, "setup": [past, {"operation": "evaluate_triggers", "arguments": {}}]}]),
            ),
        ),
        (
            "acknowledge_fired",
            operation(
                "write",
                "Marks firings as seen.",
                "Ids as `list_fired` gives them.",
                (
                    s::input(
                        &json!({"ids": s::list(&json!({"type": ["integer", "string"]}), 500, "Firings.")}),
                        &["ids"],
                    ),
                    s::output(
                        &json!({"acknowledged": {"type": "array"}, "already": {"type": "array"}, "missing": {"type": "array"}}),
                        &["acknowledged", "already", "missing"],
                    ),
                ),
                &json!([{"arguments": {"ids": [999_999]}, "note": "Unknown ones are named."}]),
            ),
        ),
    ]
}
