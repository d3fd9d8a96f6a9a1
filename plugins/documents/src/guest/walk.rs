//! What a walk through a followed folder does with documents: files are taken, what is gone becomes stale.

use super::indexing::{Known, Place, file, time_for_pdf};
use super::{DOCUMENTS, Settings, number, text};
use crate::chunk::MOST as MOST_CHUNKS;
use crate::kind;
use crate::watched::{excluded, included, left_out, settled};
use memstrata_sdk::walk::{Bounds, Followed, Tally, Visitor};
use memstrata_sdk::{Fault, Value, clock, json, write};

/// Of the rows that the host lets a call write, those before its last file, which may replace all its chunks.
pub(super) const BOUNDS: Bounds = Bounds { files: 20, bytes: 1_000_000, rows: 9_500 - 2 * MOST_CHUNKS as u64 };

/// The documents of a followed folder.
pub(super) fn followed(row: &Value) -> Followed<'_> {
    Followed {
        collection: DOCUMENTS,
        namespace: text(row, "namespace"),
        folder: text(row, "folder"),
        path: "file_path",
        fields: &["file_path", "modified", "status", "bytes", "chunk_count", "next_attempt_at"],
        apart: ("status", "stale"),
    }
}

/// Takes the files of one followed folder.
pub(super) struct Taker<'a> {
    pub(super) row: &'a Value,
    pub(super) settings: &'a Settings,
    pub(super) retry: bool,
    pub(super) tally: &'a mut Tally,
}

impl Visitor for Taker<'_> {
    fn tally(&mut self) -> &mut Tally {
        self.tally
    }

    /// A bad PDF takes long to be known as one, so each has time of its own.
    fn before(&mut self, name: &str) {
        let begun = self.tally.indexed + self.tally.failed > 0;
        self.tally.closed |= kind::of(name).0 == "pdf" && begun && !time_for_pdf();
    }

    fn excluded(&self, path: &str) -> bool {
        excluded(path, &self.settings.exclude)
    }

    fn wanted(&self, path: &str) -> bool {
        included(path, &self.settings.include)
    }

    fn take(&mut self, path: &str, entry: &Value, known: Option<&Value>) -> Result<bool, Fault> {
        let (modified, bytes) = (number(entry, "modified"), number(entry, "bytes"));
        if !settled(modified, clock::now()) || !self.due(known, modified, bytes) {
            self.tally.unchanged += 1;
            return Ok(true);
        }
        self.tally.bytes += bytes.min(self.settings.max_bytes);
        let place = Place { namespace: text(self.row, "namespace"), folder: text(self.row, "folder"), path };
        let answer = file(&place, Known { modified: Some(modified), ..Known::default() }, false)?;
        if answer.get("unchanged") == Some(&json!(true)) {
            self.tally.rows += 1;
            self.tally.unchanged += 1;
            return Ok(true);
        }
        self.tally.rows += 1 + number(&answer, "chunk_count") + known.map_or(0, |row| number(row, "chunk_count"));
        if text(&answer, "status") == "failed" {
            self.tally.failed += 1;
            self.tally.wrong(format!("{path}: {}", text(&answer, "error")));
        } else {
            self.tally.indexed += 1;
        }
        Ok(true)
    }

    fn gone(&mut self, path: &str, document: &Value) -> Result<(), Fault> {
        let why = match left_out(path, &self.settings.include, &self.settings.exclude) {
            true => "the settings leave it out",
            false => "the file is gone",
        };
        write::update(DOCUMENTS, number(document, "id"), None, &json!({"status": "stale", "error": why}))?;
        self.tally.rows += 1;
        Ok(())
    }
}

impl Taker<'_> {
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
}
