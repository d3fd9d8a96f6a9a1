//! The index of one collection's words: its entries, and how they come and go.

use super::rank::Sums;
use super::terms::{MOST_ENTRIES, MOST_FREQUENT, Terms};
use super::tokens::{LONGEST, words, write_term};
use crate::entries::{Filter, NONE, Slots};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One version of one row's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) id: u64,
    /// The first journal sequence that sees it.
    pub(super) born: u64,
    /// The first journal sequence that sees it no longer; `u64::MAX` while it is live.
    pub(super) dead: u64,
    /// Slot of the previous entry of the same id, or `NONE`.
    older: u32,
    namespace: u32,
    /// Where its terms begin, and how many it has.
    first: u32,
    terms: u32,
}

impl Entry {
    /// What an erased entry leaves in its slot until the next compaction.
    const GONE: Self = Self { id: 0, born: u64::MAX, dead: 0, older: NONE, namespace: u32::MAX, first: 0, terms: 0 };

    /// Whether a search at journal sequence `at` may return it.
    #[inline]
    pub(super) fn seen(&self, at: u64, filter: &Filter<'_>) -> bool {
        self.born <= at && at < self.dead && filter.allows_namespace(self.namespace) && filter.allows_id(self.id)
    }
}

/// The words of one collection's texts in memory, searchable at any journal sequence that still has a reader.
///
/// An entry takes about 45 bytes, and eight for each of its different words.
#[derive(Debug, Default)]
pub(crate) struct TextIndex {
    pub(super) terms: Terms,
    pub(super) entries: Vec<Entry>,
    /// Words in each entry's text, repeated ones too; apart from the entries, because every posting of a query needs it.
    pub(super) lengths: Vec<u32>,
    /// The numbers of all entries' terms, ascending within an entry.
    numbers: Vec<u32>,
    /// The newest entry of each id.
    slots: Slots,
    /// Slots of entries that have ended, in the order they did.
    ended: VecDeque<u32>,
    /// Entries that have not ended, and their words.
    pub(super) live: usize,
    pub(super) live_words: u64,
    /// There was no room for an entry.
    pub(super) full: bool,
    /// Buffers of searches that are over.
    spare: Mutex<Vec<Sums>>,
}

impl TextIndex {
    /// Adds a row's text, seen from journal sequence `born` on; an earlier live entry of the id is seen until then. One that
    /// says the same stays as it is.
    pub(crate) fn insert(&mut self, id: u64, namespace: u32, born: u64, text: &str) {
        let (counted, length) = self.count(text);
        if self.live_slot(id).is_some_and(|slot| self.same(slot, namespace, length, &counted)) {
            return;
        }
        self.remove(id, born);
        let (slot, first) = (self.entries.len(), self.numbers.len());
        let (Ok(first), true) = (u32::try_from(first), slot < MOST_ENTRIES) else {
            self.full = true;
            return;
        };
        let slot = slot as u32;
        for (number, frequency) in &counted {
            self.terms.add(*number, slot, *frequency, length);
            self.numbers.push(*number);
        }
        let older = self.slots.get(id).unwrap_or(NONE);
        self.slots.set(id, slot);
        let terms = counted.len() as u32;
        self.entries.push(Entry { id, born, dead: u64::MAX, older, namespace, first, terms });
        self.lengths.push(length);
        self.live += 1;
        self.live_words += u64::from(length);
    }

    /// Ends the live entry of `id`: it is not seen from journal sequence `dead` on. Without a live entry, nothing happens.
    pub(crate) fn remove(&mut self, id: u64, dead: u64) {
        let Some(slot) = self.live_slot(id) else {
            return;
        };
        let Self { entries, numbers, terms, .. } = self;
        if let Some(entry) = entries.get_mut(slot as usize) {
            entry.dead = dead;
            terms_of(numbers, entry).iter().for_each(|number| terms.end(*number));
        }
        self.live -= 1;
        self.live_words -= u64::from(self.length(slot));
        self.ended.push_back(slot);
    }

    /// Removes all entries of `id` and the terms only they had, for every reader, and overwrites what they held.
    pub(crate) fn erase(&mut self, id: u64) {
        self.remove(id, 0);
        let mut next = self.slots.get(id).unwrap_or(NONE);
        while let Some(entry) = self.entries.get_mut(next as usize) {
            let slot = next;
            let gone = std::mem::replace(entry, Entry::GONE);
            for number in terms_of_mut(&mut self.numbers, &gone) {
                self.terms.unlink(std::mem::replace(number, NONE), slot);
            }
            if let Some(length) = self.lengths.get_mut(slot as usize) {
                *length = 0;
            }
            next = gone.older;
        }
        self.slots.remove(id);
    }

    /// Drops the entries no reader sees any more, where `oldest_reader` is the smallest sequence a search may still ask for.
    ///
    /// Unless `all` must go, it does nothing while fewer than one entry in 16 is such a one. Its time grows with the index.
    pub(crate) fn compact(&mut self, oldest_reader: u64, all: bool) {
        let unseen = |slot: &u32| self.entries.get(*slot as usize).is_none_or(|entry| entry.dead <= oldest_reader);
        let worth = match all {
            true => self.ended.iter().any(unseen),
            // They ended in about this order.
            false => self.ended.iter().take_while(|slot| unseen(slot)).count() > self.entries.len() / 16,
        };
        if !worth {
            return;
        }
        let room = self.entries.len().saturating_sub(self.ended.len());
        let mut moved = vec![NONE; self.entries.len()];
        let mut entries: Vec<Entry> = Vec::with_capacity(room);
        let mut lengths = Vec::with_capacity(room);
        let mut numbers = Vec::new();
        for ((slot, entry), length) in (0_u32..).zip(&self.entries).zip(&self.lengths) {
            let newest = self.slots.get(entry.id) == Some(slot);
            if entry.dead <= oldest_reader {
                if newest {
                    self.slots.remove(entry.id);
                }
                continue;
            }
            let to = entries.len() as u32;
            if newest {
                self.slots.set(entry.id, to);
            }
            if let Some(place) = moved.get_mut(slot as usize) {
                *place = to;
            }
            let older = moved.get(entry.older as usize).copied().unwrap_or(NONE);
            let first = numbers.len() as u32;
            numbers.extend_from_slice(terms_of(&self.numbers, entry));
            entries.push(Entry { older, first, ..*entry });
            lengths.push(*length);
        }
        let moved = |slot: u32| moved.get(slot as usize).copied().filter(|slot| *slot != NONE);
        self.terms.renumber(moved, &lengths);
        self.ended = self.ended.iter().filter_map(|slot| moved(*slot)).collect();
        (self.entries, self.lengths, self.numbers) = (entries, lengths, numbers);
        self.spare().clear();
    }

    /// Whether a text had no room: what the index finds is then not all there is.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Whether texts had no room that may have it by now. What is missing only a new index can have; it is worth making when
    /// a 16th is free, so that one in which not all rows fit is not made again and again.
    pub(crate) fn is_outdated(&self) -> bool {
        self.full && has_room(self.entries.len(), MOST_ENTRIES) && has_room(self.numbers.len(), u32::MAX as usize)
    }

    /// Bytes of memory in use, about.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.terms.bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + (self.lengths.capacity() + self.numbers.capacity() + self.ended.capacity()) * size_of::<u32>()
            + self.slots.bytes()
            + self.spare().iter().map(Sums::bytes).sum::<usize>()
    }

    /// Buffers of searches that are over.
    pub(super) fn spare(&self) -> MutexGuard<'_, Vec<Sums>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry of `id` that a search at `at` may return.
    pub(super) fn slot_seen(&self, id: u64, at: u64, filter: &Filter<'_>) -> Option<u32> {
        let mut slot = self.slots.get(id)?;
        while let Some(entry) = self.entries.get(slot as usize) {
            if entry.seen(at, filter) {
                return Some(slot);
            }
            slot = entry.older;
        }
        None
    }

    /// The terms of a text with how often each stands there, by ascending number, and how many words it has.
    fn count(&mut self, text: &str) -> (Vec<(u32, u32)>, u32) {
        let mut numbers = Vec::new();
        let mut term = Vec::new();
        let mut length = 0_u32;
        for word in words(text) {
            length = length.saturating_add(1);
            if word.len() <= LONGEST {
                write_term(word, &mut term);
                numbers.push(self.terms.number(&term));
            }
        }
        numbers.sort_unstable();
        let runs = numbers.chunk_by(|a, b| a == b);
        (runs.filter_map(|run| Some((*run.first()?, run.len() as u32))).collect(), length)
    }

    fn live_slot(&self, id: u64) -> Option<u32> {
        let slot = self.slots.get(id)?;
        self.entries.get(slot as usize).is_some_and(|entry| entry.dead == u64::MAX).then_some(slot)
    }

    /// Whether an entry is of such a text in such a namespace.
    fn same(&self, slot: u32, namespace: u32, length: u32, counted: &[(u32, u32)]) -> bool {
        let Some(entry) = self.entries.get(slot as usize) else {
            return false;
        };
        let frequent = |number: u32| self.terms.frequency(number, slot).unwrap_or(0);
        (entry.namespace, self.length(slot)) == (namespace, length)
            && terms_of(&self.numbers, entry).iter().eq(counted.iter().map(|(number, _)| number))
            && counted.iter().all(|(number, times)| frequent(*number) == (*times).min(MOST_FREQUENT))
    }

    fn length(&self, slot: u32) -> u32 {
        self.lengths.get(slot as usize).copied().unwrap_or(0)
    }
}

/// Whether a 16th is free.
pub(super) fn has_room(used: usize, most: usize) -> bool {
    used <= most - most / 16
}

/// The numbers of an entry's terms.
fn terms_of<'a>(numbers: &'a [u32], entry: &Entry) -> &'a [u32] {
    let first = entry.first as usize;
    numbers.get(first..first + entry.terms as usize).unwrap_or_default()
}

fn terms_of_mut<'a>(numbers: &'a mut [u32], entry: &Entry) -> &'a mut [u32] {
    let first = entry.first as usize;
    numbers.get_mut(first..first + entry.terms as usize).unwrap_or_default()
}
