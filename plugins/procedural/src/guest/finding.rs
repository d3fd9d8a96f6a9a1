//! Finding procedures: by words and meaning, by context, by trigger.

use super::{PROCEDURES, named, put, tallies};
use crate::execution::Tally;
use crate::procedure::{Detail, contexts, show};
use crate::row::{self, round};
use crate::trigger::Situation;
use memstrata_sdk::{Answer, Fault, Hit, Map, Query, Search, Value, arguments, get_many, hits, json};
use serde::Deserialize;

/// What a vector alone finds must be this near, as a cosine.
const NEAR: f64 = 0.3;
/// Contexts are looked for in no more procedures than this.
const MOST_IN_CONTEXT: usize = 2_000;
/// Triggers of no more procedures than this are tried.
const MOST_TRIGGERS: usize = 5_000;

/// Where to look.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scope {
    pub(super) category: Option<String>,
    pub(super) namespace: Option<String>,
}

/// A procedure that was found.
pub(super) struct Found {
    pub(super) row: Value,
    pub(super) tally: Tally,
    pub(super) score: f64,
    pub(super) cosine: Option<f64>,
    pub(super) why: String,
}

/// Searches words (0.6) and meaning (0.4), the weights of Athena's hybrid search; answers the hits and what could not be done.
pub(super) fn search(query: &str, scope: &Scope, limit: u32) -> Result<(Vec<Found>, Vec<String>), Fault> {
    let mut search = Search::of(query).collection(PROCEDURES)?.namespace(scope.namespace.as_deref())?;
    for (channel, weight) in [("text", 0.6), ("vector", 0.4), ("context", 0.0), ("time", 0.0), ("graph", 0.0)] {
        search = search.weight(channel, weight)?;
    }
    if let Some(category) = &scope.category {
        search = search.filter(json!(["category", "=", category]))?;
    }
    let results = search.min_similarity(NEAR).limit(limit).results()?;
    let found = hits(&results)?;
    let ids: Vec<u64> = found.iter().map(|hit| hit.id).collect();
    let mut tallies = tallies(&ids)?;
    let found = found.into_iter().map(|Hit { place, row }| Found {
        tally: tallies.remove(&place.id).unwrap_or_default(),
        row,
        score: place.score,
        cosine: place.found_by.iter().find(|(channel, ..)| *channel == "vector").map(|(.., cosine)| *cosine),
        why: place
            .found_by
            .iter()
            .map(|(channel, rank, _)| format!("{channel} #{rank}"))
            .collect::<Vec<_>>()
            .join(", "),
    });
    Ok((found.collect(), results.notes()))
}

#[derive(Deserialize)]
struct Find {
    query: String,
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    min_success_rate: Option<f64>,
}

pub(super) fn find(given: Value) -> Answer {
    let given: Find = arguments(given)?;
    let limit = given.limit.unwrap_or(5);
    // What is left out afterwards must not leave the answer short.
    let wanted = if given.min_success_rate.is_some() { limit.saturating_mul(4) } else { limit };
    let (mut found, notes) = search(&given.query, &given.scope, wanted)?;
    if let Some(least) = given.min_success_rate {
        found.retain(|found| {
            let rate = found.tally.success_rate().or_else(|| row::number(&found.row, "learned_success_rate"));
            rate.is_some_and(|rate| rate >= least)
        });
    }
    found.truncate(limit as usize);
    let shown = found.iter().map(|found| {
        let mut shown = show(&found.row, &found.tally, Detail::Brief);
        shown.insert("score".into(), json!(round(found.score)));
        shown.insert("similarity".into(), json!(found.cosine.map(round)));
        shown.insert("why".into(), json!(found.why));
        shown
    });
    Ok(answer(
        shown.collect(),
        "nothing matched: try other words, or leave out `category`, `namespace` and `min_success_rate`",
        notes,
    ))
}

fn answer(shown: Vec<Map<String, Value>>, nothing: &str, notes: Vec<String>) -> Value {
    let mut answer = json!({"count": shown.len(), "procedures": shown});
    if shown.is_empty() {
        put(&mut answer, "reason", json!(nothing));
    }
    if !notes.is_empty() {
        put(&mut answer, "notes", json!(notes));
    }
    answer
}

fn scoped(scope: &Scope, condition: Value) -> Result<Query, Fault> {
    Query::of(PROCEDURES)
        .namespace(scope.namespace.as_deref())?
        .filter_if("category", "=", scope.category.as_deref())?
        .filter(condition)?
        .descending("updated_at")
        .map(|query| query.limit(1_000))
}

/// What ranking reads of a procedure.
const RANKED: [&str; 2] = ["occurrences", "learned_success_rate"];

/// The best of some rows, read whole: by their own rank, then by how assured they are, then by id.
fn best(ranked: Vec<(usize, Value, String)>, limit: usize) -> Result<Vec<Map<String, Value>>, Fault> {
    let ids: Vec<u64> = ranked.iter().map(|(_, light, _)| row::id(light)).collect();
    let tallies = tallies(&ids)?;
    let tally = |id: u64| tallies.get(&id).copied().unwrap_or_default();
    let mut ranked: Vec<(usize, f64, u64, String)> = ranked
        .into_iter()
        .map(|(rank, light, why)| (rank, tally(row::id(&light)).assurance(&light), row::id(&light), why))
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| b.1.total_cmp(&a.1)).then_with(|| a.2.cmp(&b.2)));
    ranked.truncate(limit);
    let ids: Vec<u64> = ranked.iter().map(|(.., id, _)| *id).collect();
    let whole = get_many(PROCEDURES, &ids)?;
    let shown = ranked.into_iter().zip(whole).filter_map(|((_, assurance, id, why), stored)| {
        let mut shown = show(&stored?, &tally(id), Detail::Brief);
        shown.insert("assurance".into(), json!(round(assurance)));
        shown.insert("why".into(), json!(why));
        Some(shown)
    });
    Ok(shown.collect())
}

#[derive(Deserialize)]
struct ByContext {
    contexts: Vec<String>,
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) fn by_context(given: Value) -> Answer {
    let given: ByContext = arguments(given)?;
    let wanted = contexts(&given.contexts);
    if wanted.is_empty() {
        return Err(Fault::invalid("`contexts` is empty: name at least one"));
    }
    let each: Vec<Value> = wanted.iter().map(|context| json!(["applicable_contexts", "has", context])).collect();
    let fields = [&RANKED[..], &["applicable_contexts"]].concat();
    let rows = scoped(&given.scope, json!({"any": each}))?.select(&fields)?.all(MOST_IN_CONTEXT)?;
    let ranked = rows.into_iter().map(|light| {
        let there = row::texts(&light, "applicable_contexts");
        let shared: Vec<&str> = wanted.iter().filter(|context| there.contains(context)).map(String::as_str).collect();
        (shared.len(), light, format!("shares {}", shared.join(", ")))
    });
    let ranked = ranked.collect();
    let shown = best(ranked, given.limit.unwrap_or(5))?;
    Ok(answer(
        shown,
        "no procedure applies in these contexts: `find_procedures` looks by words and meaning",
        Vec::new(),
    ))
}

#[derive(Deserialize)]
struct ByTrigger {
    situation: String,
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) fn by_trigger(given: Value) -> Answer {
    let given: ByTrigger = arguments(given)?;
    let fields = [&RANKED[..], &["trigger_pattern"]].concat();
    let rows = scoped(&given.scope, json!(["trigger_pattern", ">", ""]))?.select(&fields)?.all(MOST_TRIGGERS)?;
    let situation = Situation::of(&given.situation);
    let ranked = rows.into_iter().filter_map(|light| {
        let met = situation.meets(row::text(&light, "trigger_pattern"))?;
        Some((met.words, light, format!("its trigger `{}` is met", met.alternative)))
    });
    let shown = best(ranked.collect(), given.limit.unwrap_or(5))?;
    Ok(answer(shown, "no trigger is met: `find_procedures` looks by words and meaning", Vec::new()))
}
