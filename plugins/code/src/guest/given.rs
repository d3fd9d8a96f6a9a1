//! Units somebody else has found.

use super::count;
use super::keeping::{self, Facts, Spot, cost, keep};
use crate::language::Language;
use crate::place::Place;
use crate::reading::Lines;
use crate::unit::{Outline, Unit, counted};
use memstrata_sdk::row::{int, text};
use memstrata_sdk::{Answer, Fault, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows written in one call, at most.
const MOST_ROWS: u64 = 9_000;

#[derive(Deserialize)]
struct Add {
    code_units: Vec<Given>,
    repo_path: Option<String>,
}

/// The host gives no defaults inside of lists: those of the manifest are said again here.
#[derive(Deserialize)]
struct Given {
    name: String,
    file_path: String,
    #[serde(default)]
    unit_type: String,
    language: Option<String>,
    container: Option<String>,
    signature: Option<String>,
    docstring: Option<String>,
    #[serde(default = "first")]
    start_line: u32,
    end_line: Option<u32>,
    complexity: Option<u32>,
    #[serde(default)]
    calls: Vec<String>,
}

fn first() -> u32 {
    1
}

pub(super) fn add(given: Value) -> Answer {
    let Add { code_units, repo_path } = arguments(given)?;
    if code_units.is_empty() {
        return Err(Fault::invalid("give `code_units`: each with `name` and `file_path` at least"));
    }
    let within = Place::parse(repo_path.as_deref().unwrap_or_default()).map_err(Fault::invalid)?;
    let mut files: BTreeMap<(String, String), Vec<Given>> = BTreeMap::new();
    for unit in code_units {
        let path = Place::parse(&unit.file_path).map_err(Fault::invalid)?;
        let place = match &within.folder {
            Some(folder) => (folder.clone(), memstrata_sdk::path::join(&within.path, &path.shown())),
            None => (path.folder.unwrap_or_default(), path.path),
        };
        if place.1.is_empty() {
            return Err(Fault::invalid(format!(
                "`{}` names no file: give `repo_path`, or a path with a folder's name before it",
                unit.file_path
            )));
        }
        files.entry(place).or_default().push(unit);
    }
    let (mut told, mut units, mut edges, mut rows) = (Vec::new(), 0, 0, 0);
    for ((folder, path), given) in files {
        let place = Place { folder: Some(folder.clone()), path: path.clone() };
        let named = given.iter().find_map(|unit| unit.language.as_deref().and_then(Language::named));
        let Some(language) = named.or_else(|| Language::of(&path)) else {
            let known: Vec<&str> = crate::language::LANGUAGES.iter().map(|(_, name)| *name).collect();
            return Err(Fault::invalid(format!(
                "no language is known for `{path}`: give `language`, one of {}",
                known.join(", ")
            )));
        };
        let old = keeping::own(&folder, &path, language)?;
        if text(&old, "state") != "given" {
            return Err(Fault::new(
                "conflict.indexed",
                format!("`{}` is indexed from its folder: its units are read there", place.shown()),
            ));
        }
        let mut outline = outline(given)?;
        outline.bound();
        rows += cost(Some(&old), &outline);
        if rows > MOST_ROWS {
            return Err(Fault::invalid(format!("these units need more than {MOST_ROWS} rows: give fewer at once")));
        }
        let lines =
            Lines { total: outline.units.iter().map(|unit| unit.last).max().unwrap_or_default(), ..Lines::default() };
        let spot = Spot { namespace: text(&old, "namespace"), folder: &folder, path: &path, language };
        let file = keep(
            &spot,
            Some(&old),
            &outline,
            &Facts { state: "given", digest: None, bytes: 0, modified: None, lines },
        )?;
        let row = memstrata_sdk::get(super::FILES, file)?.unwrap_or_default();
        units += count(outline.units.len());
        edges += int(&row, "edges").unwrap_or_default();
        told.push(json!({"id": file, "path": place.shown(), "units": outline.units.len()}));
    }
    Ok(json!({"files": told, "units": units, "edges": edges}))
}

/// Given units as an outline: a container that is among them comes before what it contains.
fn outline(mut given: Vec<Given>) -> Result<Outline, Fault> {
    let reach = |unit: &Given| unit.end_line.unwrap_or(unit.start_line);
    given.sort_by_key(|unit| (unit.start_line, std::cmp::Reverse(reach(unit))));
    let mut units: Vec<Unit> = Vec::new();
    for one in given {
        let last = reach(&one);
        if last < one.start_line {
            return Err(Fault::invalid(format!(
                "`{}` ends on line {last}, before it begins on line {}",
                one.name, one.start_line
            )));
        }
        let kind = crate::unit::KINDS.iter().find(|kind| **kind == one.unit_type).copied().unwrap_or("function");
        let container = one.container.as_deref().and_then(|name| units.iter().rposition(|unit| unit.name == name));
        let owner = if container.is_none() { one.container.unwrap_or_default() } else { String::new() };
        units.push(Unit {
            kind,
            name: one.name,
            container,
            owner,
            signature: one.signature.unwrap_or_default(),
            doc: one.docstring.unwrap_or_default(),
            first: one.start_line,
            last,
            complexity: one.complexity,
            calls: counted(one.calls.into_iter().map(|call| (call, String::new()))),
        });
    }
    Ok(Outline { parser: "given", units, ..Outline::default() })
}
