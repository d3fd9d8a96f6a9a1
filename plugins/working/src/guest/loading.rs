//! How loaded working memory is, and the daily tidying of what has faded.

use super::holding::is_active;
use super::session::{Session, Use};
use super::{INHIBITIONS, ITEMS};
use crate::{item, load, row};
use memstrata_sdk::{Answer, Query, Value, arguments, clock, json, write};
use serde::Deserialize;

/// Rows of each kind that one call removes.
const MOST: u32 = 1_000;

#[derive(Deserialize)]
struct Load {
    latency_ms: Option<f64>,
    session_id: String,
}

pub(super) fn load(given: Value) -> Answer {
    let given: Load = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let held = session.held(None)?;
    let components = session.components(&held);
    let fullest = components.iter().map(Use::share).fold(0.0, f64::max);
    let (level, zone) = (load::level(fullest, given.latency_ms), load::zone(held.len()));
    let weakest: Vec<Value> = held
        .iter()
        .take(3)
        .map(|held| {
            json!({"id": row::id(held), "content": row::clip(row::text(held, "content"), 80),
                   "activation": row::round(item::strength(held, session.now).activation)})
        })
        .collect();
    Ok(json!({
        "level": level, "zone": zone, "utilisation": row::round(fullest), "held": held.len(),
        "active": held.iter().filter(|held| is_active(held, session.now)).count(), "latency_ms": given.latency_ms,
        "components": components.iter().map(Use::show).collect::<Vec<_>>(), "advice": load::advice(level, zone),
        "weakest": weakest,
    }))
}

pub(super) fn tidy() -> Answer {
    let now = clock::now();
    let faded = Query::of(ITEMS)
        .filter(json!(["status", "=", "held"]))?
        .filter(json!(["gone_at", "<=", now]))?
        .limit(MOST)
        .ids()?;
    let released = Query::of(INHIBITIONS).filter(json!(["gone_at", "<=", now]))?.limit(MOST).ids()?;
    for id in &faded {
        write::delete(ITEMS, *id, None)?;
    }
    for id in &released {
        write::delete(INHIBITIONS, *id, None)?;
    }
    let more = faded.len().max(released.len()) >= MOST as usize;
    Ok(json!({"items": faded.len(), "inhibitions": released.len(), "more": more}))
}
