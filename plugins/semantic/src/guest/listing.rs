//! Reading without searching: one memory, lists, history, statistics.

use super::scope::Scope;
use super::{CLIP_LIST, MEMORIES, UPDATES, live, now, settings, usage};
use crate::args::{Id, Time};
use crate::history::show_version;
use crate::memory::{Used, is_superseded, show};
use crate::page::Cursor;
use crate::score::round;
use crate::{row, spread, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, hints, json};
use serde::Deserialize;

/// Sorting by access looks at no more memories than this: the host cannot sort by hints.
const MOST_BY_ACCESS: u32 = 1_000;
/// A chain of revisions is followed no further than this.
const MOST_REVISIONS: usize = 100;

/// Reads a cursor of this layer.
pub(super) fn read_cursor(text: Option<&str>) -> Result<Option<Cursor>, Fault> {
    let bad = || Fault::new("invalid.cursor", "this is no cursor of this list: give `next_cursor` as it came");
    text.map(|text| Cursor::parse(text).ok_or_else(bad)).transpose()
}

#[derive(Deserialize)]
struct Get {
    id: Id,
    #[serde(default)]
    known_at: Option<Time>,
}

pub(super) fn get_memory(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    let (id, now) = (given.id.0, now());
    let stored = match given.known_at {
        None => live(id)?,
        Some(Time(at)) => {
            let query = Query::of(MEMORIES).known_at(Some(at)).filter(json!(["id", "=", id]))?;
            query.first()?.ok_or_else(|| {
                let at = crate::when::iso(at);
                Fault::not_found(format!("memory m:{id} was not known at {at}: see memory_history for its versions"))
            })?
        }
    };
    let used = usage(&[id])?.first().copied().unwrap_or_default();
    hints::touch(&[id])?;
    let mut shown = show(&stored, Some(used), None);
    let current = !is_superseded(&stored) && row::valid_at(&stored, now);
    shown.insert("current".into(), json!(current));
    if given.known_at.is_none() && current {
        shown.insert("labile_until".into(), json!(now + settings()?.labile_ms()));
    }
    Ok(Value::Object(shown))
}

#[derive(Deserialize)]
struct List {
    #[serde(flatten)]
    scope: Scope,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    sort_by: Option<String>,
    #[serde(default)]
    known_at: Option<Time>,
}

fn shown(rows: &[Value], used: &[Used]) -> Vec<Value> {
    rows.iter().zip(used).map(|(row, used)| Value::Object(show(row, Some(*used), Some(CLIP_LIST)))).collect()
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let limit = given.limit.unwrap_or(20);
    let cursor = read_cursor(given.cursor.as_deref())?;
    let at = cursor.as_ref().map_or_else(|| given.known_at.map_or_else(now, |time| time.0), |cursor| cursor.at);
    let query = given.scope.query(at)?.known_at(given.known_at.map(|time| time.0));
    let field = match given.sort_by.as_deref() {
        Some("accessed") => return by_access(query, at, limit as usize, cursor.as_ref()),
        Some("recent") => "updated_at",
        Some("created") => "created_at",
        _ => "usefulness_score",
    };
    let after = cursor.as_ref().map(|cursor| cursor.rest.as_str());
    let page = query.descending(field)?.limit(limit).after(after)?.page()?;
    let ids: Vec<u64> = page.rows.iter().map(row::id).collect();
    Ok(json!({
        "memories": shown(&page.rows, &usage(&ids)?),
        "count": page.rows.len(),
        "next_cursor": page.next.map(|next| Cursor::encode(at, &next)),
    }))
}

fn by_access(query: Query, at: u64, limit: usize, cursor: Option<&Cursor>) -> Answer {
    let offset = match cursor {
        None => 0,
        Some(cursor) => cursor.offset().ok_or_else(|| {
            Fault::new("invalid.cursor", "this cursor belongs to another `sort_by`: start again without it")
        })?,
    };
    // Sorted by their ids; only the rows of the page are read.
    let ids = query.descending("updated_at")?.limit(MOST_BY_ACCESS).ids()?;
    let looked_at = ids.len();
    let mut all: Vec<(Used, u64)> = usage(&ids)?.into_iter().zip(ids).collect();
    all.sort_by(|a, b| b.0.last.cmp(&a.0.last).then(a.1.cmp(&b.1)));
    let (used, ids): (Vec<Used>, Vec<u64>) = all.into_iter().skip(offset).take(limit).unzip();
    let rows: Vec<Value> = get_many(MEMORIES, &ids)?.into_iter().map(Option::unwrap_or_default).collect();
    let end = offset + rows.len();
    let mut notes = Vec::new();
    if looked_at == MOST_BY_ACCESS as usize {
        notes.push(format!("sorted among the {MOST_BY_ACCESS} memories last changed"));
    }
    Ok(json!({
        "memories": shown(&rows, &used),
        "count": rows.len(),
        "next_cursor": (end < looked_at).then(|| Cursor::encode(at, &format!("+{end}"))),
        "notes": notes,
    }))
}

/// The chain a memory belongs to, oldest first. Several memories may have been superseded by one.
fn lineage(start: Value) -> Result<Vec<Value>, Fault> {
    let mut chain = vec![start];
    let mut at = 0;
    while let Some(row) = chain.get(at).cloned() {
        at += 1;
        let mut near: Vec<u64> =
            ["supersedes", "superseded_by"].iter().filter_map(|field| row::int(&row, field)).collect();
        let before = Query::of(MEMORIES).filter(json!(["superseded_by", "=", row::id(&row)]))?.limit(50).ids()?;
        near.extend(before);
        near.retain(|id| chain.iter().all(|known| row::id(known) != *id));
        near.sort_unstable();
        near.dedup();
        near.truncate(MOST_REVISIONS.saturating_sub(chain.len()));
        if !near.is_empty() {
            chain.extend(get_many(MEMORIES, &near)?.into_iter().flatten());
        }
    }
    chain.sort_by_key(|row| (row::int(row, "revision"), row::int(row, "created_at"), row::id(row)));
    Ok(chain)
}

#[derive(Deserialize)]
struct One {
    id: Id,
}

pub(super) fn history(given: Value) -> Answer {
    let id = arguments::<One>(given)?.id.0;
    // A deleted memory still has a history.
    let start = match live(id) {
        Ok(row) => row,
        Err(fault) => Query::of(MEMORIES).with_deleted().filter(json!(["id", "=", id]))?.first()?.ok_or(fault)?,
    };
    let chain = lineage(start)?;
    let ids: Vec<u64> = chain.iter().map(row::id).collect();
    let mut updates =
        Query::of(UPDATES).filter(json!(["memory", "in", ids]))?.descending("created_at")?.limit(100).page()?.rows;
    updates.reverse();
    let mut versions = memstrata_sdk::history(MEMORIES, id)?;
    let old = versions.len().saturating_sub(50);
    versions.drain(..old);
    let standing = chain.iter().rev().find(|row| !is_superseded(row));
    Ok(json!({
        "id": id,
        "current": standing.map_or(id, row::id),
        "revisions": chain.iter().map(|row| show(row, None, Some(CLIP_LIST))).collect::<Vec<_>>(),
        "versions": versions.iter().map(show_version).collect::<Vec<_>>(),
        "updates": updates.iter().map(|update| json!({
            "memory": row::int(update, "memory"),
            "action": row::text(update, "action"),
            "at": row::int(update, "created_at"),
            "other": row::int(update, "other"),
            "changed": row::texts(update, "changed"),
            "reason": text::one_line(row::text(update, "reason")),
        })).collect::<Vec<_>>(),
    }))
}

/// Memories whose valid time has ended.
pub(super) fn ended(namespace: Option<&str>, now: u64) -> Result<Query, Fault> {
    Query::of(MEMORIES).namespace(namespace)?.filter(json!(["valid_to", "<=", now]))
}

/// Memories whose valid time has not begun, and has not ended before that.
pub(super) fn coming(namespace: Option<&str>, now: u64) -> Result<Query, Fault> {
    Query::of(MEMORIES)
        .namespace(namespace)?
        .filter(json!(["valid_from", ">", now]))?
        .filter(json!({"any": [["valid_to", "=", null], ["valid_to", ">", now]]}))
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn stats(given: Value) -> Answer {
    let given: Stats = arguments(given)?;
    let namespace = given.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    let all = || Query::of(MEMORIES).namespace(namespace);
    let grouped = |field: &str| -> Result<Value, Fault> {
        let counts = all()?.group_count(field)?;
        let named = counts.into_iter().map(|(value, count)| (value.as_str().unwrap_or("none").to_owned(), count));
        Ok(spread::object(&named.collect::<Vec<_>>(), 20))
    };
    let number = |function: &str, field: &str| -> Result<Option<f64>, Fault> { all()?.aggregate(function, field) };
    // Those not valid now are few, and found by their indexes.
    let (total, now) = (all()?.count()?, now());
    let not_valid = ended(namespace, now)?.count()? + coming(namespace, now)?.count()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are positive and below 2^53")]
    let time = |value: Option<f64>| value.map(|value| value as u64);
    Ok(json!({
        "total": total,
        "current": total.saturating_sub(not_valid),
        "superseded": all()?.filter(json!(["consolidation_state", "=", "superseded"]))?.count()?,
        "by_type": grouped("memory_type")?,
        "by_state": grouped("consolidation_state")?,
        "by_namespace": grouped("namespace")?,
        "by_topic": grouped("topic")?,
        "avg_usefulness": number("avg", "usefulness_score")?.map(round),
        "avg_confidence": number("avg", "confidence")?.map(round),
        "oldest": time(number("min", "created_at")?),
        "newest": time(number("max", "created_at")?),
        "updates": Query::of(UPDATES).namespace(namespace)?.count()?,
    }))
}
