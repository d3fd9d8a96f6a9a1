//! Staged rows as a temporary table, so that queries see them with the store's own predicates.

use super::Session;
use crate::collection::Collection;
use crate::error::Result;
use crate::write_set::Verb;
use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;
use std::sync::Arc;

impl Session {
    /// Brings the temporary table of staged rows up to date; answers whether there are any.
    pub(super) fn sync_staged(&mut self, collection: &Arc<Collection>) -> Result<bool> {
        let number = collection.number;
        let staged: Vec<_> = (self.write.changes.iter())
            .filter(|(_, change)| change.collection.number == number)
            .map(|(id, change)| (*id, change.verb == Verb::Erase, change.row.clone()))
            .collect();
        if staged.is_empty() && !self.staged_tables.contains_key(&number) {
            return Ok(false);
        }
        if self.synced.contains(&number) {
            return Ok(!staged.is_empty());
        }
        let table = collection.staged_table();
        let connection = self.begin()?;
        let columns: Vec<_> =
            collection.columns.iter().map(|column| format!("\"{}\" {}", column.name, column.kind.sql())).collect();
        connection.execute_batch(&format!(
            "CREATE TEMP TABLE IF NOT EXISTS \"{table}\"({}, _gone INTEGER NOT NULL, PRIMARY KEY(id));
             DELETE FROM temp.\"{table}\";",
            columns.join(", ")
        ))?;
        let (list, places) = (collection.column_list(""), "?,".repeat(collection.columns.len()));
        let mut insert =
            connection.prepare_cached(&format!("INSERT INTO temp.\"{table}\"({list}, _gone) VALUES({places}?)"))?;
        for (_, gone, mut row) in staged {
            row.push(Sql::Integer(i64::from(gone)));
            insert.execute(params_from_iter(&row))?;
        }
        drop(insert);
        self.staged_tables.insert(number, table);
        self.synced.insert(number);
        Ok(true)
    }
}
