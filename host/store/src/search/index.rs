//! The in-memory vector indexes of a space, loaded from sqlite-vec when first needed and kept up by the journal.
//!
//! A search first catches the index up to its snapshot's sequence S from the journal's tail, then scans what was born
//! at or before S and not dead by then. Whoever commits, this process or another, the journal tells.

use crate::collection::Collection;
use crate::database::Embedding;
use crate::error::Result;
use crate::namespace::Namespace;
use crate::space::{Space, lock, sequence};
use crate::vector::{Filter, IdSet, VectorIndex};
use crate::writer::load_vector;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::text::Frequencies;

/// Rows loaded on the spot; more are loaded in the background while sqlite-vec serves.
const LOADED_INLINE: i64 = 20_000;

/// Which of a collection's vectors: the row's own, or its sequence neighbours'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Own,
    Context,
}

impl Kind {
    /// The sqlite-vec table is this with `__vec`.
    pub(super) fn table(self, collection: &Collection) -> String {
        match self {
            Self::Own => collection.table.clone(),
            Self::Context => format!("{}__context", collection.table),
        }
    }
}

/// All vector indexes of a space, and the term counts.
#[derive(Default)]
pub(crate) struct Indexes {
    slots: Mutex<HashMap<(i64, Kind), Arc<Slot>>>,
    pub(super) frequencies: Frequencies,
}

/// One index, absent until it is loaded.
#[derive(Default)]
struct Slot {
    loading: AtomicBool,
    state: RwLock<Option<State>>,
}

struct State {
    index: VectorIndex,
    /// The sequence it has caught up to.
    seq: i64,
    /// Namespaces by the number the index knows them by.
    namespaces: HashMap<String, u32>,
    /// How often all vectors had been made anew when it was loaded.
    renewals: i64,
    /// Snapshots before this sequence are not served.
    floor: i64,
    /// Spans of sequences in which a row changed more than once: a snapshot inside one is not served exactly.
    blurred: Vec<(i64, i64)>,
}

/// What the caller wants near a query vector.
pub(super) struct Wanted<'a> {
    pub(super) query: &'a [f32],
    pub(super) candidates: usize,
    pub(super) namespaces: &'a [Namespace],
    pub(super) allowed: Option<&'a IdSet>,
    pub(super) masked: Option<&'a IdSet>,
    /// How often all vectors were made anew, by the snapshot.
    pub(super) renewals: i64,
}

impl Indexes {
    fn slot(&self, collection: &Collection, kind: Kind) -> Arc<Slot> {
        Arc::clone(lock(&self.slots).entry((collection.number, kind)).or_default())
    }

    /// Ids near a vector at a snapshot with their cosines, best first; `None` when the index cannot serve it yet.
    pub(super) fn nearest(
        &self,
        space: &Arc<Space>,
        connection: &Connection,
        seq: i64,
        collection: &Arc<Collection>,
        kind: Kind,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Vec<(i64, f64)>>> {
        let slot = self.slot(collection, kind);
        if !slot.ready(space, connection, collection, kind, wanted.renewals)? {
            return Ok(None);
        }
        slot.catch_up(connection, collection, kind, seq)?;
        let state = slot.state.read().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = state.as_ref() else {
            return Ok(None);
        };
        if state.renewals != wanted.renewals
            || seq < state.floor
            || state.blurred.iter().any(|(from, to)| *from < seq && seq < *to)
        {
            return Ok(None);
        }
        let named: Vec<&Namespace> =
            wanted.namespaces.iter().filter(|namespace| !namespace.as_str().is_empty()).collect();
        let allowed = (!named.is_empty()).then(|| {
            let mut allowed = vec![false; state.namespaces.len()];
            for (name, number) in &state.namespaces {
                if let Some(slot) = allowed.get_mut(*number as usize) {
                    *slot = named.iter().all(|namespace| namespace.covers(name));
                }
            }
            allowed
        });
        let filter = Filter { namespaces: allowed.as_deref(), ids: wanted.allowed, excluded: wanted.masked };
        let found = state.index.search(wanted.query, wanted.candidates, seq.unsigned_abs(), &filter);
        Ok(Some(found.into_iter().map(|found| (found.id as i64, f64::from(found.score))).collect()))
    }

    /// Removes a row's vectors from memory.
    pub(crate) fn erase(&self, collection: &Collection, id: i64) {
        for kind in [Kind::Own, Kind::Context] {
            let slot = self.slot(collection, kind);
            let mut state = slot.state.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(state) = state.as_mut() {
                state.index.erase(id.unsigned_abs());
            }
        }
    }

    /// Drops everything: after a restore or a change of model.
    pub(crate) fn clear(&self) {
        lock(&self.slots).clear();
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |slot: &Arc<Slot>| {
            slot.state.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |state| state.index.bytes())
        };
        lock(&self.slots).values().map(bytes).sum()
    }
}

impl Slot {
    /// Whether the index is there; starts loading it if not.
    fn ready(
        self: &Arc<Self>,
        space: &Arc<Space>,
        connection: &Connection,
        collection: &Arc<Collection>,
        kind: Kind,
        renewals: i64,
    ) -> Result<bool> {
        // One older than the snapshot's vectors is of no use to anybody who comes.
        let there = |state: &Option<State>| state.as_ref().is_some_and(|state| state.renewals >= renewals);
        if there(&self.state.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(true);
        }
        let table = kind.table(collection);
        let rows: i64 = connection
            .prepare_cached(&format!("SELECT count(*) FROM \"{table}__vec_rowids\""))?
            .query_row([], |row| row.get(0))?;
        if self.loading.swap(true, Ordering::AcqRel) {
            return Ok(false);
        }
        let dimension = space.options.dimension;
        if rows <= LOADED_INLINE {
            let loaded = load(connection, collection, kind, dimension);
            self.loading.store(false, Ordering::Release);
            self.publish(loaded?);
            return Ok(true);
        }
        let (slot, space, collection) = (Arc::clone(self), Arc::clone(space), Arc::clone(collection));
        std::thread::spawn(move || {
            let loaded = space.with_reader(|connection| {
                connection.execute_batch("BEGIN")?;
                let loaded = load(connection, &collection, kind, dimension);
                connection.execute_batch("COMMIT")?;
                loaded
            });
            match loaded {
                Ok(state) => slot.publish(state),
                Err(error) => {
                    tracing::warn!(%error, collection = collection.name(), "vector index not loaded")
                }
            }
            slot.loading.store(false, Ordering::Release);
        });
        Ok(false)
    }

    fn publish(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    /// Brings the index to a sequence from the journal.
    fn catch_up(&self, connection: &Connection, collection: &Collection, kind: Kind, seq: i64) -> Result<()> {
        let behind = |state: &Option<State>| state.as_ref().is_some_and(|state| state.seq < seq);
        if !behind(&self.state.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // Another search may have done it while this one waited.
        if !behind(&guard) {
            return Ok(());
        }
        if let Some(state) = guard.as_mut() {
            state.catch_up(connection, collection, kind, seq)?;
        }
        Ok(())
    }
}

impl State {
    fn number(&mut self, namespace: &str) -> u32 {
        let next = self.namespaces.len() as u32;
        match self.namespaces.get(namespace) {
            Some(number) => *number,
            None => {
                self.namespaces.insert(namespace.to_owned(), next);
                next
            }
        }
    }

    fn catch_up(&mut self, connection: &Connection, collection: &Collection, kind: Kind, seq: i64) -> Result<()> {
        let mut touched: BTreeMap<i64, i64> = BTreeMap::new();
        let mut twice = false;
        let mut statement = connection.prepare_cached(
            "SELECT id, seq FROM journal_rows WHERE collection = ? AND reindex AND seq > ? AND seq <= ? ORDER BY seq",
        )?;
        let mut rows = statement.query([collection.number, self.seq, seq])?;
        while let Some(row) = rows.next()? {
            let (id, at): (i64, i64) = (row.get(0)?, row.get(1)?);
            twice |= touched.insert(id, at).is_some_and(|before| before != at);
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
            // Old snapshots do not live long.
            let surplus = self.blurred.len().saturating_sub(64);
            self.blurred.drain(..surplus);
        }
        let table = kind.table(collection);
        let live = format!("SELECT namespace FROM \"{}\" WHERE id = ? AND deleted_at IS NULL", collection.table);
        for (id, at) in touched {
            let namespace: Option<String> =
                connection.prepare_cached(&live)?.query_row([id], |row| row.get(0)).optional()?;
            let vector = load_vector(connection, &table, id)?;
            match (namespace, vector) {
                (Some(namespace), Some(vector)) => {
                    let number = self.number(&namespace);
                    self.index.insert(id.unsigned_abs(), number, at.unsigned_abs(), &vector);
                }
                _ => self.index.remove(id.unsigned_abs(), at.unsigned_abs()),
            }
        }
        self.seq = seq;
        // A snapshot this far back is hardly held any more; if it is, sqlite-vec serves it.
        let oldest = seq.saturating_sub(10_000).max(0);
        self.index.compact(oldest.unsigned_abs());
        self.floor = self.floor.max(oldest);
        Ok(())
    }
}

/// Loads all vectors of a collection as a connection sees them.
fn load(connection: &Connection, collection: &Collection, kind: Kind, dimension: usize) -> Result<State> {
    let seq = sequence(connection)?;
    let mut state = State {
        index: VectorIndex::new(dimension),
        seq,
        renewals: Embedding::of(connection)?.renewals,
        namespaces: HashMap::new(),
        floor: seq,
        blurred: Vec::new(),
    };
    let rows: HashMap<i64, (String, i64)> = connection
        .prepare(&format!("SELECT id, namespace, _seq FROM \"{}\" WHERE deleted_at IS NULL", collection.table))?
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect::<rusqlite::Result<_>>()?;
    let mut statement =
        connection.prepare(&format!("SELECT id, embedding FROM \"{}__vec\"", kind.table(collection)))?;
    let mut vectors = statement.query([])?;
    const BATCH: usize = 4096;
    let (mut ids, mut numbers, mut born, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    loop {
        let row = vectors.next()?;
        if let Some(row) = row {
            let id: i64 = row.get(0)?;
            let Some((namespace, row_seq)) = rows.get(&id) else {
                continue;
            };
            ids.push(id.unsigned_abs());
            numbers.push(state.number(namespace));
            born.push(row_seq.unsigned_abs());
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            values.extend(bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)));
        }
        if row.is_none() || ids.len() == BATCH {
            state.index.bulk_load(&ids, &numbers, &born, &values);
            ids.clear();
            numbers.clear();
            born.clear();
            values.clear();
        }
        if row.is_none() {
            return Ok(state);
        }
    }
}
