//! What comes to mind with some memories: activation spread over their links, raised by priming.

use super::{links, living, memories, priming};
use crate::spreading;
use memstrata_sdk::args::{Id, distinct};
use memstrata_sdk::row::{reference, round};
use memstrata_sdk::{Answer, Value, arguments, clock, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Links followed out of each memory, at most: the strongest.
const MOST_LINKS: u32 = 20;

#[derive(Deserialize)]
struct Spread {
    memory_ids: Vec<Id>,
    limit: usize,
}

pub(super) fn spread(given: Value) -> Answer {
    let given: Spread = arguments(given)?;
    let seeds = distinct(&given.memory_ids);
    memories(&seeds)?;
    let now = clock::now();
    let mut places: BTreeMap<u64, String> = BTreeMap::new();
    let reached = spreading::spread(
        &seeds,
        |from, least| links::strong(from, least, now, MOST_LINKS),
        |ids| {
            let there = living(ids)?;
            places.extend(there.iter().map(|(id, memory)| (*id, memory.collection.clone())));
            Ok::<_, memstrata_sdk::Fault>(there.into_keys().collect())
        },
    )?;
    let ids: Vec<u64> = reached.iter().map(|one| one.id).collect();
    let factors = priming::factors(&ids, now)?;
    let mut scored: Vec<_> = reached
        .into_iter()
        .map(|one| {
            let factor = factors.get(&one.id).copied().unwrap_or(1.0);
            (one.activation * factor, factor, one)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.id.cmp(&b.2.id)));
    scored.truncate(given.limit);
    let shown: Vec<_> = scored
        .into_iter()
        .map(|(score, factor, one)| {
            json!({
                "id": one.id, "ref": reference(one.id), "collection": places.get(&one.id), "hops": one.hops,
                "activation": round(one.activation), "priming": factor, "score": round(score),
            })
        })
        .collect();
    Ok(json!({"activated": shown, "count": shown.len()}))
}
