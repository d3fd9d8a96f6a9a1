//! From creation to the archive.

use super::{SESSIONS, STATE, find, id, project, recording, require, text};
use crate::{lifecycle, state};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, clock, events, json, settings, write};
use serde::Deserialize;

/// Sessions archived in one call.
const MOST: u32 = 500;
const DAY_MS: u64 = 86_400_000;

#[derive(Deserialize)]
struct Create {
    session_id: String,
    app_name: String,
    user_id: String,
    project_id: Option<Value>,
    initial_state: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
}

pub(super) fn create(given: Value) -> Answer {
    let given: Create = arguments(given)?;
    if given.session_id.trim().is_empty() {
        return Err(Fault::invalid("`session_id` is blank"));
    }
    if find(&given.session_id)?.is_some() {
        return Err(Fault::new(
            "conflict.duplicate",
            format!("session `{}` exists: choose another id, or get_session", given.session_id),
        ));
    }
    let delta = state::merged(given.initial_state, None)?;
    let now = clock::now();
    let id = write::insert(
        SESSIONS,
        &json!({
            "session_id": given.session_id, "app_name": given.app_name, "user_id": given.user_id,
            "project_id": project(given.project_id), "status": "created",
            "metadata": given.metadata.unwrap_or_default(), "last_update_time": now,
        }),
    )?;
    recording::apply(&given.session_id, &delta)?;
    Ok(json!({"id": id, "session_id": given.session_id, "status": "created", "created_at": now}))
}

#[derive(Deserialize)]
struct Update {
    session_id: String,
    status: String,
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    go(&given.session_id, &given.status)
}

#[derive(Deserialize)]
struct Of {
    session_id: String,
}

pub(super) fn terminate(given: Value) -> Answer {
    let given: Of = arguments(given)?;
    go(&given.session_id, "terminated")
}

fn go(session: &str, status: &str) -> Answer {
    let row = require(session)?;
    let previous = text(&row, "status").to_owned();
    lifecycle::check(&previous, status)?;
    let now = clock::now();
    let mut patch = json!({"status": status, "last_update_time": now});
    let mut terminated_at = row.get("terminated_at").cloned().unwrap_or(Value::Null);
    let mut cleared = Vec::new();
    if let Some(field) = stamp(status) {
        patch.as_object_mut().and_then(|patch| patch.insert(field.into(), json!(now)));
    }
    if status == "terminated" {
        terminated_at = json!(now);
        cleared = clear(session)?;
        events::emit(
            "terminated",
            &json!({"session_id": session, "user_id": row.get("user_id"), "project_id": row.get("project_id")}),
        )?;
    }
    write::update(SESSIONS, id(&row), None, &patch)?;
    Ok(
        json!({"session_id": session, "status": status, "previous": previous, "terminated_at": terminated_at, "cleared": cleared}),
    )
}

fn stamp(status: &str) -> Option<&'static str> {
    match status {
        "terminated" => Some("terminated_at"),
        "archived" => Some("archived_at"),
        _ => None,
    }
}

/// Clears what ends with the session; the keys.
fn clear(session: &str) -> Result<Vec<String>, Fault> {
    let kept = Query::of(STATE).filter(json!(["session_id", "=", session]))?;
    let most = usize::try_from(state::MOST_KEYS).unwrap_or(usize::MAX);
    let mut cleared = Vec::new();
    for row in kept.select(&["key"])?.all(most)? {
        if state::is_temporary(text(&row, "key")) {
            write::delete(STATE, id(&row), None)?;
            cleared.push(text(&row, "key").to_owned());
        }
    }
    cleared.sort();
    Ok(cleared)
}

#[derive(Deserialize)]
struct Archive {
    days: Option<u64>,
}

#[derive(Deserialize)]
struct Settings {
    archive_after_days: u64,
}

pub(super) fn archive(given: Value) -> Answer {
    let given: Archive = arguments(given)?;
    let days = match given.days {
        Some(days) => days,
        None => settings::get::<Settings>()?.archive_after_days,
    };
    let now = clock::now();
    let page = Query::of(SESSIONS)
        .filter(json!(["status", "=", "terminated"]))?
        .filter(json!(["terminated_at", "<=", now.saturating_sub(days * DAY_MS)]))?
        .ascending("terminated_at")?
        .limit(MOST)
        .page()?;
    let mut archived = Vec::new();
    for row in &page.rows {
        write::update(
            SESSIONS,
            id(row),
            None,
            &json!({"status": "archived", "archived_at": now, "last_update_time": now}),
        )?;
        archived.push(text(row, "session_id").to_owned());
    }
    Ok(json!({"count": archived.len(), "archived": archived, "more": page.next.is_some()}))
}
