//! A memory of any layer, as recalls show it.

use crate::memory_id::MemoryId;
use memstrata_sdk::row::{self, int, reference, text};
use memstrata_sdk::{Fault, Search, Value, hits, json, locate, rows};
use std::collections::BTreeMap;

/// A row its layer shows in recalls.
pub(super) struct Memory {
    pub(super) id: u64,
    pub(super) collection: String,
    pub(super) namespace: String,
    pub(super) created_at: u64,
    pub(super) title: String,
    pub(super) text: String,
}

impl Memory {
    pub(super) fn is_note(&self) -> bool {
        self.collection == "notes.notes"
    }
}

/// Those of some rows of one collection that are there, that the caller may see, and that recalls show.
fn shown(collection: &str, ids: &[u64]) -> Result<Vec<Memory>, Fault> {
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let search = Search::of("").collection(collection)?.filter(json!(["id", "in", ids]))?;
    let results = search.weight("time", 1.0)?.limit(most).results()?;
    let views = rows(results.views()?)?;
    let memory = |(hit, view): (memstrata_sdk::Hit, Value)| {
        // Without a recall view there is neither.
        let says = ["text", "title"].iter().any(|field| view.get(*field).is_some_and(Value::is_string));
        says.then(|| Memory {
            id: row::id(&hit.row),
            collection: collection.to_owned(),
            namespace: text(&hit.row, "namespace").to_owned(),
            created_at: int(&hit.row, "created_at").unwrap_or_default(),
            title: text(&view, "title").to_owned(),
            text: text(&view, "text").to_owned(),
        })
    };
    Ok(hits(&results)?.into_iter().zip(views).filter_map(memory).collect())
}

/// A memory, or `not-found.memory`.
pub(super) fn memory(given: &MemoryId) -> Result<Memory, Fault> {
    let missing = |why: &str| Fault::new("not-found.memory", format!("no memory {}: {why}", reference(given.id)));
    let give = "give the id of a note, or of a row that `recall` finds";
    let collection = locate(given.id)?.ok_or_else(|| missing(give))?;
    if !given.fits(&collection) {
        return Err(missing(&format!("the row of this id is in `{collection}`")));
    }
    shown(&collection, &[given.id])?.into_iter().next().ok_or_else(|| missing(give))
}

/// Those of some memories that are still there, by id.
pub(super) fn living(ids: &[u64]) -> Result<BTreeMap<u64, Memory>, Fault> {
    let mut places: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for id in ids {
        if let Some(collection) = locate(*id)? {
            places.entry(collection).or_default().push(*id);
        }
    }
    let mut found = BTreeMap::new();
    for (collection, ids) in places {
        found.extend(shown(&collection, &ids)?.into_iter().map(|memory| (memory.id, memory)));
    }
    Ok(found)
}
