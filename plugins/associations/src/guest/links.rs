//! Links: made and strengthened by use, weakened on request, listed strongest first.

use super::{LINKS, living, memories, settings};
use crate::decay::{faded, prune_at, rank};
use crate::hebb::{self, STRENGTHEN, WEAKEN};
use memstrata_sdk::args::{Id, distinct};
use memstrata_sdk::row::{int, number, reference, round};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, json, write};
use serde::Deserialize;

/// The weight of a stored link now.
pub(super) fn weight_now(link: &Value, now: u64) -> f64 {
    let changed = int(link, "changed_at").unwrap_or(now);
    faded(number(link, "weight").unwrap_or_default(), now.saturating_sub(changed))
}

fn find(from: u64, to: u64) -> Result<Option<Value>, Fault> {
    Query::of(LINKS).filter(json!(["from_id", "=", from]))?.filter(json!(["to_id", "=", to]))?.first()
}

/// What a change of a link needs besides its ends.
struct Keeper {
    now: u64,
    least_age_ms: u64,
}

impl Keeper {
    fn new() -> Result<Self, Fault> {
        Ok(Self { now: clock::now(), least_age_ms: settings()?.minimum_age_ms() })
    }

    fn weight(&self, link: Option<&Value>) -> f64 {
        link.map_or(0.0, |link| weight_now(link, self.now))
    }

    /// Keeps a weight. The link lives in the namespace of the memory it starts from.
    fn keep(
        &self,
        (from, to): (u64, u64),
        namespace: &str,
        old: Option<&Value>,
        weight: f64,
        weakened: bool,
    ) -> Result<(), Fault> {
        let created = old.and_then(|link| int(link, "created_at")).unwrap_or(self.now);
        let uses = old.and_then(|link| int(link, "uses")).unwrap_or_default() + u64::from(!weakened);
        let link = json!({
            "from_id": from, "to_id": to, "namespace": namespace, "weight": weight, "changed_at": self.now,
            "rank": rank(weight, self.now), "uses": uses,
            "prune_at": prune_at(weight, self.now, created, self.least_age_ms, weakened),
        });
        write::upsert(LINKS, "pair", &link).map(|_| ())
    }
}

#[derive(Deserialize)]
struct Pair {
    from_id: Id,
    to_id: Id,
}

fn change(given: Value, by: f64) -> Answer {
    let Pair { from_id: Id(from), to_id: Id(to) } = arguments(given)?;
    if from == to {
        return Err(Fault::invalid("a memory cannot be linked to itself: give two ids"));
    }
    let found = memories(&[from, to])?;
    let old = find(from, to)?;
    if old.is_none() && by < 0.0 {
        let (from, to) = (reference(from), reference(to));
        return Err(Fault::new("not-found.link", format!("no link from {from} to {to}: see `get_linked`")));
    }
    let keeper = Keeper::new()?;
    let weight = hebb::step(keeper.weight(old.as_ref()), by);
    let namespace = found.get(&from).map(|memory| memory.namespace.as_str()).unwrap_or_default();
    keeper.keep((from, to), namespace, old.as_ref(), weight, by < 0.0)?;
    Ok(json!({"from_id": from, "to_id": to, "weight": round(weight), "created": old.is_none()}))
}

pub(super) fn strengthen(given: Value) -> Answer {
    change(given, STRENGTHEN)
}

pub(super) fn weaken(given: Value) -> Answer {
    change(given, WEAKEN)
}

#[derive(Deserialize)]
struct Record {
    memory_ids: Vec<Id>,
    activation: f64,
    #[serde(default)]
    activations: Option<Vec<f64>>,
    gap_ms: u32,
}

impl Record {
    /// The memories, each once, with how active it was.
    fn active(&self) -> Result<Vec<(u64, f64)>, Fault> {
        let ids = distinct(&self.memory_ids);
        if ids.len() < 2 {
            return Err(Fault::invalid("links are between memories: give two different ids at least"));
        }
        let Some(shares) = &self.activations else {
            return Ok(ids.into_iter().map(|id| (id, self.activation)).collect());
        };
        if shares.len() != ids.len() {
            return Err(Fault::invalid("`activations` has one number for each of `memory_ids`, each id once"));
        }
        Ok(ids.into_iter().zip(shares.iter().copied()).collect())
    }
}

pub(super) fn record(given: Value) -> Answer {
    let record: Record = arguments(given)?;
    let active = record.active()?;
    let found = memories(&active.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
    let keeper = Keeper::new()?;
    let mut links = Vec::new();
    for (at, (from, first)) in active.iter().enumerate() {
        let namespace = found.get(from).map(|memory| memory.namespace.as_str()).unwrap_or_default();
        let mut apart = 0_u32;
        for (to, second) in active.iter().skip(at + 1) {
            apart = apart.saturating_add(record.gap_ms);
            let old = find(*from, *to)?;
            let weight = hebb::learn(keeper.weight(old.as_ref()), *first, *second, apart);
            keeper.keep((*from, *to), namespace, old.as_ref(), weight, false)?;
            links.push(json!({"from_id": from, "to_id": to, "weight": round(weight), "created": old.is_none()}));
        }
    }
    Ok(json!({"links": links, "count": links.len()}))
}

#[derive(Deserialize)]
struct Linked {
    memory_id: Id,
    direction: String,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub(super) fn linked(given: Value) -> Answer {
    let given: Linked = arguments(given)?;
    let Id(id) = given.memory_id;
    memories(&[id])?;
    let (near, far) = if given.direction == "in" { ("to_id", "from_id") } else { ("from_id", "to_id") };
    let query = Query::of(LINKS).filter(json!([near, "=", id]))?.descending("rank")?.limit(given.limit);
    let page = query.after(given.cursor.as_deref())?.page()?;
    let others: Vec<u64> = page.rows.iter().filter_map(|link| int(link, far)).collect();
    let (there, now) = (living(&others)?, clock::now());
    let shown = |link: &Value| {
        let other = int(link, far)?;
        let memory = there.get(&other)?;
        Some(json!({
            "id": other, "ref": reference(other), "collection": memory.collection,
            "weight": round(weight_now(link, now)), "uses": int(link, "uses"), "changed_at": int(link, "changed_at"),
        }))
    };
    let rows: Vec<Value> = page.rows.iter().filter_map(shown).collect();
    Ok(json!({"memory_id": id, "linked": rows, "count": rows.len(), "next_cursor": page.next}))
}

/// The links out of a memory that weigh so much at least now, strongest first, at most `most`.
pub(super) fn strong(from: u64, least: f64, now: u64, most: u32) -> Result<Vec<(u64, f64)>, Fault> {
    let page = Query::of(LINKS)
        .filter(json!(["from_id", "=", from]))?
        .filter(json!(["rank", ">=", rank(least, now)]))?
        .descending("rank")?
        .select(&["to_id", "weight", "changed_at"])?
        .limit(most)
        .page()?;
    Ok(page.rows.iter().filter_map(|link| Some((int(link, "to_id")?, weight_now(link, now)))).collect())
}

/// Deletes all links from and to a memory; answers how many.
pub(super) fn forget(id: u64) -> Result<usize, Fault> {
    let mut gone = 0;
    for end in ["from_id", "to_id"] {
        loop {
            let links = Query::of(LINKS).filter(json!([end, "=", id]))?.limit(super::BATCH).ids()?;
            if links.is_empty() {
                break;
            }
            gone += links.len();
            for link in links {
                write::delete(LINKS, link, None)?;
            }
        }
    }
    Ok(gone)
}
