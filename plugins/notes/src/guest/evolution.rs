//! Versions of a memory's content, and what is computed of it.

use super::memory;
use crate::attributes::{importance, stage, tags};
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, digest, json};
use memstrata_sdk::{clock, hints, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Add {
    memory_id: Id,
    content: String,
}

#[derive(Deserialize)]
struct One {
    memory_id: Id,
}

fn latest(id: u64) -> Result<Option<Value>, Fault> {
    Query::of("versions").filter(json!(["memory", "=", id]))?.descending("number")?.first()
}

pub(super) fn add(given: Value) -> Answer {
    let Add { memory_id: Id(id), content } = arguments(given)?;
    let (collection, _) = memory(id)?;
    let hash = digest(&content);
    let last = latest(id)?;
    let number = last.as_ref().and_then(|row| row["number"].as_u64()).unwrap_or(0);
    if last.is_some_and(|row| row["hash"] == hash.as_str()) {
        return Ok(json!({"version": number, "hash": hash, "created": false}));
    }
    let row = json!({"memory": id, "number": number + 1, "content": content, "hash": hash});
    write::insert("versions", &row)?;
    if collection == "notes.notes" {
        write::update("notes", id, None, &json!({"text": content}))?;
    }
    Ok(json!({"version": number + 1, "hash": hash, "created": true}))
}

pub(super) fn history(given: Value) -> Answer {
    let One { memory_id: Id(id) } = arguments(given)?;
    memory(id)?;
    let page = Query::of("versions").filter(json!(["memory", "=", id]))?.descending("number")?.limit(100).page()?;
    let versions: Vec<_> = page
        .rows
        .iter()
        .map(|row| json!({"version": row["number"], "hash": row["hash"], "content": row["content"], "at": row["created_at"]}))
        .collect();
    Ok(json!({"memory_id": id, "versions": versions}))
}

pub(super) fn compute(given: Value) -> Answer {
    let One { memory_id: Id(id) } = arguments(given)?;
    let (_, memory) = memory(id)?;
    let last = latest(id)?;
    let versions = last.as_ref().and_then(|row| row["number"].as_u64()).unwrap_or(0);
    let (uses, used_at) = hints::usage(&[id])?.first().copied().unwrap_or_default();
    let now = clock::now();
    let since = used_at.max(memory["created_at"].as_u64().unwrap_or(now));
    // Layers call their text by either name; a memory with neither gets no tags.
    let own = ["text", "content"].iter().find_map(|field| memory[*field].as_str());
    let text = last.as_ref().and_then(|row| row["content"].as_str()).or(own).unwrap_or_default();
    let row = json!({
        "memory": id, "importance": importance(uses, now.saturating_sub(since)), "stage": stage(versions),
        "tags": tags(text), "versions": versions, "uses": uses, "computed_at": now,
    });
    write::upsert("attributes", "memory", &row)?;
    Ok(shown(id, &row))
}

pub(super) fn attributes(given: Value) -> Answer {
    let One { memory_id: Id(id) } = arguments(given)?;
    memory(id)?;
    let row = Query::of("attributes").filter(json!(["memory", "=", id]))?.first()?;
    let row = row.ok_or_else(|| {
        Fault::not_found(format!("nothing computed of m:{id} yet: call compute_memory_attributes first"))
    })?;
    Ok(shown(id, &row))
}

fn shown(id: u64, row: &Value) -> Value {
    json!({
        "memory_id": id, "importance": row["importance"], "stage": row["stage"], "tags": row["tags"],
        "versions": row["versions"], "uses": row["uses"], "computed_at": row["computed_at"],
    })
}
