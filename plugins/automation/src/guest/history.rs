//! The history of firings, and what they left to clients.

use super::{ACTIONS, FIRINGS, REPORTS, TOOL_USES, config, namespace, now};
use memstrata_sdk::args::Id;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, write};
use serde::Deserialize;

/// Rows that one call of `tidy` deletes of each collection.
const BATCH: usize = 1_000;
/// Actions of one firing: no more are left by one call (see `allowance`).
const MOST_LEFT: u32 = 500;
const DAY: u64 = 86_400_000;

/// A row's fields that are not empty.
pub(super) fn compact(of: &Value, fields: &[&str]) -> Value {
    let mut shown = serde_json::Map::new();
    for field in fields {
        match of.get(*field) {
            Some(value) if !value.is_null() && *value != json!("") => _ = shown.insert((*field).into(), value.clone()),
            _ => {}
        }
    }
    shown.into()
}

/// An action as answers show it.
pub(super) fn shown(action: &Value) -> Value {
    compact(action, &["id", "firing", "position", "type", "message", "operation", "arguments", "status", "result"])
}

/// Firings that are looked at behind one.
const MOST_BEHIND: usize = 500;

/// What a firing, and all that followed it, left and nobody has acknowledged.
pub(super) fn left_by(firing: u64) -> Result<Vec<Value>, Fault> {
    let mut firings = vec![firing];
    let mut newest = vec![firing];
    // Each pass goes one event further on the way; ways end at `max_depth`.
    while !newest.is_empty() && firings.len() < MOST_BEHIND {
        newest = Query::of(FIRINGS).filter(json!(["parent", "in", newest]))?.limit(200).ids()?;
        firings.extend(&newest);
    }
    let left = Query::of(ACTIONS)
        .filter(json!(["firing", "in", firings]))?
        .filter(json!(["status", "=", "pending"]))?
        .limit(50)
        .page()?;
    Ok(left.rows.iter().map(shown).collect())
}

/// What lists show of a firing; what it did is shown of one only.
const BRIEF: [&str; 12] = [
    "id",
    "kind",
    "subject",
    "event",
    "parent",
    "outcome",
    "reason",
    "key",
    "left",
    "session_id",
    "fired_at",
    "namespace",
];

#[derive(Deserialize)]
struct List {
    kind: Option<String>,
    subject: Option<String>,
    outcome: Option<String>,
    session_id: Option<String>,
    namespace: Option<String>,
    limit: u32,
    cursor: Option<String>,
}

/// `list_firings`.
pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    if given.subject.is_some() && given.kind.is_none() {
        return Err(Fault::invalid("`subject` goes with `kind`: hook, event, rule or workflow"));
    }
    let page = Query::of(FIRINGS)
        .namespace(given.namespace.as_deref())?
        .filter_if("kind", "=", given.kind.as_deref())?
        .filter_if("subject", "=", given.subject.as_deref())?
        .filter_if("outcome", "=", given.outcome.as_deref())?
        .filter_if("session_id", "=", given.session_id.as_deref())?
        .descending("fired_at")?
        .limit(given.limit)
        .after(given.cursor.as_deref())?
        .page()?;
    let firings: Vec<Value> = page.rows.iter().map(|row| compact(row, &BRIEF)).collect();
    Ok(json!({"count": firings.len(), "firings": firings, "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct One {
    firing_id: Option<Id>,
}

/// `get_firing`.
pub(super) fn one(given: Value) -> Answer {
    let found = match arguments::<One>(given)?.firing_id {
        Some(Id(id)) => get(FIRINGS, id)?,
        None => Query::of(FIRINGS).descending("fired_at")?.descending("id")?.first()?,
    };
    let firing =
        found.ok_or_else(|| Fault::new("not-found.firing", "there is no such firing: take an id from list_firings"))?;
    let id = row::id(&firing);
    let actions = Query::of(ACTIONS).filter(json!(["firing", "=", id]))?.limit(MOST_LEFT).page()?.rows;
    let followed = Query::of(FIRINGS).filter(json!(["parent", "=", id]))?.limit(200).page()?.rows;
    let mut fields = BRIEF.to_vec();
    fields.extend(["data", "way", "done"]);
    Ok(json!({
        "firing": compact(&firing, &fields), "actions": actions.iter().map(shown).collect::<Vec<_>>(),
        "followed": followed.iter().map(|row| compact(row, &BRIEF)).collect::<Vec<_>>(),
    }))
}

#[derive(Deserialize)]
struct Pending {
    firing_id: Option<Id>,
    limit: u32,
    cursor: Option<String>,
}

/// Actions nobody has acknowledged.
pub(super) fn waiting() -> Result<Query, Fault> {
    Query::of(ACTIONS).filter(json!(["status", "=", "pending"]))
}

/// `list_pending_actions`.
pub(super) fn pending(given: Value) -> Answer {
    let given: Pending = arguments(given)?;
    let query = waiting()?
        .filter_if("firing", "=", given.firing_id.map(|id| id.0))?
        .ascending("created_at")?
        .limit(given.limit);
    let total = query.count()?;
    let page = query.after(given.cursor.as_deref())?.page()?;
    let actions: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(json!({"count": actions.len(), "actions": actions, "total": total, "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct Acknowledge {
    action_id: Option<Id>,
    status: String,
    result: Option<String>,
}

/// `acknowledge_action`.
pub(super) fn acknowledge(given: Value) -> Answer {
    let given: Acknowledge = arguments(given)?;
    let missing = || Fault::new("not-found.action", "there is no such action: take an id from list_pending_actions");
    let action = match given.action_id {
        Some(Id(id)) => get(ACTIONS, id)?.ok_or_else(missing)?,
        None => waiting()?.ascending("created_at")?.first()?.ok_or_else(missing)?,
    };
    let (id, was) = (row::id(&action), row::text(&action, "status"));
    if was != "pending" {
        return Err(Fault::new(
            "conflict.acknowledged",
            format!("{} is {was} already: nothing was changed", row::reference(id)),
        ));
    }
    let patch = json!({"status": given.status, "result": given.result, "acknowledged_at": now()});
    write::update(ACTIONS, id, None, &patch)?;
    let firing = row::int(&action, "firing");
    let left = waiting()?.filter_if("firing", "=", firing)?.count()?;
    Ok(json!({"id": id, "status": given.status, "firing": firing, "still_pending": left}))
}

/// `tidy`.
pub(super) fn tidy() -> Answer {
    let before = now().saturating_sub(config::read()?.count("keep_days").saturating_mul(DAY));
    let old = |collection: &str, field: &str, too: &str| -> Result<Vec<Value>, Fault> {
        let query = Query::of(collection).filter(json!([field, "<", before]))?.ascending(field)?;
        query.select(&[field, too])?.limit(500).all(BATCH)
    };
    let (mut firings, mut actions, mut given_up) = (0, 0, 0);
    for firing in old(FIRINGS, "fired_at", "left")? {
        if actions >= BATCH {
            break;
        }
        let id = row::id(&firing);
        if row::int(&firing, "left").unwrap_or_default() > 0 {
            let left = Query::of(ACTIONS).filter(json!(["firing", "=", id]))?.select(&["status"])?;
            for action in left.limit(MOST_LEFT).page()?.rows {
                given_up += usize::from(row::text(&action, "status") == "pending");
                actions += 1;
                write::delete(ACTIONS, row::id(&action), None)?;
            }
        }
        write::delete(FIRINGS, id, None)?;
        firings += 1;
    }
    let mut gone = Vec::new();
    for collection in [TOOL_USES, REPORTS] {
        let rows = old(collection, "at", "created_at")?;
        for row in &rows {
            write::delete(collection, row::id(row), None)?;
        }
        gone.push(rows.len());
    }
    let more = firings >= BATCH || actions >= BATCH || gone.iter().any(|count| *count >= BATCH);
    Ok(json!({
        "firings": firings, "given_up": given_up, "tool_uses": gone.first(), "reports": gone.last(), "more": more,
    }))
}
