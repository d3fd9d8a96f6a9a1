//! Events of other layers: episodes, read in pages by a schedule, and rare emitted events, as the host delivers them.

use super::config::{place, stored_place};
use super::firing::{Engine, Occasion, Outcome};
use super::{EVENTS, FIRINGS, MOST_RULES, RULES, is_absent, now};
use crate::episode;
use crate::heard::{Place, all_up_to, condition, horizon, start, types};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, row};
use serde::Deserialize;

/// Episodes heard in one call.
const MOST_HEARD: usize = 1_000;
/// Episodes read at once: large ones do not fill the guest's memory.
const STEP: u32 = 50;
/// Firings, and bytes of what they did, after which a call ends; the next one goes on.
const ENOUGH: usize = 200;
const ENOUGH_BYTES: usize = 4_000_000;
/// How far the place may lag behind where nothing was heard.
const MOVE_MS: u64 = 600_000;

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
    let rules = waiting("episodic")?.select(&["trigger_event", "since"])?.all(MOST_RULES)?;
    if rules.is_empty() || !engine.config.flag("enabled") || !engine.config.flag("hear_events") {
        return Ok(answered(engine, 0, false));
    }
    let first_rule = rules.iter().filter_map(|rule| row::int(rule, "since")).min().unwrap_or_else(now);
    let stored = stored_place()?;
    let known = stored
        .as_ref()
        .and_then(|row| row.get("value"))
        .and_then(|value| Some(Place { at: row::int(value, "at")?, id: row::int(value, "id")? }));
    let (after, horizon) = (start(known, first_rule), horizon(engine.now));
    let names: Vec<&str> = rules.iter().map(|rule| row::text(rule, "trigger_event")).collect();
    let Some(query) = behind(after, horizon, types(&names))? else { return Ok(answered(engine, 0, false)) };
    let (engine, heard, last) = hear(engine, query)?;
    let reached = last.unwrap_or_else(|| all_up_to(horizon));
    // Where nothing was heard, the place moves now and then only: each move is a version of its row.
    if known.is_none_or(|known| known < reached && (heard > 0 || known.at + MOVE_MS < reached.at)) {
        place(stored.as_ref(), reached)?;
    }
    Ok(answered(engine, heard, last.is_some()))
}

/// The episodes behind a place, of these types or of all; none where the episodic layer is not here.
fn behind(after: Place, horizon: u64, types: Option<Vec<String>>) -> Result<Option<Query>, Fault> {
    let query = || -> Result<Query, Fault> {
        Query::of(EVENTS)
            .filter(condition(after, horizon))?
            .filter_if("event_type", "in", types)?
            .ascending("created_at")
    };
    match query() {
        Ok(query) => Ok(Some(query.limit(STEP))),
        Err(fault) if is_absent(&fault) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Hears episodes page by page; the place of the last one heard if there may be more, none if all were heard.
fn hear(mut engine: Engine, mut query: Query) -> Result<(Engine, usize, Option<Place>), Fault> {
    let (mut heard, mut last) = (0, None);
    loop {
        let page = query.page()?;
        for event in page.rows {
            if heard >= MOST_HEARD || engine.count() >= ENOUGH || engine.bytes() >= ENOUGH_BYTES {
                return Ok((engine, heard, last));
            }
            last = Some(Place { at: row::int(&event, "created_at").unwrap_or_default(), id: row::id(&event) });
            one(&mut engine, event)?;
            heard += 1;
        }
        let Some(next) = page.next else { return Ok((engine, heard, None)) };
        query = query.after(Some(&next))?;
    }
}

/// Hears one episode.
fn one(engine: &mut Engine, mut event: Value) -> Result<(), Fault> {
    if let Some(event) = event.as_object_mut() {
        event.retain(|field, value| !value.is_null() && field != "content_hash");
    }
    let session = Some(row::text(&event, "session_id")).filter(|session| !session.is_empty());
    engine.turn(session, row::text(&event, "namespace"), row::int(&event, "created_at").unwrap_or_default());
    let names = [format!("episodic.{}", row::text(&event, "event_type")), "episodic.events:insert".to_owned()];
    engine.happen(&names, &event, &led_by(&event)?, false).map(|_| ())
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
