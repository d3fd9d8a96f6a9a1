//! Changes of numbers that need no version: they commute.

use super::Session;
use super::stage::{Kind, missing};
use crate::collection::{Collection, FieldType, at};
use crate::error::{Result, StoreError};
use crate::row::{self, Values};
use crate::write_set::{Step, Verb};
use rusqlite::types::Value as Sql;
use std::sync::Arc;

impl Session {
    /// Adds to a number field, whatever the version.
    ///
    /// # Errors
    /// As [`Session::update`].
    pub fn add(&mut self, collection: &Arc<Collection>, id: u64, field: &str, amount: f64) -> Result<()> {
        let place = self.number_field(collection, field, amount)?;
        self.commute(collection, id, place, Step::Add(amount))
    }

    /// Raises a number field, whatever the version.
    ///
    /// # Errors
    /// As [`Session::update`].
    pub fn max(&mut self, collection: &Arc<Collection>, id: u64, field: &str, least: f64) -> Result<()> {
        let place = self.number_field(collection, field, least)?;
        self.commute(collection, id, place, Step::Max(least))
    }

    fn number_field(&mut self, collection: &Collection, field: &str, value: f64) -> Result<usize> {
        self.writes(1, 16)?;
        let (place, column) = collection.column(field)?;
        if place < at::FIELDS || !matches!(column.kind, FieldType::Integer | FieldType::Number | FieldType::Time) {
            return Err(StoreError::Invalid(format!("`{field}` is no number field a component may change")));
        }
        if !value.is_finite() || column.kind.sql() == "INTEGER" && value.fract() != 0.0 {
            return Err(StoreError::Invalid(format!("`{field}` cannot take {value}")));
        }
        Ok(place)
    }

    /// Stages a change that needs no version; one over a row the call has set already becomes part of that.
    fn commute(&mut self, collection: &Arc<Collection>, id: u64, place: usize, step: Step) -> Result<()> {
        let Some(row) = self.live(collection, id as i64)? else {
            return Err(missing(collection, id as i64));
        };
        let (now, column) = (number_at(&row, place), collection.columns.get(place));
        let new = match step {
            Step::Add(amount) => now.unwrap_or(0.0) + amount,
            Step::Max(least) => now.map_or(least, |now| now.max(least)),
        };
        let value = match column.map(|column| column.kind.sql()) {
            Some("INTEGER") if new.abs() <= row::MOST_INTEGER as f64 => Sql::Integer(new as i64),
            Some("REAL") if new.is_finite() => Sql::Real(new),
            _ => {
                let field = column.map_or("", |column| column.name.as_str());
                return Err(StoreError::Invalid(format!("`{field}` would become {new}, which is out of range")));
            }
        };
        self.change(collection, id, None, Verb::Update, Kind::Commutes, |change| {
            // What this call has set itself is set anew: the writer sees one value.
            match change.set.iter_mut().find(|(column, _)| *column == place) {
                Some((_, set)) => set.clone_from(&value),
                None => change.steps.push((place, step)),
            }
            if let Some(slot) = change.row.get_mut(place) {
                *slot = value;
            }
        })?;
        Ok(())
    }
}

fn number_at(values: &Values, place: usize) -> Option<f64> {
    match values.get(place) {
        Some(Sql::Integer(integer)) => Some(*integer as f64),
        Some(Sql::Real(real)) => Some(*real),
        _ => None,
    }
}
