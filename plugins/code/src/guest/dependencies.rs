//! What calls what: edges are by name, and resolved when somebody asks, so that they are never out of date.

use super::{EDGES, FILES, UNITS, places, searching, telling};
use crate::place::Place;
use memstrata_sdk::row::{id, int, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get_many, json};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Units of one name that are told.
const MOST_ENTITIES: u32 = 20;
/// Edges of one question.
const MOST_EDGES: u32 = 500;
/// Names resolved in one query.
const NAMES: usize = 200;
/// Candidates looked at for each batch of names.
const MOST_CANDIDATES: usize = 4_000;
/// Files of a place below a folder whose edges are counted, and how many in one query.
const MOST_FILES: usize = 5_000;
const FILES_AT_ONCE: usize = 500;

#[derive(Deserialize)]
struct Find {
    file_path: String,
    entity_name: String,
    repo_path: Option<String>,
}

pub(super) fn find(given: Value) -> Answer {
    let Find { file_path, entity_name, repo_path } = arguments(given)?;
    let (in_file, by_name) = (!file_path.trim().is_empty(), !entity_name.trim().is_empty());
    if !in_file && !by_name {
        return Err(Fault::invalid("give `file_path`, `entity_name` or both"));
    }
    let file = match in_file {
        true => {
            let place = places::file(&file_path, repo_path.as_deref())?;
            Some(places::row(&place)?.ok_or_else(|| places::no_file(&place))?)
        }
        false => None,
    };
    let place = match &file {
        Some(row) => Place { folder: Some(text(row, "folder").to_owned()), path: text(row, "path").to_owned() },
        None => places::known(repo_path.as_deref())?,
    };
    let entities = match by_name {
        true => searching::exactly(&entity_name, &place, MOST_ENTITIES)?,
        false => units_of(file.as_ref().map_or(0, id))?,
    };
    if by_name && entities.is_empty() {
        let name: String = entity_name.chars().take(100).collect();
        return Err(Fault::new(
            "not-found.unit",
            format!("no unit `{name}`: search_code_by_name finds names that are alike"),
        ));
    }
    let mut notes = Vec::new();
    let calls = calls(&entities, &mut notes)?;
    let called_by = called_by(&entities, file.as_ref().filter(|_| !by_name), &mut notes)?;
    let files: Vec<u64> = match &file {
        Some(row) => vec![id(row)],
        None => files_of(&entities)?,
    };
    let shown: Vec<Value> = if by_name {
        entities.iter().map(telling::unit).collect()
    } else {
        entities.iter().map(telling::short).collect()
    };
    Ok(json!({
        "entities": shown, "file": file.as_ref().map(telling::file), "imports": imports(&files)?, "calls": calls, "called_by": called_by, "notes": notes,
    }))
}

/// The units of a file, in order.
pub(super) fn units_of(file: u64) -> Result<Vec<Value>, Fault> {
    let query = Query::of(UNITS).filter(json!(["file", "=", file]))?.ascending("first_line")?.select(&telling::UNIT)?;
    query.limit(1_000).all(crate::unit::MOST_UNITS)
}

fn files_of(units: &[Value]) -> Result<Vec<u64>, Fault> {
    let rows = get_many(UNITS, &units.iter().map(id).collect::<Vec<_>>())?;
    let files: BTreeSet<u64> = rows.iter().flatten().filter_map(|row| int(row, "file")).collect();
    Ok(files.into_iter().collect())
}

/// What files import.
pub(super) fn imports(files: &[u64]) -> Result<Vec<Value>, Fault> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query::of(EDGES).filter(json!(["file", "in", files]))?.filter(json!(["kind", "=", "imports"]))?;
    let rows = query.select(&["name", "qualifier", "line", "file"])?.limit(MOST_EDGES).page()?.rows;
    // A name may be an alias: then the last part of the module is the unit's own.
    let plain = |name: &str| Wanted { name: name.to_owned(), qualifier: String::new(), owner: String::new() };
    let last = |row: &Value| text(row, "qualifier").rsplit([':', '.', '/']).next().unwrap_or_default().to_owned();
    let wanted: Vec<Wanted> = rows
        .iter()
        .flat_map(|row| [plain(text(row, "name")), plain(&last(row))])
        .filter(|wanted| !wanted.name.is_empty() && wanted.name != "*")
        .collect();
    let known = Candidates::of(&wanted)?;
    Ok(rows
        .iter()
        .map(|row| {
            let (name, last) = (text(row, "name"), last(row));
            let name = if known.by_name.contains_key(name) { name } else { &last };
            let mut told = json!({"module": row.get("qualifier"), "name": row.get("name"), "line": row.get("line")});
            known.tell(&plain(name), &mut told);
            told
        })
        .collect())
}

/// A name that is called: by what, and from where.
struct Wanted {
    name: String,
    qualifier: String,
    /// What the caller belongs to.
    owner: String,
}

/// Units of the names wanted.
struct Candidates {
    by_name: BTreeMap<String, Vec<Value>>,
    /// Names that had too many units to look at all.
    cut: bool,
}

impl Candidates {
    fn of(wanted: &[Wanted]) -> Result<Self, Fault> {
        let names: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.name.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut known = Self { by_name: BTreeMap::new(), cut: false };
        for part in names.chunks(NAMES) {
            // An `impl` is no answer to who is called: its type is.
            let query = Query::of(UNITS).filter(json!(["name", "in", part]))?.filter(json!(["kind", "!=", "impl"]))?;
            let rows = query
                .select(&["folder", "path", "kind", "name", "qualified", "owner", "first_line"])?
                .limit(1_000)
                .all(MOST_CANDIDATES)?;
            known.cut |= rows.len() >= MOST_CANDIDATES;
            for row in rows {
                known.by_name.entry(text(&row, "name").to_owned()).or_default().push(row);
            }
        }
        Ok(known)
    }

    /// Says what a name means: one unit, several, or none that is indexed.
    fn tell(&self, wanted: &Wanted, told: &mut Value) {
        let Some(told) = told.as_object_mut() else { return };
        let all = self.by_name.get(&wanted.name).map(Vec::as_slice).unwrap_or_default();
        let fits = |row: &&Value| match wanted.qualifier.as_str() {
            "" => true,
            "self" => text(row, "owner") == wanted.owner,
            on => text(row, "owner") == on || stem(text(row, "path")) == on,
        };
        let fitting: Vec<&Value> = all.iter().filter(fits).collect();
        let (state, candidates) = match fitting.as_slice() {
            [one] if !self.cut => {
                told.insert("target".into(), telling::short(one));
                ("resolved", 1)
            }
            [] => ("external", 0),
            more => ("ambiguous", more.len()),
        };
        told.insert("resolution".into(), json!(state));
        told.insert("candidates".into(), json!(candidates));
    }
}

/// The name of a file without its extension; of `mod.rs` and `__init__.py` that of its folder.
fn stem(path: &str) -> &str {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    match stem {
        "mod" | "__init__" | "index" | "lib" => {
            folder.rsplit('/').next().filter(|folder| !folder.is_empty()).unwrap_or(stem)
        }
        stem => stem,
    }
}

/// What units call.
fn calls(units: &[Value], notes: &mut Vec<String>) -> Result<Vec<Value>, Fault> {
    let mut edges = Vec::new();
    let ids: Vec<u64> = units.iter().map(id).collect();
    for part in ids.chunks(NAMES) {
        let query = Query::of(EDGES).filter(json!(["source", "in", part]))?.filter(json!(["kind", "=", "calls"]))?;
        edges.extend(query.select(&["source", "name", "qualifier", "count"])?.limit(MOST_EDGES).page()?.rows);
    }
    if edges.len() >= MOST_EDGES as usize {
        notes.push(format!("only the first {MOST_EDGES} calls are told"));
        edges.truncate(MOST_EDGES as usize);
    }
    let sources: BTreeMap<u64, &Value> = units.iter().map(|unit| (id(unit), unit)).collect();
    let source = |edge: &Value| sources.get(&int(edge, "source").unwrap_or_default()).copied();
    let wanted: Vec<Wanted> = edges
        .iter()
        .map(|edge| Wanted {
            name: text(edge, "name").to_owned(),
            qualifier: text(edge, "qualifier").to_owned(),
            owner: source(edge).map(|unit| text(unit, "owner").to_owned()).unwrap_or_default(),
        })
        .collect();
    let known = Candidates::of(&wanted)?;
    Ok(edges
        .iter()
        .zip(&wanted)
        .map(|(edge, wanted)| {
            let mut told = json!({"from": source(edge).map(|unit| text(unit, "qualified")), "name": wanted.name, "count": edge.get("count")});
            if let Some(fields) = told.as_object_mut().filter(|_| !wanted.qualifier.is_empty()) {
                fields.insert("on".into(), json!(wanted.qualifier));
            }
            known.tell(wanted, &mut told);
            told
        })
        .collect())
}

/// Who calls units: by name and qualifier. With a file, calls from within it are left out.
fn called_by(units: &[Value], file: Option<&Value>, notes: &mut Vec<String>) -> Result<Vec<Value>, Fault> {
    let names: BTreeSet<&str> =
        units.iter().filter(|unit| text(unit, "kind") != "impl").map(|unit| text(unit, "name")).collect();
    let names: Vec<&str> = names.into_iter().take(NAMES).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::of(EDGES).filter(json!(["name", "in", names]))?.filter(json!(["kind", "=", "calls"]))?;
    if let Some(file) = file {
        query = query.filter(json!(["file", "!=", id(file)]))?;
    }
    let page = query.select(&["source", "name", "qualifier", "count", "file"])?.limit(MOST_EDGES).page()?;
    if page.next.is_some() {
        notes.push(format!("only the first {MOST_EDGES} callers are told"));
    }
    let sources = get_many(UNITS, &page.rows.iter().filter_map(|row| int(row, "source")).collect::<Vec<_>>())?;
    let wanted: Vec<Wanted> = names
        .iter()
        .map(|name| Wanted { name: (*name).to_owned(), qualifier: String::new(), owner: String::new() })
        .collect();
    let known = Candidates::of(&wanted)?;
    let mut told = Vec::new();
    for (edge, source) in page.rows.iter().zip(sources) {
        let Some(source) = source else { continue };
        let wanted = Wanted {
            name: text(edge, "name").to_owned(),
            qualifier: text(edge, "qualifier").to_owned(),
            owner: text(&source, "owner").to_owned(),
        };
        // A call that says whose it is, and means none of these, is another's.
        let meant =
            units.iter().filter(|unit| text(unit, "name") == wanted.name).any(|unit| match wanted.qualifier.as_str() {
                "" => true,
                "self" => text(unit, "owner") == wanted.owner,
                on => text(unit, "owner") == on || stem(text(unit, "path")) == on,
            });
        if !meant {
            continue;
        }
        let mut row = json!({"name": wanted.name, "count": edge.get("count"), "by": telling::short(&source)});
        known.tell(&wanted, &mut row);
        if let Some(fields) = row.as_object_mut() {
            fields.remove("target");
        }
        told.push(row);
    }
    Ok(told)
}

/// How often files of a place import and call is told by counts alone.
pub(super) fn heavy(place: &Place, notes: &mut Vec<Value>) -> Result<Value, Fault> {
    let edges = |kind: &str, files: &[u64]| {
        let query =
            Query::of(EDGES).filter(json!(["kind", "=", kind]))?.filter_if("folder", "=", place.folder.clone())?;
        if files.is_empty() { Ok(query) } else { query.filter(json!(["file", "in", files])) }
    };
    let (mut imports, mut calls, mut imported) = (0, 0, BTreeMap::new());
    let mut add = |files: &[u64]| -> Result<(), Fault> {
        imports += edges("imports", files)?.count()?;
        calls += edges("calls", files)?.count()?;
        for (name, count) in edges("imports", files)?.group_count("qualifier")? {
            *imported.entry(name.as_str().map(str::to_owned)).or_default() += count;
        }
        Ok(())
    };
    if place.path.is_empty() {
        add(&[])?;
    } else {
        // An edge names its file, not the path of it.
        let files = places::within(Query::of(FILES), place)?.select(&["path"])?.limit(1_000).all(MOST_FILES)?;
        if files.len() >= MOST_FILES {
            notes.push(json!(format!("dependencies are of the first {MOST_FILES} files here: name a smaller place")));
        }
        let files: Vec<u64> = files.iter().map(id).collect();
        files.chunks(FILES_AT_ONCE).try_for_each(&mut add)?;
    }
    Ok(json!({"imports": imports, "calls": calls, "most_imported": most(imported)}))
}

/// The ten counted most often, the most frequent first.
fn most(counted: BTreeMap<Option<String>, u64>) -> Vec<Value> {
    let mut list: Vec<_> = counted.into_iter().collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    list.into_iter().take(10).map(|(name, count)| json!({"name": name, "count": count})).collect()
}
