//! The tree of topics, and which memory is under which.

use super::{memory, own};
use crate::luhmann;
use memstrata_sdk::args::Id;
use memstrata_sdk::write;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Create {
    parent_id: Option<Id>,
    label: String,
}

pub(super) fn create(given: Value) -> Answer {
    let Create { parent_id, label } = arguments(given)?;
    let parent = parent_id.map(|Id(id)| id);
    let above = parent.map(|id| own("topics", id)).transpose()?;
    let last = Query::of("topics").filter(json!(["parent", "=", parent]))?.descending("nth")?.first()?;
    let highest = last.as_ref().and_then(|row| row["nth"].as_u64()).unwrap_or(0);
    let place = luhmann::next(above.as_ref().and_then(|row| row["place"].as_str()), highest)
        .ok_or_else(|| Fault::invalid("the tree is 16 levels deep here: choose a higher parent"))?;
    let row = json!({"place": place, "label": label, "parent": parent, "nth": highest + 1});
    let (id, created) = write::insert_or_get("topics", "place", &row)?;
    if !created {
        return Err(Fault::conflict("another call took this place: call again"));
    }
    Ok(json!({"index_id": id, "luhmann_id": place, "label": label}))
}

#[derive(Deserialize)]
struct Below {
    parent_id: Option<Id>,
    after_nth: u64,
}

pub(super) fn below(given: Value) -> Answer {
    let Below { parent_id, after_nth } = arguments(given)?;
    let parent = parent_id.map(|Id(id)| id);
    if let Some(id) = parent {
        own("topics", id)?;
    }
    let page = Query::of("topics")
        .filter(json!(["parent", "=", parent]))?
        .filter(json!(["nth", ">", after_nth]))?
        .ascending("nth")?
        .limit(100)
        .page()?;
    let topics: Vec<_> = page
        .rows
        .iter()
        .map(|row| json!({"index_id": row["id"], "luhmann_id": row["place"], "label": row["label"], "nth": row["nth"]}))
        .collect();
    Ok(json!({"topics": topics}))
}

#[derive(Deserialize)]
struct Assign {
    memory_id: Id,
    index_id: Id,
}

pub(super) fn assign(given: Value) -> Answer {
    let Assign { memory_id: Id(id), index_id: Id(topic) } = arguments(given)?;
    memory(id)?;
    own("topics", topic)?;
    write::insert_or_get("assignments", "pair", &json!({"topic": topic, "memory": id}))?;
    Ok(json!({"assigned": true}))
}

pub(super) fn unassign(given: Value) -> Answer {
    let Assign { memory_id: Id(id), index_id: Id(topic) } = arguments(given)?;
    own("topics", topic)?;
    let found =
        Query::of("assignments").filter(json!(["topic", "=", topic]))?.filter(json!(["memory", "=", id]))?.first()?;
    let row = found.as_ref().and_then(|row| row["id"].as_u64());
    if let Some(row) = row {
        write::delete("assignments", row, None)?;
    }
    Ok(json!({"removed": row.is_some()}))
}
