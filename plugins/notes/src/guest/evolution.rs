//! Versions of a memory's content, and what is computed of it.

use super::memory::{Memory, memory};
use super::{ATTRIBUTES, NOTES, VERSIONS};
use crate::attributes::{importance, stage, tags};
use crate::memory_id::MemoryId;
use crate::note::title_of;
use memstrata_sdk::row::{clip, int, number, reference, round, text, texts};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, hints, json, sha256, write};
use serde::Deserialize;

/// Characters of a content that a history shows.
const CLIP: usize = 2_000;

/// A content of a memory.
pub(super) struct Content<'a> {
    pub(super) memory: u64,
    pub(super) namespace: &'a str,
    pub(super) content: &'a str,
}

/// The newest version of a memory.
pub(super) struct Latest {
    pub(super) number: u64,
    hash: String,
    at: u64,
}

fn versions(id: u64) -> Result<Query, Fault> {
    Query::of(VERSIONS).filter(json!(["memory", "=", id]))
}

pub(super) fn latest(id: u64) -> Result<Option<Latest>, Fault> {
    let row = versions(id)?.descending("number")?.select(&["number", "hash", "created_at"])?.first()?;
    Ok(row.map(|row| Latest {
        number: int(&row, "number").unwrap_or_default(),
        hash: text(&row, "hash").to_owned(),
        at: int(&row, "created_at").unwrap_or_default(),
    }))
}

/// Keeps a content as the version of this number; answers its hash.
pub(super) fn insert(content: &Content<'_>, number: u64) -> Result<String, Fault> {
    let hash = sha256(content.content.as_bytes());
    let row = json!({
        "memory": content.memory, "number": number, "content": content.content, "hash": hash,
        "characters": content.content.chars().count(), "namespace": content.namespace,
    });
    write::insert(VERSIONS, &row)?;
    Ok(hash)
}

/// Keeps a content unless it is the newest version; answers number, hash and whether it is new.
pub(super) fn keep(content: &Content<'_>) -> Result<(u64, String, bool), Fault> {
    let last = latest(content.memory)?;
    let number = last.as_ref().map_or(0, |last| last.number);
    if let Some(last) = last.filter(|last| last.hash == sha256(content.content.as_bytes())) {
        return Ok((number, last.hash, false));
    }
    let hash = insert(content, number + 1)?;
    Ok((number + 1, hash, true))
}

#[derive(Deserialize)]
struct Add {
    memory_id: MemoryId,
    content: String,
}

pub(super) fn add(given: Value) -> Answer {
    let given: Add = arguments(given)?;
    if given.content.trim().is_empty() {
        return Err(Fault::invalid("`content` is blank: give it words"));
    }
    let memory = memory(&given.memory_id)?;
    let content = Content { memory: memory.id, namespace: &memory.namespace, content: &given.content };
    let (number, hash, created) = keep(&content)?;
    if created && memory.is_note() {
        let mut patch = json!({"text": given.content});
        if let (true, Some(fields)) = (memory.title == title_of(&memory.text), patch.as_object_mut()) {
            fields.insert("title".into(), title_of(&given.content).into());
        }
        write::update(NOTES, memory.id, None, &patch)?;
    }
    Ok(json!({
        "memory_id": memory.id, "collection": memory.collection, "version": number, "hash": hash, "created": created,
    }))
}

fn shown(row: &Value, most: usize) -> Value {
    let content = text(row, "content");
    json!({
        "version": int(row, "number"), "hash": text(row, "hash"), "content": clip(content, most),
        "characters": int(row, "characters"), "at": int(row, "created_at"),
    })
}

#[derive(Deserialize)]
struct OneVersion {
    memory_id: MemoryId,
    version: u64,
}

pub(super) fn one(given: Value) -> Answer {
    let given: OneVersion = arguments(given)?;
    let id = memory(&given.memory_id)?.id;
    let row = versions(id)?.filter(json!(["number", "=", given.version]))?.first()?.ok_or_else(|| {
        let wanted = given.version;
        Fault::new(
            "not-found.version",
            format!("no version {wanted} of {}: see `get_memory_evolution_history`", reference(id)),
        )
    })?;
    Ok(json!({"memory_id": id, "version": shown(&row, usize::MAX)}))
}

#[derive(Deserialize)]
struct History {
    memory_id: MemoryId,
    newest_first: bool,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn history(given: Value) -> Answer {
    let given: History = arguments(given)?;
    let id = memory(&given.memory_id)?.id;
    let query = versions(id)?;
    let query = if given.newest_first { query.descending("number")? } else { query.ascending("number")? };
    let page = query.limit(given.limit).after(given.cursor.as_deref())?.page()?;
    let rows: Vec<_> = page.rows.iter().map(|row| shown(row, CLIP)).collect();
    Ok(json!({
        "memory_id": id, "versions": rows, "count": rows.len(), "latest": latest(id)?.map_or(0, |latest| latest.number),
        "next_cursor": page.next,
    }))
}

#[derive(Deserialize)]
struct One {
    memory_id: MemoryId,
}

/// The newest text of a memory: the newest version, or what its layer shows.
fn newest_text(memory: &Memory, last: Option<&Latest>) -> Result<String, Fault> {
    // A note's text is its newest version.
    let Some(last) = last.filter(|_| !memory.is_note()) else { return Ok(memory.text.clone()) };
    let row = versions(memory.id)?.filter(json!(["number", "=", last.number]))?.first()?;
    Ok(row.map_or_else(|| memory.text.clone(), |row| text(&row, "content").to_owned()))
}

pub(super) fn compute(given: Value) -> Answer {
    let memory = memory(&arguments::<One>(given)?.memory_id)?;
    let last = latest(memory.id)?;
    let kept = last.as_ref().map_or(0, |last| last.number);
    // The first text of a note is its version 1; of other memories none is kept.
    let changes = kept.saturating_sub(u64::from(memory.is_note()));
    let (uses, used_at) = hints::usage(&[memory.id])?.first().copied().unwrap_or_default();
    let now = clock::now();
    let since = used_at.max(memory.created_at).max(last.as_ref().map_or(0, |last| last.at));
    let row = json!({
        "memory": memory.id, "namespace": memory.namespace, "importance": importance(uses, now.saturating_sub(since)),
        "stage": stage(changes), "tags": tags(&newest_text(&memory, last.as_ref())?), "versions": kept, "uses": uses,
        "computed_at": now,
    });
    write::upsert(ATTRIBUTES, "memory", &row)?;
    Ok(computed(memory.id, &row))
}

pub(super) fn attributes(given: Value) -> Answer {
    let id = memory(&arguments::<One>(given)?.memory_id)?.id;
    let row = Query::of(ATTRIBUTES).filter(json!(["memory", "=", id]))?.first()?.ok_or_else(|| {
        Fault::new(
            "not-found.attributes",
            format!("nothing is computed of {} yet: call `compute_memory_attributes` first", reference(id)),
        )
    })?;
    Ok(computed(id, &row))
}

fn computed(id: u64, row: &Value) -> Value {
    json!({
        "memory_id": id, "importance": number(row, "importance").map(round), "stage": text(row, "stage"),
        "tags": texts(row, "tags"), "versions": int(row, "versions"), "uses": int(row, "uses"),
        "computed_at": int(row, "computed_at"),
    })
}
