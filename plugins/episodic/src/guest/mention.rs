//! The rows that say which events name a tag or a file, so that lists of events are asked by index.

use super::{EVENTS, MENTIONS, PROGRESS, namespace_of, put};
use crate::mention::{A_CALL, Entry, FILES, KEPT, Named, Reached, Room, both, condition, look_from, named, reached};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, clock, get, json, row, write};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the row that says how far older events are indexed.
const LISTS: &str = "lists";
/// Events one call of `index_lists` reads.
const STEP: u32 = 1_000;

/// The conditions for events with these values, in their order: by id where the mentions know them all. What names a file by
/// its own field belongs to that file.
/// And the newest event or mention there was, 0 if none, nothing if the mentions cannot be used; the cursor brings it back.
pub(super) fn conditions(
    wanted: &[Named],
    namespace: Option<&str>,
    cursor: Option<(Option<u64>, &str)>,
) -> Result<(Vec<Value>, Option<u64>), Fault> {
    let plain = || wanted.iter().map(|one| condition(one, None)).collect();
    let newest = match cursor {
        _ if wanted.is_empty() => None,
        Some((newest, _)) => newest,
        None if indexed()? => Some(newest_of(EVENTS)?.max(newest_of(MENTIONS)?)),
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
            .select(&["event_id", "more"])?
            .limit(u32::try_from(KEPT).unwrap_or(u32::MAX))
            .page()?
            .rows;
        // As many as are kept, or a mark: there are more that are not.
        let all = rows.len() < KEPT && !rows.iter().any(|mention| row::flag(mention, "more"));
        let mut ids =
            all.then(|| rows.iter().filter_map(|mention| row::int(mention, "event_id")).collect::<Vec<u64>>());
        if *list == FILES
            && let Some(listed) = ids.take()
        {
            // Deleted ones too, so that a page after a deletion asks in the same words.
            let own = Query::of(EVENTS)
                .with_deleted()
                .namespace(namespace)?
                .filter(json!(["file_path", "=", value]))?
                .filter(json!(["id", "<=", newest]))?
                .ascending("file_path")?
                .limit(u32::try_from(KEPT).unwrap_or(u32::MAX))
                .ids()?;
            ids = (own.len() < KEPT).then(|| both(listed, own));
        }
        found.push(condition(&(list, value.clone()), ids));
    }
    Ok((found, Some(newest)))
}

/// The newest id of a collection, 0 if it is empty.
fn newest_of(collection: &str) -> Result<u64, Fault> {
    Ok(Query::of(collection).descending("id")?.limit(1).ids()?.first().copied().unwrap_or(0))
}

/// Whether the events from before there were mentions have theirs.
fn indexed() -> Result<bool, Fault> {
    let rows: Vec<Reached> = progress()?.into_iter().map(|(_, reached)| reached).collect();
    Ok(reached(&rows).1)
}

/// The rows a caller sees that say how far lists are indexed, with their ids.
fn progress() -> Result<Vec<(u64, Reached)>, Fault> {
    let rows = Query::of(PROGRESS).filter(json!(["name", "=", LISTS]))?.limit(1_000).page()?.rows;
    let read = |progress: &Value| Reached {
        namespace: namespace_of(progress).to_owned(),
        upto: row::int(progress, "upto").unwrap_or(0),
        done: row::flag(progress, "done"),
    };
    Ok(rows.iter().map(|progress| (row::id(progress), read(progress))).collect())
}

fn advance(namespace: &str, upto: u64, done: bool) -> Result<(), Fault> {
    let mut row = Map::new();
    row.insert("name".into(), json!(LISTS));
    row.insert("upto".into(), json!(upto));
    row.insert("done".into(), json!(done));
    put(&mut row, "namespace", crate::filter::namespace(namespace));
    write::upsert(PROGRESS, "name", &row.into()).map(|_| ())
}

/// Stages the mentions of new events, at most [`KEPT`] of a value in a namespace. Answers how many, and from which event on
/// there was no room left.
fn stage(events: &[(u64, Value)]) -> Result<(usize, Option<u64>), Fault> {
    let mut rooms: BTreeMap<(String, Named), Room> = BTreeMap::new();
    for (_, event) in events {
        for one in named(event) {
            let namespace = namespace_of(event).to_owned();
            if let std::collections::btree_map::Entry::Vacant(free) = rooms.entry((namespace, one)) {
                let (namespace, (list, value)) = free.key();
                let groups = Query::of(MENTIONS)
                    .filter(json!(["value", "=", value]))?
                    .filter(json!(["list", "=", list]))?
                    .filter(json!(["namespace", "=", namespace]))?
                    .group_count("more")?;
                let of = |marks: bool| {
                    let counts = groups.iter().filter(|(more, _)| (more == &json!(true)) == marks);
                    usize::try_from(counts.map(|(_, count)| count).sum::<u64>()).unwrap_or(usize::MAX)
                };
                let room = Room { kept: of(false), marks: of(true), marked: false };
                free.insert(room);
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
            let room = rooms.get_mut(&(namespace.to_owned(), one.clone()));
            let Some(entry) = room.and_then(Room::take) else { continue };
            let mut mention = Map::new();
            mention.insert("event_id".into(), json!(id));
            mention.insert("list".into(), json!(one.0));
            mention.insert("value".into(), json!(one.1));
            put(&mut mention, "more", (entry == Entry::Mark).then_some(true));
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
pub(super) fn note(mut events: Vec<(u64, Value)>) -> Result<(), Fault> {
    let mut home = None;
    for (id, event) in &mut events {
        if !namespace_of(event).is_empty() {
            continue;
        }
        // An event without a namespace goes where its caller is confined to: the stored row knows.
        if home.is_none() {
            home = Some(get(EVENTS, *id)?.map_or_else(String::new, |stored| namespace_of(&stored).to_owned()));
        }
        if let (Some(event), Some(home)) = (event.as_object_mut(), &home) {
            event.insert("namespace".into(), json!(home));
        }
    }
    if let (_, Some(left)) = stage(&events)? {
        let home = super::home()?;
        let own = progress()?.into_iter().find(|(_, row)| row.namespace == home).map(|(_, row)| row.upto);
        // The whole space without a row has not begun yet; in a namespace the row only says what this call left.
        let upto = own.unwrap_or(if home.is_empty() { 0 } else { u64::MAX });
        advance(&home, upto.min(left.saturating_sub(1)), false)?;
    }
    Ok(())
}

/// `index_lists`: the next events that have no mentions yet. How far it is, is said of the whole space only: a caller confined
/// to a namespace learns that it is not done there, and changes nothing.
pub(super) fn index() -> Answer {
    if !super::home()?.is_empty() {
        return Ok(json!({"events": 0, "mentions": 0, "erased": 0, "done": false}));
    }
    let rows = progress()?;
    let (own, waiting): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, row)| row.namespace.is_empty());
    let own = own.first().map(|(_, row)| row);
    let (upto, was_done) = reached(&rows.iter().map(|(_, row)| row.clone()).collect::<Vec<_>>());
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
    let done = !more || (left.is_none() && was_done);
    if own.is_none_or(|own| (own.upto, own.done) != (reached, done)) {
        advance("", reached, done)?;
    }
    // What waited in namespaces is in the row of the whole space now.
    for (id, _) in waiting {
        write::delete(PROGRESS, *id, None)?;
    }
    let erased = if done { erase_some()? } else { 0 };
    Ok(json!({"events": events.len(), "mentions": written, "erased": erased, "done": done}))
}

/// Erases mentions whose event was erased, as far as this minute looks: their values are of what it said. Marks stay: they name
/// what hundreds of events do, and lists of it would be short without them.
fn erase_some() -> Result<usize, Fault> {
    let newest = Query::of(MENTIONS).descending("id")?.limit(1).ids()?.first().copied().unwrap_or(0);
    let from = look_from(clock::now() / 60_000, newest, STEP.into());
    let query = Query::of(MENTIONS).with_deleted().filter(json!(["id", ">=", from]))?.ascending("id")?;
    let rows = query.select(&["event_id", "more"])?.limit(STEP).page()?.rows;
    let ids: BTreeSet<u64> = rows.iter().filter_map(|mention| row::int(mention, "event_id")).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    let there = Query::of(EVENTS).with_deleted().filter(json!(["id", "in", ids]))?.limit(STEP).ids()?;
    let there: BTreeSet<u64> = there.into_iter().collect();
    let mut erased = 0;
    for mention in &rows {
        let gone = row::int(mention, "event_id").is_some_and(|event| !there.contains(&event));
        if gone && !row::flag(mention, "more") {
            write::erase(MENTIONS, row::id(mention))?;
            erased += 1;
        }
    }
    Ok(erased)
}
