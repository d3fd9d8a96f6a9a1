//! What is held: seen whole, one by one, or by a question.

use super::session::{Session, Use};
use super::{CLIP, ITEMS, inhibiting, vectors};
use crate::inhibition::INHIBITED;
use crate::saliency::similarity;
use crate::{decay, item, load, route, row};
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get as get_row, json};
use serde::Deserialize;

/// A question's weight in the score of a search; the rest is activation.
const SIMILARITY: f64 = 0.7;

#[derive(Deserialize)]
struct Get {
    component: String,
    session_id: String,
}

/// The count of items handed over that nobody has confirmed.
pub(super) fn unconfirmed(session: &Session) -> Result<u64, Fault> {
    Query::of(ITEMS)
        .filter(json!(["session_id", "=", session.id]))?
        .filter(json!(["status", "=", "consolidated"]))?
        .filter(json!(["stored_as", "=", null]))?
        .count()
}

pub(super) fn get(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let all = session.held(None)?;
    let wanted = |held: &&Value| given.component == "all" || row::text(held, "held_in") == given.component;
    let items: Vec<_> = all.iter().rev().filter(wanted).map(|held| item::show(held, session.now, Some(CLIP))).collect();
    let active = all.iter().filter(wanted).filter(|held| is_active(held, session.now)).count();
    let components: Vec<Value> = session.components(&all).iter().map(Use::show).collect();
    Ok(json!({
        "items": items, "count": items.len(), "active": active, "empty": items.is_empty(), "components": components,
        "zone": load::zone(all.len()), "unconfirmed": unconfirmed(&session)?,
    }))
}

/// Whether an item is above the threshold of activity.
pub(super) fn is_active(held: &Value, now: u64) -> bool {
    item::strength(held, now).activation > decay::ACTIVE
}

#[derive(Deserialize)]
struct One {
    item_id: Option<Id>,
    session_id: String,
}

pub(super) fn item(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let consolidated = given.item_id.map(|id| get_row(ITEMS, id.0)).transpose()?.flatten();
    let is_kept =
        |row: &Value| row::text(row, "status") == "consolidated" && row::text(row, "session_id") == session.id;
    let found = match consolidated.filter(is_kept) {
        Some(row) => row,
        None => session.one(given.item_id)?,
    };
    Ok(Value::Object(item::show(&found, session.now, None)))
}

#[derive(Deserialize)]
struct Search {
    query: String,
    limit: usize,
    component: String,
    include_inhibited: bool,
    session_id: String,
}

pub(super) fn search(given: Value) -> Answer {
    let given: Search = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let mut held = session.held(Some(&given.component))?;
    let before = held.len();
    if !given.include_inhibited {
        let strengths = inhibiting::strengths(&session)?;
        held.retain(|held| strengths.get(&row::id(held)).is_none_or(|strength| *strength < INHIBITED));
    }
    let ids: Vec<u64> = held.iter().map(row::id).collect();
    let mut notes = Vec::new();
    let cosines = vectors::with_rows(&given.query, ITEMS, &ids).unwrap_or_else(|fault| {
        notes.push(format!("vectors: {}; similarity is the share of words", fault.message));
        vec![None; ids.len()]
    });
    let mut scored: Vec<(f64, f64, &Value)> = held
        .iter()
        .zip(cosines)
        .map(|(held, cosine)| {
            let alike = match cosine {
                Some(cosine) => similarity(cosine),
                None => vectors::or_words(None, &given.query, &route::full_text(held)),
            };
            let activation = item::strength(held, session.now).activation;
            (SIMILARITY * alike + (1.0 - SIMILARITY) * activation, alike, held)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(row::id(a.2).cmp(&row::id(b.2))));
    scored.truncate(given.limit);
    let results: Vec<Value> = scored
        .into_iter()
        .map(|(score, alike, held)| {
            let mut shown = item::show(held, session.now, Some(CLIP));
            shown.insert("similarity".into(), json!(row::round(alike)));
            shown.insert("score".into(), json!(row::round(score)));
            Value::Object(shown)
        })
        .collect();
    let mut answer = json!({
        "count": results.len(), "empty": results.is_empty(), "results": results, "held": before,
        "inhibited": before - ids.len(),
    });
    if let Some(fields) = answer.as_object_mut() {
        if results_empty(fields.get("count")) {
            let why = if before == 0 {
                "nothing is held in this session and component"
            } else {
                "all that is held is inhibited"
            };
            fields.insert("reason".into(), json!(why));
        }
        if !notes.is_empty() {
            fields.insert("notes".into(), json!(notes));
        }
    }
    Ok(answer)
}

fn results_empty(count: Option<&Value>) -> bool {
    count.and_then(Value::as_u64) == Some(0)
}
