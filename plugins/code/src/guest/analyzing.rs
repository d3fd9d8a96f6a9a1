//! Figures of files and of the index.

use super::{ANALYSES, FILES, Settings, UNITS, dependencies, places, telling};
use crate::language::{LANGUAGES, Language};
use crate::place::Place;
use crate::reading::{self, Lines};
use memstrata_sdk::row::{id, int, round, text};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, files, json};
use serde::Deserialize;

/// Places told in a list.
const TOP: u32 = 10;
/// Complexity from which a function is told to be split: McCabe's own limit (1976), and NIST SP 500-235 (1996).
const COMPLEX: u64 = 10;
/// Lines from which a function is told to be long.
const LONG: u64 = 100;

#[derive(Deserialize)]
struct File {
    file_path: String,
    repo_path: Option<String>,
}

pub(super) fn file(given: Value) -> Answer {
    let File { file_path, repo_path } = arguments(given)?;
    let place = places::file(&file_path, repo_path.as_deref())?;
    let folder = place.folder.clone().unwrap_or_default();
    if !files::folders().contains(&folder) {
        let row = places::row(&place)?.ok_or_else(|| places::no_file(&place))?;
        return from_index(&row);
    }
    let Some(language) = Language::of(&place.path) else {
        let names: Vec<&str> = LANGUAGES.iter().map(|(_, name)| *name).collect();
        return Err(Fault::new(
            "invalid.language",
            format!("`{}` is of no language this layer reads: {}", place.shown(), names.join(", ")),
        ));
    };
    let content = files::read(&folder, &place.path, Settings::read()?.max_bytes)?;
    let read = reading::read(&content, language)
        .map_err(|reason| Fault::new("invalid.file", format!("`{}` cannot be read: {reason}", place.shown())))?;
    let outline = &read.outline;
    let units: Vec<Value> = outline
        .units
        .iter()
        .map(|unit| {
            json!({"kind": unit.kind, "name": unit.name, "qualified": outline.qualified(unit, language.joint()), "first_line": unit.first, "last_line": unit.last,
                   "signature": unit.signature, "complexity": unit.complexity, "documented": !unit.doc.is_empty(), "calls": unit.calls.len()})
        })
        .collect();
    let imports: Vec<Value> = outline
        .imports
        .iter()
        .map(|import| json!({"module": import.module, "name": import.name, "line": import.line}))
        .collect();
    let Lines { total, code, comment, blank } = read.lines;
    Ok(json!({
        "file": {"path": place.shown(), "language": language.name(), "parser": outline.parser, "bytes": content.len(), "digest": memstrata_sdk::sha256(&content),
                 "lines": {"total": total, "code": code, "comment": comment, "blank": blank}},
        "complexity": complexity(&units), "units": units, "imports": imports, "notes": outline.notes,
    }))
}

/// A file whose units were given.
fn from_index(row: &Value) -> Answer {
    let units: Vec<Value> = dependencies::units_of(id(row))?
        .iter()
        .map(|unit| {
            let mut told = telling::unit(unit);
            if let Some(fields) = told.as_object_mut() {
                fields.insert("documented".into(), json!(!text(unit, "doc").is_empty()));
            }
            told
        })
        .collect();
    let notes = ["told from the index: its folder is not granted"];
    Ok(
        json!({"file": telling::file(row), "complexity": complexity(&units), "units": units, "imports": dependencies::imports(&[id(row)])?, "notes": notes}),
    )
}

/// Sum, mean and most of the complexity of units as they are told, and which are too complex or too long.
fn complexity(units: &[Value]) -> Value {
    let measured: Vec<(u64, &Value)> = units.iter().filter_map(|unit| Some((int(unit, "complexity")?, unit))).collect();
    let sum: u64 = measured.iter().map(|(complexity, _)| complexity).sum();
    let lines = |unit: &Value| {
        int(unit, "last_line").unwrap_or_default() + 1
            - int(unit, "first_line").unwrap_or_default().min(int(unit, "last_line").unwrap_or_default())
    };
    let named = |wanted: &dyn Fn(u64, &Value) -> bool| -> Vec<Value> {
        measured
            .iter()
            .filter(|(complexity, unit)| wanted(*complexity, unit))
            .take(TOP as usize)
            .filter_map(|(_, unit)| unit.get("qualified").cloned())
            .collect()
    };
    json!({
        "functions": measured.len(), "total": sum, "mean": mean(sum, measured.len() as u64), "most": measured.iter().map(|(complexity, _)| *complexity).max(),
        "above_10": named(&|complexity, _| complexity > COMPLEX), "longer_than_100_lines": named(&|_, unit| lines(unit) > LONG),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
fn mean(sum: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| round(sum as f64 / of as f64))
}

/// Rows of a place, and of a language.
fn rows(collection: &str, place: &Place, language: Option<Language>) -> Result<Query, Fault> {
    places::within(Query::of(collection).filter_if("language", "=", language.map(Language::name))?, place)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums of whole numbers below 2^53")]
fn sum(query: &Query, field: &str) -> Result<u64, Fault> {
    Ok(query.aggregate("sum", field)?.unwrap_or_default() as u64)
}

fn grouped(query: &Query, field: &str) -> Result<Vec<(String, u64)>, Fault> {
    Ok(query
        .group_count(field)?
        .into_iter()
        .filter_map(|(value, count)| Some((value.as_str()?.to_owned(), count)))
        .collect())
}

fn object(list: Vec<(String, u64)>) -> Map<String, Value> {
    list.into_iter().map(|(name, count)| (name, json!(count))).collect()
}

/// Figures of a place, of one language if it is named.
fn figures(place: &Place, language: Option<Language>) -> Answer {
    let (of_files, of_units) = (rows(FILES, place, language)?, rows(UNITS, place, language)?);
    let (file_count, unit_count) = (of_files.count()?, of_units.count()?);
    let mut by_language = Vec::new();
    for (name, count) in grouped(&of_files, "language")? {
        let these = rows(FILES, place, Language::named(&name))?;
        by_language.push(json!({"language": name, "files": count, "lines": sum(&these, "lines")?, "code_lines": sum(&these, "code_lines")?, "units": sum(&these, "units")?}));
    }
    let by_kind: Vec<Value> =
        grouped(&of_units, "kind")?.into_iter().map(|(kind, count)| json!({"kind": kind, "units": count})).collect();
    let measured = || rows(UNITS, place, language)?.filter(json!(["complexity", ">", 0]));
    let most = measured()?.descending("complexity")?.select(&telling::UNIT)?.limit(TOP).page()?.rows;
    let longest = rows(FILES, place, language)?.descending("lines")?.limit(TOP).page()?.rows;
    let mut notes = Vec::new();
    if file_count == 0 {
        notes.push("nothing is indexed here: call index_code_repository".to_owned());
    }
    let failed = rows(FILES, place, language)?.filter(json!(["state", "=", "failed"]))?.limit(5).page()?.rows;
    notes.extend(failed.iter().map(|row| format!("{}: {}", text(row, "path"), text(row, "error"))));
    Ok(json!({
        "files": file_count, "units": unit_count,
        "lines": {"total": sum(&of_files, "lines")?, "code": sum(&of_files, "code_lines")?, "comment": sum(&of_files, "comment_lines")?, "blank": sum(&of_files, "blank_lines")?},
        "by_language": by_language, "by_kind": by_kind, "by_parser": object(grouped(&of_files, "parser")?), "by_state": object(grouped(&of_files, "state")?),
        "complexity": {"functions": measured()?.count()?, "total": sum(&measured()?, "complexity")?, "mean": measured()?.aggregate("avg", "complexity")?.map(round),
                       "most": measured()?.aggregate("max", "complexity")?, "above_10": measured()?.filter(json!(["complexity", ">", COMPLEX]))?.count()?},
        "most_complex": most.iter().map(telling::unit).collect::<Vec<_>>(), "longest_files": longest.iter().map(telling::file).collect::<Vec<_>>(), "notes": notes,
    }))
}

pub(super) fn statistics(given: Value) -> Answer {
    let place = places::known(given.get("repo_path").and_then(Value::as_str))?;
    figures(&place, None)
}

#[derive(Deserialize)]
struct Repository {
    repo_path: String,
    language: Option<String>,
    include_memory: bool,
}

pub(super) fn repository(given: Value) -> Answer {
    let asked: Repository = arguments(given)?;
    let place = places::known(Some(&asked.repo_path))?;
    let mut notes = Vec::new();
    let named = asked.language.as_deref().filter(|name| !name.is_empty() && *name != "all");
    let language = named.and_then(Language::named);
    if let (Some(name), None) = (named, language) {
        let known: Vec<&str> = LANGUAGES.iter().map(|(_, name)| *name).collect();
        return Err(Fault::invalid(format!("no language `{name}`: known are {}, or all", known.join(", "))));
    }
    let there = match language {
        Some(_) => rows(FILES, &place, language)?.first()?.is_some(),
        None => true,
    };
    if let Some(language) = language.filter(|_| !there) {
        notes.push(format!("no indexed file is {}: these are the figures of all languages", language.name()));
    }
    let language = language.filter(|_| there);
    let memory = match asked.include_memory {
        true => {
            Query::of(ANALYSES)
                .filter(json!(["repo_path", "=", place.shown()]))?
                .descending("created_at")?
                .limit(5)
                .page()?
                .rows
        }
        false => Vec::new(),
    };
    let memory: Vec<Value> = memory
        .iter()
        .map(|row| json!({"id": id(row), "kind": row.get("kind"), "results": row.get("results"), "tags": row.get("tags"), "at": row.get("created_at")}))
        .collect();
    Ok(
        json!({"language": language.map(Language::name), "statistics": figures(&place, language)?, "memory": memory, "notes": notes}),
    )
}

#[derive(Deserialize)]
struct Project {
    analysis_type: String,
    project_path: Option<String>,
}

pub(super) fn project(given: Value) -> Answer {
    let Project { analysis_type, project_path } = arguments(given)?;
    let place = places::known(project_path.as_deref())?;
    let wanted = |part: &str| analysis_type == "full" || analysis_type == part;
    let figures = figures(&place, None)?;
    let take = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| ((*name).to_owned(), figures.get(name).cloned().unwrap_or_default()))
            .collect::<Map<_, _>>()
            .into()
    };
    let mut answer = json!({"analysis_type": analysis_type, "place": place.shown(), "notes": figures.get("notes")});
    let mut put =
        |name: &str, value: Value| _ = answer.as_object_mut().map(|fields| fields.insert(name.to_owned(), value));
    if wanted("structure") {
        put(
            "structure",
            take(&["files", "units", "lines", "by_language", "by_kind", "by_parser", "by_state", "longest_files"]),
        );
    }
    if wanted("complexity") {
        let mut told = figures.get("complexity").cloned().unwrap_or_default();
        if let Some(fields) = told.as_object_mut() {
            fields.insert("most_complex".into(), figures.get("most_complex").cloned().unwrap_or_default());
        }
        put("complexity", told);
    }
    if wanted("dependencies") {
        let mut notes = figures.get("notes").and_then(Value::as_array).cloned().unwrap_or_default();
        put("dependencies", dependencies::heavy(&place, &mut notes)?);
        put("notes", notes.into());
    }
    if wanted("documentation") {
        put("documentation", documentation(&place)?);
    }
    Ok(answer)
}

/// Which share of functions and types has a comment.
fn documentation(place: &Place) -> Answer {
    let units = || {
        rows(UNITS, place, None)?.filter(json!([
            "kind",
            "in",
            ["function", "method", "class", "struct", "enum", "trait", "interface"]
        ]))
    };
    let bare = || units()?.filter(json!(["doc", "=", ""]));
    let (all, without) = (units()?.count()?, bare()?.count()?);
    let largest = bare()?
        .filter(json!(["complexity", ">", 0]))?
        .descending("complexity")?
        .select(&telling::UNIT)?
        .limit(TOP)
        .page()?
        .rows;
    Ok(json!({"units": all, "documented": all - without.min(all), "share": mean(all - without.min(all), all),
              "most_complex_without": largest.iter().map(telling::short).collect::<Vec<_>>()}))
}
