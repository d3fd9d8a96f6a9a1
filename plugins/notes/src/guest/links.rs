//! Links from note to note.

use super::{LINKS, NOTES, note};
use crate::memory_id::MemoryId;
use memstrata_sdk::row::{self, int, reference, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Pair {
    from_id: MemoryId,
    to_id: MemoryId,
}

pub(super) fn link(given: Value) -> Answer {
    let given: Pair = arguments(given)?;
    let (from, to) = (given.from_id.id, given.to_id.id);
    if from == to {
        return Err(Fault::invalid("a note cannot be linked to itself: give two ids"));
    }
    let start = note(&given.from_id)?;
    note(&given.to_id)?;
    let link = json!({"from_id": from, "to_id": to, "namespace": text(&start, "namespace")});
    let (_, created) = write::insert_or_get(LINKS, "pair", &link)?;
    // Neither is deleted meanwhile.
    write::expect(&Query::of(NOTES).filter(json!(["id", "in", [from, to]]))?, 2)?;
    Ok(json!({"from_id": from, "to_id": to, "created": created}))
}

pub(super) fn unlink(given: Value) -> Answer {
    let given: Pair = arguments(given)?;
    let (from, to) = (given.from_id.id, given.to_id.id);
    note(&given.from_id)?;
    let link = Query::of(LINKS).filter(json!(["from_id", "=", from]))?.filter(json!(["to_id", "=", to]))?.first()?;
    if let Some(link) = &link {
        write::delete(LINKS, row::id(link), None)?;
    }
    Ok(json!({"from_id": from, "to_id": to, "removed": link.is_some()}))
}

/// Titles of notes, in the order of the ids.
fn titled(ids: &[u64]) -> Result<Vec<Value>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let rows = Query::of(NOTES).filter(json!(["id", "in", ids]))?.select(&["title"])?.limit(most).page()?.rows;
    let shown = |id: &u64| {
        let row = rows.iter().find(|row| row::id(row) == *id)?;
        Some(json!({"id": id, "ref": reference(*id), "title": text(row, "title")}))
    };
    Ok(ids.iter().filter_map(shown).collect())
}

/// The notes a note links to, the oldest links first.
pub(super) fn out(id: u64, most: u32) -> Result<Vec<Value>, Fault> {
    let page = Query::of(LINKS).filter(json!(["from_id", "=", id]))?.limit(most).page()?;
    titled(&page.rows.iter().filter_map(|link| int(link, "to_id")).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct Backlinks {
    note_id: MemoryId,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn backlinks(given: Value) -> Answer {
    let given: Backlinks = arguments(given)?;
    note(&given.note_id)?;
    let query = Query::of(LINKS).filter(json!(["to_id", "=", given.note_id.id]))?.limit(given.limit);
    let page = query.after(given.cursor.as_deref())?.page()?;
    let notes = titled(&page.rows.iter().filter_map(|link| int(link, "from_id")).collect::<Vec<_>>())?;
    Ok(json!({"note_id": given.note_id.id, "notes": notes, "count": notes.len(), "next_cursor": page.next}))
}
