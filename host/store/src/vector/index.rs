//! The index of one collection: its rows, how they come and go, and the way of a search.

use super::rotate::Rotation;
use super::scan::{self, View};
use super::segment::{Entry, ROWS, Segment, largest, query_codes};
use super::sign::{self, Centre};
use super::simd::Kernels;
use super::threads;
use super::top::Top;
use crate::entries::{Candidate, Filter, NONE, Slots};

/// From so many rows on, sign codes pick a short list first; below, scoring all in int8 is as quick.
const SIGNS_FROM: usize = 32 * 1024;
/// Rows on the short list: so many for each candidate asked for, at least this many, and at least one row in so many. Measured
/// at 256 places: recall@10 of 0.98 and more at 100,000 and 1,000,000 rows, of text as of noise.
const LISTED_PER_CANDIDATE: usize = 32;
const LISTED_AT_LEAST: usize = 4096;
const LISTED_ONE_IN: usize = 64;
/// When the index has grown by this factor, sign codes are made anew around a new centre.
const REGROWTH: usize = 4;

/// The vectors of one collection in memory, searchable at any journal sequence that still has a reader.
///
/// All vectors must have unit length for scores to be cosines. A vector that is zero, not finite or of another dimension is
/// "not embedded": inserting it only ends the row's earlier entry. Beside the vector (two bytes a place, and from 32,768 rows on
/// one bit more) an entry takes about 50 bytes.
#[derive(Debug)]
pub(crate) struct VectorIndex {
    dimension: usize,
    rotation: Rotation,
    kernels: Kernels,
    /// Threads of one search or load; 0 is one, and more only where the index is so large that it pays (a load of 65,536 rows,
    /// a search in 2,097,152).
    threads: usize,
    signs_from: usize,
    /// All full but the last; slot `n` is row `n % ROWS` of segment `n / ROWS`.
    segments: Vec<Segment>,
    /// The newest entry of each id.
    slots: Slots,
    live: usize,
    /// There once the rows have sign codes.
    centre: Option<Centre>,
}

impl VectorIndex {
    /// An empty index for vectors of `dimension` numbers.
    pub(crate) fn new(dimension: usize) -> Self {
        Self {
            dimension,
            rotation: Rotation::new(dimension),
            kernels: Kernels::detect(),
            threads: 0,
            signs_from: SIGNS_FROM,
            segments: Vec::new(),
            slots: Slots::default(),
            live: 0,
            centre: None,
        }
    }

    /// Adds a row's vector, seen from journal sequence `born` on; an earlier live entry of the id is seen until then.
    pub(crate) fn insert(&mut self, id: u64, namespace: u32, born: u64, vector: &[f32]) {
        self.add(std::iter::once((id, namespace, born, vector)));
    }

    /// Adds many rows as [`VectorIndex::insert`] does, in order; `vectors` holds `dimension` numbers for each id.
    ///
    /// The slices must agree in length; what has no partner in the shortest is left out.
    pub(crate) fn bulk_load(&mut self, ids: &[u64], namespaces: &[u32], born: &[u64], vectors: &[f32]) {
        let vectors = vectors.chunks_exact(self.dimension.max(1));
        let rows = ids.iter().zip(namespaces).zip(born).zip(vectors);
        self.add(rows.map(|(((id, namespace), born), vector)| (*id, *namespace, *born, vector)));
    }

    /// Ends the live entry of `id`: it is not seen from journal sequence `dead` on. Without a live entry, nothing happens.
    pub(crate) fn remove(&mut self, id: u64, dead: u64) {
        if let Some(slot) = self.slots.get(id)
            && let Some(segment) = self.segments.get_mut(slot as usize / ROWS)
            && segment.end(slot as usize % ROWS, dead)
        {
            self.live -= 1;
        }
    }

    /// Overwrites all entries of `id` with zeros and drops them, for every reader.
    pub(crate) fn erase(&mut self, id: u64) {
        while let Some(slot) = self.slots.get(id) {
            self.drop_entry(slot);
        }
    }

    /// The nearest `candidates` rows to `query` by int8 score among those seen at journal sequence `at` and allowed by
    /// `filter`, scored anew by the finer codes, best first; of equal scores, the smaller id first.
    ///
    /// In a large index the choice is approximate. Ask for some ten times the rows wanted, and more than 98 of 100 of the true
    /// nearest are found. The query need not have unit length; one that is zero, not finite or of
    /// another dimension finds nothing.
    pub(crate) fn search(&self, query: &[f32], candidates: usize, at: u64, filter: &Filter<'_>) -> Vec<Candidate> {
        let limit = candidates.min(self.len());
        if limit == 0 || !self.embedded(query) {
            return Vec::new();
        }
        let mut rotated = Vec::new();
        self.rotation.apply(query, &mut rotated);
        let codes = query_codes(&rotated);
        let view = View { at, filter: *filter };
        let list = limit.saturating_mul(LISTED_PER_CANDIDATE).max(LISTED_AT_LEAST).max(self.len() / LISTED_ONE_IN);

        let top = if let Some(slots) = self.slots_of_few(&view, list) {
            scan::by_slots(&self.segments, &slots, self.kernels, &codes, limit)
        } else if let Some(centre) = self.centre.as_ref().filter(|_| list < self.len()) {
            let table = sign::table(&centre.relative(&rotated));
            let listed = threads::scan(&self.segments, self.threads, list, |segments, first| {
                scan::by_signs(segments, first, self.kernels, &table, &view, list)
            });
            scan::by_slots(&self.segments, &listed.into_slots(), self.kernels, &codes, limit)
        } else {
            threads::scan(&self.segments, self.threads, limit, |segments, first| {
                scan::by_codes(segments, first, self.kernels, &codes, &view, limit)
            })
        };
        self.candidates(top, &rotated)
    }

    /// Drops the entries no reader sees any more, where `oldest_reader` is the smallest sequence a search may still ask for.
    ///
    /// Does nothing while fewer than one entry in 16 has ended. Otherwise its time grows with the entries dropped, and with a
    /// glance at each of the others.
    pub(crate) fn compact(&mut self, oldest_reader: u64) {
        let ended = self.len() - self.live;
        if ended == 0 || ended < self.len() / 16 {
            return;
        }
        // From the back, so that what moves into a gap has been looked at.
        for number in (0..self.segments.len()).rev() {
            let Some(segment) = self.segments.get(number) else {
                continue;
            };
            let ended: Vec<usize> = (0..segment.len())
                .rev()
                .filter(|row| segment.entries.get(*row).is_some_and(|entry| entry.dead <= oldest_reader))
                .collect();
            for row in ended {
                self.drop_entry((number * ROWS + row) as u32);
            }
        }
    }

    /// Entries, those that have ended included.
    pub(crate) fn len(&self) -> usize {
        self.segments.last().map_or(0, |last| (self.segments.len() - 1) * ROWS + last.len())
    }

    /// Bytes of memory in use, about.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.segments.iter().map(Segment::bytes).sum::<usize>()
            + self.slots.bytes()
            + self.centre.as_ref().map_or(0, Centre::bytes)
    }

    /// The slots a search must score if its filter allows so few ids that this is quicker than a scan; else none.
    fn slots_of_few(&self, view: &View<'_>, list: usize) -> Option<Vec<u32>> {
        let ids = view.filter.ids.filter(|ids| ids.len() <= list + self.len() / 32)?;
        let mut slots: Vec<u32> = ids.iter().filter_map(|id| self.slot_seen(id, view)).collect();
        slots.sort_unstable();
        Some(slots)
    }

    /// The slot of the entry of `id` the view sees; at any sequence it is one at most.
    fn slot_seen(&self, id: u64, view: &View<'_>) -> Option<u32> {
        let mut slot = self.slots.get(id)?;
        while let Some(entry) = self.entry(slot) {
            if view.sees(entry) {
                let namespaces = &self.segments.get(slot as usize / ROWS)?.namespaces;
                let namespace = *namespaces.get(slot as usize % ROWS)?;
                return view.filter.allows_namespace(namespace).then_some(slot);
            }
            slot = entry.older;
        }
        None
    }

    /// What the scan kept, scored by the finer codes.
    fn candidates(&self, top: Top, rotated: &[f32]) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = top
            .into_slots()
            .into_iter()
            .filter_map(|slot| {
                let (segment, row) = (self.segments.get(slot as usize / ROWS)?, slot as usize % ROWS);
                Some(Candidate { id: segment.entries.get(row)?.id, score: segment.dot(row, rotated) })
            })
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        found
    }

    fn add<'v>(&mut self, rows: impl Iterator<Item = (u64, u32, u64, &'v [f32])>) {
        let first = self.len();
        let mut taken = Vec::with_capacity(rows.size_hint().0);
        for (id, namespace, born, vector) in rows {
            self.remove(id, born);
            if self.embedded(vector) {
                self.push(id, namespace, born);
                taken.push(vector);
            }
        }
        self.encode(first, &taken);
        let rows = self.len();
        let stale = match &self.centre {
            Some(centre) => rows / REGROWTH >= centre.rows,
            None => rows >= self.signs_from,
        };
        if stale {
            self.centre = Some(Centre::of(&self.segments, self.rotation.width()));
        }
        self.sketch(if stale { 0 } else { first });
    }

    /// Whether a vector has a direction. Far from unit length, int8 scales would leave the range of f32.
    fn embedded(&self, vector: &[f32]) -> bool {
        vector.len() == self.dimension && (1e-15..1e15).contains(&largest(vector))
    }

    /// Adds an entry with a zero vector.
    fn push(&mut self, id: u64, namespace: u32, born: u64) {
        let slot = self.len() as u32;
        let older = self.slots.get(id).unwrap_or(NONE);
        self.slots.set(id, slot);
        if let Some(entry) = self.entry_mut(older) {
            entry.newer = slot;
        }
        if self.segments.last().is_none_or(|last| last.len() == ROWS) {
            self.segments.push(Segment::new(self.rotation.width()));
        }
        let entry = Entry { id, born, dead: u64::MAX, newer: NONE, older };
        if let Some(last) = self.segments.last_mut() {
            last.push(entry, namespace);
            self.live += 1;
        }
    }

    /// Unlinks an entry, moves the last row into its place, and overwrites with zeros what that row leaves.
    fn drop_entry(&mut self, slot: u32) {
        let Some(entry) = self.entry(slot).copied() else {
            return;
        };
        self.live -= usize::from(entry.dead == u64::MAX);
        self.relink(&entry, entry.older, entry.newer);
        let last = self.len() - 1;
        if last != slot as usize
            && let Some(row) = self.segments.last().and_then(|segment| segment.row(last % ROWS))
        {
            if let Some(segment) = self.segments.get_mut(slot as usize / ROWS) {
                segment.overwrite(slot as usize % ROWS, &row, self.centre.as_ref());
            }
            self.relink(&row.entry, slot, slot);
        }
        if let Some(segment) = self.segments.last_mut() {
            segment.pop();
            if segment.len() == 0 {
                self.segments.pop();
            }
        }
    }

    /// Makes the neighbours of `entry` in its id's chain point elsewhere: the newer one to `older`, the older to `newer`.
    fn relink(&mut self, entry: &Entry, older: u32, newer: u32) {
        match self.entry_mut(entry.newer) {
            Some(next) => next.older = older,
            None if older == NONE => self.slots.remove(entry.id),
            None => self.slots.set(entry.id, older),
        }
        if let Some(previous) = self.entry_mut(entry.older) {
            previous.newer = newer;
        }
    }

    fn entry(&self, slot: u32) -> Option<&Entry> {
        self.segments.get(slot as usize / ROWS)?.entries.get(slot as usize % ROWS)
    }

    fn entry_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.segments.get_mut(slot as usize / ROWS)?.entries.get_mut(slot as usize % ROWS)
    }

    /// Writes the codes of the rows from slot `first` on.
    fn encode(&mut self, first: usize, mut vectors: &[&[f32]]) {
        let rotation = &self.rotation;
        let mut work = Vec::new();
        for (number, segment) in self.segments.iter_mut().enumerate().skip(first / ROWS) {
            let row = first.saturating_sub(number * ROWS);
            let (own, rest) = vectors.split_at((segment.len() - row).min(vectors.len()));
            vectors = rest;
            work.push((segment, row, own));
        }
        threads::each(work, self.threads, |(segment, row, vectors), scratch| {
            for (vector, row) in vectors.iter().zip(row..) {
                rotation.apply(vector, scratch);
                segment.encode(row, scratch);
            }
        });
    }

    /// Makes the sign codes of the rows from slot `first` on.
    fn sketch(&mut self, first: usize) {
        let Some(centre) = &self.centre else {
            return;
        };
        let segments = self.segments.iter_mut().enumerate().skip(first / ROWS);
        let work = segments.map(|(number, segment)| (segment, first.saturating_sub(number * ROWS))).collect();
        threads::each(work, self.threads, |(segment, row), scratch| {
            for row in row..segment.len() {
                segment.sketch(row, centre, scratch);
            }
        });
    }
}

#[cfg(test)]
impl VectorIndex {
    /// Makes sign codes from so many rows on.
    pub(super) fn with_signs_from(mut self, rows: usize) -> Self {
        self.signs_from = rows;
        self
    }

    /// Searches with other instructions than the best.
    pub(super) fn with_kernels(mut self, kernels: Kernels) -> Self {
        self.kernels = kernels;
        self
    }

    /// Makes one search or load use so many threads.
    pub(super) fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Whether there is no entry at all.
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Entries that have not ended.
    pub(super) fn live(&self) -> usize {
        self.live
    }

    /// Numbers in a vector.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}
