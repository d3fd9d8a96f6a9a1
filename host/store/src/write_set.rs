//! The write-set: what one call has staged, one change a row, applied whole at the end or dropped.

use crate::collection::{Collection, at};
use crate::row::Values;
use indexmap::IndexMap;
use rusqlite::types::Value as Sql;
use std::collections::HashMap;
use std::sync::Arc;

/// What happens to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Insert,
    Update,
    Delete,
    Restore,
    Erase,
}

impl Verb {
    /// The word the journal keeps.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Erase => "erase",
        }
    }
}

/// The change of one row.
#[derive(Debug, Clone)]
pub(crate) struct RowChange {
    pub(crate) collection: Arc<Collection>,
    pub(crate) verb: Verb,
    /// The version the row must still have.
    pub(crate) expected: Option<i64>,
    /// Columns set by an update.
    pub(crate) set: Vec<(usize, Sql)>,
    /// Amounts added to number columns.
    pub(crate) add: Vec<(usize, f64)>,
    /// Least values of number columns.
    pub(crate) max: Vec<(usize, f64)>,
    /// The row as this call sees it.
    pub(crate) row: Values,
}

impl RowChange {
    /// Whether the change gives the row a new text to embed.
    fn embeds(&self) -> Option<&str> {
        let place = self.collection.embedded?;
        let changed = match self.verb {
            Verb::Insert | Verb::Restore => true,
            Verb::Update => self.set.iter().any(|(column, _)| *column == place),
            Verb::Delete | Verb::Erase => false,
        };
        changed.then(|| crate::row::text(&self.row, place)).flatten()
    }
}

/// A precondition over a query.
#[derive(Debug, Clone)]
pub(crate) struct Expect {
    /// `SELECT count(*) ..` over live tables.
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Sql>,
    pub(crate) count: u64,
}

/// An event emitted by a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `layer.name`.
    pub name: String,
    /// JSON.
    pub payload: String,
}

/// A vector for a row, or the reason there is none yet.
#[derive(Debug, Clone)]
pub(crate) enum Vector {
    Ready(Vec<f32>),
    /// The text has no vector and never will (no known token).
    Empty,
}

/// The staged changes of one call.
#[derive(Debug, Clone, Default)]
pub struct WriteSet {
    pub(crate) changes: IndexMap<i64, RowChange>,
    pub(crate) expects: Vec<Expect>,
    pub(crate) events: Vec<Event>,
    pub(crate) vectors: HashMap<i64, Vector>,
    /// Bytes staged, for the limit.
    pub(crate) bytes: usize,
}

impl WriteSet {
    /// Whether applying it would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.events.is_empty()
    }

    /// How many rows it changes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// The texts that need a vector before the commit, by row id.
    #[must_use]
    pub fn texts_to_embed(&self) -> Vec<(u64, &str)> {
        (self.changes.iter())
            .filter(|(id, _)| !self.vectors.contains_key(*id))
            .filter_map(|(id, change)| Some((id.unsigned_abs(), change.embeds()?)))
            .collect()
    }

    /// Gives a row its vector; `None` says that its text has none.
    pub fn set_vector(&mut self, id: u64, vector: Option<Vec<f32>>) {
        let vector = vector.map_or(Vector::Empty, Vector::Ready);
        self.vectors.insert(i64::try_from(id).unwrap_or_default(), vector);
    }

    /// What it would change, for a preview: collection, id, verb, and the row as it would be.
    #[must_use]
    pub fn preview(&self) -> Vec<serde_json::Value> {
        (self.changes.iter())
            .map(|(id, change)| {
                let row = serde_json::from_str::<serde_json::Value>(&crate::row::values_json(&change.collection, &change.row));
                serde_json::json!({
                    "collection": change.collection.name, "id": id, "verb": change.verb.word(), "row": row.unwrap_or_default(),
                })
            })
            .collect()
    }

    pub(crate) fn needs_vector(&self, id: i64) -> bool {
        self.changes.get(&id).is_some_and(|change| change.embeds().is_some())
    }

    /// The system columns the overlay shows for a staged row.
    pub(crate) fn stamp(row: &mut Values, now: i64, version: i64) {
        for (place, value) in [(at::UPDATED, now), (at::VERSION, version)] {
            if let Some(slot) = row.get_mut(place) {
                *slot = Sql::Integer(value);
            }
        }
    }
}
