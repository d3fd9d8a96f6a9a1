//! The in-memory indexes of a space, loaded from its tables when first needed, on the spot or in the background.
//!
//! A search first catches the index up to its snapshot's sequence S from the journal's tail (`follow`), then looks among what
//! was born at or before S and not dead by then. Where that cannot be exact, it answers that it cannot serve, and the tables
//! of sqlite-vec and FTS5, read inside the snapshot, do.

use super::follow::{Follower, State};
use super::text::Frequencies;
use crate::collection::Collection;
use crate::database::Embedding;
use crate::entries::{Candidate, Filter, IdSet};
use crate::error::Result;
use crate::namespace::Namespace;
use crate::postings::TextIndex;
use crate::space::{Space, lock, sequence};
use crate::vector::VectorIndex;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Rows loaded on the spot; more are loaded in the background while sqlite-vec or FTS5 serves.
const LOADED_INLINE: i64 = 20_000;

/// Which of a collection's vectors or texts: the row's own, or its sequence neighbours'.
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

/// All indexes of a space, and the term counts.
#[derive(Default)]
pub(crate) struct Indexes {
    vectors: Slots<VectorIndex>,
    texts: Slots<TextIndex>,
    pub(super) frequencies: Frequencies,
}

/// Indexes of one sort by collection and kind.
type Slots<I> = Mutex<HashMap<(i64, Kind), Arc<Slot<I>>>>;

/// One index, absent until it is loaded.
struct Slot<I> {
    loading: AtomicBool,
    state: RwLock<Option<State<I>>>,
}

/// The snapshot a search sees.
pub(super) struct Snapshot<'a> {
    pub(super) space: &'a Arc<Space>,
    pub(super) connection: &'a Connection,
    pub(super) seq: i64,
    /// How often what is derived from rows had been made anew.
    pub(super) renewals: i64,
}

/// What the caller wants of an index.
pub(super) struct Wanted<'a> {
    pub(super) candidates: usize,
    pub(super) namespaces: &'a [Namespace],
    pub(super) allowed: Option<&'a IdSet>,
    pub(super) masked: Option<&'a IdSet>,
}

/// Ids with their scores, best first; `None` when the index cannot serve this snapshot, or not yet.
type Served = Result<Option<Vec<(i64, f64)>>>;

impl Indexes {
    /// Ids near a vector, with their cosines.
    pub(super) fn nearest(
        &self,
        snapshot: &Snapshot<'_>,
        collection: &Arc<Collection>,
        kind: Kind,
        query: &[f32],
        wanted: &Wanted<'_>,
    ) -> Served {
        served(&self.vectors, snapshot, collection, kind, wanted, |index, filter| {
            Some(index.search(query, wanted.candidates, snapshot.seq.unsigned_abs(), filter))
        })
    }

    /// Ids of rows with any of some words, by BM25.
    pub(super) fn matching(
        &self,
        snapshot: &Snapshot<'_>,
        collection: &Arc<Collection>,
        kind: Kind,
        words: &[String],
        wanted: &Wanted<'_>,
    ) -> Served {
        served(&self.texts, snapshot, collection, kind, wanted, |index, filter| {
            let search = || index.search(words, wanted.candidates, snapshot.seq.unsigned_abs(), filter);
            (!index.is_full()).then(search)
        })
    }

    /// Begins to load, in the background, what would not be loaded on the spot by the first search; answers how many indexes.
    pub(crate) fn warm(&self, space: &Arc<Space>) -> Result<usize> {
        space.with_reader(|connection| {
            let renewals = Embedding::of(connection)?.renewals;
            let snapshot = Snapshot { space, connection, seq: sequence(connection)?, renewals };
            let mut begun = 0;
            for collection in space.collections() {
                let kinds = [Some(Kind::Own), collection.spec().sequence.as_ref().map(|_| Kind::Context)];
                for kind in kinds.into_iter().flatten() {
                    if collection.embedded.is_some() {
                        begun +=
                            usize::from(slot(&self.vectors, &collection, kind).warm(&snapshot, &collection, kind)?);
                    }
                    if !collection.searched.is_empty() {
                        begun +=
                            usize::from(slot(&self.texts, &collection, kind).warm(&snapshot, &collection, kind)?);
                    }
                }
            }
            Ok(begun)
        })
    }

    /// Removes a row's vectors and words from memory, erased by the commit of a sequence.
    pub(crate) fn erase(&self, collection: &Collection, id: i64, seq: i64) {
        for kind in [Kind::Own, Kind::Context] {
            slot(&self.vectors, collection, kind).erase(id, seq);
            slot(&self.texts, collection, kind).erase(id, seq);
        }
    }

    /// Drops everything: after a restore or a change of model.
    pub(crate) fn clear(&self) {
        lock(&self.vectors).clear();
        lock(&self.texts).clear();
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        bytes(&self.vectors) + bytes(&self.texts)
    }
}

fn slot<I>(slots: &Slots<I>, collection: &Collection, kind: Kind) -> Arc<Slot<I>> {
    Arc::clone(lock(slots).entry((collection.number, kind)).or_default())
}

fn bytes<I: Follower>(slots: &Slots<I>) -> usize {
    let bytes = |slot: &Arc<Slot<I>>| {
        slot.state.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, |state| state.index.bytes())
    };
    lock(slots).values().map(bytes).sum()
}

/// Searches an index at a snapshot, once it is there and has caught up.
fn served<I: Follower>(
    slots: &Slots<I>,
    snapshot: &Snapshot<'_>,
    collection: &Arc<Collection>,
    kind: Kind,
    wanted: &Wanted<'_>,
    search: impl FnOnce(&I, &Filter<'_>) -> Option<Vec<Candidate>>,
) -> Served {
    let slot = slot(slots, collection, kind);
    if !slot.ready(snapshot, collection, kind)? {
        return Ok(None);
    }
    slot.catch_up(snapshot, collection, kind)?;
    let state = slot.state.read().unwrap_or_else(PoisonError::into_inner);
    let Some(state) = state.as_ref().filter(|state| state.serves(snapshot)) else {
        return Ok(None);
    };
    let namespaces = state.namespaces.covered(wanted.namespaces);
    let filter = Filter { namespaces: namespaces.as_deref(), ids: wanted.allowed, excluded: wanted.masked };
    let found = search(&state.index, &filter);
    Ok(found.map(|found| found.into_iter().map(|found| (found.id as i64, f64::from(found.score))).collect()))
}

impl<I> Default for Slot<I> {
    fn default() -> Self {
        Self { loading: AtomicBool::new(false), state: RwLock::new(None) }
    }
}

impl<I: Follower> Slot<I> {
    /// Whether the index is there; starts loading it if not.
    fn ready(self: &Arc<Self>, snapshot: &Snapshot<'_>, collection: &Arc<Collection>, kind: Kind) -> Result<bool> {
        // One older than what the snapshot has was made from something else, and is of no use to anybody who comes.
        let there = |state: &Option<State<I>>| state.as_ref().is_some_and(|state| state.renewals >= snapshot.renewals);
        let seq = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            state.as_ref().filter(|_| there(&state)).map(State::seq)
        };
        if let Some(seq) = seq
            && !Self::is_far_behind(snapshot, collection, seq)?
        {
            return Ok(true);
        }
        if self.loading.swap(true, Ordering::AcqRel) {
            return Ok(false);
        }
        let large = Self::is_large(snapshot, collection, kind);
        if !matches!(large, Ok(true)) {
            let loaded = large.and_then(|_| State::load(snapshot.space, snapshot.connection, collection, kind));
            self.loading.store(false, Ordering::Release);
            self.publish(loaded?);
            return Ok(true);
        }
        self.load_behind(snapshot.space, collection, kind);
        Ok(false)
    }

    /// Begins to load a large index that is not there.
    fn warm(self: &Arc<Self>, snapshot: &Snapshot<'_>, collection: &Arc<Collection>, kind: Kind) -> Result<bool> {
        let there = self.state.read().unwrap_or_else(PoisonError::into_inner).is_some();
        if there || !Self::is_large(snapshot, collection, kind)? || self.loading.swap(true, Ordering::AcqRel) {
            return Ok(false);
        }
        self.load_behind(snapshot.space, collection, kind);
        Ok(true)
    }

    /// Whether so many rows have changed since a sequence that the index is better loaded anew than caught up while others wait.
    fn is_far_behind(snapshot: &Snapshot<'_>, collection: &Collection, seq: i64) -> Result<bool> {
        if snapshot.seq - seq <= LOADED_INLINE {
            return Ok(false);
        }
        let rows: i64 = snapshot
            .connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM journal_rows WHERE collection = ? AND reindex AND seq > ? LIMIT ?)",
            )?
            .query_row([collection.number, seq, LOADED_INLINE + 1], |row| row.get(0))?;
        Ok(rows > LOADED_INLINE)
    }

    /// Whether it has too many rows to be loaded while somebody waits.
    fn is_large(snapshot: &Snapshot<'_>, collection: &Collection, kind: Kind) -> Result<bool> {
        let rows = format!("SELECT count(*) FROM (SELECT 1 FROM \"{}\" LIMIT ?)", I::table(collection, kind));
        let rows: i64 =
            (snapshot.connection.prepare_cached(&rows)?).query_row([LOADED_INLINE + 1], |row| row.get(0))?;
        Ok(rows > LOADED_INLINE)
    }

    /// Loads it in a thread; who has set `loading` may.
    fn load_behind(self: &Arc<Self>, space: &Arc<Space>, collection: &Arc<Collection>, kind: Kind) {
        let (slot, space, collection) = (Arc::clone(self), Arc::clone(space), Arc::clone(collection));
        std::thread::spawn(move || {
            let loaded = space.with_reader(|connection| {
                connection.execute_batch("BEGIN")?;
                let loaded = State::load(&space, connection, &collection, kind);
                connection.execute_batch("COMMIT")?;
                loaded
            });
            match loaded {
                Ok(state) => slot.publish(state),
                Err(error) => {
                    tracing::warn!(%error, collection = collection.name(), "{} index not loaded", I::SORT)
                }
            }
            slot.loading.store(false, Ordering::Release);
        });
    }

    fn publish(&self, state: State<I>) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    /// Brings the index to the snapshot's sequence from the journal.
    fn catch_up(&self, snapshot: &Snapshot<'_>, collection: &Collection, kind: Kind) -> Result<()> {
        let behind = |state: &Option<State<I>>| state.as_ref().is_some_and(|state| state.seq() < snapshot.seq);
        if !behind(&self.state.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // Another search may have done it while this one waited.
        if !behind(&guard) {
            return Ok(());
        }
        if let Some(state) = guard.as_mut() {
            state.catch_up(snapshot.connection, collection, kind, snapshot.seq)?;
        }
        // The tables serve until the next search has loaded it anew.
        if guard.as_ref().is_some_and(|state| state.index.is_outdated()) {
            *guard = None;
        }
        Ok(())
    }

    fn erase(&self, id: i64, seq: i64) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = state.as_mut() {
            state.erase(id, seq);
        }
    }
}
