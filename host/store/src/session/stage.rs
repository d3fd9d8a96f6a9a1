//! Writes of a session: they are staged, seen by its own reads, and reach nobody else before the commit.

use super::Session;
use crate::collection::{Collection, at};
use crate::error::{Result, StoreError};
use crate::namespace::Namespace;
use crate::query::{Query, Source};
use crate::row::{Values, int, new_values, settable};
use crate::write_set::{Event, Expect, RowChange, Verb, WriteSet};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Whether a change depends on what the row was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Strict,
    Commutes,
}
use Kind::Strict;

impl Session {
    pub(super) fn writes(&mut self, rows: usize, bytes: usize) -> Result<()> {
        if self.options.read_only {
            return Err(StoreError::Denied {
                what: "write",
                message: "an operation with effect `read` must not write; declare it `write`".into(),
            });
        }
        self.options.deadline.check()?;
        self.space.writable()?;
        let limits = &self.options.limits;
        let staged = self.write.changes.len() + self.write.expects.len() + self.write.events.len();
        if staged + rows > limits.rows_written {
            return Err(StoreError::limit(
                "rows-written",
                format!("one call may write {} rows, events and expectations; use several calls", limits.rows_written),
            ));
        }
        self.write.bytes += bytes;
        if self.write.bytes > limits.bytes_written {
            return Err(StoreError::limit(
                "bytes-written",
                format!("one call may write {} bytes; use several calls", limits.bytes_written),
            ));
        }
        Ok(())
    }

    /// Ids for rows still to be inserted.
    ///
    /// # Errors
    /// `limit.ids` for too many.
    pub fn new_ids(&mut self, count: u32) -> Result<Vec<u64>> {
        self.writes(0, 0)?;
        self.issued_count = self.issued_count.saturating_add(count);
        if self.issued_count > self.options.limits.ids {
            return Err(StoreError::limit("ids", format!("one call may take {} ids", self.options.limits.ids)));
        }
        let ids = self.space.issue_ids(i64::from(count))?;
        self.issued.extend(ids.clone());
        Ok(ids.map(i64::unsigned_abs).collect())
    }

    /// Stages a row; answers its id.
    ///
    /// # Errors
    /// `invalid.argument` when it does not fit, `denied.namespace` outside the caller's scope, limits.
    pub fn insert(&mut self, collection: &Arc<Collection>, mut row: Map<String, Value>) -> Result<u64> {
        self.writes(1, size(&row))?;
        let id = match row.remove("id") {
            None | Some(Value::Null) => self.space.issue_ids(1)?.start,
            Some(id) => {
                let id = id.as_i64().unwrap_or_default();
                if !self.issued.contains(&id) {
                    return Err(StoreError::Denied {
                        what: "id",
                        message: format!("id {id} was not issued to this call by new-ids, or is used already"),
                    });
                }
                id
            }
        };
        let mut values = new_values(collection, &row)?;
        self.place(&mut values)?;
        self.issued.remove(&id);
        let now = self.options.now as i64;
        WriteSet::stamp(&mut values, now, 1);
        for (place, value) in [
            (at::ID, Sql::Integer(id)),
            (at::CREATED, Sql::Integer(now)),
            (at::COMPONENT, Sql::Text(self.options.component.clone())),
        ] {
            if let Some(slot) = values.get_mut(place) {
                *slot = value;
            }
        }
        self.stage(id, fresh(collection, Verb::Insert, None, values));
        Ok(id.unsigned_abs())
    }

    /// Puts a row without a namespace into the caller's scope; refuses one outside it.
    pub(super) fn place(&self, values: &mut Values) -> Result<()> {
        let scope = &self.options.scope;
        if let Some(Sql::Text(namespace)) = values.get_mut(at::NAMESPACE) {
            if namespace.is_empty() {
                scope.as_str().clone_into(namespace);
            }
            if !scope.covers(namespace) {
                return Err(outside(scope, namespace));
            }
        }
        Ok(())
    }

    pub(super) fn stage(&mut self, id: i64, change: RowChange) {
        self.synced.remove(&change.collection.number);
        self.write.vectors.remove(&id);
        self.hold_keys(id, &change.collection, &change.row);
        self.write.changes.insert(id, change);
    }

    /// Notes the unique keys a staged row has now; what it held before is found out of date when it is looked up.
    fn hold_keys(&mut self, id: i64, collection: &Collection, row: &Values) {
        for key in collection.spec.unique.keys() {
            if let Some(key) = staged_key(collection, key, row) {
                self.staged_keys.insert(key, id);
            }
        }
    }

    /// The live row with the same values in a declared unique key.
    fn find_unique(&mut self, collection: &Arc<Collection>, key: &str, values: &Values) -> Result<Option<i64>> {
        let fields = (collection.spec.unique.get(key))
            .ok_or_else(|| StoreError::Invalid(format!("`{}` has no unique key `{key}`", collection.name)))?;
        let Some(staged) = staged_key(collection, key, values) else {
            return Ok(None);
        };
        if let Some(id) = self.staged_keys.get(&staged).copied() {
            let holds = |row: &Values| staged_key(collection, key, row).as_ref() == Some(&staged);
            if self.live(collection, id)?.is_some_and(|row| holds(&row)) {
                return Ok(Some(id));
            }
        }
        let mut sql = format!("SELECT id FROM \"{}\" WHERE deleted_at IS NULL", collection.table);
        let mut parameters = Vec::new();
        for field in fields {
            let (place, _) = collection.column(field)?;
            sql.push_str(&format!(" AND \"{field}\" = ?"));
            parameters.push(values.get(place).cloned().unwrap_or(Sql::Null));
        }
        let found: Option<i64> = self
            .begin()?
            .prepare_cached(&sql)?
            .query_row(params_from_iter(&parameters), |row| row.get(0))
            .optional()?;
        // One this call has deleted, or given other values, no longer holds the key.
        let found = found.filter(|id| !self.write.changes.contains_key(id) && !self.gone.contains(id));
        let Some(id) = found else { return Ok(None) };
        match self.current(collection, id)? {
            Some(row) if row.get(at::DELETED) == Some(&Sql::Null) && self.in_scope(&row) => Ok(Some(id)),
            Some(row) if row.get(at::DELETED) == Some(&Sql::Null) => Err(StoreError::Denied {
                what: "namespace",
                message: format!(
                    "a row outside `{}`, which this caller is limited to, has this `{key}`",
                    self.options.scope.as_str()
                ),
            }),
            // The connection is ahead of the snapshot: the row came, or came back, since.
            _ => Err(StoreError::Conflict(format!("a row of `{}` took this `{key}` meanwhile", collection.name))),
        }
    }

    fn candidate(&mut self, collection: &Arc<Collection>, key: &str, row: &Map<String, Value>) -> Result<Option<i64>> {
        let mut plain = row.clone();
        plain.remove("id");
        let mut values = new_values(collection, &plain)?;
        self.place(&mut values)?;
        self.find_unique(collection, key, &values)
    }

    /// Stages a row unless a live one has the same values in `key`; answers the id and whether it is new.
    ///
    /// # Errors
    /// As [`Session::insert`].
    pub fn insert_or_get(
        &mut self,
        collection: &Arc<Collection>,
        key: &str,
        row: Map<String, Value>,
    ) -> Result<(u64, bool)> {
        self.writes(0, 0)?;
        match self.candidate(collection, key, &row)? {
            Some(id) => Ok((id.unsigned_abs(), false)),
            None => Ok((self.insert(collection, row)?, true)),
        }
    }

    /// Stages a row, or changes to the live one with the same values in `key`.
    ///
    /// # Errors
    /// As [`Session::insert`] and [`Session::update`].
    pub fn upsert(
        &mut self,
        collection: &Arc<Collection>,
        key: &str,
        mut row: Map<String, Value>,
    ) -> Result<(u64, bool)> {
        match self.candidate(collection, key, &row)? {
            Some(id) => {
                row.remove("id");
                self.update(collection, id.unsigned_abs(), None, &row)?;
                Ok((id.unsigned_abs(), false))
            }
            None => Ok((self.insert(collection, row)?, true)),
        }
    }

    /// Stages a change; answers the version the row will have.
    ///
    /// # Errors
    /// `not-found`, `conflict` when the row no longer has `version`, and as [`Session::insert`].
    pub fn update(
        &mut self,
        collection: &Arc<Collection>,
        id: u64,
        version: Option<u64>,
        patch: &Map<String, Value>,
    ) -> Result<u64> {
        self.writes(1, size(patch))?;
        let mut set = settable(collection, patch)?;
        for (place, value) in &mut set {
            if let (at::NAMESPACE, Sql::Text(namespace)) = (*place, value)
                && !self.options.scope.covers(namespace)
            {
                return Err(outside(&self.options.scope, namespace));
            }
        }
        self.change(collection, id, version, Verb::Update, Strict, |change| {
            for (place, value) in set {
                if let Some(slot) = change.row.get_mut(place) {
                    slot.clone_from(&value);
                }
                change.steps.retain(|(column, _)| *column != place);
                change.set.retain(|(column, _)| *column != place);
                change.set.push((place, value));
            }
        })
    }

    /// Makes the commit depend on a count over the store, before this call's own writes.
    ///
    /// # Errors
    /// `invalid.argument` for a query over the past.
    pub fn expect(&mut self, query: &Query, count: u64) -> Result<()> {
        self.writes(1, 64)?;
        if query.known_at.is_some() {
            return Err(StoreError::Invalid("expect counts what is, not what was known".into()));
        }
        let (sql, parameters) = self.scoped(query).count_sql(Source::default())?;
        self.write.expects.push(Expect { sql, parameters, count });
        Ok(())
    }

    /// Emits an event when the call commits.
    ///
    /// # Errors
    /// `invalid.argument` for a name or payload that does not fit, limits.
    pub fn emit(&mut self, name: &str, payload: &str) -> Result<()> {
        self.writes(1, payload.len() + name.len())?;
        if !crate::collection::is_name(name, 60) {
            return Err(StoreError::Invalid("an event's name is [a-z][a-z0-9_]*".into()));
        }
        if serde_json::from_str::<serde::de::IgnoredAny>(payload).is_err() {
            return Err(StoreError::Invalid("an event's payload is JSON".into()));
        }
        let name = format!("{}.{name}", self.options.layer);
        self.write.events.push(Event { name, payload: payload.to_owned() });
        Ok(())
    }

    /// Stages or extends the change of a live row.
    pub(super) fn change(
        &mut self,
        collection: &Arc<Collection>,
        id: u64,
        version: Option<u64>,
        verb: Verb,
        kind: Kind,
        apply: impl FnOnce(&mut RowChange),
    ) -> Result<u64> {
        let id = id as i64;
        let Some(row) = self.live(collection, id)? else {
            return Err(missing(collection, id));
        };
        let current = int(&row, at::VERSION).unwrap_or(1);
        if version.is_some_and(|version| version as i64 != current) {
            return Err(StoreError::Conflict(format!("{}:{id} has version {current} now", collection.name)));
        }
        let now = self.options.now as i64;
        let seen = self.seen.get(&id).copied().filter(|_| kind == Strict);
        if let Some(mut change) = self.write.changes.get(&id).cloned() {
            if verb == Verb::Delete {
                change.verb = Verb::Delete;
            }
            if change.verb != Verb::Insert && change.expected.is_none() {
                change.expected = version.map(|version| version as i64 - 1).or(seen);
            }
            apply(&mut change);
            self.stage(id, change);
            return Ok(current.unsigned_abs());
        }
        let expected = version.map(|version| version as i64).or(seen);
        let mut change = fresh(collection, verb, expected, row);
        apply(&mut change);
        WriteSet::stamp(&mut change.row, now, current + 1);
        if let Some(slot) = change.row.get_mut(at::COMPONENT) {
            *slot = Sql::Text(self.options.component.clone());
        }
        self.stage(id, change);
        Ok((current + 1).unsigned_abs())
    }
}

/// A change that does nothing yet.
pub(super) fn fresh(collection: &Arc<Collection>, verb: Verb, expected: Option<i64>, row: Values) -> RowChange {
    RowChange { collection: Arc::clone(collection), verb, expected, set: Vec::new(), steps: Vec::new(), row }
}

/// What a staged row's unique key is kept under; none if a part is null, for nulls are never equal.
fn staged_key(collection: &Collection, key: &str, values: &Values) -> Option<String> {
    let mut text = format!("{}|{key}", collection.number);
    for field in collection.spec.unique.get(key)? {
        let (place, _) = collection.column(field).ok()?;
        match values.get(place)? {
            Sql::Null => return None,
            value => text.push_str(&format!("|{value:?}")),
        }
    }
    Some(text)
}

/// Bytes a row or patch counts for.
pub(super) fn size(row: &Map<String, Value>) -> usize {
    row.iter()
        .map(|(field, value)| {
            field.len()
                + match value {
                    Value::String(text) => text.len(),
                    Value::Array(_) | Value::Object(_) => value.to_string().len(),
                    _ => 8,
                }
        })
        .sum()
}

fn outside(scope: &Namespace, namespace: &str) -> StoreError {
    StoreError::Denied {
        what: "namespace",
        message: format!("namespace `{namespace}` is outside `{}`, which this caller is limited to", scope.as_str()),
    }
}

pub(super) fn missing(collection: &Collection, id: i64) -> StoreError {
    StoreError::NotFound(format!("there is no row {id} in `{}`", collection.name))
}
