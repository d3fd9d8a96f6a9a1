//! Step 7 of 7: a session, what one call sees and stages. The snapshot is taken at the first read; nothing is written before commit.

mod adopt;
mod evidence;
mod number;
mod overlay;
mod read;
mod removal;
mod stage;

pub use evidence::Evidence;

use crate::error::{Result, StoreError};
use crate::namespace::Namespace;
use crate::space::{Space, sequence};
use crate::write_set::WriteSet;
use rusqlite::Connection;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// When a call must end, and whether its caller has gone.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// The instant its wall budget ends.
    pub at: Instant,
    /// Set when nobody waits any more.
    pub cancelled: Arc<AtomicBool>,
}

impl Deadline {
    /// A deadline this long from now.
    #[must_use]
    pub fn within(budget: std::time::Duration) -> Self {
        Self { at: Instant::now() + budget, cancelled: Arc::default() }
    }

    /// What is left.
    #[must_use]
    pub fn remaining(&self) -> std::time::Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Whether the call must stop now.
    #[must_use]
    pub fn over(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || Instant::now() >= self.at
    }

    /// # Errors
    /// `cancelled` or `budget.time`.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(StoreError::Cancelled);
        }
        if Instant::now() >= self.at { Err(StoreError::Time) } else { Ok(()) }
    }
}

/// What one session may read and stage.
#[derive(Debug, Clone)]
pub struct ReadLimits {
    /// Rows in one page.
    pub page_rows: u32,
    /// Rows read in one call.
    pub rows_read: u64,
    /// Rows staged in one call.
    pub rows_written: usize,
    /// Bytes staged in one call.
    pub bytes_written: usize,
    /// Ids reserved in one call.
    pub ids: u32,
    /// Hits in one search.
    pub hits: u32,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            page_rows: 1000,
            rows_read: 200_000,
            rows_written: 10_000,
            bytes_written: 32 << 20,
            ids: 10_000,
            hits: 1000,
        }
    }
}

/// How a session is opened.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// The layer that runs: prefix of its events.
    pub layer: String,
    /// Digest of its component: written into every row.
    pub component: String,
    /// The part of the space the caller may see.
    pub scope: Namespace,
    /// The call's frozen clock, ms UTC.
    pub now: u64,
    /// When it must end.
    pub deadline: Deadline,
    /// What it may read and stage.
    pub limits: ReadLimits,
    /// What cursors are bound to: space, principal, operation, arguments.
    pub binding: String,
    /// Writes are refused.
    pub read_only: bool,
    /// The sequence all reads are of; none: the newest there is at the first read.
    pub as_of: Option<u64>,
}

/// See the module.
pub struct Session {
    pub(crate) space: Arc<Space>,
    pub(crate) options: SessionOptions,
    reader: Option<Connection>,
    /// The sequence the reader sees.
    reads_at: i64,
    /// The snapshot's sequence, once there is one.
    seq: Option<i64>,
    pub(crate) write: WriteSet,
    /// Versions the guest has been shown.
    seen: HashMap<i64, i64>,
    issued: HashSet<i64>,
    issued_count: u32,
    /// Unique keys of staged rows: collection, key and values -> id.
    staged_keys: HashMap<String, i64>,
    /// Rows inserted and deleted again, or erased: gone for this call.
    gone: HashSet<i64>,
    /// Collections whose staged rows are in the temporary table as they are now.
    synced: HashSet<i64>,
    /// Collections with a temporary table in use.
    staged_tables: HashMap<i64, String>,
    rows_read: u64,
    /// Nothing is noted of what this call looks at.
    traceless: bool,
}

/// SQLite instructions between two looks at the deadline.
const PROGRESS_STEPS: i32 = 4000;

impl Session {
    pub(crate) fn new(space: Arc<Space>, options: SessionOptions) -> Self {
        Self {
            space,
            reader: None,
            reads_at: 0,
            seq: options.as_of.map(|seq| seq as i64),
            options,
            write: WriteSet::default(),
            seen: HashMap::new(),
            issued: HashSet::new(),
            issued_count: 0,
            staged_keys: HashMap::new(),
            gone: HashSet::new(),
            synced: HashSet::new(),
            staged_tables: HashMap::new(),
            rows_read: 0,
            traceless: false,
        }
    }

    /// The space it works on.
    #[must_use]
    pub fn space(&self) -> &Arc<Space> {
        &self.space
    }

    /// The call's options.
    #[must_use]
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// The snapshot's sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub fn sequence(&mut self) -> Result<u64> {
        self.begin()?;
        Ok(self.seq.unwrap_or_default().unsigned_abs())
    }

    /// Takes the snapshot, or a new connection at the old one.
    pub(crate) fn begin(&mut self) -> Result<&Connection> {
        self.options.deadline.check()?;
        if self.reader.is_none() {
            let mut connection = self.space.reader()?;
            let deadline = self.options.deadline.clone();
            connection.progress_handler(PROGRESS_STEPS, Some(move || deadline.over()))?;
            connection.execute_batch("BEGIN")?;
            let seq = sequence(&connection)?;
            self.seq.get_or_insert(seq);
            self.reads_at = seq;
            self.reader = Some(connection);
        }
        self.reader.as_ref().ok_or_else(|| StoreError::Unavailable("no connection".into()))
    }

    /// The connection of a session that has begun.
    pub(crate) fn connection(&self) -> Result<&Connection> {
        self.reader.as_ref().ok_or_else(|| StoreError::Unavailable("the session has no snapshot".into()))
    }

    /// Rows of a collection this call has changed: their indexed text and vectors no longer hold.
    pub(crate) fn changed(&self, collection: &crate::Collection) -> Vec<i64> {
        (self.write.changes.iter())
            .filter(|(_, change)| change.collection.number == collection.number)
            .map(|(id, _)| *id)
            .collect()
    }

    /// The sequence to read as of, when the connection sees more than the snapshot did.
    pub(crate) fn moved_on(&self) -> Option<i64> {
        self.reader.as_ref()?;
        self.seq.filter(|seq| *seq != self.reads_at)
    }

    /// Lets the snapshot go, before something slow; later reads go on at its sequence, through the history.
    pub fn release(&mut self) {
        let Some(mut connection) = self.reader.take() else {
            return;
        };
        // First, for what follows must not be interrupted.
        let mut clean = connection.progress_handler(0, None::<fn() -> bool>).is_ok();
        for table in std::mem::take(&mut self.staged_tables).into_values() {
            clean &= connection.execute(&format!("DELETE FROM temp.\"{table}\""), []).is_ok();
        }
        self.synced.clear();
        clean &= connection.execute_batch("COMMIT").is_ok();
        // One that cannot be put in order is closed instead.
        if clean {
            self.space.give_back(connection);
        }
    }

    /// Ends the session; what it staged goes on.
    #[must_use]
    pub fn finish(mut self) -> WriteSet {
        self.release();
        std::mem::take(&mut self.write)
    }

    /// An interrupted statement is a call out of time, or one that was cancelled.
    pub(crate) fn blame(&self, error: StoreError) -> StoreError {
        match &error {
            StoreError::Sqlite(sqlite)
                if sqlite.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
            {
                self.options.deadline.check().err().unwrap_or(error)
            }
            _ => error,
        }
    }

    pub(crate) fn count_rows(&mut self, rows: usize) -> Result<()> {
        self.rows_read += rows as u64;
        if self.rows_read > self.options.limits.rows_read {
            return Err(StoreError::limit(
                "rows-read",
                format!("one call may read {} rows; use conditions, or several calls", self.options.limits.rows_read),
            ));
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.release();
    }
}
