//! Reading and changing the configuration.

use super::{CONFIG, namespace, now};
use crate::config::{Config, KEYS, key};
use crate::heard::{self, Place};
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// What holds now.
pub(super) fn read() -> Result<Config, Fault> {
    Ok(Config::of(&Query::of(CONFIG).page()?.rows))
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
        if let Some(stored) = super::named(CONFIG, "key", key.name, namespace(None))? {
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
    write::upsert(CONFIG, "key", &json!({"key": key.name, "value": value}))?;
    Ok(json!({"config_key": key.name, "config_value": value, "was": was}))
}

/// Where the place is kept, among the keys of the configuration.
const HEARD: &str = "heard_episodes";

/// The row that says how far episodes were heard.
pub(super) fn stored_place() -> Result<Option<Value>, Fault> {
    super::named(CONFIG, "key", HEARD, None)
}

/// Keeps how far episodes were heard. At the version that was read: of two that hear at once one runs again, so that no episode is
/// heard twice.
pub(super) fn place(stored: Option<&Value>, place: Place) -> Result<(), Fault> {
    let value = json!({"key": HEARD, "value": {"at": place.at, "id": place.id}});
    match stored {
        Some(stored) => write::update(CONFIG, row::id(stored), row::int(stored, "version"), &value).map(|_| ()),
        None => write::insert(CONFIG, &value).map(|_| ()),
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
