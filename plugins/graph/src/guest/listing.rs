//! Entities read: one in full, lists, search, history, counts.

use super::find::find_known;
use super::observations::of_entity;
use super::view::View;
use super::{ALIASES, COMMUNITIES, ENTITIES, OBSERVATIONS, RELATIONS};
use crate::kind::{self, Direction};
use crate::refer::{self, Refer, round};
use memstrata_sdk::{Answer, Fault, Map, Query, Search, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Relations of one entity that are looked at.
const MOST_RELATIONS: usize = 5_000;

#[derive(Deserialize)]
struct Get {
    #[serde(alias = "entity_id")]
    entity: Refer,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    relations_limit: Option<usize>,
    #[serde(default)]
    observations_limit: Option<u32>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn get_entity(given: Value) -> Answer {
    let given: Get = arguments(given)?;
    let view = &given.view;
    let row = find_known(&given.entity, given.entity_type.as_deref(), view.namespace(), view.known_at())?;
    let id = refer::id(&row);
    let (relations, cut) = view.touching(&[id], Direction::Both, MOST_RELATIONS)?;
    let limit = given.relations_limit.unwrap_or(20);
    let others: Vec<u64> = relations.iter().take(limit).map(|relation| relation.other(id)).collect();
    let names = view.names(&others)?;
    let shown: Vec<Value> = relations
        .iter()
        .take(limit)
        .map(|relation| {
            let mut shown = relation.shown();
            if let Some(fields) = shown.as_object_mut() {
                let direction = if relation.from_id == id { "out" } else { "in" };
                fields.insert("direction".into(), json!(direction));
                let name = names.get(&relation.other(id)).map(|named| named.name.as_str());
                fields.insert("other".into(), json!(name.unwrap_or_default()));
            }
            shown
        })
        .collect();
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    for relation in &relations {
        *types.entry(&relation.relation_type).or_default() += 1;
    }
    let aliases = view.rows(ALIASES)?.filter(json!(["entity_id", "=", id]))?.limit(50).page()?.rows;
    let mut answer = refer::entity(&row);
    answer.insert("aliases".into(), json!(aliases.iter().map(|row| refer::text(row, "name")).collect::<Vec<_>>()));
    let observations = of_entity(view, id, given.observations_limit.unwrap_or(20))?;
    answer.insert("observations".into(), json!(observations.iter().map(refer::observation).collect::<Vec<_>>()));
    answer.insert("relations".into(), json!(shown));
    answer.insert("relation_count".into(), json!(relations.len()));
    answer.insert("relation_types".into(), json!(types));
    answer.insert("truncated".into(), json!(cut || relations.len() > limit));
    Ok(Value::Object(answer))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    sort_by: Option<String>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let entity_type = given.entity_type.as_deref().map(kind::entity_type).transpose()?;
    let mut query = given.view.rows(ENTITIES)?.filter_if("entity_type", "=", entity_type)?;
    query = match given.sort_by.as_deref() {
        Some("recent") => query.descending("updated_at")?,
        Some("created") => query.descending("created_at")?,
        _ => query.ascending("name_key")?,
    };
    let page = query.limit(given.limit.unwrap_or(20)).after(given.cursor.as_deref())?.page()?;
    let entities: Vec<Map<String, Value>> = page.rows.iter().map(refer::entity).collect();
    Ok(json!({"entities": entities, "count": entities.len(), "next_cursor": page.next}))
}

/// Entities with their scores, and what the searches could not do.
pub(super) type Matches = (Vec<(u64, f64)>, Vec<String>);

/// Entities found by their own text or by what was observed of them, each with its best score, best first.
pub(super) fn matching(view: &View, text: &str, entity_type: Option<&str>, limit: u32) -> Result<Matches, Fault> {
    let entity_type = entity_type.map(kind::entity_type).transpose()?;
    let mut best: BTreeMap<u64, f64> = BTreeMap::new();
    let mut notes = Vec::new();
    for collection in [ENTITIES, OBSERVATIONS] {
        let valid = (collection == OBSERVATIONS).then(|| view.valid_at());
        let mut search = Search::of(text)
            .collection(collection)?
            .namespace(view.namespace())?
            .known_at(view.known_at())
            .valid_at(valid);
        if let (Some(entity_type), ENTITIES) = (&entity_type, collection) {
            search = search.filter(json!(["entity_type", "=", entity_type]))?;
        }
        for (channel, weight) in [("text", 0.6), ("vector", 0.4), ("context", 0.0), ("time", 0.0), ("graph", 0.0)] {
            search = search.weight(channel, weight)?;
        }
        let results = search.min_similarity(0.3).limit(limit).results()?;
        notes.extend(results.notes());
        for hit in memstrata_sdk::hits(&results)? {
            let id = if collection == ENTITIES { Some(hit.id) } else { refer::int(&hit.row, "entity_id") };
            if let Some(id) = id {
                let score = best.entry(id).or_default();
                *score = score.max(hit.score);
            }
        }
    }
    if let Some(wanted) = &entity_type {
        let ids: Vec<u64> = best.keys().copied().collect();
        let names = view.names(&ids)?;
        best.retain(|id, _| names.get(id).is_some_and(|named| named.entity_type == *wanted));
    }
    let mut found: Vec<(u64, f64)> = best.into_iter().collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(limit as usize);
    notes.sort_unstable();
    notes.dedup();
    Ok((found, notes))
}

/// Rows of entities, in the order of the ids, as known in the view.
pub(super) fn rows_of(view: &View, ids: &[u64]) -> Result<Vec<Value>, Fault> {
    let query = Query::of(ENTITIES).known_at(view.known_at()).filter(json!(["id", "in", ids]))?;
    let rows = query.limit(1_000).all(ids.len())?;
    let mut by_id: BTreeMap<u64, Value> = rows.into_iter().map(|row| (refer::id(&row), row)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

#[derive(Deserialize)]
struct Find {
    query: String,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn search(given: Value) -> Answer {
    let given: Find = arguments(given)?;
    let limit = given.limit.unwrap_or(10);
    let (found, notes) = matching(&given.view, &given.query, given.entity_type.as_deref(), limit)?;
    let ids: Vec<u64> = found.iter().map(|(id, _)| *id).collect();
    let scores: BTreeMap<u64, f64> = found.into_iter().collect();
    let entities: Vec<Value> = rows_of(&given.view, &ids)?
        .iter()
        .map(|row| {
            let mut shown = refer::entity(row);
            shown.insert("score".into(), json!(scores.get(&refer::id(row)).copied().unwrap_or_default()));
            Value::Object(shown)
        })
        .collect();
    Ok(json!({"entities": entities, "count": entities.len(), "notes": notes}))
}

#[derive(Deserialize)]
struct History {
    entity: Refer,
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn history(given: Value) -> Answer {
    let given: History = arguments(given)?;
    let id = match &given.entity {
        // A deleted entity still has a history.
        Refer::Id(id) => *id,
        refer => refer::id(&super::find::find(refer, None, given.namespace.as_deref())?),
    };
    let mut versions = memstrata_sdk::history(ENTITIES, id)?;
    if versions.is_empty() {
        return Err(Fault::new("not-found.entity", format!("there was never an entity {}", refer::reference(id))));
    }
    versions.drain(..versions.len().saturating_sub(50));
    let shown = |row: &Value| {
        let mut shown = refer::entity(row);
        for field in ["version", "at", "verb"] {
            if let Some(value) = row.get(field) {
                shown.insert(field.into(), value.clone());
            }
        }
        Value::Object(shown)
    };
    let relations = Query::of(RELATIONS)
        .with_deleted()
        .filter(json!({"any": [["from_id", "=", id], ["to_id", "=", id]]}))?
        .descending("updated_at")?
        .limit(100)
        .page()?
        .rows;
    let observations = Query::of(OBSERVATIONS)
        .with_deleted()
        .filter(json!(["entity_id", "=", id]))?
        .descending("observed_at")?
        .limit(100)
        .page()?
        .rows;
    Ok(json!({
        "id": id,
        "versions": versions.iter().map(shown).collect::<Vec<_>>(),
        "relations": relations.iter().map(refer::relation).collect::<Vec<_>>(),
        "observations": observations.iter().map(refer::observation).collect::<Vec<_>>(),
    }))
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    namespace: Option<String>,
}

pub(super) fn stats(given: Value) -> Answer {
    let given: Stats = arguments(given)?;
    let view = View { namespace: given.namespace, ..View::default() };
    let grouped = |query: Query, field: &str| -> Result<Value, Fault> {
        let mut counts = Map::new();
        for (value, count) in query.group_count(field)?.into_iter().take(30) {
            counts.insert(value.as_str().unwrap_or("none").to_owned(), json!(count));
        }
        Ok(Value::Object(counts))
    };
    let valid = || Ok::<_, Fault>(view.rows(RELATIONS)?.valid_at(Some(view.valid_at())));
    let (entities, relations) = (view.rows(ENTITIES)?.count()?, valid()?.count()?);
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    let per_entity = if entities == 0 { 0.0 } else { relations as f64 / entities as f64 };
    Ok(json!({
        "entities": entities,
        "relations": relations,
        "relations_ended": view.rows(RELATIONS)?.count()?.saturating_sub(relations),
        "observations": view.rows(OBSERVATIONS)?.filter(json!(["superseded_by", "=", null]))?.count()?,
        "communities": view.rows(COMMUNITIES)?.count()?,
        "entity_types": grouped(view.rows(ENTITIES)?, "entity_type")?,
        "relation_types": grouped(valid()?, "relation_type")?,
        "avg_relations_per_entity": round(per_entity),
        "avg_confidence": valid()?.aggregate("avg", "confidence")?.map(round),
    }))
}
