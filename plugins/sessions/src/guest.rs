//! The component: names of operations to functions, and what several of them share.

mod listing;
mod living;
mod recording;

use memstrata_sdk::row::{id, text};
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, clock, json, write};

use crate::lifecycle::{OPEN, is_open};

/// Sessions.
const SESSIONS: &str = "sessions";
/// What happened in them.
const EVENTS: &str = "events";
/// What they keep.
const STATE: &str = "state";

struct Sessions;

memstrata_sdk::layer!(Sessions);

impl Layer for Sessions {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "create_session" => living::create(arguments),
            "update_status" => living::update(arguments),
            "terminate_session" => living::terminate(arguments),
            "archive_sessions" => living::archive(arguments),
            "append_event" => recording::append(arguments),
            "get_state" => recording::get_state(arguments),
            "set_state" => recording::set_state(arguments),
            "get_session" => listing::get(arguments),
            "list_events" => listing::events(arguments),
            "list_sessions" => listing::sessions(arguments),
            "list_active_sessions" => listing::active(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

fn query(session: &str) -> Result<Query, Fault> {
    Query::of(SESSIONS).filter(json!(["session_id", "=", session]))
}

fn find(session: &str) -> Result<Option<Value>, Fault> {
    query(session)?.first()
}

fn require(session: &str) -> Result<Value, Fault> {
    find(session)?.ok_or_else(|| {
        Fault::new(
            "not-found.session",
            format!("no session `{session}`: create_session makes it, list_sessions shows all"),
        )
    })
}

/// A session that takes events and state, noted as changed now.
///
/// The commit depends on its status only, and the time is raised, not set: calls at the same time do not conflict,
/// yet none slips in after the end.
fn open(session: &str) -> Result<Value, Fault> {
    let row = require(session)?;
    let status = text(&row, "status");
    if !is_open(status) {
        return Err(Fault::new(
            "conflict.status",
            format!("session `{session}` is {status} and takes no more: create a new one"),
        ));
    }
    write::expect(&query(session)?.filter(json!(["status", "in", OPEN]))?, 1)?;
    #[expect(clippy::cast_precision_loss, reason = "times in ms are below 2^53")]
    write::max(SESSIONS, id(&row), "last_update_time", clock::now() as f64)?;
    Ok(row)
}

/// A project as it is stored.
fn project(given: Option<Value>) -> Option<String> {
    match given {
        Some(Value::String(name)) => Some(name),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}
