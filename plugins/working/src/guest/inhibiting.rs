//! What is held back from attention, by whom it was asked for, and for how long.

use super::session::Session;
use super::{CLIP, INHIBITIONS, memory};
use crate::inhibition::{Hold, INHIBITED, gone_at, left, strength as total};
use crate::row;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Records of a session that are looked at.
const MOST: usize = 1_000;

fn hold(row: &Value) -> Hold {
    Hold {
        strength: row::number(row, "strength").unwrap_or(0.0),
        at: row::int(row, "inhibited_at").unwrap_or(0),
        until: row::int(row, "until"),
    }
}

/// Records that are not gone, of a session and perhaps of one memory.
fn records(session: &Session, memory: Option<u64>) -> Result<Vec<Value>, Fault> {
    Query::of(INHIBITIONS)
        .filter(json!(["session_id", "=", session.id]))?
        .filter(json!(["gone_at", ">", session.now]))?
        .filter_if("memory", "=", memory)?
        .all(MOST)
}

/// The strength on each memory of a session.
pub(super) fn strengths(session: &Session) -> Result<BTreeMap<u64, f64>, Fault> {
    let mut holds: BTreeMap<u64, Vec<Hold>> = BTreeMap::new();
    for row in records(session, None)? {
        holds.entry(row::int(&row, "memory").unwrap_or_default()).or_default().push(hold(&row));
    }
    Ok(holds.into_iter().map(|(memory, holds)| (memory, total(&holds, session.now))).collect())
}

/// The strength on one memory.
pub(super) fn strength(session: &Session, memory: u64) -> Result<f64, Fault> {
    let holds: Vec<Hold> = records(session, Some(memory))?.iter().map(hold).collect();
    Ok(total(&holds, session.now))
}

#[derive(Deserialize)]
struct Inhibit {
    memory_id: Option<Id>,
    strength: f64,
    kind: String,
    duration_s: Option<u64>,
    reason: Option<String>,
    session_id: String,
}

pub(super) fn inhibit(given: Value) -> Answer {
    let given: Inhibit = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let until = given.duration_s.map(|seconds| session.now.saturating_add(seconds.saturating_mul(1000)));
    let new = Hold { strength: given.strength, at: session.now, until };
    let end = gone_at(new);
    if end <= session.now {
        return Err(Fault::invalid("a strength of 0.01 or less holds nothing back: give more"));
    }
    let (memory, layer) = memory::layer_of(&session, given.memory_id)?;
    session.purge()?;
    let before = strength(&session, memory)?;
    let id = write::insert(
        INHIBITIONS,
        &json!({
            "session_id": session.id, "memory": memory, "layer": layer, "kind": given.kind, "strength": given.strength,
            "inhibited_at": session.now, "until": until, "gone_at": end, "reason": given.reason,
        }),
    )?;
    let now = (before + given.strength).min(1.0);
    Ok(json!({
        "inhibition_id": id, "memory_id": memory, "layer": layer, "strength": row::round(now),
        "inhibited": now >= INHIBITED, "gone_in_s": (end - session.now) / 1000,
    }))
}

#[derive(Deserialize)]
struct Release {
    memory_id: Option<Id>,
    inhibition_id: Option<Id>,
    session_id: String,
}

pub(super) fn release(given: Value) -> Answer {
    let given: Release = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let mut released = Vec::new();
    for row in records(&session, given.memory_id.map(|id| id.0))? {
        let id = row::id(&row);
        if given.inhibition_id.is_none_or(|wanted| wanted.0 == id) {
            write::delete(INHIBITIONS, id, None)?;
            released.push(id);
        }
    }
    Ok(json!({"count": released.len(), "released": released}))
}

fn show(row: &Value, now: u64) -> Value {
    let mut shown = json!({
        "inhibition_id": row::id(row), "kind": row::text(row, "kind"), "strength": row::round(left(hold(row), now)),
        "started_with": row::number(row, "strength"), "inhibited_at": row::int(row, "inhibited_at"),
        "gone_in_s": row::int(row, "gone_at").unwrap_or(now).saturating_sub(now) / 1000,
    });
    let reason = row::text(row, "reason");
    if let Some(fields) = shown.as_object_mut().filter(|_| !reason.is_empty()) {
        fields.insert("reason".into(), json!(reason));
    }
    shown
}

#[derive(Deserialize)]
struct Get {
    memory_id: Option<Id>,
    session_id: String,
}

pub(super) fn get(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let memory = match given.memory_id {
        Some(Id(id)) => id,
        None => row::id(&session.one(None)?),
    };
    let rows = records(&session, Some(memory))?;
    let holds: Vec<Hold> = rows.iter().map(hold).collect();
    let strength = total(&holds, session.now);
    Ok(json!({
        "memory_id": memory, "strength": row::round(strength), "inhibited": strength >= INHIBITED,
        "records": rows.iter().map(|row| show(row, session.now)).collect::<Vec<_>>(),
    }))
}

#[derive(Deserialize)]
struct List {
    min_strength: f64,
    limit: usize,
    session_id: String,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let mut strong: Vec<(u64, f64)> =
        strengths(&session)?.into_iter().filter(|(_, strength)| *strength >= given.min_strength).collect();
    strong.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    strong.truncate(given.limit);
    let ids: Vec<u64> = strong.iter().map(|(id, _)| *id).collect();
    let (found, _) = memory::load(&ids)?;
    let memories: Vec<Value> = strong
        .iter()
        .map(|(id, strength)| {
            let memory = found.iter().find(|memory| memory.id() == *id);
            json!({
                "memory_id": id, "ref": row::reference(*id), "strength": row::round(*strength),
                "inhibited": *strength >= INHIBITED, "layer": memory.map(|memory| memory.source.layer),
                "content": memory.map(|memory| row::clip(memory.content(), CLIP)),
            })
        })
        .collect();
    Ok(json!({"count": memories.len(), "empty": memories.is_empty(), "memories": memories}))
}
