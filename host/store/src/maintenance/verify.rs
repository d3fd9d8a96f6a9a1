//! Verification: the file is sound, and what is derived agrees with the rows; and rebuilding it when it does not.

use crate::collection::Collection;
use crate::database::Embedding;
use crate::error::Result;
use crate::space::Space;
use crate::writer::{context, rebuild_collection, stored_context};
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
        self.writer().transact(move |connection| {
            let mut found = Verified { space: name, ..Verified::default() };
            pragma(connection, "PRAGMA integrity_check(20)", &mut found.faults)?;
            pragma(connection, "PRAGMA foreign_key_check", &mut found.faults)?;
            found.commits = count(connection, "SELECT count(*) FROM journal")?;
            journal(connection, &mut found.faults)?;
            found.embed_pending = count(connection, "SELECT count(*) FROM embed_pending")?;
            for collection in collections {
                found.rows += count(connection, &format!("SELECT count(*) FROM \"{}\"", collection.table))?;
                rows(connection, &collection, &mut found.faults)?;
                full_text(connection, &collection, &mut found.faults)?;
                contexts(connection, &collection, &mut found.faults)?;
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
                for vectors in vector_tables(&collection) {
                    // Not within the DELETE: sqlite-vec cannot lose rows while it is read.
                    for id in dead_vectors(connection, &collection, &vectors)? {
                        connection.prepare_cached(&format!("DELETE FROM \"{vectors}\" WHERE id = ?"))?.execute([id])?;
                    }
                }
                queued += connection.execute(
                    &format!(
                        "INSERT OR REPLACE INTO embed_pending SELECT id, ?, version FROM \"{table}\" WHERE deleted_at IS NULL
                         AND \"{field}\" IS NOT NULL AND id NOT IN (SELECT id FROM \"{table}__vec\")
                         AND id NOT IN (SELECT id FROM embed_none)"
                    ),
                    [collection.number],
                )?;
            }
            Embedding::renewed(connection)?;
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

/// The journal has no gap, and each change belongs to a commit.
fn journal(connection: &Connection, faults: &mut Vec<String>) -> Result<()> {
    let gaps = count(connection, "SELECT coalesce(max(seq), 0) - count(*) FROM journal")?;
    if gaps > 0 {
        faults.push(format!("journal: {gaps} commits are missing"));
    }
    let strays = count(
        connection,
        "SELECT count(*) FROM journal_rows r WHERE NOT EXISTS(SELECT 1 FROM journal j WHERE j.seq = r.seq)",
    )?;
    if strays > 0 {
        faults.push(format!("journal: {strays} changes belong to no commit"));
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
    name(collection, what, &ids, faults);
    Ok(())
}

/// Names some rows in a fault, if there are any.
fn name(collection: &Collection, what: &str, ids: &[i64], faults: &mut Vec<String>) {
    if !ids.is_empty() {
        let named: Vec<_> = ids.iter().take(NAMED).map(ToString::to_string).collect();
        faults.push(format!("{}: {} {what}: {}", collection.name(), ids.len(), named.join(", ")));
    }
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

/// What is stored of a row's neighbours is what they say.
fn contexts(connection: &Connection, collection: &Collection, faults: &mut Vec<String>) -> Result<()> {
    if collection.spec.sequence.is_none() {
        return Ok(());
    }
    let mut live = connection.prepare(&format!("SELECT id FROM \"{}\" WHERE deleted_at IS NULL", collection.table))?;
    let mut wrong = Vec::new();
    for id in live.query_map([], |row| row.get::<_, i64>(0))? {
        let id = id?;
        let (_, said) = context(connection, collection, id)?;
        if stored_context(connection, collection, id)?.is_none_or(|stored| stored != said) {
            wrong.push(id);
        }
    }
    name(
        collection,
        "rows whose context disagrees with their neighbours; run `memstrata verify --rebuild`",
        &wrong,
        faults,
    );
    Ok(())
}

/// The sqlite-vec tables of a collection with an embedded field.
fn vector_tables(collection: &Collection) -> Vec<String> {
    let table = &collection.table;
    let mut tables = vec![format!("{table}__vec")];
    if collection.spec.sequence.is_some() {
        tables.push(format!("{table}__context__vec"));
    }
    tables
}

/// Vectors of rows that are gone, deleted, or without a text.
fn dead_vectors(connection: &Connection, collection: &Collection, vectors: &str) -> Result<Vec<i64>> {
    let field = collection.embedded.and_then(|place| collection.columns.get(place));
    // A row without a text of its own still has neighbours.
    let texted = match field {
        Some(field) if !vectors.ends_with("__context__vec") => format!(" AND \"{}\" IS NOT NULL", field.name),
        _ => String::new(),
    };
    let sql = format!(
        "SELECT id FROM \"{vectors}\" WHERE id NOT IN (SELECT id FROM \"{}\" WHERE deleted_at IS NULL{texted})",
        collection.table
    );
    let mut statement = connection.prepare(&sql)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Each vector belongs to a live row with a text; each live text has one, waits for it, or is known to have none.
fn vectors(connection: &Connection, collection: &Collection, faults: &mut Vec<String>) -> Result<()> {
    let Some(column) = collection.embedded.and_then(|place| collection.columns.get(place)) else {
        return Ok(());
    };
    let table = &collection.table;
    for vectors in vector_tables(collection) {
        let dead = dead_vectors(connection, collection, &vectors)?;
        name(collection, "vectors without a live text", &dead, faults);
    }
    let sql = format!(
        "SELECT id FROM \"{table}\" WHERE deleted_at IS NULL AND \"{}\" IS NOT NULL AND id NOT IN (SELECT id FROM \"{table}__vec\")
         AND id NOT IN (SELECT id FROM embed_pending) AND id NOT IN (SELECT id FROM embed_none)",
        column.name
    );
    ids(connection, collection, "live texts without a vector; run `memstrata verify --rebuild`", &sql, faults)
}
