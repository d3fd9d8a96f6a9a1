//! Which memory is under which topic.

use super::memory::{living, memory};
use super::{ASSIGNMENTS, TOPICS, index, topic};
use crate::memory_id::MemoryId;
use memstrata_sdk::args::Id;
use memstrata_sdk::row::{self, clip, int, reference, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

/// Characters of a memory's text that a list shows.
const CLIP: usize = 200;
/// Topics of a memory that are shown, at most.
const MOST_PLACES: u32 = 50;

#[derive(Deserialize)]
struct Assign {
    memory_id: MemoryId,
    index_id: Id,
}

pub(super) fn assign(given: Value) -> Answer {
    let Assign { memory_id, index_id: Id(topic_id) } = arguments(given)?;
    let memory = memory(&memory_id)?;
    let topic = topic(topic_id)?;
    let row = json!({"topic": topic_id, "memory": memory.id, "namespace": memory.namespace});
    let (_, created) = write::insert_or_get(ASSIGNMENTS, "pair", &row)?;
    // The topic is not deleted meanwhile.
    write::expect(&Query::of(TOPICS).filter(json!(["id", "=", topic_id]))?, 1)?;
    Ok(json!({
        "memory_id": memory.id, "index_id": topic_id, "luhmann_id": text(&topic, "place"), "assigned": true,
        "created": created,
    }))
}

/// Does not ask whether the memory is still there: one that is gone must come off, too.
pub(super) fn unassign(given: Value) -> Answer {
    let Assign { memory_id, index_id: Id(topic_id) } = arguments(given)?;
    topic(topic_id)?;
    let pair = Query::of(ASSIGNMENTS).filter(json!(["topic", "=", topic_id]))?;
    let found = pair.filter(json!(["memory", "=", memory_id.id]))?.first()?;
    if let Some(row) = &found {
        write::delete(ASSIGNMENTS, row::id(row), None)?;
    }
    Ok(json!({"memory_id": memory_id.id, "index_id": topic_id, "removed": found.is_some()}))
}

#[derive(Deserialize)]
struct Memories {
    index_id: Id,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn memories(given: Value) -> Answer {
    let given: Memories = arguments(given)?;
    let topic = topic(given.index_id.0)?;
    let query = Query::of(ASSIGNMENTS).filter(json!(["topic", "=", given.index_id.0]))?.limit(given.limit);
    let page = query.after(given.cursor.as_deref())?.page()?;
    let ids: Vec<u64> = page.rows.iter().filter_map(|row| int(row, "memory")).collect();
    let there = living(&ids)?;
    let shown = |id: &u64| {
        let memory = there.get(id)?;
        Some(json!({
            "id": id, "ref": reference(*id), "collection": memory.collection, "title": memory.title,
            "text": clip(&memory.text, CLIP),
        }))
    };
    let rows: Vec<Value> = ids.iter().filter_map(shown).collect();
    let gone: Vec<u64> = ids.iter().copied().filter(|id| !there.contains_key(id)).collect();
    Ok(json!({
        "index": index::shown(&topic), "memories": rows, "count": rows.len(), "gone": gone, "next_cursor": page.next,
    }))
}

/// The topics a memory is under, the first assigned first.
pub(super) fn places(memory: u64) -> Result<Vec<Value>, Fault> {
    let page = Query::of(ASSIGNMENTS).filter(json!(["memory", "=", memory]))?.limit(MOST_PLACES).page()?;
    let ids: Vec<u64> = page.rows.iter().filter_map(|row| int(row, "topic")).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let topics = Query::of(TOPICS).filter(json!(["id", "in", ids]))?.limit(MOST_PLACES).page()?.rows;
    Ok(ids.iter().filter_map(|id| topics.iter().find(|topic| row::id(topic) == *id)).map(index::shown).collect())
}

#[derive(Deserialize)]
struct One {
    memory_id: MemoryId,
}

pub(super) fn indexes(given: Value) -> Answer {
    let id = memory(&arguments::<One>(given)?.memory_id)?.id;
    Ok(json!({"memory_id": id, "indexes": places(id)?}))
}
