//! The surroundings of entities: search with depth, neighbours.

use super::find::find_known;
use super::listing::{matching, rows_of};
use super::observations::said_of;
use super::settings;
use super::view::{Relation, View, shown};
use crate::community::commonest;
use crate::kind::Direction;
use crate::refer::{self, Refer, round};
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What lies around some entities.
pub(super) struct Around {
    /// Steps from the start, 0 for the start itself; and the relation each was first reached by.
    pub(super) depth: BTreeMap<u64, (usize, Option<u64>)>,
    pub(super) relations: BTreeMap<u64, Relation>,
    pub(super) cut: bool,
}

/// Walks out from entities, layer by layer.
pub(super) fn around(
    view: &View,
    start: &[u64],
    direction: Direction,
    depth: usize,
    most: usize,
) -> Result<Around, Fault> {
    let mut found =
        Around { depth: start.iter().map(|id| (*id, (0, None))).collect(), relations: BTreeMap::new(), cut: false };
    let mut frontier = start.to_vec();
    for layer in 1..=depth {
        if frontier.is_empty() || found.cut {
            break;
        }
        let left = most.saturating_sub(found.relations.len()).max(1);
        let (relations, cut) = view.touching(&frontier, direction, left)?;
        found.cut |= cut;
        let mut next = Vec::new();
        for relation in relations {
            let ends = [
                (relation.from_id, relation.to_id, direction != Direction::In),
                (relation.to_id, relation.from_id, direction != Direction::Out),
            ];
            for (here, there, _) in ends.into_iter().filter(|end| end.2) {
                let from_here = found.depth.get(&here).is_some_and(|(steps, _)| *steps == layer - 1);
                if from_here && !found.depth.contains_key(&there) {
                    found.depth.insert(there, (layer, Some(relation.id)));
                    next.push(there);
                }
            }
            found.relations.insert(relation.id, relation);
        }
        frontier = next;
    }
    Ok(found)
}

/// Counts of values, commonest first.
pub(super) fn spread<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    let counts: Map<String, Value> =
        commonest(values).into_iter().map(|(value, count)| (value.to_owned(), json!(count))).collect();
    Value::Object(counts)
}

#[derive(Deserialize)]
struct Search {
    query: String,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    direction: Direction,
    depth: usize,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    max_entities: Option<usize>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn search(given: Value) -> Answer {
    let given: Search = arguments(given)?;
    let view = &given.view;
    let (found, mut notes) = matching(view, &given.query, given.entity_type.as_deref(), given.limit.unwrap_or(10))?;
    let scores: BTreeMap<u64, f64> = found.iter().copied().collect();
    let start: Vec<u64> = found.iter().map(|(id, _)| *id).collect();
    let near = around(view, &start, given.direction, given.depth, settings()?.path_relations)?;
    let mut order: Vec<(u64, usize)> = near.depth.iter().map(|(id, (steps, _))| (*id, *steps)).collect();
    let score = |id: &u64| scores.get(id).copied().unwrap_or(0.0);
    order.sort_by(|a, b| a.1.cmp(&b.1).then(score(&b.0).total_cmp(&score(&a.0))).then(a.0.cmp(&b.0)));
    let most = given.max_entities.unwrap_or(50);
    let cut = near.cut || order.len() > most;
    order.truncate(most);
    let ids: Vec<u64> = order.iter().map(|(id, _)| *id).collect();
    let mut entities = Vec::new();
    let found: Vec<u64> = ids.iter().copied().filter(|id| scores.contains_key(id)).collect();
    let said = said_of(view, &found, 5)?;
    for row in rows_of(view, &ids)? {
        let id = refer::id(&row);
        let mut shown = refer::entity(&row);
        shown.insert("depth".into(), json!(near.depth.get(&id).map(|(steps, _)| *steps)));
        if let Some(score) = scores.get(&id) {
            shown.insert("score".into(), json!(score));
            shown.insert("observations".into(), json!(said.get(&id).map(Vec::as_slice).unwrap_or_default()));
        }
        entities.push(Value::Object(shown));
    }
    let kept = |relation: &&Relation| ids.contains(&relation.from_id) && ids.contains(&relation.to_id);
    let relations: Vec<&Relation> = near.relations.values().filter(kept).collect();
    if cut {
        notes
            .push(format!("shown are the nearest {} entities: ask with a smaller depth or a relation_type", ids.len()));
    }
    Ok(json!({
        "entities": entities,
        "relations": relations.iter().map(|relation| relation.shown()).collect::<Vec<_>>(),
        "total_entities": near.depth.len(),
        "total_relations": near.relations.len(),
        "relation_type_distribution": spread(near.relations.values().map(|relation| relation.relation_type.as_str())),
        "truncated": cut,
        "notes": notes,
    }))
}

#[derive(Deserialize)]
struct Neighbors {
    #[serde(alias = "entity_id")]
    entity: Refer,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    direction: Direction,
    #[serde(default)]
    depth: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(flatten)]
    view: View,
}

#[expect(clippy::cast_precision_loss, reason = "counts of neighbours")]
pub(super) fn neighbors(given: Value) -> Answer {
    let given: Neighbors = arguments(given)?;
    let view = &given.view;
    let row = find_known(&given.entity, given.entity_type.as_deref(), view.namespace(), view.known_at())?;
    let id = refer::id(&row);
    let near = around(view, &[id], given.direction, given.depth.unwrap_or(1), settings()?.path_relations)?;
    let mut order: Vec<(u64, usize, Option<u64>)> = near
        .depth
        .iter()
        .filter(|(other, _)| **other != id)
        .map(|(other, (steps, by))| (*other, *steps, *by))
        .collect();
    let weight = |by: Option<u64>| by.and_then(|by| near.relations.get(&by)).map_or(0.0, Relation::weight);
    order.sort_by(|a, b| a.1.cmp(&b.1).then(weight(b.2).total_cmp(&weight(a.2))).then(a.0.cmp(&b.0)));
    let names = view.names(&order.iter().map(|(other, ..)| *other).collect::<Vec<_>>())?;
    let limit = given.limit.unwrap_or(50);
    let neighbors: Vec<Value> = order
        .iter()
        .take(limit)
        .map(|(other, steps, by)| {
            let mut shown = shown(*other, names.get(other));
            if let (Some(fields), Some(by)) = (shown.as_object_mut(), by.and_then(|by| near.relations.get(&by))) {
                fields.insert("depth".into(), json!(steps));
                fields.insert("relation_id".into(), json!(by.id));
                fields.insert("relation_type".into(), json!(by.relation_type));
                fields.insert("direction".into(), json!(if by.to_id == *other { "out" } else { "in" }));
                fields.insert("weight".into(), json!(round(by.weight())));
            }
            shown
        })
        .collect();
    // The share of the relations there could be between the entity and all it reaches.
    let reached = near.depth.len() as f64;
    let possible = reached * (reached - 1.0) / 2.0;
    let connectivity = if possible > 0.0 { (near.relations.len() as f64 / possible).min(1.0) } else { 0.0 };
    Ok(json!({
        "id": id,
        "neighbors": neighbors,
        "total_neighbors": order.len(),
        "neighbor_type_distribution": spread(order.iter().filter_map(|(other, ..)| Some(names.get(other)?.entity_type.as_str()))),
        "relation_type_distribution": spread(near.relations.values().map(|relation| relation.relation_type.as_str())),
        "connectivity_score": round(connectivity),
        "truncated": near.cut || order.len() > limit,
    }))
}
