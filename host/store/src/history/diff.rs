//! What changed between two instants, row for row.

use super::row_at;
use crate::error::Result;
use crate::query::sequence_at;
use crate::space::Space;
use serde::Serialize;
use serde_json::{Map, Value};

/// A row that differs between two instants.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// `layer.collection`.
    pub collection: String,
    /// The row.
    pub id: u64,
    /// `added`, `removed` or `changed`.
    pub verb: &'static str,
    /// Field -> [before, after], of the fields that differ.
    pub fields: Map<String, Value>,
}

/// System fields that move with every write: a difference in them alone is none.
const BOOKKEEPING: [&str; 3] = ["version", "updated_at", "component"];

impl Space {
    /// The rows that differ between two instants (ms UTC), by id; at most `most`, and whether there are more.
    ///
    /// A row that was changed and changed back is no difference.
    ///
    /// # Errors
    /// When the database fails.
    pub fn diff(&self, from: u64, to: u64, most: usize) -> Result<(Vec<Change>, bool)> {
        self.with_reader(|connection| {
            let (start, end) = (sequence_at(connection, from as i64)?, sequence_at(connection, to as i64)?);
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT id, collection FROM journal_rows WHERE seq > ? AND seq <= ? ORDER BY id",
            )?;
            let touched = statement.query_map([start, end], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut changes = Vec::new();
            for touched in touched {
                let (id, number): (i64, i64) = touched?;
                let Some(collection) = self.collection_by_number(number) else { continue };
                let before = row_at(connection, &collection, id, start)?;
                let after = row_at(connection, &collection, id, end)?;
                let Some((verb, fields)) = compare(before, after) else { continue };
                if changes.len() == most {
                    return Ok((changes, true));
                }
                changes.push(Change { collection: collection.name().to_owned(), id: id.unsigned_abs(), verb, fields });
            }
            Ok((changes, false))
        })
    }
}

/// How two states of a row differ, if they do.
fn compare(before: Option<Value>, after: Option<Value>) -> Option<(&'static str, Map<String, Value>)> {
    let object = |row: Option<Value>| match row {
        Some(Value::Object(map)) => Some(map),
        _ => None,
    };
    let (before, after) = (object(before), object(after));
    let verb = match (&before, &after) {
        (None, None) => return None,
        (None, Some(_)) => "added",
        (Some(_), None) => "removed",
        (Some(_), Some(_)) => "changed",
    };
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let mut fields = Map::new();
    for field in before.keys().chain(after.keys().filter(|field| !before.contains_key(*field))) {
        let (old, new) =
            (before.get(field).cloned().unwrap_or_default(), after.get(field).cloned().unwrap_or_default());
        if old != new && !BOOKKEEPING.contains(&field.as_str()) {
            fields.insert(field.clone(), Value::Array(vec![old, new]));
        }
    }
    (!fields.is_empty()).then_some((verb, fields))
}
