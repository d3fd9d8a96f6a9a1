//! Causal context: what led to an entity, and what came of it.

use super::find::{find, find_known};
use super::related::entities_about;
use super::view::{Relation, View, shown};
use super::{ENTITIES, settings};
use crate::args::Id;
use crate::kind::{Direction, is_step_to_cause};
use crate::refer::{self, Refer, reference, round};
use memstrata_sdk::{Answer, Fault, Value, arguments, json, locate};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

#[derive(Deserialize)]
struct Causal {
    #[serde(default)]
    memory_id: Option<Id>,
    #[serde(default)]
    entity: Option<Refer>,
    #[serde(default)]
    depth: Option<usize>,
    #[serde(flatten)]
    view: View,
}

/// One end of a chain.
struct Found {
    id: u64,
    depth: usize,
    /// The relation, and the entity one step nearer.
    by: Relation,
    near: u64,
    /// The product of strength and confidence along the chain.
    weight: f64,
}

/// Follows causes, or effects, layer by layer.
fn follow(view: &View, start: &[u64], to_causes: bool, depth: usize, most: usize) -> Result<(Vec<Found>, bool), Fault> {
    let mut weight: BTreeMap<u64, f64> = start.iter().map(|id| (*id, 1.0)).collect();
    let (mut frontier, mut found, mut cut) = (start.to_vec(), Vec::new(), false);
    for depth in 1..=depth {
        if frontier.is_empty() || cut {
            break;
        }
        let (relations, more) = view.touching(&frontier, Direction::Both, most)?;
        cut |= more;
        let mut next = Vec::new();
        for relation in relations {
            for (near, far, leaves) in
                [(relation.from_id, relation.to_id, true), (relation.to_id, relation.from_id, false)]
            {
                let wanted = is_step_to_cause(&relation.relation_type, leaves == to_causes);
                // Of several starts one may be the cause of another.
                let known = found.iter().any(|found: &Found| found.id == far) || start == [far];
                if !wanted || known || !frontier.contains(&near) {
                    continue;
                }
                let along = weight.get(&near).copied().unwrap_or(1.0) * relation.weight();
                if let Entry::Vacant(place) = weight.entry(far) {
                    place.insert(along);
                    next.push(far);
                }
                found.push(Found { id: far, depth, by: relation.clone(), near, weight: along });
            }
        }
        frontier = next;
    }
    Ok((found, cut))
}

pub(super) fn causal(given: Value) -> Answer {
    let given: Causal = arguments(given)?;
    let mut view = given.view.clone();
    view.relation_types = vec!["caused_by".into(), "resulted_in".into()];
    view.relation_type = None;
    let start: Vec<u64> = match (&given.entity, given.memory_id) {
        (Some(refer), _) => vec![refer::id(&find_known(refer, None, view.namespace(), view.known_at())?)],
        (None, Some(Id(id))) if locate(id)?.as_deref().is_some_and(|name| name.ends_with(ENTITIES)) => {
            vec![refer::id(&find(&Refer::Id(id), None, None)?)]
        }
        (None, Some(Id(id))) => {
            if locate(id)?.is_none() {
                let id = reference(id);
                return Err(Fault::new(
                    "not-found.memory",
                    format!("there is no memory {id} that this layer may read"),
                ));
            }
            entities_about(id)?
        }
        (None, None) => return Err(Fault::invalid("give `entity`, or `memory_id` of a memory that entities cite")),
    };
    let (depth, most) = (given.depth.unwrap_or(3), settings()?.path_relations);
    let (causes, cut) = follow(&view, &start, true, depth, most)?;
    let (effects, more) = follow(&view, &start, false, depth, most)?;
    let ids: Vec<u64> = causes.iter().chain(&effects).map(|found| found.id).chain(start.iter().copied()).collect();
    let names = view.names(&ids)?;
    let list = |found: &[Found]| -> Vec<Value> {
        let one = |found: &Found| {
            let mut shown = shown(found.id, names.get(&found.id));
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("depth".into(), json!(found.depth));
                fields.insert("relation_id".into(), json!(found.by.id));
                fields.insert("relation_type".into(), json!(found.by.relation_type));
                fields.insert("through".into(), json!(found.near));
                fields.insert("weight".into(), json!(round(found.weight)));
            }
            shown
        };
        found.iter().map(one).collect()
    };
    // Ends of the chains: causes with no further cause among what was found.
    let roots: Vec<Value> = causes
        .iter()
        .filter(|found| causes.iter().all(|other| other.near != found.id))
        .map(|found| shown(found.id, names.get(&found.id)))
        .collect();
    Ok(json!({
        "start": start.iter().map(|id| shown(*id, names.get(id))).collect::<Vec<_>>(),
        "causes": list(&causes), "effects": list(&effects), "root_causes": roots,
        "truncated": cut || more,
    }))
}
