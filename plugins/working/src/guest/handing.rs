//! Handing an item over: the decision, the call that keeps it, the mark, the record, the event.

use super::session::Session;
use super::{DECISIONS, ITEMS};
use crate::forest::Forest;
use crate::route::{self, Route};
use crate::{row, target};
use memstrata_sdk::{Fault, Query, Value, events, json, write};

/// The forest learns from the newest labels; more would cost more than they teach.
const MOST_LABELS: usize = 200;

/// The newest labelled decisions.
pub(super) fn labelled() -> Result<Vec<Value>, Fault> {
    let mut rows = Query::of(DECISIONS)
        .filter(json!(["label", "!=", null]))?
        .descending("decided_at")?
        .select(&["features", "label"])?
        .all(MOST_LABELS)?;
    // The forest depends on the order of its samples.
    rows.sort_by_key(row::id);
    Ok(rows)
}

/// The forest, if there are labels enough.
pub(super) fn router(session: &Session) -> Result<Option<Forest>, Fault> {
    let least = usize::try_from(session.settings.least_samples).unwrap_or(usize::MAX);
    Ok(route::forest(&route::samples(&labelled()?), least))
}

/// Where an item goes.
pub(super) fn decide(router: &Option<Forest>, item: &Value, now: u64) -> Route {
    route::route(item, router.as_ref(), now)
}

/// Where the caller says it goes.
pub(super) fn told(layer: &str) -> Result<Route, Fault> {
    let known = route::LAYERS.into_iter().find(|known| *known == layer);
    let layer = known.ok_or_else(|| Fault::invalid(format!("`{layer}` is no long-term layer")))?;
    Ok(Route { layer, by: "caller", confidence: None, reasons: vec!["you said so".into()] })
}

/// Stages that an item is handed over; answers what is to be called.
pub(super) fn hand_over(session: &Session, item: &Value, route: Route) -> Result<Value, Fault> {
    let id = row::id(item);
    let next = target::next(&session.settings, item, route.layer);
    let changes =
        json!({"status": "consolidated", "target": route.layer, "next": next, "consolidated_at": session.now});
    write::update(ITEMS, id, None, &changes)?;
    let by_caller = route.by == "caller";
    let decision = json!({
        "item": id, "layer": route.layer, "by": route.by, "confidence": route.confidence,
        "features": route::features(item, session.now), "decided_at": session.now,
        // What the caller decides is a label; what rules or forest decide is not, or they would teach themselves.
        "label": by_caller.then_some(route.layer),
    });
    write::upsert(DECISIONS, "item", &decision)?;
    events::emit(
        "item_consolidated",
        &json!({"item": id, "session_id": session.id, "layer": route.layer, "next": next}),
    )?;
    Ok(json!({
        "id": id, "ref": row::reference(id), "target": route.layer, "by": route.by,
        "confidence": route.confidence.map(row::round), "reasons": route.reasons,
        "content": row::clip(row::text(item, "content"), super::CLIP), "next": next,
    }))
}
