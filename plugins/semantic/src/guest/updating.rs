//! Changing one memory, and feedback on several.

use super::writing::insert_current;
use super::{MEMORIES, live, note, now, patch, settings, usage};
use crate::args::{Id, distinct};
use crate::history::{Action, changed, record};
use crate::revise::{Changes, closing, is_labile, next};
use crate::row;
use crate::score::{Use, age_days, usefulness};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get_many, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct Update {
    id: Id,
    #[serde(flatten)]
    changes: Changes,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

fn told(id: u64, how: &str, revision: u64, changed: &[&str]) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("id".into(), json!(id));
    answer.insert("ref".into(), json!(row::reference(id)));
    answer.insert("how".into(), json!(how));
    answer.insert("revision".into(), json!(revision));
    answer.insert("changed".into(), json!(changed));
    answer
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let (id, now) = (given.id.0, now());
    let old = live(id)?;
    if let Some(by) = row::int(&old, "superseded_by") {
        return Err(Fault::invalid(format!("m:{id} was superseded by m:{by}: update m:{by} instead")));
    }
    let revision = row::int(&old, "revision").unwrap_or(1);
    let wanted = given.changes.patch(&old)?;
    let fields = changed(&wanted);
    if fields.is_empty() {
        return Ok(Value::Object(told(id, "unchanged", revision, &[])));
    }
    let last = usage(&[id])?.first().map_or(0, |used| used.last);
    let revise = match given.mode.as_deref() {
        Some("revise") => true,
        Some("in_place") => false,
        _ => is_labile(last, now, settings()?.labile_ms()),
    };
    let reason = given.reason.as_deref();
    if !revise {
        refuse_twin(&old, &wanted)?;
        patch(id, &wanted)?;
        note(&record(&old, Action::Edited, None, &fields, reason))?;
        let mut answer = told(id, "in_place", revision, &fields);
        answer.insert("note".into(), json!("corrected in place: the earlier version is in memory_history"));
        return Ok(Value::Object(answer));
    }
    // The id is needed before the row: the old row gives up its hash by naming its successor first.
    let new_id = write::new_ids(1)?.first().copied().unwrap_or_default();
    let mut new = next(&old, &wanted, now);
    new.insert("id".into(), json!(new_id));
    let from = new.get("valid_from").and_then(Value::as_u64).unwrap_or(now);
    patch(id, &closing(&old, new_id, from))?;
    let (current, created, _) = insert_current(&new, now)?;
    if !created {
        let mut by = Map::new();
        by.insert("superseded_by".into(), json!(current));
        patch(id, &by)?;
    }
    note(&record(&old, Action::Reconsolidated, Some(current), &fields, reason))?;
    let how = if created { "revised" } else { "merged" };
    let mut answer = told(current, how, revision + 1, &fields);
    answer.insert("supersedes".into(), json!(id));
    if !created {
        answer.insert("note".into(), json!(format!("m:{current} says exactly this already and now stands for m:{id}")));
    }
    Ok(Value::Object(answer))
}

/// An edit in place must not make two memories say the same.
fn refuse_twin(old: &Value, wanted: &Map<String, Value>) -> Result<(), Fault> {
    let Some(hash) = wanted.get("content_hash") else {
        return Ok(());
    };
    let twin = Query::of(MEMORIES)
        .filter(json!(["namespace", "=", row::text(old, "namespace")]))?
        .filter(json!(["content_hash", "=", hash]))?
        .first()?;
    match twin.map(|twin| row::id(&twin)).filter(|twin| *twin != row::id(old)) {
        Some(twin) => Err(Fault::new(
            "invalid.duplicate",
            format!("m:{twin} says exactly this already: forget one of the two, or use `mode: revise` to merge them"),
        )),
        None => Ok(()),
    }
}

#[derive(Deserialize)]
struct Mark {
    ids: Vec<Id>,
    #[serde(default)]
    useful: Option<bool>,
    #[serde(default)]
    reason: Option<String>,
}

pub(super) fn mark_useful(given: Value) -> Answer {
    let given: Mark = arguments(given)?;
    let (ids, now, settings) = (distinct(&given.ids), now(), settings()?);
    let useful = given.useful.unwrap_or(true);
    let rows = get_many(MEMORIES, &ids)?;
    let (mut marked, mut missing) = (Vec::new(), Vec::new());
    for ((id, row), used) in ids.iter().zip(rows).zip(usage(&ids)?) {
        let Some(row) = row else {
            missing.push(*id);
            continue;
        };
        let count = |field: &str, more: bool| row::int(&row, field).unwrap_or(0) + u64::from(more);
        let (helpful, unhelpful) = (count("helpful", useful), count("unhelpful", !useful));
        let born = row::int(&row, "created_at").unwrap_or(now);
        let score = usefulness(
            &settings,
            row::text(&row, "memory_type"),
            Use {
                accesses: used.count,
                age_days: age_days(now, born),
                idle_days: age_days(now, used.last.max(born)),
                helpful,
                unhelpful,
            },
        );
        write::update(
            MEMORIES,
            *id,
            None,
            &json!({"helpful": helpful, "unhelpful": unhelpful, "usefulness_score": score}),
        )?;
        let field = if useful { "helpful" } else { "unhelpful" };
        note(&record(&row, Action::Feedback, None, &[field], given.reason.as_deref()))?;
        marked.push(json!({"id": id, "usefulness_score": score, "helpful": helpful, "unhelpful": unhelpful}));
    }
    if marked.is_empty() {
        return Err(Fault::not_found("none of these ids is a live memory of this layer: take ids from `recall`"));
    }
    Ok(json!({"marked": marked, "missing": missing}))
}
