//! Soft deletes, with preview, and bringing back.

use super::finding::{Mode, complete, find};
use super::scope::Scope;
use super::{CLIP_LIST, MEMORIES, live, note, now};
use crate::args::{Id, distinct};
use crate::history::{Action, record};
use crate::{memory, row};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, json, write};
use serde::Deserialize;

/// A query deletes only what shares its words or is at least this similar (1 - cosine distance / 2): cosine 0.5.
const FORGET_SIMILARITY: f64 = 0.75;
/// A call deletes no more by tag than this.
const MOST_BY_TAG: usize = 1_000;

/// Deletes live rows and records why.
fn delete(rows: &[Value], action: Action, reason: Option<&str>) -> Result<Vec<u64>, Fault> {
    let mut deleted = Vec::with_capacity(rows.len());
    for row in rows {
        write::delete(MEMORIES, row::id(row), None)?;
        note(&record(row, action, None, &[], reason))?;
        deleted.push(row::id(row));
    }
    Ok(deleted)
}

/// What is live of these ids, and which are not.
fn split(ids: &[u64]) -> Result<(Vec<Value>, Vec<u64>), Fault> {
    let rows = get_many(MEMORIES, ids)?;
    let missing = ids.iter().zip(&rows).filter(|(_, row)| row.is_none()).map(|(id, _)| *id).collect();
    Ok((rows.into_iter().flatten().collect(), missing))
}

fn preview(rows: &[Value]) -> Vec<Value> {
    rows.iter().map(|row| Value::Object(memory::show(row, None, Some(CLIP_LIST)))).collect()
}

#[derive(Deserialize)]
struct Forget {
    #[serde(default)]
    ids: Vec<Id>,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    confirm: bool,
    #[serde(default)]
    reason: Option<String>,
}

pub(super) fn forget(given: Value) -> Answer {
    let given: Forget = arguments(given)?;
    let ids = distinct(&given.ids);
    let query = given.query.as_deref().map(str::trim).filter(|query| !query.is_empty());
    let reason = given.reason.as_deref();
    let query = match (ids.as_slice(), query) {
        ([], Some(query)) => query,
        ([], None) => {
            return Err(Fault::invalid("give `ids`, or a `query` to see what would be forgotten"));
        }
        (_, Some(_)) => return Err(Fault::invalid("give either `ids` or `query`, not both")),
        ([id, ..], None) => {
            let (rows, missing) = split(&ids)?;
            if rows.is_empty() {
                // The fault of the first says whether it was deleted before or never was.
                live(*id)?;
            }
            let deleted = delete(&rows, Action::Forgotten, reason)?;
            return Ok(json!({"deleted": deleted, "count": deleted.len(), "missing": missing, "preview": false}));
        }
    };
    let scope = Scope { namespace: given.namespace, ..Scope::default() };
    let wordings = [query.to_owned()];
    let mut finding = find(&wordings, &scope, Mode::Hybrid, given.limit.unwrap_or(10), None, now())?;
    complete(query, &mut finding);
    finding.found.retain(|found| {
        found.channels.iter().any(|(channel, _)| *channel == "text")
            || found.similarity.is_some_and(|similarity| similarity >= FORGET_SIMILARITY)
    });
    let rows: Vec<Value> = finding.found.into_iter().map(|found| found.row).collect();
    if !given.confirm {
        return Ok(json!({
            "deleted": [], "count": 0, "preview": true, "candidates": preview(&rows),
            "note": "nothing is deleted yet: call again with the `ids` you mean, or with `confirm: true` for all of these",
        }));
    }
    let deleted = delete(&rows, Action::Forgotten, reason)?;
    Ok(json!({"deleted": deleted, "count": deleted.len(), "preview": false}))
}

#[derive(Deserialize)]
struct Ids {
    ids: Vec<Id>,
    #[serde(default)]
    reason: Option<String>,
}

pub(super) fn delete_many(given: Value) -> Answer {
    let given: Ids = arguments(given)?;
    let (rows, missing) = split(&distinct(&given.ids))?;
    let deleted = delete(&rows, Action::Forgotten, given.reason.as_deref())?;
    Ok(json!({"deleted": deleted, "count": deleted.len(), "missing": missing, "preview": false}))
}

#[derive(Deserialize)]
struct ByTags {
    tags: Vec<String>,
    #[serde(default, rename = "match")]
    matching: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    confirm: bool,
    #[serde(default)]
    reason: Option<String>,
}

pub(super) fn delete_by_tags(given: Value) -> Answer {
    let given: ByTags = arguments(given)?;
    let tags = memory::clean_tags(&given.tags);
    if tags.is_empty() {
        return Err(Fault::invalid("`tags` is empty: name at least one tag or topic"));
    }
    let one = |tag: &String| json!({"any": [["tags", "has", tag], ["topic", "=", tag]]});
    let each: Vec<Value> = tags.iter().map(one).collect();
    let condition = if given.matching.as_deref() == Some("all") { json!({"all": each}) } else { json!({"any": each}) };
    // Superseded revisions go too: the caller means the subject, not only what holds now.
    let scope =
        Scope { namespace: given.namespace, condition: Some(condition), include_superseded: true, ..Scope::default() };
    let total = scope.query(now())?.count()?;
    if !given.confirm {
        let examples = scope.query(now())?.limit(10).page()?.rows;
        return Ok(json!({
            "deleted": [], "count": 0, "preview": true, "remaining": total, "candidates": preview(&examples),
            "note": format!("{total} memories match; nothing is deleted yet: call again with `confirm: true`"),
        }));
    }
    let rows = scope.query(now())?.limit(500).all(MOST_BY_TAG)?;
    let deleted = delete(&rows, Action::Forgotten, given.reason.as_deref())?;
    let remaining = total.saturating_sub(deleted.len() as u64);
    Ok(json!({"deleted": deleted, "count": deleted.len(), "preview": false, "remaining": remaining}))
}

pub(super) fn restore(given: Value) -> Answer {
    let given: Ids = arguments(given)?;
    let ids = distinct(&given.ids);
    let found = Query::of(MEMORIES).with_deleted().filter(json!(["id", "in", ids]))?.limit(500).all(500)?;
    let (mut restored, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match found.iter().find(|row| row::id(row) == id && row::int(row, "deleted_at").is_some()) {
            Some(row) => {
                write::restore(MEMORIES, id)?;
                note(&record(row, Action::Restored, None, &[], given.reason.as_deref()))?;
                restored.push(id);
            }
            None => missing.push(id),
        }
    }
    Ok(json!({"restored": restored, "missing": missing}))
}
