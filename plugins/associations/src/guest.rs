//! The component: names of operations to functions over the stored links.

use crate::hebb;
use memstrata_sdk::args::{Id, distinct};
use memstrata_sdk::{Answer, Fault, Layer, Query, Value, arguments, clock, json, locate, write};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows one call of a schedule changes, at most.
const BATCH: u32 = 500;
const DAY: u64 = 86_400_000;

struct Associations;

memstrata_sdk::layer!(Associations);

impl Layer for Associations {
    fn manifest() -> String {
        crate::manifest::manifest().to_string()
    }

    fn call(operation: &str, given: Value) -> Answer {
        match operation {
            "strengthen" => change(given, 0.1),
            "weaken" => change(given, -0.05),
            "record_coactivation" => record(given),
            "get_linked" => linked(given),
            "spread_activation" => spread(given),
            "prime" => prime(given),
            "get_primed" => primed(given),
            "decay_associations" => decay(),
            "prune_associations" => prune(),
            "statistics" => Ok(json!({"links": Query::of("links").count()?})),
            other => Err(Fault::unknown_operation(other)),
        }
    }
}

#[derive(Deserialize)]
struct Pair {
    from_id: Id,
    to_id: Id,
}

#[derive(Deserialize)]
struct Many {
    memory_ids: Vec<Id>,
    limit: Option<usize>,
    activation: Option<f64>,
    gap_ms: Option<u32>,
}

#[derive(Deserialize)]
struct Listed {
    memory_id: Option<Id>,
    limit: u32,
}

fn exists(id: u64) -> Result<(), Fault> {
    // Rows of this layer are no memories.
    let found = locate(id)?.filter(|collection| !collection.starts_with("associations."));
    found.map(|_| ()).ok_or_else(|| Fault::not_found(format!("no memory m:{id}: give the id of one `recall` finds")))
}

fn weight(from: u64, to: u64) -> Result<Option<f64>, Fault> {
    let row = Query::of("links").filter(json!(["from_id", "=", from]))?.filter(json!(["to_id", "=", to]))?.first()?;
    Ok(row.and_then(|row| row["weight"].as_f64()))
}

fn keep(from: u64, to: u64, weight: f64) -> Result<(), Fault> {
    let row = json!({"from_id": from, "to_id": to, "weight": weight, "decayed_at": clock::now()});
    write::upsert("links", "pair", &row).map(|_| ())
}

fn change(given: Value, by: f64) -> Answer {
    let Pair { from_id: Id(from), to_id: Id(to) } = arguments(given)?;
    exists(from)?;
    exists(to)?;
    let old = weight(from, to)?;
    if from == to {
        return Err(Fault::invalid("a memory cannot be linked to itself: give two ids"));
    }
    if old.is_none() && by < 0.0 {
        return Err(Fault::not_found(format!("no link from m:{from} to m:{to}: see get_linked")));
    }
    let new = hebb::step(old.unwrap_or(0.0), by);
    keep(from, to, new)?;
    Ok(json!({"weight": new}))
}

fn record(given: Value) -> Answer {
    let many: Many = arguments(given)?;
    let ids = distinct(&many.memory_ids);
    ids.iter().try_for_each(|id| exists(*id))?;
    let (active, gap) = (many.activation.unwrap_or(1.0), many.gap_ms.unwrap_or(0));
    let mut links = Vec::new();
    for (at, from) in ids.iter().enumerate() {
        let mut apart = 0_u32;
        for to in ids.iter().skip(at + 1) {
            apart = apart.saturating_add(gap);
            let new = hebb::learn(weight(*from, *to)?.unwrap_or(0.0), active, active, apart);
            keep(*from, *to, new)?;
            links.push(json!({"from_id": from, "to_id": to, "weight": new}));
        }
    }
    Ok(json!({"links": links}))
}

fn linked(given: Value) -> Answer {
    let listed: Listed = arguments(given)?;
    let from = listed.memory_id.map(|Id(id)| id);
    let page =
        Query::of("links").filter(json!(["from_id", "=", from]))?.descending("weight")?.limit(listed.limit).page()?;
    let rows: Vec<_> = page.rows.iter().map(|row| json!({"id": row["to_id"], "weight": row["weight"]})).collect();
    Ok(json!({"linked": rows}))
}

/// A memory reached by several ways has the strongest activation, so that cycles cannot feed themselves. Each hop
/// follows the 50 strongest links of each memory, and the first 50 memories by id.
fn spread(given: Value) -> Answer {
    let many: Many = arguments(given)?;
    let seeds = distinct(&many.memory_ids);
    let mut all: BTreeMap<u64, f64> = seeds.iter().map(|id| (*id, 1.0)).collect();
    let mut front = all.clone();
    for _ in 0..hebb::HOPS {
        let mut next = BTreeMap::new();
        for (from, active) in front.iter().take(50) {
            let page =
                Query::of("links").filter(json!(["from_id", "=", from]))?.descending("weight")?.limit(50).page()?;
            for row in &page.rows {
                let (Some(to), Some(weight)) = (row["to_id"].as_u64(), row["weight"].as_f64()) else { continue };
                let Some(arrived) = hebb::spread(*active, weight) else { continue };
                if all.get(&to).is_none_or(|known| *known < arrived) {
                    all.insert(to, arrived);
                    next.insert(to, arrived);
                }
            }
        }
        front = next;
    }
    let mut found: Vec<_> = all.into_iter().filter(|(id, _)| !seeds.contains(id)).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(many.limit.unwrap_or(20));
    let rows: Vec<_> = found.into_iter().map(|(id, active)| json!({"id": id, "activation": active})).collect();
    Ok(json!({"activated": rows}))
}

fn prime(given: Value) -> Answer {
    let many: Many = arguments(given)?;
    let ids = distinct(&many.memory_ids);
    for id in &ids {
        exists(*id)?;
        write::upsert("primed", "memory", &json!({"memory": id, "primed_at": clock::now()}))?;
    }
    Ok(json!({"primed": ids}))
}

fn primed(given: Value) -> Answer {
    let listed: Listed = arguments(given)?;
    let now = clock::now();
    let since = now.saturating_sub(3_600_000);
    let page = Query::of("primed")
        .filter(json!(["primed_at", ">", since]))?
        .descending("primed_at")?
        .limit(listed.limit)
        .page()?;
    let row = |row: &Value| {
        let age = now.saturating_sub(row["primed_at"].as_u64().unwrap_or(0));
        json!({"id": row["memory"], "factor": hebb::boost(age)})
    };
    Ok(json!({"primed": page.rows.iter().map(row).collect::<Vec<_>>()}))
}

fn decay() -> Answer {
    let now = clock::now();
    let due = now.saturating_sub(DAY);
    let page =
        Query::of("links").filter(json!(["decayed_at", "<=", due]))?.ascending("decayed_at")?.limit(BATCH).page()?;
    for row in &page.rows {
        let (Some(id), Some(weight)) = (row["id"].as_u64(), row["weight"].as_f64()) else { continue };
        let patch = json!({"weight": weight * (1.0 - hebb::DECAY), "decayed_at": now});
        write::update("links", id, row["version"].as_u64(), &patch)?;
    }
    Ok(json!({"decayed": page.rows.len()}))
}

fn prune() -> Answer {
    let ids = Query::of("links").filter(json!(["weight", "<", hebb::LEAST]))?.limit(BATCH).ids()?;
    for id in &ids {
        write::delete("links", *id, None)?;
    }
    Ok(json!({"pruned": ids.len()}))
}
