//! Focus: set, shifted, returned to, fading, ended, and its history.

use super::memory;
use super::session::Session;
use super::{FOCUS, inhibiting};
use crate::focus::{Change, DECAY, ENDS, Open, shifted, step};
use crate::inhibition::INHIBITED;
use crate::row;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get as get_row, json, write};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Focuses of a session that are looked at.
const MOST: usize = 1_000;

fn of_session(session: &str) -> Result<Query, Fault> {
    Query::of(FOCUS).filter(json!(["session_id", "=", session]))
}

/// Open focuses, strongest first.
fn open(session: &str) -> Result<Vec<Value>, Fault> {
    let mut rows = of_session(session)?.filter(json!(["ended_at", "=", null]))?.all(MOST)?;
    rows.sort_by(|a, b| {
        let weight = |row: &Value| row::number(row, "weight").unwrap_or(0.0);
        let primary = |row: &Value| row::text(row, "kind") == "primary";
        primary(b).cmp(&primary(a)).then(weight(b).total_cmp(&weight(a))).then(row::id(a).cmp(&row::id(b)))
    });
    Ok(rows)
}

fn rule(row: &Value) -> Open {
    Open {
        id: row::id(row),
        memory: row::int(row, "memory").unwrap_or_default(),
        kind: row::text(row, "kind").to_owned(),
        weight: row::number(row, "weight").unwrap_or(0.0),
    }
}

/// Stages what becomes of an open focus; whether it ended.
fn apply(id: u64, change: Change, now: u64) -> Result<bool, Fault> {
    let (patch, ended) = match change {
        Change::Fades(weight) => (json!({"weight": weight}), false),
        Change::Ends(weight) => (json!({"weight": weight, "ended_at": now}), true),
    };
    write::update(FOCUS, id, None, &patch)?;
    Ok(ended)
}

fn show(row: &Value, now: u64) -> Value {
    let started = row::int(row, "started_at").unwrap_or(now);
    let ended = row::int(row, "ended_at");
    #[expect(clippy::cast_precision_loss, reason = "durations in ms are below 2^53")]
    let seconds = ended.unwrap_or(now).saturating_sub(started) as f64 / 1000.0;
    let memory = row::int(row, "memory").unwrap_or_default();
    let mut shown = json!({
        "focus_id": row::id(row), "memory_id": memory, "ref": row::reference(memory), "layer": row::text(row, "layer"),
        "kind": row::text(row, "kind"), "weight": row::round(row::number(row, "weight").unwrap_or(0.0)),
        "transition": row::text(row, "transition"), "previous": row::int(row, "previous"), "started_at": started,
        "ended_at": ended, "seconds": seconds,
    });
    let reason = row::text(row, "reason");
    if let Some(fields) = shown.as_object_mut().filter(|_| !reason.is_empty()) {
        fields.insert("reason".into(), json!(reason));
    }
    shown
}

/// A focus to be.
struct New<'a> {
    memory: u64,
    layer: &'a str,
    kind: &'a str,
    weight: f64,
    transition: &'a str,
    reason: Option<&'a str>,
}

/// Stages a focus. What it does to the open ones is staged too.
fn place(session: &Session, new: &New) -> Answer {
    if new.weight < ENDS {
        return Err(Fault::invalid(format!("a focus below {ENDS} has ended: give a `weight` from {ENDS} to 1")));
    }
    let (mut ended, mut previous) = (Vec::new(), None);
    for row in open(&session.id)? {
        let one = rule(&row);
        if one.kind == "primary" && new.kind == "primary" {
            previous = Some(one.id);
        }
        if apply(one.id, shifted(&one, new.kind, new.memory), session.now)? {
            ended.push(one.id);
        }
    }
    insert(session, new, previous, ended)
}

fn insert(session: &Session, new: &New, previous: Option<u64>, ended: Vec<u64>) -> Answer {
    let mut row = json!({
        "session_id": session.id, "memory": new.memory, "layer": new.layer, "kind": new.kind, "weight": new.weight,
        "transition": new.transition, "started_at": session.now, "previous": previous, "reason": new.reason,
    });
    let id = write::insert(FOCUS, &row)?;
    if let Some(fields) = row.as_object_mut() {
        fields.insert("id".into(), json!(id));
    }
    let mut shown = show(&row, session.now);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("ended".into(), json!(ended));
        let strength = inhibiting::strength(session, new.memory)?;
        if strength >= INHIBITED {
            let warning = format!(
                "m:{} is inhibited ({}): release_inhibition if it matters now",
                new.memory,
                row::round(strength)
            );
            fields.insert("warning".into(), json!(warning));
        }
    }
    Ok(shown)
}

/// Puts attention on several at once, which is one shift: the open ones give way or fade once, not once for each.
pub(super) fn focus_all(session: &Session, wanted: &[(u64, &str, &str, f64)]) -> Result<Vec<Value>, Fault> {
    let (mut ended, mut previous) = (Vec::new(), None);
    let primary = wanted.iter().any(|(_, _, kind, _)| *kind == "primary");
    for row in open(&session.id)? {
        let one = rule(&row);
        let again = wanted.iter().any(|(memory, ..)| *memory == one.memory);
        let gives_way = primary && one.kind == "primary";
        previous = previous.or(gives_way.then_some(one.id));
        let change = if again || gives_way { Change::Ends(one.weight) } else { step(one.weight, DECAY) };
        if apply(one.id, change, session.now)? {
            ended.push(one.id);
        }
    }
    let mut placed = Vec::with_capacity(wanted.len());
    for (memory, layer, kind, weight) in wanted {
        let new = New {
            memory: *memory,
            layer,
            kind,
            weight: weight.max(ENDS),
            transition: "automatic",
            reason: Some("saliency"),
        };
        placed.push(insert(session, &new, previous.filter(|_| *kind == "primary"), std::mem::take(&mut ended))?);
    }
    Ok(placed)
}

#[derive(Deserialize)]
struct Set {
    memory_id: Option<Id>,
    kind: Option<String>,
    weight: Option<f64>,
    transition: String,
    reason: Option<String>,
    session_id: String,
}

pub(super) fn set(given: Value) -> Answer {
    let given: Set = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let (memory, layer) = memory::layer_of(&session, given.memory_id)?;
    session.purge()?;
    place(
        &session,
        &New {
            memory,
            layer: &layer,
            kind: given.kind.as_deref().unwrap_or("primary"),
            weight: given.weight.unwrap_or(1.0),
            transition: &given.transition,
            reason: given.reason.as_deref(),
        },
    )
}

/// The same, always primary and whole.
pub(super) fn shift(given: Value) -> Answer {
    set(given)
}

#[derive(Deserialize)]
struct Of {
    session_id: String,
}

pub(super) fn back(given: Value) -> Answer {
    let given: Of = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let open = open(&session.id)?;
    let primary = open.iter().find(|row| row::text(row, "kind") == "primary");
    let nothing = || {
        Fault::not_found(format!(
            "session `{}` has nothing to return to: no primary focus came from another",
            session.id
        ))
    };
    let previous = primary.and_then(|row| row::int(row, "previous")).ok_or_else(nothing)?;
    let before = get_row(FOCUS, previous)?.ok_or_else(nothing)?;
    let memory = row::int(&before, "memory").unwrap_or_default();
    place(
        &session,
        &New {
            memory,
            layer: row::text(&before, "layer"),
            kind: "primary",
            weight: 1.0,
            transition: "return",
            reason: None,
        },
    )
}

#[derive(Deserialize)]
struct Get {
    kind: Option<String>,
    session_id: String,
}

fn primary_of(open: &[Value]) -> Option<u64> {
    open.iter().find(|row| row::text(row, "kind") == "primary").and_then(|row| row::int(row, "memory"))
}

pub(super) fn get(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let open = open(&session.id)?;
    let wanted = |row: &&Value| given.kind.as_ref().is_none_or(|kind| row::text(row, "kind") == kind);
    let focuses: Vec<Value> = open.iter().filter(wanted).map(|row| show(row, session.now)).collect();
    Ok(json!({"count": focuses.len(), "empty": focuses.is_empty(), "focuses": focuses, "primary": primary_of(&open)}))
}

#[derive(Deserialize)]
struct Decay {
    rate: f64,
    session_id: String,
}

pub(super) fn decay(given: Value) -> Answer {
    let given: Decay = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let (mut faded, mut ended) = (Vec::new(), Vec::new());
    for row in open(&session.id)? {
        let one = rule(&row);
        let change = step(one.weight, given.rate);
        if apply(one.id, change, session.now)? {
            ended.push(one.id);
        } else if let Change::Fades(weight) = change {
            faded.push(
                json!({"focus_id": one.id, "memory_id": one.memory, "kind": one.kind, "weight": row::round(weight)}),
            );
        }
    }
    Ok(json!({"faded": faded, "ended": ended}))
}

#[derive(Deserialize)]
struct End {
    memory_id: Option<Id>,
    session_id: String,
}

pub(super) fn end(given: Value) -> Answer {
    let given: End = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let mut ended = Vec::new();
    for row in open(&session.id)? {
        let one = rule(&row);
        if given.memory_id.is_none_or(|id| id.0 == one.memory) {
            apply(one.id, Change::Ends(one.weight), session.now)?;
            ended.push(one.id);
        }
    }
    Ok(json!({"count": ended.len(), "ended": ended}))
}

#[derive(Deserialize)]
struct History {
    limit: u32,
    session_id: String,
}

pub(super) fn history(given: Value) -> Answer {
    let given: History = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let rows = of_session(&session.id)?.descending("started_at")?.descending("id")?.limit(given.limit).page()?.rows;
    let focuses: Vec<Value> = rows.iter().map(|row| show(row, session.now)).collect();
    Ok(json!({"count": focuses.len(), "empty": focuses.is_empty(), "focuses": focuses}))
}

fn tally(rows: &[Value], field: &str) -> Map<String, Value> {
    let mut counts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for row in rows {
        *counts.entry(row::text(row, field)).or_default() += 1;
    }
    counts.into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "durations and counts are small")]
pub(super) fn metrics(given: Value) -> Answer {
    let given: Of = arguments(given)?;
    let session = Session::open(&given.session_id)?;
    let rows = of_session(&session.id)?.descending("started_at")?.all(MOST)?;
    let open = open(&session.id)?;
    let times: Vec<u64> = rows
        .iter()
        .filter_map(|row| Some(row::int(row, "ended_at")?.saturating_sub(row::int(row, "started_at")?)))
        .collect();
    let mean = (!times.is_empty()).then(|| times.iter().sum::<u64>() as f64 / times.len() as f64 / 1000.0);
    let memories: BTreeSet<_> = rows.iter().filter_map(|row| row::int(row, "memory")).collect();
    let by_transition = tally(&rows, "transition");
    let inhibited = inhibiting::strengths(&session)?.values().filter(|strength| **strength >= INHIBITED).count();
    Ok(json!({
        "focuses": rows.len(), "open": open.len(), "ended": times.len(),
        "interruptions": by_transition.get("interruption").and_then(Value::as_u64).unwrap_or(0),
        "by_transition": by_transition, "by_kind": tally(&rows, "kind"), "mean_seconds": mean.map(row::round),
        "primary": primary_of(&open), "inhibited": inhibited, "memories": memories.len(),
    }))
}
