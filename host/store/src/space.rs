//! A space: one SQLite file with one writer, a pool of readers, its collections, ids and in-memory indexes.

use crate::collection::{Collection, CollectionSpec};
use crate::commit::{CommitMeta, Committed};
use crate::database::{self, Embedding, meta};
use crate::error::{Result, StoreError};
use crate::events::Passed;
use crate::ids::{Ids, reserve};
use crate::migrate::{load_collections, migrate, upgrade};
use crate::search::Indexes;
use crate::session::{Session, SessionOptions};
use crate::write_set::{Verb, WriteSet};
use crate::writer::Writer;
use arc_swap::ArcSwap;
use indexmap::IndexMap;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When an acknowledged write is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the power fails too: every commit is synced.
    #[default]
    Full,
    /// When the process dies; a power failure may lose the last commits.
    Process,
}

/// How spaces are opened.
#[derive(Debug, Clone)]
pub struct SpaceOptions {
    /// When an acknowledged write is safe.
    pub durability: Durability,
    /// The embedding model, `name@digest`; a space made with another is read-only until it is re-embedded.
    pub model: String,
    /// Numbers in a vector.
    pub dimension: usize,
    /// Write-sets that may share one commit; 1 switches group commit off.
    pub group_commit: usize,
    /// Spaces kept open.
    pub open_spaces: usize,
}

impl Default for SpaceOptions {
    fn default() -> Self {
        Self { durability: Durability::Full, model: String::new(), dimension: 256, group_commit: 64, open_spaces: 64 }
    }
}

/// One tenant's memory.
pub struct Space {
    name: String,
    path: PathBuf,
    pub(crate) options: SpaceOptions,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    collections: ArcSwap<IndexMap<String, Arc<Collection>>>,
    ids: Mutex<Ids>,
    usage: Mutex<HashMap<i64, (i64, i64)>>,
    pub(crate) passed: Mutex<HashMap<String, Passed>>,
    pub(crate) indexes: Indexes,
    /// Signs cursors.
    pub(crate) secret: Vec<u8>,
    /// Why writes and vector search are refused.
    pub(crate) other_model: Option<String>,
    /// Erased content may still be in the log, as a reader was in the way.
    log_owed: AtomicBool,
}

/// A write-ahead log of so many bytes is moved into the file although no commit asked for it.
const LONG_LOG: u64 = 64 << 20;

/// Idle readers kept a space.
const IDLE_READERS: usize = 32;

/// Milliseconds UTC.
pub(crate) fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// A lock whose holder panicked still guards sound data: every critical section here is a few assignments.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Space {
    /// Opens a space's file, making it if it is new.
    ///
    /// # Errors
    /// See [`StoreError`]; a damaged file, a full disk and a read-only folder say what to do.
    pub fn open(path: &Path, name: &str, options: &SpaceOptions) -> Result<Self> {
        let synchronous = match options.durability {
            Durability::Full => "FULL",
            Durability::Process => "NORMAL",
        };
        let connection = database::open_writer(path, synchronous)?;
        let secret = meta(&connection, "secret")?.unwrap_or_default();
        if meta::<i64>(&connection, "dimension")?.is_none() {
            connection.execute("INSERT OR IGNORE INTO meta VALUES('model', ?)", [&options.model])?;
            connection.execute("INSERT OR IGNORE INTO meta VALUES('dimension', ?)", [options.dimension as i64])?;
        }
        let other_model = Embedding::of(&connection)?.refusal(name, &options.model, options.dimension);
        upgrade(&connection, name)?;
        let collections = load_collections(&connection)?;
        Ok(Self {
            name: name.to_owned(),
            path: path.to_owned(),
            options: options.clone(),
            writer: Writer::start(connection, name, options)?,
            readers: Mutex::default(),
            collections: ArcSwap::from_pointee(collections),
            ids: Mutex::default(),
            usage: Mutex::default(),
            passed: Mutex::default(),
            indexes: Indexes::default(),
            secret,
            other_model,
            log_owed: AtomicBool::new(false),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A collection by `layer.name`.
    ///
    /// # Errors
    /// `not-found`.
    pub fn collection(&self, name: &str) -> Result<Arc<Collection>> {
        self.collections
            .load()
            .get(name)
            .cloned()
            .ok_or_else(|| StoreError::NotFound(format!("there is no collection `{name}`")))
    }

    /// All its collections.
    #[must_use]
    pub fn collections(&self) -> Vec<Arc<Collection>> {
        self.collections.load().values().cloned().collect()
    }

    pub(crate) fn collection_by_number(&self, number: i64) -> Option<Arc<Collection>> {
        self.collections.load().values().find(|collection| collection.number == number).cloned()
    }

    /// Makes or extends the collections of a layer.
    ///
    /// # Errors
    /// `invalid.argument`, naming every change that is not additive; nothing is changed then.
    pub fn ensure_collections(&self, layer: &str, specs: &IndexMap<String, CollectionSpec>) -> Result<()> {
        let known = self.collections.load();
        let same = |name: &String, spec: &CollectionSpec| {
            known.get(&format!("{layer}.{name}")).is_some_and(|collection| collection.spec == *spec)
        };
        if specs.iter().all(|(name, spec)| same(name, spec)) {
            return Ok(());
        }
        drop(known);
        let (layer, specs) = (layer.to_owned(), specs.clone());
        let collections = self.writer.transact(move |connection| {
            // Of the file's dimension, whatever this program's: its other vectors are so.
            let dimension = Embedding::of(connection)?.dimension;
            migrate(connection, &layer, &specs, usize::try_from(dimension).unwrap_or_default())?;
            load_collections(connection)
        })?;
        self.collections.store(Arc::new(collections));
        Ok(())
    }

    /// Reads the collections again, as another process may have changed them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn refresh(&self) -> Result<()> {
        let collections = self.with_reader(load_collections)?;
        self.collections.store(Arc::new(collections));
        Ok(())
    }

    /// Opens a session: a snapshot taken at its first read, and an empty write-set.
    #[must_use]
    pub fn session(self: &Arc<Self>, options: SessionOptions) -> Session {
        Session::new(Arc::clone(self), options)
    }

    /// Commits a write-set and answers when it is durable.
    ///
    /// `cancelled` counts until the writer starts the write-set; after that the result stands.
    ///
    /// # Errors
    /// `conflict` when a precondition fails; `incompatible.store` when the space was embedded by another model.
    pub fn commit(
        &self,
        write_set: WriteSet,
        meta: CommitMeta,
        cancelled: Option<Arc<AtomicBool>>,
    ) -> Result<Committed> {
        if write_set.is_empty() && meta.idempotent.is_none() && meta.acknowledges.is_none() {
            return Ok(Committed { seq: 0, at: now_ms().unsigned_abs(), embed_pending: 0 });
        }
        self.writable()?;
        self.fits(write_set.misfit(self.options.dimension))?;
        let erased: Vec<_> = (write_set.changes.iter())
            .filter(|(_, change)| change.verb == Verb::Erase)
            .map(|(id, change)| (*id, Arc::clone(&change.collection)))
            .collect();
        let committed = self.writer.commit(write_set, meta, cancelled)?;
        for (id, collection) in &erased {
            self.indexes.erase(collection, *id, committed.seq as i64);
        }
        if !erased.is_empty() {
            self.truncate_log(Duration::from_millis(20));
        } else if self.log_owed.load(Ordering::Relaxed) {
            self.truncate_log(Duration::ZERO);
        }
        Ok(committed)
    }

    /// Refuses a vector of another dimension, given its length.
    pub(crate) fn fits(&self, misfit: Option<usize>) -> Result<()> {
        match misfit {
            None => Ok(()),
            Some(length) => Err(StoreError::Invalid(format!(
                "a vector has {length} numbers, those of space `{}` have {}",
                self.name, self.options.dimension
            ))),
        }
    }

    /// Commits of this handle so far: fewer than write-sets where some shared one.
    #[must_use]
    pub fn group_commits(&self) -> u64 {
        self.writer.commits()
    }

    /// What keeps this program from writing, if anything.
    pub(crate) fn writable(&self) -> Result<()> {
        match &self.other_model {
            Some(reason) => Err(StoreError::Incompatible(reason.clone())),
            None => Ok(()),
        }
    }

    /// Bytes of the write-ahead log. A long one is moved into the file as far as its readers allow.
    ///
    /// # Errors
    /// When the database fails.
    pub fn tend_log(&self) -> Result<u64> {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let size = || std::fs::metadata(&log).map_or(0, |file| file.len());
        if size() > LONG_LOG {
            self.with_reader(|connection| {
                connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
                Ok(())
            })?;
        }
        Ok(size())
    }

    /// Moves the write-ahead log into the file, so that erased content leaves the log too; waits so long for readers.
    fn truncate_log(&self, patience: Duration) {
        let truncated = self.writer.exclusive(move |connection| {
            connection.busy_timeout(patience)?;
            let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            connection.busy_timeout(database::BUSY)?;
            Ok(busy? != 0)
        });
        let owed = truncated.unwrap_or(true);
        if self.log_owed.swap(owed, Ordering::Relaxed) != owed && owed {
            // The next commit tries again, and so does closing.
            tracing::info!(space = %self.name, "erased content leaves the log later: a reader holds it");
        }
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Issues ids for rows still to be inserted.
    pub(crate) fn issue_ids(&self, count: i64) -> Result<std::ops::Range<i64>> {
        let mut ids = lock(&self.ids);
        if let Some(range) = ids.take(count) {
            return Ok(range);
        }
        let block = self.writer.transact(move |connection| reserve(connection, count))?;
        ids.refill(block);
        ids.take(count).ok_or_else(|| StoreError::Unavailable("no ids could be reserved".into()))
    }

    /// Takes a reader from the pool.
    pub(crate) fn reader(&self) -> Result<Connection> {
        if let Some(connection) = lock(&self.readers).pop() {
            return Ok(connection);
        }
        database::open_reader(&self.path)
    }

    /// Gives a reader back.
    pub(crate) fn give_back(&self, connection: Connection) {
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
    }

    /// Runs a read on a pooled connection, outside any session.
    pub(crate) fn with_reader<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.reader()?;
        let answer = read(&connection);
        self.give_back(connection);
        answer
    }

    /// Begins to load the large search indexes in the background, so that the first search finds them; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn warm(self: &Arc<Self>) -> Result<usize> {
        self.indexes.warm(self)
    }

    /// The newest sequence of the journal.
    ///
    /// # Errors
    /// When the database fails.
    pub fn latest(&self) -> Result<u64> {
        self.with_reader(|connection| Ok(sequence(connection)?.unsigned_abs()))
    }

    /// Notes that rows were used; [`Space::flush_usage`] writes it down.
    pub(crate) fn touch(&self, ids: &[i64], now: i64) {
        let mut usage = lock(&self.usage);
        for id in ids {
            let entry = usage.entry(*id).or_default();
            *entry = (entry.0 + 1, entry.1.max(now));
        }
    }

    /// Uses not yet written down.
    pub(crate) fn unflushed_usage(&self, id: i64) -> (i64, i64) {
        lock(&self.usage).get(&id).copied().unwrap_or_default()
    }

    /// Writes access statistics down.
    ///
    /// # Errors
    /// When the database fails; the statistics are then lost, as hints may be.
    pub fn flush_usage(&self) -> Result<()> {
        if self.log_owed.load(Ordering::Relaxed) {
            self.truncate_log(Duration::ZERO);
        }
        let usage = std::mem::take(&mut *lock(&self.usage));
        if usage.is_empty() || self.other_model.is_some() {
            return Ok(());
        }
        self.writer.transact(move |connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO usage SELECT ?1, ?2, ?3 WHERE EXISTS(SELECT 1 FROM ids WHERE id = ?1 AND erased_at IS NULL)
                 ON CONFLICT(id) DO UPDATE SET uses = uses + ?2, last_at = max(last_at, ?3)",
            )?;
            for (id, (uses, last)) in usage {
                statement.execute(params![id, uses, last])?;
            }
            Ok(())
        })
    }

    /// The answer kept for an idempotency key: its arguments' hash, the answer, its sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub fn answered(&self, principal: &str, key: &str) -> Result<Option<(String, String, u64)>> {
        use rusqlite::OptionalExtension;
        self.with_reader(|connection| {
            Ok(connection
                .prepare_cached("SELECT arguments, result, seq FROM idempotency WHERE principal = ? AND key = ?")?
                .query_row([principal, key], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs())))
                .optional()?)
        })
    }

    /// Forgets idempotency keys older than a day.
    ///
    /// # Errors
    /// When the database fails.
    pub fn expire_idempotency(&self) -> Result<()> {
        self.writer.transact(|connection| {
            connection.execute("DELETE FROM idempotency WHERE at < ?", [now_ms() - 24 * 3_600_000])?;
            Ok(())
        })
    }
}

/// The newest sequence a connection sees.
pub(crate) fn sequence(connection: &Connection) -> Result<i64> {
    Ok(connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM journal")?.query_row([], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_readers_are_kept_up_to_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(&folder.path().join("x.db"), "x", &SpaceOptions::default()).unwrap();
        let readers: Vec<_> = (0..IDLE_READERS + 10).map(|_| space.reader().unwrap()).collect();
        readers.into_iter().for_each(|reader| space.give_back(reader));
        assert_eq!(lock(&space.readers).len(), IDLE_READERS);
    }
}
