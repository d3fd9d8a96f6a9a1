//! Across layers: what is associated with a memory, and the path of citations between two memories.
//!
//! Citations are the `sources` of rows. They are followed both ways, as far as this layer was granted to read.

use super::{ENTITIES, OBSERVATIONS, RELATIONS};
use crate::args::Id;
use crate::refer::{self, reference, round};
use memstrata_sdk::{Answer, Fault, Query, Search, Value, arguments, get, json, locate, rows};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Hits of one search for neighbours.
const MOST_HITS: u32 = 500;
/// Rows a path may look at.
const MOST_SEEN: usize = 5_000;
/// Letters of a memory's text that are compared and shown.
const TEXT: usize = 1_000;
const CLIP: usize = 200;

/// A memory of any layer: where it lives and its recall view.
struct Memory {
    id: u64,
    collection: String,
    row: Value,
    view: Value,
}

/// A search with one channel alone.
fn only(search: Search, channel: &str) -> Result<Search, Fault> {
    let mut search = search;
    for name in memstrata_sdk::CHANNELS {
        search = search.weight(name, if name == channel { 1.0 } else { 0.0 })?;
    }
    Ok(search)
}

fn memories(search: Search) -> Result<Vec<Memory>, Fault> {
    let results = search.results()?;
    let views = rows(results.views()?)?;
    let hits = memstrata_sdk::hits(&results)?;
    Ok(hits
        .into_iter()
        .zip(views)
        .map(|(hit, view)| Memory { id: hit.place.id, collection: hit.place.collection.clone(), row: hit.row, view })
        .collect())
}

/// One memory, in the layer the caller says it is in.
fn memory(id: u64, layer: Option<&str>) -> Result<Memory, Fault> {
    let unknown = || {
        let id = reference(id);
        Fault::new(
            "not-found.memory",
            format!("there is no memory {id} that this layer may read: check the id and the grant"),
        )
    };
    let collection = locate(id)?.ok_or_else(unknown)?;
    if let Some(layer) = layer {
        let own = collection.split('.').next().unwrap_or_default();
        if collection.contains('.') && own != layer {
            return Err(Fault::invalid(format!("{} is of the layer `{own}`, not of `{layer}`", reference(id))));
        }
    }
    let search = only(Search::of("").collection(&collection)?.filter(json!(["id", "=", id]))?, "time")?.limit(1);
    if let Some(found) = memories(search)?.into_iter().next() {
        return Ok(found);
    }
    // A row with no time of its own in the search is still a row.
    let row = get(&collection, id)?.ok_or_else(unknown)?;
    Ok(Memory { id, collection, row, view: Value::Null })
}

fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn text_of(memory: &Memory) -> &str {
    ["text", "title"]
        .iter()
        .map(|field| refer::text(&memory.view, field))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// What callers see of a memory of any layer.
fn shown(memory: &Memory) -> Value {
    json!({
        "id": memory.id, "ref": reference(memory.id), "collection": memory.collection,
        "text": clip(text_of(memory), CLIP), "title": refer::text(&memory.view, "title"),
        "kind": refer::text(&memory.view, "kind"),
    })
}

/// Entities that cite a memory, or whose observations or relations do.
pub(super) fn entities_about(id: u64) -> Result<Vec<u64>, Fault> {
    let mut found = Vec::new();
    for collection in [ENTITIES, OBSERVATIONS, RELATIONS] {
        let search = only(Search::of("").collection(collection)?.seeds(&[id]), "graph")?.limit(200);
        for hit in search.hits()? {
            match collection {
                ENTITIES => found.push(hit.id),
                OBSERVATIONS => found.extend(refer::int(&hit.row, "entity_id")),
                _ => found.extend(["from_id", "to_id"].iter().filter_map(|end| refer::int(&hit.row, end))),
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

#[derive(Deserialize)]
struct Associations {
    memory_id: Id,
    #[serde(default)]
    layer: Option<String>,
    #[serde(default)]
    max_results: Option<u32>,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn associations(given: Value) -> Answer {
    let given: Associations = arguments(given)?;
    let id = given.memory_id.0;
    let start = memory(id, given.layer.as_deref())?;
    let limit = given.max_results.unwrap_or(20);
    let text = clip(text_of(&start), TEXT);
    let mut search =
        Search::of(&text).namespace(given.namespace.as_deref())?.seeds(&[id]).min_similarity(0.3).limit(limit + 1);
    for (channel, weight) in [("graph", 1.0), ("vector", 1.0), ("text", 0.5), ("context", 0.0), ("time", 0.0)] {
        search = search.weight(channel, weight)?;
    }
    let results = search.results()?;
    let (notes, views) = (results.notes(), rows(results.views()?)?);
    let cites = refer::ids(&start.row, "sources");
    let mut found = Vec::new();
    for (hit, view) in memstrata_sdk::hits(&results)?.into_iter().zip(views) {
        if hit.id == id || found.len() >= limit as usize {
            continue;
        }
        let mut how = Vec::new();
        if cites.contains(&hit.id) {
            how.push("cited");
        }
        if refer::ids(&hit.row, "sources").contains(&id) {
            how.push("cites");
        }
        let mut cosine = None;
        for (channel, _, score) in &hit.found_by {
            match *channel {
                "vector" => {
                    how.push("similar");
                    cosine = Some(*score).filter(|score| score.is_finite());
                }
                "text" => how.push("shares_words"),
                _ => {}
            }
        }
        let score = hit.place.score;
        let memory = Memory { id: hit.place.id, collection: hit.place.collection.clone(), row: hit.row, view };
        let mut one = shown(&memory);
        if let Some(fields) = one.as_object_mut() {
            fields.insert("how".into(), json!(how));
            fields.insert("score".into(), json!(score));
            fields.insert("similarity".into(), json!(cosine.map(round)));
        }
        found.push(one);
    }
    let entities = entities_about(id)?;
    Ok(
        json!({"memory": shown(&start), "associations": found, "count": found.len(), "entities": entities, "notes": notes}),
    )
}

#[derive(Deserialize)]
struct Path {
    from_memory_id: Id,
    to_memory_id: Id,
    #[serde(default)]
    from_layer: Option<String>,
    #[serde(default)]
    to_layer: Option<String>,
    #[serde(default)]
    max_length: Option<usize>,
}

/// From, to, and why.
type Link = (u64, Memory, &'static str);

/// Links out of one layer of memories.
fn links(frontier: &BTreeMap<u64, Memory>) -> Result<(Vec<Link>, bool), Fault> {
    let ids: Vec<u64> = frontier.keys().copied().collect();
    let mut found: Vec<Link> = Vec::new();
    let search = only(Search::of("").seeds(&ids), "graph")?.limit(MOST_HITS);
    let hits = memories(search)?;
    let cut = hits.len() >= MOST_HITS as usize;
    for hit in hits {
        let cited_by = frontier.values().find(|memory| refer::ids(&memory.row, "sources").contains(&hit.id));
        let cites = refer::ids(&hit.row, "sources").into_iter().find(|id| frontier.contains_key(id));
        match (cited_by.map(|memory| memory.id), cites) {
            (Some(from), _) => found.push((from, hit, "cites")),
            (None, Some(from)) => found.push((from, hit, "cited_by")),
            _ => {}
        }
    }
    // In this layer also an observation's entity and a relation's ends.
    for memory in frontier.values() {
        let own = |name: &str| memory.collection.ends_with(name);
        let mut near: Vec<(u64, &'static str)> = Vec::new();
        if own(OBSERVATIONS) {
            near.extend(refer::int(&memory.row, "entity_id").map(|id| (id, "observation_of")));
        } else if own(RELATIONS) {
            near.extend(["from_id", "to_id"].iter().filter_map(|end| Some((refer::int(&memory.row, end)?, "relates"))));
        }
        for (id, why) in near {
            if let Some(row) = get(ENTITIES, id)? {
                found.push((memory.id, own_memory(id, ENTITIES, row), why));
            }
        }
        if own(ENTITIES) {
            let at = |collection, field: &str| {
                Query::of(collection).filter(json!([field, "=", memory.id]))?.limit(200).page().map(|page| page.rows)
            };
            for row in at(OBSERVATIONS, "entity_id")? {
                found.push((memory.id, own_memory(refer::id(&row), OBSERVATIONS, row), "observed"));
            }
            for field in ["from_id", "to_id"] {
                for row in at(RELATIONS, field)? {
                    found.push((memory.id, own_memory(refer::id(&row), RELATIONS, row), "related_by"));
                }
            }
        }
    }
    Ok((found, cut))
}

/// A row of this layer with the view it declares.
fn own_memory(id: u64, collection: &str, row: Value) -> Memory {
    let (text, title, kind) = match collection {
        ENTITIES => ("text", "name", "entity_type"),
        OBSERVATIONS => ("content", "entity_name", "observation_type"),
        _ => ("fact", "relation_type", "relation_type"),
    };
    let view = json!({"text": row.get(text), "title": row.get(title), "kind": row.get(kind)});
    Memory { id, collection: format!("graph.{collection}"), row, view }
}

pub(super) fn path(given: Value) -> Answer {
    let given: Path = arguments(given)?;
    let (from, to) = (given.from_memory_id.0, given.to_memory_id.0);
    let start = memory(from, given.from_layer.as_deref())?;
    let _ = memory(to, given.to_layer.as_deref())?;
    // What was seen, and from where and why.
    let mut came: BTreeMap<u64, Option<(u64, &'static str)>> = BTreeMap::from([(from, None)]);
    let mut seen: BTreeMap<u64, Value> = BTreeMap::from([(from, shown(&start))]);
    let mut frontier = BTreeMap::from([(from, start)]);
    let mut cut = false;
    for _ in 0..given.max_length.unwrap_or(6) {
        if came.contains_key(&to) || frontier.is_empty() || cut {
            break;
        }
        let (found, more) = links(&frontier)?;
        cut |= more || seen.len() > MOST_SEEN;
        let mut next = BTreeMap::new();
        for (near, memory, why) in found {
            if let Entry::Vacant(place) = came.entry(memory.id) {
                place.insert(Some((near, why)));
                seen.insert(memory.id, shown(&memory));
                next.insert(memory.id, memory);
            }
        }
        frontier = next;
    }
    let mut path = Vec::new();
    let mut at = came.contains_key(&to).then_some(to);
    while let Some(id) = at {
        let step = came.get(&id).copied().flatten();
        let mut one = seen.get(&id).cloned().unwrap_or_else(|| json!({"id": id}));
        if let (Some(fields), Some((_, why))) = (one.as_object_mut(), step) {
            fields.insert("link".into(), json!(why));
        }
        path.push(one);
        at = step.map(|(near, _)| near);
    }
    path.reverse();
    let notes: Vec<&str> = if cut {
        vec!["more rows cite these memories than are followed: there may be a path that was not found"]
    } else {
        vec![]
    };
    Ok(json!({
        "found": !path.is_empty(), "length": path.len().saturating_sub(1), "path": path, "looked_at": seen.len(), "notes": notes,
    }))
}
