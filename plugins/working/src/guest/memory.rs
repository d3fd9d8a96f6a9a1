//! Rows of any layer this one may read, as attention sees them.

use super::ITEMS;
use super::session::Session;
use crate::row;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Fault, Value, get_many, locate};

/// A layer whose rows are weighed: its collection, and the field that says when a row was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) layer: &'static str,
    pub(super) collection: &'static str,
    pub(super) time: &'static str,
}

/// What is known.
pub(super) const SEMANTIC: Source = Source { layer: "semantic", collection: "semantic.memories", time: "created_at" };
/// What happened.
pub(super) const EPISODIC: Source = Source { layer: "episodic", collection: "episodic.events", time: "timestamp" };
/// What is held.
pub(super) const WORKING: Source = Source { layer: "working_memory", collection: ITEMS, time: "created_at" };

/// The source of a name.
pub(super) fn source(layer: &str) -> Result<Source, Fault> {
    [SEMANTIC, EPISODIC, WORKING]
        .into_iter()
        .find(|source| source.layer == layer)
        .ok_or_else(|| Fault::invalid(format!("`{layer}` is no layer that is weighed: semantic, episodic or working")))
}

/// A row of a source.
pub(super) struct Memory {
    pub(super) source: Source,
    pub(super) row: Value,
}

impl Memory {
    pub(super) fn id(&self) -> u64 {
        row::id(&self.row)
    }

    pub(super) fn content(&self) -> &str {
        row::text(&self.row, "content")
    }

    pub(super) fn made(&self, now: u64) -> u64 {
        row::int(&self.row, self.source.time).or_else(|| row::int(&self.row, "created_at")).unwrap_or(now)
    }
}

/// The source an id belongs to, if it is of one of the three.
fn source_of(id: u64) -> Result<Option<Source>, Fault> {
    let Some(collection) = locate(id)? else {
        return Ok(None);
    };
    let bare = collection.strip_prefix("working_memory.").unwrap_or(&collection);
    Ok([SEMANTIC, EPISODIC, WORKING].into_iter().find(|source| source.collection == bare))
}

/// Rows by id, each from the layer it lives in; and the ids that name no live row of the three.
pub(super) fn load(ids: &[u64]) -> Result<(Vec<Memory>, Vec<u64>), Fault> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let mut places = Vec::with_capacity(ids.len());
    for id in ids {
        places.push((*id, source_of(*id)?));
    }
    missing.extend(places.iter().filter(|(_, source)| source.is_none()).map(|(id, _)| *id));
    for source in [SEMANTIC, EPISODIC, WORKING] {
        let of: Vec<u64> = places.iter().filter(|(_, place)| *place == Some(source)).map(|(id, _)| *id).collect();
        if of.is_empty() {
            continue;
        }
        for (id, row) in of.iter().zip(get_many(source.collection, &of)?) {
            match row {
                Some(row) => found.push(Memory { source, row }),
                None => missing.push(*id),
            }
        }
    }
    Ok((found, missing))
}

/// One row by id, or the newest held item.
pub(super) fn one(session: &Session, id: Option<Id>) -> Result<Memory, Fault> {
    let Some(Id(id)) = id else {
        return Ok(Memory { source: WORKING, row: session.one(None)? });
    };
    let (mut found, _) = load(&[id])?;
    found.pop().ok_or_else(|| {
        Fault::not_found(format!(
            "there is no m:{id} among memories, events and held items: take an id from a recall or from get_working_memory"
        ))
    })
}

/// The layer of any id this component may read.
pub(super) fn layer_of(session: &Session, id: Option<Id>) -> Result<(u64, String), Fault> {
    let memory = one(session, id)?;
    Ok((memory.id(), memory.source.layer.to_owned()))
}
