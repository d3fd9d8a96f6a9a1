//! Dependencies: what an entity needs and what needs it; symbols, which are entities of the types File and Function.

use super::figures;
use super::find::find_known;
use super::observations::of_entity;
use super::settings;
use super::view::{Relation, View, Whole, shown};
use super::walks::{around, spread};
use crate::kind::Direction;
use crate::name::is_symbol;
use crate::refer::{self, Refer};
use crate::symbols::cycles;
use memstrata_sdk::{Answer, Fault, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Relations that say that one thing needs another. `depends_on` is the requirements' word, the others are common in
/// graphs of code.
const NEEDS: [&str; 4] = ["depends_on", "calls", "imports", "uses"];

#[derive(Deserialize)]
struct Needs {
    #[serde(alias = "symbol")]
    entity: Refer,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    depth: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(flatten)]
    view: View,
}

/// The view with the relations that mean a need, unless the caller named some.
fn needing(mut view: View) -> View {
    if view.relation_types.is_empty() && view.relation_type.is_none() {
        view.relation_types = NEEDS.map(str::to_owned).to_vec();
    }
    view
}

/// A file or a function.
fn symbol(refer: &Refer, entity_type: Option<&str>, view: &View) -> Result<Value, Fault> {
    let row = find_known(refer, entity_type, view.namespace(), view.known_at())?;
    let kind = refer::text(&row, "entity_type");
    if !is_symbol(kind) {
        return Err(Fault::invalid(format!(
            "`{}` is of type {kind}, no symbol: name a File or a Function, or use `find_dependencies`",
            refer::text(&row, "name")
        )));
    }
    Ok(row)
}

pub(super) fn dependencies(given: Value, dependents: bool, symbols: bool) -> Answer {
    let given: Needs = arguments(given)?;
    let view = needing(given.view);
    let row = if symbols {
        symbol(&given.entity, given.entity_type.as_deref(), &view)?
    } else {
        find_known(&given.entity, given.entity_type.as_deref(), view.namespace(), view.known_at())?
    };
    let id = refer::id(&row);
    let direction = if dependents { Direction::In } else { Direction::Out };
    let near = around(&view, &[id], direction, given.depth.unwrap_or(5), settings()?.path_relations)?;
    let mut order: Vec<(u64, usize, Option<u64>)> = near
        .depth
        .iter()
        .filter(|(other, _)| **other != id)
        .map(|(other, (steps, by))| (*other, *steps, *by))
        .collect();
    order.sort_by_key(|(other, steps, _)| (*steps, *other));
    let names = view.names(&order.iter().map(|(other, ..)| *other).collect::<Vec<_>>())?;
    let limit = given.limit.unwrap_or(100);
    let found: Vec<Value> = order
        .iter()
        .take(limit)
        .map(|(other, steps, by)| {
            let mut shown = shown(*other, names.get(other));
            if let (Some(fields), Some(by)) = (shown.as_object_mut(), by.and_then(|by| near.relations.get(&by))) {
                fields.insert("depth".into(), json!(steps));
                fields.insert("relation_type".into(), json!(by.relation_type));
                // The entity one step nearer.
                fields.insert("through".into(), json!(by.other(*other)));
            }
            shown
        })
        .collect();
    // It is part of a cycle if a relation that was walked leads back to it.
    let back = |relation: &Relation| if dependents { relation.from_id == id } else { relation.to_id == id };
    let direct = order.iter().filter(|(_, steps, _)| *steps == 1).count();
    Ok(json!({
        "id": id, "name": refer::text(&row, "name"), "entity_type": refer::text(&row, "entity_type"),
        "found": found, "total": order.len(), "direct": direct,
        "max_depth": order.iter().map(|(_, steps, _)| *steps).max().unwrap_or_default(),
        "in_cycle": near.relations.values().any(back),
        "truncated": near.cut || order.len() > limit,
    }))
}

#[derive(Deserialize)]
struct Info {
    symbol: Refer,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn info(given: Value) -> Answer {
    let given: Info = arguments(given)?;
    let view = &given.view;
    let row = symbol(&given.symbol, given.entity_type.as_deref(), view)?;
    let id = refer::id(&row);
    let (relations, cut) = view.touching(&[id], Direction::Both, settings()?.path_relations)?;
    let names = view.names(&relations.iter().map(|relation| relation.other(id)).collect::<Vec<_>>())?;
    let pick = |leaves: bool, types: &[&str]| -> Vec<Value> {
        relations
            .iter()
            .filter(|relation| if leaves { relation.from_id == id } else { relation.to_id == id })
            .filter(|relation| types.contains(&relation.relation_type.as_str()))
            .take(50)
            .map(|relation| shown(relation.other(id), names.get(&relation.other(id))))
            .collect()
    };
    let observations = of_entity(view, id, 20)?;
    Ok(json!({
        "entity": refer::entity(&row),
        "observations": observations.iter().map(refer::observation).collect::<Vec<_>>(),
        "contained_in": pick(false, &["contains"]),
        "contains": pick(true, &["contains"]),
        "dependencies": pick(true, &NEEDS),
        "dependents": pick(false, &NEEDS),
        "tested_by": pick(false, &["tests"]),
        "implements": pick(true, &["implements"]),
        "relation_count": relations.len(),
        "relation_type_distribution": spread(relations.iter().map(|relation| relation.relation_type.as_str())),
        "truncated": cut,
    }))
}

#[derive(Deserialize)]
struct Analyze {
    #[serde(default)]
    limit: Option<usize>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn analyze(given: Value) -> Answer {
    let given: Analyze = arguments(given)?;
    let limit = given.limit.unwrap_or(10);
    match figures::kept(&given.view, "symbols", None)? {
        Some(kept) => {
            figures::named(figures::trimmed(kept, &["most_needed", "neediest", "cycles", "unrelated"], limit))
        }
        None => Ok(together(&given.view.whole()?, limit)),
    }
}

/// How the symbols of a graph depend on each other.
pub(super) fn together(whole: &Whole, limit: usize) -> Value {
    let is = |node: usize| whole.named.get(node).is_some_and(|named| is_symbol(&named.entity_type));
    let all: Vec<usize> = (0..whole.ids.len()).filter(|node| is(*node)).collect();
    let (mut needs, mut needed): (BTreeMap<usize, usize>, BTreeMap<usize, usize>) = Default::default();
    let (mut edges, mut types, mut tested, mut touched) =
        (Vec::new(), Vec::new(), Vec::new(), vec![false; whole.ids.len()]);
    for (relation, (from, to)) in whole.relations.iter().zip(whole.directed()) {
        for node in [from, to] {
            if let Some(touched) = touched.get_mut(node) {
                *touched = true;
            }
        }
        if relation.relation_type == "tests" && is(to) {
            tested.push(to);
        }
        if is(from) && is(to) {
            types.push(relation.relation_type.as_str());
            if NEEDS.contains(&relation.relation_type.as_str()) {
                edges.push((from, to));
                *needs.entry(from).or_default() += 1;
                *needed.entry(to).or_default() += 1;
            }
        }
    }
    tested.sort_unstable();
    tested.dedup();
    let most = |counts: &BTreeMap<usize, usize>| -> Vec<Value> {
        let mut order: Vec<(usize, usize)> = counts.iter().map(|(node, count)| (*node, *count)).collect();
        order.sort_by_key(|(node, count)| (std::cmp::Reverse(*count), *node));
        let counted = |(node, count): (usize, usize)| {
            let mut shown = whole.shown(node);
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("count".into(), json!(count));
            }
            shown
        };
        order.into_iter().take(limit).map(counted).collect()
    };
    let round_trips = cycles(whole.ids.len(), &edges);
    let alone: Vec<usize> = all.iter().copied().filter(|node| touched.get(*node) == Some(&false)).collect();
    json!({
        "symbols": all.len(),
        "by_type": spread(all.iter().filter_map(|node| Some(whole.named.get(*node)?.entity_type.as_str()))),
        "relation_type_distribution": spread(types.into_iter()),
        "dependencies": edges.len(),
        "most_needed": most(&needed),
        "neediest": most(&needs),
        "cycles": round_trips.iter().take(limit)
            .map(|cycle| cycle.iter().take(50).map(|node| whole.shown(*node)).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "cycle_count": round_trips.len(),
        "tested": tested.len(),
        "unrelated": alone.iter().take(limit).map(|node| whole.shown(*node)).collect::<Vec<_>>(),
        "unrelated_count": alone.len(),
        "notes": whole.notes,
        "computed_at": null,
    })
}
