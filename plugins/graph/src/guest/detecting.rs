//! Detects the communities of the graph and keeps them as rows.

use super::view::View;
use super::{COMMUNITIES, DETECTIONS, OBSERVATIONS, now, settings};
use crate::community::{Member, describe};
use crate::leiden::{Options, leiden};
use crate::refer::{self, reference, round};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, budget, json, write};
use serde::Deserialize;

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
fn observe(view: &View, members: &mut [Member], places: &std::collections::BTreeMap<u64, usize>) -> Result<(), Fault> {
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

/// Ids of all rows of a collection in exactly this scope.
fn of_scope(collection: &str, scope: &str) -> Result<Vec<Value>, Fault> {
    let query = Query::of(collection).filter(json!(["scope", "=", scope]))?.select(&["scope"])?;
    query.limit(1_000).all(MOST_KEPT * 2)
}

/// The latest detection of a scope: of the namespace itself, or else of the whole space.
pub(super) fn latest(view: &View) -> Result<Value, Fault> {
    let mut scopes = vec![view.namespace().unwrap_or_default()];
    scopes.push("");
    scopes.dedup();
    for scope in scopes {
        let query = Query::of(DETECTIONS).known_at(view.known_at()).filter(json!(["scope", "=", scope]))?;
        if let Some(row) = query.descending("detected_at")?.first()? {
            return Ok(row);
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
    for collection in [COMMUNITIES, DETECTIONS] {
        for row in of_scope(collection, scope)? {
            write::delete(collection, refer::id(&row), None)?;
        }
    }
    let ids = write::new_ids(u32::try_from(all.len() + 1).unwrap_or(u32::MAX))?;
    let (run, ids) = ids.split_first().ok_or_else(|| Fault::new("internal", "the host gave no ids"))?;
    let counts: Vec<usize> =
        (0..levels.len()).map(|level| all.iter().filter(|one| one.level == level).count()).collect();
    let placed = |level: usize| all.iter().filter(|one| one.level == level).map(|one| one.members.len()).sum::<usize>();
    let mut row = json!({
        "id": run, "scope": scope, "detected_at": now(), "valid_time": view.valid_at(), "seed": options.seed,
        "resolution": options.resolution, "modularity": partition.modularity, "iterations": partition.iterations,
        "levels": levels.len(), "entities": whole.ids.len(), "relations": whole.relations.len(),
        "communities": all.len(), "min_size": least,
    });
    if let (Some(fields), Some(namespace)) = (row.as_object_mut(), view.namespace()) {
        fields.insert("namespace".into(), json!(namespace));
    }
    write::insert(DETECTIONS, &row)?;
    let mut rows = Vec::with_capacity(all.len());
    for (community, id) in all.iter().zip(ids) {
        let mut row = Map::new();
        let member_ids: Vec<u64> = community.members.iter().filter_map(|node| whole.ids.get(*node)).copied().collect();
        for (field, value) in [
            ("id", json!(id)),
            ("scope", json!(scope)),
            ("detection_id", json!(run)),
            ("level", json!(community.level)),
            ("parent_id", json!(community.parent.and_then(|at| ids.get(at)))),
            ("members", json!(member_ids)),
            ("size", json!(community.members.len())),
            ("summary", json!(community.summary)),
            ("density", json!(community.density)),
            ("internal_edges", json!(community.internal_edges)),
            ("external_edges", json!(community.external_edges)),
        ] {
            row.insert(field.into(), value);
        }
        if let Some(namespace) = view.namespace() {
            row.insert("namespace".into(), json!(namespace));
        }
        rows.push(Value::Object(row));
    }
    if !rows.is_empty() {
        write::insert_many(COMMUNITIES, &rows)?;
    }
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
