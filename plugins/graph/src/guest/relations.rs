//! Relations: written, changed, ended, looked up.

use super::find::find;
use super::view::View;
use super::{RELATIONS, now};
use crate::args::{Id, Time, distinct};
use crate::kind::{self, spoken};
use crate::page::Cursor;
use crate::refer::{self, Refer, overlap, reference};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, get, get_many, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct NewRelation {
    from_entity: Refer,
    to_entity: Refer,
    #[serde(default)]
    from_type: Option<String>,
    #[serde(default)]
    to_type: Option<String>,
    relation_type: String,
    #[serde(default)]
    strength: Option<f64>,
    #[serde(default)]
    confidence: Option<f64>,
    #[serde(default)]
    valid_from: Option<Time>,
    #[serde(default)]
    valid_until: Option<Time>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    #[serde(default)]
    sources: Vec<Id>,
    #[serde(default)]
    namespace: Option<String>,
}

/// The sentence a relation is searched by.
pub(super) fn fact(from: &str, relation_type: &str, to: &str) -> String {
    format!("{from} {} {to}", spoken(relation_type))
}

fn check_time(from: Option<u64>, until: Option<u64>) -> Result<(), Fault> {
    match (from, until) {
        (Some(from), Some(until)) if until <= from => {
            Err(Fault::invalid("`valid_until` must be later than `valid_from`"))
        }
        _ => Ok(()),
    }
}

/// A number in (0, 1].
fn check_share(name: &str, value: Option<f64>) -> Result<(), Fault> {
    match value {
        Some(value) if !(value > 0.0 && value <= 1.0) => {
            Err(Fault::invalid(format!("`{name}` must be above 0 and at most 1: to end a relation give `valid_until`")))
        }
        _ => Ok(()),
    }
}

fn missing(id: u64) -> Fault {
    let id = reference(id);
    Fault::new("not-found.relation", format!("there is no relation {id}: take an id from `search_relationships`"))
}

fn store(new: &NewRelation) -> Answer {
    let namespace = new.namespace.as_deref();
    let from = find(&new.from_entity, new.from_type.as_deref(), namespace)?;
    let to = find(&new.to_entity, new.to_type.as_deref(), namespace)?;
    let relation_type = kind::relation_type(&new.relation_type)?;
    check_share("strength", new.strength)?;
    check_share("confidence", new.confidence)?;
    let time = (new.valid_from.map(|time| time.0), new.valid_until.map(|time| time.0));
    check_time(time.0, time.1)?;
    let (from_id, to_id) = (refer::id(&from), refer::id(&to));
    let alike = Query::of(RELATIONS)
        .filter(json!(["from_id", "=", from_id]))?
        .filter(json!(["to_id", "=", to_id]))?
        .filter(json!(["relation_type", "=", relation_type]))?
        .limit(1_000);
    let rows = alike.page()?.rows;
    let sources = distinct(&new.sources);
    let known = rows.iter().find(|row| overlap((refer::int(row, "valid_from"), refer::int(row, "valid_to")), time));
    if let Some(known) = known {
        // The same relation over the same time: the new saying adds to it.
        let (id, mut patch) = (refer::id(known), Map::new());
        for (field, value) in [("strength", new.strength), ("confidence", new.confidence)] {
            if let Some(value) = value.filter(|value| refer::number(known, field) != Some(*value)) {
                patch.insert(field.into(), json!(value));
            }
        }
        if let (Some(until), None) = (time.1, refer::int(known, "valid_to")) {
            check_time(refer::int(known, "valid_from"), Some(until))?;
            patch.insert("valid_to".into(), json!(until));
        }
        let mut all = refer::ids(known, "sources");
        let before = all.len();
        all.extend(sources.iter().filter(|id| !refer::ids(known, "sources").contains(id)));
        if all.len() > before {
            patch.insert("sources".into(), json!(all));
        }
        if let Some(metadata) = &new.metadata {
            patch.insert("metadata".into(), Value::Object(metadata.clone()));
        }
        let changed: Vec<String> = patch.keys().cloned().collect();
        if !patch.is_empty() {
            write::update(RELATIONS, id, None, &Value::Object(patch))?;
        }
        return Ok(json!({"id": id, "ref": reference(id), "from_id": from_id, "to_id": to_id,
                         "relation_type": relation_type, "created": false, "changed": changed}));
    }
    // Two that say it at once: one of them runs again and finds the other.
    write::expect(&alike, rows.len() as u64)?;
    let mut row = json!({
        "from_id": from_id, "to_id": to_id, "relation_type": relation_type,
        "strength": new.strength.unwrap_or(1.0), "confidence": new.confidence.unwrap_or(1.0),
        "fact": fact(refer::text(&from, "name"), &relation_type, refer::text(&to, "name")),
        "valid_from": time.0, "valid_to": time.1, "sources": sources,
        "namespace": namespace.unwrap_or(refer::text(&from, "namespace")),
    });
    if let (Some(metadata), Some(fields)) = (&new.metadata, row.as_object_mut()) {
        fields.insert("metadata".into(), Value::Object(metadata.clone()));
    }
    let id = write::insert(RELATIONS, &row)?;
    Ok(json!({"id": id, "ref": reference(id), "from_id": from_id, "to_id": to_id, "relation_type": relation_type,
              "created": true, "changed": []}))
}

pub(super) fn create(given: Value) -> Answer {
    store(&arguments(given)?)
}

#[derive(Deserialize)]
struct Many {
    relations: Vec<NewRelation>,
}

pub(super) fn create_many(given: Value) -> Answer {
    let given: Many = arguments(given)?;
    let mut items = Vec::with_capacity(given.relations.len());
    for (nth, relation) in given.relations.iter().enumerate() {
        items.push(store(relation).map_err(|mut fault| {
            fault.message = format!("relation {nth}: {}", fault.message);
            fault
        })?);
    }
    let created = items.iter().filter(|item| item.get("created") == Some(&Value::Bool(true))).count();
    Ok(json!({"created": created, "known": items.len() - created, "items": items}))
}

#[derive(Deserialize)]
struct Update {
    id: Id,
    #[serde(default)]
    strength: Option<f64>,
    #[serde(default)]
    confidence: Option<f64>,
    #[serde(default)]
    valid_from: Option<Time>,
    #[serde(default)]
    valid_until: Option<Time>,
    #[serde(default)]
    end_now: bool,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
}

pub(super) fn update(given: Value) -> Answer {
    let given: Update = arguments(given)?;
    let id = given.id.0;
    let known = get(RELATIONS, id)?.ok_or_else(|| missing(id))?;
    check_share("strength", given.strength)?;
    check_share("confidence", given.confidence)?;
    let mut patch = Map::new();
    for (field, value) in [("strength", given.strength), ("confidence", given.confidence)] {
        if let Some(value) = value {
            patch.insert(field.into(), json!(value));
        }
    }
    let until = if given.end_now { Some(now()) } else { given.valid_until.map(|time| time.0) };
    for (field, value) in [("valid_from", given.valid_from.map(|time| time.0)), ("valid_to", until)] {
        if let Some(value) = value {
            patch.insert(field.into(), json!(value));
        }
    }
    let time = |field: &str| patch.get(field).and_then(Value::as_u64).or_else(|| refer::int(&known, field));
    check_time(time("valid_from"), time("valid_to"))?;
    if let Some(metadata) = given.metadata {
        patch.insert("metadata".into(), Value::Object(metadata));
    }
    if patch.is_empty() {
        return Err(Fault::invalid("there is nothing to change: give one of the fields beside `id`"));
    }
    let changed: Vec<String> = patch.keys().cloned().collect();
    write::update(RELATIONS, id, None, &Value::Object(patch))?;
    let row = get(RELATIONS, id)?.unwrap_or(known);
    Ok(json!({"relation": refer::relation(&row), "changed": changed}))
}

#[derive(Deserialize)]
struct Delete {
    ids: Vec<Id>,
}

pub(super) fn delete(given: Value) -> Answer {
    let ids = distinct(&arguments::<Delete>(given)?.ids);
    let (mut deleted, mut gone) = (Vec::new(), Vec::new());
    for (id, row) in ids.iter().zip(get_many(RELATIONS, &ids)?) {
        match row {
            Some(_) => {
                write::delete(RELATIONS, *id, None)?;
                deleted.push(*id);
            }
            None => gone.push(*id),
        }
    }
    Ok(json!({"deleted": deleted, "missing": gone}))
}

fn read_cursor(text: Option<&str>) -> Result<Option<Cursor>, Fault> {
    let bad = || Fault::new("invalid.cursor", "this is no cursor of this list: give `next_cursor` as it came");
    text.map(|text| Cursor::parse(text).ok_or_else(bad)).transpose()
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    from_entity: Option<Refer>,
    #[serde(default)]
    to_entity: Option<Refer>,
    #[serde(default)]
    entity: Option<Refer>,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    include_ended: bool,
    #[serde(default)]
    min_confidence: Option<f64>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn search(given: Value) -> Answer {
    let given: Search = arguments(given)?;
    let (view, limit) = (&given.view, given.limit.unwrap_or(20));
    let mut conditions = Vec::new();
    for (field, refer) in [("from_id", &given.from_entity), ("to_id", &given.to_entity)] {
        if let Some(refer) = refer {
            conditions.push(json!([field, "=", refer::id(&find(refer, None, view.namespace())?)]));
        }
    }
    if let Some(refer) = &given.entity {
        let id = refer::id(&find(refer, None, view.namespace())?);
        conditions.push(json!({"any": [["from_id", "=", id], ["to_id", "=", id]]}));
    }
    let types = view.types()?;
    if !types.is_empty() {
        conditions.push(json!(["relation_type", "in", types]));
    }
    if let Some(least) = given.min_confidence {
        conditions.push(json!(["confidence", ">=", least]));
    }
    let valid_at = (!given.include_ended).then(|| view.valid_at());
    let (rows, next) = match given.query.as_deref().map(str::trim).filter(|query| !query.is_empty()) {
        Some(text) => {
            let mut search = memstrata_sdk::Search::of(text).collection(RELATIONS)?.namespace(view.namespace())?;
            for condition in conditions {
                search = search.filter(condition)?;
            }
            let hits = search.valid_at(valid_at).known_at(view.known_at()).limit(limit).hits()?;
            (hits.into_iter().map(|hit| hit.row).collect::<Vec<_>>(), None)
        }
        None => {
            let mut query = view.rows(RELATIONS)?;
            for condition in conditions {
                query = query.filter(condition)?;
            }
            // All pages are of the instant of the first.
            let cursor = read_cursor(given.cursor.as_deref())?;
            let at = cursor.as_ref().map_or_else(|| view.valid_at(), |cursor| cursor.at);
            query = query.valid_at(valid_at.map(|_| at));
            let page = query.limit(limit).after(cursor.as_ref().map(|cursor| cursor.rest.as_str()))?.page()?;
            (page.rows, page.next.map(|next| Cursor::encode(at, &next)))
        }
    };
    let ids: Vec<u64> =
        rows.iter().flat_map(|row| [refer::int(row, "from_id"), refer::int(row, "to_id")]).flatten().collect();
    let names = view.names(&ids)?;
    let shown: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut shown = refer::relation(row);
            for (field, name) in [("from_id", "from_name"), ("to_id", "to_name")] {
                if let Some(named) = refer::int(row, field).and_then(|id| names.get(&id)) {
                    shown.insert(name.into(), json!(named.name));
                }
            }
            Value::Object(shown)
        })
        .collect();
    Ok(json!({"relations": shown, "count": shown.len(), "next_cursor": next}))
}
