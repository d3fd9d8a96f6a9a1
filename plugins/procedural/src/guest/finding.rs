//! Finding procedures: by words and meaning, by context, by trigger.

use super::{PROCEDURES, named, put, tallies};
use crate::execution::Tally;
use crate::procedure::{Detail, contexts, show};
use crate::row::{self, round};
use crate::trigger;
use memstrata_sdk::{Answer, Fault, Hit, Map, Query, Search, Value, arguments, hits, json};
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
    let mut search = Search::of(query).collection(PROCEDURES)?.namespace(named(scope.namespace.as_deref()))?;
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
        .namespace(named(scope.namespace.as_deref()))?
        .filter_if("category", "=", scope.category.as_deref())?
        .filter(condition)?
        .descending("updated_at")
        .map(|query| query.limit(1_000))
}

/// The best of some rows: by their own rank, then by how assured they are, then by id.
fn best(ranked: Vec<(usize, Value, Value)>, limit: usize) -> Result<Vec<Map<String, Value>>, Fault> {
    let ids: Vec<u64> = ranked.iter().map(|(_, stored, _)| row::id(stored)).collect();
    let tallies = tallies(&ids)?;
    let mut ranked: Vec<(usize, f64, Tally, Value, Value)> = ranked
        .into_iter()
        .map(|(rank, stored, why)| {
            let tally = tallies.get(&row::id(&stored)).copied().unwrap_or_default();
            (rank, tally.assurance(&stored), tally, stored, why)
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.0.cmp(&a.0).then_with(|| b.1.total_cmp(&a.1)).then_with(|| row::id(&a.3).cmp(&row::id(&b.3)))
    });
    let shown = ranked.into_iter().take(limit).map(|(_, assurance, tally, stored, why)| {
        let mut shown = show(&stored, &tally, Detail::Brief);
        shown.insert("assurance".into(), json!(round(assurance)));
        shown.insert("why".into(), why);
        shown
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
    let rows = scoped(&given.scope, json!({"any": each}))?.all(MOST_IN_CONTEXT)?;
    let ranked = rows.into_iter().map(|stored| {
        let there = row::texts(&stored, "applicable_contexts");
        let shared: Vec<&String> = wanted.iter().filter(|context| there.contains(context)).collect();
        (
            shared.len(),
            json!(format!("shares {}", shared.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", "))),
            stored,
        )
    });
    let ranked = ranked.map(|(rank, why, stored)| (rank, stored, why)).collect();
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
    // Only what is compared crosses; the few that meet are read whole.
    let query = scoped(&given.scope, json!(["trigger_pattern", ">", ""]))?.select(&["trigger_pattern"])?;
    let rows = query.all(MOST_TRIGGERS)?;
    let mut met: Vec<(u64, trigger::Met)> = rows
        .iter()
        .filter_map(|stored| {
            Some((row::id(stored), trigger::meets(row::text(stored, "trigger_pattern"), &given.situation)?))
        })
        .collect();
    met.sort_by_key(|(_, met)| std::cmp::Reverse(met.words));
    met.truncate(500);
    let ids: Vec<u64> = met.iter().map(|(id, _)| *id).collect();
    let whole = memstrata_sdk::get_many(PROCEDURES, &ids)?;
    let ranked = met.into_iter().zip(whole).filter_map(|((_, met), stored)| {
        Some((met.words, stored?, json!(format!("its trigger `{}` is met", met.alternative))))
    });
    let shown = best(ranked.collect(), given.limit.unwrap_or(5))?;
    Ok(answer(shown, "no trigger is met: `find_procedures` looks by words and meaning", Vec::new()))
}
