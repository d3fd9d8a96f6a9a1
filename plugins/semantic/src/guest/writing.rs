//! `remember` in its forms.

use super::{MEMORIES, live, note, now, patch};
use crate::hash::retired_hash;
use crate::history::{Action, changed, record};
use crate::memory::{NewMemory, additions, is_superseded, stands_for};
use crate::revise::closing;
use crate::row;
use memstrata_sdk::digest;
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, get, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Stages a row unless a memory that holds now says the same; answers the id and whether it is new.
///
/// The unique key also meets rows that no longer hold, since they are live to the store. Such a row gives up its hash:
/// what was once superseded must be rememberable again.
pub(super) fn insert_current(new: &Map<String, Value>, now: u64) -> Result<(u64, bool, Option<Value>), Fault> {
    let as_row = Value::Object(new.clone());
    let (id, created) = write::insert_or_get(MEMORIES, "content", &as_row)?;
    if created {
        return Ok((id, true, None));
    }
    let Some(existing) = get(MEMORIES, id)? else {
        return Err(Fault::conflict(format!("memory m:{id} was changed by another call: try again")));
    };
    if stands_for(&existing, new, now) {
        return Ok((id, false, Some(existing)));
    }
    let mut release = Map::new();
    release.insert("content_hash".into(), json!(retired_hash(row::text(&existing, "content_hash"), id)));
    patch(id, &release)?;
    let (id, created) = write::insert_or_get(MEMORIES, "content", &as_row)?;
    Ok((id, created, None))
}

fn store(new: &NewMemory, now: u64) -> Answer {
    let mut stored = new.row()?;
    let old = new.supersedes.map(|id| live(id.0)).transpose()?;
    if let Some(old) = &old {
        if let Some(by) = row::int(old, "superseded_by") {
            let id = row::id(old);
            return Err(Fault::invalid(format!("m:{id} is already superseded by m:{by}: supersede m:{by} instead")));
        }
        let revision = row::int(old, "revision").unwrap_or(1) + 1;
        stored.insert("revision".into(), json!(revision));
        if new.valid_to.is_none_or(|end| end.0 > now) {
            stored.entry("valid_from").or_insert_with(|| json!(now));
        }
        if new.namespace.is_none() {
            stored.insert("namespace".into(), json!(row::text(old, "namespace")));
        }
    }
    let (id, created, existing) = insert_current(&stored, now)?;
    let mut answer = Map::new();
    answer.insert("id".into(), json!(id));
    answer.insert("ref".into(), json!(row::reference(id)));
    answer.insert("created".into(), json!(created));
    // Read back: the host may have put it into the caller's own namespace.
    let existing_row = existing.unwrap_or(Value::Null);
    let kept = if created { get(MEMORIES, id)?.unwrap_or(Value::Null) } else { existing_row.clone() };
    let shown = |field: &str| kept.get(field).or_else(|| stored.get(field)).cloned();
    for field in ["memory_type", "namespace"] {
        answer.insert(field.into(), shown(field).unwrap_or_else(|| json!("")));
    }
    answer.insert("revision".into(), shown("revision").unwrap_or_else(|| json!(1)));
    if !existing_row.is_null() {
        let more = additions(&existing_row, &stored);
        answer.insert("note".into(), json!("known already"));
        if !more.is_empty() {
            patch(id, &more)?;
            note(&record(&existing_row, Action::Repeated, None, &changed(&more), None))?;
            answer.insert("changed".into(), json!(changed(&more)));
        }
    }
    if let Some(old) = old.filter(|old| row::id(old) != id && !is_superseded(old)) {
        let from = stored.get("valid_from").and_then(Value::as_u64).unwrap_or(now);
        patch(row::id(&old), &closing(&old, id, from))?;
        note(&record(&old, Action::Superseded, Some(id), &[], None))?;
        answer.insert("supersedes".into(), json!(row::id(&old)));
    }
    Ok(Value::Object(answer))
}

/// `fixed` is the type, and a tag, of the `store_` operations.
pub(super) fn remember(given: Value, fixed: Option<(&str, Option<&str>)>) -> Answer {
    let mut new: NewMemory = arguments(given)?;
    if let Some((memory_type, tag)) = fixed {
        new.memory_type = Some(memory_type.to_owned());
        new.tags.extend(tag.map(str::to_owned));
    }
    store(&new, now())
}

#[derive(Deserialize)]
struct Many {
    items: Vec<NewMemory>,
}

pub(super) fn remember_many(given: Value) -> Answer {
    let given: Many = arguments(given)?;
    let now = now();
    let mut items: Vec<Value> = Vec::with_capacity(given.items.len());
    let mut seen: BTreeMap<(&Option<String>, String), usize> = BTreeMap::new();
    for (nth, new) in given.items.iter().enumerate() {
        // The store does not find a row by its key once this call has changed it, so what was said before in the same
        // call is settled here.
        let key = (&new.namespace, digest(&new.content));
        let before = seen.get(&key).and_then(|at| items.get(*at));
        if let (Some(before), None) = (before, new.supersedes) {
            let mut again = before.clone();
            if let Some(fields) = again.as_object_mut() {
                fields.insert("created".into(), json!(false));
                fields.insert("note".into(), json!("said twice in this call"));
            }
            items.push(again);
            continue;
        }
        seen.insert(key, nth);
        let item = store(new, now).map_err(|mut fault| {
            fault.message = format!("item {nth}: {}", fault.message);
            fault
        })?;
        items.push(item);
    }
    let created = items.iter().filter(|item| item.get("created") == Some(&Value::Bool(true))).count();
    Ok(json!({"created": created, "known": items.len() - created, "items": items}))
}
