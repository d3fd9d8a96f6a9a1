//! Figures of the whole graph: computed by a schedule where it is large, so that no call has to read all of it.

use super::detecting::latest;
use super::view::{View, Whole};
use super::{DETECTIONS, ENTITIES, FIGURES, RELATIONS, communities, measuring, now, settings, symbols};
use crate::centrality::{PART, near, parts_a_call};
use crate::measures;
use crate::refer::{self, round};
use memstrata_sdk::{Answer, Fault, Query, Value, json, write};
use std::collections::BTreeMap;

/// Graphs with fewer entities and fewer relations are read at each call.
const LARGE: u64 = 2_000;
/// Figures are not renewed sooner, unless communities were detected.
const AGE_MS: u64 = 600_000;
/// Entries a list keeps: the most that an operation shows.
const LISTED: usize = 200;
/// Bridges that are kept; each brings its communities along.
const BRIDGES: usize = 50;
/// Isolated entities that are kept; where there are more they are looked for at each call.
const MOST_ALONE: usize = 2_000;

/// The figures of this name with their time, if the view is one they are kept of and they are not from before `since`.
pub(super) fn kept(view: &View, name: &str, since: Option<u64>) -> Result<Option<Value>, Fault> {
    if view.fresh || !view.is_plain() {
        return Ok(None);
    }
    Ok(row(name)?.filter(|row| at(row) >= since.unwrap_or_default()).map(|row| figures(&row)))
}

fn row(name: &str) -> Result<Option<Value>, Fault> {
    Query::of(FIGURES).filter(json!(["name", "=", name]))?.first()
}

fn at(row: &Value) -> u64 {
    refer::int(row, "computed_at").unwrap_or_default()
}

fn figures(row: &Value) -> Value {
    let mut figures = row.get("figures").cloned().unwrap_or_default();
    if let Some(fields) = figures.as_object_mut() {
        fields.insert("computed_at".into(), json!(at(row)));
    }
    figures
}

/// An answer whose lists have at most `limit` entries.
pub(super) fn trimmed(mut answer: Value, lists: &[&str], limit: usize) -> Value {
    for list in lists {
        if let Some(Value::Array(items)) = answer.get_mut(*list) {
            items.truncate(limit);
        }
    }
    answer
}

/// `find_isolated_entities` from the figures kept, which hold all of them.
pub(super) fn isolated_of(kept: &Value, entity_type: Option<&str>, limit: usize) -> Value {
    let all = kept.get("entities").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is = |entity: &&Value| entity_type.is_none_or(|wanted| refer::text(entity, "entity_type") == wanted);
    let some: Vec<&Value> = all.iter().filter(is).collect();
    json!({
        "total": some.len(),
        "entity_type_distribution": super::walks::spread(some.iter().map(|entity| refer::text(entity, "entity_type"))),
        "truncated": some.len() > limit,
        "entities": some.into_iter().take(limit).collect::<Vec<_>>(),
        "notes": kept.get("notes"),
        "computed_at": kept.get("computed_at"),
    })
}

/// `find_bridge_entities` from the figures kept: those of the most communities first, and how many there are of each number.
/// Nothing if more are asked for than are kept.
pub(super) fn bridges_of(mut kept: Value, threshold: usize, limit: usize) -> Option<Value> {
    let enough = |value: Option<u64>| value.is_some_and(|number| number >= threshold as u64);
    let numbers = kept.get("numbers").and_then(Value::as_object).into_iter().flatten();
    let total: u64 =
        numbers.filter(|(number, _)| enough(number.parse().ok())).filter_map(|(_, count)| count.as_u64()).sum();
    if limit > BRIDGES && total > BRIDGES as u64 {
        return None;
    }
    if let Some(fields) = kept.as_object_mut() {
        fields.remove("numbers");
        fields.insert("threshold".into(), json!(threshold));
        fields.insert("total".into(), json!(total));
        fields.insert("truncated".into(), json!(total > limit as u64));
        if let Some(Value::Array(bridges)) = fields.get_mut("bridges") {
            bridges.retain(|bridge| enough(refer::int(bridge, "communities")));
        }
    }
    Some(trimmed(kept, &["bridges"], limit))
}

/// The metrics of one entity, as they were kept.
pub(super) fn of_entity(view: &View, id: u64) -> Result<Option<Value>, Fault> {
    if view.fresh || !view.is_plain() {
        return Ok(None);
    }
    let part = Query::of(FIGURES).filter(json!(["kind", "=", "part"]))?.filter(json!(["first", "<=", id]))?;
    let Some(part) = part.descending("first")?.first()? else { return Ok(None) };
    let mine = part.get("figures").and_then(|figures| figures.get("of")?.get(id.to_string())).cloned();
    let Some(mut mine) = mine else { return Ok(None) };
    let shared =
        part.get("figures").and_then(|figures| figures.get("shared")?.as_object()).cloned().unwrap_or_default();
    if let Some(fields) = mine.as_object_mut() {
        fields.extend(shared);
        fields.insert("computed_at".into(), json!(at(&part)));
    }
    Ok(Some(mine))
}

/// `keep_graph_figures`.
pub(super) fn keep() -> Answer {
    let (entities, relations) = (Query::of(ENTITIES).count()?, Query::of(RELATIONS).count()?);
    let told = |computed: bool| json!({"computed": computed, "entities": entities, "relations": relations});
    if entities < LARGE && relations < LARGE {
        for id in Query::of(FIGURES).limit(1_000).ids()? {
            write::delete(FIGURES, id, None)?;
        }
        return Ok(told(false));
    }
    let view = View::default();
    if let Some(old) = row("shape")? {
        let since = at(&old);
        let detected = Query::of(DETECTIONS).filter(json!(["detected_at", ">", since]))?.first()?.is_some();
        let changed = |collection: &str| -> Result<bool, Fault> {
            let query = Query::of(collection).filter(json!(["updated_at", ">", since]))?.with_deleted();
            Ok(!query.limit(1).ids()?.is_empty())
        };
        let old_enough = now().saturating_sub(since) >= AGE_MS;
        if !detected && !(old_enough && (changed(RELATIONS)? || changed(ENTITIES)?)) {
            let behind = part(row("part 0")?, since) || part(last_part()?, since);
            if behind {
                parts(&view.whole()?, since)?;
            }
            return Ok(told(behind));
        }
    }
    let whole = view.whole()?;
    store("shape", &measuring::shape(&whole, LISTED)?)?;
    store("symbols", &symbols::together(&whole, LISTED))?;
    let alone = measuring::alone(&whole, None, MOST_ALONE);
    if refer::int(&alone, "total").is_some_and(|total| total <= MOST_ALONE as u64) {
        store("isolated", &alone)?;
    } else if let Some(old) = row("isolated")? {
        write::delete(FIGURES, refer::id(&old), None)?;
    }
    if let Ok(detection) = latest(&view) {
        for level in 0..refer::int(&detection, "levels").unwrap_or_default() {
            store(&format!("connectivity {level}"), &communities::together(&view, &whole, level, LISTED)?)?;
            let (mut bridges, numbers) = communities::spanning(&view, &whole, (level, 1), BRIDGES)?;
            if let Some(fields) = bridges.as_object_mut() {
                let numbers: BTreeMap<String, usize> =
                    numbers.into_iter().map(|(number, count)| (number.to_string(), count)).collect();
                fields.insert("numbers".into(), json!(numbers));
            }
            store(&format!("bridges {level}"), &bridges)?;
        }
    }
    Ok(told(true))
}

fn last_part() -> Result<Option<Value>, Fault> {
    Query::of(FIGURES).filter(json!(["kind", "=", "part"]))?.descending("first")?.select(&["computed_at"])?.first()
}

/// Whether a part is missing or from before the figures of the whole.
fn part(row: Option<Value>, since: u64) -> bool {
    row.is_none_or(|row| at(&row) < since)
}

fn store(name: &str, figures: &Value) -> Result<(), Fault> {
    let row = json!({"name": name, "kind": "whole", "figures": figures, "computed_at": now()});
    write::upsert(FIGURES, "name", &row).map(|_| ())
}

/// The metrics of each entity, in parts of some hundred that one call reads: the next ones that are from before `since`.
fn parts(whole: &Whole, since: u64) -> Result<(), Fault> {
    let network = whole.network();
    let between = measures::betweenness(&network, measures::pivots(network.nodes()), settings()?.seed);
    let (mut into, mut out) = (vec![0_usize; network.nodes()], vec![0_usize; network.nodes()]);
    for (from, to) in whole.directed() {
        if let Some(count) = out.get_mut(from) {
            *count += 1;
        }
        if let Some(count) = into.get_mut(to) {
            *count += 1;
        }
    }
    let mut ordered = between.of.clone();
    ordered.sort_by(|a, b| b.total_cmp(a));
    let shared = json!({
        "betweenness_exact": between.pivots == network.nodes(), "entities": network.nodes(),
        "notes": measuring::notes(whole, between.pivots),
    });
    let query = Query::of(FIGURES).filter(json!(["kind", "=", "part"]))?.select(&["name", "first", "computed_at"])?;
    let olds = query.limit(1_000).all(10_000)?;
    let known: BTreeMap<&str, &Value> = olds.iter().map(|old| (refer::text(old, "name"), old)).collect();
    let stale = |number: usize| known.get(format!("part {number}").as_str()).is_none_or(|old| at(old) < since);
    let chunks = whole.ids.chunks(PART).enumerate().filter(|(number, _)| stale(*number));
    for (number, ids) in chunks.take(parts_a_call(&network)) {
        let near = near(&network, number);
        let mut of = serde_json::Map::new();
        for ((place, id), closeness) in ids.iter().enumerate().zip(near) {
            let place = number * PART + place;
            let betweenness = between.of.get(place).copied().unwrap_or_default();
            of.insert(
                id.to_string(),
                json!({
                    "neighbors": network.degree(place), "relations_in": into.get(place), "relations_out": out.get(place),
                    "strength": round(network.strengths.get(place).copied().unwrap_or_default()),
                    "degree_centrality": measuring::fine(measures::degree(&network, place)),
                    "closeness_centrality": measuring::fine(closeness),
                    "betweenness_centrality": measuring::fine(betweenness),
                    "betweenness_rank": ordered.partition_point(|other| *other > betweenness) + 1,
                    "clustering_coefficient": measuring::fine(measures::clustering(&network, place)),
                }),
            );
        }
        let row = json!({
            "name": format!("part {number}"), "kind": "part", "first": ids.first(),
            "figures": {"of": of, "shared": shared}, "computed_at": now(),
        });
        write::upsert(FIGURES, "name", &row)?;
        if memstrata_sdk::budget::should_stop() {
            break;
        }
    }
    let count = whole.ids.len().div_ceil(PART);
    for old in &olds {
        let number = refer::text(old, "name").strip_prefix("part ").and_then(|number| number.parse::<usize>().ok());
        if number.is_none_or(|number| number >= count) {
            write::delete(FIGURES, refer::id(old), None)?;
        }
    }
    Ok(())
}
