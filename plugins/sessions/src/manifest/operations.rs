//! The operations, each with its schemas and examples.

use crate::event::TYPES;
use crate::lifecycle::STATUSES;
use memstrata_sdk::schema::{self as s, Named, operation_of as operation, step};
use memstrata_sdk::{Value, json};

fn session_id() -> Value {
    s::text("The session.", 200)
}

fn created() -> Value {
    json!({"operation": "create_session", "arguments": {"session_id": "s1", "app_name": "helper", "user_id": "alice",
           "project_id": "apollo", "initial_state": {"user:name": "Alice", "temp:draft": "x"}}})
}

fn event() -> Value {
    json!({"type": ["object", "string"], "maxLength": 100_000, "description": "The event, or its JSON text.", "properties": {
        "event_id": {"type": ["string", "null"], "description": "Its name, once a session; made up if absent."},
        "timestamp": {"type": ["integer", "string", "null"], "description": "When; now if absent."},
        "event_type": s::choice(&TYPES, "What it is; message if absent."),
        "actor": {"type": "string", "description": "user (if absent), system or agent:<id>."},
        "content": {"description": "Any JSON."},
        "state_delta": s::maybe_object("Keys of the state it sets; null removes a key."),
        "is_final_response": {"type": "boolean"},
    }})
}

fn status_answer() -> Value {
    json!({"session_id": {"type": "string"}, "status": {"type": "string"}, "previous": {"type": "string"},
           "terminated_at": {"type": ["integer", "null"]}, "cleared": {"type": "array", "items": {"type": "string"}}})
}

fn listed() -> Value {
    json!({"sessions": {"type": "array", "items": {"type": "object", "required": ["session_id", "status"]}},
           "count": {"type": "integer"}, "next_cursor": {"type": ["string", "null"]}})
}

const LISTED: [&str; 3] = ["sessions", "count", "next_cursor"];

pub(super) fn operations() -> Vec<Named> {
    [living(), remembering(), listing()].concat()
}

fn living() -> Vec<Named> {
    let ended = json!([created(), step("terminate_session", &json!({"session_id": "s1"}))]);
    vec![
        (
            "create_session",
            operation(
                (
                    "write",
                    "Creates a session.",
                    "It starts as `created`. State keys begin with user:, session:, temp:, app: or project:. An id that was used is refused as `conflict.duplicate`.",
                ),
                (
                    &json!({"session_id": session_id(), "app_name": s::text("The application.", 200),
                            "user_id": s::text("Whose session.", 200), "project_id": s::project("Its project.", 200),
                            "initial_state": s::maybe_object("State to start with."), "metadata": s::maybe_object("Anything else.")}),
                    &["session_id", "app_name", "user_id"],
                ),
                (
                    &json!({"id": {"type": "integer"}, "session_id": {"type": "string"}, "status": {"type": "string"}, "created_at": {"type": "integer"}}),
                    &["id", "session_id", "status", "created_at"],
                ),
                &json!([
                    {"arguments": {"session_id": "s1", "app_name": "helper", "user_id": "alice", "initial_state": {"user:name": "Alice"}}},
                    {"arguments": {"session_id": "s1", "app_name": "helper", "user_id": "bob"}, "setup": [created()], "fault": "conflict.duplicate"},
                    {"arguments": {"session_id": "s2", "app_name": "a", "user_id": "b", "initial_state": {"name": 1}}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "update_status",
            operation(
                (
                    "write",
                    "Moves a session to its next status.",
                    "created to active, active to paused and back, these three to terminated, terminated to archived; anything else is refused as `conflict.status`. To terminate clears temp: state.",
                ),
                (
                    &json!({"session_id": session_id(), "status": s::choice(&STATUSES, "The new status.")}),
                    &["session_id", "status"],
                ),
                (&status_answer(), &["session_id", "status", "previous"]),
                &json!([
                    {"arguments": {"session_id": "s1", "status": "active"}, "setup": [created()]},
                    {"arguments": {"session_id": "s1", "status": "archived"}, "setup": ended},
                    {"arguments": {"session_id": "s1", "status": "active"}, "setup": ended, "fault": "conflict.status"},
                    {"arguments": {"session_id": "s1", "status": "paused"}, "setup": [created()], "fault": "conflict.status"},
                ]),
            ),
        ),
        (
            "terminate_session",
            operation(
                (
                    "write",
                    "Ends a session.",
                    "Notes when, clears its temp: state and emits `sessions.terminated` for whoever extracts memories from sessions. It takes no more events.",
                ),
                (&json!({"session_id": session_id()}), &["session_id"]),
                (&status_answer(), &["session_id", "status", "previous", "terminated_at", "cleared"]),
                &json!([
                    {"arguments": {"session_id": "s1"}, "setup": [created()]},
                    {"arguments": {"session_id": "nobody"}, "fault": "not-found.session"},
                ]),
            ),
        ),
        (
            "archive_sessions",
            operation(
                (
                    "write",
                    "Archives sessions that were terminated long ago.",
                    "Thirty days unless the settings say otherwise. Runs daily; at most 500 a call, `more` says that some are left.",
                ),
                (
                    &json!({"days": {"type": "integer", "minimum": 0, "maximum": 3650, "description": "Instead of the setting."}}),
                    &[],
                ),
                (
                    &json!({"archived": {"type": "array", "items": {"type": "string"}}, "count": {"type": "integer"}, "more": {"type": "boolean"}}),
                    &["archived", "count", "more"],
                ),
                &json!([{"arguments": {}}, {"arguments": {"days": 0}, "setup": ended}]),
            ),
        ),
    ]
}

fn remembering() -> Vec<Named> {
    let key = || s::text("A key such as user:name.", 200);
    let spoken = json!([created(), step("append_event", &json!({"session_id": "s1", "event": {"content": "hello"}}))]);
    let named = json!([created(), step("append_event", &json!({"session_id": "s1", "event": {"event_id": "e1"}}))]);
    let ended = json!([created(), step("terminate_session", &json!({"session_id": "s1"}))]);
    vec![
        (
            "append_event",
            operation(
                (
                    "write",
                    "Appends an event to a session and merges its changes of state.",
                    "Events are rows of their own, so appends at the same time all survive; `seq` grows. `state_delta` here wins over that of the event; null removes a key. A session that has ended takes none.",
                ),
                (
                    &json!({"session_id": session_id(), "event": event(), "state_delta": s::maybe_object("Keys of the state to set.")}),
                    &["session_id", "event"],
                ),
                (
                    &json!({"session_id": {"type": "string"}, "event_id": {"type": "string"}, "seq": {"type": "integer"}, "timestamp": {"type": "integer"},
                         "changed": {"type": "array", "items": {"type": "string"}}}),
                    &["session_id", "event_id", "seq", "timestamp", "changed"],
                ),
                &json!([
                    {"arguments": {"session_id": "s1", "event": {"event_type": "message", "actor": "user", "content": {"text": "hello"}}, "state_delta": {"user:mood": "good"}}, "setup": [created()]},
                    {"arguments": {"session_id": "s1", "event": "{\"actor\": \"agent:7\", \"event_type\": \"tool_call\"}"}, "setup": [created()]},
                    {"arguments": {"session_id": "s1", "event": {"event_id": "e1"}}, "setup": named, "fault": "conflict.duplicate"},
                    {"arguments": {"session_id": "s1", "event": "{broken"}, "setup": [created()], "fault": "invalid.argument"},
                    {"arguments": {"session_id": "s1", "event": {"content": "late"}}, "setup": ended, "fault": "conflict.status"},
                ]),
            ),
        ),
        (
            "get_state",
            operation(
                (
                    "read",
                    "A key of a session's state, or all of it.",
                    "`found` is false and `value` null for a key that is not set.",
                ),
                (&json!({"session_id": session_id(), "key": s::maybe_text("Only this key.", 200)}), &["session_id"]),
                (
                    &json!({"session_id": {"type": "string"}, "found": {"type": "boolean"}, "value": {}, "state": {"type": "object"}}),
                    &["session_id", "found"],
                ),
                &json!([
                    {"arguments": {"session_id": "s1", "key": "user:name"}, "setup": [created()]},
                    {"arguments": {"session_id": "s1"}, "setup": [created()]},
                    {"arguments": {"session_id": "nobody"}, "fault": "not-found.session"},
                ]),
            ),
        ),
        (
            "set_state",
            operation(
                ("write", "Sets a key of a session's state.", "null removes it. The last of several writers wins."),
                (
                    &json!({"session_id": session_id(), "key": key(), "value": {"description": "Any JSON."}}),
                    &["session_id", "key", "value"],
                ),
                (
                    &json!({"session_id": {"type": "string"}, "key": {"type": "string"}, "value": {}}),
                    &["session_id", "key", "value"],
                ),
                &json!([
                    {"arguments": {"session_id": "s1", "key": "session:step", "value": 2}, "setup": [created()]},
                    {"arguments": {"session_id": "s1", "key": "user:name", "value": null}, "setup": [created()]},
                    {"arguments": {"session_id": "s1", "key": "step", "value": 2}, "setup": [created()], "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "get_session",
            operation(
                (
                    "read",
                    "A session with its state and newest events.",
                    "`found` is false and `session` null if there is none. `event_count` counts all events; `list_events` pages through them.",
                ),
                (
                    &json!({"session_id": session_id(), "event_limit": s::integer_or("Newest events to show.", 0, 500, 50)}),
                    &["session_id"],
                ),
                (
                    &json!({"found": {"type": "boolean"}, "session": {"type": ["object", "null"]}}),
                    &["found", "session"],
                ),
                &json!([{"arguments": {"session_id": "s1"}, "setup": spoken}, {"arguments": {"session_id": "nobody"}}]),
            ),
        ),
        (
            "list_events",
            operation(
                ("read", "Events of a session in order.", "Oldest first; `next_cursor` goes on."),
                (
                    &json!({"session_id": session_id(), "event_type": s::choice(&TYPES, "Only these."), "limit": s::integer_or("A page.", 1, 500, 50),
                         "cursor": s::maybe_text("From the page before.", 4_000)}),
                    &["session_id"],
                ),
                (
                    &json!({"events": {"type": "array", "items": {"type": "object", "required": ["event_id", "seq"]}}, "count": {"type": "integer"}, "next_cursor": {"type": ["string", "null"]}}),
                    &["events", "count", "next_cursor"],
                ),
                &json!([{"arguments": {"session_id": "s1"}, "setup": spoken}]),
            ),
        ),
    ]
}

fn listing() -> Vec<Named> {
    let active = json!([created(), step("update_status", &json!({"session_id": "s1", "status": "active"}))]);
    let cursor = || s::maybe_text("From the page before.", 4_000);
    vec![
        (
            "list_sessions",
            operation(
                ("read", "Sessions, the last changed first.", "Without their events and state."),
                (
                    &json!({"project_id": s::project("Only of this project.", 200), "status": s::choice(&STATUSES, "Only these."),
                         "user_id": s::maybe_text("Only of this user.", 200), "limit": s::integer_or("A page.", 1, 500, 50), "cursor": cursor()}),
                    &[],
                ),
                (&listed(), &LISTED),
                &json!([{"arguments": {}, "setup": [created()]}, {"arguments": {"project_id": "apollo", "status": "created"}, "setup": [created()]}]),
            ),
        ),
        (
            "list_active_sessions",
            operation(
                ("read", "Active sessions, the last changed first.", "Of everyone, or of one user."),
                (
                    &json!({"user_id": s::maybe_text("Only of this user.", 200), "limit": s::integer_or("A page.", 1, 500, 50), "cursor": cursor()}),
                    &[],
                ),
                (&listed(), &LISTED),
                &json!([{"arguments": {"user_id": "alice"}, "setup": active}, {"arguments": {}}]),
            ),
        ),
    ]
}
