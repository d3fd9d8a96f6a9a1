//! Units by meaning, by type and by name.

use super::{EDGES, FILES, UNITS, places, telling};
use crate::place::Place;
use crate::unit::KINDS;
use memstrata_sdk::path::join;
use memstrata_sdk::row::{id, int, round, text};
use memstrata_sdk::{Answer, Fault, Query, Search, Value, arguments, get_many, json};
use serde::Deserialize;
use std::collections::HashSet;

#[derive(Deserialize)]
struct Meaning {
    query: String,
    repo_path: Option<String>,
    limit: u32,
    min_score: f64,
}

pub(super) fn by_meaning(given: Value) -> Answer {
    let asked: Meaning = arguments(given)?;
    if asked.query.trim().is_empty() {
        return Err(Fault::invalid("give `query`: what the code does, in words"));
    }
    let place = places::known(asked.repo_path.as_deref())?;
    let search = Search::of(&asked.query).collection(UNITS)?.min_similarity(asked.min_score).limit(asked.limit);
    ranked(places::search_within(search, &place)?)
}

fn ranked(search: Search) -> Answer {
    let results = search.results()?;
    let told: Vec<Value> = memstrata_sdk::hits(&results)?
        .iter()
        .map(|hit| {
            let similarity =
                hit.found_by.iter().find(|(channel, ..)| *channel == "vector").map(|(.., cosine)| round(*cosine));
            let mut told = telling::unit(&hit.row);
            if let Some(fields) = told.as_object_mut() {
                fields.insert("score".into(), json!(hit.score));
                fields.insert("similarity".into(), json!(similarity));
                fields.insert("found_by".into(), hit.found_by.iter().map(|(channel, ..)| json!(channel)).collect());
            }
            told
        })
        .collect();
    Ok(json!({"count": told.len(), "results": told, "notes": results.notes()}))
}

#[derive(Deserialize)]
struct Kind {
    unit_type: String,
    repo_path: Option<String>,
    query: Option<String>,
    limit: u32,
}

pub(super) fn by_type(given: Value) -> Answer {
    let asked: Kind = arguments(given)?;
    let kind = asked.unit_type.trim().to_ascii_lowercase();
    let place = places::known(asked.repo_path.as_deref())?;
    if kind == "import" || kind == "imports" {
        return imports(&place, asked.query.as_deref(), asked.limit);
    }
    if !kind.is_empty() && !KINDS.contains(&kind.as_str()) {
        return Err(Fault::invalid(format!("no unit is of type `{kind}`; types are {} and import", KINDS.join(", "))));
    }
    let kind = Some(kind).filter(|kind| !kind.is_empty());
    if let Some(query) = asked.query.filter(|query| !query.trim().is_empty()) {
        let mut search = Search::of(&query).collection(UNITS)?.limit(asked.limit);
        if let Some(kind) = kind {
            search = search.filter(json!(["kind", "=", kind]))?;
        }
        return ranked(places::search_within(search, &place)?);
    }
    let units = || places::within(Query::of(UNITS).filter_if("kind", "=", kind.clone())?, &place);
    let rows = units()?.select(&telling::UNIT)?.ascending("name")?.limit(asked.limit).page()?.rows;
    Ok(
        json!({"count": rows.len(), "total": units()?.count()?, "results": rows.iter().map(telling::unit).collect::<Vec<_>>(), "notes": []}),
    )
}

fn imports(place: &Place, query: Option<&str>, limit: u32) -> Answer {
    let mut edges =
        Query::of(EDGES).filter(json!(["kind", "=", "imports"]))?.filter_if("folder", "=", place.folder.clone())?;
    if let Some(query) = query.filter(|query| !query.trim().is_empty()) {
        edges = edges
            .filter(json!({"any": [["name", "contains", query.trim()], ["qualifier", "contains", query.trim()]]}))?;
    }
    let mut notes = Vec::new();
    if !place.path.is_empty() {
        notes.push("imports are listed for the whole folder");
    }
    let rows = edges.limit(limit).page()?.rows;
    let files = get_many(FILES, &rows.iter().filter_map(|row| int(row, "file")).collect::<Vec<_>>())?;
    let told: Vec<Value> = rows
        .iter()
        .zip(files)
        .map(|(row, file)| {
            let file = file.unwrap_or_default();
            json!({"id": id(row), "kind": "import", "name": row.get("name"), "module": row.get("qualifier"), "path": join(text(&file, "folder"), text(&file, "path")),
                   "first_line": row.get("line"), "last_line": row.get("line"), "parser": file.get("parser")})
        })
        .collect();
    Ok(json!({"count": told.len(), "total": null, "results": told, "notes": notes}))
}

#[derive(Deserialize)]
struct Name {
    name: String,
    repo_path: Option<String>,
    exact: bool,
    limit: u32,
}

/// The last part of a name, and the part before it.
pub(super) fn parts(name: &str) -> (&str, &str) {
    let name = name.trim();
    let cut = |joint: &str| name.rsplit_once(joint).filter(|(before, last)| !before.is_empty() && !last.is_empty());
    match cut("::").or_else(|| cut(".")) {
        Some((before, last)) => (last, before.rsplit([':', '.']).next().unwrap_or(before)),
        None => (name, ""),
    }
}

/// Units of exactly this name, qualified or not.
pub(super) fn exactly(name: &str, place: &Place, limit: u32) -> Result<Vec<Value>, Fault> {
    let (last, owner) = parts(name);
    let owner = Some(owner).filter(|owner| !owner.is_empty());
    let query = Query::of(UNITS).filter(json!(["name", "=", last]))?.filter_if("owner", "=", owner)?;
    Ok(places::within(query, place)?.select(&telling::UNIT)?.limit(limit).page()?.rows)
}

pub(super) fn by_name(given: Value) -> Answer {
    let asked: Name = arguments(given)?;
    if asked.name.trim().is_empty() {
        return Err(Fault::invalid("give `name`: the name of a unit, or a part of it"));
    }
    let place = places::known(asked.repo_path.as_deref())?;
    let most = asked.limit as usize;
    let mut rows = exactly(&asked.name, &place, asked.limit)?;
    let mut seen: HashSet<u64> = rows.iter().map(id).collect();
    let (last, owner) = parts(&asked.name);
    if !asked.exact {
        for operator in ["=", "prefix", "contains"] {
            if rows.len() >= most {
                break;
            }
            let query = Query::of(UNITS).filter(json!(["name_key", operator, last.to_lowercase()]))?.filter_if(
                "owner",
                "=",
                Some(owner).filter(|owner| !owner.is_empty()),
            )?;
            let query = places::within(query, &place)?.select(&telling::UNIT)?.ascending("name_key")?;
            // What was found before comes again: as many more are asked for.
            let page = query.limit(asked.limit + u32::try_from(rows.len()).unwrap_or_default()).page()?.rows;
            rows.extend(page.into_iter().filter(|row| seen.insert(id(row))));
        }
    }
    rows.truncate(most);
    Ok(json!({"count": rows.len(), "results": rows.iter().map(telling::unit).collect::<Vec<_>>(), "notes": []}))
}
