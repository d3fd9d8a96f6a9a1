//! GraphRAG: a question answered with entities, their relations and the communities they are in.

use super::communities;
use super::detecting::latest;
use super::listing::{matching, rows_of};
use super::observations::said_of;
use super::settings;
use super::view::{Relation, View};
use super::walks::{Around, around};
use crate::kind::Direction;
use crate::rank::{rank, relative, settled};
use crate::refer::{self, round};
use memstrata_sdk::{Answer, Fault, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Communities that lend their members a score.
const COMMUNITIES: u32 = 5;

#[derive(Deserialize)]
struct Ask {
    query: String,
    #[serde(default)]
    level: u64,
    #[serde(default)]
    depth: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(flatten)]
    view: View,
}

pub(super) fn retrieve(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let (view, chosen) = (&given.view, settings()?);
    let limit = given.limit.unwrap_or(10);
    let (found, mut notes) = matching(view, &given.query, None, 20)?;
    let scores = relative(&found.iter().copied().collect());
    let start: Vec<u64> = found.iter().map(|(id, _)| *id).collect();
    let themes = match latest(view) {
        Ok(_) => communities::matching(view, &given.query, given.level, COMMUNITIES)?,
        Err(fault) => {
            notes.push(fault.message);
            Vec::new()
        }
    };
    let best = themes.iter().map(|(_, score)| *score).fold(0.0, f64::max);
    let mut lent: BTreeMap<u64, f64> = BTreeMap::new();
    for (row, score) in &themes {
        let share = if best > 0.0 { score / best } else { 0.0 };
        for id in refer::ids(row, "members") {
            let known = lent.entry(id).or_default();
            *known = known.max(share);
        }
    }
    let walk = |depth: usize| -> Result<(Around, BTreeMap<u64, usize>), Fault> {
        let near = around(view, &start, Direction::Both, depth, chosen.path_relations)?;
        let steps = near.depth.iter().map(|(id, (steps, _))| (*id, *steps)).collect();
        Ok((near, steps))
    };
    // The first step is short, and mostly what lies farther cannot come before what it found.
    let depth = given.depth.unwrap_or(2);
    let (mut near, mut steps) = walk(depth.min(1))?;
    let mut ranked = rank(&scores, &steps, &lent, chosen.weights());
    let stopped = depth > 1 && settled(&ranked, &steps, &lent, chosen.weights(), (limit + 20, 1));
    if depth > 1 && !stopped {
        (near, steps) = walk(depth)?;
        ranked = rank(&scores, &steps, &lent, chosen.weights());
    }
    // A few more than asked for: members of communities may have been deleted since.
    ranked.truncate(limit + 20);
    let ids: Vec<u64> = ranked.iter().map(|one| one.id).collect();
    let mut rows: BTreeMap<u64, Value> = rows_of(view, &ids)?.into_iter().map(|row| (refer::id(&row), row)).collect();
    let mut entities = Vec::new();
    let mut kept = Vec::new();
    let said = said_of(view, &ids, 3)?;
    for one in ranked {
        if kept.len() >= limit {
            break;
        }
        let Some(row) = rows.remove(&one.id) else {
            continue;
        };
        let mut shown = refer::entity(&row);
        shown.insert("observations".into(), json!(said.get(&one.id).map(Vec::as_slice).unwrap_or_default()));
        shown.insert("score".into(), json!(round(one.score)));
        let parts = json!({"similarity": round(one.similarity), "nearness": round(one.nearness), "community": round(one.community)});
        shown.insert("parts".into(), parts);
        entities.push(Value::Object(shown));
        kept.push(one.id);
    }
    if stopped {
        // What a second step would have brought along: the relations of those that the first one reached.
        let reached: Vec<u64> = kept.iter().copied().filter(|id| steps.contains_key(id)).collect();
        let (relations, cut) = view.touching(&reached, Direction::Both, chosen.path_relations)?;
        near.cut |= cut;
        near.relations.extend(relations.into_iter().map(|relation| (relation.id, relation)));
    }
    let inside = |relation: &&Relation| kept.contains(&relation.from_id) && kept.contains(&relation.to_id);
    let weights = chosen.weights();
    Ok(json!({
        "entities": entities,
        "relations": near.relations.values().filter(inside).take(100).map(Relation::shown).collect::<Vec<_>>(),
        "communities": themes.iter().map(|(row, score)| json!({
            "id": refer::id(row), "level": refer::int(row, "level"), "size": refer::int(row, "size"),
            "summary": refer::text(row, "summary"), "score": score,
        })).collect::<Vec<_>>(),
        "weights": {"similarity": weights.similarity, "nearness": weights.nearness, "community": weights.community},
        "truncated": near.cut,
        "notes": notes,
    }))
}
