//! Reads derived memories and their evidence.

use super::{if_there, now, origin, settings};
use crate::grounding::{Grounded, grounded};
use crate::settings::Settings;
use crate::{project, row};
use memstrata_consolidation_rules::event::{Event, FIELDS};
use memstrata_consolidation_rules::words::clip;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get_many, history, json, locate};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows read in one host call.
const ROWS: usize = 500;
/// Longer texts are cut in lists.
pub(super) const CLIP: usize = 400;
/// What consolidation tags its memories with.
const TAG: &str = "consolidation";

/// Digests of the components that ran.
fn digests() -> Result<Vec<Value>, Fault> {
    Ok(Query::of(super::RUNS).group_count("digest")?.into_iter().map(|(digest, _)| digest).collect())
}

/// The query of what runs wrote in a collection: by its author, or, where somebody has changed it since, by its tag.
fn derived(collection: &str, digests: &[Value], tagged: bool) -> Result<Query, Fault> {
    let by = json!(["component", "in", digests]);
    Query::of(collection).filter(if tagged { json!({"any": [by, ["tags", "has", TAG]]}) } else { by })
}

/// The same with a fallback: a collection of another layer may have no tags.
pub(super) fn derived_in<T>(collection: &str, read: impl Fn(Query) -> Result<T, Fault>) -> Result<T, Fault> {
    let digests = digests()?;
    match derived(collection, &digests, true).and_then(&read) {
        Err(fault) if fault.code == "invalid.condition" => derived(collection, &digests, false).and_then(&read),
        other => other,
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    min_confidence: f64,
    #[serde(default)]
    namespace: Option<String>,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let (settings, now) = (settings()?, now());
    let mut notes = Vec::new();
    let Some(collection) = settings.memories.first() else {
        return Ok(
            json!({ "patterns": [], "count": 0, "next_cursor": null, "notes": ["the setting `memories` names no collection"] }),
        );
    };
    if settings.memories.len() > 1 {
        notes.push(format!("only those of `{collection}`"));
    }
    let read = derived_in(collection, |query| {
        let mut query = query
            .namespace(given.namespace.as_deref())?
            .valid_at(Some(now))
            .descending("created_at")?
            .limit(given.limit)
            .after(given.cursor.as_deref())?;
        if given.min_confidence > 0.0 {
            query = query.filter(json!(["confidence", ">=", given.min_confidence]))?;
        }
        if let Some(kind) = &given.kind {
            query = query.filter(json!({"any": [["tags", "has", kind], ["memory_type", "=", kind]]}))?;
        }
        let page = query.page()?;
        Ok(Some((page.rows, page.next)))
    });
    let (rows, next) = if_there(read, &mut notes)?.unwrap_or_default();
    let patterns: Vec<Value> = rows.iter().map(|memory| Value::Object(show(memory, now))).collect();
    Ok(json!({ "patterns": patterns, "count": patterns.len(), "next_cursor": next, "notes": notes }))
}

/// A derived memory for a caller.
pub(super) fn show(memory: &Value, now: u64) -> Map<String, Value> {
    let mut shown = row::some(
        memory,
        &["namespace", "memory_type", "topic", "tags", "confidence", "usefulness_score", "created_at", "valid_to"],
    );
    let sources = row::ids(memory, "sources");
    shown.insert("id".into(), json!(row::reference(row::id(memory))));
    shown.insert("type".into(), json!(project::kind(memory)));
    shown.insert("content".into(), json!(clip(row::text(memory, "content"), CLIP)));
    shown.insert("evidence".into(), json!(sources.len()));
    shown.insert("holds".into(), json!(!row::ended(memory, now)));
    shown
}

#[derive(Deserialize)]
struct One {
    id: Id,
}

pub(super) fn get(given: Value) -> Answer {
    let Id(id) = arguments::<One>(given)?.id;
    let (settings, now) = (settings()?, now());
    let memory = located(id)?.1;
    let sources = row::ids(&memory, "sources");
    let mut notes = Vec::new();
    if sources.is_empty() {
        notes.push("it cites no evidence: a caller or a layer wrote it, see explain_memory".to_owned());
    }
    let events = if_there(evidence(&settings, std::slice::from_ref(&memory)), &mut notes)?;
    let mut pattern = show(&memory, now);
    pattern.insert("content".into(), json!(row::text(&memory, "content")));
    Ok(json!({
        "pattern": pattern, "evidence": origin::rows(&sources)?,
        "grounding": ground(&memory, &events).map(|grounded| grounded.json()), "notes": notes,
    }))
}

/// A row of any collection this layer may read.
pub(super) fn located(id: u64) -> Result<(String, Value), Fault> {
    let missing = || {
        Fault::not_found(format!(
            "there is no memory m:{id} that this layer may read: take an id from `recall` or `list_patterns`"
        ))
    };
    let collection = locate(id)?.ok_or_else(missing)?;
    let row = memstrata_sdk::get(&collection, id)?.ok_or_else(missing)?;
    Ok((collection, row))
}

/// The events that memories cite, by id.
pub(super) fn evidence(settings: &Settings, memories: &[Value]) -> Result<BTreeMap<u64, Event>, Fault> {
    let mut ids: Vec<u64> = memories.iter().flat_map(|memory| row::ids(memory, "sources")).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = BTreeMap::new();
    for ids in ids.chunks(ROWS) {
        let rows = get_many(&settings.events, ids)?;
        found.extend(rows.into_iter().flatten().filter_map(|row| Event::of(&row)).map(|event| (event.id, event)));
    }
    Ok(found)
}

/// A memory held against those of the events that it cites.
pub(super) fn ground(memory: &Value, events: &BTreeMap<u64, Event>) -> Option<Grounded> {
    let cited: Vec<&Event> = row::ids(memory, "sources").iter().filter_map(|id| events.get(id)).collect();
    grounded(memory, &cited)
}

/// What a run made and still holds: of each collection the first `most` that it or, changed since, somebody may have made.
pub(super) fn of_run(
    settings: &Settings,
    run: &Value,
    most: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<Value>, Fault> {
    let (now, digest) = (now(), row::text(run, "digest"));
    let from = row::int(run, "started_at").unwrap_or(now);
    let to = row::int(run, "ended_at").unwrap_or(now);
    let (mut made, mut cut) = (Vec::new(), false);
    for collection in &settings.memories {
        // What others wrote at the same time does not count, unless somebody has changed it: then its author is in its history.
        let by = json!({"any": [["component", "=", digest], ["version", ">", 1]]});
        let read = Query::of(collection)
            .filter(json!({"all": [["created_at", ">=", from], ["created_at", "<=", to], by]}))
            .and_then(|query| {
                query.valid_at(Some(now)).limit(u32::try_from(most).unwrap_or(u32::MAX).min(1_000)).all(most)
            });
        let read = if_there(read, notes)?;
        cut |= read.len() >= most;
        for memory in read {
            // Somebody may have changed it since: its first version tells who made it.
            if row::text(&memory, "component") == digest || first_author(collection, &memory)? == digest {
                made.push(memory);
            }
        }
    }
    if cut {
        notes.push(format!("looked at {most} memories of its time: `most_memories` takes more, and longer"));
    }
    Ok(made)
}

fn first_author(collection: &str, memory: &Value) -> Result<String, Fault> {
    if row::int(memory, "version").unwrap_or(1) <= 1 {
        return Ok(row::text(memory, "component").to_owned());
    }
    let versions = history(collection, row::id(memory))?;
    Ok(versions.first().map(|version| row::text(version, "component").to_owned()).unwrap_or_default())
}

/// Which events an operation studies.
pub(super) struct Wanted<'a> {
    pub(super) since: Option<u64>,
    pub(super) namespace: Option<&'a str>,
    /// Only those no run has worked on.
    pub(super) fresh: bool,
    /// So many, the latest.
    pub(super) most: usize,
}

/// The latest events since an instant, in the order of the rules.
pub(super) fn events(settings: &Settings, wanted: &Wanted<'_>, notes: &mut Vec<String>) -> Result<Vec<Event>, Fault> {
    let Wanted { since, namespace, fresh, most } = *wanted;
    let read = |select: bool| {
        let mut query = Query::of(&settings.events)
            .filter_if("timestamp", ">=", since)?
            .namespace(namespace)?
            .descending("timestamp")?
            .limit(u32::try_from(most).unwrap_or(u32::MAX).min(1_000));
        if fresh {
            query = query.filter(json!(["consolidation_status", "=", "unconsolidated"]))?;
        }
        if select {
            query = query.select(&FIELDS)?;
        }
        query.all(most)
    };
    // Another collection of events may lack some fields: then whole rows are read.
    let rows = match read(true) {
        Err(fault) if fault.code == "invalid.condition" => read(false),
        other => other,
    };
    let rows = if_there(rows, notes)?;
    if rows.len() == most {
        notes.push(format!("looked at the latest {most} events only: `most_events` takes more, and longer"));
    }
    Ok(memstrata_consolidation_rules::event::events(&rows))
}
