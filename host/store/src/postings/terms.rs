//! The dictionary: each term's number, and in which entries it stands how often.

use std::collections::HashMap;
use std::sync::Arc;

/// Entries an index can hold: a posting has 24 bits for the entry's slot.
pub(super) const MOST_ENTRIES: usize = 1 << (u32::BITS - FREQUENCY_BITS);
const FREQUENCY_BITS: u32 = 8;
/// A term stands in an entry this often, or more often.
pub(super) const MOST_FREQUENT: u32 = (1 << FREQUENCY_BITS) - 1;

/// That a term stands in an entry: its slot and how often, in four bytes. Above 255 times BM25 hardly tells a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Posting(u32);

impl Posting {
    /// A term's frequency in the entry of a slot below [`MOST_ENTRIES`].
    pub(super) fn new(slot: u32, frequency: u32) -> Self {
        Self(slot << FREQUENCY_BITS | frequency.min(MOST_FREQUENT))
    }

    #[inline]
    pub(super) fn slot(self) -> u32 {
        self.0 >> FREQUENCY_BITS
    }

    #[inline]
    pub(super) fn frequency(self) -> u32 {
        self.0 & MOST_FREQUENT
    }
}

/// One term.
#[derive(Debug)]
pub(super) struct Term {
    name: Arc<[u8]>,
    /// By ascending slot; of entries that have ended, too.
    pub(super) postings: Vec<Posting>,
    /// Live entries that have the term.
    pub(super) live: usize,
    /// It stands in no entry more often, and in no shorter entry. After entries are gone the bounds may be too wide.
    pub(super) most_frequent: u32,
    pub(super) shortest: u32,
}

impl Term {
    fn new(name: Arc<[u8]>) -> Self {
        Self { name, postings: Vec::new(), live: 0, most_frequent: 0, shortest: u32::MAX }
    }

    fn widen(&mut self, frequency: u32, length: u32) {
        self.most_frequent = self.most_frequent.max(frequency);
        self.shortest = self.shortest.min(length);
    }
}

/// All terms of an index. A term in no entry any more is forgotten, and its number given to another.
#[derive(Debug, Default)]
pub(super) struct Terms {
    numbers: HashMap<Arc<[u8]>, u32>,
    terms: Vec<Term>,
    free: Vec<u32>,
}

impl Terms {
    /// The number of a term, which is made if there is none.
    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let term = Term::new(name.into());
        let next = self.terms.len() as u32;
        let number = self.free.pop().unwrap_or(next);
        self.numbers.insert(Arc::clone(&term.name), number);
        match self.terms.get_mut(number as usize) {
            Some(place) => *place = term,
            None => self.terms.push(term),
        }
        number
    }

    /// A term by its name, with its number.
    pub(super) fn find(&self, name: &[u8]) -> Option<(u32, &Term)> {
        let number = *self.numbers.get(name)?;
        Some((number, self.get(number)?))
    }

    pub(super) fn get(&self, number: u32) -> Option<&Term> {
        self.terms.get(number as usize)
    }

    /// Adds a term to a live entry with a larger slot than all before.
    pub(super) fn add(&mut self, number: u32, slot: u32, frequency: u32, length: u32) {
        if let Some(term) = self.terms.get_mut(number as usize) {
            term.postings.push(Posting::new(slot, frequency));
            term.live += 1;
            term.widen(frequency.min(MOST_FREQUENT), length);
        }
    }

    /// Notes that a live entry with this term has ended.
    pub(super) fn end(&mut self, number: u32) {
        if let Some(term) = self.terms.get_mut(number as usize) {
            term.live -= 1;
        }
    }

    /// How often a term stands in an entry.
    pub(super) fn frequency(&self, number: u32, slot: u32) -> Option<u32> {
        let postings = &self.get(number)?.postings;
        let at = postings.binary_search_by_key(&slot, |posting| posting.slot()).ok()?;
        postings.get(at).map(|posting| posting.frequency())
    }

    /// Takes a term from an entry that has ended.
    pub(super) fn unlink(&mut self, number: u32, slot: u32) {
        if let Some(term) = self.terms.get_mut(number as usize)
            && let Ok(at) = term.postings.binary_search_by_key(&slot, |posting| posting.slot())
        {
            term.postings.remove(at);
            if term.postings.is_empty() {
                self.forget(number);
            }
        }
    }

    /// Gives entries other slots, in the same order. Where `moved` answers none, the entry is gone.
    pub(super) fn renumber(&mut self, moved: impl Fn(u32) -> Option<u32>, lengths: &[u32]) {
        for number in 0..self.terms.len() as u32 {
            let Some(term) = self.terms.get_mut(number as usize) else {
                continue;
            };
            let before = term.postings.len();
            term.postings.retain_mut(|posting| match moved(posting.slot()) {
                Some(slot) => {
                    *posting = Posting::new(slot, posting.frequency());
                    true
                }
                None => false,
            });
            if term.postings.len() == before {
                continue;
            }
            if term.postings.is_empty() {
                self.forget(number);
                continue;
            }
            if term.postings.capacity() > 2 * term.postings.len() {
                term.postings.shrink_to_fit();
            }
            (term.most_frequent, term.shortest) = (0, u32::MAX);
            for at in 0..term.postings.len() {
                if let Some(posting) = term.postings.get(at).copied() {
                    term.widen(posting.frequency(), lengths.get(posting.slot() as usize).copied().unwrap_or(0));
                }
            }
        }
    }

    /// Overwrites a term's name and drops it.
    fn forget(&mut self, number: u32) {
        let Some(term) = self.terms.get_mut(number as usize) else {
            return;
        };
        let mut name = std::mem::take(term).name;
        self.numbers.remove(&name);
        if let Some(name) = Arc::get_mut(&mut name) {
            name.fill(0);
            // Else the compiler might see that nobody reads the zeros.
            std::hint::black_box(name);
        }
        self.free.push(number);
    }

    /// Heap bytes in use, about.
    pub(super) fn bytes(&self) -> usize {
        // An allocation's own overhead, and the two counts of an `Arc`.
        const EACH: usize = 16 + 2 * size_of::<usize>();
        let name = |term: &Term| term.name.len() + EACH;
        let postings = |term: &Term| term.postings.capacity() * size_of::<Posting>();
        self.terms.iter().map(|term| name(term) + postings(term)).sum::<usize>()
            + self.terms.capacity() * size_of::<Term>()
            + self.numbers.capacity() * size_of::<(Arc<[u8]>, u32)>()
    }
}

impl Default for Term {
    fn default() -> Self {
        Self::new(Arc::default())
    }
}
