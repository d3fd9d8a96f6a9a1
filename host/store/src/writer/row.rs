//! Applies the change of one row: version check, old version to history, new values, id table, citations.

use super::derived::Derived;
use crate::collection::{Collection, at};
use crate::error::{Result, StoreError};
use crate::row::{MOST_INTEGER, sources};
use crate::write_set::{RowChange, Step, Verb};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::fmt::Write as _;

/// The versions before and after.
pub(super) type Versions = (Option<i64>, Option<i64>);

/// Applies a change; the derived indexes learn what to do.
pub(super) fn apply(
    connection: &Connection,
    id: i64,
    change: &RowChange,
    seq: i64,
    now: i64,
    component: &str,
    derived: &mut Derived,
) -> Result<Versions> {
    let collection = &change.collection;
    if change.verb == Verb::Insert {
        insert(connection, id, change, seq, now, component)?;
        derived.inserted(connection, id, change)?;
        return Ok((None, Some(1)));
    }
    let current: Option<(i64, Option<i64>)> = connection
        .prepare_cached(&format!("SELECT version, deleted_at FROM \"{}\" WHERE id = ?", collection.table))?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((version, deleted)) = current else {
        return Err(StoreError::Conflict(format!("{}:{id} is gone", collection.name)));
    };
    if change.expected.is_some_and(|expected| expected != version) {
        return Err(StoreError::Conflict(format!("{}:{id} was changed meanwhile", collection.name)));
    }
    if deleted.is_some() && matches!(change.verb, Verb::Update | Verb::Delete) {
        return Err(StoreError::Conflict(format!("{}:{id} was deleted meanwhile", collection.name)));
    }
    derived.before_change(connection, id, change, deleted.is_none())?;
    if change.verb == Verb::Erase {
        erase(connection, collection, id, now)?;
        derived.erased(connection, id, change)?;
        return Ok((Some(version), None));
    }
    to_history(connection, collection, id, seq)?;
    update(connection, id, change, seq, now, component)?;
    derived.after_change(connection, id, change)?;
    if change.set.iter().any(|(column, _)| *column == at::SOURCES) {
        cite(connection, id, &sources(&change.row), false)?;
    }
    Ok((Some(version), Some(version + 1)))
}

fn insert(connection: &Connection, id: i64, change: &RowChange, seq: i64, now: i64, component: &str) -> Result<()> {
    let collection = &change.collection;
    let mut values = change.row.clone();
    // An adopted row says itself when it was made.
    let created = change.set.iter().find(|(column, _)| *column == at::CREATED).map(|(_, created)| created.clone());
    let adopted = created.is_some();
    let system = [
        (at::ID, Sql::Integer(id)),
        (at::VERSION, Sql::Integer(1)),
        (at::CREATED, created.unwrap_or(Sql::Integer(now))),
        (at::UPDATED, Sql::Integer(now)),
        (at::DELETED, Sql::Null),
        (at::COMPONENT, Sql::Text(component.to_owned())),
    ];
    for (place, value) in system {
        if let Some(slot) = values.get_mut(place) {
            *slot = value;
        }
    }
    let places = "?,".repeat(values.len());
    let sql = format!("INSERT INTO \"{}\"({}, _seq) VALUES({places}?)", collection.table, collection.column_list(""));
    values.push(Sql::Integer(seq));
    connection.prepare_cached(&sql)?.execute(params_from_iter(&values)).map_err(|error| unique(collection, error))?;
    cite(connection, id, &sources(&change.row), adopted)
}

/// Copies the row as it is into the history, all columns the file has, known to this program or not.
fn to_history(connection: &Connection, collection: &Collection, id: i64, seq: i64) -> Result<()> {
    let table = &collection.table;
    let columns = file_columns(connection, table)?;
    connection
        .prepare_cached(&format!(
            "INSERT INTO \"{table}__history\"({columns}, _to_seq) SELECT {columns}, ? FROM \"{table}\" WHERE id = ?"
        ))?
        .execute(params![seq, id])?;
    Ok(())
}

/// The columns of a table as the file has them, quoted.
pub(crate) fn file_columns(connection: &Connection, table: &str) -> Result<String> {
    Ok(connection
        .prepare_cached("SELECT group_concat('\"' || name || '\"') FROM pragma_table_info(?)")?
        .query_row([table], |row| row.get(0))?)
}

fn update(connection: &Connection, id: i64, change: &RowChange, seq: i64, now: i64, component: &str) -> Result<()> {
    let collection = &change.collection;
    let name = |place: &usize| collection.columns.get(*place).map_or("", |column| column.name.as_str());
    let mut sql =
        format!("UPDATE \"{}\" SET version = version + 1, updated_at = ?, _seq = ?, component = ?", collection.table);
    let mut parameters = vec![Sql::Integer(now), Sql::Integer(seq), Sql::Text(component.to_owned())];
    match change.verb {
        Verb::Delete => {
            sql.push_str(", deleted_at = ?");
            parameters.push(Sql::Integer(now));
        }
        Verb::Restore => sql.push_str(", deleted_at = NULL"),
        _ => {}
    }
    for (place, value) in &change.set {
        _ = write!(sql, ", \"{}\" = ?", name(place));
        parameters.push(value.clone());
    }
    // SQLite heeds the last assignment to a column alone, so all steps of one make one expression.
    let mut stepped: Vec<usize> = change.steps.iter().map(|(place, _)| *place).collect();
    stepped.sort_unstable();
    stepped.dedup();
    for &place in &stepped {
        let mut expression = format!("\"{}\"", name(&place));
        for (_, step) in change.steps.iter().filter(|(column, _)| *column == place) {
            match step {
                Step::Add(amount) => {
                    expression = format!("(coalesce({expression}, 0) + ?)");
                    parameters.push(number(*amount));
                }
                Step::Max(least) => {
                    expression = format!("max(coalesce({expression}, ?), ?)");
                    parameters.extend([number(*least), number(*least)]);
                }
            }
        }
        _ = write!(sql, ", \"{}\" = {expression}", name(&place));
    }
    sql.push_str(" WHERE id = ?");
    parameters.push(Sql::Integer(id));
    connection
        .prepare_cached(&sql)?
        .execute(params_from_iter(&parameters))
        .map_err(|error| unique(collection, error))?;
    for place in stepped {
        in_range(connection, collection, id, place)?;
    }
    Ok(())
}

/// A number that other calls' steps have brought near its bound is a conflict: run again, this call sees it.
fn in_range(connection: &Connection, collection: &Collection, id: i64, place: usize) -> Result<()> {
    let Some(column) = collection.columns.get(place) else { return Ok(()) };
    let most = match column.kind.sql() {
        "INTEGER" => Sql::Integer(MOST_INTEGER),
        _ => Sql::Real(f64::MAX),
    };
    let sql = format!("SELECT abs(\"{}\") <= ? FROM \"{}\" WHERE id = ?", column.name, collection.table);
    let fits: bool = connection.prepare_cached(&sql)?.query_row(params![most, id], |row| row.get(0))?;
    if fits {
        return Ok(());
    }
    Err(StoreError::Conflict(format!("`{}` of {}:{id} would go out of range", column.name, collection.name)))
}

/// Whole numbers stay integers, so that an integer column does not turn into a real one.
fn number(value: f64) -> Sql {
    if value.fract() == 0.0 && value.abs() < 9.0e15 { Sql::Integer(value as i64) } else { Sql::Real(value) }
}

/// Removes the content from row and history; the tombstone is the id's entry.
fn erase(connection: &Connection, collection: &Collection, id: i64, now: i64) -> Result<()> {
    for sql in [
        format!("DELETE FROM \"{}\" WHERE id = ?", collection.table),
        format!("DELETE FROM \"{}__history\" WHERE id = ?", collection.table),
        "DELETE FROM usage WHERE id = ?".into(),
        "DELETE FROM citations WHERE id = ?".into(),
        "DELETE FROM embed_pending WHERE id = ?".into(),
        // The answer to a repeated call might quote the row, and so might an event.
        "DELETE FROM idempotency WHERE seq IN (SELECT seq FROM journal_rows WHERE id = ?)".into(),
        "UPDATE events SET payload = 'null' WHERE seq IN (SELECT seq FROM journal_rows WHERE id = ?)".into(),
    ] {
        connection.prepare_cached(&sql)?.execute([id])?;
    }
    connection.prepare_cached("UPDATE ids SET erased_at = ? WHERE id = ?")?.execute([now, id])?;
    Ok(())
}

/// Notes what a row stands on. What it cites must be or have been a row here, but for an adopted row: where that comes from, some
/// of its evidence may have been forgotten.
fn cite(connection: &Connection, id: i64, sources: &[i64], adopted: bool) -> Result<()> {
    connection.prepare_cached("DELETE FROM citations WHERE id = ?")?.execute([id])?;
    for source in sources {
        let known: bool = connection
            .prepare_cached("SELECT EXISTS(SELECT 1 FROM ids WHERE id = ?)")?
            .query_row([source], |row| row.get(0))?;
        if !known && !adopted {
            return Err(StoreError::Invalid(format!("source {source} is no row of this space")));
        }
        connection.prepare_cached("INSERT OR IGNORE INTO citations VALUES(?, ?)")?.execute([*source, id])?;
    }
    Ok(())
}

/// A row that met a unique key meanwhile is a conflict: the call runs again and sees it.
fn unique(collection: &Collection, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => {
            StoreError::Conflict(format!("a row of `{}` with the same unique key exists", collection.name))
        }
        _ => StoreError::Sqlite(error),
    }
}
