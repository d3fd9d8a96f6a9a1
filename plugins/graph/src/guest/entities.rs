//! Entities written: one or many, each resolved against what is known.

use super::observations::{NewObservation, observe};
use super::{ALIASES, ENTITIES, resolve, settings};
use crate::args::{Id, distinct};
use crate::kind;
use crate::name::{ends, normal};
use crate::refer::{self, reference, round, searched};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json, write};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct NewEntity {
    name: String,
    entity_type: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    observations: Vec<NewObservation>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    sources: Vec<Id>,
}

/// A name that says something.
pub(super) fn clean_name(name: &str) -> Result<String, Fault> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(Fault::invalid("`name` is empty: say what the entity is called"));
    }
    Ok(name)
}

/// The fields of an entity that follow from its name and type.
pub(super) fn name_fields(name: &str, entity_type: &str, description: &str) -> Result<Map<String, Value>, Fault> {
    let key = normal(name, entity_type);
    if key.is_empty() {
        return Err(Fault::invalid("`name` has no letter or digit: say what the entity is called"));
    }
    let (head, tail) = ends(&key);
    let mut fields = Map::new();
    for (field, value) in [
        ("name", name),
        ("name_key", &key),
        ("head", &head),
        ("tail", &tail),
        ("entity_type", entity_type),
        ("description", description),
        ("text", &searched(name, entity_type, description)),
    ] {
        fields.insert(field.into(), json!(value));
    }
    Ok(fields)
}

/// Says that a name means an entity, unless something says so already.
pub(super) fn alias(name: &str, entity: &Value) -> Result<(), Fault> {
    let entity_type = refer::text(entity, "entity_type");
    let row = json!({
        "key": normal(name, entity_type), "name": name, "entity_type": entity_type,
        "entity_id": refer::id(entity), "namespace": refer::text(entity, "namespace"),
    });
    write::upsert(ALIASES, "key", &row).map(|_| ())
}

/// Adds to a known entity what it lacks.
fn complete(known: &Value, new: &NewEntity) -> Result<Vec<&'static str>, Fault> {
    let (mut patch, mut changed) = (Map::new(), Vec::new());
    let given = new.description.as_deref().unwrap_or_default().trim();
    if !given.is_empty() && refer::text(known, "description").is_empty() {
        let (name, entity_type) = (refer::text(known, "name"), refer::text(known, "entity_type"));
        patch.insert("description".into(), json!(given));
        patch.insert("text".into(), json!(searched(name, entity_type, given)));
        changed.push("description");
    }
    if let Some(metadata) = &new.metadata {
        let mut all = known.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
        let before = all.len();
        for (key, value) in metadata {
            all.entry(key.clone()).or_insert_with(|| value.clone());
        }
        if all.len() > before {
            patch.insert("metadata".into(), Value::Object(all));
            changed.push("metadata");
        }
    }
    let mut sources = refer::ids(known, "sources");
    let before = sources.len();
    for id in distinct(&new.sources) {
        if !sources.contains(&id) {
            sources.push(id);
        }
    }
    if sources.len() > before {
        patch.insert("sources".into(), json!(sources));
        changed.push("sources");
    }
    if !patch.is_empty() {
        write::update(ENTITIES, refer::id(known), None, &Value::Object(patch))?;
    }
    Ok(changed)
}

fn insert(new: &NewEntity, name: &str, entity_type: &str, namespace: &str, resolve: bool) -> Result<u64, Fault> {
    let mut row = name_fields(name, entity_type, new.description.as_deref().unwrap_or_default().trim())?;
    if !resolve {
        // A namesake: the number keeps the names apart.
        let namesakes = Query::of(ENTITIES)
            .filter(json!(["namespace", "=", namespace]))?
            .filter(json!(["entity_type", "=", entity_type]))?
            .filter(json!(["name_key", "=", row.get("name_key")]))?
            .aggregate("max", "twin")?;
        #[expect(clippy::cast_possible_truncation, reason = "a count of namesakes")]
        row.insert("twin".into(), json!(namesakes.map_or(0, |most| most as i64 + 1)));
    }
    if let Some(metadata) = &new.metadata {
        row.insert("metadata".into(), Value::Object(metadata.clone()));
    }
    if let Some(namespace) = &new.namespace {
        row.insert("namespace".into(), json!(namespace));
    }
    row.insert("sources".into(), json!(distinct(&new.sources)));
    write::insert(ENTITIES, &Value::Object(row))
}

/// Writes one entity; answers what became of it.
pub(super) fn store(new: &NewEntity, resolve: bool) -> Answer {
    let name = clean_name(&new.name)?;
    let entity_type = kind::entity_type(&new.entity_type)?;
    let namespace = new.namespace.as_deref().unwrap_or_default();
    let same = if resolve {
        resolve::known(&normal(&name, &entity_type), &entity_type, namespace, settings()?.resolve_threshold)?
    } else {
        None
    };
    let mut merged = Vec::new();
    let (id, created, changed) = match &same {
        None => (insert(new, &name, &entity_type, namespace, resolve)?, true, Vec::new()),
        Some(same) => {
            let id = refer::id(&same.row);
            if same.how == "similar" {
                alias(&name, &same.row)?;
            }
            merged.push(json!({
                "name": name, "into": id, "into_name": refer::text(&same.row, "name"), "how": same.how,
                "similarity": round(same.similarity),
            }));
            (id, false, complete(&same.row, new)?)
        }
    };
    let kept = same.as_ref().map_or(name.as_str(), |same| refer::text(&same.row, "name"));
    let mut observed = Vec::new();
    for observation in &new.observations {
        observed.push(observe(id, kept, namespace, observation)?.id);
    }
    Ok(json!({
        "id": id, "ref": reference(id), "name": kept, "entity_type": entity_type, "created": created,
        "merged": merged, "changed": changed, "observations": observed,
    }))
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct One {
    #[serde(flatten)]
    entity: NewEntity,
    #[serde(default = "yes")]
    resolve: bool,
}

pub(super) fn create(given: Value) -> Answer {
    let given: One = arguments(given)?;
    store(&given.entity, given.resolve)
}

#[derive(Deserialize)]
struct Many {
    entities: Vec<NewEntity>,
    #[serde(default = "yes")]
    resolve: bool,
}

pub(super) fn create_many(given: Value) -> Answer {
    let given: Many = arguments(given)?;
    let mut items: Vec<Value> = Vec::with_capacity(given.entities.len());
    for (nth, entity) in given.entities.iter().enumerate() {
        items.push(store(entity, given.resolve).map_err(|mut fault| {
            fault.message = format!("entity {nth}: {}", fault.message);
            fault
        })?);
    }
    let created = items.iter().filter(|item| item.get("created") == Some(&Value::Bool(true))).count();
    let merged: Vec<Value> =
        items.iter().filter_map(|item| item.get("merged").and_then(Value::as_array)).flatten().cloned().collect();
    Ok(json!({"created": created, "known": items.len() - created, "merged": merged, "items": items}))
}
