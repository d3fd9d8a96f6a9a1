//! The vocabulary index: an open-addressing hash table over the words of the model file, built without copying them.
//!
//! The hash is FNV-1a: each of its steps can be undone, so the hashes of a word's prefixes, longest first, come at one
//! multiplication each; that is what greedy longest-match looks up. Hostile text cannot make it slow: the table holds only the file's words.

use super::format::FormatError;

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
/// `FNV_PRIME * FNV_INVERSE = 1` modulo 2^64.
const FNV_INVERSE: u64 = 0xce96_5057_aff6_957b;

const UNKNOWN: &[u8] = b"[UNK]";

/// An unfinished FNV-1a hash.
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    /// The hash of nothing.
    pub(super) const START: Self = Self(FNV_OFFSET);
    /// The hash of `##`, which marks a piece that continues a word.
    pub(super) const CONTINUED: Self = Self::START.push(b'#').push(b'#');

    /// The hash with one byte more.
    pub(super) const fn push(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(FNV_PRIME))
    }

    /// The hash before `byte` was pushed last.
    pub(super) const fn pop(self, byte: u8) -> Self {
        Self(self.0.wrapping_mul(FNV_INVERSE) ^ byte as u64)
    }

    /// Low half: place in the table. High half, which the place does not use: the tag stored there.
    fn parts(self) -> (usize, u32) {
        let mixed = self.0 ^ (self.0 >> 29);
        (mixed as u32 as usize, (self.0 >> 32) as u32)
    }
}

/// Finds rows by word and words by row.
pub(super) struct Vocabulary {
    /// Where each word starts in the joined words, and one past the end.
    starts: Vec<u32>,
    /// `tag << 32 | row + 1`; 0 is empty. Its length is a power of two, at least twice the rows.
    slots: Vec<u64>,
    longest: usize,
    unknown: u32,
}

impl Vocabulary {
    /// Indexes `rows` words joined by line feeds. Refuses a wrong count, empty or repeated words, and a vocabulary
    /// without `[UNK]`.
    pub(super) fn build(words: &[u8], rows: usize) -> Result<Self, FormatError> {
        let slots = rows.saturating_mul(2).next_power_of_two();
        let mut vocabulary =
            Self { starts: Vec::with_capacity(rows + 1), slots: vec![0; slots], longest: 0, unknown: u32::MAX };
        let mut start = 0;
        for (row, word) in words.split(|byte| *byte == b'\n').enumerate() {
            let fault = |reason| FormatError::Vocabulary { row, reason };
            if row >= rows {
                return Err(fault("it has more words than rows"));
            }
            if word.is_empty() {
                return Err(fault("an empty word"));
            }
            vocabulary.starts.push(start as u32);
            start += word.len() + 1;
            let hash = word.iter().fold(Hash::START, |hash, byte| hash.push(*byte));
            if !vocabulary.insert(words, word, hash, row as u32) {
                return Err(fault("a repeated word"));
            }
            vocabulary.longest = vocabulary.longest.max(word.len());
            if word == UNKNOWN {
                vocabulary.unknown = row as u32;
            }
        }
        if vocabulary.starts.len() != rows {
            return Err(FormatError::Vocabulary {
                row: vocabulary.starts.len(),
                reason: "it has fewer words than rows",
            });
        }
        if vocabulary.unknown == u32::MAX {
            return Err(FormatError::Vocabulary { row: rows, reason: "it has no [UNK]" });
        }
        vocabulary.starts.push(start as u32);
        Ok(vocabulary)
    }

    fn insert(&mut self, words: &[u8], word: &[u8], hash: Hash, row: u32) -> bool {
        let (place, tag) = hash.parts();
        let mask = self.slots.len() - 1;
        let mut at = place & mask;
        while let Some(&slot) = self.slots.get(at) {
            if slot == 0 {
                break;
            }
            if (slot >> 32) as u32 == tag && self.word(words, slot as u32 - 1).is_some_and(|other| other == word) {
                return false;
            }
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = u64::from(tag) << 32 | u64::from(row + 1);
        }
        true
    }

    /// The row of a piece whose hash is known; `continued` pieces are looked up with `##` before them.
    pub(super) fn find(&self, words: &[u8], piece: &[u8], continued: bool, hash: Hash) -> Option<u32> {
        let (place, tag) = hash.parts();
        let mask = self.slots.len() - 1;
        let mut at = place & mask;
        loop {
            // half the table is empty, so this ends
            let slot = *self.slots.get(at).filter(|slot| **slot != 0)?;
            if (slot >> 32) as u32 == tag {
                let row = slot as u32 - 1;
                let word = self.word(words, row)?;
                let same = if continued { word.strip_prefix(b"##".as_slice()) == Some(piece) } else { word == piece };
                if same {
                    return Some(row);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// The word of a row.
    pub(super) fn word<'w>(&self, words: &'w [u8], row: u32) -> Option<&'w [u8]> {
        let start = *self.starts.get(row as usize)? as usize;
        match self.starts.get(row as usize + 1) {
            Some(next) => words.get(start..(*next as usize).checked_sub(1)?),
            // only while building: the last word so far has no successor yet
            None => words.get(start..)?.split(|byte| *byte == b'\n').next(),
        }
    }

    /// Bytes of the longest word, `##` included: no longer piece need be looked up.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The row of `[UNK]`.
    pub(super) fn unknown(&self) -> u32 {
        self.unknown
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn popping_undoes_pushing() {
        assert_eq!(Hash::CONTINUED.pop(b'#').pop(b'#').0, Hash::START.0);
    }

    #[test]
    fn words_and_rows_are_found_both_ways() {
        let words = b"a\n##a\n[UNK]\n##b";
        let vocabulary = Vocabulary::build(words, 4).unwrap();
        let continued_a = vocabulary.find(words, b"a", true, Hash::CONTINUED.push(b'a'));
        assert_eq!(continued_a, Some(1));
        assert_eq!(vocabulary.find(words, b"a", false, Hash::START.push(b'a')), Some(0));
        assert_eq!(vocabulary.find(words, b"b", false, Hash::START.push(b'b')), None);
        assert_eq!(vocabulary.word(words, 3), Some(b"##b".as_slice()));
        assert_eq!((vocabulary.word(words, 4), vocabulary.unknown(), vocabulary.longest()), (None, 2, 5));
    }

    #[test]
    fn unusable_vocabularies_are_refused() {
        for (words, rows) in [("a\n[UNK]", 3), ("a\n[UNK]\nb", 2), ("a\n\n[UNK]", 3), ("a\na\n[UNK]", 3), ("a\nb", 2)] {
            assert!(Vocabulary::build(words.as_bytes(), rows).is_err(), "{words:?}");
        }
    }
}
