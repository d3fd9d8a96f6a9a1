//! Relations: made by hand, followed, or found by the algorithms and stored.

use super::session::{Reach, Read};
use super::{EVENTS, RELATIONS, event as live_event, namespace_of, put};
use crate::moment::HOUR;
use crate::temporal::{self, Edge, by_session};
use crate::view::{Detail, event as shown};
use crate::vocabulary::{ORIGINS, check_relation};
use crate::{causal, pattern, summary, synthesis};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get_many, json, write};
use serde::Deserialize;

/// Most edges one call stores.
const MOST_STORED: usize = 500;

#[derive(Deserialize)]
struct Create {
    from_event: u64,
    to_event: u64,
    relation_type: String,
    strength: Option<f64>,
}

/// `create_relation`.
pub(super) fn create(given: Value) -> Answer {
    let create: Create = arguments(given)?;
    check_relation(&create.relation_type)?;
    if create.from_event == create.to_event {
        return Err(Fault::invalid("an event cannot be related to itself; give two ids"));
    }
    let strength = create.strength.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&strength) {
        return Err(Fault::invalid("`strength` must be a number from 0 to 1"));
    }
    let from = live_event(create.from_event)?;
    live_event(create.to_event)?;
    let row =
        row(create.from_event, create.to_event, &create.relation_type, strength, ("caller", None), namespace_of(&from));
    let (id, new) = write::upsert(RELATIONS, "edge", &row)?;
    Ok(json!({"id": id, "status": if new { "created" } else { "updated" }}))
}

/// A relation's row; `drawn` is its origin and rule.
fn row(from: u64, to: u64, kind: &str, strength: f64, drawn: (&str, Option<&str>), namespace: &str) -> Value {
    debug_assert!(ORIGINS.contains(&drawn.0), "an origin of the collection's list");
    let mut row = Map::new();
    row.insert("from_event".into(), json!(from));
    row.insert("to_event".into(), json!(to));
    row.insert("relation_type".into(), json!(kind));
    row.insert("strength".into(), json!(strength));
    row.insert("origin".into(), json!(drawn.0));
    put(&mut row, "rule", drawn.1);
    put(&mut row, "namespace", crate::filter::namespace(namespace));
    row.into()
}

#[derive(Deserialize)]
struct Related {
    event_id: u64,
    direction: Option<String>,
    relation_type: Option<String>,
    min_strength: Option<f64>,
    limit: Option<u32>,
    cursor: Option<String>,
    detail: Option<String>,
}

/// `related_events`.
pub(super) fn related(given: Value) -> Answer {
    let asked: Related = arguments(given)?;
    let detail = Detail::named(asked.detail.as_deref())?;
    live_event(asked.event_id)?;
    let (out, into) = (json!(["from_event", "=", asked.event_id]), json!(["to_event", "=", asked.event_id]));
    let ends = match asked.direction.as_deref() {
        Some("out") => out,
        Some("in") => into,
        None | Some("both") => json!({"any": [out, into]}),
        Some(other) => {
            return Err(Fault::invalid(format!("`direction` is `{other}`; use both, out or in")));
        }
    };
    let page = Query::of(RELATIONS)
        .filter(ends)?
        .filter_if("relation_type", "=", asked.relation_type.as_deref())?
        .filter_if("strength", ">=", asked.min_strength.filter(|least| *least > 0.0))?
        .descending("strength")?
        .limit(asked.limit.unwrap_or(20).clamp(1, 200))
        .after(asked.cursor.as_deref())?
        .page()?;
    let end = |row: &Value, field: &str| row.get(field).and_then(Value::as_u64).unwrap_or(0);
    let outward = |row: &Value| end(row, "from_event") == asked.event_id;
    let others: Vec<u64> =
        page.rows.iter().map(|row| end(row, if outward(row) { "to_event" } else { "from_event" })).collect();
    let events = get_many(EVENTS, &others)?;
    let related: Vec<Value> = page
        .rows
        .iter()
        .zip(events)
        .filter_map(|(row, event)| {
            let event = event?;
            Some(json!({
                "relation_id": row.get("id"),
                "relation_type": row.get("relation_type"),
                "direction": if outward(row) { "out" } else { "in" },
                "strength": row.get("strength").and_then(Value::as_f64).map(summary::rounded),
                "event": shown(&event, detail),
            }))
        })
        .collect();
    let mut answer = Map::new();
    answer.insert("count".into(), json!(related.len()));
    answer.insert("related".into(), related.into());
    put(&mut answer, "next_cursor", page.next);
    Ok(answer.into())
}

/// `temporal_links`.
pub(super) fn temporal(given: Value) -> Answer {
    let read = arguments::<Reach>(given)?.read(500)?;
    store(&read, temporal::links(&read.events), "temporal")
}

/// `causal_links`.
pub(super) fn causal(given: Value) -> Answer {
    let read = arguments::<Reach>(given)?.read(500)?.looking_ahead(HOUR);
    store(&read, causal::links(&read.events), "causal")
}

/// `temporal_kg_synthesis`.
pub(super) fn synthesis(given: Value) -> Answer {
    let reach: Reach = arguments(given)?;
    let read = reach.read(500)?.looking_ahead(synthesis::REACH);
    let mut edges = synthesis::edges(&read.events, reach.causality_threshold.unwrap_or(0.5));
    edges.truncate(MOST_STORED);
    store(&read, edges, "synthesis")
}

/// Stores edges that are not there yet. Those that are stay untouched, so that repeating a call writes nothing.
fn store(read: &Read, edges: Vec<Edge>, origin: &str) -> Answer {
    let namespaces: std::collections::HashMap<u64, &str> =
        read.rows.iter().filter_map(|row| Some((row.get("id")?.as_u64()?, namespace_of(row)))).collect();
    let mut new = 0;
    for edge in &edges {
        let namespace = namespaces.get(&edge.from).copied().unwrap_or_default();
        let row = row(edge.from, edge.to, edge.relation_type, edge.strength, (origin, Some(edge.rule)), namespace);
        new += u32::from(write::insert_or_get(RELATIONS, "edge", &row)?.1);
    }
    let mut strongest: Vec<&Edge> = edges.iter().collect();
    strongest.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    let strongest = strongest.into_iter().take(10).map(|edge| {
        json!({"from": edge.from, "to": edge.to, "relation_type": edge.relation_type,
            "strength": summary::rounded(edge.strength), "rule": edge.rule})
    });
    let mut answer = Map::new();
    answer.insert("events".into(), json!(read.events.len()));
    answer.insert("found".into(), json!(edges.len()));
    answer.insert("new".into(), json!(new));
    answer.insert("by_type".into(), summary::tally(edges.iter().map(|edge| edge.relation_type)));
    answer.insert("strongest".into(), strongest.collect::<Vec<_>>().into());
    Ok(read.finish(answer))
}

/// `event_chains`.
pub(super) fn chains(given: Value) -> Answer {
    let read = arguments::<Reach>(given)?.read(500)?.until_the_last_pause();
    let sessions = by_session(read.events.clone());
    let mut chains: Vec<_> = sessions.iter().flat_map(|events| temporal::chains(events)).collect();
    chains.sort_by_key(|chain| chain.first().map(|event| event.timestamp));
    let chains: Vec<Value> = chains
        .into_iter()
        .map(|chain| {
            json!({
                "event_ids": chain.iter().take(100).map(|event| event.id).collect::<Vec<_>>(),
                "count": chain.len(),
                "session_id": chain.first().and_then(|event| event.session.as_deref()),
                "start": chain.first().map(|event| event.timestamp),
                "end": chain.last().map(|event| event.timestamp),
                "event_types": summary::tally(chain.iter().map(|event| event.kind.as_str())),
            })
        })
        .collect();
    let mut answer = Map::new();
    answer.insert("count".into(), json!(chains.len()));
    answer.insert("chains".into(), chains.into());
    answer.insert("events".into(), json!(read.events.len()));
    Ok(read.finish(answer))
}

/// `find_patterns`.
pub(super) fn patterns(given: Value) -> Answer {
    let reach: Reach = arguments(given)?;
    let read = reach.read(500)?.until_the_last_pause();
    let wanted = |found: &pattern::Found| reach.pattern.as_deref().is_none_or(|name| name == found.pattern);
    let sessions = by_session(read.events.clone());
    let mut found: Vec<pattern::Found> =
        sessions.iter().flat_map(|events| pattern::find(events)).filter(wanted).collect();
    found.sort_by_key(|one| one.start);
    let shown: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({"pattern": one.pattern, "confidence": one.confidence, "event_ids": one.event_ids,
                "start": one.start, "end": one.end})
        })
        .collect();
    let mut answer = Map::new();
    answer.insert("patterns".into(), shown.into());
    answer.insert("counts".into(), summary::tally(found.iter().map(|one| one.pattern)));
    answer.insert("events".into(), json!(read.events.len()));
    Ok(read.finish(answer))
}
