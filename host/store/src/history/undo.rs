//! Undo: the inverse of a transaction, or of all that one component wrote, as a new write-set.
//!
//! Refused, naming the rows, when a transaction outside the undone set changed one of them later or cites one that
//! would go.

use crate::collection::{Collection, at};
use crate::error::{Result, StoreError};
use crate::row::{Values, int};
use crate::space::Space;
use crate::write_set::{RowChange, Verb, WriteSet};
use indexmap::IndexMap;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoTarget {
    /// One commit.
    Transaction(u64),
    /// Everything a component wrote, by its digest.
    Component(String),
    /// All commits of a consolidation run.
    Run(String),
}

impl UndoTarget {
    /// How the journal names it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Transaction(seq) => seq.to_string(),
            Self::Component(digest) => format!("component {digest}"),
            Self::Run(run) => format!("run {run}"),
        }
    }

    /// Reads what [`UndoTarget::name`] wrote.
    fn parse(name: &str) -> Self {
        match name.split_once(' ') {
            Some(("run", run)) => Self::Run(run.to_owned()),
            Some((_, digest)) => Self::Component(digest.to_owned()),
            None => Self::Transaction(name.parse().unwrap_or_default()),
        }
    }

    /// Its transactions before a sequence.
    fn sequences(&self, connection: &Connection, before: i64) -> Result<Vec<i64>> {
        let (which, value) = match self {
            Self::Transaction(seq) => ("seq = ?", Sql::Integer(*seq as i64)),
            Self::Component(digest) => ("component = ? AND kind != 'undo'", Sql::Text(digest.clone())),
            Self::Run(run) => ("kind = 'consolidation' AND operation = ?", Sql::Text(run.clone())),
        };
        let mut statement = connection.prepare_cached(&format!("SELECT seq FROM journal WHERE {which} AND seq < ?"))?;
        let sequences = statement.query_map(params![value, before], |row| row.get(0))?;
        Ok(sequences.collect::<rusqlite::Result<_>>()?)
    }
}

/// Rows named in a refusal, at most.
const NAMED: usize = 10;

impl Space {
    /// The write-set that undoes a target; commit it with kind `undo=..`. It is a conflict if a row changes meanwhile.
    ///
    /// # Errors
    /// `not-found` for an unknown target; `conflict` naming the rows that later writes depend on.
    pub fn plan_undo(&self, target: &UndoTarget) -> Result<WriteSet> {
        self.with_reader(|connection| {
            connection.execute_batch("BEGIN")?;
            let plan = self.plan(connection, target);
            connection.execute_batch("COMMIT")?;
            plan
        })
    }

    fn plan(&self, connection: &Connection, target: &UndoTarget) -> Result<WriteSet> {
        let mut undone: HashSet<i64> = target.sequences(connection, i64::MAX)?.into_iter().collect();
        if undone.is_empty() {
            return Err(StoreError::NotFound(format!("the journal of `{}` has no {}", self.name(), target.name())));
        }
        add_undoing(connection, target, &mut undone)?;
        let neutral = neutral(connection, &undone)?;
        let rows = self.rows_of(connection, &undone)?;
        let mut blockers = Vec::new();
        let mut write_set = WriteSet::default();
        // Last change first: so unique keys that went from row to row go back the same way.
        for (id, row) in rows.iter().rev() {
            if let Some((seq, verb)) = later_write(connection, *id, row.first, &undone, &neutral)? {
                let by = author(connection, seq)?;
                blockers.push(match verb == Verb::Erase.word() {
                    true => format!("{}:{id} was erased by {by}, for good", row.collection.name()),
                    false => format!("{}:{id} was changed by {by}", row.collection.name()),
                });
                continue;
            }
            let Some(change) = inverse(connection, &row.collection, *id, row.before)? else {
                continue;
            };
            if change.verb == Verb::Delete {
                let citing = self.citing_rows(connection, *id)?;
                for (citing, of) in citing.into_iter().filter(|(citing, _)| !rows.contains_key(citing)) {
                    let by = author(connection, maker(connection, citing)?)?;
                    blockers.push(format!("{}:{id} is cited by {of}:{citing} of {by}", row.collection.name()));
                }
            }
            write_set.changes.insert(*id, change);
        }
        if !blockers.is_empty() {
            let more = blockers.len().saturating_sub(NAMED);
            blockers.truncate(NAMED);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            return Err(StoreError::Conflict(format!(
                "not undone, later writes depend on it: {}{more}; undo those first",
                blockers.join("; ")
            )));
        }
        Ok(write_set)
    }

    /// The rows a set of transactions changed: when first, and the version before that; in the order of their first change.
    fn rows_of(&self, connection: &Connection, undone: &HashSet<i64>) -> Result<IndexMap<i64, Undone>> {
        let mut rows: IndexMap<i64, Undone> = IndexMap::new();
        let mut sequences: Vec<_> = undone.iter().copied().collect();
        sequences.sort_unstable();
        let mut statement = connection
            .prepare_cached("SELECT id, collection, verb, before FROM journal_rows WHERE seq = ? ORDER BY n")?;
        for seq in sequences {
            let mut found = statement.query([seq])?;
            while let Some(row) = found.next()? {
                let (id, number, verb, before): (i64, i64, String, Option<i64>) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                if verb == Verb::Erase.word() {
                    return Err(StoreError::Conflict(format!(
                        "not undone: transaction {seq} erased row {id}, and nothing of it is left"
                    )));
                }
                let Some(collection) = self.collection_by_number(number) else {
                    continue;
                };
                rows.entry(id).or_insert(Undone { collection, first: seq, before });
            }
        }
        Ok(rows)
    }

    /// Live rows that name a row as their source.
    fn citing_rows(&self, connection: &Connection, id: i64) -> Result<Vec<(i64, String)>> {
        let mut statement = connection
            .prepare_cached("SELECT c.id, i.collection FROM citations c JOIN ids i USING(id) WHERE c.source = ?")?;
        let mut rows = statement.query([id])?;
        let mut citing = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, number): (i64, i64) = (row.get(0)?, row.get(1)?);
            let Some(collection) = self.collection_by_number(number) else {
                continue;
            };
            let sql = format!("SELECT 1 FROM \"{}\" WHERE id = ? AND deleted_at IS NULL", collection.table);
            if connection.prepare_cached(&sql)?.exists([id])? {
                citing.push((id, collection.name().to_owned()));
            }
        }
        Ok(citing)
    }
}

/// Adds the transactions that undid members of the set: together they change nothing, and must not stand in the way.
fn add_undoing(connection: &Connection, target: &UndoTarget, undone: &mut HashSet<i64>) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT seq, undoes FROM journal WHERE kind = 'undo' AND undoes IS NOT NULL AND seq > ? ORDER BY seq",
    )?;
    let first = undone.iter().min().copied().unwrap_or_default();
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        let (seq, undoes): (i64, String) = (row.get(0)?, row.get(1)?);
        if undoes == target.name() || undoes.parse().is_ok_and(|undoes| undone.contains(&undoes)) {
            undone.insert(seq);
        }
    }
    Ok(())
}

struct Undone {
    collection: Arc<Collection>,
    first: i64,
    before: Option<i64>,
}

/// The later transactions that are undone, and those that undid them: the pairs change nothing. With each, where its pair
/// begins: one that began before a row's first undone change is no longer neutral to that row.
fn neutral(connection: &Connection, undone: &HashSet<i64>) -> Result<HashMap<i64, i64>> {
    let first = undone.iter().min().copied().unwrap_or_default();
    let mut statement = connection.prepare(
        "SELECT seq, undoes FROM journal WHERE kind = 'undo' AND undoes IS NOT NULL AND seq > ? ORDER BY seq DESC",
    )?;
    let mut neutral = HashMap::new();
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        let (seq, undoes): (i64, String) = (row.get(0)?, row.get(1)?);
        // Newest first: an undo that was undone itself is known by now, and took nothing back.
        if neutral.contains_key(&seq) {
            continue;
        }
        let targets = UndoTarget::parse(&undoes).sequences(connection, seq)?;
        let begin = targets.iter().min().copied().unwrap_or(seq);
        neutral.extend(targets.into_iter().map(|target| (target, begin)));
        neutral.insert(seq, begin);
    }
    Ok(neutral)
}

/// A transaction outside the set that wrote a row after a sequence; one that erased it before all others.
fn later_write(
    connection: &Connection,
    id: i64,
    after: i64,
    undone: &HashSet<i64>,
    neutral: &HashMap<i64, i64>,
) -> Result<Option<(i64, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT r.seq, r.verb FROM journal_rows r JOIN journal j USING(seq)
         WHERE r.id = ? AND r.seq > ? AND j.kind != 'derive' ORDER BY r.verb != 'erase', r.seq",
    )?;
    let mut rows = statement.query(params![id, after])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        if !undone.contains(&seq) && neutral.get(&seq).is_none_or(|begin| *begin <= after) {
            return Ok(Some((seq, row.get(1)?)));
        }
    }
    Ok(None)
}

/// The transaction that made a row.
fn maker(connection: &Connection, id: i64) -> Result<i64> {
    let mut statement = connection.prepare_cached("SELECT min(seq) FROM journal_rows WHERE id = ?")?;
    Ok(statement.query_row([id], |row| row.get::<_, Option<i64>>(0))?.unwrap_or_default())
}

/// A transaction, and what undoes it where that is more than the transaction.
fn author(connection: &Connection, seq: i64) -> Result<String> {
    let mut statement = connection.prepare_cached("SELECT kind, operation FROM journal WHERE seq = ?")?;
    let found: Option<(String, String)> =
        statement.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(match found {
        Some((kind, run)) if kind == "consolidation" => format!("transaction {seq}, run {run}"),
        _ => format!("transaction {seq}"),
    })
}

/// The change that brings a row back to a version, or away if it had none; nothing if it is as it was.
fn inverse(
    connection: &Connection,
    collection: &Arc<Collection>,
    id: i64,
    before: Option<i64>,
) -> Result<Option<RowChange>> {
    let (columns, table) = (collection.column_list(""), &collection.table);
    let read = |row: &rusqlite::Row<'_>| (0..collection.columns.len()).map(|nth| row.get(nth)).collect();
    let current: Option<Values> = connection
        .prepare_cached(&format!("SELECT {columns} FROM \"{table}\" WHERE id = ?"))?
        .query_row([id], read)
        .optional()?;
    let Some(current) = current else {
        return Ok(None);
    };
    let live = current.get(at::DELETED) == Some(&Sql::Null);
    let expected = int(&current, at::VERSION);
    let change =
        |verb, set, row| RowChange { collection: Arc::clone(collection), verb, expected, set, steps: Vec::new(), row };
    let Some(version) = before else {
        return Ok(live.then(|| change(Verb::Delete, Vec::new(), current)));
    };
    let old: Option<Values> = connection
        .prepare_cached(&format!("SELECT {columns} FROM \"{table}__history\" WHERE id = ? AND version = ?"))?
        .query_row([id, version], read)
        .optional()?;
    let Some(old) = old else {
        return Err(StoreError::Conflict(format!("{}:{id} has no version {version} any more", collection.name())));
    };
    let restorable = |place: &usize| *place == at::NAMESPACE || *place > at::DELETED && *place != at::COMPONENT;
    let set: Vec<(usize, Sql)> = (0..current.len())
        .filter(restorable)
        .filter_map(|place| Some((place, old.get(place)?.clone())))
        .filter(|(place, value)| current.get(*place) != Some(value))
        .collect();
    let was_live = old.get(at::DELETED) == Some(&Sql::Null);
    Ok(match (was_live, live) {
        (true, false) => Some(change(Verb::Restore, set, old)),
        (false, true) => Some(change(Verb::Delete, set, old)),
        _ if set.is_empty() => None,
        _ => Some(change(Verb::Update, set, old)),
    })
}
