//! Sessions and their events as they are shown.

use super::{EVENTS, SESSIONS, find, project, recording, require};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json};
use serde::Deserialize;

fn pick(row: &Value, fields: &[&str]) -> Map<String, Value> {
    fields.iter().map(|field| ((*field).to_owned(), row.get(*field).cloned().unwrap_or_default())).collect()
}

fn session(row: &Value) -> Map<String, Value> {
    pick(
        row,
        &[
            "id",
            "session_id",
            "app_name",
            "user_id",
            "project_id",
            "status",
            "metadata",
            "created_at",
            "last_update_time",
            "terminated_at",
            "archived_at",
        ],
    )
}

fn event(row: &Value) -> Value {
    let mut shown =
        pick(row, &["event_id", "timestamp", "event_type", "actor", "content", "state_delta", "is_final_response"]);
    shown.insert("seq".into(), row.get("id").cloned().unwrap_or_default());
    Value::Object(shown)
}

fn of(session: &str) -> Result<Query, Fault> {
    Query::of(EVENTS).filter(json!(["session_id", "=", session]))
}

#[derive(Deserialize)]
struct Get {
    session_id: String,
    event_limit: u32,
}

pub(super) fn get(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    let Some(row) = find(&given.session_id)? else {
        return Ok(json!({"found": false, "session": null}));
    };
    let mut shown = session(&row);
    let mut events = match given.event_limit {
        0 => Vec::new(),
        limit => of(&given.session_id)?.descending("id")?.limit(limit).page()?.rows,
    };
    events.reverse();
    shown.insert("state".into(), Value::Object(recording::all(&given.session_id)?));
    shown.insert("events".into(), events.iter().map(event).collect());
    shown.insert("event_count".into(), json!(of(&given.session_id)?.count()?));
    Ok(json!({"found": true, "session": shown}))
}

#[derive(Deserialize)]
struct Events {
    session_id: String,
    event_type: Option<String>,
    limit: u32,
    cursor: Option<String>,
}

pub(super) fn events(given: Value) -> Answer {
    let given: Events = arguments(given)?;
    require(&given.session_id)?;
    let page = of(&given.session_id)?
        .filter_if("event_type", "=", given.event_type)?
        .ascending("id")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let events: Vec<Value> = page.rows.iter().map(event).collect();
    Ok(json!({"count": events.len(), "events": events, "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct List {
    project_id: Option<Value>,
    status: Option<String>,
    user_id: Option<String>,
    limit: u32,
    cursor: Option<String>,
}

fn list(given: List) -> Answer {
    let page = Query::of(SESSIONS)
        .filter_if("project_id", "=", project(given.project_id))?
        .filter_if("status", "=", given.status)?
        .filter_if("user_id", "=", given.user_id)?
        .descending("last_update_time")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let sessions: Vec<Value> = page.rows.iter().map(|row| Value::Object(session(row))).collect();
    Ok(json!({"count": sessions.len(), "sessions": sessions, "next_cursor": page.next}))
}

pub(super) fn sessions(given: Value) -> Answer {
    list(arguments(given)?)
}

pub(super) fn active(given: Value) -> Answer {
    let mut given: List = arguments(given)?;
    given.status = Some("active".to_owned());
    list(given)
}
