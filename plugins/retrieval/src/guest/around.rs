//! What lies around a memory: in time, by citations and relations, by likeness.

use super::find::{find, shown};
use super::pipeline::{Candidate, gather, readable};
use super::retrieve::{Read, read};
use crate::args::{Id, Time};
use crate::fit::reference;
use crate::found::Found;
use crate::request::{Channels, Request};
use crate::route::{known, time_field};
use crate::settings::Settings;
use crate::terms::Terms;
use crate::text::clip;
use crate::{gist, when, window};
use memstrata_sdk::{Answer, Fault, Query, Search, Value, arguments, clock, json, places, rows, settings};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Relations between entities; read where the layer is there.
const RELATIONS: &str = "graph.relations";
/// Words of a memory that a search for the like of it takes.
pub(super) const WORDS: usize = 6;
/// Neighbours of one step at most.
const STEP: u32 = 100;

/// A row that is there, with its recall view.
pub(super) struct Seen {
    pub(super) found: Found,
    pub(super) row: Value,
}

/// A row by its id, or `not-found`.
pub(super) fn seen(id: u64) -> Result<Seen, Fault> {
    match read(id, None)? {
        Read::Row { collection, row } => {
            let mut found = by_ids(&collection, &[id])?.pop().unwrap_or_default();
            if found.id == 0 {
                let time = row.get("created_at").and_then(Value::as_u64);
                found = Found { id, from: collection, text: gist::gist(&row).to_owned(), time, ..Found::default() };
            }
            found.sources = gist::sources(&row);
            Ok(Seen { found, row })
        }
        Read::Deleted { at, .. } => {
            Err(Fault::not_found(format!("{} was deleted at {}; restore it first", reference(id), when::iso(at))))
        }
        Read::Unknown => {
            Err(Fault::not_found(format!("no memory has the id {}; take ids from `recall`", reference(id))))
        }
    }
}

/// Rows of one collection as hits, with the views the host makes.
fn by_ids(collection: &str, ids: &[u64]) -> Result<Vec<Found>, Fault> {
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let results = Search::of("").collection(collection)?.filter(json!(["id", "in", ids]))?.limit(most).results()?;
    Ok(of_views(&places(&results), &rows(results.views()?)?))
}

fn of_views(places: &[memstrata_sdk::Place], views: &[Value]) -> Vec<Found> {
    let said = |view: &Value, field: &str| view.get(field).and_then(Value::as_str).map(str::to_owned);
    places
        .iter()
        .zip(views)
        .map(|(place, view)| Found {
            id: place.id,
            from: place.collection.clone(),
            text: said(view, "text").unwrap_or_default(),
            kind: said(view, "kind"),
            time: view.get("time").and_then(Value::as_u64),
            trust: view.get("trust").and_then(Value::as_f64),
            ..Found::default()
        })
        .collect()
}

/// Ids and times of a collection's rows on one side of an instant, nearest first: an index serves it, as no search by time can.
fn side(collection: &str, at: u64, span: u64, later: bool, most: u32) -> Result<Vec<(u64, u64)>, Fault> {
    let field = time_field(collection);
    let bounds = if later {
        json!({"all": [[field, ">", at], [field, "<", at.saturating_add(span)]]})
    } else {
        json!({"all": [[field, "<=", at], [field, ">=", at.saturating_sub(span)]]})
    };
    let query = Query::of(collection).filter(bounds)?.select(&[field])?.limit(most);
    let query = if later { query.ascending(field)? } else { query.descending(field)? };
    let number = |row: &Value, field: &str| row.get(field).and_then(Value::as_u64);
    Ok(query.page()?.rows.iter().filter_map(|row| Some((number(row, "id")?, number(row, field)?))).collect())
}

/// The nearest of all collections on one side, at most `most`, nearest first, without the row itself.
fn nearest(id: u64, at: u64, span: u64, later: bool, most: usize, of: &[String]) -> Result<Vec<Found>, Fault> {
    let limit = u32::try_from(most).unwrap_or(STEP).saturating_add(1);
    let mut all: Vec<(u64, u64, &String)> = Vec::new();
    for collection in of {
        let rows = side(collection, at, span, later, limit)?;
        all.extend(
            rows.into_iter()
                .filter(|(other, _)| *other != id)
                .map(|(other, time)| (time.abs_diff(at), other, collection)),
        );
    }
    all.sort_unstable();
    all.truncate(most);
    let mut by_collection: BTreeMap<&String, Vec<u64>> = BTreeMap::new();
    for (_, other, collection) in &all {
        by_collection.entry(collection).or_default().push(*other);
    }
    let mut views: BTreeMap<u64, Found> = BTreeMap::new();
    for (collection, ids) in by_collection {
        views.extend(by_ids(collection, &ids)?.into_iter().map(|found| (found.id, found)));
    }
    Ok(all.iter().filter_map(|(_, other, _)| views.remove(other)).collect())
}

/// The nearest before and after an instant within a window, at most `most` of each, nearest first.
fn neighbours(id: u64, at: u64, span: u64, most: usize, of: &[String]) -> Result<(Vec<Found>, Vec<Found>), Fault> {
    Ok((nearest(id, at, span, false, most, of)?, nearest(id, at, span, true, most, of)?))
}

/// A short form of a neighbour, with its distance in time.
fn near(hit: &Found, at: u64) -> Value {
    let minutes = hit.time.map(|time| time.abs_diff(at) / 60_000);
    json!({"id": hit.id, "ref": reference(hit.id), "layer": hit.layer(), "from": hit.from,
           "text": clip(&crate::text::one_line(&hit.text), 160), "kind": hit.kind,
           "when": hit.time.map(when::iso), "minutes_apart": minutes})
}

fn span(text: Option<&str>) -> Result<u64, Fault> {
    let text = text.unwrap_or("7days");
    window::parse(text).ok_or_else(|| {
        Fault::invalid(
            "`time_window` is a number with a unit, such as `7days`, `12hours` or `2weeks`, ten years at most",
        )
    })
}

#[derive(Deserialize)]
struct Enrich {
    result_id: Id,
    time_window: Option<String>,
    limit: Option<usize>,
}

/// What happened around a memory, and what in that time is about the same.
pub(super) fn enrich_temporal_context(given: Value) -> Answer {
    let Enrich { result_id: Id(id), time_window, limit } = arguments(given)?;
    let (span, limit) = (span(time_window.as_deref())?, limit.unwrap_or(5));
    let seen = seen(id)?;
    let at = seen.found.time.or_else(|| seen.row.get("created_at").and_then(Value::as_u64)).unwrap_or_default();
    let settings: Settings = settings::get()?;
    let mut collections: Vec<String> = known(&settings.routes).into_iter().filter(|name| readable(name)).collect();
    if !collections.contains(&seen.found.from) {
        collections.push(seen.found.from.clone());
    }
    let (before, after) = neighbours(id, at, span, limit, &collections)?;
    let text = clip(&seen.found.text, 1_000);
    let terms = Terms::of(&text);
    let mut related = Vec::new();
    if !text.trim().is_empty() {
        let scope = json!({"query": text, "since": at.saturating_sub(span), "until": at.saturating_add(span).max(1)});
        let request: Request = arguments(scope)?;
        related = find(&request, &terms.rarest(WORDS), &terms, limit + 1, clock::now())?.found;
        related.retain(|hit| hit.id != id);
        related.truncate(limit);
    }
    let mut layers: BTreeMap<&str, u32> = BTreeMap::new();
    for hit in before.iter().chain(&after) {
        *layers.entry(hit.layer()).or_default() += 1;
    }
    let list = |hits: &[Found]| hits.iter().map(|hit| near(hit, at)).collect::<Vec<_>>();
    Ok(json!({
        "result": seen.found.told(), "at": when::iso(at), "window_hours": span / 3_600_000,
        "before": list(&before), "after": list(&after), "related": shown(&mut related, None)?,
        "layers": layers, "empty": before.is_empty() && after.is_empty() && related.is_empty(),
    }))
}

/// Ids that cite, or are cited by, these.
fn citing(ids: &[u64]) -> Result<Vec<Found>, Fault> {
    let mut search = Search::of("").seeds(ids).limit(STEP);
    for channel in ["text", "vector", "context", "time"] {
        search = search.weight(channel, 0.0)?;
    }
    let results = search.weight("graph", 1.0)?.results()?;
    Ok(of_views(&places(&results), &rows(results.views()?)?))
}

/// Relations that begin or end at these.
fn relations(ids: &[u64]) -> Result<Vec<Value>, Fault> {
    let either = json!({"any": [["from_id", "in", ids], ["to_id", "in", ids]]});
    let query = Query::of(RELATIONS).filter(either)?;
    Ok(query.select(&["from_id", "to_id", "relation_type"])?.limit(STEP).page()?.rows)
}

#[derive(Deserialize)]
struct Related {
    entity_id: Id,
    depth: Option<u32>,
    limit: Option<usize>,
}

/// What is connected with a memory or an entity: by citations and relations up to a depth, then by likeness.
pub(super) fn find_related_context(given: Value) -> Answer {
    let Related { entity_id: Id(id), depth, limit } = arguments(given)?;
    let (depth, limit) = (depth.unwrap_or(2), limit.unwrap_or(10));
    let start = seen(id)?;
    let has_relations = readable(RELATIONS);
    let mut reached: BTreeMap<u64, (u32, String)> = BTreeMap::from([(id, (0, String::new()))]);
    let mut order: Vec<u64> = Vec::new();
    let mut views: BTreeMap<u64, Found> = BTreeMap::new();
    let mut front = vec![id];
    for step in 1..=depth {
        let mut next = Vec::new();
        let mut reach = |other: u64, via: &str| {
            if let std::collections::btree_map::Entry::Vacant(place) = reached.entry(other) {
                place.insert((step, via.to_owned()));
                next.push(other);
            }
        };
        for hit in citing(&front)? {
            reach(hit.id, "citation");
            views.insert(hit.id, hit);
        }
        if has_relations {
            for relation in relations(&front)? {
                let end = |field: &str| relation.get(field).and_then(Value::as_u64);
                let kind = relation.get("relation_type").and_then(Value::as_str).unwrap_or("relation");
                for other in [end("from_id"), end("to_id")].into_iter().flatten() {
                    reach(other, kind);
                }
            }
        }
        order.extend(&next);
        if next.is_empty() || order.len() >= limit {
            break;
        }
        next.truncate(STEP as usize);
        front = next;
    }
    order.truncate(limit);
    let mut found = Vec::new();
    for other in order {
        let hit = match views.remove(&other) {
            Some(hit) => hit,
            None => match seen(other) {
                Ok(seen) => seen.found,
                Err(_) => continue,
            },
        };
        found.push(hit);
    }
    let connected = found.len();
    if connected < limit && !start.found.text.trim().is_empty() {
        let text = clip(&start.found.text, 1_000);
        let request = Request { query: text.clone(), channels: Channels::All, ..Request::default() };
        let terms = Terms::of(&text);
        let more = find(&request, &terms.rarest(WORDS), &terms, limit + connected + 1, clock::now())?.found;
        let more = more.into_iter().filter(|hit| !reached.contains_key(&hit.id));
        found.extend(more.take(limit - connected));
    }
    let scored = shown(&mut found, None)?;
    let mut results = Vec::new();
    for (hit, mut result) in found.iter().zip(scored) {
        let (distance, via) = reached.get(&hit.id).cloned().unwrap_or((0, "likeness".into()));
        if distance > 0 {
            result = hit.told();
        }
        if let Some(result) = result.as_object_mut() {
            result.insert("via".into(), json!(via));
            if distance > 0 {
                result.insert("distance".into(), json!(distance));
            }
        }
        results.push(result);
    }
    Ok(json!({"entity": start.found.told(), "connected": connected, "count": results.len(),
              "empty": results.is_empty(), "results": results}))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Temporal {
    #[serde(flatten)]
    request: Request,
    k: Option<usize>,
    time_window: Option<String>,
}

/// The newest of a scope. Indexes tell since when there are enough, so that a search need not put all rows in order of time.
fn newest(request: &Request, limit: u32, now: u64) -> Result<Vec<Candidate>, Fault> {
    if request.range().is_none() && request.known_at.is_none() {
        let mut names = request.collections.clone();
        if names.is_empty() {
            let settings: Settings = settings::get()?;
            names = known(&settings.routes).into_iter().filter(|name| request.takes(name) && readable(name)).collect();
        }
        let mut times = Vec::new();
        for name in &names {
            let field = time_field(name);
            let query = Query::of(name).namespace(request.namespace())?.valid_at(Some(request.valid_at(now)));
            let rows = query.descending(field)?.limit(limit).select(&[field])?.page()?.rows;
            times.extend(rows.iter().filter_map(|row| row.get(field)?.as_u64()));
        }
        if let Some(since) = window::since(times, limit as usize) {
            let recent = Request { since: Some(Time(since)), ..request.clone() };
            let found = gather(&recent, "", limit, now, false)?.candidates;
            if found.len() >= limit as usize {
                return Ok(found);
            }
        }
    }
    Ok(gather(request, "", limit, now, false)?.candidates)
}

/// A search whose hits come with what happened just before and after in their collection, and with what they rest on.
pub(super) fn temporal_search_enrich(given: Value) -> Answer {
    let given: Temporal = arguments(given)?;
    let (k, span, now) = (given.k.unwrap_or(5), span(given.time_window.as_deref())?, clock::now());
    let query = if given.request.query.trim().is_empty() { "" } else { given.request.check()? };
    let mut found = if query.is_empty() {
        // Without words the newest of the scope.
        let limit = u32::try_from(k).unwrap_or(STEP);
        let terms = Terms::of("");
        newest(&given.request, limit, now)?.iter().map(|one| one.found(&terms)).collect()
    } else {
        find(&given.request, query, &Terms::of(query), k, now)?.found
    };
    let mut results = shown(&mut found, given.request.known_at.map(|time| time.0))?;
    for (result, hit) in results.iter_mut().zip(&found) {
        if query.is_empty() {
            *result = hit.told();
        }
        let Some((result, at)) = result.as_object_mut().zip(hit.time) else { continue };
        let (before, after) = neighbours(hit.id, at, span, 2, std::slice::from_ref(&hit.from))?;
        result.insert("before".into(), json!(before.iter().map(|one| near(one, at)).collect::<Vec<_>>()));
        result.insert("after".into(), json!(after.iter().map(|one| near(one, at)).collect::<Vec<_>>()));
        let mut rests_on = Vec::new();
        for id in hit.sources.iter().take(5) {
            if let Ok(seen) = seen(*id) {
                rests_on.push(near(&seen.found, at));
            }
        }
        result.insert("rests_on".into(), json!(rests_on));
    }
    Ok(
        json!({"count": results.len(), "empty": results.is_empty(), "window_hours": span / 3_600_000, "results": results}),
    )
}
