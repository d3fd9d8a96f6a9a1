//! The component: names of operations to functions, and what several of them share.

mod assignments;
mod evolution;
mod index;
mod links;
mod listing;
mod memory;
mod slips;

use crate::memory_id::MemoryId;
use memstrata_sdk::row::reference;
use memstrata_sdk::{Answer, Fault, Layer, Value, get};

const NOTES: &str = "notes";
const VERSIONS: &str = "versions";
const ATTRIBUTES: &str = "attributes";
const TOPICS: &str = "topics";
const ASSIGNMENTS: &str = "assignments";
const LINKS: &str = "links";

struct Notes;

memstrata_sdk::layer!(Notes);

impl Layer for Notes {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "create_note" => slips::create(arguments),
            "update_note" => slips::update(arguments),
            "delete_note" => slips::delete(arguments),
            "get_note" => listing::one(arguments),
            "list_notes" => listing::list(arguments),
            "search_notes" => listing::search(arguments),
            "link_notes" => links::link(arguments),
            "unlink_notes" => links::unlink(arguments),
            "get_backlinks" => links::backlinks(arguments),
            "create_memory_version" => evolution::add(arguments),
            "get_memory_version" => evolution::one(arguments),
            "get_memory_evolution_history" => evolution::history(arguments),
            "compute_memory_attributes" => evolution::compute(arguments),
            "get_memory_attributes" => evolution::attributes(arguments),
            "create_hierarchical_index" => index::create(arguments),
            "get_index_tree" => index::below(arguments),
            "rename_index" => index::rename(arguments),
            "delete_index" => index::delete(arguments),
            "assign_memory_to_index" => assignments::assign(arguments),
            "unassign_memory" => assignments::unassign(arguments),
            "get_index_memories" => assignments::memories(arguments),
            "get_memory_indexes" => assignments::indexes(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// A note, or `not-found.note`.
fn note(given: &MemoryId) -> Result<Value, Fault> {
    let found = if given.fits("notes.notes") { get(NOTES, given.id)? } else { None };
    found.ok_or_else(|| {
        Fault::new("not-found.note", format!("no note {}: see `list_notes` or `search_notes`", reference(given.id)))
    })
}

/// A place of the index, or `not-found.index`.
fn topic(id: u64) -> Result<Value, Fault> {
    get(TOPICS, id)?
        .ok_or_else(|| Fault::new("not-found.index", format!("no index {}: see `get_index_tree`", reference(id))))
}
