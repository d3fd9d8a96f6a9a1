//! Events appended, and the state they change.

use super::{EVENTS, STATE, open, require, text};
use crate::{event, state};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, clock, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Append {
    session_id: String,
    event: Value,
    state_delta: Option<Map<String, Value>>,
}

pub(super) fn append(given: Value) -> Answer {
    let given: Append = arguments(given)?;
    let event = event::read(given.event)?;
    let delta = state::merged(event.state_delta, given.state_delta)?;
    open(&given.session_id)?;
    let seq = write::new_ids(1)?.first().copied().unwrap_or_default();
    // A name made of the row's id is new for sure.
    let name = match event.event_id {
        Some(name) => unused(&given.session_id, name)?,
        None => format!("evt-{seq}"),
    };
    let timestamp = event.timestamp.map_or_else(clock::now, |time| time.0);
    write::insert(
        EVENTS,
        &json!({
            "id": seq, "session_id": given.session_id, "event_id": name, "timestamp": timestamp,
            "event_type": event.event_type, "actor": event.actor, "text": event::text(&event.content),
            "content": event.content, "state_delta": delta, "is_final_response": event.is_final_response,
        }),
    )?;
    apply(&given.session_id, &delta)?;
    let changed: Vec<&String> = delta.keys().collect();
    Ok(
        json!({"session_id": given.session_id, "event_id": name, "seq": seq, "timestamp": timestamp, "changed": changed}),
    )
}

/// A caller's name of an event, if the session has none of that name.
fn unused(session: &str, name: String) -> Result<String, Fault> {
    let same = Query::of(EVENTS).filter(json!(["session_id", "=", session]))?.filter(json!(["event_id", "=", name]))?;
    if same.count()? > 0 {
        return Err(Fault::new(
            "conflict.duplicate",
            format!("session `{session}` has an event `{name}`: give another event_id, or none"),
        ));
    }
    Ok(name)
}

fn kept(session: &str) -> Result<Query, Fault> {
    Query::of(STATE).filter(json!(["session_id", "=", session]))
}

/// Stages a delta. Keys are set whatever they were, so that the last of several writers wins and none conflicts.
pub(super) fn apply(session: &str, delta: &Map<String, Value>) -> Result<(), Fault> {
    let mut grown = false;
    for (key, value) in delta {
        if value.is_null() {
            for id in kept(session)?.filter(json!(["key", "=", key]))?.ids()? {
                write::delete(STATE, id, None)?;
            }
        } else {
            let row = json!({"session_id": session, "key": key, "value": value});
            grown |= write::upsert(STATE, "key", &row)?.1;
        }
    }
    if grown && kept(session)?.count()? > state::MOST_KEYS {
        return Err(Fault::new(
            "limit.state",
            format!("session `{session}` would keep over {} keys: set some to null first", state::MOST_KEYS),
        ));
    }
    Ok(())
}

/// All of a session's state.
pub(super) fn all(session: &str) -> Result<Map<String, Value>, Fault> {
    let most = usize::try_from(state::MOST_KEYS).unwrap_or(usize::MAX);
    let mut state: Vec<(String, Value)> = kept(session)?
        .select(&["key", "value"])?
        .all(most)?
        .iter()
        .map(|row| (text(row, "key").to_owned(), row.get("value").cloned().unwrap_or_default()))
        .collect();
    state.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(state.into_iter().collect())
}

#[derive(Deserialize)]
struct Get {
    session_id: String,
    key: Option<String>,
}

pub(super) fn get_state(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    require(&given.session_id)?;
    let Some(key) = given.key else {
        let state = all(&given.session_id)?;
        return Ok(json!({"session_id": given.session_id, "found": !state.is_empty(), "state": state}));
    };
    state::check_key(&key)?;
    let row = kept(&given.session_id)?.filter(json!(["key", "=", key]))?.first()?;
    let value = row.as_ref().and_then(|row| row.get("value")).cloned().unwrap_or_default();
    Ok(json!({"session_id": given.session_id, "key": key, "found": row.is_some(), "value": value}))
}

#[derive(Deserialize)]
struct Set {
    session_id: String,
    key: String,
    value: Value,
}

pub(super) fn set_state(given: Value) -> Answer {
    let given: Set = arguments(given)?;
    state::check_key(&given.key)?;
    open(&given.session_id)?;
    apply(&given.session_id, &Map::from_iter([(given.key.clone(), given.value.clone())]))?;
    Ok(json!({"session_id": given.session_id, "key": given.key, "value": given.value}))
}
