//! Places: stored, measured, searched, and what surrounds them.

use super::{EVENTS, PLACES, compact, mention, put};
use crate::filter::{Wanted, during, namespace};
use crate::mention::{FILES, condition};
use crate::moment::Moment;
use crate::place::{self, Node, SYMBOL_MARK};
use crate::summary::{groups, rounded};
use crate::view::{Detail, event as shown};
use memstrata_sdk::{Answer, Fault, Map, Query, Search, Value, arguments, json, write};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Symbol {
    name: String,
    symbol_type: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    namespace: String,
    file_path: Option<String>,
    symbols: Vec<Symbol>,
    symbol_type: Option<String>,
    path1: String,
    path2: String,
    query: String,
    near: Option<String>,
    of: Option<String>,
    node_type: Option<String>,
    start: Option<Moment>,
    end: Option<Moment>,
    limit: Option<u32>,
    cursor: Option<String>,
}

impl Asked {
    fn path(&self) -> Result<String, Fault> {
        let path = place::normalise(self.file_path.as_deref().unwrap_or_default());
        if path.is_empty() {
            return Err(Fault::invalid("`file_path` names no place; give a path such as src/auth/jwt.py"));
        }
        Ok(path)
    }

    fn places(&self) -> Result<Query, Fault> {
        Query::of(PLACES).namespace(namespace(&self.namespace))
    }
}

/// Events below a folder from which on they are many.
const MANY: u32 = 1_000;

/// Fields of a place that answers show.
const SHOWN: [&str; 5] = ["name", "full_path", "node_type", "symbol_type", "depth"];

fn row(node: &Node, namespace: &str) -> Value {
    let mut row = Map::new();
    row.insert("name".into(), json!(node.name));
    row.insert("full_path".into(), json!(node.full_path));
    row.insert("depth".into(), json!(node.depth));
    put(&mut row, "parent", node.parent.as_deref());
    row.insert("node_type".into(), json!(node.node_type));
    put(&mut row, "symbol_type", node.symbol_type.as_deref());
    let words = place::words(&node.full_path, node.symbol_type.as_deref());
    // The root has no words of its own.
    row.insert("words".into(), json!(if words.is_empty() { "root" } else { &words }));
    put(&mut row, "namespace", crate::filter::namespace(namespace));
    row.into()
}

fn store(node: &Node, namespace: &str) -> Result<(u64, bool), Fault> {
    let (id, new) = write::insert_or_get(PLACES, "path", &row(node, namespace))?;
    if !new && node.node_type == "directory" {
        // A folder given as a file before anything in it was known is put right here.
        let known = memstrata_sdk::get(PLACES, id)?;
        if known.as_ref().and_then(|row| row.get("node_type")).and_then(Value::as_str) == Some("file") {
            write::update(PLACES, id, None, &json!({"node_type": "directory"}))?;
        }
    }
    Ok((id, new))
}

/// `build_spatial_hierarchy`.
pub(super) fn build(given: Value) -> Answer {
    let asked: Asked = arguments(given)?;
    let path = asked.path()?;
    let symbols: Vec<(String, Option<String>)> =
        asked.symbols.iter().map(|symbol| (symbol.name.clone(), symbol.symbol_type.clone())).collect();
    let nodes = place::hierarchy(&path, &symbols);
    let mut new = 0;
    let mut shown = Vec::new();
    for node in &nodes {
        let (id, is_new) = store(node, &asked.namespace)?;
        new += u32::from(is_new);
        shown.push(json!({"id": id, "name": node.name, "full_path": node.full_path, "node_type": node.node_type,
            "depth": node.depth, "parent": node.parent}));
    }
    // Relations among many symbols are quadratic: the first hundred say enough.
    let relations: Vec<Value> = place::relations(&nodes)
        .into_iter()
        .take(100)
        .map(|r| json!({"from": r.from, "to": r.to, "relation_type": r.relation_type, "strength": r.strength}))
        .collect();
    Ok(json!({"nodes": shown, "new": new, "relations": relations}))
}

/// `spatial_indexing`.
pub(super) fn index(given: Value) -> Answer {
    let asked: Asked = arguments(given)?;
    let mut query = Query::of(EVENTS)
        .namespace(namespace(&asked.namespace))?
        .ascending("timestamp")?
        .select(&["namespace", "file_path", "files", "symbol_name", "symbol_type"])?
        .limit(asked.limit.unwrap_or(200).clamp(1, 500));
    for condition in during(asked.start.map(|m| m.0), asked.end.map(|m| m.0)) {
        query = query.filter(condition)?;
    }
    let page = query.after(asked.cursor.as_deref())?.page()?;
    let mut nodes: BTreeMap<(String, String), Node> = BTreeMap::new();
    for row in &page.rows {
        for node in named_by(row) {
            let key = (super::namespace_of(row).to_owned(), node.full_path.clone());
            nodes.entry(key).or_insert(node);
        }
    }
    let mut new = 0;
    for ((namespace, _), node) in &nodes {
        new += u32::from(store(node, namespace)?.1);
    }
    let mut answer = Map::new();
    answer.insert("events".into(), json!(page.rows.len()));
    answer.insert("places".into(), json!(nodes.len()));
    answer.insert("new".into(), json!(new));
    put(&mut answer, "next_cursor", page.next);
    Ok(answer.into())
}

/// The nodes of all files an event names.
fn named_by(row: &Value) -> Vec<Node> {
    let text = |field: &str| row.get(field).and_then(Value::as_str);
    let symbol = text("symbol_name").map(|name| (name.to_owned(), text("symbol_type").map(str::to_owned)));
    let symbols: Vec<_> = symbol.into_iter().collect();
    let own = text("file_path").map(|path| place::hierarchy(path, &symbols)).unwrap_or_default();
    let listed = row.get("files").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    own.into_iter().chain(listed.flat_map(|path| place::hierarchy(path, &[]))).collect()
}

/// `spatial_distance`.
pub(super) fn distance(given: Value) -> Answer {
    let asked: Asked = arguments(given)?;
    let hops = place::distance(&asked.path1, &asked.path2);
    Ok(json!({
        "distance": hops,
        "nearness": rounded((1.0 - hops as f64 / 10.0).max(0.0)),
        "common_ancestor": place::common_ancestor(&asked.path1, &asked.path2),
    }))
}

/// `spatial_query`.
pub(super) fn query(given: Value) -> Answer {
    let asked: Asked = arguments(given)?;
    let of_events = asked.of.as_deref() == Some("events");
    let (collection, path_field) = if of_events { (EVENTS, "file_path") } else { (PLACES, "full_path") };
    let limit = asked.limit.unwrap_or(10).clamp(1, 100);
    // Nearness re-orders, so more candidates than wanted are looked at.
    let mut search = Search::of(&asked.query)
        .collection(collection)?
        .namespace(namespace(&asked.namespace))?
        .fusion("scores")?
        .limit((limit * 4).min(200));
    if of_events {
        search = search.filter(json!(["file_path", "!=", null]))?;
    } else if let Some(node_type) = &asked.node_type {
        search = search.filter(json!(["node_type", "=", node_type]))?;
    }
    let found = search.hits()?;
    let best = found.iter().map(|hit| hit.score).fold(0.0, f64::max);
    let mut hits: Vec<(f64, Value)> = found
        .iter()
        .map(|hit| {
            let path = hit.row.get(path_field).and_then(Value::as_str).unwrap_or_default();
            let semantic = if best > 0.0 { (hit.score / best).clamp(0.0, 1.0) } else { 0.0 };
            let hops = asked.near.as_deref().map(|near| place::distance(near, path));
            let score = hops.map_or(semantic, |hops| place::combined_score(semantic, hops));
            let mut shown = Map::new();
            shown.insert("id".into(), json!(hit.id));
            shown.insert("path".into(), json!(path));
            shown.insert("score".into(), rounded(score));
            shown.insert("semantic".into(), rounded(semantic));
            put(&mut shown, "distance", hops);
            put(&mut shown, "node_type", hit.row.get("node_type").cloned());
            let content = hit.row.get("content").and_then(Value::as_str);
            put(&mut shown, "content", content.map(|text| crate::view::shorten(text, crate::view::SUMMARY_CHARS).0));
            (score, shown.into())
        })
        .collect();
    hits.sort_by(|a, b| b.0.total_cmp(&a.0));
    hits.truncate(limit as usize);
    let hits: Vec<Value> = hits.into_iter().map(|(_, hit)| hit).collect();
    Ok(json!({"count": hits.len(), "hits": hits}))
}

/// `get_spatial_context`.
pub(super) fn context(given: Value) -> Answer {
    let asked: Asked = arguments(given)?;
    let path = asked.path()?;
    let limit = asked.limit.unwrap_or(20).clamp(1, 100);
    let (file, symbol) = match path.split_once(SYMBOL_MARK) {
        Some((file, symbol)) => (file, Some(symbol.to_owned())),
        None => (path.as_str(), None),
    };
    let symbols = symbol.iter().map(|name| (name.clone(), None)).collect::<Vec<_>>();
    let nodes = place::hierarchy(file, &symbols);
    let ancestors: Vec<&str> =
        nodes.iter().map(|node| node.full_path.as_str()).filter(|above| *above != path).collect();
    let parent = nodes.last().and_then(|node| node.parent.as_deref());
    let places = |condition: Value| -> Result<Vec<Value>, Fault> {
        let page = asked.places()?.filter(condition)?.ascending("name")?.select(&SHOWN)?.limit(limit).page()?;
        Ok(page.rows.into_iter().map(compact).collect())
    };
    let below = json!(["parent", "=", path]);
    let symbol_here = json!(["node_type", "=", "symbol"]);
    let not_symbol_here = json!(["node_type", "!=", "symbol"]);
    // Nobody may have said whether the path is a file or a folder, so events of both readings count.
    let inside = format!("{}/", file.trim_end_matches('/'));
    // Where much happened below, reading the newest events one by one fills the page sooner than collecting all of them.
    let below_it = json!(["file_path", "prefix", inside]);
    let within = Query::of(EVENTS).namespace(namespace(&asked.namespace))?.filter(below_it.clone())?;
    let below_ids = within.ascending("file_path")?.limit(MANY).ids()?;
    let lists = [(FILES, file.to_owned())];
    let here = if below_ids.len() as u64 >= u64::from(MANY) {
        json!({"any": [below_it, condition(&lists[0], None)]})
    } else {
        let listed = mention::conditions(&lists, namespace(&asked.namespace), None)?.0;
        let below = (!below_ids.is_empty()).then(|| json!(["id", "in", below_ids]));
        json!({"any": listed.into_iter().chain(below).collect::<Vec<_>>()})
    };
    let events = Query::of(EVENTS)
        .namespace(namespace(&asked.namespace))?
        .filter(here)?
        .filter_if("symbol_name", "=", symbol)?
        .descending("timestamp")?
        .limit(limit.min(20))
        .page()?
        .rows;
    Ok(json!({
        "path": path,
        "stored": asked.places()?.filter(json!(["full_path", "=", path]))?.count()? > 0,
        "ancestors": ancestors,
        "siblings": places(json!({"all": [["parent", "=", parent], ["full_path", "!=", path]]}))?,
        "children": places(json!({"all": [below, not_symbol_here]}))?,
        "symbols": places(json!({"all": [below, symbol_here]}))?,
        "recent_events": events.iter().map(|row| shown(row, Detail::Summary)).collect::<Vec<_>>(),
    }))
}

/// `symbol_analysis`.
pub(super) fn symbols(given: Value) -> Answer {
    let asked: Asked = arguments(given)?;
    let limit = asked.limit.unwrap_or(50).clamp(1, 200);
    let wanted = Wanted {
        namespace: asked.namespace.clone(),
        file_path: asked.file_path.clone(),
        symbol_type: asked.symbol_type.clone(),
        ..Wanted::default()
    };
    let conditions = super::list::conditions(&wanted)?;
    let named = || {
        let all = super::list::with(&wanted, conditions.clone(), (None, None))?;
        all.filter(json!(["symbol_name", "!=", null]))
    };
    let mut stored = asked.places()?.filter(json!(["node_type", "=", "symbol"]))?.filter_if(
        "symbol_type",
        "=",
        asked.symbol_type.as_deref(),
    )?;
    if let Some(file) = asked.file_path.as_deref().filter(|file| !file.trim().is_empty()) {
        let clean = place::normalise(file);
        let condition = if file.trim().ends_with('/') {
            json!(["full_path", "prefix", format!("{}/", clean.trim_end_matches('/'))])
        } else {
            json!(["parent", "=", clean])
        };
        stored = stored.filter(condition)?;
    }
    let page = stored.ascending("name")?.select(&SHOWN)?.limit(limit).page()?;
    let places: Vec<Value> = page.rows.into_iter().map(compact).collect();
    Ok(json!({
        "symbols": groups(&named()?.group_count("symbol_name")?, limit as usize),
        "places": places,
        "events": named()?.count()?,
    }))
}
