//! Online backup of a space into one file, and restore from it.

use crate::database::{FORMAT, meta, open_new, open_reader};
use crate::error::{Result, StoreError};
use crate::ids::BLOCK;
use crate::space::{Space, sequence};
use crate::spaces::Spaces;
use rusqlite::{Connection, backup};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A backup that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Backup {
    /// The space.
    pub space: String,
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The journal's newest sequence in it.
    pub seq: u64,
}

/// Pages copied at a time; writers go on between.
const PAGES: i32 = 1000;

/// Ids skipped by a restore: more than were issued after the backup and lost with the original.
const SKIPPED_IDS: i64 = 1024 * BLOCK;

impl Space {
    /// Copies the space as it is now into a new file, while it goes on serving. `progress` gets pages done and in all.
    ///
    /// # Errors
    /// `invalid.argument` if the file exists; `unavailable.store` when it cannot be written.
    pub fn backup(&self, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Backup> {
        if to.exists() {
            return Err(StoreError::Invalid(format!("{} exists; name a new file", to.display())));
        }
        let copied = self.copy(to, &mut progress);
        if copied.is_err() {
            // Half a backup must not be taken for one.
            _ = std::fs::remove_file(to);
        }
        let seq = copied?;
        let bytes = std::fs::metadata(to).map_err(|error| StoreError::io(to, error))?.len();
        Ok(Backup { space: self.name().to_owned(), path: to.to_owned(), bytes, seq })
    }

    fn copy(&self, to: &Path, progress: &mut impl FnMut(u64, u64)) -> Result<u64> {
        let mut target = open_new(to)?;
        self.with_reader(|source| {
            // Held to the end: a copy that sees the writers' commits would start anew at each of them.
            source.execute_batch("BEGIN")?;
            let copied = sequence(source).and_then(|_| steps(source, &mut target, progress));
            source.execute_batch("COMMIT")?;
            copied
        })?;
        let seq = sequence(&target)?.unsigned_abs();
        // One file, without a log beside it.
        target.pragma_update(None, "journal_mode", "DELETE")?;
        target.close().map_err(|(_, error)| error)?;
        Ok(seq)
    }
}

fn steps(source: &Connection, target: &mut Connection, progress: &mut impl FnMut(u64, u64)) -> Result<()> {
    let copy = backup::Backup::new(source, target)?;
    loop {
        let step = copy.step(PAGES)?;
        let pages = copy.progress();
        let (all, left) = (i64::from(pages.pagecount), i64::from(pages.remaining));
        progress((all - left).unsigned_abs(), all.unsigned_abs());
        match step {
            backup::StepResult::Done => return Ok(()),
            backup::StepResult::Busy | backup::StepResult::Locked => std::thread::sleep(Duration::from_millis(5)),
            _ => {}
        }
    }
}

impl Spaces {
    /// Puts a backup in place as a space that must not exist yet.
    ///
    /// # Errors
    /// `invalid.argument` if the space exists or the file is no sound backup.
    pub fn restore(&self, from: &Path, name: &str) -> Result<()> {
        let to = self.path(name);
        if to.exists() {
            return Err(StoreError::Invalid(format!(
                "space `{name}` exists ({}); delete it first, or restore under another name",
                to.display()
            )));
        }
        check(from)?;
        let part = to.with_extension("restoring");
        std::fs::copy(from, &part).map_err(|error| StoreError::io(&part, error))?;
        let adapt = || -> Result<()> {
            let connection = open_reader(&part)?;
            // Ids issued after the backup must not be issued again: somebody may still hold them.
            connection.execute("UPDATE meta SET value = value + ? WHERE key = 'next_id'", [SKIPPED_IDS])?;
            connection.execute("DELETE FROM meta WHERE key LIKE 'fence:%'", [])?;
            connection.pragma_update(None, "journal_mode", "DELETE")?;
            connection.close().map_err(|(_, error)| error)?;
            Ok(())
        };
        if let Err(error) = adapt() {
            _ = std::fs::remove_file(&part);
            return Err(error);
        }
        std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(|error| StoreError::io(&part, error))?;
        // The log of a space that was here before would be played into this one.
        for log in ["db-wal", "db-shm"] {
            let log = to.with_extension(log);
            if log.exists() {
                std::fs::remove_file(&log).map_err(|error| StoreError::io(&log, error))?;
            }
        }
        std::fs::rename(&part, &to).map_err(|error| StoreError::io(&to, error))
    }
}

/// Whether a file is a sound space of a format this program knows.
fn check(path: &Path) -> Result<()> {
    if !path.is_file() {
        return Err(StoreError::Invalid(format!("{} is no file", path.display())));
    }
    let unsound = |reason: String| StoreError::Invalid(format!("{} is no sound backup: {reason}", path.display()));
    let connection = open_reader(path).map_err(|error| unsound(error.to_string()))?;
    let format: Option<i64> = meta(&connection, "format").map_err(|error| unsound(error.to_string()))?;
    match format {
        Some(format) if format <= FORMAT => {}
        Some(format) => {
            return Err(unsound(format!("it has file format {format}, this program knows {FORMAT}")));
        }
        None => return Err(unsound("it says no file format".into())),
    }
    let answer: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| unsound(error.to_string()))?;
    if answer == "ok" { Ok(()) } else { Err(unsound(answer)) }
}
