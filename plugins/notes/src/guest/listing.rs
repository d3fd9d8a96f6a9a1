//! Notes: read, listed, found.

use super::{NOTES, assignments, evolution, links, note};
use crate::memory_id::MemoryId;
use memstrata_sdk::row::{self, clip, ids, int, reference, round, text, texts};
use memstrata_sdk::{Answer, Map, Query, Search, Value, arguments, hints, json};
use serde::Deserialize;

/// Characters of a text that lists show.
const CLIP: usize = 200;
/// Links a note shows, at most.
const MOST_LINKS: u32 = 50;

/// A note as lists show it.
fn brief(note: &Value) -> Map<String, Value> {
    let id = row::id(note);
    let mut shown = Map::new();
    for (name, value) in [
        ("id", json!(id)),
        ("ref", json!(reference(id))),
        ("title", json!(text(note, "title"))),
        ("text", json!(clip(text(note, "text"), CLIP))),
        ("tags", json!(texts(note, "tags"))),
        ("namespace", json!(text(note, "namespace"))),
        ("created_at", json!(int(note, "created_at"))),
        ("updated_at", json!(int(note, "updated_at"))),
    ] {
        shown.insert(name.into(), value);
    }
    shown
}

#[derive(Deserialize)]
struct One {
    note_id: MemoryId,
}

pub(super) fn one(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let note = note(&given.note_id)?;
    let id = row::id(&note);
    hints::touch(&[id])?;
    let mut shown = brief(&note);
    for (name, value) in [
        ("text", json!(text(&note, "text"))),
        ("sources", json!(ids(&note, "sources"))),
        ("version", json!(evolution::latest(id)?.map_or(0, |latest| latest.number))),
        ("links", json!(links::out(id, MOST_LINKS)?)),
        ("indexes", json!(assignments::places(id)?)),
    ] {
        shown.insert(name.into(), value);
    }
    Ok(json!({"note": shown}))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    tag: Option<String>,
    sort_by: String,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let query = Query::of(NOTES).namespace(given.namespace.as_deref())?;
    let query = query.filter_if("tags", "has", given.tag.as_deref().map(str::trim))?;
    let field = if given.sort_by == "created" { "created_at" } else { "updated_at" };
    let page = query.descending(field)?.limit(given.limit).after(given.cursor.as_deref())?.page()?;
    let notes: Vec<_> = page.rows.iter().map(brief).collect();
    Ok(json!({"notes": notes, "count": notes.len(), "next_cursor": page.next}))
}

#[derive(Deserialize)]
struct Find {
    query: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    tag: Option<String>,
    limit: u32,
}

pub(super) fn search(given: Value) -> Answer {
    let given: Find = arguments(given)?;
    let mut search = Search::of(&given.query).collection(NOTES)?.namespace(given.namespace.as_deref())?;
    if let Some(tag) = given.tag.as_deref() {
        search = search.filter(json!(["tags", "has", tag.trim()]))?;
    }
    let results = search.limit(given.limit).results()?;
    let hits = memstrata_sdk::hits(&results)?;
    let found: Vec<u64> = hits.iter().map(|hit| hit.id).collect();
    hints::touch(&found)?;
    let notes: Vec<_> = hits
        .iter()
        .map(|hit| {
            let mut shown = brief(&hit.row);
            shown.insert("score".into(), json!(round(hit.score)));
            shown
        })
        .collect();
    Ok(json!({"notes": notes, "count": notes.len(), "notices": results.notes()}))
}
