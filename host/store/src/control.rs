//! `control.db`: what all processes on one data directory share: spaces, plugin generations, due times, leases, spending.

use crate::error::{Result, StoreError};
use crate::space::{lock, now_ms};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::Serialize;
use std::path::Path;
use std::sync::Mutex;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS spaces(name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generations(
  layer TEXT NOT NULL, generation INTEGER NOT NULL, digest TEXT NOT NULL, origin TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(layer, generation)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS configured(layer TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS components(digest TEXT PRIMARY KEY, wasm BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS schedules(
  space TEXT NOT NULL, layer TEXT NOT NULL, name TEXT NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY(space, layer, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases(
  name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS processes(
  id TEXT PRIMARY KEY, pid INTEGER NOT NULL, seen_at INTEGER NOT NULL, applied TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spending(
  day INTEGER PRIMARY KEY, prompts INTEGER NOT NULL, tokens INTEGER NOT NULL, micros INTEGER NOT NULL);
";

/// Generations of a layer kept to roll back to, the current one included.
pub const GENERATIONS_KEPT: usize = 4;

/// A process that has not been seen for this long is gone.
const PROCESS_GONE_MS: i64 = 5_000;

/// One published component of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generation {
    /// The layer.
    pub layer: String,
    /// Counts up.
    pub generation: u64,
    /// Digest of the component.
    pub digest: String,
    /// Where it came from: `bundled`, a path, `rollback`.
    pub origin: String,
    /// When, ms UTC.
    pub at: u64,
}

/// A due time of a manifest's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The space.
    pub space: String,
    /// The layer.
    pub layer: String,
    /// The schedule.
    pub name: String,
    /// When it is due, ms UTC.
    pub due_at: u64,
}

/// The right to do a piece of work, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The work.
    pub name: String,
    /// Who holds it.
    pub holder: String,
    /// Grows with every holder: a commit with an older token is refused.
    pub token: u64,
}

/// The shared database of a data directory.
pub struct Control {
    connection: Mutex<Connection>,
}

impl Control {
    /// Opens `control.db` in a data directory.
    ///
    /// # Errors
    /// `unavailable.store` with what to do.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("control.db");
        let connection = crate::database::open_plain(&path)?;
        connection.execute_batch(TABLES)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        work(&lock(&self.connection))
    }

    pub(crate) fn transact<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.connection);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = work(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    }

    /// A number that changes when another process has written here.
    ///
    /// # Errors
    /// When the database fails.
    pub fn changes(&self) -> Result<i64> {
        Ok(lock(&self.connection).query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }

    /// The spaces, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn spaces(&self) -> Result<Vec<(String, u64)>> {
        let connection = lock(&self.connection);
        let mut statement = connection.prepare_cached("SELECT name, created_at FROM spaces ORDER BY name")?;
        let spaces = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(spaces.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether there is a space.
    ///
    /// # Errors
    /// When the database fails.
    pub fn has_space(&self, name: &str) -> Result<bool> {
        let connection = lock(&self.connection);
        let mut statement = connection.prepare_cached("SELECT 1 FROM spaces WHERE name = ?")?;
        Ok(statement.exists([name])?)
    }

    /// Adds a space; answers whether it is new.
    ///
    /// # Errors
    /// `invalid.argument` for a bad name.
    pub fn add_space(&self, name: &str) -> Result<bool> {
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > 100 || !name.chars().all(sound) {
            return Err(StoreError::Invalid("a space's name is 1 to 100 of A-Z a-z 0-9 _ -".into()));
        }
        self.transact(|connection| {
            let sql = "INSERT OR IGNORE INTO spaces VALUES(?, ?)";
            Ok(connection.execute(sql, params![name, now_ms()])? > 0)
        })
    }

    /// Removes a space from the list; answers whether it was there.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remove_space(&self, name: &str) -> Result<bool> {
        self.transact(|connection| {
            connection.execute("DELETE FROM schedules WHERE space = ?", [name])?;
            Ok(connection.execute("DELETE FROM spaces WHERE name = ?", [name])? > 0)
        })
    }

    /// Publishes a component as a layer's next generation; its bytes are kept as long as a kept generation names them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn publish(&self, layer: &str, digest: &str, origin: &str, wasm: &[u8]) -> Result<Generation> {
        self.transact(|connection| {
            let now = now_ms();
            let generation: i64 = connection.query_row(
                "INSERT INTO generations SELECT ?1, coalesce(max(generation), 0) + 1, ?2, ?3, ?4 FROM generations WHERE layer = ?1
                 RETURNING generation",
                params![layer, digest, origin, now],
                |row| row.get(0),
            )?;
            connection.execute("INSERT OR IGNORE INTO components VALUES(?, ?)", params![digest, wasm])?;
            connection.execute(
                "DELETE FROM generations WHERE layer = ? AND generation <= ?",
                params![layer, generation - GENERATIONS_KEPT as i64],
            )?;
            connection.execute("DELETE FROM components WHERE digest NOT IN (SELECT digest FROM generations)", [])?;
            Ok(Generation {
                layer: layer.to_owned(),
                generation: generation.unsigned_abs(),
                digest: digest.to_owned(),
                origin: origin.to_owned(),
                at: now.unsigned_abs(),
            })
        })
    }

    /// Notes the component the configuration names for a layer; answers whether it is another than the one noted before.
    ///
    /// # Errors
    /// When the database fails.
    pub fn configure(&self, layer: &str, digest: &str) -> Result<bool> {
        self.transact(|connection| {
            let changed = connection.execute(
                "INSERT INTO configured VALUES(?1, ?2) ON CONFLICT(layer) DO UPDATE SET digest = ?2 WHERE digest != ?2",
                params![layer, digest],
            )?;
            Ok(changed > 0)
        })
    }

    /// The component the configuration named for a layer when a process last started.
    ///
    /// # Errors
    /// When the database fails.
    pub fn configured(&self, layer: &str) -> Result<Option<String>> {
        let connection = lock(&self.connection);
        let mut statement = connection.prepare_cached("SELECT digest FROM configured WHERE layer = ?")?;
        Ok(statement.query_row([layer], |row| row.get(0)).optional()?)
    }

    /// The bytes of a published component.
    ///
    /// # Errors
    /// `not-found` when no kept generation names it.
    pub fn component(&self, digest: &str) -> Result<Vec<u8>> {
        let connection = lock(&self.connection);
        let mut statement = connection.prepare_cached("SELECT wasm FROM components WHERE digest = ?")?;
        let found: Option<Vec<u8>> = statement.query_row([digest], |row| row.get(0)).optional()?;
        found.ok_or_else(|| StoreError::NotFound(format!("no component {digest} is kept")))
    }

    /// The kept generations of a layer, or of all, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn generations(&self, layer: Option<&str>) -> Result<Vec<Generation>> {
        let connection = lock(&self.connection);
        let mut statement = connection.prepare_cached(
            "SELECT layer, generation, digest, origin, at FROM generations WHERE ?1 IS NULL OR layer = ?1
             ORDER BY layer, generation DESC",
        )?;
        let generations = statement.query_map([layer], |row| {
            Ok(Generation {
                layer: row.get(0)?,
                generation: row.get::<_, i64>(1)?.unsigned_abs(),
                digest: row.get(2)?,
                origin: row.get(3)?,
                at: row.get::<_, i64>(4)?.unsigned_abs(),
            })
        })?;
        Ok(generations.collect::<rusqlite::Result<_>>()?)
    }

    /// Notes that this process lives and which generations it serves (JSON).
    ///
    /// # Errors
    /// When the database fails.
    pub fn heartbeat(&self, process: &str, applied: &str) -> Result<()> {
        self.transact(|connection| {
            let now = now_ms();
            connection.execute(
                "INSERT OR REPLACE INTO processes VALUES(?, ?, ?, ?)",
                params![process, std::process::id(), now, applied],
            )?;
            connection.execute("DELETE FROM processes WHERE seen_at < ?", [now - PROCESS_GONE_MS])?;
            Ok(())
        })
    }

    /// Takes this process off the list.
    ///
    /// # Errors
    /// When the database fails.
    pub fn leave(&self, process: &str) -> Result<()> {
        self.transact(|connection| {
            connection.execute("DELETE FROM processes WHERE id = ?", [process])?;
            connection.execute("UPDATE leases SET expires_at = 0 WHERE holder = ?", [process])?;
            Ok(())
        })
    }

    /// The processes alive: id, pid, the generations they serve (JSON).
    ///
    /// # Errors
    /// When the database fails.
    pub fn processes(&self) -> Result<Vec<(String, u32, String)>> {
        let connection = lock(&self.connection);
        let mut statement =
            connection.prepare_cached("SELECT id, pid, applied FROM processes WHERE seen_at >= ? ORDER BY id")?;
        let processes =
            statement.query_map([now_ms() - PROCESS_GONE_MS], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(processes.collect::<rusqlite::Result<_>>()?)
    }

    /// Makes sure a schedule has a due time: the first is one period from now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn ensure_schedule(&self, space: &str, layer: &str, name: &str, every_ms: u64) -> Result<()> {
        self.transact(|connection| {
            connection.execute(
                "INSERT OR IGNORE INTO schedules VALUES(?, ?, ?, ?)",
                params![space, layer, name, now_ms() + every_ms as i64],
            )?;
            Ok(())
        })
    }

    /// The schedules that are due.
    ///
    /// # Errors
    /// When the database fails.
    pub fn due(&self) -> Result<Vec<Schedule>> {
        let connection = lock(&self.connection);
        let mut statement = connection
            .prepare_cached("SELECT space, layer, name, due_at FROM schedules WHERE due_at <= ? ORDER BY due_at")?;
        let due = statement.query_map([now_ms()], |row| {
            Ok(Schedule {
                space: row.get(0)?,
                layer: row.get(1)?,
                name: row.get(2)?,
                due_at: row.get::<_, i64>(3)?.unsigned_abs(),
            })
        })?;
        Ok(due.collect::<rusqlite::Result<_>>()?)
    }

    /// Moves a schedule that has fired to its next due time; a no-op if another process did.
    ///
    /// # Errors
    /// When the database fails.
    pub fn advance(&self, fired: &Schedule, next_due: u64) -> Result<bool> {
        self.transact(|connection| {
            Ok(connection.execute(
                "UPDATE schedules SET due_at = ? WHERE space = ? AND layer = ? AND name = ? AND due_at = ?",
                params![next_due as i64, fired.space, fired.layer, fired.name, fired.due_at as i64],
            )? > 0)
        })
    }

    /// Takes a lease, if nobody else holds it; holding it already renews it under the same token.
    ///
    /// # Errors
    /// When the database fails.
    pub fn acquire(&self, name: &str, holder: &str, for_ms: u64) -> Result<Option<Lease>> {
        self.transact(|connection| {
            let now = now_ms();
            let token: Option<i64> = connection
                .query_row(
                    "INSERT INTO leases VALUES(?1, ?2, 1, ?3) ON CONFLICT(name) DO UPDATE SET
                       token = token + (holder != ?2 OR expires_at <= ?4), holder = ?2, expires_at = ?3
                     WHERE expires_at <= ?4 OR holder = ?2 RETURNING token",
                    params![name, holder, now + for_ms as i64, now],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(token.map(|token| Lease {
                name: name.to_owned(),
                holder: holder.to_owned(),
                token: token.unsigned_abs(),
            }))
        })
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// When the database fails.
    pub fn release(&self, lease: &Lease) -> Result<()> {
        self.transact(|connection| {
            connection.execute(
                "UPDATE leases SET expires_at = 0 WHERE name = ? AND holder = ? AND token = ?",
                params![lease.name, lease.holder, lease.token as i64],
            )?;
            Ok(())
        })
    }

    /// The leases whose names begin so that ran out without being given back: their holders are gone.
    ///
    /// # Errors
    /// When the database fails.
    pub fn abandoned(&self, prefix: &str) -> Result<Vec<String>> {
        let connection = lock(&self.connection);
        let mut statement = connection.prepare_cached(
            "SELECT name FROM leases WHERE substr(name, 1, length(?1)) = ?1 AND expires_at BETWEEN 1 AND ?2 ORDER BY name",
        )?;
        let names = statement.query_map(params![prefix, now_ms()], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }
}
