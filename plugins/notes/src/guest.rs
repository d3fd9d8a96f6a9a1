//! The component: names of operations to functions, and what several of them share.

mod evolution;
mod index;
mod slips;

use memstrata_sdk::{Answer, Fault, Layer, Value, get, locate};

struct Notes;

memstrata_sdk::layer!(Notes);

impl Layer for Notes {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "create_note" => slips::create(arguments),
            "get_note" => slips::one(arguments),
            "search_notes" => slips::search(arguments),
            "link_notes" => slips::link(arguments),
            "get_backlinks" => slips::backlinks(arguments),
            "create_memory_version" => evolution::add(arguments),
            "get_memory_evolution_history" => evolution::history(arguments),
            "compute_memory_attributes" => evolution::compute(arguments),
            "get_memory_attributes" => evolution::attributes(arguments),
            "create_hierarchical_index" => index::create(arguments),
            "get_index_tree" => index::below(arguments),
            "assign_memory_to_index" => index::assign(arguments),
            "unassign_memory" => index::unassign(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// The collection and the row of a memory of any layer this one may read.
fn memory(id: u64) -> Result<(String, Value), Fault> {
    let missing = || Fault::not_found(format!("no memory m:{id}: give the id of a row that `recall` finds"));
    // Of this layer's rows only notes are memories.
    let is_memory = |name: &String| name == "notes.notes" || !name.starts_with("notes.");
    let collection = locate(id)?.filter(is_memory).ok_or_else(missing)?;
    let row = get(&collection, id)?.ok_or_else(missing)?;
    Ok((collection, row))
}

/// A row of this layer, or a fault that says which kind is missing.
fn own(collection: &str, id: u64) -> Result<Value, Fault> {
    get(collection, id)?.ok_or_else(|| Fault::not_found(format!("no row m:{id} in {collection}: check the id")))
}
