//! Small builders for the JSON Schemas and operations of this manifest.

use crate::action::MOST;
use crate::kind::NAMES;
pub(super) use memstrata_sdk::schema::{Named, choice, cursor, flag, input, integer, number, operation, or, text};
use memstrata_sdk::{Value, json};

/// An output: at least these.
pub(super) fn output(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// A row by id.
pub(super) fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "maxLength": 40, "description": format!("{description} 42 or \"m:42\".")})
}

/// A kind of hook.
pub(super) fn hook_type() -> Value {
    choice(&NAMES, "The kind of hook.")
}

/// Free data.
pub(super) fn data(description: &str) -> Value {
    json!({"type": "object", "description": description})
}

/// A condition.
pub(super) fn condition() -> Value {
    json!({"type": ["string", "object", "array", "null"], "maxLength": 4_000,
           "description": "When it holds: a text such as `exit_code != 0 and tool matches \"cargo*\"`; or [path, operator, value], {all|any: [..]}, {not: ..}; or values that must be equal, by path. Always if absent."})
}

/// Actions.
pub(super) fn actions(description: &str) -> Value {
    json!({"type": ["string", "object", "array"], "minLength": 1, "maxLength": 4_000, "maxItems": MOST, "items": {"type": ["string", "object"]},
           "description": format!("{description} An action is `layer.operation`, words for the client, or an object with `type`: emit_event (name, payload), record_event (content, event_type, outcome), create_task (content, priority), note (text), trigger_hook (hook_type), run_workflow (workflow_name, params), call (operation, arguments), notify (message); with `if` a condition. `{{{{path}}}}` in texts is filled from the event's data.")})
}

/// A namespace to look in.
pub(super) fn namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Only this namespace and below, such as `project:shop`; all if absent."})
}

/// The namespace of something new.
pub(super) fn own_namespace() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Where it belongs, such as `project:shop`."})
}

/// Where something happens.
pub(super) fn there() -> Value {
    json!({"type": "string", "maxLength": 200, "description": "Where it happens: what belongs to it, above it or to none is asked; all if absent."})
}

/// A project, which a space is.
pub(super) fn project() -> Value {
    memstrata_sdk::schema::project("Taken and not used: a space is one project.", 100)
}

/// A session.
pub(super) fn session() -> Value {
    text("The session it happens in.", 200)
}

/// A limit of a list.
pub(super) fn limit(default: i64, most: i64) -> Value {
    or(integer("At most this many.", 1, most), default)
}

/// What a firing answers.
pub(super) fn fired() -> Value {
    output(&fired_properties(), &FIRED)
}

/// What every firing answers.
pub(super) const FIRED: [&str; 5] = ["outcome", "firing", "fired", "done", "to_do"];

/// The properties of what a firing answers.
pub(super) fn fired_properties() -> Value {
    json!({
        "outcome": {"type": "string", "enum": ["fired", "duplicate", "rate_limited", "disabled", "cycle", "too_deep"]},
        "firing": maybe("integer"), "reason": of("string"), "retry_after_ms": of("integer"),
        "fired": objects(), "done": objects(), "to_do": objects(), "refused": objects(),
    })
}

/// A property of a kind in an answer.
pub(super) fn of(kind: &str) -> Value {
    json!({ "type": kind })
}

/// A property of a kind, or null.
pub(super) fn maybe(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

/// Objects in an answer.
pub(super) fn objects() -> Value {
    json!({"type": "array", "items": {"type": "object"}})
}

/// An example's step.
pub(super) fn step(operation: &str, arguments: Value) -> Value {
    json!({"operation": operation, "arguments": arguments})
}
