//! A walk through a followed folder, directory by directory: changed files are read, what is gone leaves the index.

use super::keeping::{self, Facts, Spot};
use super::{FILES, Settings, count};
use crate::language::Language;
use crate::place::{beneath, excluded, join};
use crate::reading;
use memstrata_sdk::row::{id, int, text};
use memstrata_sdk::{Fault, Query, Value, budget, clock, files, json, write};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Names read at a time.
const PAGE: u32 = 1_000;
/// Bytes read in one call, about.
const MOST_BYTES: u64 = 1_500_000;
/// Rows written in one call, about: embedding them takes time too.
const MOST_ROWS: u64 = 4_000;
/// Rows one call may write, whatever the file; the host lets it write 10,000.
const HARD_ROWS: u64 = 9_500;
/// Files of one directory that are compared with what lies there.
const MOST_KNOWN: usize = 20_000;
/// Files counted that are left to do.
const MOST_COUNTED: u64 = 20_000;
/// Errors told.
const MOST_ERRORS: usize = 20;
/// When a file that could not be opened is tried again, ms.
const RETRY_MS: u64 = 600_000;

/// A directory still to be looked through, from a name on.
#[derive(Serialize, Deserialize, Clone)]
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
    pub(super) removed: u64,
    pub(super) units: u64,
    pub(super) errors: Vec<String>,
    /// Files that are due and left for the next call.
    pub(super) left: u64,
    /// Whether all of those were counted.
    pub(super) uncounted: bool,
    bytes: u64,
    pub(super) rows: u64,
    full: bool,
}

impl Tally {
    /// Whether the rest is for the next call.
    pub(super) fn full(&self) -> bool {
        self.full || self.bytes >= MOST_BYTES || self.rows >= MOST_ROWS || budget::should_stop()
    }

    fn wrong(&mut self, what: String) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(what);
        }
    }
}

/// A walk, and what it has seen.
pub(super) struct Walk<'a> {
    /// The namespace of who follows the folder: what is indexed lies there too.
    namespace: &'a str,
    folder: &'a str,
    settings: &'a Settings,
    /// Files read before this are read again.
    rebuild: Option<u64>,
    /// What is left of it.
    pub(super) stack: Vec<Step>,
    visited: HashSet<String>,
    /// Directories that could not be read: of what lies there nothing is known.
    unread: Vec<String>,
}

impl<'a> Walk<'a> {
    /// Begins, or goes on, with a followed folder.
    pub(super) fn new(row: &'a Value, settings: &'a Settings, rebuild: Option<u64>, stack: Vec<Step>) -> Self {
        let (namespace, folder) = (text(row, "namespace"), text(row, "folder"));
        Self { namespace, folder, settings, rebuild, stack, visited: HashSet::new(), unread: Vec::new() }
    }

    /// Goes on until the call is full or nothing is left; then counts what is left.
    pub(super) fn run(&mut self, tally: &mut Tally) -> Result<(), Fault> {
        while !tally.full() {
            let Some(step) = self.stack.pop() else { break };
            self.visited.insert(step.path.clone());
            self.directory(step, tally)?;
        }
        let mut rest = self.stack.clone();
        let mut seen = 0;
        while let Some(step) = rest.pop() {
            if seen >= MOST_COUNTED || budget::should_stop() {
                tally.uncounted = true;
                break;
            }
            self.left(&step, &mut rest, &mut seen, tally)?;
        }
        Ok(())
    }

    /// Looks through one directory, from a name on.
    fn directory(&mut self, step: Step, tally: &mut Tally) -> Result<(), Fault> {
        let mut known = self.known(&step.path)?;
        let (first, mut after) = (step.after.is_empty(), step.after);
        let mut there = HashSet::new();
        loop {
            let page = match files::entries(self.folder, &step.path, &after, PAGE) {
                Ok(page) => page,
                Err(fault) if fault.code == "not-found.file" => {
                    // It went: the end of the walk removes what went with it.
                    self.visited.remove(&step.path);
                    return Ok(());
                }
                Err(fault) => {
                    tally.wrong(format!("{}/{}: {}", self.folder, step.path, fault.message));
                    self.unread.push(step.path);
                    return Ok(());
                }
            };
            let last = page.len() < PAGE as usize;
            for entry in page {
                let name = text(&entry, "name");
                if tally.full() {
                    self.stack.push(Step { path: step.path, after });
                    return Ok(());
                }
                let path = join(&step.path, name);
                if !excluded(&path, &self.settings.exclude) {
                    match (text(&entry, "kind"), Language::of(&path)) {
                        ("folder", _) => self.stack.push(Step::at(path)),
                        ("file", Some(language)) => {
                            if !self.take(&path, language, &entry, known.get(&path), tally)? {
                                self.stack.push(Step { path: step.path, after });
                                return Ok(());
                            }
                            there.insert(path);
                        }
                        _ => {}
                    }
                }
                name.clone_into(&mut after);
            }
            if last {
                break;
            }
        }
        // What was known and does not lie there any more; a walk that began in the middle leaves this to the next.
        known.retain(|path, row| first && text(row, "state") != "given" && !there.contains(path));
        for row in known.values() {
            if tally.full() {
                self.stack.push(Step::at(step.path));
                return Ok(());
            }
            tally.rows += keeping::drop_file(row)?;
            tally.removed += 1;
        }
        Ok(())
    }

    /// Reads a file, if that is due; answers whether it was dealt with, or is for the next call.
    fn take(
        &self,
        path: &str,
        language: Language,
        entry: &Value,
        known: Option<&Value>,
        tally: &mut Tally,
    ) -> Result<bool, Fault> {
        let (modified, bytes) = (int(entry, "modified").unwrap_or_default(), int(entry, "bytes").unwrap_or_default());
        if !self.due(known, modified, bytes) {
            tally.unchanged += 1;
            return Ok(true);
        }
        let spot = Spot { namespace: self.namespace, folder: self.folder, path, language };
        if bytes > self.settings.max_bytes {
            let reason = format!("it has {bytes} bytes, more than {}", self.settings.max_bytes);
            return self.failed(&spot, known, &reason, (bytes, modified), None, tally);
        }
        tally.bytes += bytes;
        let content = match files::read(self.folder, path, self.settings.max_bytes) {
            Ok(content) => content,
            Err(fault) => {
                return self.failed(
                    &spot,
                    known,
                    &fault.message,
                    (bytes, modified),
                    Some(clock::now() + RETRY_MS),
                    tally,
                );
            }
        };
        let digest = reading::digest(&content);
        if let Some(row) = known
            .filter(|row| self.rebuild.is_none() && text(row, "state") == "indexed" && text(row, "digest") == digest)
        {
            // A touched file: its new time is noted, so that it is not read again.
            write::update(FILES, id(row), None, &json!({"modified": modified, "bytes": bytes}))?;
            tally.rows += 1;
            tally.unchanged += 1;
            return Ok(true);
        }
        let read = match reading::read(&content, language) {
            Ok(read) => read,
            Err(reason) => return self.failed(&spot, known, &reason, (bytes, modified), None, tally),
        };
        let cost = keeping::cost(known, &read.outline);
        if tally.rows > 0 && tally.rows + cost > HARD_ROWS {
            tally.full = true;
            return Ok(false);
        }
        let facts =
            Facts { state: "indexed", digest: Some(digest), bytes, modified: Some(modified), lines: read.lines };
        keeping::keep(&spot, known, &read.outline, &facts)?;
        tally.rows += cost;
        tally.indexed += 1;
        tally.units += count(read.outline.units.len());
        Ok(true)
    }

    fn failed(
        &self,
        spot: &Spot<'_>,
        known: Option<&Value>,
        reason: &str,
        at: (u64, u64),
        retry: Option<u64>,
        tally: &mut Tally,
    ) -> Result<bool, Fault> {
        tally.rows += 1 + keeping::failed(spot, known, reason, at, retry)?;
        tally.failed += 1;
        tally.wrong(format!("{}: {reason}", spot.path));
        Ok(true)
    }

    /// Whether a file is to be read: it is new, changed, due again, or all are.
    fn due(&self, known: Option<&Value>, modified: u64, bytes: u64) -> bool {
        let Some(row) = known else { return true };
        let changed = int(row, "modified") != Some(modified) || int(row, "bytes") != Some(bytes);
        let again = self.rebuild.is_some_and(|since| int(row, "indexed_at").unwrap_or_default() < since);
        let retry = int(row, "retry_at").is_some_and(|at| at <= clock::now());
        changed || again || retry || text(row, "state") == "given"
    }

    /// Counts the files that are due in a directory.
    fn left(&self, step: &Step, rest: &mut Vec<Step>, seen: &mut u64, tally: &mut Tally) -> Result<(), Fault> {
        let known = self.known(&step.path)?;
        let mut after = step.after.clone();
        loop {
            let Ok(page) = files::entries(self.folder, &step.path, &after, PAGE) else { return Ok(()) };
            *seen += count(page.len());
            for entry in &page {
                let path = join(&step.path, text(entry, "name"));
                if excluded(&path, &self.settings.exclude) {
                    continue;
                }
                match text(entry, "kind") {
                    "folder" => rest.push(Step::at(path)),
                    "file" if Language::of(&path).is_some() => {
                        let (modified, bytes) =
                            (int(entry, "modified").unwrap_or_default(), int(entry, "bytes").unwrap_or_default());
                        tally.left += u64::from(self.due(known.get(&path), modified, bytes));
                    }
                    _ => {}
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => text(last, "name").clone_into(&mut after),
                _ => return Ok(()),
            }
        }
    }

    fn files(&self) -> Result<Query, Fault> {
        Query::of(FILES).filter(json!(["folder", "=", self.folder]))?.filter(json!(["namespace", "=", self.namespace]))
    }

    /// The files known of one directory, by their path.
    fn known(&self, parent: &str) -> Result<HashMap<String, Value>, Fault> {
        let fields =
            ["path", "modified", "state", "bytes", "units", "edges", "digest", "retry_at", "indexed_at", "version"];
        let query = self.files()?.filter(json!(["parent", "=", parent]))?.select(&fields)?;
        let rows = query.limit(PAGE).all(MOST_KNOWN)?;
        Ok(rows.into_iter().map(|row| (text(&row, "path").to_owned(), row)).collect())
    }

    /// Files of directories below `top` that are gone leave the index; answers whether all did.
    pub(super) fn gone(&self, top: &str, tally: &mut Tally) -> Result<bool, Fault> {
        for (parent, _) in self.files()?.filter(json!(["state", "!=", "given"]))?.group_count("parent")? {
            let parent = parent.as_str().unwrap_or_default();
            let unknown = self.unread.iter().any(|path| beneath(parent, path));
            if unknown || !beneath(parent, top) || self.visited.contains(parent) {
                continue;
            }
            for row in self.known(parent)?.values().filter(|row| text(row, "state") != "given") {
                if tally.full() {
                    return Ok(false);
                }
                tally.rows += keeping::drop_file(row)?;
                tally.removed += 1;
            }
        }
        Ok(true)
    }
}
