//! The past: versions of a row, transactions, differences between two instants, and undo.

mod diff;
mod undo;

pub use diff::Change;
pub use undo::UndoTarget;

use crate::collection::{Collection, at};
use crate::error::Result;
use crate::query::sequence_at;
use crate::row::row_json;
use crate::space::Space;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// One version of a row, with the commit that made it.
#[derive(Debug, Clone, Serialize)]
pub struct RowVersion {
    /// The commit's place in the journal.
    pub seq: u64,
    /// When, ms UTC.
    pub at: u64,
    /// `insert`, `update`, `delete` or `restore`.
    pub verb: String,
    /// `layer.operation` that wrote it.
    pub operation: String,
    /// Who asked.
    pub principal: String,
    /// The row.
    pub row: Value,
}

/// One commit of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct Transaction {
    /// Its place.
    pub seq: u64,
    /// When, ms UTC.
    pub at: u64,
    /// `call`, `undo`, `import` or `derive`.
    pub kind: String,
    /// Who asked.
    pub principal: String,
    /// The layer that ran.
    pub layer: String,
    /// Digest of its component.
    pub component: String,
    /// The operation.
    pub operation: String,
    /// What it undid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// Rows it changed.
    pub rows: u64,
}

/// All versions of a row, oldest first.
pub(crate) fn versions(connection: &Connection, collection: &Collection, id: i64) -> Result<Vec<RowVersion>> {
    let columns = collection.column_list("v.");
    let table = &collection.table;
    let sql = format!(
        "SELECT {columns}, v._seq, j.at, r.verb, j.layer || '.' || j.operation, j.principal FROM
           (SELECT {plain}, _seq FROM \"{table}__history\" WHERE id = ?1 UNION ALL SELECT {plain}, _seq FROM \"{table}\" WHERE id = ?1) v
         JOIN journal j ON j.seq = v._seq JOIN journal_rows r ON r.seq = v._seq AND r.id = v.id ORDER BY v.version",
        plain = collection.column_list("")
    );
    let width = collection.columns.len();
    let mut statement = connection.prepare_cached(&sql)?;
    let versions = statement.query_map([id], |row| {
        let json = row_json(collection, 0..width, |nth| row.get_ref(nth).unwrap_or(ValueRef::Null));
        Ok(RowVersion {
            seq: row.get::<_, i64>(width)?.unsigned_abs(),
            at: row.get::<_, i64>(width + 1)?.unsigned_abs(),
            verb: row.get(width + 2)?,
            operation: row.get(width + 3)?,
            principal: row.get(width + 4)?,
            row: serde_json::from_str(&json).unwrap_or_default(),
        })
    })?;
    Ok(versions.collect::<rusqlite::Result<_>>()?)
}

/// A row as of a sequence, if it then was and was not deleted.
pub(crate) fn row_at(connection: &Connection, collection: &Collection, id: i64, seq: i64) -> Result<Option<Value>> {
    let (columns, table) = (collection.column_list(""), &collection.table);
    let sql = format!(
        "SELECT {columns} FROM \"{table}\" WHERE id = ?1 AND _seq <= ?2 UNION ALL
         SELECT {columns} FROM \"{table}__history\" WHERE id = ?1 AND _seq <= ?2 AND _to_seq > ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![id, seq])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    if row.get_ref(at::DELETED)? != ValueRef::Null {
        return Ok(None);
    }
    let json = row_json(collection, 0..collection.columns.len(), |nth| row.get_ref(nth).unwrap_or(ValueRef::Null));
    Ok(serde_json::from_str(&json).ok())
}

impl Space {
    /// All versions of the row with an id, oldest first, with its collection.
    ///
    /// # Errors
    /// `not-found` for an id that never was, or whose content was erased.
    pub fn row_history(&self, id: u64) -> Result<(Arc<Collection>, Vec<RowVersion>)> {
        let collection = self.owner(id)?;
        let versions = self.with_reader(|connection| versions(connection, &collection, id as i64))?;
        Ok((collection, versions))
    }

    /// The row with an id as known at an instant (ms UTC).
    ///
    /// # Errors
    /// `not-found` for an id that never was, or was erased.
    pub fn row_known_at(&self, id: u64, time: u64) -> Result<(Arc<Collection>, Option<Value>)> {
        let collection = self.owner(id)?;
        let row = self.with_reader(|connection| {
            let seq = sequence_at(connection, time as i64)?;
            row_at(connection, &collection, id as i64, seq)
        })?;
        Ok((collection, row))
    }

    /// The collection of an id.
    ///
    /// # Errors
    /// `not-found` for an id that never was, or was erased.
    pub fn owner(&self, id: u64) -> Result<Arc<Collection>> {
        use crate::error::StoreError::NotFound;
        use rusqlite::OptionalExtension;
        let found: Option<(i64, Option<i64>)> = self.with_reader(|connection| {
            Ok(connection
                .prepare_cached("SELECT collection, erased_at FROM ids WHERE id = ?")?
                .query_row([id as i64], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?)
        })?;
        match found {
            None => Err(NotFound(format!("there is no row {id} in space `{}`", self.name()))),
            Some((_, Some(at))) => Err(NotFound(format!("row {id} was erased at {at} (ms UTC)"))),
            Some((number, None)) => self
                .collection_by_number(number)
                .ok_or_else(|| NotFound(format!("row {id} belongs to a collection this program does not know"))),
        }
    }

    /// The newest commits, newest first, before a sequence if one is given.
    ///
    /// # Errors
    /// When the database fails.
    pub fn transactions(&self, before: Option<u64>, most: u32) -> Result<Vec<Transaction>> {
        let before = before.map_or(i64::MAX, |before| before as i64);
        self.with_reader(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, at, kind, principal, layer, component, operation, undoes,
                   (SELECT count(*) FROM journal_rows r WHERE r.seq = j.seq)
                 FROM journal j WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            )?;
            let transactions = statement.query_map(params![before, most], |row| {
                Ok(Transaction {
                    seq: row.get::<_, i64>(0)?.unsigned_abs(),
                    at: row.get::<_, i64>(1)?.unsigned_abs(),
                    kind: row.get(2)?,
                    principal: row.get(3)?,
                    layer: row.get(4)?,
                    component: row.get(5)?,
                    operation: row.get(6)?,
                    undoes: row.get(7)?,
                    rows: row.get::<_, i64>(8)?.unsigned_abs(),
                })
            })?;
            Ok(transactions.collect::<rusqlite::Result<_>>()?)
        })
    }
}
