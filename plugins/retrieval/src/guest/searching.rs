//! Plain searches by channel, the wordings of a question, what there is to search, and counts by layer.

use super::find::{find, shown};
use super::model::Model;
use super::pipeline::readable;
use crate::found::order;
use crate::overview::by_layer;
use crate::request::{Channels, Request};
use crate::route::known;
use crate::settings::Settings;
use crate::strategy::NAMES;
use crate::terms::{Terms, feedback};
use crate::text::clip;
use crate::{confidence, strategy as rules};
use memstrata_sdk::{Answer, Map, Query, Value, arguments, clock, json, settings};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Plain {
    #[serde(flatten)]
    request: Request,
    #[serde(rename = "match")]
    all: Option<String>,
}

/// How the hits of a plain search are scored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The host's fusion of all channels.
    Fusion,
    /// Cosine.
    Cosine,
    /// The share of the question's words, then BM25.
    Words,
    /// BM25.
    Bm25,
}

pub(super) fn search(by: By, given: Value) -> Answer {
    let Plain { mut request, all } = arguments(given)?;
    let query = request.check()?.to_owned();
    request.channels = match by {
        By::Fusion => Channels::All,
        By::Cosine => Channels::Meaning,
        By::Words | By::Bm25 => Channels::Words,
    };
    let terms = Terms::of(&query);
    let limit = request.limit();
    let fetch = if by == By::Words { (limit * 5).min(500) } else { limit };
    let mut search = find(&request, &query, &terms, fetch, clock::now())?;
    match by {
        By::Fusion => {}
        By::Cosine => search.found.iter_mut().for_each(|hit| hit.score = hit.cosine.unwrap_or_default()),
        By::Bm25 => search.found.iter_mut().for_each(|hit| hit.score = hit.bm25.unwrap_or_default()),
        By::Words => {
            for hit in &mut search.found {
                hit.score = terms.coverage(&hit.text);
            }
            if all.as_deref() == Some("all") {
                search.found.retain(|hit| hit.score >= 1.0);
            }
            // Stable: equal shares stay in the order of BM25.
            search.found.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
    }
    if matches!(by, By::Cosine | By::Bm25) {
        order(&mut search.found);
    }
    search.found.truncate(limit);
    let results = shown(&mut search.found, request.known_at.map(|time| time.0))?;
    Ok(json!({"count": results.len(), "empty": results.is_empty(), "results": results, "notes": search.notes}))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Overview {
    #[serde(flatten)]
    request: Request,
    limit_per_layer: Option<usize>,
    confidence_threshold: Option<f64>,
}

/// For each layer how much was found and which is best.
pub(super) fn search_all_layers(given: Value) -> Answer {
    let given: Overview = arguments(given)?;
    let query = given.request.check()?;
    let limit = given.limit_per_layer.unwrap_or(10);
    let search = find(&given.request, query, &Terms::of(query), (limit * 8).min(200), clock::now())?;
    Ok(by_layer(&search.found, limit, given.confidence_threshold.unwrap_or(0.7), &search.notes))
}

/// Other wordings of a question: a model's, or the question's telling words and those of what it finds first.
pub(super) fn query_expansion(given: Value) -> Answer {
    let Plain { request, .. } = arguments(given)?;
    let query = request.check()?;
    let settings: Settings = settings::get()?;
    let terms = Terms::of(query);
    let most = request.limit.unwrap_or(4) as usize;
    let mut model = Model::new(settings.use_model);
    let schema = json!({"type": "object", "properties": {"queries": {"type": "array", "items": {"type": "string"}}},
        "required": ["queries"], "additionalProperties": false});
    let question = format!("Write {most} other wordings of this search, each on its own.\n\n{}", clip(query, 2_000));
    let worded: Vec<String> = model
        .object(&question, &schema, 300)
        .and_then(|answer| {
            let texts = answer.get("queries")?.as_array()?.iter().filter_map(Value::as_str);
            Some(texts.map(|text| clip(text.trim(), 300)).filter(|text| !text.is_empty()).collect())
        })
        .unwrap_or_default();
    let search = find(&request, query, &terms, 10, clock::now())?;
    let texts: Vec<(&str, f64)> = search.found.iter().take(3).map(|hit| (hit.text.as_str(), hit.relevance)).collect();
    let added = feedback(&terms, &texts, 6);
    let fallback = worded.is_empty();
    let mut variants = worded;
    if fallback {
        variants.push(terms.words().join(" "));
        if !added.is_empty() {
            variants.push(format!("{} {}", terms.words().join(" "), added.join(" ")));
            variants.extend(added.iter().take(2).map(|word| format!("{} {word}", terms.words().join(" "))));
        }
    }
    variants.retain(|variant| variant != query);
    variants.truncate(most);
    Ok(json!({
        "variants": variants, "terms": terms.words(), "added_words": added,
        "by": if fallback { "pseudo relevance feedback" } else { "language model" },
        "model": {"used": model.calls() > 0, "calls": model.calls(), "reason": model.reason()},
    }))
}

/// How many rows there are to search, and by which numbers.
pub(super) fn get_stats(given: Value) -> Answer {
    let request: Request = arguments(given)?;
    let settings: Settings = settings::get()?;
    let (mut collections, mut layers, mut total) = (Map::new(), std::collections::BTreeMap::<String, u64>::new(), 0);
    for name in known(&settings.routes).into_iter().filter(|name| readable(name)) {
        let count = Query::of(&name).namespace(request.namespace())?.count()?;
        let layer = name.split('.').next().unwrap_or_default().to_owned();
        *layers.entry(layer).or_default() += count;
        total += count;
        collections.insert(name, json!(count));
    }
    Ok(json!({
        "total": total, "layers": layers, "collections": collections, "strategies": NAMES,
        "thresholds": {"high": confidence::HIGH, "medium": confidence::MEDIUM, "low": confidence::LOW,
                       "out_of_distribution": confidence::OUTSIDE, "reflective_stop": rules::REFLECT_STOP},
        "recency_half_life_days": settings.recency_half_life_days,
    }))
}
