//! Priming: what was in mind within the last hour comes to mind more easily.

use super::{PRIMED, living, memories};
use crate::hebb::{PRIMED_MS, boost};
use memstrata_sdk::args::{Id, distinct};
use memstrata_sdk::row::{int, reference};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Prime {
    memory_ids: Vec<Id>,
}

pub(super) fn prime(given: Value) -> Answer {
    let ids = distinct(&arguments::<Prime>(given)?.memory_ids);
    let (found, now) = (memories(&ids)?, clock::now());
    for (id, memory) in &found {
        let row = json!({"memory": id, "primed_at": now, "namespace": memory.namespace});
        write::upsert(PRIMED, "memory", &row)?;
    }
    Ok(json!({"primed": ids, "factor": boost(0), "until": now + PRIMED_MS}))
}

fn factor(row: &Value, now: u64) -> f64 {
    boost(now.saturating_sub(int(row, "primed_at").unwrap_or_default()))
}

/// The factors of those of some memories that are primed.
pub(super) fn factors(ids: &[u64], now: u64) -> Result<BTreeMap<u64, f64>, Fault> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let page = Query::of(PRIMED).filter(json!(["memory", "in", ids]))?.limit(most).page()?;
    Ok(page.rows.iter().filter_map(|row| Some((int(row, "memory")?, factor(row, now)))).collect())
}

#[derive(Deserialize)]
struct Primed {
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn primed(given: Value) -> Answer {
    let given: Primed = arguments(given)?;
    let now = clock::now();
    // A condition on the time would differ from page to page, and a cursor is good for one query alone.
    let query = Query::of(PRIMED).descending("primed_at")?.limit(given.limit);
    let mut page = query.after(given.cursor.as_deref())?.page()?;
    let all = page.rows.len();
    page.rows.retain(|row| factor(row, now) > boost(PRIMED_MS));
    let next = page.next.filter(|_| page.rows.len() == all);
    let ids: Vec<u64> = page.rows.iter().filter_map(|row| int(row, "memory")).collect();
    let there = living(&ids)?;
    let shown = |row: &Value| {
        let id = int(row, "memory")?;
        let memory = there.get(&id)?;
        Some(json!({
            "id": id, "ref": reference(id), "collection": memory.collection, "factor": factor(row, now),
            "primed_at": int(row, "primed_at"),
        }))
    };
    let rows: Vec<Value> = page.rows.iter().filter_map(shown).collect();
    Ok(json!({"primed": rows, "count": rows.len(), "next_cursor": next}))
}
