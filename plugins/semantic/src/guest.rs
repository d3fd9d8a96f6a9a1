//! The component: names of operations to functions, and what several of them share.

mod deleting;
mod finding;
mod listing;
mod optimizing;
mod recalling;
mod related;
mod scope;
mod topics;
mod updating;
mod writing;

use crate::memory::Used;
use crate::settings::Settings;
use crate::{row, when};
use memstrata_sdk::{Answer, Fault, Layer, Map, Query, Value, clock, get, hints, json, write};

/// This layer's memories.
const MEMORIES: &str = "memories";
/// The record of changes to them.
const UPDATES: &str = "updates";
/// Content longer than this is clipped in search results; get_memory has it whole.
const CLIP_RESULT: usize = 2_000;
/// Content longer than this is clipped in lists.
const CLIP_LIST: usize = 400;

struct Semantic;

memstrata_sdk::layer!(Semantic);

impl Layer for Semantic {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, arguments: Value) -> Answer {
        match operation {
            "remember" | "store" => writing::remember(arguments, None),
            "store_fact" => writing::remember(arguments, Some(("fact", None))),
            "store_principle" => writing::remember(arguments, Some(("pattern", Some("principle")))),
            "store_concept" => writing::remember(arguments, Some(("fact", Some("concept")))),
            "remember_many" => writing::remember_many(arguments),
            "update_memory" => updating::update(arguments),
            "mark_useful" => updating::mark_useful(arguments),
            "forget" => deleting::forget(arguments),
            "delete_many" => deleting::delete_many(arguments),
            "delete_by_tags" => deleting::delete_by_tags(arguments),
            "restore_memories" => deleting::restore(arguments),
            "recall" => recalling::recall(arguments),
            "search" => recalling::search(arguments),
            "search_by_topic" => recalling::by_topic(arguments),
            "search_across_namespaces" => recalling::across(arguments),
            "search_memories" => recalling::summary(arguments),
            "related_memories" | "search_related" => related::related(arguments),
            "get_memory" => listing::get_memory(arguments),
            "list_memories" => listing::list(arguments),
            "memory_history" => listing::history(arguments),
            "stats" => listing::stats(arguments),
            "topics" => topics::topics(arguments),
            "optimize" => optimizing::optimize(arguments),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// A live memory, or a fault that says what became of it.
fn live(id: u64) -> Result<Value, Fault> {
    if let Some(row) = get(MEMORIES, id)? {
        return Ok(row);
    }
    let deleted = Query::of(MEMORIES).with_deleted().filter(json!(["id", "=", id]))?.first()?;
    Err(Fault::not_found(match deleted.and_then(|row| row::int(&row, "deleted_at")) {
        Some(at) => format!("memory m:{id} was deleted at {}: `restore_memories` brings it back", when::iso(at)),
        None => format!("there is no memory m:{id} in this layer: take an id from `recall` or `list_memories`"),
    }))
}

/// Uses of rows; unknown ones count as never used.
fn usage(ids: &[u64]) -> Result<Vec<Used>, Fault> {
    let mut used: Vec<Used> = hints::usage(ids)?.into_iter().map(|(count, last)| Used { count, last }).collect();
    used.resize(ids.len(), Used::default());
    Ok(used)
}

/// Stages a record of a change.
fn note(record: &Value) -> Result<(), Fault> {
    write::insert(UPDATES, record).map(|_| ())
}

/// Stages a change of a memory.
fn patch(id: u64, patch: &Map<String, Value>) -> Result<(), Fault> {
    write::update(MEMORIES, id, None, &Value::Object(patch.clone())).map(|_| ())
}

fn now() -> u64 {
    clock::now()
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
