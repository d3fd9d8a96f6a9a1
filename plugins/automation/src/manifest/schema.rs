//! Small builders for the JSON Schemas and operations of this manifest.

use crate::action::MOST;
use crate::kind::NAMES;
pub(super) use memstrata_sdk::schema::{
    Named, choice, cursor, flag, id, input, integer, maybe, namespace, number, objects, of, operation, or, output,
    own_namespace, step, text,
};
use memstrata_sdk::{Value, json};

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
