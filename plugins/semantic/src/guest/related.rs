//! What is related to one memory, and how.

use super::scope::Scope;
use super::{CLIP_LIST, MEMORIES, live, now};
use crate::args::Id;
use crate::score::{round, similarity};
use crate::{memory, row, spread, text};
use memstrata_sdk::{Answer, Value, arguments, get_many, hints, json};
use serde::Deserialize;

/// More of a memory's text than this says nothing new about its neighbours.
const MOST_TEXT: usize = 2_000;
/// A likeness below this cosine is no relation.
const LEAST_COSINE: f64 = 0.3;

#[derive(Deserialize)]
struct Related {
    id: Id,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn related(given: Value) -> Answer {
    let given: Related = arguments(given)?;
    let start = live(given.id.0)?;
    let (id, limit) = (row::id(&start), given.limit.unwrap_or(5) as usize);
    let mut found: Vec<(Value, Vec<&str>, Option<f64>)> = Vec::new();

    let lineage: Vec<(u64, &str)> = [("supersedes", "supersedes"), ("superseded_by", "superseded_by")]
        .into_iter()
        .filter_map(|(field, relation)| Some((row::int(&start, field)?, relation)))
        .collect();
    let ids: Vec<u64> = lineage.iter().map(|(id, _)| *id).collect();
    if !ids.is_empty() {
        for (row, (_, relation)) in get_many(MEMORIES, &ids)?.into_iter().zip(lineage) {
            found.extend(row.map(|row| (row, vec![relation], None)));
        }
    }

    let own = row::text(&start, "namespace").to_owned();
    let scope = Scope { namespace: Some(given.namespace.unwrap_or(own)), ..Scope::default() };
    let query = text::clip(row::text(&start, "content"), MOST_TEXT);
    let mut search = scope.search(&query, now())?.seeds(&[id]).min_similarity(LEAST_COSINE);
    for (channel, weight) in [("vector", 1.0), ("text", 0.5), ("graph", 1.0), ("context", 0.0), ("time", 0.0)] {
        search = search.weight(channel, weight)?;
    }
    let results = search.limit(u32::try_from(limit).unwrap_or(100) + 5).results()?;
    let topic = row::text(&start, "topic");
    for hit in memstrata_sdk::hits(&results)? {
        if hit.id == id || found.iter().any(|(known, ..)| row::id(known) == hit.id) {
            continue;
        }
        let mut relations = Vec::new();
        let mut cosine = None;
        for (channel, _, score) in &hit.found_by {
            match *channel {
                "vector" => {
                    relations.push("similar");
                    cosine = Some(*score).filter(|score| score.is_finite());
                }
                "text" => relations.push("shares_words"),
                "graph" => relations.push("linked"),
                _ => {}
            }
        }
        if !topic.is_empty() && row::text(&hit.row, "topic") == topic {
            relations.push("same_topic");
        }
        found.push((hit.row, relations, cosine));
    }
    found.truncate(limit);

    let ids: Vec<u64> = found.iter().map(|(row, ..)| row::id(row)).collect();
    if !ids.is_empty() {
        hints::touch(&ids)?;
    }
    let relations = found.iter().flat_map(|(_, relations, _)| relations.iter().map(|name| (*name).to_owned()));
    let types = spread::object(&spread::count(relations), 10);
    let shown: Vec<Value> = found
        .iter()
        .map(|(row, relations, cosine)| {
            let mut shown = memory::show(row, None, Some(CLIP_LIST));
            shown.insert("relations".into(), json!(relations));
            shown.insert("similarity".into(), json!(cosine.map(|cosine| round(similarity(cosine)))));
            Value::Object(shown)
        })
        .collect();
    Ok(json!({
        "id": id, "related_count": shown.len(), "related_ids": ids, "relationship_types": types, "related": shown,
        "empty": shown.is_empty(),
    }))
}
