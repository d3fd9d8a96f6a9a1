//! Notes: written, changed, deleted.

use super::evolution::{self, Content};
use super::{ASSIGNMENTS, ATTRIBUTES, LINKS, NOTES, VERSIONS, memory, note};
use crate::memory_id::MemoryId;
use crate::note::{clean_tags, title_of};
use memstrata_sdk::row::{self, reference, text, texts};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json, write};
use serde::Deserialize;

/// Rows fetched at a time.
const PAGE: u32 = 500;

fn blank(field: &str) -> Fault {
    Fault::invalid(format!("`{field}` is blank: give it words"))
}

#[derive(Deserialize)]
struct Create {
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    sources: Vec<MemoryId>,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn create(given: Value) -> Answer {
    let given: Create = arguments(given)?;
    if given.text.trim().is_empty() {
        return Err(blank("text"));
    }
    let mut sources = Vec::new();
    for source in &given.sources {
        let id = memory::memory(source)?.id;
        if !sources.contains(&id) {
            sources.push(id);
        }
    }
    let title = given.title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| title_of(&given.text));
    let namespace = given.namespace.unwrap_or_default();
    let id = write::insert(
        NOTES,
        &json!({"title": title, "text": given.text, "tags": clean_tags(&given.tags), "sources": sources, "namespace": namespace}),
    )?;
    evolution::insert(&Content { memory: id, namespace: &namespace, content: &given.text }, 1)?;
    Ok(json!({"id": id, "ref": reference(id), "title": title, "version": 1}))
}

#[derive(Deserialize)]
struct Update {
    note_id: MemoryId,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    if_version: Option<u64>,
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let old = note(&given.note_id)?;
    let id = given.note_id.id;
    let version = evolution::latest(id)?.map_or(0, |latest| latest.number);
    if let Some(wanted) = given.if_version.filter(|wanted| *wanted != version) {
        return Err(Fault::new(
            "conflict.version",
            format!("{} is at version {version}, not {wanted}: read it again, then change it", reference(id)),
        ));
    }
    let mut patch = Map::new();
    let mut version = version;
    if let Some(new) = given.text.filter(|new| new != text(&old, "text")) {
        if new.trim().is_empty() {
            return Err(blank("text"));
        }
        let content = Content { memory: id, namespace: text(&old, "namespace"), content: &new };
        version = evolution::keep(&content)?.0;
        // A title that was taken from the text follows it.
        if given.title.is_none() && text(&old, "title") == title_of(text(&old, "text")) {
            patch.insert("title".into(), title_of(&new).into());
        }
        patch.insert("text".into(), new.into());
    }
    if let Some(title) = given.title {
        if title.trim().is_empty() {
            return Err(blank("title"));
        }
        patch.insert("title".into(), title.into());
    }
    if let Some(tags) = given.tags {
        patch.insert("tags".into(), clean_tags(&tags).into());
    }
    patch.retain(|field, value| match value {
        Value::Array(_) => json!(texts(&old, field)) != *value,
        other => old.get(field.as_str()) != Some(other),
    });
    let changed: Vec<String> = patch.keys().cloned().collect();
    if !changed.is_empty() {
        write::update(NOTES, id, None, &Value::Object(patch))?;
    }
    Ok(json!({"id": id, "ref": reference(id), "version": version, "changed": changed}))
}

#[derive(Deserialize)]
struct One {
    note_id: MemoryId,
}

/// Deletes the rows that name a memory in a field; answers how many.
fn sweep(collection: &str, field: &str, id: u64) -> Result<usize, Fault> {
    let mut gone = 0;
    loop {
        let ids = Query::of(collection).filter(json!([field, "=", id]))?.limit(PAGE).ids()?;
        if ids.is_empty() {
            return Ok(gone);
        }
        gone += ids.len();
        for row in ids {
            write::delete(collection, row, None)?;
        }
    }
}

pub(super) fn delete(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let id = row::id(&note(&given.note_id)?);
    let links = sweep(LINKS, "from_id", id)? + sweep(LINKS, "to_id", id)?;
    let versions = sweep(VERSIONS, "memory", id)?;
    let assignments = sweep(ASSIGNMENTS, "memory", id)?;
    sweep(ATTRIBUTES, "memory", id)?;
    write::delete(NOTES, id, None)?;
    Ok(json!({"deleted": id, "links": links, "versions": versions, "assignments": assignments}))
}
