//! Events of other layers: episodes, read in pages by a schedule, and rare emitted events, as the host delivers them.

use super::firing::{Engine, Occasion, Outcome};
use super::{CONFIG, EVENTS, FIRINGS, MOST, RULES, is_absent, named, now};
use crate::heard::{Place, all_up_to, condition, horizon, start, types};
use crate::{episode, row};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

/// Episodes heard in one call.
const PAGE: u32 = 1_000;
/// Firings after which a call ends; the next one goes on.
const ENOUGH: usize = 200;
/// How far the place may lag behind where nothing was heard.
const MOVE_MS: u64 = 600_000;
/// Where the place is kept, among the keys of the configuration.
const KEY: &str = "heard_episodes";

#[derive(Deserialize)]
struct Delivery {
    event: String,
    #[serde(default)]
    payload: Value,
}

/// The enabled rules that wait for events of a layer.
fn waiting(layer: &str) -> Result<Query, Fault> {
    Query::of(RULES)
        .filter(json!(["trigger_event", "prefix", format!("{layer}.")]))?
        .filter(json!(["enabled", "=", true]))
}

fn answered(engine: Engine, heard: usize, more: bool) -> Value {
    let count = engine.count();
    let answer = engine.answer(Outcome::default());
    json!({"heard": heard, "fired": answer.get("fired"), "count": count, "more": more})
}

/// `hear_event`: one delivery of the host; its acknowledgement commits with what it fires.
pub(super) fn event(given: Value) -> Answer {
    let given: Delivery = arguments(given)?;
    let layer = given.event.split('.').next().unwrap_or_default();
    let waited = crate::event::check(&given.event).is_ok() && !waiting(layer)?.limit(1).ids()?.is_empty();
    let mut engine = Engine::new(None, String::new())?;
    if waited && engine.config.flag("hear_events") {
        engine.happen(std::slice::from_ref(&given.event), &given.payload, &Occasion::default(), false)?;
    }
    Ok(answered(engine, usize::from(waited), false))
}

/// `hear_new_episodes`: the episodes written since, in order; the place commits with what they fire.
pub(super) fn episodes() -> Answer {
    let engine = Engine::new(None, String::new())?;
    let rules = waiting("episodic")?.select(&["trigger_event", "since"])?.all(MOST)?;
    if rules.is_empty() || !engine.config.flag("enabled") || !engine.config.flag("hear_events") {
        return Ok(answered(engine, 0, false));
    }
    let first_rule = rules.iter().filter_map(|rule| row::int(rule, "since")).min().unwrap_or_else(now);
    let stored = named(CONFIG, "key", KEY, None)?;
    let known = stored.as_ref().and_then(|row| row.get("value")).and_then(|value| {
        Some(Place { at: row::int(value, "at")?, id: row::int(value, "id")? })
    });
    let (after, horizon) = (start(known, first_rule), horizon(engine.now));
    let names: Vec<&str> = rules.iter().map(|rule| row::text(rule, "trigger_event")).collect();
    let page = match read(after, horizon, types(&names)) {
        Ok(page) => page,
        Err(fault) if is_absent(&fault) => return Ok(answered(engine, 0, false)),
        Err(fault) => return Err(fault),
    };
    let full = page.len() >= PAGE as usize;
    let (engine, heard, last) = hear(engine, page)?;
    let (place, more) = match last {
        Some(place) => (place, true),
        None => (all_up_to(horizon), false),
    };
    let more = more || full;
    // Where nothing was heard, the place moves now and then only: each move is a version of its row.
    let moves = known.is_none_or(|known| known < place && (heard > 0 || known.at + MOVE_MS < place.at));
    if moves {
        let value = json!({"key": KEY, "value": {"at": place.at, "id": place.id}});
        match &stored {
            // At the version that was read: two at once do not hear the same episodes.
            Some(stored) => _ = write::update(CONFIG, row::id(stored), None, &value)?,
            None => _ = write::upsert(CONFIG, "key", &value)?,
        }
    }
    Ok(answered(engine, heard, more))
}

/// The next page of episodes of these types, or of all.
fn read(after: Place, horizon: u64, types: Option<Vec<String>>) -> Result<Vec<Value>, Fault> {
    let query = Query::of(EVENTS)
        .filter(condition(after, horizon))?
        .filter_if("event_type", "in", types)?
        .ascending("created_at")?
        .limit(PAGE);
    Ok(query.page()?.rows)
}

/// Hears a page; the place of the last one heard if the page was full or enough was fired, none if it was heard to its end.
fn hear(mut engine: Engine, page: Vec<Value>) -> Result<(Engine, usize, Option<Place>), Fault> {
    let full = page.len() >= PAGE as usize;
    let (mut heard, mut last) = (0, None);
    let many = page.len();
    for mut event in page {
        let place = Place { at: row::int(&event, "created_at").unwrap_or_default(), id: row::id(&event) };
        if let Some(event) = event.as_object_mut() {
            event.retain(|field, value| !value.is_null() && field != "content_hash");
        }
        let session = Some(row::text(&event, "session_id")).filter(|session| !session.is_empty());
        engine.turn(session, row::text(&event, "namespace"), place.at);
        let names = [format!("episodic.{}", row::text(&event, "event_type")), "episodic.events:insert".to_owned()];
        engine.happen(&names, &event, &led_by(&event)?, false)?;
        heard += 1;
        last = Some(place);
        if engine.count() >= ENOUGH {
            break;
        }
    }
    let through = heard == many && !full;
    Ok((engine, heard, last.filter(|_| !through)))
}

/// What a firing recorded goes on with that firing's way: a rule that hears its own episode is a cycle.
fn led_by(event: &Value) -> Result<Occasion, Fault> {
    let firing = episode::recorded_by(event).map(|firing| get(FIRINGS, firing)).transpose()?.flatten();
    Ok(firing.map_or_else(Occasion::default, |firing| Occasion {
        way: row::texts(&firing, "way"),
        parent: Some(row::id(&firing)),
        key: None,
    }))
}
