//! Entities changed, merged, deleted and brought back, with what hangs on them.

use super::entities::{alias, clean_name, name_fields};
use super::find::{entity, find};
use super::relations::fact;
use super::view::View;
use super::{ALIASES, ENTITIES, OBSERVATIONS, RELATIONS};
use crate::args::{Id, distinct};
use crate::kind;
use crate::refer::{self, Refer, reference};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get, json, write};
use serde::Deserialize;

/// Rows that hang on one entity and can be changed in one call.
const MOST_HANGING: usize = 8_000;

/// All live relations at an entity, whatever their valid time.
fn relations_of(id: u64) -> Result<Vec<Value>, Fault> {
    Query::of(RELATIONS)
        .filter(json!({"any": [["from_id", "=", id], ["to_id", "=", id]]}))?
        .limit(1_000)
        .all(MOST_HANGING)
}

fn hanging(collection: &str, id: u64) -> Result<Vec<Value>, Fault> {
    Query::of(collection).filter(json!(["entity_id", "=", id]))?.limit(1_000).all(MOST_HANGING)
}

fn check_hanging(rows: usize) -> Result<(), Fault> {
    if rows >= MOST_HANGING {
        return Err(Fault::new(
            "limit.rows-written",
            format!(
                "more than {MOST_HANGING} relations and observations hang on this entity: delete some of them first"
            ),
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Update {
    entity: Refer,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    #[serde(default)]
    sources: Option<Vec<Id>>,
    #[serde(default)]
    version: Option<u64>,
}

/// Writes a changed name into what repeats it.
fn rename(id: u64, name: &str) -> Result<usize, Fault> {
    let (relations, observations) = (relations_of(id)?, hanging(OBSERVATIONS, id)?);
    check_hanging(relations.len() + observations.len())?;
    let ends: Vec<u64> = relations
        .iter()
        .flat_map(|row| [refer::int(row, "from_id"), refer::int(row, "to_id")])
        .flatten()
        .filter(|end| *end != id)
        .collect();
    let names = View::default().names(&ends)?;
    for row in &relations {
        let said = |field: &str| match refer::int(row, field) {
            Some(end) if end == id => name.to_owned(),
            end => end.and_then(|end| names.get(&end)).map(|named| named.name.clone()).unwrap_or_default(),
        };
        let fact = fact(&said("from_id"), refer::text(row, "relation_type"), &said("to_id"));
        write::update(RELATIONS, refer::id(row), None, &json!({"fact": fact}))?;
    }
    for row in &observations {
        write::update(OBSERVATIONS, refer::id(row), None, &json!({"entity_name": name}))?;
    }
    Ok(relations.len() + observations.len())
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let row = find(&given.entity, None, given.namespace.as_deref())?;
    let id = refer::id(&row);
    let name = given.name.as_deref().map(clean_name).transpose()?;
    let entity_type = given.entity_type.as_deref().map(kind::entity_type).transpose()?;
    let mut patch = Map::new();
    let (old_name, old_type) = (refer::text(&row, "name"), refer::text(&row, "entity_type"));
    let renamed = name.as_deref().is_some_and(|name| name != old_name);
    if renamed || entity_type.is_some() || given.description.is_some() {
        let description = given.description.as_deref().unwrap_or(refer::text(&row, "description")).trim();
        patch =
            name_fields(name.as_deref().unwrap_or(old_name), entity_type.as_deref().unwrap_or(old_type), description)?;
        patch.retain(|field, value| row.get(field) != Some(value));
    }
    if let Some(key) = patch.get("name_key").or_else(|| patch.get("entity_type").and(row.get("name_key"))) {
        let namesake = Query::of(ENTITIES)
            .filter(json!(["namespace", "=", refer::text(&row, "namespace")]))?
            .filter(json!(["entity_type", "=", entity_type.as_deref().unwrap_or(old_type)]))?
            .filter(json!(["name_key", "=", key]))?
            .filter(json!(["id", "!=", id]))?
            .first()?;
        if let Some(other) = namesake {
            let other = reference(refer::id(&other));
            return Err(Fault::new(
                "conflict.name",
                format!("{other} bears this name already: `merge_entities` makes the two one"),
            ));
        }
        patch.insert("twin".into(), json!(0));
    }
    if let Some(metadata) = given.metadata {
        patch.insert("metadata".into(), Value::Object(metadata));
    }
    if let Some(sources) = given.sources {
        patch.insert("sources".into(), json!(distinct(&sources)));
    }
    if patch.is_empty() {
        return Ok(json!({"id": id, "changed": [], "rewritten": 0}));
    }
    let shown = ["name", "entity_type", "description", "metadata", "sources"];
    let changed: Vec<&str> = shown.into_iter().filter(|field| patch.contains_key(*field)).collect();
    write::update(ENTITIES, id, given.version, &Value::Object(patch))?;
    let mut rewritten = 0;
    if renamed {
        rewritten = rename(id, name.as_deref().unwrap_or(old_name))?;
        // The old name still finds it.
        if let Some(now) = get(ENTITIES, id)? {
            alias(old_name, &now)?;
        }
    }
    Ok(json!({"id": id, "changed": changed, "rewritten": rewritten}))
}

#[derive(Deserialize)]
struct Merge {
    from: Refer,
    into: Refer,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn merge(given: Value) -> Answer {
    let given: Merge = arguments(given)?;
    let from = find(&given.from, None, given.namespace.as_deref())?;
    let into = find(&given.into, None, given.namespace.as_deref())?;
    let (old, kept) = (refer::id(&from), refer::id(&into));
    if old == kept {
        return Err(Fault::invalid("`from` and `into` are one entity: name two"));
    }
    if refer::text(&from, "namespace") != refer::text(&into, "namespace") {
        return Err(Fault::invalid(
            "the two are in different namespaces: only entities of one namespace can be merged",
        ));
    }
    let (relations, observations) = (relations_of(old)?, hanging(OBSERVATIONS, old)?);
    check_hanging(relations.len() + observations.len())?;
    let known: Vec<(Option<u64>, Option<u64>, String)> = relations_of(kept)?.iter().map(ends).collect();
    let (mut moved, mut dropped) = (0, 0);
    for row in &relations {
        let swap = |end: Option<u64>| end.map(|end| if end == old { kept } else { end });
        let (from_id, to_id, kind) = ends(row);
        let (from_id, to_id) = (swap(from_id), swap(to_id));
        // What would point at itself, or is there already, is not moved.
        if from_id == to_id || known.contains(&(from_id, to_id, kind)) {
            write::delete(RELATIONS, refer::id(row), None)?;
            dropped += 1;
        } else {
            write::update(RELATIONS, refer::id(row), None, &json!({"from_id": from_id, "to_id": to_id}))?;
            moved += 1;
        }
    }
    for row in &observations {
        write::update(OBSERVATIONS, refer::id(row), None, &json!({"entity_id": kept}))?;
    }
    for row in hanging(ALIASES, old)? {
        write::delete(ALIASES, refer::id(&row), None)?;
        alias(refer::text(&row, "name"), &into)?;
    }
    let mut sources = refer::ids(&into, "sources");
    sources.extend(refer::ids(&from, "sources"));
    sources.sort_unstable();
    sources.dedup();
    let mut metadata = from.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    metadata.extend(into.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default());
    write::delete(ENTITIES, old, None)?;
    let mut patch = Map::new();
    patch.insert("sources".into(), json!(sources));
    if !metadata.is_empty() {
        patch.insert("metadata".into(), Value::Object(metadata));
    }
    write::update(ENTITIES, kept, None, &Value::Object(patch))?;
    alias(refer::text(&from, "name"), &into)?;
    rename(kept, refer::text(&into, "name"))?;
    Ok(json!({
        "id": kept, "merged": [{"name": refer::text(&from, "name"), "id": old, "into": kept, "into_name": refer::text(&into, "name")}],
        "relations_moved": moved, "relations_dropped": dropped, "observations_moved": observations.len(),
    }))
}

fn ends(row: &Value) -> (Option<u64>, Option<u64>, String) {
    (refer::int(row, "from_id"), refer::int(row, "to_id"), refer::text(row, "relation_type").to_owned())
}

#[derive(Deserialize)]
struct Ids {
    ids: Vec<Id>,
}

pub(super) fn delete(given: Value) -> Answer {
    let ids = distinct(&arguments::<Ids>(given)?.ids);
    let (mut deleted, mut missing, mut with) = (Vec::new(), Vec::new(), [0, 0]);
    for id in ids {
        if get(ENTITIES, id)?.is_none() {
            missing.push(id);
            continue;
        }
        let (relations, observations) = (relations_of(id)?, hanging(OBSERVATIONS, id)?);
        check_hanging(relations.len() + observations.len())?;
        for row in &relations {
            write::delete(RELATIONS, refer::id(row), None)?;
        }
        for row in &observations {
            write::delete(OBSERVATIONS, refer::id(row), None)?;
        }
        for row in hanging(ALIASES, id)? {
            write::delete(ALIASES, refer::id(&row), None)?;
        }
        write::delete(ENTITIES, id, None)?;
        with = [with[0] + relations.len(), with[1] + observations.len()];
        deleted.push(id);
    }
    Ok(json!({"deleted": deleted, "missing": missing, "relations_deleted": with[0], "observations_deleted": with[1]}))
}

/// Deleted rows of an entity that went at the same instant as it did.
fn gone(collection: &str, condition: Value, at: u64) -> Result<Vec<Value>, Fault> {
    let query = Query::of(collection).with_deleted().filter(condition)?.filter(json!(["deleted_at", "=", at]))?;
    query.limit(1_000).all(MOST_HANGING)
}

pub(super) fn restore(given: Value) -> Answer {
    let ids = distinct(&arguments::<Ids>(given)?.ids);
    let (mut restored, mut missing, mut relations, mut observations) = (Vec::new(), Vec::new(), 0, 0);
    let mut back: Vec<(u64, u64)> = Vec::new();
    for id in ids {
        let row = Query::of(ENTITIES).with_deleted().filter(json!(["id", "=", id]))?.first()?;
        match row.and_then(|row| refer::int(&row, "deleted_at")) {
            Some(at) => {
                write::restore(ENTITIES, id)?;
                restored.push(id);
                back.push((id, at));
            }
            None => missing.push(id),
        }
    }
    for (id, at) in back {
        for row in gone(RELATIONS, json!({"any": [["from_id", "=", id], ["to_id", "=", id]]}), at)? {
            // Not if its other end is still gone; and of two entities that came back the first has restored it.
            let other =
                [refer::int(&row, "from_id"), refer::int(&row, "to_id")].into_iter().flatten().find(|end| *end != id);
            let ends_live = other.map_or(Ok(true), |other| Ok::<_, Fault>(entity(other).is_ok()))?;
            if ends_live && get(RELATIONS, refer::id(&row))?.is_none() {
                write::restore(RELATIONS, refer::id(&row))?;
                relations += 1;
            }
        }
        for (collection, count) in [(OBSERVATIONS, 1), (ALIASES, 0)] {
            for row in gone(collection, json!(["entity_id", "=", id]), at)? {
                write::restore(collection, refer::id(&row))?;
                observations += count;
            }
        }
    }
    Ok(
        json!({"restored": restored, "missing": missing, "relations_restored": relations, "observations_restored": observations}),
    )
}
