//! Notes and the links between them.

use super::own;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Search, arguments, json};
use memstrata_sdk::{hints, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Create {
    title: Option<String>,
    text: String,
    namespace: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

pub(super) fn create(given: memstrata_sdk::Value) -> Answer {
    let note: Create = arguments(given)?;
    let title = note.title.unwrap_or_else(|| note.text.chars().take(80).collect());
    let mut row = json!({"title": title, "text": note.text, "tags": note.tags});
    if let (Some(namespace), Some(map)) = (note.namespace, row.as_object_mut()) {
        map.insert("namespace".into(), namespace.into());
    }
    let id = write::insert("notes", &row)?;
    Ok(json!({"id": id, "ref": format!("m:{id}")}))
}

#[derive(Deserialize)]
struct One {
    note_id: Id,
    limit: Option<u32>,
}

pub(super) fn one(given: memstrata_sdk::Value) -> Answer {
    let One { note_id: Id(id), .. } = arguments(given)?;
    let note = own("notes", id)?;
    hints::touch(&[id])?;
    Ok(json!({"note": note}))
}

#[derive(Deserialize)]
struct Find {
    query: String,
    limit: u32,
}

pub(super) fn search(given: memstrata_sdk::Value) -> Answer {
    let find: Find = arguments(given)?;
    let hits = Search::of(&find.query).collection("notes")?.limit(find.limit).hits()?;
    let notes: Vec<_> = hits
        .iter()
        .map(|hit| json!({"id": hit.id, "score": hit.score, "title": hit.row["title"], "tags": hit.row["tags"]}))
        .collect();
    Ok(json!({"notes": notes}))
}

#[derive(Deserialize)]
struct Link {
    from_id: Id,
    to_id: Id,
}

pub(super) fn link(given: memstrata_sdk::Value) -> Answer {
    let Link { from_id: Id(from), to_id: Id(to) } = arguments(given)?;
    if from == to {
        return Err(Fault::invalid("a note cannot be linked to itself: give two ids"));
    }
    own("notes", from)?;
    own("notes", to)?;
    let (_, created) = write::insert_or_get("links", "pair", &json!({"from_id": from, "to_id": to}))?;
    Ok(json!({"created": created}))
}

pub(super) fn backlinks(given: memstrata_sdk::Value) -> Answer {
    let One { note_id: Id(id), limit } = arguments(given)?;
    own("notes", id)?;
    let page = Query::of("links").filter(json!(["to_id", "=", id]))?.limit(limit.unwrap_or(20)).page()?;
    let from: Vec<_> = page.rows.iter().map(|row| row["from_id"].clone()).collect();
    Ok(json!({"note_ids": from}))
}
