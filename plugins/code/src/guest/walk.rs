//! What a walk through a followed folder does with source files: changed ones are read, what is gone leaves the index.

use super::keeping::{self, Facts, Spot};
use super::{FILES, Settings, count};
use crate::language::Language;
use crate::place::excluded;
use crate::reading;
use memstrata_sdk::path::join;
use memstrata_sdk::row::{id, int, text};
use memstrata_sdk::walk::{Bounds, Followed, PAGE, Source, Step, Tally, Visitor};
use memstrata_sdk::{Fault, Value, budget, clock, files, json, sha256, write};
use std::collections::HashMap;

/// Rows are few, for embedding them takes time too.
pub(super) const BOUNDS: Bounds = Bounds { files: u64::MAX, bytes: 1_500_000, rows: 4_000 };
/// Rows one call may write, whatever the file; the host lets it write 10,000.
const HARD_ROWS: u64 = 9_500;
/// Files counted that are left to do.
const MOST_COUNTED: u64 = 20_000;
/// When a file that could not be opened is tried again, ms.
const RETRY_MS: u64 = 600_000;

/// The files of a followed folder.
pub(super) fn followed(row: &Value) -> Followed<'_> {
    Followed {
        collection: FILES,
        namespace: text(row, "namespace"),
        folder: text(row, "folder"),
        path: "path",
        fields: &[
            "path",
            "modified",
            "state",
            "bytes",
            "units",
            "edges",
            "digest",
            "retry_at",
            "indexed_at",
            "version",
        ],
        apart: ("state", "given"),
    }
}

/// What one call has done.
pub(super) struct Done {
    pub(super) tally: Tally,
    pub(super) units: u64,
    /// Files that are due and left for the next call.
    pub(super) left: u64,
    /// Whether all of those were counted.
    pub(super) uncounted: bool,
}

/// Reads the files of one followed folder.
pub(super) struct Indexer<'a> {
    /// The namespace of who follows the folder: what is indexed lies there too.
    pub(super) namespace: &'a str,
    pub(super) folder: &'a str,
    pub(super) settings: &'a Settings,
    /// Files read before this are read again.
    pub(super) rebuild: Option<u64>,
    pub(super) done: &'a mut Done,
}

impl Visitor for Indexer<'_> {
    fn tally(&mut self) -> &mut Tally {
        &mut self.done.tally
    }

    fn excluded(&self, path: &str) -> bool {
        excluded(path, &self.settings.exclude)
    }

    fn wanted(&self, path: &str) -> bool {
        Language::of(path).is_some()
    }

    fn take(&mut self, path: &str, entry: &Value, known: Option<&Value>) -> Result<bool, Fault> {
        let Some(language) = Language::of(path) else { return Ok(true) };
        let (modified, bytes) = times(entry);
        if !self.due(known, modified, bytes) {
            self.done.tally.unchanged += 1;
            return Ok(true);
        }
        let spot = Spot { namespace: self.namespace, folder: self.folder, path, language };
        if bytes > self.settings.max_bytes {
            let reason = format!("it has {bytes} bytes, more than {}", self.settings.max_bytes);
            return self.failed(&spot, known, &reason, (bytes, modified), None);
        }
        self.done.tally.bytes += bytes;
        let content = match files::read(self.folder, path, self.settings.max_bytes) {
            Ok(content) => content,
            Err(fault) => {
                let retry = Some(clock::now() + RETRY_MS);
                return self.failed(&spot, known, &fault.message, (bytes, modified), retry);
            }
        };
        let digest = sha256(&content);
        if let Some(row) = known
            .filter(|row| self.rebuild.is_none() && text(row, "state") == "indexed" && text(row, "digest") == digest)
        {
            // A touched file: its new time is noted, so that it is not read again.
            write::update(FILES, id(row), None, &json!({"modified": modified, "bytes": bytes}))?;
            self.done.tally.rows += 1;
            self.done.tally.unchanged += 1;
            return Ok(true);
        }
        let read = match reading::read(&content, language) {
            Ok(read) => read,
            Err(reason) => return self.failed(&spot, known, &reason, (bytes, modified), None),
        };
        let cost = keeping::cost(known, &read.outline);
        if self.done.tally.rows > 0 && self.done.tally.rows + cost > HARD_ROWS {
            self.done.tally.closed = true;
            return Ok(false);
        }
        let facts =
            Facts { state: "indexed", digest: Some(digest), bytes, modified: Some(modified), lines: read.lines };
        keeping::keep(&spot, known, &read.outline, &facts)?;
        self.done.tally.rows += cost;
        self.done.tally.indexed += 1;
        self.done.units += count(read.outline.units.len());
        Ok(true)
    }

    fn gone(&mut self, _path: &str, row: &Value) -> Result<(), Fault> {
        self.done.tally.rows += keeping::drop_file(row)?;
        Ok(())
    }
}

/// When a file was changed last, and its size.
fn times(entry: &Value) -> (u64, u64) {
    (int(entry, "modified").unwrap_or_default(), int(entry, "bytes").unwrap_or_default())
}

impl Indexer<'_> {
    fn failed(
        &mut self,
        spot: &Spot<'_>,
        known: Option<&Value>,
        reason: &str,
        at: (u64, u64),
        retry: Option<u64>,
    ) -> Result<bool, Fault> {
        let tally = &mut self.done.tally;
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

    /// Counts the files that are due in what is left of a walk.
    pub(super) fn count_left(&mut self, source: &impl Source, left: &[Step]) -> Result<(), Fault> {
        let mut rest = left.to_vec();
        let mut seen = 0;
        while let Some(step) = rest.pop() {
            if seen >= MOST_COUNTED || budget::should_stop() {
                self.done.uncounted = true;
                break;
            }
            self.count_in(source, &step, &mut rest, &mut seen)?;
        }
        Ok(())
    }

    /// Counts the files that are due in a directory.
    fn count_in(
        &mut self,
        source: &impl Source,
        step: &Step,
        rest: &mut Vec<Step>,
        seen: &mut u64,
    ) -> Result<(), Fault> {
        let known: HashMap<String, Value> = source.known(&step.path, false)?.into_iter().collect();
        let mut after = step.after.clone();
        loop {
            let Ok(page) = source.entries(&step.path, &after) else { return Ok(()) };
            *seen += count(page.len());
            for entry in &page {
                let path = join(&step.path, text(entry, "name"));
                if self.excluded(&path) {
                    continue;
                }
                match text(entry, "kind") {
                    "folder" => rest.push(Step::at(path)),
                    "file" if self.wanted(&path) => {
                        let (modified, bytes) = times(entry);
                        self.done.left += u64::from(self.due(known.get(&path), modified, bytes));
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
}
