//! Rows of an export, put into a new space under the ids they had: what refers to them goes on doing so.

use super::Session;
use super::stage::fresh;
use crate::collection::{Collection, at};
use crate::error::{Result, StoreError};
use crate::row::{MOST_INTEGER, new_values};
use crate::space::Space;
use crate::write_set::{Verb, WriteSet};
use rusqlite::types::Value as Sql;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Whether a file has had neither a row nor an id.
const PRISTINE: &str =
    "SELECT (SELECT value FROM meta WHERE key = 'next_id') = 1 AND NOT EXISTS(SELECT 1 FROM journal_rows)";

impl Space {
    /// Whether no row was ever written here and no id issued.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_pristine(&self) -> Result<bool> {
        self.with_reader(|connection| Ok(connection.query_row(PRISTINE, [], |row| row.get(0))?))
    }

    /// Keeps the ids up to `most` for rows of an export; the space must never have had a row or issued an id.
    ///
    /// # Errors
    /// `invalid.argument` when it has, or when an id is over 2^53-1.
    pub fn reserve_for_adoption(&self, most: u64) -> Result<()> {
        let most = i64::try_from(most).ok().filter(|most| *most < MOST_INTEGER);
        let most = most.ok_or_else(|| StoreError::Invalid("an id must be below 2^53".into()))?;
        let reserved = self.writer().transact(move |connection| {
            let rows = connection.execute(
                "UPDATE meta SET value = ? WHERE key = 'next_id' AND value = 1 AND NOT EXISTS(SELECT 1 FROM journal_rows)",
                [most + 1],
            )?;
            Ok(rows > 0)
        })?;
        match reserved {
            true => Ok(()),
            false => Err(StoreError::Invalid(format!(
                "space `{}` has had rows; an export keeps its ids and needs a new space",
                self.name()
            ))),
        }
    }
}

impl Session {
    /// Stages a row of an export with its own `id` and `created_at`; the ids were reserved by
    /// [`Space::reserve_for_adoption`]. Its other system fields but namespace, validity and sources are made anew.
    ///
    /// # Errors
    /// `invalid.argument` when it does not fit the collection, limits.
    pub fn adopt(&mut self, collection: &Arc<Collection>, mut row: Map<String, Value>) -> Result<u64> {
        self.writes(1, super::stage::size(&row))?;
        let id = row.remove("id").and_then(|id| id.as_i64()).filter(|id| (1..MOST_INTEGER).contains(id));
        let id = id.ok_or_else(|| StoreError::Invalid("a row of an export needs its `id`".into()))?;
        if self.write.changes.contains_key(&id) {
            return Err(StoreError::Invalid(format!("the id {id} stands twice in the export")));
        }
        let now = self.options.now as i64;
        let created = row.remove("created_at").and_then(|time| time.as_i64()).filter(|time| *time >= 0).unwrap_or(now);
        for made in ["version", "updated_at", "deleted_at", "component"] {
            row.remove(made);
        }
        let mut values = new_values(collection, &row)?;
        self.place(&mut values)?;
        WriteSet::stamp(&mut values, now, 1);
        for (place, value) in [(at::ID, Sql::Integer(id)), (at::COMPONENT, Sql::Text(self.options.component.clone()))] {
            if let Some(slot) = values.get_mut(place) {
                *slot = value;
            }
        }
        let mut change = fresh(collection, Verb::Insert, None, values);
        change.set.push((at::CREATED, Sql::Integer(created)));
        self.stage(id, change);
        Ok(id.unsigned_abs())
    }
}
