//! Creating, changing, deleting and restoring procedures.

use super::naming::{Key, free, taken};
use super::{EXECUTIONS, PROCEDURES, TALLIES, put};
use crate::procedure::{self, Given};
use crate::row;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, digest, get, json, write};
use serde::Deserialize;

/// What a write answers.
fn answer(id: u64, stored: &Value) -> Map<String, Value> {
    let parameters = procedure::parameters(stored);
    let inferred: Vec<&str> =
        parameters.iter().filter(|parameter| parameter.inferred).map(|parameter| parameter.name.as_str()).collect();
    let mut answer = Map::new();
    answer.insert("id".into(), json!(id));
    answer.insert("ref".into(), json!(row::reference(id)));
    answer.insert("name".into(), json!(row::text(stored, "name")));
    answer.insert("category".into(), json!(row::text(stored, "category")));
    answer.insert("inferred".into(), json!(inferred));
    answer.insert("parameters".into(), json!(parameters));
    answer
}

/// Stages a procedure with its tally; answers its id. The name must be free.
pub(super) fn insert(new: &Map<String, Value>) -> Result<u64, Fault> {
    let stored = Value::Object(new.clone());
    let (id, created) = write::insert_or_get(PROCEDURES, "name", &stored)?;
    if !created {
        return Err(taken(row::text(&stored, "name"), id));
    }
    let mut tally = json!({"procedure": id, "category": row::text(&stored, "category")});
    if let Some(namespace) = stored.get("namespace") {
        put(&mut tally, "namespace", namespace.clone());
    }
    write::insert(TALLIES, &tally)?;
    Ok(id)
}

pub(super) fn create(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let new = given.new_row()?;
    let id = insert(&new)?;
    let mut answer = answer(id, &Value::Object(new));
    answer.insert("version".into(), json!(1));
    Ok(Value::Object(answer))
}

#[derive(Deserialize)]
struct Update {
    procedure: Key,
    #[serde(default)]
    version: Option<u64>,
    #[serde(flatten)]
    changes: Map<String, Value>,
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let old = given.procedure.live()?;
    let current = row::int(&old, "version").unwrap_or_default();
    let id = row::id(&old);
    if let Some(version) = given.version.filter(|version| *version != current) {
        return Err(Fault::new(
            "conflict.version",
            format!(
                "m:{id} is at version {current}, you changed version {version}: read it again and apply your change to that"
            ),
        ));
    }
    stage(&old, procedure::patch(&old, &given.changes)?)
}

/// Stages the changed fields of a procedure and answers them.
pub(super) fn stage(old: &Value, mut patch: Map<String, Value>) -> Answer {
    let id = row::id(old);
    let changed: Vec<String> = patch.keys().filter(|field| *field != "words").cloned().collect();
    let mut version = row::int(old, "version").unwrap_or_default();
    if let Some(name) = patch.get("name").and_then(Value::as_str).map(str::to_owned) {
        free(&name, row::text(old, "namespace"), id)?;
        patch.insert("name_hash".into(), json!(digest(&name)));
    }
    if let Some(category) = patch.get("category") {
        for tally in Query::of(TALLIES).filter(json!(["procedure", "=", id]))?.ids()? {
            write::update(TALLIES, tally, None, &json!({"category": category}))?;
        }
    }
    if !patch.is_empty() {
        version = write::update(PROCEDURES, id, None, &Value::Object(patch))?;
    }
    let mut answer = answer(id, &get(PROCEDURES, id)?.unwrap_or_default());
    answer.insert("version".into(), json!(version));
    answer.insert("changed".into(), json!(changed));
    Ok(Value::Object(answer))
}

#[derive(Deserialize)]
struct One {
    procedure: Key,
}

pub(super) fn delete(given: Value) -> Answer {
    let stored = arguments::<One>(given)?.procedure.live()?;
    let id = row::id(&stored);
    write::delete(PROCEDURES, id, None)?;
    // Its figures go with it, lest lists by use show what is not there.
    for tally in Query::of(TALLIES).filter(json!(["procedure", "=", id]))?.ids()? {
        write::delete(TALLIES, tally, None)?;
    }
    let kept = Query::of(EXECUTIONS).filter(json!(["procedure", "=", id]))?.count()?;
    Ok(json!({"deleted": id, "name": row::text(&stored, "name"), "executions_kept": kept}))
}

pub(super) fn restore(given: Value) -> Answer {
    let stored = arguments::<One>(given)?.procedure.gone()?;
    let id = row::id(&stored);
    free(row::text(&stored, "name"), row::text(&stored, "namespace"), id)?;
    write::restore(PROCEDURES, id)?;
    let tallies = Query::of(TALLIES).with_deleted().filter(json!(["procedure", "=", id]))?.limit(10).page()?.rows;
    if let Some(tally) = tallies.last().filter(|tally| row::int(tally, "deleted_at").is_some()) {
        write::restore(TALLIES, row::id(tally))?;
    }
    Ok(Value::Object(answer(id, &stored)))
}
