//! Verification: the file is sound, and what is derived agrees with the rows; and rebuilding it when it does not.

use crate::collection::Collection;
use crate::error::Result;
use crate::space::Space;
use crate::writer::rebuild_collection;
use rusqlite::Connection;
use serde::Serialize;

/// What a verification found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verified {
    /// The space.
    pub space: String,
    /// Rows looked at, deleted ones included.
    pub rows: u64,
    /// Commits in the journal.
    pub commits: u64,
    /// Texts that wait for their vector.
    pub embed_pending: u64,
    /// Faults, in words; empty is ok.
    pub faults: Vec<String>,
}

/// Ids named in a fault, at most.
const NAMED: usize = 5;

impl Space {
    /// Checks the file, the journal against the rows, and full text and vectors against the rows.
    ///
    /// # Errors
    /// When the database cannot be read at all.
    pub fn verify(&self) -> Result<Verified> {
        let collections = self.collections();
        let name = self.name().to_owned();
        // On the writer's connection: the full-text check is a write to SQLite, and nothing may move meanwhile.
        self.writer().exclusive(move |connection| {
            let mut found = Verified { space: name, ..Verified::default() };
            pragma(connection, "PRAGMA integrity_check(20)", &mut found.faults)?;
            pragma(connection, "PRAGMA foreign_key_check", &mut found.faults)?;
            found.commits = count(connection, "SELECT count(*) FROM journal")?;
            found.embed_pending = count(connection, "SELECT count(*) FROM embed_pending")?;
            for collection in collections {
                found.rows += count(connection, &format!("SELECT count(*) FROM \"{}\"", collection.table))?;
                rows(connection, &collection, &mut found.faults)?;
                full_text(connection, &collection, &mut found.faults)?;
                vectors(connection, &collection, &mut found.faults)?;
            }
            Ok(found)
        })
    }

    /// Makes full text and contexts anew from the rows, and queues rows without a vector.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub fn rebuild(&self) -> Result<u64> {
        let collections = self.collections();
        let queued = self.writer().transact(move |connection| {
            let mut queued = 0;
            for collection in collections {
                rebuild_collection(connection, &collection)?;
                let Some(column) = collection.embedded.and_then(|place| collection.columns.get(place)) else { continue };
                let (table, field) = (&collection.table, &column.name);
                connection.execute(
                    &format!("DELETE FROM \"{table}__vec\" WHERE id NOT IN (SELECT id FROM \"{table}\" WHERE deleted_at IS NULL)"),
                    [],
                )?;
                queued += connection.execute(
                    &format!(
                        "INSERT OR REPLACE INTO embed_pending SELECT id, ?, version FROM \"{table}\" WHERE deleted_at IS NULL
                         AND \"{field}\" IS NOT NULL AND id NOT IN (SELECT id FROM \"{table}__vec\")"
                    ),
                    [collection.number],
                )?;
            }
            Ok(queued as u64)
        })?;
        self.indexes.clear();
        Ok(queued)
    }
}

fn count(connection: &Connection, sql: &str) -> Result<u64> {
    Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

fn pragma(connection: &Connection, sql: &str, faults: &mut Vec<String>) -> Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            faults.push(format!("{}: {said}", sql.trim_start_matches("PRAGMA ")));
        }
    }
    Ok(())
}

/// Each row was written by a commit that says so, and its old versions are all there.
fn rows(connection: &Connection, collection: &Collection, faults: &mut Vec<String>) -> Result<()> {
    let table = &collection.table;
    let checks = [
        (
            "rows no commit in the journal wrote",
            format!("SELECT id FROM \"{table}\" t WHERE NOT EXISTS(SELECT 1 FROM journal_rows r WHERE r.seq = t._seq AND r.id = t.id)"),
        ),
        (
            "rows the id table does not know",
            format!("SELECT id FROM \"{table}\" t WHERE NOT EXISTS(SELECT 1 FROM ids i WHERE i.id = t.id AND i.collection = {})", collection.number),
        ),
        (
            "rows whose old versions are not all in the history",
            format!("SELECT id FROM \"{table}\" t WHERE version - 1 != (SELECT count(*) FROM \"{table}__history\" h WHERE h.id = t.id)"),
        ),
        (
            "journaled rows that are gone",
            format!(
                "SELECT DISTINCT r.id FROM journal_rows r JOIN ids i USING(id) WHERE r.collection = {} AND i.erased_at IS NULL
                 AND NOT EXISTS(SELECT 1 FROM \"{table}\" t WHERE t.id = r.id)",
                collection.number
            ),
        ),
    ];
    for (what, sql) in checks {
        ids(connection, collection, what, &sql, faults)?;
    }
    Ok(())
}

fn ids(
    connection: &Connection,
    collection: &Collection,
    what: &str,
    sql: &str,
    faults: &mut Vec<String>,
) -> Result<()> {
    let mut statement = connection.prepare(sql)?;
    let ids = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    if !ids.is_empty() {
        let named: Vec<_> = ids.iter().take(NAMED).map(ToString::to_string).collect();
        faults.push(format!("{}: {} {what}: {}", collection.name(), ids.len(), named.join(", ")));
    }
    Ok(())
}

/// FTS5's own check compares the index with the view of live rows, word for word.
fn full_text(connection: &Connection, collection: &Collection, faults: &mut Vec<String>) -> Result<()> {
    if collection.searched.is_empty() {
        return Ok(());
    }
    let table = &collection.table;
    let check = format!("INSERT INTO \"{table}__text\"(\"{table}__text\", rank) VALUES('integrity-check', 1)");
    match connection.execute(&check, []) {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            faults.push(format!(
                "{}: full text disagrees with the rows; run `memstrata verify --rebuild`",
                collection.name()
            ));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Each vector belongs to a live row with a text. (A live text without one waits for it, or has no known word.)
fn vectors(connection: &Connection, collection: &Collection, faults: &mut Vec<String>) -> Result<()> {
    let Some(column) = collection.embedded.and_then(|place| collection.columns.get(place)) else {
        return Ok(());
    };
    let table = &collection.table;
    let sql = format!(
        "SELECT id FROM \"{table}__vec\" WHERE id NOT IN (SELECT id FROM \"{table}\" WHERE deleted_at IS NULL AND \"{}\" IS NOT NULL)",
        column.name
    );
    ids(connection, collection, "vectors without a live text", &sql, faults)
}
