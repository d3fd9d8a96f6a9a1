//! Figures of the whole graph: computed by a schedule where it is large, so that no call has to read all of it.

use super::view::{View, Whole};
use super::{DETECTIONS, ENTITIES, FIGURES, RELATIONS, communities, measuring, now, settings, symbols};
use crate::centrality::{PART, near, parts_a_call};
use crate::kept::{self, Round};
use crate::measures;
use crate::refer::{self, round};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, get, json, write};
use std::collections::{BTreeMap, BTreeSet};

/// Graphs with fewer entities and fewer relations are read at each call.
const LARGE: u64 = 2_000;
/// Figures are not renewed sooner, unless communities were detected.
const AGE_MS: u64 = 3_600_000;
/// A row has the time at which the call that wrote it began; such calls may have ended after a later one looked.
const OVERLAP_MS: u64 = 60_000;
/// Entries a list keeps: the most that an operation shows.
const LISTED: usize = 200;
/// Bridges that are kept; each brings its communities along.
const BRIDGES: usize = 50;
/// Isolated entities that are kept; where there are more they are looked for at each call.
const MOST_ALONE: usize = 2_000;
/// The row that says when figures were last computed, of which detection, and where the parts stand.
const RUN: &str = "run";

/// The figures of this name with their time, if the view is one they are kept of and they are of the detection of this time.
pub(super) fn kept(view: &View, name: &str, detected: Option<u64>) -> Result<Option<Value>, Fault> {
    if view.fresh || !view.is_plain() {
        return Ok(None);
    }
    let rows = of_space()?.filter(json!(["name", "in", [RUN, name]]))?.page()?.rows;
    let of = |name: &str| rows.iter().find(|row| refer::text(row, "name") == name);
    let (Some(run), Some(row)) = (of(RUN), of(name)) else { return Ok(None) };
    if detected.is_some() && detected != detection_of(run) {
        return Ok(None);
    }
    let mut figures = row.get("figures").cloned().unwrap_or_default();
    if let Some(fields) = figures.as_object_mut() {
        // A row that would be the same is not written again, so the run says when it was last computed.
        fields.insert("computed_at".into(), json!(at(run)));
    }
    Ok(Some(figures))
}

/// The rows of the whole space. A caller confined to a namespace sees none of them: they are not about what it may read.
fn of_space() -> Result<Query, Fault> {
    Query::of(FIGURES).filter(json!(["namespace", "=", ""]))
}

fn row(name: &str) -> Result<Option<Value>, Fault> {
    of_space()?.filter(json!(["name", "=", name]))?.first()
}

fn at(row: &Value) -> u64 {
    refer::int(row, "computed_at").unwrap_or_default()
}

/// When the communities were detected that a run computed with.
fn detection_of(run: &Value) -> Option<u64> {
    refer::int(run.get("figures")?, "detected_at")
}

/// Kept figures with the names that their entities have now.
pub(super) fn named(mut answer: Value) -> Answer {
    let ids: Vec<u64> = kept::ids(&mut answer).into_iter().collect();
    let names = View::default().names(&ids)?.into_iter().map(|(id, named)| (id, named.name)).collect();
    kept::name(&mut answer, &names);
    Ok(answer)
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
    let part = of_space()?.filter(json!(["kind", "=", "part"]))?.filter(json!(["first", "<=", id]))?;
    let Some(part) = part.descending("first")?.first()? else { return Ok(None) };
    let Some(figures) = part.get("figures") else { return Ok(None) };
    let mine = figures.get("of").and_then(|of| kept::unpacked(of.get(id.to_string())?));
    let Some(mut mine) = mine else { return Ok(None) };
    mine.extend(figures.get("shared").and_then(Value::as_object).cloned().unwrap_or_default());
    mine.insert("computed_at".into(), json!(at(&part)));
    Ok(Some(mine.into()))
}

/// `keep_graph_figures`.
pub(super) fn keep() -> Answer {
    let (entities, relations) = (Query::of(ENTITIES).count()?, Query::of(RELATIONS).count()?);
    let told = |computed: bool, more: bool| json!({"computed": computed, "entities": entities, "relations": relations, "more": more});
    let last = row(RUN)?;
    if (entities < LARGE && relations < LARGE) || (last.is_none() && confined()?) {
        for id in Query::of(FIGURES).limit(1_000).ids()? {
            write::delete(FIGURES, id, None)?;
        }
        return Ok(told(false, false));
    }
    let detected = detected()?;
    let mut round = last.as_ref().map(round_of).transpose()?.unwrap_or_default();
    let view = View::default();
    if let Some(last) = last.as_ref().filter(|last| detection_of(last) == detected) {
        let since = at(last);
        let old_enough = now().saturating_sub(since) >= AGE_MS;
        if !(old_enough && (changed(RELATIONS, since)? || changed(ENTITIES, since)?)) {
            if !round.more() {
                return Ok(told(false, false));
            }
            round = parts(&view.whole()?, round)?;
            note(detected, round, since)?;
            return Ok(told(true, round.more()));
        }
    }
    let whole = view.whole()?;
    let mut names = BTreeSet::new();
    let mut store = |name: String, figures: Value| store(&name, figures).map(|()| names.insert(name));
    store("shape".into(), measuring::shape(&whole, LISTED)?)?;
    store("symbols".into(), symbols::together(&whole, LISTED))?;
    let alone = measuring::alone(&whole, None, MOST_ALONE);
    if refer::int(&alone, "total").is_some_and(|total| total <= MOST_ALONE as u64) {
        store("isolated".into(), alone)?;
    }
    for level in 0..detection()?.and_then(|detection| refer::int(&detection, "levels")).unwrap_or_default() {
        store(format!("connectivity {level}"), communities::together(&view, &whole, level, LISTED)?)?;
        let (mut bridges, numbers) = communities::spanning(&view, &whole, (level, 1), BRIDGES)?;
        if let Some(fields) = bridges.as_object_mut() {
            let numbers: BTreeMap<String, usize> =
                numbers.into_iter().map(|(number, count)| (number.to_string(), count)).collect();
            fields.insert("numbers".into(), json!(numbers));
        }
        store(format!("bridges {level}"), bridges)?;
    }
    for old in of_space()?.filter(json!(["kind", "=", "whole"]))?.select(&["name"])?.limit(1_000).all(1_000)? {
        if !names.contains(refer::text(&old, "name")) {
            write::delete(FIGURES, refer::id(&old), None)?;
        }
    }
    let round = round.anew(whole.ids.len().div_ceil(PART));
    note(detected, round, now())?;
    Ok(told(true, round.more()))
}

/// Whether the caller is confined to a namespace. A row without one gets the caller's, so one that is tried tells it.
/// Asked only where there is no run yet, since a confined caller sees none.
fn confined() -> Result<bool, Fault> {
    let tried = json!({"name": RUN, "kind": "run", "figures": {}, "computed_at": 0});
    let (id, _) = write::insert_or_get(FIGURES, "name", &tried)?;
    Ok(get(FIGURES, id)?.is_some_and(|row| !refer::text(&row, "namespace").is_empty()))
}

/// The latest detection of the whole space.
fn detection() -> Result<Option<Value>, Fault> {
    Query::of(DETECTIONS).filter(json!(["namespace", "=", ""]))?.filter(json!(["scope", "=", ""]))?.first()
}

fn detected() -> Result<Option<u64>, Fault> {
    Ok(detection()?.and_then(|detection| refer::int(&detection, "detected_at")))
}

fn changed(collection: &str, since: u64) -> Result<bool, Fault> {
    let since = since.saturating_sub(OVERLAP_MS);
    let query = Query::of(collection).filter(json!(["updated_at", ">", since]))?.with_deleted();
    Ok(!query.limit(1).ids()?.is_empty())
}

fn round_of(run: &Value) -> Result<Round, Fault> {
    memstrata_sdk::arguments(run.get("figures").and_then(|figures| figures.get("round")).cloned().unwrap_or(json!({})))
}

/// Notes a run, which began at `at`.
fn note(detected: Option<u64>, round: Round, at: u64) -> Result<(), Fault> {
    let figures = json!({"detected_at": detected, "round": round});
    write::upsert(FIGURES, "name", &json!({"name": RUN, "kind": "run", "figures": figures, "computed_at": at}))?;
    Ok(())
}

/// Writes figures that differ from those there are, since each change of a row keeps what it was.
fn store(name: &str, mut figures: Value) -> Result<(), Fault> {
    kept::forget_names(&mut figures);
    if row(name)?.and_then(|row| row.get("figures").cloned()).as_ref() == Some(&figures) {
        return Ok(());
    }
    let row = json!({"name": name, "kind": "whole", "figures": figures, "computed_at": now()});
    write::upsert(FIGURES, "name", &row).map(|_| ())
}

/// The metrics of each entity, in parts of some hundred that one call reads: the next ones of a round, which it answers as it
/// stands then.
fn parts(whole: &Whole, standing: Round) -> Result<Round, Fault> {
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
    let query = of_space()?.filter(json!(["kind", "=", "part"]))?.select(&["name"])?;
    let olds = query.limit(1_000).all(10_000)?;
    let number = |old: &Value| refer::text(old, "name").strip_prefix("part ").and_then(|number| number.parse().ok());
    let there: BTreeSet<usize> = olds.iter().filter_map(number).collect();
    let chunks: Vec<&[u64]> = whole.ids.chunks(PART).collect();
    let mut done = BTreeSet::new();
    for number in standing.due(chunks.len(), &there, parts_a_call(&network)) {
        let Some(ids) = chunks.get(number) else { continue };
        let mut of = Map::new();
        for ((place, id), closeness) in ids.iter().enumerate().zip(near(&network, number)) {
            let place = number * PART + place;
            let betweenness = between.of.get(place).copied().unwrap_or_default();
            // In the order of `kept::METRICS`.
            let metrics = json!([
                network.degree(place),
                into.get(place),
                out.get(place),
                round(network.strengths.get(place).copied().unwrap_or_default()),
                measuring::fine(measures::degree(&network, place)),
                measuring::fine(closeness),
                measuring::fine(betweenness),
                ordered.partition_point(|other| *other > betweenness) + 1,
                measuring::fine(measures::clustering(&network, place)),
            ]);
            of.insert(id.to_string(), metrics);
        }
        let figures = json!({"of": of, "shared": shared});
        let name = format!("part {number}");
        if row(&name)?.and_then(|row| row.get("figures").cloned()).as_ref() != Some(&figures) {
            let row = json!({
                "name": name, "kind": "part", "first": ids.first(), "figures": figures, "computed_at": now(),
            });
            write::upsert(FIGURES, "name", &row)?;
        }
        done.insert(number);
        if memstrata_sdk::budget::should_stop() {
            break;
        }
    }
    for old in olds.iter().filter(|old| number(old).is_none_or(|number| number >= chunks.len())) {
        write::delete(FIGURES, refer::id(old), None)?;
    }
    Ok(standing.after(chunks.len(), &done))
}
