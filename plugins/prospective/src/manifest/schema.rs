//! Small builders for the JSON Schemas and operations of this manifest.

use crate::plan::MOST_STEPS;
use crate::vocabulary::{MILESTONE_STATUSES, PRIORITIES, STATUSES, TRIGGER_TYPES};
pub(super) use memstrata_sdk::schema::{
    Named, choice, cursor, flag, input, integer, list, number, operation, or, text, time,
};
use memstrata_sdk::{Value, json};

/// An output: at least these.
pub(super) fn output(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// Text that may be empty.
pub(super) fn words(description: &str) -> Value {
    json!({"type": "string", "maxLength": 4000, "description": description})
}

/// A task or a goal.
pub(super) fn reference(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} 42, \"m:42\" or its key.")})
}

/// Short texts.
pub(super) fn texts(description: &str) -> Value {
    list(&json!({"type": "string", "minLength": 1, "maxLength": 500}), 50, description)
}

/// A namespace to look in.
pub(super) fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200,
           "description": "Only this namespace and below, such as `project:shop`; all if absent."})
}

/// The namespace of something new.
pub(super) fn own_namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Where it belongs, such as `project:shop`."})
}

/// A status of tasks.
pub(super) fn status(description: &str) -> Value {
    choice(&STATUSES, description)
}

/// A priority.
pub(super) fn priority(description: &str) -> Value {
    choice(&PRIORITIES, description)
}

/// How many, and where to go on.
pub(super) fn limit(default: i64) -> Value {
    or(integer("At most this many.", 1, 500), default)
}

/// The condition of a trigger: what goes with which type is checked by the operation.
pub(super) fn condition() -> Value {
    let clock = json!({"hour": integer("", 0, 23), "minute": integer("", 0, 59)});
    let mut weekly = clock.clone();
    if let Some(weekly) = weekly.as_object_mut() {
        weekly.insert(
            "weekday".into(),
            json!({"type": ["string", "integer"], "description": "`monday`, or 0 (Monday) to 6."}),
        );
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "description": "time: due_at, daily or weekly. event: event_type, outcome, content_pattern, file_pattern. context: location, file_open, tags. dependency: depends_on_task. file: file_path, file_pattern. All that is given must hold.",
        "properties": {
            "due_at": time("Once, at this time."),
            "daily": {"type": "object", "additionalProperties": false, "properties": clock},
            "weekly": {"type": "object", "additionalProperties": false, "properties": weekly, "required": ["weekday"]},
            "utc_offset_minutes": integer("Clock of daily and weekly.", -840, 840),
            "event_type": text("Such as `error`.", 100),
            "outcome": text("Such as `failure`.", 100),
            "content_pattern": text("Whole words; `*` anything, `|` alternatives.", 500),
            "file_pattern": text("Glob such as `src/**/*.rs`.", 500),
            "location": text("A folder, its prefix or a glob, or a name.", 500),
            "file_open": text("Path or glob.", 500),
            "tags": texts("All of them."),
            "depends_on_task": reference("The task whose completion fires it."),
            "file_path": text("A path.", 1000),
        },
    })
}

/// A trigger.
pub(super) fn trigger() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["type", "condition"],
        "properties": {
            "type": choice(&TRIGGER_TYPES, "What sets it off."),
            "condition": condition(),
            "recurring": flag("event and file: fire each time, not only the first.", false),
        },
    })
}

/// Steps of a plan.
pub(super) fn steps() -> Value {
    let step = json!({
        "type": ["string", "object"], "minLength": 1, "maxLength": 2000, "additionalProperties": false, "required": ["content"],
        "properties": {
            "content": text("What is done in it.", 2000),
            "estimated_minutes": integer("", 0, 100_000),
            "depends_on": {"type": "array", "items": integer("", 1, 100), "maxItems": 100},
            "status": choice(&MILESTONE_STATUSES, ""),
        },
    });
    list(
        &step,
        MOST_STEPS,
        "Texts, or objects with content, estimated_minutes, depends_on (numbers of steps, from 1), status.",
    )
}

/// Milestones.
pub(super) fn milestones() -> Value {
    let milestone = json!({
        "type": ["string", "object"], "minLength": 1, "maxLength": 500, "additionalProperties": false, "required": ["title"],
        "properties": {
            "title": text("What is reached with it.", 500),
            "order": integer("Its place, from 1.", 1, 1000),
            "estimated_minutes": integer("", 0, 100_000),
        },
    });
    list(&milestone, crate::milestone::MOST, "Titles, or objects with title, order, estimated_minutes.")
}

/// Answers with lists of rows.
pub(super) fn page(name: &str) -> Value {
    let mut properties = json!({"count": {"type": "integer"}, "next_cursor": {"type": ["string", "null"]}});
    if let Some(properties) = properties.as_object_mut() {
        properties.insert(name.into(), json!({"type": "array", "items": {"type": "object"}}));
    }
    output(&properties, &[name, "count"])
}

/// Answers with a list that has no next page: a ranking, or all there are.
pub(super) fn ranking(name: &str) -> Value {
    let mut properties = json!({"count": {"type": "integer"}});
    if let Some(properties) = properties.as_object_mut() {
        properties.insert(name.into(), json!({"type": "array", "items": {"type": "object"}}));
    }
    output(&properties, &[name, "count"])
}

/// The answer of whatever changes a task.
pub(super) fn changed() -> Value {
    output(
        &json!({
            "id": {"type": "integer"}, "status": {"type": "string"}, "phase": {"type": "string"},
            "changed": {"type": "boolean", "description": "False: it was so already."},
            "allowed_phases": {"type": "array", "items": {"type": "string"}},
            "unfinished": {"type": "array", "items": {"type": "string"}},
            "unblocked": {"type": "array", "items": {"type": "integer"}, "description": "Tasks that waited for this one alone."},
            "enabled": {"type": "array", "items": {"type": "integer"}},
            "fired": {"type": "array", "items": {"type": "object"}},
            "goals": {"type": "array", "items": {"type": "object"}},
        }),
        &["id", "status", "phase", "changed"],
    )
}

/// An example's step that makes a task with a key.
pub(super) fn made(key: &str) -> Value {
    json!({"operation": "create_task", "arguments": {"content": "Write the release notes", "key": key}})
}

/// The settings an operator may give.
pub(super) fn settings() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "utc_offset_minutes": or(integer("The clock of daily and weekly triggers that name none: minutes east of UTC.", -840, 840), 0),
            "stalled_days": or(integer("An active task that did not change for so many days has stalled.", 1, 3650), 7),
            "default_minutes": or(integer("What a task without an estimate counts for on the critical path.", 1, 100_000), 30),
        },
    })
}
