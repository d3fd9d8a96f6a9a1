//! Consolidating, clearing, and what waits until it has been kept.

use super::session::Session;
use super::{ITEMS, handing};
use crate::{item, row};
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Consolidate {
    item_id: Option<Id>,
    auto_route: bool,
    target: Option<String>,
    session_id: String,
}

pub(super) fn consolidate(given: Value) -> Answer {
    let given: Consolidate = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let held = session.one_or_weakest(given.item_id)?;
    let route = match (&given.target, given.auto_route) {
        (Some(target), _) => handing::told(target)?,
        (None, true) => handing::decide(&handing::router(&session)?, &held, session.now),
        (None, false) => {
            return Err(Fault::invalid("with `auto_route` false, name the layer in `target`"));
        }
    };
    session.purge()?;
    handing::hand_over(&session, &held, route)
}

#[derive(Deserialize)]
struct Clear {
    component: String,
    consolidate: bool,
    session_id: String,
}

pub(super) fn clear(given: Value) -> Answer {
    let given: Clear = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    session.purge()?;
    let held = session.held(Some(&given.component))?;
    let (mut consolidated, mut dropped) = (Vec::new(), Vec::new());
    if given.consolidate {
        let router = handing::router(&session)?;
        for held in &held {
            consolidated.push(handing::hand_over(&session, held, handing::decide(&router, held, session.now))?);
        }
    } else {
        for held in &held {
            write::delete(ITEMS, row::id(held), None)?;
            dropped.push(row::id(held));
        }
    }
    Ok(json!({"cleared": held.len(), "consolidated": consolidated, "dropped": dropped}))
}

#[derive(Deserialize)]
struct List {
    unconfirmed: bool,
    limit: u32,
    session_id: String,
    all_sessions: bool,
}

/// The query for what was handed over.
pub(super) fn handed(session: Option<&str>, unconfirmed: bool) -> Result<Query, Fault> {
    let query = Query::of(ITEMS)
        .filter(json!(["status", "=", "consolidated"]))?
        .filter_if("session_id", "=", session)?
        .descending("consolidated_at")?
        .descending("id")?;
    if unconfirmed { query.filter(json!(["stored_as", "=", null])) } else { Ok(query) }
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let query = handed((!given.all_sessions).then_some(session.id.as_str()), given.unconfirmed)?.limit(given.limit);
    let total = query.count()?;
    let items: Vec<_> = query.page()?.rows.iter().map(|row| item::show(row, session.now, Some(super::CLIP))).collect();
    Ok(json!({"count": items.len(), "empty": items.is_empty(), "items": items, "total": total}))
}

/// A consolidated item by id, or the newest.
pub(super) fn kept(session: &Session, id: Option<Id>, unconfirmed: bool) -> Answer {
    let Some(Id(id)) = id else {
        return handed(Some(&session.id), unconfirmed)?.first()?.ok_or_else(|| {
            Fault::not_found(format!(
                "session `{}` has no consolidated item that waits: see list_consolidated",
                session.id
            ))
        });
    };
    match get(ITEMS, id)?.filter(|row| row::text(row, "status") == "consolidated") {
        Some(row) => Ok(row),
        None => Err(Fault::not_found(format!("m:{id} is no consolidated item: take an id from list_consolidated"))),
    }
}

#[derive(Deserialize)]
struct Confirm {
    item_id: Option<Id>,
    stored_as: Id,
    session_id: String,
}

pub(super) fn confirm(given: Value) -> Answer {
    let given: Confirm = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let row = kept(&session, given.item_id, true)?;
    let (id, stored_as) = (row::id(&row), given.stored_as.0);
    match row::int(&row, "stored_as") {
        Some(known) if known == stored_as => {}
        Some(known) => {
            return Err(Fault::new(
                "conflict.confirmed",
                format!("m:{id} was confirmed as m:{known} already: undo that first if it was wrong"),
            ));
        }
        None => {
            write::update(ITEMS, id, None, &json!({"stored_as": stored_as}))?;
        }
    }
    Ok(json!({"id": id, "stored_as": stored_as, "target": row::text(&row, "target")}))
}
