//! Rows that go: marked deleted, brought back, erased.

use super::Session;
use super::stage::{Kind, fresh, missing};
use crate::collection::{Collection, at};
use crate::error::{Result, StoreError};
use crate::row::{self, Values, int};
use crate::write_set::{RowChange, Verb, WriteSet};
use rusqlite::types::Value as Sql;
use std::sync::Arc;

impl Session {
    /// Marks a row deleted.
    ///
    /// # Errors
    /// As [`Session::update`].
    pub fn delete(&mut self, collection: &Arc<Collection>, id: u64, version: Option<u64>) -> Result<()> {
        self.writes(1, 0)?;
        if self.write.changes.get(&(id as i64)).is_some_and(|change| change.verb == Verb::Insert) {
            self.drop_staged(id as i64);
            return Ok(());
        }
        if self.write.changes.get(&(id as i64)).is_some_and(|change| change.verb == Verb::Restore) {
            // Brought back by this call: it stays deleted as it was.
            self.unstage(id as i64);
            return Ok(());
        }
        let now = self.options.now as i64;
        self.change(collection, id, version, Verb::Delete, Kind::Strict, |change| {
            if let Some(slot) = change.row.get_mut(at::DELETED) {
                *slot = Sql::Integer(now);
            }
        })?;
        Ok(())
    }

    /// Brings a deleted row back.
    ///
    /// # Errors
    /// `not-found`, `conflict` if it is not deleted.
    pub fn restore(&mut self, collection: &Arc<Collection>, id: u64) -> Result<()> {
        self.writes(1, 0)?;
        let id = id as i64;
        let row = self.current(collection, id)?.filter(|row| self.in_scope(row));
        let Some(mut row) = row else {
            return Err(missing(collection, id));
        };
        let Some(version) = int(&row, at::VERSION).filter(|_| row.get(at::DELETED) != Some(&Sql::Null)) else {
            return Err(StoreError::Conflict(format!("{}:{id} is not deleted", collection.name)));
        };
        if let Some(slot) = row.get_mut(at::DELETED) {
            *slot = Sql::Null;
        }
        if let Some(change) = self.write.changes.get(&id) {
            // Deleted by this call: what it had changed before holds again.
            if change.set.is_empty() && change.steps.is_empty() {
                self.unstage(id);
            } else {
                let change = RowChange { verb: Verb::Update, row, ..change.clone() };
                self.stage(id, change);
            }
            return Ok(());
        }
        WriteSet::stamp(&mut row, self.options.now as i64, version + 1);
        if let Some(slot) = row.get_mut(at::COMPONENT) {
            *slot = Sql::Text(self.options.component.clone());
        }
        self.stage(id, fresh(collection, Verb::Restore, Some(version), row));
        Ok(())
    }

    /// Erases a row's content everywhere.
    ///
    /// # Errors
    /// `not-found`.
    pub fn erase(&mut self, collection: &Arc<Collection>, id: u64) -> Result<()> {
        self.writes(1, 0)?;
        let id = id as i64;
        let Some(row) = self.current(collection, id)?.filter(|row| self.in_scope(row)) else {
            return Err(missing(collection, id));
        };
        if self.write.changes.get(&id).is_some_and(|change| change.verb == Verb::Insert) {
            self.drop_staged(id);
            return Ok(());
        }
        self.stage(id, fresh(collection, Verb::Erase, None, row));
        self.gone.insert(id);
        Ok(())
    }

    pub(super) fn in_scope(&self, row: &Values) -> bool {
        self.options.scope.covers(row::text(row, at::NAMESPACE).unwrap_or_default())
    }

    fn drop_staged(&mut self, id: i64) {
        self.unstage(id);
        self.gone.insert(id);
    }

    /// Takes a change back: the row is again as in the snapshot.
    fn unstage(&mut self, id: i64) {
        if let Some(change) = self.write.changes.shift_remove(&id) {
            self.synced.remove(&change.collection.number);
            self.write.vectors.remove(&id);
        }
    }
}
