//! Communities read: lists, details, by question, how they hang together, who bridges them.

use super::COMMUNITIES;
use super::detecting::latest;
use super::figures;
use super::view::{View, Whole, shown};
use crate::args::Id;
use crate::community::{bridges as find_bridges, cohesion, links};
use crate::refer::{self, reference, round};
use memstrata_sdk::{Answer, Fault, Query, Search, Value, arguments, get, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Communities of one level that are read.
const MOST: usize = 5_000;

#[expect(clippy::cast_possible_truncation, reason = "counts of relations")]
fn edges(row: &Value) -> (usize, usize) {
    let count = |field| refer::int(row, field).unwrap_or_default() as usize;
    (count("internal_edges"), count("external_edges"))
}

/// A community as callers see it, its members left out.
fn brief(row: &Value) -> Value {
    let (internal, external) = edges(row);
    json!({
        "id": refer::id(row), "ref": reference(refer::id(row)), "level": refer::int(row, "level"),
        "parent_id": refer::int(row, "parent_id"), "size": refer::int(row, "size"),
        "summary": refer::text(row, "summary"),
        "density": round(refer::number(row, "density").unwrap_or_default()),
        "internal_edges": internal, "external_edges": external, "cohesion_score": round(cohesion(internal, external)),
    })
}

/// The communities of a level of the latest detection.
fn of_level(view: &View, level: u64) -> Result<Query, Fault> {
    let detection = latest(view)?;
    let levels = refer::int(&detection, "levels").unwrap_or_default();
    if level >= levels.max(1) {
        return Err(Fault::new(
            "not-found.level",
            format!(
                "the latest detection has {levels} levels, numbered from 0, the coarsest: there is no level {level}"
            ),
        ));
    }
    Query::of(COMMUNITIES)
        .known_at(view.known_at())
        .filter(json!(["detection_id", "=", refer::id(&detection)]))?
        .filter(json!(["level", "=", level]))
}

/// The community of each entity at a level, and the communities.
fn grouped(view: &View, whole: &Whole, level: u64) -> Result<(Vec<Option<usize>>, Vec<Value>), Fault> {
    let rows = of_level(view, level)?.limit(1_000).all(MOST)?;
    let mut group = vec![None; whole.ids.len()];
    for (number, row) in rows.iter().enumerate() {
        for id in refer::ids(row, "members") {
            if let Some(place) = whole.place.get(&id).and_then(|place| group.get_mut(*place)) {
                *place = Some(number);
            }
        }
    }
    Ok((group, rows))
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    level: u64,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let detection = latest(&given.view)?;
    let query = of_level(&given.view, given.level)?.descending("size")?.limit(given.limit.unwrap_or(20));
    let page = query.after(given.cursor.as_deref())?.page()?;
    Ok(json!({
        "level": given.level, "levels": refer::int(&detection, "levels"),
        "modularity": refer::number(&detection, "modularity"), "detected_at": refer::int(&detection, "detected_at"),
        "communities": page.rows.iter().map(brief).collect::<Vec<_>>(), "count": page.rows.len(),
        "next_cursor": page.next,
    }))
}

#[derive(Deserialize)]
struct Details {
    community_id: Id,
    #[serde(default)]
    members_limit: Option<usize>,
}

pub(super) fn details(given: Value) -> Answer {
    let given: Details = arguments(given)?;
    let id = given.community_id.0;
    let row = get(COMMUNITIES, id)?.ok_or_else(|| {
        let id = reference(id);
        Fault::new(
            "not-found.community",
            format!("there is no community {id}: a new detection replaces all; take an id from `list_communities`"),
        )
    })?;
    let view = View::default();
    let members = refer::ids(&row, "members");
    let limit = given.members_limit.unwrap_or(50);
    let some: Vec<u64> = members.iter().copied().take(limit).collect();
    let names = view.names(&some)?;
    let (relations, cut) = view.touching(&some, crate::kind::Direction::Both, 5_000)?;
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    let inside = |id: &u64| members.contains(id);
    for relation in relations.iter().filter(|relation| inside(&relation.from_id) && inside(&relation.to_id)) {
        *types.entry(&relation.relation_type).or_default() += 1;
    }
    let children =
        Query::of(COMMUNITIES).filter(json!(["parent_id", "=", id]))?.descending("size")?.limit(50).page()?.rows;
    let mut answer = brief(&row);
    if let Some(fields) = answer.as_object_mut() {
        let gone = some.iter().filter(|id| !names.contains_key(id)).count();
        let live: Vec<Value> =
            some.iter().filter(|id| names.contains_key(id)).map(|id| shown(*id, names.get(id))).collect();
        fields.insert("members".into(), json!(live));
        fields.insert("member_count".into(), json!(members.len()));
        fields.insert("deleted_since".into(), json!(gone));
        fields.insert("relation_types".into(), json!(types));
        fields.insert("children".into(), json!(children.iter().map(brief).collect::<Vec<_>>()));
        fields.insert("truncated".into(), json!(cut || members.len() > limit));
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct Ask {
    query: String,
    #[serde(default)]
    level: u64,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(flatten)]
    view: View,
}

/// Communities of a level that a question finds, with their scores, best first.
pub(super) fn matching(view: &View, text: &str, level: u64, limit: u32) -> Result<Vec<(Value, f64)>, Fault> {
    let detection = latest(view)?;
    let mut search = Search::of(text)
        .collection(COMMUNITIES)?
        .known_at(view.known_at())
        .filter(json!(["detection_id", "=", refer::id(&detection)]))?
        .filter(json!(["level", "=", level]))?;
    for (channel, weight) in [("text", 0.6), ("vector", 0.4), ("context", 0.0), ("time", 0.0), ("graph", 0.0)] {
        search = search.weight(channel, weight)?;
    }
    let hits = search.min_similarity(0.2).limit(limit).hits()?;
    Ok(hits
        .into_iter()
        .map(|hit| {
            let score = hit.score;
            (hit.row, score)
        })
        .collect())
}

pub(super) fn query(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    of_level(&given.view, given.level)?;
    let found: Vec<Value> = matching(&given.view, &given.query, given.level, given.limit.unwrap_or(5))?
        .into_iter()
        .map(|(row, score)| {
            let mut shown = brief(&row);
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("score".into(), json!(score));
            }
            shown
        })
        .collect();
    Ok(json!({"level": given.level, "communities": found, "count": found.len()}))
}

#[derive(Deserialize)]
struct Level {
    #[serde(default)]
    level: u64,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    threshold: Option<usize>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn connectivity(given: Value) -> Answer {
    let given: Level = arguments(given)?;
    let limit = given.limit.unwrap_or(20);
    if let Some(mut kept) = of_latest(&given, "connectivity")? {
        let more = refer::int(&kept, "connected_pairs").is_some_and(|pairs| pairs > limit as u64);
        if let Some(fields) = kept.as_object_mut() {
            fields.insert("truncated".into(), json!(more));
        }
        return Ok(figures::trimmed(kept, &["links"], limit));
    }
    together(&given.view, &given.view.whole()?, given.level, limit)
}

/// What is kept of a level, if it was computed of the latest detection.
fn of_latest(given: &Level, name: &str) -> Result<Option<Value>, Fault> {
    of_level(&given.view, given.level)?;
    let detected = refer::int(&latest(&given.view)?, "detected_at");
    figures::kept(&given.view, &format!("{name} {}", given.level), detected)
}

/// How the communities of a level hang together.
pub(super) fn together(view: &View, whole: &Whole, level: u64, limit: usize) -> Answer {
    let (group, rows) = grouped(view, whole, level)?;
    let between = links(&group, &whole.ties());
    let named = |number: usize| {
        let row = rows.get(number);
        json!({"id": row.map(refer::id), "size": row.and_then(|row| refer::int(row, "size"))})
    };
    let shown: Vec<Value> = between
        .iter()
        .take(limit)
        .map(|link| {
            json!({"a": named(link.groups.0), "b": named(link.groups.1), "relations": link.edges,
                   "weight": round(link.weight)})
        })
        .collect();
    let mut degree = vec![0_usize; rows.len()];
    for link in &between {
        for number in [link.groups.0, link.groups.1] {
            if let Some(degree) = degree.get_mut(number) {
                *degree += 1;
            }
        }
    }
    let crossing: usize = between.iter().map(|link| link.edges).sum();
    let (inside, outside) = rows.iter().map(edges).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    Ok(json!({
        "level": level,
        "communities": rows.len(),
        "connected_pairs": between.len(),
        "relations_between": crossing,
        "relations_inside": inside,
        "cohesion": round(cohesion(inside, outside / 2)),
        "isolated_communities": degree.iter().filter(|degree| **degree == 0).count(),
        "most_connected": degree.iter().enumerate().max_by_key(|(number, degree)| (**degree, std::cmp::Reverse(*number)))
            .filter(|(_, degree)| **degree > 0)
            .map(|(number, degree)| json!({"community": named(number), "neighbors": degree})),
        "links": shown,
        "truncated": between.len() > limit,
        "notes": whole.notes,
        "computed_at": null,
    }))
}

pub(super) fn bridges(given: Value) -> Answer {
    let given: Level = arguments(given)?;
    let (threshold, limit) = (given.threshold.unwrap_or(3), given.limit.unwrap_or(20));
    let kept = of_latest(&given, "bridges")?.and_then(|kept| figures::bridges_of(kept, threshold, limit));
    if let Some(kept) = kept {
        return figures::named(kept);
    }
    let (mut answer, _) = spanning(&given.view, &given.view.whole()?, (given.level, threshold), limit)?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("computed_at".into(), Value::Null);
    }
    Ok(answer)
}

/// The entities of a level whose neighbours lie in so many communities, and how many there are for each number of communities.
pub(super) fn spanning(
    view: &View,
    whole: &Whole,
    (level, threshold): (u64, usize),
    limit: usize,
) -> Result<(Value, BTreeMap<usize, usize>), Fault> {
    let (group, rows) = grouped(view, whole, level)?;
    let found = find_bridges(&group, &whole.ties(), threshold);
    let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
    for bridge in &found {
        *numbers.entry(bridge.groups.len()).or_default() += 1;
    }
    let shown: Vec<Value> = found
        .iter()
        .take(limit)
        .map(|bridge| {
            let mut entity = whole.shown(bridge.node);
            if let Some(fields) = entity.as_object_mut() {
                let community = |number: usize| rows.get(number).map(refer::id);
                let own = group.get(bridge.node).copied().flatten().and_then(community);
                let around: Vec<Value> = bridge
                    .groups
                    .iter()
                    .take(20)
                    .map(|(number, relations)| json!({"community_id": community(*number), "relations": relations}))
                    .collect();
                fields.insert("community_id".into(), json!(own));
                fields.insert("communities".into(), json!(bridge.groups.len()));
                fields.insert("crossing_relations".into(), json!(bridge.crossing));
                fields.insert("around".into(), json!(around));
            }
            entity
        })
        .collect();
    let answer = json!({
        "level": level, "threshold": threshold, "total": found.len(), "bridges": shown,
        "truncated": found.len() > limit, "notes": whole.notes,
    });
    Ok((answer, numbers))
}
