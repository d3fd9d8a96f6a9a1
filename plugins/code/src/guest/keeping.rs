//! A file as it was read becomes rows; those of before go.

use super::{EDGES, FILES, UNITS, count};
use crate::language::Language;
use crate::reading::Lines;
use crate::unit::{Outline, searchable};
use memstrata_sdk::path::parent;
use memstrata_sdk::row::{id, int};
use memstrata_sdk::{Fault, Map, Query, Value, clock, json, write};

/// Where a file lies.
pub(super) struct Spot<'a> {
    /// The namespace its rows lie in; the caller's own if empty.
    pub(super) namespace: &'a str,
    pub(super) folder: &'a str,
    pub(super) path: &'a str,
    pub(super) language: Language,
}

impl Spot<'_> {
    /// Puts a new row where the file's rows lie. A caller confined to a namespace may not name the whole space, so that is left out.
    fn place(&self, row: &mut Map<String, Value>) {
        if !self.namespace.is_empty() {
            row.insert("namespace".into(), json!(self.namespace));
        }
    }
}

/// What is known of a file beside its outline.
pub(super) struct Facts {
    pub(super) state: &'static str,
    pub(super) digest: Option<String>,
    pub(super) bytes: u64,
    pub(super) modified: Option<u64>,
    pub(super) lines: Lines,
}

/// How many rows keeping an outline writes, those it replaces counted too.
pub(super) fn cost(old: Option<&Value>, outline: &Outline) -> u64 {
    let gone = old.map_or(0, |row| int(row, "units").unwrap_or_default() + int(row, "edges").unwrap_or_default());
    1 + gone + count(outline.units.len()) + edges_of(outline)
}

/// How many edges an outline makes.
fn edges_of(outline: &Outline) -> u64 {
    let inner = |unit: &&crate::unit::Unit| unit.container.is_some();
    let calls: usize = outline.units.iter().map(|unit| unit.calls.len()).sum();
    count(calls + outline.imports.len() + outline.units.iter().filter(inner).count())
}

/// Writes a file's row.
fn put(spot: &Spot<'_>, old: Option<&Value>, mut row: Value) -> Result<u64, Fault> {
    if let Some(old) = old {
        write::update(FILES, id(old), int(old, "version"), &row)?;
        return Ok(id(old));
    }
    if let Some(fields) = row.as_object_mut() {
        spot.place(fields);
        fields.insert("folder".into(), json!(spot.folder));
        fields.insert("path".into(), json!(spot.path));
        fields.insert("parent".into(), json!(parent(spot.path)));
        fields.insert("language".into(), json!(spot.language.name()));
    }
    write::insert(FILES, &row)
}

/// The caller's own row of a file whose units are given, new if it has none: what others know of the same file is theirs.
pub(super) fn own(folder: &str, path: &str, language: Language) -> Result<Value, Fault> {
    let row =
        json!({"folder": folder, "path": path, "parent": parent(path), "language": language.name(), "state": "given"});
    let (id, _) = write::insert_or_get(FILES, "place", &row)?;
    Ok(memstrata_sdk::get(FILES, id)?.unwrap_or(row))
}

/// Notes that a file could not be read; what was known of it goes, for it is not what lies there.
pub(super) fn failed(
    spot: &Spot<'_>,
    old: Option<&Value>,
    reason: &str,
    (bytes, modified): (u64, u64),
    retry: Option<u64>,
) -> Result<u64, Fault> {
    let reason: String = reason.chars().take(500).collect();
    let row = json!({
        "state": "failed", "error": reason, "bytes": bytes, "modified": modified, "retry_at": retry, "indexed_at": clock::now(),
        "units": 0, "edges": 0, "complexity": 0, "lines": 0, "code_lines": 0, "comment_lines": 0, "blank_lines": 0, "parser": null, "digest": null, "notes": [],
    });
    let file = put(spot, old, row)?;
    if old.is_some() { drop_parts(file) } else { Ok(0) }
}

/// Keeps a file with its units and edges.
pub(super) fn keep(spot: &Spot<'_>, old: Option<&Value>, outline: &Outline, facts: &Facts) -> Result<u64, Fault> {
    let complexity: u64 = outline.units.iter().filter_map(|unit| unit.complexity).map(u64::from).sum();
    let Lines { total, code, comment, blank } = facts.lines;
    let row = json!({
        "state": facts.state, "error": null, "retry_at": null, "parser": outline.parser, "digest": facts.digest, "bytes": facts.bytes,
        "lines": total, "code_lines": code, "comment_lines": comment, "blank_lines": blank, "units": outline.units.len(),
        "edges": edges_of(outline), "complexity": complexity, "notes": outline.notes, "modified": facts.modified, "indexed_at": clock::now(),
    });
    let file = put(spot, old, row)?;
    if old.is_some() {
        drop_parts(file)?;
    }
    let ids = new_ids(outline.units.len())?;
    let id_of = |at: usize| ids.get(at).copied().unwrap_or_default();
    let joint = spot.language.joint();
    let mut units = Vec::with_capacity(outline.units.len());
    let mut edges = Vec::new();
    for (at, unit) in outline.units.iter().enumerate() {
        let qualified = outline.qualified(unit, joint);
        units.push(json!({
            "id": id_of(at), "file": file, "folder": spot.folder, "path": spot.path, "language": spot.language.name(), "kind": unit.kind,
            "name": unit.name, "name_key": unit.name.to_lowercase(), "qualified": qualified, "owner": outline.owner(unit),
            "container": unit.container.map(id_of), "signature": unit.signature, "doc": unit.doc, "first_line": unit.first,
            "last_line": unit.last, "complexity": unit.complexity, "parser": outline.parser, "text": searchable(unit, &qualified, spot.path),
        }));
        let edge = |kind: &str, source: u64, name: &str| json!({"kind": kind, "file": file, "folder": spot.folder, "source": source, "name": name});
        for call in &unit.calls {
            edges.push(with(
                edge("calls", id_of(at), &call.name),
                &[("qualifier", json!(call.qualifier)), ("count", json!(call.count))],
            ));
        }
        if let Some(container) = unit.container {
            edges.push(with(
                edge("contains", id_of(container), &unit.name),
                &[("target", json!(id_of(at))), ("line", json!(unit.first))],
            ));
        }
    }
    for import in &outline.imports {
        edges.push(json!({"kind": "imports", "file": file, "folder": spot.folder, "name": import.name, "qualifier": import.module, "line": import.line}));
    }
    for (collection, mut rows) in [(UNITS, units), (EDGES, edges)] {
        rows.iter_mut().filter_map(Value::as_object_mut).for_each(|row| spot.place(row));
        for part in rows.chunks(500) {
            write::insert_many(collection, part)?;
        }
    }
    Ok(file)
}

fn with(mut row: Value, fields: &[(&str, Value)]) -> Value {
    if let Some(row) = row.as_object_mut() {
        row.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    row
}

fn new_ids(most: usize) -> Result<Vec<u64>, Fault> {
    match u32::try_from(most) {
        Ok(0) | Err(_) => Ok(Vec::new()),
        Ok(most) => write::new_ids(most),
    }
}

/// Removes the units and edges of a file; answers how many rows went.
pub(super) fn drop_parts(file: u64) -> Result<u64, Fault> {
    let mut dropped = 0;
    for collection in [UNITS, EDGES] {
        let query = Query::of(collection).filter(json!(["file", "=", file]))?.select(&["file"])?.limit(1_000);
        for row in query.all(10_000)? {
            write::delete(collection, id(&row), None)?;
            dropped += 1;
        }
    }
    Ok(dropped)
}

/// Removes a file from the index; answers how many rows went.
pub(super) fn drop_file(row: &Value) -> Result<u64, Fault> {
    let dropped = drop_parts(id(row))?;
    write::delete(FILES, id(row), None)?;
    Ok(dropped + 1)
}
