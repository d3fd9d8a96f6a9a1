//! Paths between two entities.

use super::find::find_known;
use super::settings;
use super::view::{StoreRoads, View, shown};
use crate::kind::Direction;
use crate::paths::{self, Route, Step};
use crate::refer::{self, Refer, round};
use memstrata_sdk::{Answer, Fault, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Ends {
    from_entity: Refer,
    to_entity: Refer,
    #[serde(default)]
    direction: Direction,
    #[serde(default)]
    max_length: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(flatten)]
    view: View,
}

impl Ends {
    fn ids(&self) -> Result<(u64, u64), Fault> {
        let end =
            |refer| find_known(refer, None, self.view.namespace(), self.view.known_at()).map(|row| refer::id(&row));
        Ok((end(&self.from_entity)?, end(&self.to_entity)?))
    }
}

/// Paths as entities and relations in turn.
fn walked(view: &View, roads: &StoreRoads<'_>, from: u64, paths: &[Vec<Step>]) -> Result<Vec<Value>, Fault> {
    let mut ids: Vec<u64> = paths.iter().flatten().map(|step| step.to).chain([from]).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = view.names(&ids)?;
    let relation = |step: &Step| roads.relations.get(&step.relation).map(|relation| relation.shown());
    let shown_path = |path: &Vec<Step>| {
        let nodes: Vec<Value> =
            [from].into_iter().chain(path.iter().map(|step| step.to)).map(|id| shown(id, names.get(&id))).collect();
        json!({
            "entities": nodes,
            "relations": path.iter().filter_map(relation).collect::<Vec<_>>(),
            "length": path.len(),
            "cost": round(path.iter().map(|step| step.cost).sum()),
        })
    };
    Ok(paths.iter().map(shown_path).collect())
}

fn answer(view: &View, roads: &StoreRoads<'_>, (from, to): (u64, u64), route: Route) -> Answer {
    let found = route.path.is_some();
    let path = match route.path {
        Some(path) => walked(view, roads, from, &[path])?.into_iter().next(),
        None => None,
    };
    let cut = route.cut || roads.cut;
    let notes: Vec<&str> = if cut {
        vec!["the search was cut short by `max_length` or by the setting path_relations: there may be a better path"]
    } else {
        Vec::new()
    };
    Ok(json!({"from_id": from, "to_id": to, "found": found, "path": path, "truncated": cut, "notes": notes}))
}

pub(super) fn shortest(given: Value) -> Answer {
    let given: Ends = arguments(given)?;
    let (from, to) = given.ids()?;
    let most = settings()?.path_relations;
    let mut roads = StoreRoads::new(&given.view, given.direction, most);
    let route = paths::shortest(&mut roads, from, to, given.max_length.unwrap_or(10), most)?;
    answer(&given.view, &roads, (from, to), route)
}

pub(super) fn cheapest(given: Value) -> Answer {
    let given: Ends = arguments(given)?;
    let (from, to) = given.ids()?;
    let most = settings()?.path_relations;
    let mut roads = StoreRoads::new(&given.view, given.direction, most);
    let route = paths::cheapest(&mut roads, from, to, given.max_length.unwrap_or(10), most)?;
    answer(&given.view, &roads, (from, to), route)
}

pub(super) fn all(given: Value) -> Answer {
    let given: Ends = arguments(given)?;
    let (from, to) = given.ids()?;
    if from == to {
        return Err(Fault::invalid("`from_entity` and `to_entity` are one entity: name two"));
    }
    let (most, limit) = (settings()?.path_relations, given.limit.unwrap_or(20));
    let mut roads = StoreRoads::new(&given.view, given.direction, most);
    let (found, cut) = paths::simple(&mut roads, from, to, given.max_length.unwrap_or(4), limit, most)?;
    let mut lengths: BTreeMap<String, usize> = BTreeMap::new();
    for path in &found {
        *lengths.entry(path.len().to_string()).or_default() += 1;
    }
    let paths = walked(&given.view, &roads, from, &found)?;
    Ok(
        json!({"from_id": from, "to_id": to, "count": paths.len(), "paths": paths, "lengths": lengths, "truncated": cut || roads.cut}),
    )
}
