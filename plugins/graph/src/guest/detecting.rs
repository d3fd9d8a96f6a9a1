//! Detects the communities of the graph and keeps them as rows.

use super::view::View;
use super::{COMMUNITIES, DETECTIONS, OBSERVATIONS, now, settings};
use crate::community::{Community, Member, describe};
use crate::leiden::{Options, leiden};
use crate::refer::{self, reference, round};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, budget, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Communities kept, at most: with those they replace they stay under what one call may stage.
const MOST_KEPT: usize = 4_500;
/// Observations that summaries choose from.
const MOST_OBSERVATIONS: usize = 5_000;

#[derive(Deserialize)]
struct Detect {
    #[serde(default)]
    min_community_size: Option<usize>,
    #[serde(default)]
    max_iterations: Option<usize>,
    #[serde(default)]
    resolution: Option<f64>,
    #[serde(default)]
    quality_threshold: Option<f64>,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(flatten)]
    view: View,
}

/// The newest observations of the members, for their summaries.
fn observe(view: &View, members: &mut [Member], places: &BTreeMap<u64, usize>) -> Result<(), Fault> {
    let query =
        view.rows(OBSERVATIONS)?.valid_at(Some(view.valid_at())).select(&["entity_id", "content", "observed_at"])?;
    for row in query.descending("observed_at")?.limit(1_000).all(MOST_OBSERVATIONS)? {
        let place = refer::int(&row, "entity_id").and_then(|id| places.get(&id));
        if let Some(member) = place.and_then(|place| members.get_mut(*place)) {
            member.observations.push(refer::text(&row, "content").to_owned());
        }
    }
    Ok(())
}

/// A community by its level and its members in order: what makes it the same one.
type Key = (u64, Vec<u64>);

fn key(row: &Value) -> Key {
    let mut members = refer::ids(row, "members");
    members.sort_unstable();
    (refer::int(row, "level").unwrap_or_default(), members)
}

/// The communities that the same detection has found before.
fn known(run: u64) -> Result<BTreeMap<Key, Value>, Fault> {
    let rows = Query::of(COMMUNITIES).filter(json!(["detection_id", "=", run]))?.limit(1_000).all(MOST_KEPT * 2)?;
    Ok(rows.into_iter().map(|row| (key(&row), row)).collect())
}

/// The fields of a community's row that follow from the graph.
fn draft(community: &Community, ids: &[u64]) -> Map<String, Value> {
    let members: Vec<u64> = community.members.iter().filter_map(|node| ids.get(*node)).copied().collect();
    let mut row = Map::new();
    for (field, value) in [
        ("level", json!(community.level)),
        ("members", json!(members)),
        ("size", json!(community.members.len())),
        ("summary", json!(community.summary)),
        ("density", json!(community.density)),
        ("internal_edges", json!(community.internal_edges)),
        ("external_edges", json!(community.external_edges)),
    ] {
        row.insert(field.into(), value);
    }
    row
}

/// Writes the communities: those with the same members keep their row and change what has changed, the others go, new ones
/// come. Answers their ids in order.
fn keep(
    drafts: &[Map<String, Value>],
    all: &[Community],
    mut known: BTreeMap<Key, Value>,
    (run, scope, namespace): (u64, &str, Option<&str>),
) -> Result<Vec<u64>, Fault> {
    let olds: Vec<Option<Value>> =
        drafts.iter().map(|draft| known.remove(&key(&Value::Object(draft.clone())))).collect();
    for gone in known.values() {
        write::delete(COMMUNITIES, refer::id(gone), None)?;
    }
    let fresh = olds.iter().filter(|old| old.is_none()).count();
    let mut free = Vec::new();
    if fresh > 0 {
        free = write::new_ids(u32::try_from(fresh).unwrap_or(u32::MAX))?;
        free.reverse();
    }
    let ids: Vec<u64> =
        olds.iter().map(|old| old.as_ref().map_or_else(|| free.pop().unwrap_or_default(), refer::id)).collect();
    let mut rows = Vec::new();
    for (((draft, community), old), id) in drafts.iter().zip(all).zip(&olds).zip(&ids) {
        let mut row = draft.clone();
        row.insert("detection_id".into(), json!(run));
        row.insert("parent_id".into(), json!(community.parent.and_then(|at| ids.get(at))));
        match old {
            Some(old) => {
                row.retain(|field, value| old.get(field).unwrap_or(&Value::Null) != value);
                if !row.is_empty() {
                    write::update(COMMUNITIES, *id, None, &Value::Object(row))?;
                }
            }
            None => {
                row.insert("id".into(), json!(id));
                row.insert("scope".into(), json!(scope));
                if let Some(namespace) = namespace {
                    row.insert("namespace".into(), json!(namespace));
                }
                rows.push(Value::Object(row));
            }
        }
    }
    if !rows.is_empty() {
        write::insert_many(COMMUNITIES, &rows)?;
    }
    Ok(ids)
}

/// The latest detection of a scope: of the namespace itself, or else of the whole space.
pub(super) fn latest(view: &View) -> Result<Value, Fault> {
    let mut scopes = vec![view.namespace().unwrap_or_default()];
    scopes.push("");
    scopes.dedup();
    for scope in scopes {
        let query = Query::of(DETECTIONS).known_at(view.known_at()).filter(json!(["scope", "=", scope]))?;
        let mut rows = query.descending("detected_at")?.page()?.rows;
        // A caller confined to a namespace has a detection of its own there, without naming it.
        let own = rows.iter().position(|row| refer::text(row, "namespace") == scope).unwrap_or_default();
        if own < rows.len() {
            return Ok(rows.swap_remove(own));
        }
    }
    Err(Fault::new(
        "not-found.communities",
        "no communities have been detected yet: call `detect_graph_communities` first",
    ))
}

#[expect(clippy::cast_precision_loss, reason = "counts of members")]
pub(super) fn detect(given: Value) -> Answer {
    let given: Detect = arguments(given)?;
    let (view, chosen) = (&given.view, settings()?);
    let options = Options {
        resolution: given.resolution.unwrap_or(chosen.resolution),
        seed: given.seed.unwrap_or(chosen.seed),
        max_iterations: given.max_iterations.unwrap_or(chosen.max_iterations),
        quality_threshold: given.quality_threshold.unwrap_or(chosen.quality_threshold),
    };
    let least = given.min_community_size.unwrap_or(chosen.min_community_size);
    let whole = view.whole()?;
    let network = whole.network();
    budget::report(1, 3, "graph read");
    let partition = leiden(&network, &options);
    budget::report(2, 3, "communities found");
    let mut members = whole.members();
    observe(view, &mut members, &whole.place)?;
    let ties = whole.ties();
    let mut notes = whole.notes.clone();
    let mut levels = partition.levels.as_slice();
    let mut all = describe(levels, &ties, &members, least);
    while all.len() > MOST_KEPT && levels.len() > 1 {
        levels = levels.split_last().map_or(levels, |(_, coarser)| coarser);
        notes.push(format!("level {} has too many communities to keep: left out", levels.len()));
        all = describe(levels, &ties, &members, least);
    }
    if all.len() > MOST_KEPT {
        return Err(Fault::new(
            "limit.rows-written",
            format!("more than {MOST_KEPT} communities: raise `min_community_size` or narrow `namespace`"),
        ));
    }

    let scope = view.namespace().unwrap_or_default();
    let counts: Vec<usize> =
        (0..levels.len()).map(|level| all.iter().filter(|one| one.level == level).count()).collect();
    let placed = |level: usize| all.iter().filter(|one| one.level == level).map(|one| one.members.len()).sum::<usize>();
    let mut row = json!({
        "scope": scope, "detected_at": now(), "valid_time": view.valid_at(), "seed": options.seed,
        "resolution": options.resolution, "modularity": partition.modularity, "iterations": partition.iterations,
        "levels": levels.len(), "entities": whole.ids.len(), "relations": whole.relations.len(),
        "communities": all.len(), "min_size": least,
    });
    if let (Some(fields), Some(namespace)) = (row.as_object_mut(), view.namespace()) {
        fields.insert("namespace".into(), json!(namespace));
    }
    let (run, _) = write::upsert(DETECTIONS, "scope", &row)?;
    let drafts: Vec<Map<String, Value>> = all.iter().map(|one| draft(one, &whole.ids)).collect();
    let ids = keep(&drafts, &all, known(run)?, (run, scope, view.namespace()))?;
    let ids = ids.as_slice();
    let sizes: Vec<usize> = all.iter().filter(|one| one.level == 0).map(|one| one.members.len()).collect();
    let average = if sizes.is_empty() { 0.0 } else { sizes.iter().sum::<usize>() as f64 / sizes.len() as f64 };
    let best: Vec<Value> = all
        .iter()
        .zip(ids)
        .filter(|(community, _)| community.level == 0)
        .take(10)
        .map(|(community, id)| {
            json!({"id": id, "ref": reference(*id), "level": 0, "size": community.members.len(),
                   "density": round(community.density), "cohesion": round(community.cohesion()), "summary": community.summary})
        })
        .collect();
    Ok(json!({
        "detection_id": run,
        "modularity": partition.modularity,
        "iterations": partition.iterations,
        "levels": counts,
        "community_count": sizes.len(),
        "total_communities": all.len(),
        "total_entities": whole.ids.len(),
        "total_relations": whole.relations.len(),
        "in_communities": placed(0),
        "largest": sizes.iter().max().copied().unwrap_or_default(),
        "smallest": sizes.iter().min().copied().unwrap_or_default(),
        "avg_size": round(average),
        "communities": best,
        "notes": notes,
    }))
}
