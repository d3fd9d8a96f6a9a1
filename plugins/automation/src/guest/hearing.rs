//! Events of other layers, as the host delivers them: once each, acknowledged in the commit of what they fire.

use super::firing::{Engine, Occasion};
use super::{EVENTS, FIRINGS, RULES, is_absent};
use crate::{episode, row};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Delivery {
    #[serde(default)]
    event: String,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    payload: Value,
}

fn nothing() -> Value {
    json!({"fired": [], "count": 0})
}

/// Whether any enabled rule waits for events of a layer: most events of most spaces end here, after one look at an index.
fn anybody(layer: &str) -> Result<bool, Fault> {
    let waiting = Query::of(RULES)
        .filter(json!(["trigger_event", "prefix", format!("{layer}.")]))?
        .filter(json!(["enabled", "=", true]))?
        .limit(1);
    Ok(!waiting.ids()?.is_empty())
}

fn heard(engine: Engine) -> Value {
    let count = engine.count();
    let answer = engine.answer(super::firing::Outcome::default());
    json!({"fired": answer.get("fired"), "count": count})
}

/// `hear_episode`.
pub(super) fn episode(given: Value) -> Answer {
    let id = arguments::<Delivery>(given)?.id;
    if !anybody("episodic")? {
        return Ok(nothing());
    }
    let event = match get(EVENTS, id) {
        Ok(Some(event)) => event,
        Ok(None) => return Ok(nothing()),
        Err(fault) if is_absent(&fault) => return Ok(nothing()),
        Err(fault) => return Err(fault),
    };
    let session = Some(row::text(&event, "session_id")).filter(|session| !session.is_empty()).map(str::to_owned);
    let mut engine = Engine::new(session, Some(row::text(&event, "namespace").to_owned()))?;
    if !engine.config.flag("hear_events") {
        return Ok(nothing());
    }
    // What a firing recorded goes on with that firing's way: a rule that hears its own episode is a cycle.
    let parent = episode::recorded_by(&event).map(|firing| get(FIRINGS, firing)).transpose()?.flatten();
    let occasion = Occasion {
        way: parent.as_ref().map(|firing| row::texts(firing, "way")).unwrap_or_default(),
        parent: parent.as_ref().map(row::id),
        key: None,
    };
    let names = [format!("episodic.{}", row::text(&event, "event_type")), "episodic.events:insert".to_owned()];
    let mut data = event;
    if let Some(data) = data.as_object_mut() {
        data.retain(|field, value| !value.is_null() && field != "content_hash");
    }
    engine.happen(&names, &data, &occasion, false)?;
    Ok(heard(engine))
}

/// `hear_event`.
pub(super) fn event(given: Value) -> Answer {
    let given: Delivery = arguments(given)?;
    let layer = given.event.split('.').next().unwrap_or_default();
    if crate::event::check(&given.event).is_err() || !anybody(layer)? {
        return Ok(nothing());
    }
    let mut engine = Engine::new(None, None)?;
    if engine.config.flag("hear_events") {
        engine.happen(std::slice::from_ref(&given.event), &given.payload, &Occasion::default(), false)?;
    }
    Ok(heard(engine))
}
