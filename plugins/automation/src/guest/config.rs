//! Reading and changing the configuration.

use super::{CONFIG, namespace};
use crate::config::{Config, KEYS, key};
use crate::row;
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
        return Ok(json!({"config_key": key.name, "config_value": key.default(), "was": was}));
    }
    let value = key.read(&given.config_value)?;
    write::upsert(CONFIG, "key", &json!({"key": key.name, "value": value}))?;
    Ok(json!({"config_key": key.name, "config_value": value, "was": was}))
}

/// `get_automation_config`.
pub(super) fn get() -> Answer {
    let keys: Vec<Value> =
        KEYS.iter().map(|key| json!({"key": key.name, "about": key.about, "default": key.default()})).collect();
    let mut heard = vec!["episodic.events:insert", "episodic.<event_type>"];
    heard.extend(crate::manifest::HEARD);
    Ok(json!({"config": read()?.all(), "keys": keys, "heard": heard}))
}
