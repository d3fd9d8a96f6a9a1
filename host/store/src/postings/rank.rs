//! A search: the entries with any of some words, ranked by BM25, one term at a time, from the rarest to the most common.
//!
//! Scores are those of FTS5's `bm25`: k1 = 1.2, b = 0.75, and an inverse document frequency with a floor, so that a word in
//! more than half of all entries still counts for something. S. Robertson, H. Zaragoza, The Probabilistic Relevance
//! Framework: BM25 and Beyond, Foundations and Trends in IR 3 (4), 2009.
//!
//! What the terms still to come can add at most is known. Once that is less than what the last of the best has already, no
//! other entry can get among them: the remaining, long lists are then only looked into for the entries that can.

use super::index::TextIndex;
use super::terms::{Posting, Term};
use super::tokens::write_term;
use crate::entries::{Candidate, Filter};

const K1: f32 = 1.2;
const B: f32 = 0.75;
/// The least inverse document frequency.
const LEAST_IDF: f64 = 1e-6;
/// Postings of a list from which on it is worth to find out whether it must be read.
const LONG: usize = 1024;
/// A look for one entry in a list costs about as much as reading so many postings.
const LOOK: usize = 8;
/// Buffers kept for later searches.
const SPARE: usize = 4;

/// One term of a query.
struct Wanted<'a> {
    number: u32,
    term: &'a Term,
    weight: f32,
}

/// BM25's part that depends on how long an entry is: `own + each * length`.
#[derive(Clone, Copy)]
struct Norm {
    own: f32,
    each: f32,
}

impl Norm {
    /// How much of its weight a term has in an entry.
    #[inline]
    fn share(self, frequency: u32, length: u32) -> f32 {
        let frequency = frequency as f32;
        frequency / (frequency + self.own + self.each * length as f32)
    }
}

/// Scores by slot, all zero between searches, and the slots that have one.
#[derive(Debug, Default)]
pub(super) struct Sums {
    of: Vec<f32>,
    touched: Vec<u32>,
}

impl Sums {
    /// Heap bytes.
    pub(super) fn bytes(&self) -> usize {
        (self.of.capacity() + self.touched.capacity()) * size_of::<f32>()
    }

    fn get(&self, slot: u32) -> f32 {
        self.of.get(slot as usize).copied().unwrap_or(0.0)
    }

    fn clear(&mut self) {
        for slot in self.touched.drain(..) {
            if let Some(sum) = self.of.get_mut(slot as usize) {
                *sum = 0.0;
            }
        }
    }
}

impl TextIndex {
    /// The best `limit` entries by BM25 for some words, among those seen at journal sequence `at` and allowed by `filter`;
    /// of equal scores, the smaller id first.
    ///
    /// Which entries are found is exact for every snapshot. How rare a word is, and how long texts are, is that of the live
    /// entries, whatever the snapshot. A word given twice counts twice.
    pub(crate) fn search(&self, words: &[String], limit: usize, at: u64, filter: &Filter<'_>) -> Vec<Candidate> {
        let wanted = self.wanted(words);
        let limit = limit.min(self.entries.len());
        if wanted.is_empty() || limit == 0 {
            return Vec::new();
        }
        // Where no live text has a word there is no average length, and an older snapshot's texts are found all the same.
        let average = if self.live_words == 0 { 1.0 } else { self.live_words as f32 / self.live.max(1) as f32 };
        let norm = Norm { own: K1 * (1.0 - B), each: K1 * B / average };
        let mut sums = self.spare().pop().unwrap_or_default();
        sums.of.resize(self.entries.len(), 0.0);
        self.add_up(&wanted, norm, limit, at, filter, &mut sums);
        let found = self.best(&sums, limit, at, filter).into_sorted();
        sums.clear();
        let mut spare = self.spare();
        if spare.len() < SPARE {
            spare.push(sums);
        }
        found
    }

    /// The terms of a query that the index knows, from the rarest on.
    fn wanted(&self, words: &[String]) -> Vec<Wanted<'_>> {
        let mut wanted: Vec<Wanted<'_>> = Vec::with_capacity(words.len());
        let mut name = Vec::new();
        for word in words {
            write_term(word, &mut name);
            let Some((number, term)) = self.terms.find(&name) else {
                continue;
            };
            let (with, all) = (term.live as f64, self.live as f64);
            let weight = ((all - with + 0.5) / (with + 0.5)).ln().max(LEAST_IDF) as f32 * (K1 + 1.0);
            match wanted.iter_mut().find(|known| known.number == number) {
                Some(known) => known.weight += weight,
                None => wanted.push(Wanted { number, term, weight }),
            }
        }
        wanted.sort_by_key(|wanted| (wanted.term.postings.len(), wanted.number));
        wanted
    }

    /// Adds each term's scores to the sums of those entries that may be among the best.
    fn add_up(&self, wanted: &[Wanted<'_>], norm: Norm, limit: usize, at: u64, filter: &Filter<'_>, sums: &mut Sums) {
        let postings: usize = wanted.iter().map(|wanted| wanted.term.postings.len()).sum();
        if let Some(ids) = filter.ids.filter(|ids| ids.len() * wanted.len() * LOOK < postings) {
            sums.touched.extend(ids.iter().filter_map(|id| self.slot_seen(id, at, filter)));
            sums.touched.sort_unstable();
            wanted.iter().for_each(|wanted| self.look_up(wanted, norm, sums));
            return;
        }
        let bound = |wanted: &Wanted<'_>| wanted.weight * norm.share(wanted.term.most_frequent, wanted.term.shortest);
        // A little more, for sums of floats are not exact.
        let mut to_come: f32 = wanted.iter().map(bound).sum::<f32>() * 1.0001;
        let mut rest = wanted.iter();
        while let Some(next) = rest.as_slice().first() {
            if next.term.postings.len() >= LONG && sums.touched.len() >= limit {
                let last = self.best(sums, limit, at, filter).last();
                if to_come < last {
                    let Sums { of, touched } = sums;
                    touched.retain(|slot| {
                        let Some(sum) = of.get_mut(*slot as usize) else { return false };
                        let kept = *sum + to_come >= last;
                        if !kept {
                            *sum = 0.0;
                        }
                        kept
                    });
                    touched.sort_unstable();
                    break;
                }
            }
            self.read(next, norm, sums);
            to_come -= bound(next);
            rest.next();
        }
        rest.for_each(|wanted| self.look_up(wanted, norm, sums));
    }

    /// Adds a term's scores to every entry that has it.
    fn read(&self, wanted: &Wanted<'_>, norm: Norm, sums: &mut Sums) {
        let Sums { of, touched } = sums;
        for posting in &wanted.term.postings {
            let slot = posting.slot() as usize;
            if let (Some(sum), Some(length)) = (of.get_mut(slot), self.lengths.get(slot)) {
                if *sum == 0.0 {
                    touched.push(posting.slot());
                }
                *sum += wanted.weight * norm.share(posting.frequency(), *length);
            }
        }
    }

    /// Adds a term's scores to the entries that are there already, by ascending slot.
    fn look_up(&self, wanted: &Wanted<'_>, norm: Norm, sums: &mut Sums) {
        let Sums { of, touched } = sums;
        let mut postings = wanted.term.postings.as_slice();
        for slot in touched {
            postings = from_slot(postings, *slot);
            let Some(posting) = postings.first() else { return };
            let place = *slot as usize;
            if posting.slot() == *slot
                && let (Some(sum), Some(length)) = (of.get_mut(place), self.lengths.get(place))
            {
                *sum += wanted.weight * norm.share(posting.frequency(), *length);
            }
        }
    }

    /// The best entries by the sums so far.
    fn best(&self, sums: &Sums, limit: usize, at: u64, filter: &Filter<'_>) -> Best {
        let mut best = Best { limit, found: Vec::new(), floor: f32::MIN_POSITIVE };
        for slot in &sums.touched {
            let score = sums.get(*slot);
            // Equal scores are told apart by id.
            if score >= best.floor
                && let Some(entry) = self.entries.get(*slot as usize)
                && entry.seen(at, filter)
            {
                best.push(Candidate { id: entry.id, score });
            }
        }
        best
    }
}

/// What is left of ascending postings from a slot on: steps that double, then a search between the last two.
fn from_slot(postings: &[Posting], slot: u32) -> &[Posting] {
    let mut step = 1;
    while postings.get(step).is_some_and(|posting| posting.slot() < slot) {
        step *= 2;
    }
    let (from, to) = (step / 2, (step + 1).min(postings.len()));
    let near = postings.get(from..to).unwrap_or_default();
    postings.get(from + near.partition_point(|posting| posting.slot() < slot)..).unwrap_or_default()
}

/// The best candidates of a stream.
struct Best {
    limit: usize,
    /// Up to twice `limit` are kept before the worse half goes, which costs less than a heap.
    found: Vec<Candidate>,
    /// A lower score is not among the best.
    floor: f32,
}

impl Best {
    fn push(&mut self, candidate: Candidate) {
        self.found.push(candidate);
        if self.found.len() >= self.limit * 2 {
            self.prune();
        }
    }

    fn prune(&mut self) {
        if self.found.len() >= self.limit {
            let (_, worst, _) = self.found.select_nth_unstable_by(self.limit - 1, better);
            self.floor = worst.score;
            self.found.truncate(self.limit);
        }
    }

    /// The score of the last, if there are as many as wanted; else none is too low.
    fn last(mut self) -> f32 {
        self.prune();
        self.floor
    }

    fn into_sorted(mut self) -> Vec<Candidate> {
        self.found.sort_unstable_by(better);
        self.found.truncate(self.limit);
        self.found
    }
}

fn better(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then(a.id.cmp(&b.id))
}
