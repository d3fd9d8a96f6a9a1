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

/// A change of a number that needs no version.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    /// Adds an amount; null counts as 0.
    Add(f64),
    /// Raises it to at least this; null becomes it.
    Max(f64),
}

/// The change of one row.
#[derive(Debug, Clone)]
pub(crate) struct RowChange {
    pub(crate) collection: Arc<Collection>,
    pub(crate) verb: Verb,
    /// The version the row must still have.
    pub(crate) expected: Option<i64>,
    /// Columns set by an update; of an insert, only the time an adopted row was made.
    pub(crate) set: Vec<(usize, Sql)>,
    /// Changes of number columns that commute with other calls, in their order.
    pub(crate) steps: Vec<(usize, Step)>,
    /// The row as this call sees it.
    pub(crate) row: Values,
}

impl RowChange {
    /// Whether the row's vector no longer holds after the change, though the row stays.
    pub(crate) fn moves_vector(&self) -> bool {
        self.collection.embedded.is_some_and(|place| match self.verb {
            Verb::Insert | Verb::Restore => true,
            Verb::Update => self.set.iter().any(|(column, _)| *column == place),
            Verb::Delete | Verb::Erase => false,
        })
    }

    /// The new text to embed, if the change gives the row one.
    pub(crate) fn embeds(&self) -> Option<&str> {
        self.collection.embedded.filter(|_| self.moves_vector()).and_then(|place| crate::row::text(&self.row, place))
    }
}

/// A vector at unit length, as all stored ones are; none for one without a direction.
pub(crate) fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let square = vector.iter().map(|part| f64::from(*part) * f64::from(*part)).sum::<f64>();
    let length = square.sqrt();
    if !length.is_finite() || length < 1e-6 {
        return None;
    }
    if (length - 1.0).abs() > 1e-4 {
        vector.iter_mut().for_each(|part| *part = (f64::from(*part) / length) as f32);
    }
    Some(vector)
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

    /// Gives a row its vector; `None`, or one without a direction, says that its text has none.
    pub fn set_vector(&mut self, id: u64, vector: Option<Vec<f32>>) {
        let vector = vector.and_then(unit).map_or(Vector::Empty, Vector::Ready);
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

    /// A vector that is not of the space's dimension.
    pub(crate) fn misfit(&self, dimension: usize) -> Option<usize> {
        self.vectors.values().find_map(|vector| match vector {
            Vector::Ready(vector) if vector.len() != dimension => Some(vector.len()),
            _ => None,
        })
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
