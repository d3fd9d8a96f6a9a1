//! Metrics: of one entity, of the whole graph; and who is alone.

use super::figures::{self, trimmed};
use super::find::find_known;
use super::settings;
use super::view::{View, Whole};
use super::walks::spread;
use crate::measures;
use crate::refer::{self, Refer, round};
use memstrata_sdk::{Answer, Fault, Value, arguments, budget, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Closeness of all is computed up to so many entities; above, of the best connected alone.
const MOST_CLOSENESS: usize = 500;

/// Six decimals: centralities of large graphs are small.
pub(super) fn fine(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[derive(Deserialize)]
struct One {
    #[serde(alias = "entity_name")]
    entity: Refer,
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn of_entity(given: Value) -> Answer {
    let given: One = arguments(given)?;
    let view = &given.view;
    let row = find_known(&given.entity, given.entity_type.as_deref(), view.namespace(), view.known_at())?;
    let id = refer::id(&row);
    if let Some(mut answer) = figures::of_entity(view, id)? {
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("id".into(), json!(id));
            fields.insert("name".into(), json!(refer::text(&row, "name")));
            fields.insert("entity_type".into(), json!(refer::text(&row, "entity_type")));
        }
        return Ok(answer);
    }
    let whole = view.whole()?;
    let place = whole.place.get(&id).copied().ok_or_else(|| {
        Fault::new("not-found.entity", "the entity is not in this view: widen `namespace` or `known_at`")
    })?;
    let network = whole.network();
    let between = measures::betweenness(&network, measures::pivots(network.nodes()), settings()?.seed);
    let (mut into, mut out) = (0, 0);
    for relation in &whole.relations {
        into += usize::from(relation.to_id == id);
        out += usize::from(relation.from_id == id);
    }
    let betweenness = between.of.get(place).copied().unwrap_or_default();
    let rank = between.of.iter().filter(|other| **other > betweenness).count() + 1;
    Ok(json!({
        "id": id,
        "name": refer::text(&row, "name"),
        "entity_type": refer::text(&row, "entity_type"),
        "neighbors": network.degree(place),
        "relations_in": into,
        "relations_out": out,
        "strength": round(network.strengths.get(place).copied().unwrap_or_default()),
        "degree_centrality": fine(measures::degree(&network, place)),
        "closeness_centrality": fine(measures::closeness(&network, place)),
        "betweenness_centrality": fine(betweenness),
        "betweenness_rank": rank,
        "betweenness_exact": between.pivots == network.nodes(),
        "clustering_coefficient": fine(measures::clustering(&network, place)),
        "entities": network.nodes(),
        "notes": notes(&whole, between.pivots),
        "computed_at": null,
    }))
}

pub(super) fn notes(whole: &Whole, pivots: usize) -> Vec<String> {
    let mut notes = whole.notes.clone();
    if pivots < whole.ids.len() {
        notes.push(format!(
            "betweenness is an estimate from {pivots} of {} entities (Brandes, Pich 2007)",
            whole.ids.len()
        ));
    }
    notes
}

#[derive(Deserialize)]
struct All {
    #[serde(default)]
    limit: Option<usize>,
    #[serde(flatten)]
    view: View,
}

/// The numbers of the nodes with the largest values.
pub(super) fn top(values: &[f64], limit: usize) -> Vec<(usize, f64)> {
    let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    order.truncate(limit);
    order
}

pub(super) fn of_graph(given: Value) -> Answer {
    let given: All = arguments(given)?;
    let limit = given.limit.unwrap_or(10);
    match figures::kept(&given.view, "shape", None)? {
        Some(kept) => figures::named(trimmed(kept, &["top_degree", "top_closeness", "top_betweenness"], limit)),
        None => shape(&given.view.whole()?, limit),
    }
}

/// The shape of a graph.
#[expect(clippy::cast_precision_loss, reason = "counts of entities")]
pub(super) fn shape(whole: &Whole, limit: usize) -> Answer {
    let network = whole.network();
    let nodes = network.nodes();
    let between = measures::betweenness(&network, measures::pivots(network.nodes()), settings()?.seed);
    let degrees: Vec<f64> = (0..nodes).map(|node| measures::degree(&network, node)).collect();
    let mut near = vec![0.0; nodes];
    for (node, _) in top(&degrees, MOST_CLOSENESS) {
        if budget::should_stop() {
            break;
        }
        if let Some(value) = near.get_mut(node) {
            *value = measures::closeness(&network, node);
        }
    }
    let clustering: Vec<f64> =
        (0..nodes).filter(|node| network.degree(*node) > 1).map(|node| measures::clustering(&network, node)).collect();
    let mean = |values: &[f64]| if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 };
    let mut pieces: BTreeMap<usize, usize> = BTreeMap::new();
    for piece in measures::components(&network) {
        *pieces.entry(piece).or_default() += 1;
    }
    let shown = |values: &[f64]| -> Vec<Value> {
        let mut shown = Vec::new();
        for (node, value) in top(values, limit).into_iter().filter(|(_, value)| *value > 0.0) {
            let mut entity = whole.shown(node);
            if let Some(fields) = entity.as_object_mut() {
                fields.insert("value".into(), json!(fine(value)));
            }
            shown.push(entity);
        }
        shown
    };
    let possible = nodes as f64 * (nodes as f64 - 1.0) / 2.0;
    let mut said = notes(whole, between.pivots);
    if nodes > MOST_CLOSENESS {
        said.push(format!("closeness is that of the {MOST_CLOSENESS} entities with most neighbours"));
    }
    Ok(json!({
        "entities": nodes,
        "relations": whole.relations.len(),
        "related_pairs": network.edges(),
        "density": fine(if possible > 0.0 { network.edges() as f64 / possible } else { 0.0 }),
        "avg_degree": round(if nodes > 0 { 2.0 * network.edges() as f64 / nodes as f64 } else { 0.0 }),
        "avg_clustering": round(mean(&clustering)),
        "components": pieces.len(),
        "largest_component": pieces.values().max().copied().unwrap_or_default(),
        "isolated": (0..nodes).filter(|node| network.degree(*node) == 0).count(),
        "top_degree": shown(&degrees),
        "top_closeness": shown(&near),
        "top_betweenness": shown(&between.of),
        "betweenness_exact": between.pivots == nodes,
        "relation_type_distribution": spread(whole.relations.iter().map(|relation| relation.relation_type.as_str())),
        "notes": said,
        "computed_at": null,
    }))
}

#[derive(Deserialize)]
struct Isolated {
    #[serde(default)]
    entity_type: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn isolated(given: Value) -> Answer {
    let given: Isolated = arguments(given)?;
    let entity_type = given.entity_type.as_deref().map(crate::kind::entity_type).transpose()?;
    let limit = given.limit.unwrap_or(50);
    if let Some(kept) = figures::kept(&given.view, "isolated", None)? {
        return figures::named(figures::isolated_of(&kept, entity_type.as_deref(), limit));
    }
    let mut answer = alone(&given.view.whole()?, entity_type.as_deref(), limit);
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("computed_at".into(), Value::Null);
    }
    Ok(answer)
}

/// Entities without relations, of a type or of all.
pub(super) fn alone(whole: &Whole, entity_type: Option<&str>, limit: usize) -> Value {
    let network = whole.network();
    let alone: Vec<usize> = whole
        .named
        .iter()
        .enumerate()
        .filter(|(node, named)| {
            network.degree(*node) == 0 && entity_type.is_none_or(|wanted| named.entity_type == wanted)
        })
        .map(|(node, _)| node)
        .collect();
    json!({
        "total": alone.len(),
        "entities": alone.iter().take(limit).map(|node| whole.shown(*node)).collect::<Vec<_>>(),
        "entity_type_distribution": spread(alone.iter().filter_map(|node| Some(whole.named.get(*node)?.entity_type.as_str()))),
        "truncated": alone.len() > limit,
        "notes": whole.notes,
    })
}
