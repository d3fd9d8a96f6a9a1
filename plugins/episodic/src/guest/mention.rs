//! The rows that say which events name a tag or a file, so that lists of events are asked by index.

use super::{EVENTS, MENTIONS, PROGRESS, namespace_of, put};
use crate::mention::{A_CALL, KEPT, Named, condition, named};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, json, row, write};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the row that says how far older events are indexed.
const LISTS: &str = "lists";
/// Events one call of `index_lists` reads.
const STEP: u32 = 1_000;

/// The conditions for events with these values, in their order: by id where the mentions know them all.
/// And the newest mention there was, 0 if none, nothing if the mentions cannot be used; the cursor brings it back.
pub(super) fn conditions(
    wanted: &[Named],
    namespace: Option<&str>,
    cursor: Option<(Option<u64>, &str)>,
) -> Result<(Vec<Value>, Option<u64>), Fault> {
    let plain = || wanted.iter().map(|one| condition(one, None)).collect();
    let newest = match cursor {
        _ if wanted.is_empty() => None,
        Some((newest, _)) => newest,
        None if indexed()? => Some(Query::of(MENTIONS).descending("id")?.limit(1).ids()?.first().copied().unwrap_or(0)),
        None => None,
    };
    let Some(newest) = newest else { return Ok((plain(), None)) };
    let mut found = Vec::new();
    for (list, value) in wanted {
        let rows = Query::of(MENTIONS)
            .namespace(namespace)?
            .filter(json!(["value", "=", value]))?
            .filter(json!(["list", "=", list]))?
            .filter(json!(["id", "<=", newest]))?
            .ascending("namespace")?
            .select(&["event_id"])?
            .limit(u32::try_from(KEPT).unwrap_or(u32::MAX))
            .page()?
            .rows;
        // As many as are kept: there may be more that are not.
        let all = rows.len() < KEPT;
        let ids = all.then(|| rows.iter().filter_map(|mention| row::int(mention, "event_id")).collect());
        found.push(condition(&(list, value.clone()), ids));
    }
    Ok((found, Some(newest)))
}

/// Whether the events from before there were mentions have theirs.
fn indexed() -> Result<bool, Fault> {
    Ok(progress()?.is_some_and(|progress| row::flag(&progress, "done")))
}

fn progress() -> Result<Option<Value>, Fault> {
    Query::of(PROGRESS).filter(json!(["name", "=", LISTS]))?.first()
}

fn advance(upto: u64, done: bool) -> Result<(), Fault> {
    write::upsert(PROGRESS, "name", &json!({"name": LISTS, "upto": upto, "done": done})).map(|_| ())
}

/// Stages the mentions of new events, at most [`KEPT`] of a value in a namespace. Answers how many, and from which event on
/// there was no room left.
fn stage(events: &[(u64, Value)]) -> Result<(usize, Option<u64>), Fault> {
    let mut counts: BTreeMap<(String, Named), usize> = BTreeMap::new();
    for (_, event) in events {
        for one in named(event) {
            let namespace = namespace_of(event).to_owned();
            if let std::collections::btree_map::Entry::Vacant(free) = counts.entry((namespace, one)) {
                let (namespace, (list, value)) = free.key();
                let kept = Query::of(MENTIONS)
                    .filter(json!(["value", "=", value]))?
                    .filter(json!(["list", "=", list]))?
                    .filter(json!(["namespace", "=", namespace]))?
                    .count()?;
                free.insert(usize::try_from(kept).unwrap_or(usize::MAX));
            }
        }
    }
    let mut rows = Vec::new();
    let mut left = None;
    for (id, event) in events {
        let all = named(event);
        if rows.len() + all.len() > A_CALL {
            left = Some(*id);
            break;
        }
        for one in all {
            let namespace = namespace_of(event);
            let Some(count) = counts.get_mut(&(namespace.to_owned(), one.clone())).filter(|count| **count < KEPT)
            else {
                continue;
            };
            *count += 1;
            let mut mention = Map::new();
            mention.insert("event_id".into(), json!(id));
            mention.insert("list".into(), json!(one.0));
            mention.insert("value".into(), json!(one.1));
            put(&mut mention, "namespace", crate::filter::namespace(namespace));
            rows.push(mention.into());
        }
    }
    if !rows.is_empty() {
        write::insert_many(MENTIONS, &rows)?;
    }
    Ok((rows.len(), left))
}

/// Stages the mentions of events this call records.
pub(super) fn note(events: &[(u64, Value)]) -> Result<(), Fault> {
    if let (_, Some(left)) = stage(events)? {
        let upto = progress()?.and_then(|progress| row::int(&progress, "upto")).unwrap_or(0);
        advance(upto.min(left.saturating_sub(1)), false)?;
    }
    Ok(())
}

/// `index_lists`: the next events that have no mentions yet.
pub(super) fn index() -> Answer {
    let old = progress()?;
    let upto = old.as_ref().and_then(|progress| row::int(progress, "upto")).unwrap_or(0);
    let query = Query::of(EVENTS).filter(json!(["id", ">", upto]))?.ascending("id")?;
    let events = query.select(&["namespace", "tags", "files"])?.limit(STEP).page()?.rows;
    let ids: Vec<u64> = events.iter().map(row::id).collect();
    let known: BTreeSet<u64> = if ids.is_empty() {
        BTreeSet::new()
    } else {
        let query = Query::of(MENTIONS).filter(json!(["event_id", "in", ids]))?.select(&["event_id"])?.limit(1_000);
        query.all(200_000 / 4)?.iter().filter_map(|mention| row::int(mention, "event_id")).collect()
    };
    let fresh: Vec<(u64, Value)> =
        events.iter().map(|event| (row::id(event), event.clone())).filter(|(id, _)| !known.contains(id)).collect();
    let (written, left) = stage(&fresh)?;
    let reached = left.map_or_else(|| ids.last().copied().unwrap_or(upto), |left| left.saturating_sub(1));
    let more = left.is_some() || events.len() >= STEP as usize;
    // Once all is indexed it stays so: what is recorded brings its mentions along.
    let done = !more || (left.is_none() && old.as_ref().is_some_and(|progress| row::flag(progress, "done")));
    if old.is_none() || reached != upto || old.as_ref().is_some_and(|progress| row::flag(progress, "done") != done) {
        advance(reached, done)?;
    }
    Ok(json!({"events": events.len(), "mentions": written, "done": done}))
}
