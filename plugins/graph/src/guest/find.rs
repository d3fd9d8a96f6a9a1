//! Which entity a caller means, by id or by name.

use super::{ALIASES, ENTITIES};
use crate::kind;
use crate::name::normal;
use crate::refer::{self, Refer, reference};
use memstrata_sdk::{Fault, Query, Value, get, get_many, json};

/// Entities of one name that are shown to choose from.
const CHOICES: u32 = 20;

/// A live entity.
pub(super) fn entity(id: u64) -> Result<Value, Fault> {
    get(ENTITIES, id)?.ok_or_else(|| {
        let id = reference(id);
        Fault::new(
            "not-found.entity",
            format!("there is no entity {id} in this layer: take an id from `search_entities` or `list_entities`"),
        )
    })
}

/// The one entity a caller means.
pub(super) fn find(refer: &Refer, entity_type: Option<&str>, namespace: Option<&str>) -> Result<Value, Fault> {
    find_known(refer, entity_type, namespace, None)
}

/// The same, as the store knew it at an instant.
pub(super) fn find_known(
    refer: &Refer,
    entity_type: Option<&str>,
    namespace: Option<&str>,
    known_at: Option<u64>,
) -> Result<Value, Fault> {
    let name = match (refer, known_at) {
        (Refer::Id(id), None) => return entity(*id),
        (Refer::Id(id), Some(_)) => {
            let row = Query::of(ENTITIES).known_at(known_at).filter(json!(["id", "=", id]))?.first()?;
            return row.ok_or_else(|| {
                Fault::new("not-found.entity", format!("entity {} was not known at `known_at`", reference(*id)))
            });
        }
        (Refer::Name(name), _) => name,
    };
    let found = by_name(name, entity_type, namespace, known_at)?;
    let exact: Vec<&Value> = found.iter().filter(|row| refer::text(row, "name") == name).collect();
    match (found.as_slice(), exact.as_slice()) {
        ([one], _) => Ok(one.clone()),
        (_, [one]) => Ok((*one).clone()),
        ([], _) => Err(Fault::new(
            "not-found.entity",
            format!("there is no entity named `{name}`: look with `search_entities`, or make it with `create_entity`"),
        )),
        (several, _) => {
            let choices: Vec<String> = several
                .iter()
                .map(|row| format!("{} ({})", reference(refer::id(row)), refer::text(row, "entity_type")))
                .collect();
            Err(Fault::new(
                "conflict.ambiguous",
                format!("several entities are named `{name}`: name one by its id, {}", choices.join(", ")),
            ))
        }
    }
}

/// All entities of a name, those that bear it as an alias too.
fn by_name(
    name: &str,
    entity_type: Option<&str>,
    namespace: Option<&str>,
    known_at: Option<u64>,
) -> Result<Vec<Value>, Fault> {
    // Two normal forms: of identifiers and of all other names.
    let keys = [normal(name, "Concept"), normal(name, "File")];
    let entity_type = entity_type.map(kind::entity_type).transpose()?;
    let query = |collection: &str, field: &str| {
        Query::of(collection)
            .namespace(namespace)?
            .known_at(known_at)
            .filter(json!([field, "in", keys]))?
            .filter_if("entity_type", "=", entity_type.clone())?
            .limit(CHOICES)
            .page()
    };
    let mut rows = query(ENTITIES, "name_key")?.rows;
    rows.retain(|row| refer::text(row, "name_key") == normal(name, refer::text(row, "entity_type")));
    if rows.is_empty() {
        let ids: Vec<u64> = query(ALIASES, "key")?.rows.iter().filter_map(|row| refer::int(row, "entity_id")).collect();
        if !ids.is_empty() {
            rows = get_many(ENTITIES, &ids)?.into_iter().flatten().collect();
            rows.sort_by_key(refer::id);
            rows.dedup_by_key(|row| refer::id(row));
        }
    }
    Ok(rows)
}
