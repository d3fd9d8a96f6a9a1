//! The outline of a file, or what lies in a folder of the index.

use super::{FILES, dependencies, places, telling};
use crate::place::Place;
use memstrata_sdk::path::beneath;
use memstrata_sdk::row::{id, int, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, files, json};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Files and folders told.
const MOST: usize = 300;

#[derive(Deserialize)]
struct Navigate {
    file_path: String,
    repo_path: Option<String>,
}

pub(super) fn navigate(given: Value) -> Answer {
    let Navigate { file_path, repo_path } = arguments(given)?;
    let within = Place::parse(repo_path.as_deref().unwrap_or_default()).map_err(Fault::invalid)?;
    let asked = Place::parse(&file_path).map_err(Fault::invalid)?;
    let place = match (&asked.folder, &within.folder) {
        (None, None) => return top(),
        (None, Some(_)) => within,
        (Some(_), _) => places::file(&file_path, repo_path.as_deref())?,
    };
    match places::row(&place)?.filter(|_| !place.path.is_empty()) {
        Some(row) => outline(&place, &row),
        None => folder(&place),
    }
}

/// A file's units with how deep each lies.
fn outline(place: &Place, file: &Value) -> Answer {
    let units = dependencies::units_of(id(file))?;
    let mut depths = BTreeMap::new();
    let told: Vec<Value> = units
        .iter()
        .map(|unit| {
            let depth = int(unit, "container").and_then(|container| depths.get(&container)).map_or(0, |depth: &u64| depth + 1);
            depths.insert(id(unit), depth);
            json!({"id": id(unit), "kind": unit.get("kind"), "name": unit.get("name"), "depth": depth, "first_line": unit.get("first_line"),
                   "last_line": unit.get("last_line"), "complexity": unit.get("complexity"), "signature": unit.get("signature")})
        })
        .collect();
    let imports = dependencies::imports(&[id(file)])?;
    Ok(
        json!({"place": place.shown(), "file": telling::file(file), "outline": told, "imports": imports, "folders": [], "files": [], "notes": []}),
    )
}

/// All folders, granted or known.
fn top() -> Answer {
    let counts: BTreeMap<String, u64> = Query::of(FILES)
        .group_count("folder")?
        .into_iter()
        .filter_map(|(name, count)| Some((name.as_str()?.to_owned(), count)))
        .collect();
    let granted: BTreeSet<String> = files::folders().into_iter().collect();
    let names: BTreeSet<&String> = counts.keys().chain(&granted).collect();
    let told: Vec<Value> = names
        .into_iter()
        .map(|name| json!({"name": name, "files": counts.get(name).copied().unwrap_or_default(), "granted": granted.contains(name)}))
        .collect();
    Ok(json!({"place": "", "file": null, "outline": [], "imports": [], "folders": told, "files": [], "notes": []}))
}

/// What lies directly in a folder, with the number of files below each.
fn folder(place: &Place) -> Answer {
    let name = place.folder.clone().unwrap_or_default();
    let mut below: BTreeMap<String, u64> = BTreeMap::new();
    let mut any = false;
    for (parent, count) in Query::of(FILES).filter(json!(["folder", "=", name]))?.group_count("parent")? {
        let parent = parent.as_str().unwrap_or_default();
        if !beneath(parent, &place.path) {
            continue;
        }
        any = true;
        let rest = parent.get(place.path.len()..).unwrap_or_default().trim_start_matches('/');
        if let Some(child) = rest.split('/').next().filter(|child| !child.is_empty()) {
            *below.entry(child.to_owned()).or_default() += count;
        }
    }
    if !any {
        return Err(places::no_file(place));
    }
    let here = Query::of(FILES).filter(json!(["folder", "=", name]))?.filter(json!(["parent", "=", place.path]))?;
    let rows = here.limit(1_000).page()?.rows;
    let mut notes = Vec::new();
    if below.len() > MOST || rows.len() > MOST {
        notes.push(format!("only the first {MOST} folders and files are told"));
    }
    let mut rows: Vec<&Value> = rows.iter().collect();
    rows.sort_by_key(|row| text(row, "path"));
    let folders: Vec<Value> =
        below.into_iter().take(MOST).map(|(name, files)| json!({"name": name, "files": files})).collect();
    let files: Vec<Value> = rows.into_iter().take(MOST).map(telling::file).collect();
    Ok(
        json!({"place": place.shown(), "file": null, "outline": [], "imports": [], "folders": folders, "files": files, "notes": notes}),
    )
}
