//! Keeps what is derived from rows in step with them: full text, vectors, and the context of sequences.
//!
//! The full-text table is an external-content one over the view of live rows: a row must leave it with the values it
//! was indexed by, so it leaves before the row changes and enters after.

use crate::collection::{Collection, Sequence};
use crate::database::searched_fields;
use crate::error::Result;
use crate::write_set::{RowChange, Vector, Verb};
use indexmap::IndexSet;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::sync::Arc;

/// How many neighbours on each side make a row's context.
const NEIGHBOURS: i64 = 2;

/// What one write-set still owes to the derived indexes.
#[derive(Default)]
pub(super) struct Derived {
    /// Rows whose vector comes later.
    pub(super) pending: u64,
    /// Rows of sequences whose context may have changed, by collection.
    contexts: HashMap<i64, (Arc<Collection>, IndexSet<i64>)>,
    /// Rows that have left the full text and not come back.
    absent: IndexSet<i64>,
}

impl Derived {
    pub(super) fn inserted(&mut self, connection: &Connection, id: i64, change: &RowChange) -> Result<()> {
        self.absent.insert(id);
        self.enter(connection, id, change)
    }

    /// Takes the row out of the full text while its old values are still there.
    pub(super) fn before_change(
        &mut self,
        connection: &Connection,
        id: i64,
        change: &RowChange,
        live: bool,
    ) -> Result<()> {
        if !live {
            self.absent.insert(id);
            return Ok(());
        }
        let collection = &change.collection;
        if !concerns_text(change) {
            return Ok(());
        }
        self.note_neighbours(connection, collection, id)?;
        let leaves = matches!(change.verb, Verb::Delete | Verb::Erase)
            || change.set.iter().any(|(column, _)| collection.searched.contains(column));
        if leaves && !self.absent.contains(&id) && !collection.searched.is_empty() {
            leave_text(connection, collection, id)?;
            self.absent.insert(id);
        }
        Ok(())
    }

    /// Puts the row back with its new values, or its vectors away with it.
    pub(super) fn after_change(&mut self, connection: &Connection, id: i64, change: &RowChange) -> Result<()> {
        if change.verb == Verb::Delete {
            // Its context goes too: else its neighbours' words would outlive their erasure here.
            remove_context(connection, &change.collection, id)?;
            return remove_vectors(connection, &change.collection, id, false);
        }
        self.enter(connection, id, change)
    }

    pub(super) fn erased(&mut self, connection: &Connection, id: i64, change: &RowChange) -> Result<()> {
        remove_context(connection, &change.collection, id)?;
        remove_vectors(connection, &change.collection, id, true)
    }

    fn enter(&mut self, connection: &Connection, id: i64, change: &RowChange) -> Result<()> {
        let collection = &change.collection;
        if collection.searched.is_empty() {
            return Ok(());
        }
        let back = self.absent.swap_remove(&id);
        if back {
            enter_text(connection, collection, id)?;
        }
        if back || concerns_text(change) {
            // Its context is not known before all rows of the write-set are in place.
            self.note_neighbours(connection, collection, id)?;
        }
        Ok(())
    }

    /// Keeps the row's vector in step with its text: stores it, or notes that it is still owed.
    pub(super) fn follow_vector(
        &mut self,
        connection: &Connection,
        id: i64,
        change: &RowChange,
        vector: Option<&Vector>,
        version: Option<i64>,
    ) -> Result<()> {
        let collection = &change.collection;
        if !change.moves_vector() {
            if change.verb == Verb::Update && collection.embedded.is_some() {
                // The text is the same, so the vector that is owed still fits.
                connection
                    .prepare_cached("UPDATE embed_pending SET version = ? WHERE id = ?")?
                    .execute(params![version, id])?;
            }
            return Ok(());
        }
        remove_vectors(connection, collection, id, false)?;
        if change.embeds().is_none() {
            return Ok(());
        }
        match vector {
            Some(Vector::Ready(vector)) => store_vector(connection, &collection.table, id, vector)?,
            Some(Vector::Empty) => note_empty(connection, id)?,
            None => {
                self.pending += 1;
                connection.prepare_cached("INSERT INTO embed_pending VALUES(?, ?, ?)")?.execute(params![
                    id,
                    collection.number,
                    version
                ])?;
            }
        }
        Ok(())
    }

    fn note_neighbours(&mut self, connection: &Connection, collection: &Arc<Collection>, id: i64) -> Result<()> {
        if collection.spec.sequence.is_none() {
            return Ok(());
        }
        let (_, ids) =
            self.contexts.entry(collection.number).or_insert_with(|| (Arc::clone(collection), IndexSet::new()));
        ids.insert(id);
        ids.extend(neighbours(connection, collection, id)?);
        Ok(())
    }

    /// Renews the contexts that may have changed, and tells the in-memory indexes which.
    pub(super) fn finish(&mut self, connection: &Connection, seq: i64) -> Result<()> {
        for (collection, ids) in std::mem::take(&mut self.contexts).into_values() {
            for id in ids {
                renew_context(connection, &collection, id)?;
                connection
                    .prepare_cached("INSERT OR IGNORE INTO context_changes VALUES(?, ?, ?)")?
                    .execute(params![collection.number, seq, id])?;
            }
        }
        Ok(())
    }
}

/// Whether a change may move the row's text or vector, or its place in its sequence: a mark does not.
fn concerns_text(change: &RowChange) -> bool {
    let collection = &change.collection;
    let place = |field: &str| collection.column(field).ok().map(|(place, _)| place);
    let sequence = collection.spec.sequence.as_ref();
    let ordered = sequence.map_or([None, None], |sequence| [place(&sequence.key), place(&sequence.order)]);
    let concerned = |column: usize| {
        collection.searched.contains(&column) || collection.embedded == Some(column) || ordered.contains(&Some(column))
    };
    change.verb != Verb::Update
        || change.set.iter().any(|(column, _)| concerned(*column))
        || change.steps.iter().any(|(column, _)| concerned(*column))
}

/// Selects a row's neighbours on one side, the nearest first.
fn neighbours_sql(table: &str, sequence: &Sequence, compare: &str, direction: &str) -> String {
    let Sequence { key, order } = sequence;
    format!(
        "SELECT id FROM (SELECT n.id, n.\"{order}\" AS o FROM \"{table}\" r JOIN \"{table}\" n
           ON n.\"{key}\" = r.\"{key}\" AND (n.\"{order}\", n.id) {compare} (r.\"{order}\", r.id)
         WHERE r.id = ?1 AND n.deleted_at IS NULL ORDER BY n.\"{order}\" {direction}, n.id {direction} LIMIT {NEIGHBOURS})"
    )
}

/// The ids of a row's neighbours in its sequence, two on each side, in order.
pub(crate) fn neighbours(connection: &Connection, collection: &Collection, id: i64) -> Result<Vec<i64>> {
    let Some(sequence) = &collection.spec.sequence else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for (compare, direction) in [("<", "DESC"), (">", "ASC")] {
        let mut statement =
            connection.prepare_cached(&neighbours_sql(&collection.table, sequence, compare, direction))?;
        let mut ids = statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        if compare == "<" {
            ids.reverse();
        }
        found.extend(ids);
    }
    Ok(found)
}

/// What a row's neighbours say, and which they are.
pub(crate) fn context(connection: &Connection, collection: &Collection, id: i64) -> Result<(Vec<i64>, String)> {
    let near = neighbours(connection, collection, id)?;
    let fields = searched_fields(collection).map(|field| format!("coalesce(\"{field}\", '')")).collect::<Vec<_>>();
    let select = format!("SELECT {} FROM \"{}\" WHERE id = ?", fields.join(" || ' ' || "), collection.table);
    let mut context = String::new();
    for neighbour in &near {
        let text: String = connection.prepare_cached(&select)?.query_row([neighbour], |row| row.get(0))?;
        // A long neighbour must not drown the others.
        context.extend(text.chars().take(1000));
        context.push('\n');
    }
    Ok((near, context))
}

/// A row's context as it is stored.
pub(crate) fn stored_context(connection: &Connection, collection: &Collection, id: i64) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached(&format!("SELECT _context FROM \"{}__context\" WHERE id = ?", collection.table))?
        .query_row([id], |row| row.get(0))
        .optional()?)
}

/// Recomputes a row's context text and vector.
fn renew_context(connection: &Connection, collection: &Collection, id: i64) -> Result<()> {
    let table = &collection.table;
    let live: bool = connection
        .prepare_cached(&format!("SELECT EXISTS(SELECT 1 FROM \"{table}\" WHERE id = ? AND deleted_at IS NULL)"))?
        .query_row([id], |row| row.get(0))?;
    if !live {
        return Ok(());
    }
    let (near, context) = context(connection, collection, id)?;
    if stored_context(connection, collection, id)?.as_deref() != Some(&context) {
        connection
            .prepare_cached(&format!("INSERT OR REPLACE INTO \"{table}__context\" VALUES(?, ?)"))?
            .execute(params![id, context])?;
    }
    if collection.embedded.is_some() {
        renew_context_vector(connection, table, id, &near)?;
    }
    Ok(())
}

/// The context vector is the unit-length mean of the neighbours' vectors.
fn renew_context_vector(connection: &Connection, table: &str, id: i64, near: &[i64]) -> Result<()> {
    let mut sum: Vec<f32> = Vec::new();
    for neighbour in near {
        if let Some(vector) = load_vector(connection, table, *neighbour)? {
            sum.resize(vector.len(), 0.0);
            sum.iter_mut().zip(&vector).for_each(|(sum, part)| *sum += part);
        }
    }
    let length = sum.iter().map(|part| part * part).sum::<f32>().sqrt();
    let context = format!("{table}__context");
    if length <= 1e-6 {
        connection.prepare_cached(&format!("DELETE FROM \"{context}__vec\" WHERE id = ?"))?.execute([id])?;
        return Ok(());
    }
    sum.iter_mut().for_each(|part| *part /= length);
    // In place where there is one: sqlite-vec then touches nothing but its bytes.
    let known = connection
        .prepare_cached(&format!("UPDATE \"{context}__vec\" SET embedding = ? WHERE id = ?"))?
        .execute(params![bytes(&sum), id])?;
    if known == 0 {
        store_vector(connection, &context, id, &sum)?;
    }
    Ok(())
}

/// A row's stored vector.
pub(crate) fn load_vector(connection: &Connection, table: &str, id: i64) -> Result<Option<Vec<f32>>> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached(&format!("SELECT embedding FROM \"{table}__vec\" WHERE id = ?"))?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(bytes.map(|bytes| floats(&bytes)))
}

/// Little-endian f32 values, as sqlite-vec stores them.
fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()
}

/// The bytes sqlite-vec stores for a vector.
pub(crate) fn bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn store_vector(connection: &Connection, table: &str, id: i64, vector: &[f32]) -> Result<()> {
    connection
        .prepare_cached(&format!("INSERT INTO \"{table}__vec\"(id, embedding) VALUES(?, ?)"))?
        .execute(params![id, bytes(vector)])?;
    Ok(())
}

fn remove_context(connection: &Connection, collection: &Collection, id: i64) -> Result<()> {
    if collection.spec.sequence.is_some() {
        connection
            .prepare_cached(&format!("DELETE FROM \"{}__context\" WHERE id = ?", collection.table))?
            .execute([id])?;
    }
    Ok(())
}

/// Notes that a live text has no vector and never will, so that it is not taken for one that was lost.
fn note_empty(connection: &Connection, id: i64) -> Result<()> {
    connection.prepare_cached("INSERT OR IGNORE INTO embed_none VALUES(?)")?.execute([id])?;
    Ok(())
}

/// Removes a row's vectors, owed ones too; `wipe` overwrites them first, for sqlite-vec only marks the slot free.
fn remove_vectors(connection: &Connection, collection: &Collection, id: i64, wipe: bool) -> Result<()> {
    if collection.embedded.is_none() {
        return Ok(());
    }
    connection.prepare_cached("DELETE FROM embed_pending WHERE id = ?")?.execute([id])?;
    connection.prepare_cached("DELETE FROM embed_none WHERE id = ?")?.execute([id])?;
    let mut tables = vec![collection.table.clone()];
    if collection.spec.sequence.is_some() {
        tables.push(format!("{}__context", collection.table));
    }
    for table in tables {
        if wipe && let Some(vector) = load_vector(connection, &table, id)? {
            connection
                .prepare_cached(&format!("UPDATE \"{table}__vec\" SET embedding = ? WHERE id = ?"))?
                .execute(params![bytes(&vec![0.0; vector.len()]), id])?;
        }
        connection.prepare_cached(&format!("DELETE FROM \"{table}__vec\" WHERE id = ?"))?.execute([id])?;
    }
    Ok(())
}

/// The columns of a collection's full-text table.
fn text_columns(collection: &Collection) -> String {
    searched_fields(collection).map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(", ")
}

fn enter_text(connection: &Connection, collection: &Collection, id: i64) -> Result<()> {
    let (table, columns) = (&collection.table, text_columns(collection));
    connection
        .prepare_cached(&format!(
            "INSERT INTO \"{table}__text\"(rowid, {columns}) SELECT id, {columns} FROM \"{table}__live\" WHERE id = ?"
        ))?
        .execute([id])?;
    Ok(())
}

fn leave_text(connection: &Connection, collection: &Collection, id: i64) -> Result<()> {
    let (table, columns) = (&collection.table, text_columns(collection));
    connection
        .prepare_cached(&format!(
            "INSERT INTO \"{table}__text\"(\"{table}__text\", rowid, {columns})
             SELECT 'delete', id, {columns} FROM \"{table}__live\" WHERE id = ?"
        ))?
        .execute([id])?;
    Ok(())
}

/// Adds a vector that came late, if the row still has the version it was made for. Answers whether it did.
///
/// Derived data: no version, no undo; but a journal entry, so that every process renews its index.
pub(super) fn fill_vector(
    connection: &Connection,
    collection: &Arc<Collection>,
    id: i64,
    version: i64,
    vector: Option<&[f32]>,
    seq: i64,
) -> Result<bool> {
    let current: Option<i64> = connection
        .prepare_cached(&format!("SELECT version FROM \"{}\" WHERE id = ? AND deleted_at IS NULL", collection.table))?
        .query_row([id], |row| row.get(0))
        .optional()?;
    connection.prepare_cached("DELETE FROM embed_pending WHERE id = ? AND version = ?")?.execute([id, version])?;
    if current != Some(version) {
        return Ok(false);
    }
    remove_vectors(connection, collection, id, false)?;
    match vector {
        Some(vector) => store_vector(connection, &collection.table, id, vector)?,
        None => note_empty(connection, id)?,
    }
    let mut derived = Derived::default();
    derived.note_neighbours(connection, collection, id)?;
    derived.finish(connection, seq)?;
    Ok(true)
}

/// Makes a collection's full text and contexts anew from its rows.
pub(crate) fn rebuild_collection(connection: &Connection, collection: &Arc<Collection>) -> Result<()> {
    let table = &collection.table;
    if collection.searched.is_empty() {
        return Ok(());
    }
    if collection.spec.sequence.is_some() {
        connection.execute(&format!("DELETE FROM \"{table}__context\""), [])?;
    }
    connection.execute(&format!("INSERT INTO \"{table}__text\"(\"{table}__text\") VALUES('rebuild')"), [])?;
    if collection.spec.sequence.is_some() {
        let ids = connection
            .prepare(&format!("SELECT id FROM \"{table}\" WHERE deleted_at IS NULL"))?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        for id in ids {
            renew_context(connection, collection, id)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::neighbours_sql;
    use crate::plans::{plan, space};

    #[test]
    fn neighbours_come_from_the_index_of_the_sequence() {
        let (_folder, space) = space();
        let turns = space.collection("lab.turns").unwrap();
        let sequence = turns.spec.sequence.as_ref().unwrap();
        for (compare, direction) in [("<", "DESC"), (">", "ASC")] {
            let sql = neighbours_sql(&turns.table, sequence, compare, direction);
            let plan = space.with_reader(|connection| Ok(plan(connection, &sql))).unwrap();
            assert!(plan.contains("lab__turns__sequence (session=? AND position"), "{plan}");
            assert!(!plan.contains("SCAN n") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
