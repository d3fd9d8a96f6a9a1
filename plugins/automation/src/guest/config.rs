//! Reading and changing the configuration.

use super::{CONFIG, now};
use crate::config::{Config, KEYS, key};
use crate::heard::{self, Place};
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// What holds now.
pub(super) fn read() -> Result<Config, Fault> {
    Ok(Config::of(&Query::of(CONFIG).filter(json!(["namespace", "=", ""]))?.page()?.rows))
}

/// Refuses a row that the host put into the namespace a caller is confined to: the configuration is of the whole space.
fn of_all(id: u64) -> Result<(), Fault> {
    let place = memstrata_sdk::get(CONFIG, id)?.map(|row| row::text(&row, "namespace").to_owned()).unwrap_or_default();
    if place.is_empty() {
        return Ok(());
    }
    Err(Fault::new(
        "denied.namespace",
        format!(
            "the configuration is of the whole space, and this caller is confined to `{place}`: let one who is not change it"
        ),
    ))
}

#[derive(Deserialize)]
struct Update {
    config_key: String,
    config_value: Value,
}

/// `update_automation_config`.
pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let key = key(&given.config_key)?;
    let was = read()?.all().get(key.name).cloned().unwrap_or_default();
    if given.config_value.is_null() {
        if let Some(stored) = super::named(CONFIG, "key", key.name, Some(""))? {
            write::delete(CONFIG, row::id(&stored), None)?;
        }
        if key.default() == json!(true) && was == json!(false) {
            hear_from_now()?;
        }
        return Ok(json!({"config_key": key.name, "config_value": key.default(), "was": was}));
    }
    let value = key.read(&given.config_value)?;
    if value == json!(true) && was == json!(false) {
        // Hearing begins anew: what was written meanwhile is not heard.
        hear_from_now()?;
    }
    let (id, _) = write::upsert(CONFIG, "key", &json!({"key": key.name, "value": value}))?;
    of_all(id)?;
    Ok(json!({"config_key": key.name, "config_value": value, "was": was}))
}

/// Where the place is kept, among the keys of the configuration.
const HEARD: &str = "heard_episodes";

/// The row that says how far episodes were heard.
pub(super) fn stored_place() -> Result<Option<Value>, Fault> {
    super::named(CONFIG, "key", HEARD, Some(""))
}

/// Keeps how far episodes were heard. At the version that was read: of two that hear at once one runs again, so that no episode is
/// heard twice.
pub(super) fn place(stored: Option<&Value>, place: Place) -> Result<(), Fault> {
    let value = json!({"key": HEARD, "value": {"at": place.at, "id": place.id}});
    match stored {
        Some(stored) => write::update(CONFIG, row::id(stored), row::int(stored, "version"), &value).map(|_| ()),
        None => of_all(write::insert(CONFIG, &value)?),
    }
}

fn hear_from_now() -> Result<(), Fault> {
    place(stored_place()?.as_ref(), heard::from_now(now()))
}

/// `get_automation_config`.
pub(super) fn get() -> Answer {
    let keys: Vec<Value> =
        KEYS.iter().map(|key| json!({"key": key.name, "about": key.about, "default": key.default()})).collect();
    let mut heard = vec!["episodic.events:insert", "episodic.<event_type>"];
    heard.extend(crate::manifest::HEARD);
    Ok(json!({"config": read()?.all(), "keys": keys, "heard": heard}))
}
