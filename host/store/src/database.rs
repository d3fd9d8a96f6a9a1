//! One SQLite file: opening, pragmas, the tables every space has, and those made for a collection.

use crate::collection::{Collection, at};
use crate::error::{Result, StoreError};
use rusqlite::{Connection, OpenFlags, OptionalExtension, ffi};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Once;

/// The file format this program writes. A newer one is refused.
///
/// 2: indexes hold live rows only. 3: full text holds a row's own words, not those of its neighbours.
pub(crate) const FORMAT: i64 = 3;

/// How long a statement waits for another process.
pub(crate) const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// What every space has.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS collections(
  number INTEGER PRIMARY KEY, layer TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL, UNIQUE(layer, name));
CREATE TABLE IF NOT EXISTS ids(id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, erased_at INTEGER);
CREATE TABLE IF NOT EXISTS journal(
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, principal TEXT NOT NULL, layer TEXT NOT NULL,
  component TEXT NOT NULL, operation TEXT NOT NULL, arguments TEXT NOT NULL, undoes TEXT);
CREATE INDEX IF NOT EXISTS journal_at ON journal(at);
CREATE INDEX IF NOT EXISTS journal_component ON journal(component, seq);
CREATE TABLE IF NOT EXISTS journal_rows(
  seq INTEGER NOT NULL, n INTEGER NOT NULL, collection INTEGER NOT NULL, id INTEGER NOT NULL, verb TEXT NOT NULL,
  before INTEGER, after INTEGER, reindex INTEGER NOT NULL, PRIMARY KEY(seq, n)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS journal_rows_id ON journal_rows(id, seq);
CREATE INDEX IF NOT EXISTS journal_rows_reindex ON journal_rows(collection, seq) WHERE reindex;
CREATE TABLE IF NOT EXISTS citations(source INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(source, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS citations_id ON citations(id);
CREATE TABLE IF NOT EXISTS embed_pending(id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS embed_none(id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS context_changes(
  collection INTEGER NOT NULL, seq INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(collection, seq, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS usage(id INTEGER PRIMARY KEY, uses INTEGER NOT NULL, last_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS idempotency(
  principal TEXT NOT NULL, key TEXT NOT NULL, arguments TEXT NOT NULL, result TEXT NOT NULL, seq INTEGER,
  at INTEGER NOT NULL, PRIMARY KEY(principal, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_at ON idempotency(at);
CREATE TABLE IF NOT EXISTS events(
  seq INTEGER NOT NULL, n INTEGER NOT NULL, name TEXT NOT NULL, payload TEXT NOT NULL, PRIMARY KEY(seq, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscribers(name TEXT PRIMARY KEY, seq INTEGER NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID;
";

/// Makes sqlite-vec part of every connection opened from now on.
fn register_sqlite_vec() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `sqlite3_vec_init` has the signature SQLite asks of an extension entry point; the crate declares it
        // without its arguments, hence the transmute its own documentation shows.
        #[allow(unsafe_code, reason = "the only way to register a statically linked extension")]
        unsafe {
            let entry = std::mem::transmute::<
                *const (),
                unsafe extern "C" fn(
                    *mut ffi::sqlite3,
                    *mut *mut std::ffi::c_char,
                    *const ffi::sqlite3_api_routines,
                ) -> i32,
            >(sqlite_vec::sqlite3_vec_init as *const ());
            ffi::sqlite3_auto_extension(Some(entry));
        }
    });
}

/// Opens a connection with the pragmas all of ours have.
fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    register_sqlite_vec();
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| explain(path, error))?;
    connection.busy_timeout(BUSY).map_err(|error| explain(path, error))?;
    // No memory map: a reader drops the whole of it at each commit of another connection, and faults its pages in again.
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;
             PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;",
        )
        .map_err(|error| explain(path, error))?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

/// Opens a connection that only reads the file (it may still write its own temporary tables).
pub(crate) fn open_reader(path: &Path) -> Result<Connection> {
    // Not SQLITE_OPEN_READ_ONLY: a WAL reader must be able to create the shared-memory file after a clean shutdown.
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Opens a new file, to copy a database into.
pub(crate) fn open_new(path: &Path) -> Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
}

/// Opens or makes a plain WAL database: `control.db`.
pub(crate) fn open_plain(path: &Path) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(|error| explain(path, error))?;
    Ok(connection)
}

/// Opens the file for writing, making it and its tables if needed.
///
/// # Errors
/// `incompatible.store` for a newer format; `unavailable.store` with what to do for a damaged file, a full disk or a
/// read-only folder.
pub(crate) fn open_writer(path: &Path, synchronous: &str) -> Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let prepare = || -> rusqlite::Result<i64> {
        // Another program's database is left alone.
        let foreign = connection.prepare("SELECT 1 FROM sqlite_schema")?.exists([])?;
        if foreign && !connection.table_exists(None, "meta")? {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_NOTADB), None));
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        let format: Option<i64> = match connection.table_exists(None, "meta")? {
            true => meta(&connection, "format")?,
            false => None,
        };
        if let Some(format) = format {
            return Ok(format);
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        connection.execute_batch(TABLES)?;
        connection.execute("INSERT OR IGNORE INTO meta VALUES('format', ?)", [FORMAT])?;
        connection.execute("INSERT OR IGNORE INTO meta VALUES('next_id', 1)", [])?;
        connection.execute("INSERT OR IGNORE INTO meta VALUES('secret', randomblob(32))", [])?;
        connection.execute_batch("COMMIT")?;
        Ok(FORMAT)
    };
    match prepare().map_err(|error| explain(path, error))? {
        format if format > FORMAT => Err(StoreError::Incompatible(format!(
            "{} has file format {format}, this program writes {FORMAT}; use a newer memstrata",
            path.display()
        ))),
        _ => Ok(connection),
    }
}

/// What a space's vectors are of, and how often they were all made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Embedding {
    pub(crate) model: String,
    pub(crate) dimension: i64,
    pub(crate) renewals: i64,
}

impl Embedding {
    /// What the file says now: another process may have changed it.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached(
                "SELECT (SELECT value FROM meta WHERE key = 'model'), (SELECT value FROM meta WHERE key = 'dimension'),
                   (SELECT value FROM meta WHERE key = 'renewals')",
            )?
            .query_row([], |row| {
                Ok(Self {
                    model: row.get(0)?,
                    dimension: row.get(1)?,
                    renewals: row.get::<_, Option<i64>>(2)?.unwrap_or_default(),
                })
            })
    }

    /// Notes that all vectors were made anew, so that every process drops what it holds in memory.
    pub(crate) fn renewed(connection: &Connection) -> rusqlite::Result<()> {
        connection
            .execute("INSERT INTO meta VALUES('renewals', 1) ON CONFLICT(key) DO UPDATE SET value = value + 1", [])?;
        Ok(())
    }

    /// Why a program with another model must not write, in words.
    pub(crate) fn refusal(&self, space: &str, model: &str, dimension: usize) -> Option<String> {
        ((self.model.as_str(), self.dimension) != (model, dimension as i64)).then(|| {
            format!(
                "space `{space}` was embedded with {} ({} numbers), this program uses {model} ({dimension}); run `memstrata reembed --space {space}`",
                self.model, self.dimension
            )
        })
    }
}

/// One value of the `meta` table.
pub(crate) fn meta<T: rusqlite::types::FromSql>(connection: &Connection, key: &str) -> rusqlite::Result<Option<T>> {
    connection.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get(0)).optional()
}

/// Says what to do about a file that cannot be opened.
fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode as Code;
    let folder = path.is_dir();
    let path = path.display();
    let advice = match error.sqlite_error_code() {
        Some(_) if folder => "is a folder, not a space's file; move it away",
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => {
            "is damaged or not a memstrata space; move it away and `memstrata restore` a backup"
        }
        Some(Code::DiskFull) => "cannot grow, the disk is full; free some space",
        Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => {
            "cannot be opened for writing; check that the folder exists and may be written"
        }
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => "is held by another process; try again",
        Some(Code::SystemIoFailure) => "cannot be read or written; check the disk and its free space",
        _ => return StoreError::Sqlite(error),
    };
    tracing::debug!(%error, %path, "open failed");
    StoreError::Unavailable(format!("{path} {advice}"))
}

/// The indexes queries use, each with the statement that makes it where it is missing.
///
/// They hold live rows only, but for one of the deleted. SQLite then need not look at a row to know that it is not deleted: a count, or a count by
/// group, reads the index alone.
pub(crate) fn live_indexes(collection: &Collection) -> Vec<(String, String)> {
    let table = &collection.table;
    let system = ["created", "updated"].map(|name| (format!("{table}__by_{name}"), format!("\"{name}_at\"")));
    let declared = collection.spec.indexes.iter().map(|fields| (index_name(table, fields), quoted(fields)));
    let statement = |(name, list): (String, String)| {
        let sql = format!("CREATE INDEX IF NOT EXISTS \"{name}\" ON \"{table}\"({list}) WHERE deleted_at IS NULL;\n");
        (name, sql)
    };
    let deleted = format!("{table}__deleted");
    let sql =
        format!("CREATE INDEX IF NOT EXISTS \"{deleted}\" ON \"{table}\"(deleted_at) WHERE deleted_at IS NOT NULL;\n");
    system.into_iter().chain(declared).map(statement).chain([(deleted, sql)]).collect()
}

/// The name of a declared index in the file.
pub(crate) fn index_name(table: &str, fields: &[String]) -> String {
    format!("{table}__index_{}", fields.join("__"))
}

/// The name of a unique key's index in the file.
pub(crate) fn unique_name(table: &str, key: &str) -> String {
    format!("{table}__unique_{key}")
}

/// The statements that make a collection's tables, indexes, full text and vectors, where they are missing.
///
/// `dimension` is that of the space's vectors.
pub(crate) fn collection_ddl(collection: &Collection, dimension: usize) -> String {
    let table = &collection.table;
    let mut columns = String::from("id INTEGER PRIMARY KEY, version INTEGER NOT NULL, namespace TEXT NOT NULL");
    for column in collection.columns.iter().skip(at::CREATED) {
        _ = write!(columns, ", \"{}\" {}", column.name, column.kind.sql());
    }
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS \"{table}\"({columns}, _seq INTEGER NOT NULL);
         CREATE TABLE IF NOT EXISTS \"{table}__history\"({}, _seq INTEGER NOT NULL, _to_seq INTEGER NOT NULL, PRIMARY KEY(id, version)) WITHOUT ROWID;
         CREATE INDEX IF NOT EXISTS \"{table}__history_seq\" ON \"{table}__history\"(_to_seq, _seq);
         CREATE INDEX IF NOT EXISTS \"{table}__by_seq\" ON \"{table}\"(_seq);
         CREATE INDEX IF NOT EXISTS \"{table}__by_namespace\" ON \"{table}\"(namespace, deleted_at);\n",
        columns.replacen("id INTEGER PRIMARY KEY", "id INTEGER NOT NULL", 1)
    );
    sql.extend(live_indexes(collection).into_iter().map(|(_, statement)| statement));
    for (key, fields) in &collection.spec.unique {
        let list = quoted(fields);
        _ = writeln!(
            sql,
            "CREATE UNIQUE INDEX IF NOT EXISTS \"{}\" ON \"{table}\"({list}) WHERE deleted_at IS NULL;",
            unique_name(table, key)
        );
    }
    if !collection.searched.is_empty() {
        if let Some(sequence) = &collection.spec.sequence {
            _ = writeln!(
                sql,
                "CREATE TABLE IF NOT EXISTS \"{table}__context\"(id INTEGER PRIMARY KEY, _context TEXT);
                 CREATE INDEX IF NOT EXISTS \"{table}__sequence\" ON \"{table}\"(\"{}\", \"{}\", id);",
                sequence.key, sequence.order
            );
        }
        sql.push_str(&text_ddl(collection));
    }
    if collection.embedded.is_some() {
        _ = writeln!(sql, "{}", vector_table(table, dimension));
        if collection.spec.sequence.is_some() {
            _ = writeln!(sql, "{}", vector_table(&format!("{table}__context"), dimension));
        }
    }
    sql
}

/// The statements that make a collection's full text over its live rows.
pub(crate) fn text_ddl(collection: &Collection) -> String {
    let table = &collection.table;
    let list = quoted(&searched_fields(collection).collect::<Vec<_>>());
    format!(
        "CREATE VIEW IF NOT EXISTS \"{table}__live\" AS SELECT id, {list} FROM \"{table}\" WHERE deleted_at IS NULL;
         CREATE VIRTUAL TABLE IF NOT EXISTS \"{table}__text\" USING fts5({list}, content='{table}__live',
           content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
         INSERT INTO \"{table}__text\"(\"{table}__text\", rank) VALUES('secure-delete', 1);\n"
    )
}

/// The statement that makes a sqlite-vec table.
pub(crate) fn vector_table(table: &str, dimension: usize) -> String {
    format!(
        "CREATE VIRTUAL TABLE IF NOT EXISTS \"{table}__vec\" USING vec0(id INTEGER PRIMARY KEY, embedding FLOAT[{dimension}]);"
    )
}

/// The names of the searched fields.
pub(crate) fn searched_fields(collection: &Collection) -> impl Iterator<Item = String> {
    collection.searched.iter().filter_map(|place| collection.columns.get(*place)).map(|column| column.name.clone())
}

fn quoted(fields: &[String]) -> String {
    fields.iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(", ")
}
