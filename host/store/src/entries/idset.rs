//! A set of row ids as a paged bitmap: one page of 1,024 bits for each block of ids that occurs.

/// Ids share a page when they are equal above this many low bits; durable id blocks hold 1,024 ids too.
const PAGE_BITS: u32 = 10;
const WORDS: usize = 1 << (PAGE_BITS - 6);

/// An immutable set of row ids: 136 bytes for each block of 1,024 ids in which at least one occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IdSet {
    /// Page numbers (`id >> 10`), ascending, beside their bits.
    numbers: Vec<u64>,
    pages: Vec<[u64; WORDS]>,
    len: usize,
}

impl IdSet {
    /// The set of `ids`, in any order; one that occurs twice counts once.
    pub(crate) fn new(mut ids: Vec<u64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let mut set = Self { len: ids.len(), ..Self::default() };
        for block in ids.chunk_by(|a, b| page_number(*a) == page_number(*b)) {
            let mut page = [0_u64; WORDS];
            for id in block {
                if let Some(word) = page.get_mut(word_number(*id)) {
                    *word |= 1 << (id & 63);
                }
            }
            set.numbers.extend(block.first().map(|id| page_number(*id)));
            set.pages.push(page);
        }
        set
    }

    /// How many ids the set holds.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether the set holds no id.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `id` is in the set.
    #[inline]
    pub(crate) fn contains(&self, id: u64) -> bool {
        let Some(first) = self.numbers.first() else {
            return false;
        };
        let number = page_number(id);
        let Some(offset) = number.checked_sub(*first) else {
            return false;
        };
        // Where no page is missing before it, a page lies at its offset from the first; only gaps need the search.
        let guess = usize::try_from(offset).unwrap_or(usize::MAX);
        let at = if self.numbers.get(guess) == Some(&number) {
            guess
        } else {
            match self.numbers.binary_search(&number) {
                Ok(at) => at,
                Err(_) => return false,
            }
        };
        self.pages.get(at).and_then(|page| page.get(word_number(id))).is_some_and(|word| word >> (id & 63) & 1 == 1)
    }

    /// The ids of the set, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.numbers.iter().zip(&self.pages).flat_map(|(number, page)| {
            page.iter().zip(0_u64..).flat_map(move |(word, index)| {
                bits(*word).map(move |bit| (number << PAGE_BITS) | (index << 6) | u64::from(bit))
            })
        })
    }
}

impl From<Vec<u64>> for IdSet {
    fn from(ids: Vec<u64>) -> Self {
        Self::new(ids)
    }
}

impl FromIterator<u64> for IdSet {
    fn from_iter<I: IntoIterator<Item = u64>>(ids: I) -> Self {
        Self::new(ids.into_iter().collect())
    }
}

/// The numbers of the bits set in `word`, ascending.
pub(crate) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

fn page_number(id: u64) -> u64 {
    id >> PAGE_BITS
}

fn word_number(id: u64) -> usize {
    (id >> 6) as usize & (WORDS - 1)
}
