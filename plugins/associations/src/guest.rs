//! The component: names of operations to functions, and what several of them share.

mod activation;
mod cues;
mod links;
mod priming;
mod tending;

use crate::settings::Settings;
use memstrata_sdk::row::{self, reference};
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, json, locate};
use std::collections::BTreeMap;

const LINKS: &str = "links";
const PRIMED: &str = "primed";
const CUES: &str = "cues";
/// Rows a call of a schedule deletes, at most.
const BATCH: u32 = 500;

struct Associations;

memstrata_sdk::layer!(Associations);

impl Layer for Associations {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, given: Value) -> Answer {
        match operation {
            "strengthen" => links::strengthen(given),
            "weaken" => links::weaken(given),
            "record_coactivation" => links::record(given),
            "get_linked" => links::linked(given),
            "spread_activation" => activation::spread(given),
            "prime" => priming::prime(given),
            "get_primed" => priming::primed(given),
            "add_cue" => cues::add(given),
            "list_cues" => cues::list(given),
            "delete_cue" => cues::delete(given),
            "prune_associations" => tending::prune(),
            "statistics" => tending::statistics(),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

/// What is known of a memory: where it lives. Its text is for `retrieve` to tell.
struct Memory {
    collection: String,
    namespace: String,
}

/// Whether rows of a collection may be ends of links: of this layer only cues, of others all that may be read.
fn is_end(collection: &str) -> bool {
    collection == "associations.cues" || !collection.starts_with("associations.")
}

/// Those of some memories that are still there and that the caller may see.
fn living(ids: &[u64]) -> Result<BTreeMap<u64, Memory>, Fault> {
    let mut places: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for id in ids {
        if let Some(collection) = locate(*id)?.filter(|collection| is_end(collection)) {
            places.entry(collection).or_default().push(*id);
        }
    }
    let mut found = BTreeMap::new();
    for (collection, ids) in places {
        let query = Query::of(&collection).filter(json!(["id", "in", ids]))?.select(&["namespace"])?;
        for one in query.limit(u32::try_from(ids.len()).unwrap_or(u32::MAX)).page()?.rows {
            let namespace = row::text(&one, "namespace").to_owned();
            found.insert(row::id(&one), Memory { collection: collection.clone(), namespace });
        }
    }
    Ok(found)
}

/// All of some memories, or `not-found.memory` for the first that is not there.
fn memories(ids: &[u64]) -> Result<BTreeMap<u64, Memory>, Fault> {
    let found = living(ids)?;
    match ids.iter().find(|id| !found.contains_key(id)) {
        None => Ok(found),
        Some(id) => Err(Fault::new(
            "not-found.memory",
            format!("no memory {}: give the id of a row `recall` finds, or of a cue", reference(*id)),
        )),
    }
}

fn settings() -> Result<Settings, Fault> {
    memstrata_sdk::settings::get()
}
