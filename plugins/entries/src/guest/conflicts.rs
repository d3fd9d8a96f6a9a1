//! Conflicts of values: noted at the write, listed, decided.

use super::audit::{By, note};
use super::{CONFLICTS, MEMORIES, access, number, store, text};
use crate::access::Wish;
use crate::conflict::{self, Side};
use crate::scope;
use memstrata_sdk::args::Id;
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, get, json, llm, write};
use serde::Deserialize;

/// Conflicts decided in one call: each may ask the model.
const MOST: u32 = 10;

pub(super) fn kind(row: &Value, value: &Value, metadata: Option<&Value>) -> &'static str {
    let old = row.get("metadata").unwrap_or(&Value::Null);
    conflict::kind(
        Side { value: row.get("value").unwrap_or(&Value::Null), metadata: old },
        Side { value, metadata: metadata.unwrap_or(old) },
    )
}

/// Stages what a conflict means at once: simple and temporal ones are decided, the others wait.
pub(super) fn record(old: &Value, new: u64, kind: &str) -> Answer {
    let now = clock::now();
    let decided = match kind {
        "simple" => Some("keep_new"),
        "temporal" => Some("keep_both"),
        _ => None,
    };
    if kind == "temporal" {
        part(number(old, "id"), new, now)?;
    }
    let status = if decided.is_some() { "resolved" } else { "open" };
    let id = write::insert(
        CONFLICTS,
        &json!({
            "namespace": text(old, "namespace"), "key": text(old, "key"), "kind": kind, "old": number(old, "id"), "new": new,
            "status": status, "requires_review": decided.is_none(), "resolution": decided, "found_at": now,
            "resolved_at": decided.map(|_| now), "resolved_by": decided.map(|_| "system"),
        }),
    )?;
    Ok(json!({"conflict_id": id, "kind": kind, "status": status, "resolution": decided}))
}

/// The old value was true until now, the new one since.
fn part(old: u64, new: u64, now: u64) -> Result<(), Fault> {
    write::update(MEMORIES, old, None, &json!({"valid_to": now}))?;
    write::update(MEMORIES, new, None, &json!({"valid_from": now})).map(|_| ())
}

#[derive(Deserialize)]
struct List {
    namespace: Option<String>,
    status: String,
    limit: u32,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let status = Some(given.status).filter(|status| status != "all");
    let rows = Query::of(CONFLICTS)
        .namespace(given.namespace.as_deref().and_then(scope::pattern))?
        .filter_if("status", "=", status)?
        .descending("found_at")?
        .limit(given.limit)
        .page()?
        .rows;
    let mut conflicts = Vec::with_capacity(rows.len());
    for row in &rows {
        let side = |field: &str| -> Result<Option<Value>, Fault> {
            Ok(get(MEMORIES, number(row, field))?.as_ref().map(store::show))
        };
        conflicts.push(json!({
            "conflict_id": number(row, "id"), "namespace": text(row, "namespace"), "key": text(row, "key"), "kind": text(row, "kind"),
            "status": text(row, "status"), "requires_review": row.get("requires_review"), "resolution": row.get("resolution"),
            "found_at": row.get("found_at"), "old": side("old")?, "new": side("new")?,
        }));
    }
    Ok(json!({"count": conflicts.len(), "conflicts": conflicts}))
}

#[derive(Deserialize)]
struct Resolve {
    conflict_id: Option<Id>,
    resolution: String,
    value: Option<Value>,
    resolved_by: String,
    task_id: Option<Value>,
    actor: Option<String>,
}

pub(super) fn resolve(given: Value) -> Answer {
    let given: Resolve = arguments(given)?;
    let row = match given.conflict_id {
        Some(id) => get(CONFLICTS, id.0)?,
        None => Query::of(CONFLICTS).filter(json!(["status", "=", "open"]))?.descending("found_at")?.first()?,
    };
    let row = row.filter(|row| text(row, "status") == "open").ok_or_else(|| {
        Fault::new("not-found.conflict", "there is no such open conflict: list_conflicts shows what is open")
    })?;
    access::check(given.actor.as_deref(), &given.resolved_by, text(&row, "namespace"), Wish::Write)?;
    let by = By { actor: &given.resolved_by, task: given.task_id.as_ref() };
    let (id, version) = decide(&row, &given.resolution, given.value, &by)?;
    Ok(json!({"conflict_id": number(&row, "id"), "resolution": given.resolution, "id": id, "version": version}))
}

/// Stages a decision; the id and number of the version that is current then.
fn decide(row: &Value, resolution: &str, value: Option<Value>, by: &By<'_>) -> Result<(u64, u64), Fault> {
    let lost = || Fault::new("not-found.memory", "a value of this conflict was erased: use update_memory");
    let old = get(MEMORIES, number(row, "old"))?.ok_or_else(lost)?;
    let new = get(MEMORIES, number(row, "new"))?.ok_or_else(lost)?;
    let now = clock::now();
    let current = store::require(text(row, "namespace"), text(row, "key"))?;
    let of = |row: &Value| row.get("value").cloned().unwrap_or_default();
    let made = match resolution {
        "keep_old" => store::follow(&current, &of(&old), None, by.actor, false)?,
        "merge" => {
            let value = match value {
                Some(value) => value,
                None => merged(text(row, "key"), &of(&old), &of(&new))?,
            };
            let made = store::follow(&current, &value, None, by.actor, false)?;
            for original in [&old, &new] {
                write::update(MEMORIES, number(original, "id"), None, &json!({"consolidated_into": made.0}))?;
            }
            made
        }
        "keep_both" => {
            part(number(&old, "id"), number(&new, "id"), now)?;
            (number(&current, "id"), number(&current, "revision"))
        }
        _ => (number(&current, "id"), number(&current, "revision")),
    };
    write::update(MEMORIES, number(&new, "id"), None, &json!({"requires_review": false}))?;
    let decided = json!({"status": "resolved", "requires_review": false, "resolution": resolution, "resolved_by": by.actor, "resolved_at": now});
    write::update(CONFLICTS, number(row, "id"), None, &decided)?;
    let data = json!({"key": text(row, "key"), "conflict": number(row, "id"), "resolution": resolution});
    note(by, "resolve_conflict", "consolidate", text(row, "namespace"), made.0, &data)?;
    Ok(made)
}

/// One value out of two, by the language model.
fn merged(key: &str, old: &Value, new: &Value) -> Answer {
    let prompt = llm::Prompt::new(&conflict::merge_prompt(key, old, new));
    prompt.schema(&json!({"type": "object", "properties": {"value": {}}, "required": ["value"]}).to_string())?;
    prompt.temperature(0.0);
    let said: Value = serde_json::from_str(&prompt.run()?).map_err(|e| Fault::new("malformed.llm", e.to_string()))?;
    said.get("value")
        .cloned()
        .ok_or_else(|| Fault::new("malformed.llm", "the model gave no `value`: give one yourself"))
}

#[derive(Deserialize)]
struct Consolidate {
    namespace: String,
    strategy: String,
    consolidated_by: String,
    task_id: Option<Value>,
    actor: Option<String>,
}

pub(super) fn consolidate(given: Value) -> Answer {
    let given: Consolidate = arguments(given)?;
    access::check(given.actor.as_deref(), &given.consolidated_by, &given.namespace, Wish::Write)?;
    let by = By { actor: &given.consolidated_by, task: given.task_id.as_ref() };
    let rows = Query::of(CONFLICTS)
        .namespace(scope::pattern(&given.namespace))?
        .filter(json!(["status", "=", "open"]))?
        .ascending("found_at")?
        .limit(MOST)
        .page()?
        .rows;
    let (mut resolved, mut for_review, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        let id = number(row, "id");
        if text(row, "kind") == "manual" {
            for_review.push(id);
            continue;
        }
        let how = if given.strategy == "llm_based" { "merge" } else { "keep_new" };
        match decide(row, how, None, &by) {
            Ok(_) => resolved.push(id),
            Err(fault) if fault.code.ends_with(".llm") || fault.code.starts_with("not-found") => {
                for_review.push(id);
                notes.push(format!("conflict {id} waits for resolve_conflict: {}", fault.message));
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(json!({"resolved": resolved, "for_review": for_review, "notes": notes}))
}
