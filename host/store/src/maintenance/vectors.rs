//! Vectors that come later: the queue of texts to embed, filling it, and starting anew with another model.

use crate::collection::Collection;
use crate::database::{Embedding, vector_table};
use crate::error::{Result, StoreError};
use crate::space::Space;
use crate::write_set::unit;
use crate::writer::fill_vectors;
use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;
use std::sync::Arc;

/// A text that waits for its vector.
#[derive(Debug, Clone)]
pub struct PendingText {
    /// The row.
    pub id: u64,
    /// Its collection.
    pub collection: Arc<Collection>,
    /// The version the text belongs to.
    pub version: u64,
    /// The text.
    pub text: String,
}

impl Space {
    /// How many texts wait for their vector.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pending(&self) -> Result<u64> {
        self.with_reader(|connection| {
            let count: i64 = connection.query_row("SELECT count(*) FROM embed_pending", [], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    /// Some texts that wait for their vector. Entries whose row has gone or changed are dropped on the way.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pending_texts(&self, most: usize) -> Result<Vec<PendingText>> {
        let queued: Vec<(i64, i64, i64)> = self.with_reader(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, collection, version FROM embed_pending ORDER BY id LIMIT ?")?;
            let rows = statement.query_map([most as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        let mut texts = Vec::new();
        let mut stale = Vec::new();
        for (id, number, version) in queued {
            let collection = self.collection_by_number(number);
            let column = collection.as_ref().and_then(|collection| collection.columns.get(collection.embedded?));
            let (Some(collection), Some(column)) = (&collection, column) else {
                stale.push((id, version));
                continue;
            };
            let text: Option<Option<String>> = self.with_reader(|connection| {
                let sql = format!(
                    "SELECT \"{}\" FROM \"{}\" WHERE id = ? AND version = ? AND deleted_at IS NULL",
                    column.name, collection.table
                );
                Ok(connection.prepare_cached(&sql)?.query_row([id, version], |row| row.get(0)).optional()?)
            })?;
            match text.flatten() {
                Some(text) => texts.push(PendingText {
                    id: id.unsigned_abs(),
                    collection: Arc::clone(collection),
                    version: version.unsigned_abs(),
                    text,
                }),
                None => stale.push((id, version)),
            }
        }
        if !stale.is_empty() {
            self.writer().transact(move |connection| {
                for (id, version) in stale {
                    connection
                        .prepare_cached("DELETE FROM embed_pending WHERE id = ? AND version = ?")?
                        .execute([id, version])?;
                }
                Ok(())
            })?;
        }
        Ok(texts)
    }

    /// Adds vectors that came late; answers how many still fitted their row.
    ///
    /// # Errors
    /// `incompatible.store` when the space is of another model.
    pub fn fill(&self, vectors: Vec<(PendingText, Option<Vec<f32>>)>) -> Result<usize> {
        self.writable()?;
        let misfit = vectors.iter().filter_map(|(_, vector)| vector.as_ref().map(Vec::len));
        self.fits(misfit.into_iter().find(|length| *length != self.options.dimension))?;
        let (name, options) = (self.name().to_owned(), self.options.clone());
        self.writer().transact(move |connection| {
            if let Some(refusal) = Embedding::of(connection)?.refusal(&name, &options.model, options.dimension) {
                return Err(StoreError::Incompatible(refusal));
            }
            let mut by_collection: HashMap<i64, (Arc<Collection>, Vec<_>)> = HashMap::new();
            for (text, vector) in vectors {
                let (_, list) = by_collection
                    .entry(text.collection.number)
                    .or_insert_with(|| (Arc::clone(&text.collection), Vec::new()));
                list.push((text.id as i64, text.version as i64, vector.and_then(unit)));
            }
            let mut filled = 0;
            for (collection, vectors) in by_collection.into_values() {
                filled += fill_vectors(connection, &collection, &vectors)?;
            }
            Ok(filled)
        })
    }

    /// Empties all vectors and queues every text for the model the options name; the space then belongs to that model.
    ///
    /// One transaction: afterwards the space is whole, its vectors follow. Open the space again to write.
    ///
    /// # Errors
    /// When the database fails; nothing is changed then.
    pub fn reset_vectors(&self) -> Result<u64> {
        let (collections, options) = (self.collections(), self.options.clone());
        let queued = self.writer().transact(move |connection| {
            let mut queued = 0;
            for collection in collections {
                let Some(column) = collection.embedded.and_then(|place| collection.columns.get(place)) else {
                    continue;
                };
                let table = &collection.table;
                let mut tables = vec![table.clone()];
                if collection.spec.sequence.is_some() {
                    tables.push(format!("{table}__context"));
                }
                for table in tables {
                    connection.execute_batch(&format!("DROP TABLE \"{table}__vec\""))?;
                    connection.execute_batch(&vector_table(&table, options.dimension))?;
                }
                queued += connection.execute(
                    &format!(
                        "INSERT OR REPLACE INTO embed_pending SELECT id, ?, version FROM \"{table}\"
                         WHERE deleted_at IS NULL AND \"{}\" IS NOT NULL",
                        column.name
                    ),
                    [collection.number],
                )?;
            }
            connection.execute("DELETE FROM embed_none", [])?;
            Embedding::renewed(connection)?;
            connection.execute("UPDATE meta SET value = ? WHERE key = 'model'", [&options.model])?;
            connection
                .execute("UPDATE meta SET value = ? WHERE key = 'dimension'", params![options.dimension as i64])?;
            Ok(queued as u64)
        })?;
        self.indexes.clear();
        Ok(queued)
    }

    /// Bytes the in-memory indexes of vectors and texts hold.
    #[must_use]
    pub fn index_bytes(&self) -> usize {
        self.indexes.bytes()
    }
}
