//! A walk through a followed folder, directory by directory: files are taken, what is gone becomes stale.

use super::indexing::{Known, Place, file};
use super::{DOCUMENTS, Settings, number, text};
use crate::chunk::MOST as MOST_CHUNKS;
use crate::watched::{beneath, excluded, included, left_out, settled};
use memstrata_sdk::{Fault, Query, Value, budget, clock, files, json, write};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Names read at a time.
const PAGE: u32 = 1_000;
/// Files read in one call, at most.
const MOST_FILES: u64 = 20;
/// Bytes read in one call, about.
const MOST_BYTES: u64 = 1_000_000;
/// Rows written in one call before its last file, which may replace all its chunks: the host lets a call write 10,000.
const MOST_ROWS: u64 = 9_500 - 2 * MOST_CHUNKS as u64;
/// Documents of one directory that are compared with what lies there.
const MOST_KNOWN: usize = 20_000;
/// Errors told.
const MOST_ERRORS: usize = 20;

/// A directory still to be looked through, from a name on.
#[derive(Serialize, Deserialize)]
pub(super) struct Step {
    path: String,
    after: String,
}

impl Step {
    /// A directory from its beginning.
    pub(super) fn at(path: String) -> Self {
        Self { path, after: String::new() }
    }
}

/// What one call has done.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) indexed: u64,
    pub(super) unchanged: u64,
    pub(super) failed: u64,
    pub(super) stale: u64,
    pub(super) errors: Vec<String>,
    bytes: u64,
    rows: u64,
}

impl Tally {
    /// Whether the rest is for the next call.
    pub(super) fn full(&self) -> bool {
        self.indexed + self.failed >= MOST_FILES
            || self.bytes >= MOST_BYTES
            || self.rows >= MOST_ROWS
            || budget::should_stop()
    }

    fn wrong(&mut self, what: String) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(what);
        }
    }
}

/// A walk, and what it has seen.
pub(super) struct Walk<'a> {
    row: &'a Value,
    settings: &'a Settings,
    retry: bool,
    /// What is left of it.
    pub(super) stack: Vec<Step>,
    visited: HashSet<String>,
    /// Directories that could not be read: of what lies there nothing is known.
    unread: Vec<String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(row: &'a Value, settings: &'a Settings, retry: bool, stack: Vec<Step>) -> Self {
        Self { row, settings, retry, stack, visited: HashSet::new(), unread: Vec::new() }
    }

    /// Goes on until the call is full or nothing is left.
    pub(super) fn run(&mut self, tally: &mut Tally) -> Result<(), Fault> {
        while !tally.full() {
            let Some(step) = self.stack.pop() else { break };
            self.visited.insert(step.path.clone());
            self.directory(step, tally)?;
        }
        Ok(())
    }

    /// Looks through one directory, from a name on.
    fn directory(&mut self, step: Step, tally: &mut Tally) -> Result<(), Fault> {
        let folder = text(self.row, "folder");
        let mut documents = self.known(&step.path)?;
        let (first, mut after) = (step.after.is_empty(), step.after);
        let mut there = HashSet::new();
        loop {
            let page = match files::entries(folder, &step.path, &after, PAGE) {
                Ok(page) => page,
                Err(fault) if fault.code == "not-found.file" => {
                    // It went: the end of the walk notes what went with it.
                    self.visited.remove(&step.path);
                    return Ok(());
                }
                Err(fault) => {
                    tally.wrong(format!("{folder}/{}: {}", step.path, fault.message));
                    self.unread.push(step.path);
                    return Ok(());
                }
            };
            let last = page.len() < PAGE as usize;
            for entry in page {
                if tally.full() {
                    self.stack.push(Step { path: step.path, after });
                    return Ok(());
                }
                text(&entry, "name").clone_into(&mut after);
                let path = if step.path.is_empty() { after.clone() } else { format!("{}/{after}", step.path) };
                if excluded(&path, &self.settings.exclude) {
                    continue;
                }
                match text(&entry, "kind") {
                    "folder" => self.stack.push(Step::at(path)),
                    "file" if included(&path, &self.settings.include) => {
                        self.take(&path, &entry, documents.get(&path), tally)?;
                        there.insert(path);
                    }
                    _ => {}
                }
            }
            if last {
                break;
            }
        }
        // What was known and does not lie there any more; a walk that began in the middle leaves this to the next.
        documents.retain(|path, document| first && text(document, "status") != "stale" && !there.contains(path));
        for document in documents.values() {
            if tally.full() {
                self.stack.push(Step::at(step.path));
                return Ok(());
            }
            self.stale(document, tally)?;
        }
        Ok(())
    }

    /// Indexes a file, if that is due.
    fn take(&self, path: &str, entry: &Value, known: Option<&Value>, tally: &mut Tally) -> Result<(), Fault> {
        let (modified, bytes) = (number(entry, "modified"), number(entry, "bytes"));
        if !settled(modified, clock::now()) || !self.due(known, modified, bytes) {
            tally.unchanged += 1;
            return Ok(());
        }
        tally.bytes += bytes.min(self.settings.max_bytes);
        let place = Place { namespace: text(self.row, "namespace"), folder: text(self.row, "folder"), path };
        let answer = file(&place, Known { modified: Some(modified), ..Known::default() }, false)?;
        if answer.get("unchanged") == Some(&json!(true)) {
            tally.rows += 1;
            tally.unchanged += 1;
            return Ok(());
        }
        tally.rows += 1 + number(&answer, "chunk_count") + known.map_or(0, |row| number(row, "chunk_count"));
        if text(&answer, "status") == "failed" {
            tally.failed += 1;
            tally.wrong(format!("{path}: {}", text(&answer, "error")));
        } else {
            tally.indexed += 1;
        }
        Ok(())
    }

    /// Whether a file is to be read: it is new, changed, out of date, or failed and due again.
    fn due(&self, document: Option<&Value>, modified: u64, bytes: u64) -> bool {
        let Some(document) = document else { return true };
        let changed = number(document, "modified") != modified;
        match text(document, "status") {
            "failed" => self.retry || changed || number(document, "next_attempt_at") <= clock::now(),
            "synced" => changed || number(document, "bytes") != bytes,
            _ => true,
        }
    }

    /// Its documents, as far as they are looked at.
    fn documents(&self) -> Result<Query, Fault> {
        Query::of(DOCUMENTS).filter(json!(["folder", "=", text(self.row, "folder")]))?.filter(json!([
            "namespace",
            "=",
            text(self.row, "namespace")
        ]))
    }

    /// The documents known of one directory, by their path.
    fn known(&self, parent: &str) -> Result<HashMap<String, Value>, Fault> {
        let fields = ["file_path", "modified", "status", "bytes", "chunk_count", "next_attempt_at"];
        let query = self.documents()?.filter(json!(["parent", "=", parent]))?.select(&fields)?;
        let rows = query.limit(PAGE).all(MOST_KNOWN)?;
        Ok(rows.into_iter().map(|row| (text(&row, "file_path").to_owned(), row)).collect())
    }

    /// Documents of directories that are gone become stale; answers whether all did.
    pub(super) fn gone(&self, tally: &mut Tally) -> Result<bool, Fault> {
        let top = text(self.row, "path");
        let current = || self.documents()?.filter(json!(["status", "!=", "stale"]));
        for (parent, _) in current()?.group_count("parent")? {
            let parent = parent.as_str().unwrap_or_default();
            let unknown = self.unread.iter().any(|path| beneath(parent, path));
            if unknown || !beneath(parent, top) || self.visited.contains(parent) {
                continue;
            }
            loop {
                let rows = current()?.filter(json!(["parent", "=", parent]))?.limit(PAGE).page()?.rows;
                for document in &rows {
                    if tally.full() {
                        return Ok(false);
                    }
                    self.stale(document, tally)?;
                }
                if rows.len() < PAGE as usize {
                    break;
                }
            }
        }
        Ok(true)
    }

    fn stale(&self, document: &Value, tally: &mut Tally) -> Result<(), Fault> {
        let path = text(document, "file_path");
        let why = match left_out(path, &self.settings.include, &self.settings.exclude) {
            true => "the settings leave it out",
            false => "the file is gone",
        };
        write::update(DOCUMENTS, number(document, "id"), None, &json!({"status": "stale", "error": why}))?;
        tally.rows += 1;
        tally.stale += 1;
        Ok(())
    }
}
