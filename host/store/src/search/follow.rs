//! How an in-memory index follows the journal: which rows to look at again, and which snapshots it can serve exactly.
//!
//! Whoever commits, this process or another, the journal tells: `journal_rows` where `reindex` is set and, for what is
//! derived from a row's neighbours, `context_changes`.

use super::index::{Kind, Snapshot};
use crate::collection::Collection;
use crate::database::Embedding;
use crate::error::Result;
use crate::namespace::Namespace;
use crate::space::{Space, sequence};
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Sequences an entry is kept for after it has ended. A snapshot further back is hardly held any more; if it is, the tables
/// serve it.
const KEPT: i64 = 10_000;
/// Blurred spans remembered: old snapshots do not live long.
const BLURRED: usize = 64;

/// An index of rows in memory.
pub(super) trait Follower: Sized + Send + Sync + 'static {
    /// What it is an index of, for the log.
    const SORT: &'static str;

    /// A table with about as many rows as would be loaded, quick to count.
    fn table(collection: &Collection, kind: Kind) -> String;

    /// Loads it for all rows that are not deleted, as a connection sees them.
    fn load(
        space: &Space,
        connection: &Connection,
        collection: &Collection,
        kind: Kind,
        namespaces: &mut Namespaces,
    ) -> Result<Self>;

    /// Takes in a row as a connection sees it, born at a sequence.
    fn renew(&mut self, connection: &Connection, collection: &Collection, kind: Kind, row: &Renewed) -> Result<()>;

    /// Ends a row's entry at a sequence.
    fn remove(&mut self, id: u64, dead: u64);

    /// Removes all there is of a row.
    fn erase(&mut self, id: u64);

    /// Drops what ended before the oldest sequence still asked for: when it is worth it, or `all` of it.
    fn compact(&mut self, oldest: u64, all: bool);

    /// Whether it lacks rows that a new one would have.
    fn is_outdated(&self) -> bool {
        false
    }

    /// Bytes held.
    fn bytes(&self) -> usize;
}

/// A row that has changed and is not deleted.
pub(super) struct Renewed {
    pub(super) id: i64,
    pub(super) seq: i64,
    /// By its number.
    pub(super) namespace: u32,
}

/// Namespaces by the number an index knows them by.
#[derive(Default)]
pub(super) struct Namespaces(HashMap<String, u32>);

impl Namespaces {
    pub(super) fn number(&mut self, namespace: &str) -> u32 {
        let next = self.0.len() as u32;
        match self.0.get(namespace) {
            Some(number) => *number,
            None => {
                self.0.insert(namespace.to_owned(), next);
                next
            }
        }
    }

    /// By number, which namespaces are in all of those wanted; none if that is every one.
    pub(super) fn covered(&self, wanted: &[Namespace]) -> Option<Vec<bool>> {
        let named: Vec<&Namespace> = wanted.iter().filter(|namespace| !namespace.as_str().is_empty()).collect();
        (!named.is_empty()).then(|| {
            let mut covered = vec![false; self.0.len()];
            for (name, number) in &self.0 {
                if let Some(slot) = covered.get_mut(*number as usize) {
                    *slot = named.iter().all(|namespace| namespace.covers(name));
                }
            }
            covered
        })
    }
}

/// An index and where it is in the journal.
pub(super) struct State<I> {
    pub(super) index: I,
    pub(super) namespaces: Namespaces,
    /// How often what is derived from rows had been made anew when it was loaded.
    pub(super) renewals: i64,
    /// The sequence it has caught up to.
    seq: i64,
    /// Snapshots before this sequence are not served.
    floor: i64,
    /// Spans of sequences in which a row changed more than once: a snapshot inside one is not served exactly.
    blurred: Vec<(i64, i64)>,
}

impl<I: Follower> State<I> {
    pub(super) fn load(space: &Space, connection: &Connection, collection: &Collection, kind: Kind) -> Result<Self> {
        let seq = sequence(connection)?;
        let renewals = Embedding::of(connection)?.renewals;
        let mut namespaces = Namespaces::default();
        let index = I::load(space, connection, collection, kind, &mut namespaces)?;
        Ok(Self { index, namespaces, renewals, seq, floor: seq, blurred: Vec::new() })
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    /// Whether what it finds for a snapshot is exact.
    pub(super) fn serves(&self, snapshot: &Snapshot<'_>) -> bool {
        self.renewals == snapshot.renewals
            && (self.floor..=self.seq).contains(&snapshot.seq)
            && !self.blurred.iter().any(|(from, to)| *from < snapshot.seq && snapshot.seq < *to)
    }

    /// Removes a row that was erased at a sequence. Older snapshots, which still see it, are then served by the tables.
    pub(super) fn erase(&mut self, id: i64, seq: i64) {
        self.index.erase(id.unsigned_abs());
        self.floor = self.floor.max(seq);
    }

    /// Brings the index to a sequence, that of the connection's snapshot.
    pub(super) fn catch_up(
        &mut self,
        connection: &Connection,
        collection: &Collection,
        kind: Kind,
        seq: i64,
    ) -> Result<()> {
        let mut touched: BTreeMap<i64, i64> = BTreeMap::new();
        let mut erased = HashSet::new();
        let mut twice = false;
        let mut statement = connection.prepare_cached(
            "SELECT id, seq, verb = 'erase' FROM journal_rows
             WHERE collection = ? AND reindex AND seq > ? AND seq <= ? ORDER BY seq",
        )?;
        let mut rows = statement.query([collection.number, self.seq, seq])?;
        while let Some(row) = rows.next()? {
            let (id, at): (i64, i64) = (row.get(0)?, row.get(1)?);
            twice |= touched.insert(id, at).is_some_and(|before| before != at);
            if row.get(2)? {
                erased.insert(id);
            }
        }
        if kind == Kind::Context {
            let mut statement = connection.prepare_cached(
                "SELECT id, seq FROM context_changes WHERE collection = ? AND seq > ? AND seq <= ? ORDER BY seq",
            )?;
            let mut rows = statement.query([collection.number, self.seq, seq])?;
            while let Some(row) = rows.next()? {
                let (id, at): (i64, i64) = (row.get(0)?, row.get(1)?);
                let before = touched.get(&id).copied();
                twice |= before.is_some_and(|before| before != at);
                touched.insert(id, before.map_or(at, |before| before.max(at)));
            }
        }
        if twice {
            self.blurred.push((self.seq, seq));
            let surplus = self.blurred.len().saturating_sub(BLURRED);
            self.blurred.drain(..surplus);
        }
        // In the order they happened, so that entries end in the order of their sequences.
        let mut touched: Vec<(i64, i64)> = touched.into_iter().map(|(id, at)| (at, id)).collect();
        touched.sort_unstable();
        let live = format!("SELECT namespace FROM \"{}\" WHERE id = ? AND deleted_at IS NULL", collection.table);
        for (at, id) in touched {
            if erased.contains(&id) {
                self.erase(id, at);
                continue;
            }
            let namespace: Option<String> =
                connection.prepare_cached(&live)?.query_row([id], |row| row.get(0)).optional()?;
            match namespace {
                Some(namespace) => {
                    let namespace = self.namespaces.number(&namespace);
                    self.index.renew(connection, collection, kind, &Renewed { id, seq: at, namespace })?;
                }
                None => self.index.remove(id.unsigned_abs(), at.unsigned_abs()),
            }
        }
        self.seq = seq;
        self.floor = self.floor.max(seq.saturating_sub(KEPT));
        // What was erased may also stand in what others had of it: in their context before.
        self.index.compact(self.floor.unsigned_abs(), !erased.is_empty());
        Ok(())
    }
}
