//! Followed folders: each call looks through a slice, and the row of the folder remembers where to go on.

use super::indexing::{Known, Place, file};
use super::{DOCUMENTS, Settings, WATCHED, folder, number, text};
use crate::watched::{excluded, included, settled};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, budget, clock, files, json, write};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Names read at a time.
const PAGE: u32 = 1_000;
/// Files read in one call, at most: each is written with all its chunks when the call ends.
const MOST_FILES: u64 = 20;
/// Bytes read in one call, about.
const MOST_BYTES: u64 = 1_000_000;
/// Documents of one directory that are compared with what lies there.
const MOST_KNOWN: usize = 20_000;
/// Errors told.
const MOST_ERRORS: usize = 20;

#[derive(Deserialize)]
struct Watch {
    folder: String,
    #[serde(default)]
    path: String,
    namespace: Option<String>,
}

/// A directory still to be looked through, from a name on.
#[derive(Serialize, Deserialize)]
struct Step {
    path: String,
    after: String,
}

#[derive(Default)]
struct Tally {
    indexed: u64,
    unchanged: u64,
    failed: u64,
    stale: u64,
    bytes: u64,
    errors: Vec<String>,
}

impl Tally {
    fn full(&self) -> bool {
        self.indexed + self.failed + self.stale >= MOST_FILES || self.bytes >= MOST_BYTES || budget::should_stop()
    }

    fn wrong(&mut self, what: String) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(what);
        }
    }
}

pub(super) fn watch(given: Value) -> Answer {
    let Watch { folder: named, path, namespace } = arguments(given)?;
    let folder = folder(Some(&named))?;
    files::entries(&folder, &path, "", 1)?;
    let row = json!({"folder": folder, "path": path.trim_matches('/'), "namespace": namespace.unwrap_or_default()});
    let (id, new) = write::insert_or_get(WATCHED, "place", &row)?;
    Ok(json!({"id": id, "new": new}))
}

pub(super) fn unwatch(given: Value) -> Answer {
    let Watch { folder, path, namespace } = arguments(given)?;
    let query = Query::of(WATCHED)
        .filter(json!(["folder", "=", folder]))?
        .filter(json!(["path", "=", path.trim_matches('/')]))?
        .filter(json!(["namespace", "=", namespace.unwrap_or_default()]))?;
    let ids = query.ids()?;
    for id in &ids {
        write::delete(WATCHED, *id, None)?;
    }
    Ok(json!({"stopped": ids.len()}))
}

pub(super) fn sync(given: Value) -> Answer {
    let retry = given.get("retry").and_then(Value::as_bool).unwrap_or_default();
    let settings = Settings::read()?;
    let (mut tally, mut more, mut seen) = (Tally::default(), false, Vec::new());
    for row in Query::of(WATCHED).limit(100).page()?.rows {
        seen.push(json!({"folder": row.get("folder"), "path": row.get("path"), "namespace": row.get("namespace")}));
        if tally.full() {
            more = true;
            continue;
        }
        let mut stack: Vec<Step> = row
            .get("stack")
            .and_then(|stack| serde_json::from_value(stack.clone()).ok())
            .filter(|stack: &Vec<Step>| !stack.is_empty())
            .unwrap_or_else(|| vec![Step { path: text(&row, "path").to_owned(), after: String::new() }]);
        let had = row.get("stack").is_some_and(Value::is_array);
        let mut visited = HashSet::new();
        while let Some(step) = stack.pop() {
            if tally.full() {
                stack.push(step);
                break;
            }
            visited.insert(step.path.clone());
            if let Err(fault) = slice(&row, step, &settings, retry, &mut stack, &mut tally) {
                tally.wrong(format!("{}: {}", text(&row, "folder"), fault.message));
            }
        }
        more |= !stack.is_empty();
        // A walk within one call has seen every directory there is: documents of others lie nowhere any more.
        if !had && stack.is_empty() {
            gone(&row, &visited, &mut tally)?;
        }
        // A walk that ends where it began, with nothing left over, writes nothing.
        if had || !stack.is_empty() {
            let rest = if stack.is_empty() { Value::Null } else { json!(stack) };
            write::update(WATCHED, number(&row, "id"), None, &json!({"stack": rest, "walked_at": clock::now()}))?;
        }
    }
    let Tally { indexed, unchanged, failed, stale, errors, .. } = tally;
    Ok(
        json!({"folders": seen, "indexed": indexed, "unchanged": unchanged, "failed": failed, "stale": stale, "more": more, "errors": errors}),
    )
}

/// The documents known of one directory, by their path.
fn known(row: &Value, parent: &str) -> Result<HashMap<String, Value>, Fault> {
    let rows = Query::of(DOCUMENTS)
        .filter(json!(["folder", "=", text(row, "folder")]))?
        .filter(json!(["parent", "=", parent]))?
        .filter(json!(["namespace", "=", text(row, "namespace")]))?
        .select(&["file_path", "modified", "status", "bytes", "next_attempt_at"])?
        .limit(PAGE)
        .all(MOST_KNOWN)?;
    Ok(rows.into_iter().map(|row| (text(&row, "file_path").to_owned(), row)).collect())
}

/// Looks through one directory, from a name on: files are taken, folders are put on the stack, what is gone becomes stale.
fn slice(
    row: &Value,
    step: Step,
    settings: &Settings,
    retry: bool,
    stack: &mut Vec<Step>,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let (folder, namespace, now) = (text(row, "folder"), text(row, "namespace"), clock::now());
    let mut documents = known(row, &step.path)?;
    let (first, mut after) = (step.after.is_empty(), step.after.clone());
    let (mut there, mut below) = (Vec::new(), Vec::new());
    loop {
        let page = match files::entries(folder, &step.path, &after, PAGE) {
            Ok(page) => page,
            // It went while the walk was on its way: the next one notes what is gone with it.
            Err(fault) if fault.code.starts_with("not-found") => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let last = page.len() < PAGE as usize;
        for entry in page {
            let name = text(&entry, "name").to_owned();
            let path = if step.path.is_empty() { name.clone() } else { format!("{}/{name}", step.path) };
            after.clone_from(&name);
            if excluded(&path, &settings.exclude) {
                continue;
            }
            match text(&entry, "kind") {
                "folder" => below.push(path),
                "file" if included(&path, &settings.include) => {
                    there.push(path.clone());
                    let modified = number(&entry, "modified");
                    if !settled(modified, now)
                        || !due(documents.get(&path), modified, number(&entry, "bytes"), now, retry)
                    {
                        tally.unchanged += 1;
                        continue;
                    }
                    tally.bytes += number(&entry, "bytes").min(settings.max_bytes);
                    let place = Place { namespace, folder, path: &path };
                    match file(&place, Known { modified: Some(modified), ..Known::default() }, false) {
                        Ok(answer) if text(&answer, "status") == "failed" => {
                            tally.failed += 1;
                            tally.wrong(format!("{path}: {}", text(&answer, "error")));
                        }
                        Ok(answer) if answer.get("unchanged") == Some(&json!(true)) => tally.unchanged += 1,
                        Ok(_) => tally.indexed += 1,
                        Err(fault) => {
                            tally.failed += 1;
                            tally.wrong(format!("{path}: {}", fault.message));
                        }
                    }
                    if tally.full() {
                        stack.extend(below.into_iter().map(|path| Step { path, after: String::new() }));
                        stack.push(Step { path: step.path, after });
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        if last {
            // What was known and does not lie there any more; a walk that began in the middle leaves this to the next.
            if first {
                there.iter().for_each(|path| _ = documents.remove(path));
                for document in documents.values().filter(|document| text(document, "status") != "stale") {
                    stale(document)?;
                    tally.stale += 1;
                }
            }
            break;
        }
    }
    stack.extend(below.into_iter().map(|path| Step { path, after: String::new() }));
    Ok(())
}

/// Whether a file is to be read: it is new, changed, out of date, or failed and due again.
fn due(document: Option<&Value>, modified: u64, bytes: u64, now: u64, retry: bool) -> bool {
    let Some(document) = document else { return true };
    match text(document, "status") {
        "failed" => retry || number(document, "modified") != modified || number(document, "next_attempt_at") <= now,
        "synced" => number(document, "modified") != modified || number(document, "bytes") != bytes,
        _ => true,
    }
}

fn stale(document: &Value) -> Result<(), Fault> {
    write::update(DOCUMENTS, number(document, "id"), None, &json!({"status": "stale", "error": "the file is gone"}))?;
    Ok(())
}

/// Documents of directories that are gone become stale.
fn gone(row: &Value, visited: &HashSet<String>, tally: &mut Tally) -> Result<(), Fault> {
    let documents = || -> Result<Query, Fault> {
        Query::of(DOCUMENTS)
            .filter(json!(["folder", "=", text(row, "folder")]))?
            .filter(json!(["namespace", "=", text(row, "namespace")]))?
            .filter(json!(["status", "!=", "stale"]))
    };
    let top = text(row, "path");
    for (parent, _) in documents()?.group_count("parent")? {
        let parent = parent.as_str().unwrap_or_default();
        let below =
            top.is_empty() || parent == top || parent.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
        if !below || visited.contains(parent) {
            continue;
        }
        for document in documents()?.filter(json!(["parent", "=", parent]))?.limit(PAGE).page()?.rows {
            stale(&document)?;
            tally.stale += 1;
        }
    }
    Ok(())
}
