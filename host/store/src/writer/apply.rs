//! Applies one write-set: preconditions, rows, derived indexes, journal.

use super::{derived, row};
use crate::collection::at;
use crate::commit::{CommitMeta, Committed};
use crate::error::{Result, StoreError};
use crate::write_set::{RowChange, Verb, WriteSet};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Applies a write-set under the caller's savepoint.
///
/// # Errors
/// `conflict` when a precondition no longer holds; the savepoint must then be rolled back.
pub(super) fn write_set(connection: &Connection, set: &WriteSet, meta: &CommitMeta) -> Result<Committed> {
    let (seq, now) = next(connection)?;
    if let Some((lease, token)) = &meta.lease {
        check_fence(connection, lease, *token)?;
    }
    for expect in &set.expects {
        let count: i64 = connection
            .prepare_cached(&expect.sql)?
            .query_row(params_from_iter(&expect.parameters), |row| row.get(0))?;
        if count.unsigned_abs() != expect.count {
            return Err(StoreError::Conflict(format!("expected {} rows, there are {count}", expect.count)));
        }
    }
    let own = set.is_empty();
    if !own || meta.idempotent.is_some() || meta.acknowledges.is_some() {
        insert_journal(connection, seq, now, meta)?;
    }
    // All ids first: staged rows may cite each other.
    for (id, change) in set.changes.iter().filter(|(_, change)| change.verb == Verb::Insert) {
        connection
            .prepare_cached("INSERT INTO ids(id, collection) VALUES(?, ?)")?
            .execute(params![id, change.collection.number])?;
    }
    let mut derived = derived::Derived::default();
    // What gives unique keys up goes before what takes them.
    let mut changes: Vec<(&i64, &RowChange)> = set.changes.iter().collect();
    changes.sort_by_key(|(_, change)| match change.verb {
        Verb::Delete | Verb::Erase => 0,
        Verb::Update => 1,
        Verb::Restore | Verb::Insert => 2,
    });
    let moves_keys = changes.iter().any(|(_, change)| change.verb == Verb::Update && keys_set(change).next().is_some());
    let mut waiting = VecDeque::from(changes);
    let (mut n, mut passed) = (0_i64, 0);
    while let Some((id, change)) = waiting.pop_front() {
        // Keys may go from row to row: who takes one waits for who still holds it. In a circle nobody can begin.
        if moves_keys && passed < waiting.len() && awaits(connection, *id, change, &waiting)? {
            waiting.push_back((id, change));
            passed += 1;
            continue;
        }
        passed = 0;
        let versions = row::apply(connection, *id, change, seq, now, &meta.component, &mut derived)?;
        connection.prepare_cached("INSERT INTO journal_rows VALUES(?,?,?,?,?,?,?,?)")?.execute(params![
            seq,
            n,
            change.collection.number,
            id,
            change.verb.word(),
            versions.0,
            versions.1,
            concerns_index(change)
        ])?;
        derived.follow_vector(connection, *id, change, set.vectors.get(id), versions.1)?;
        n += 1;
    }
    derived.finish(connection, seq)?;
    for (n, event) in (0_i64..).zip(&set.events) {
        connection.prepare_cached("INSERT INTO events VALUES(?,?,?,?)")?.execute(params![
            seq,
            n,
            event.name,
            event.payload
        ])?;
    }
    if let Some((subscriber, event_seq, n)) = &meta.acknowledges {
        acknowledge(connection, subscriber, *event_seq, *n)?;
    }
    if let Some(idempotent) = &meta.idempotent {
        let inserted = connection
            .prepare_cached("INSERT OR IGNORE INTO idempotency VALUES(?,?,?,?,?,?)")?
            .execute(params![meta.principal, idempotent.key, idempotent.arguments, idempotent.result, seq, now])?;
        if inserted == 0 {
            return Err(StoreError::Conflict("the idempotency key was used meanwhile".into()));
        }
    }
    Ok(Committed { seq: seq.unsigned_abs(), at: now.unsigned_abs(), embed_pending: derived.pending })
}

/// The unique keys whose values a change of a row sets, by their fields.
fn keys_set(change: &RowChange) -> impl Iterator<Item = Vec<usize>> {
    let places = |fields: &Vec<String>| -> Vec<usize> {
        fields.iter().filter_map(|field| Some(change.collection.column(field).ok()?.0)).collect()
    };
    let touched = |places: &Vec<usize>| change.set.iter().any(|(column, _)| places.contains(column));
    (change.collection.spec.unique.values().map(places)).filter(move |key| change.verb != Verb::Update || touched(key))
}

/// Whether a row among those still to be changed holds a unique key that this change takes.
fn awaits(
    connection: &Connection,
    id: i64,
    change: &RowChange,
    waiting: &VecDeque<(&i64, &RowChange)>,
) -> Result<bool> {
    if matches!(change.verb, Verb::Delete | Verb::Erase) {
        return Ok(false);
    }
    for places in keys_set(change) {
        let mut sql = format!("SELECT id FROM \"{}\" WHERE deleted_at IS NULL", change.collection.table);
        let mut values = Vec::with_capacity(places.len());
        for place in places {
            let Some(column) = change.collection.columns.get(place) else { continue };
            _ = write!(sql, " AND \"{}\" = ?", column.name);
            values.push(change.row.get(place).cloned().unwrap_or(Sql::Null));
        }
        let holder: Option<i64> =
            connection.prepare_cached(&sql)?.query_row(params_from_iter(&values), |row| row.get(0)).optional()?;
        if holder.is_some_and(|holder| holder != id && waiting.iter().any(|(other, _)| **other == holder)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the in-memory indexes must look at the row again.
fn concerns_index(change: &RowChange) -> bool {
    let (embedded, searched) = (change.collection.embedded, &change.collection.searched);
    let held = |column| embedded == Some(column) || searched.contains(&column);
    (embedded.is_some() || !searched.is_empty())
        && (change.verb != Verb::Update
            || change.set.iter().any(|(column, _)| held(*column) || *column == at::NAMESPACE))
}

/// Journals vectors that came late, so that every process renews its index.
pub(super) fn journal_derived(
    connection: &Connection,
    (seq, at): (i64, i64),
    collection: i64,
    rows: &[(i64, i64)],
) -> Result<()> {
    insert_journal(connection, seq, at, &CommitMeta { kind: "derive".into(), ..CommitMeta::default() })?;
    for (n, (id, version)) in (0_i64..).zip(rows) {
        connection
            .prepare_cached("INSERT INTO journal_rows VALUES(?,?,?,?,'embed',?,?,1)")?
            .execute(params![seq, n, collection, id, version, version])?;
    }
    Ok(())
}

/// The next sequence and its time, which never goes back: an instant names one sequence.
pub(super) fn next(connection: &Connection) -> Result<(i64, i64)> {
    let last: Option<(i64, i64)> = connection
        .prepare_cached("SELECT seq, at FROM journal ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, last_at) = last.unwrap_or((0, 0));
    Ok((seq + 1, crate::space::now_ms().max(last_at)))
}

fn insert_journal(connection: &Connection, seq: i64, at: i64, meta: &CommitMeta) -> Result<()> {
    let (kind, undoes) = match meta.kind.split_once('=') {
        Some((kind, undoes)) => (kind, Some(undoes)),
        None => (meta.kind.as_str(), None),
    };
    connection.prepare_cached("INSERT INTO journal VALUES(?,?,?,?,?,?,?,?,?)")?.execute(params![
        seq,
        at,
        kind,
        meta.principal,
        meta.layer,
        meta.component,
        meta.operation,
        meta.arguments,
        undoes
    ])?;
    Ok(())
}

/// A holder of an older lease must not write after a newer one has.
fn check_fence(connection: &Connection, lease: &str, token: u64) -> Result<()> {
    let key = format!("fence:{lease}");
    let token = i64::try_from(token).unwrap_or(i64::MAX);
    let newest: Option<i64> = crate::database::meta(connection, &key)?;
    if newest.is_some_and(|newest| newest > token) {
        return Err(StoreError::Unavailable("another process has taken over this work".into()));
    }
    connection.prepare_cached("INSERT OR REPLACE INTO meta VALUES(?, ?)")?.execute(params![key, token])?;
    Ok(())
}

/// Moves a subscriber on; a conflict if another process has delivered this event already.
fn acknowledge(connection: &Connection, subscriber: &str, seq: u64, n: u64) -> Result<()> {
    let moved = connection
        .prepare_cached("UPDATE subscribers SET seq = ?2, n = ?3 WHERE name = ?1 AND (seq, n) < (?2, ?3)")?
        .execute(params![subscriber, seq as i64, n as i64])?;
    if moved == 0 {
        return Err(StoreError::Delivered);
    }
    Ok(())
}
