//! Declared indexes against the file: whether each is there, and whether SQLite would use one for what it is declared for.

use crate::database::{index_name, unique_name};
use crate::error::Result;
use crate::space::Space;
use rusqlite::Connection;
use serde::Serialize;
use std::collections::HashSet;

/// A declared index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexUse {
    /// Its name in the file.
    pub name: String,
    /// Its fields, in order.
    pub fields: Vec<String>,
    /// Whether no two live rows share the fields.
    pub unique: bool,
    /// Whether the file has it.
    pub present: bool,
    /// What serves a query for values of all its fields, as SQLite says it.
    pub plan: String,
    /// Whether that is a search in this index.
    pub used: bool,
}

impl Space {
    /// The declared indexes of a collection and how SQLite answers with them.
    ///
    /// # Errors
    /// `not-found.collection`, and those of the database.
    pub fn index_use(&self, collection: &str) -> Result<Vec<IndexUse>> {
        let collection = self.collection(collection)?;
        let reader = self.reader()?;
        let (spec, table) = (collection.spec(), &collection.table);
        // The schema in memory knows them by table; `sqlite_schema` would be read through for each.
        let present = reader
            .prepare_cached("SELECT name FROM pragma_index_list(?)")?
            .query_map([table], |row| row.get(0))?
            .collect::<rusqlite::Result<HashSet<String>>>()?;
        let plain = spec.indexes.iter().map(|fields| (index_name(table, fields), fields, false));
        let unique = spec.unique.iter().map(|(key, fields)| (unique_name(table, key), fields, true));
        let found = plain.chain(unique).map(|(name, fields, unique)| {
            let present = present.contains(&name);
            let plan = plan(&reader, table, fields)?;
            let used = plan.starts_with("SEARCH") && plan.contains(&format!("INDEX {name} ("));
            Ok(IndexUse { name, fields: fields.clone(), unique, present, plan, used })
        });
        let found = found.collect();
        self.give_back(reader);
        found
    }
}

/// What SQLite would do for live rows with given values in the fields.
fn plan(connection: &Connection, table: &str, fields: &[String]) -> Result<String> {
    let conditions: Vec<String> = fields.iter().map(|field| format!("\"{field}\" = ?")).collect();
    let sql = format!(
        "EXPLAIN QUERY PLAN SELECT id FROM \"{table}\" WHERE deleted_at IS NULL AND {}",
        conditions.join(" AND ")
    );
    let mut statement = connection.prepare(&sql)?;
    let lines = statement.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(lines.join("; "))
}
