//! WordPiece: cuts one normalised word into the longest pieces the vocabulary has, from left to right.
//!
//! Source: Wu et al., "Google's Neural Machine Translation System" (2016), in the greedy form BERT uses.

use super::vocabulary::{Hash, Vocabulary};

/// Words of more characters are unknown, as in BERT.
const MAX_WORD_CHARS: usize = 100;

/// Appends the rows of a word's pieces to `rows`, or the one row of `[UNK]` if the word cannot be spelt.
pub(super) fn split(word: &str, vocabulary: &Vocabulary, words: &[u8], rows: &mut Vec<u32>) {
    let before = rows.len();
    if !spell(word, vocabulary, words, rows) {
        rows.truncate(before);
        rows.push(vocabulary.unknown());
    }
}

fn spell(word: &str, vocabulary: &Vocabulary, words: &[u8], rows: &mut Vec<u32>) -> bool {
    // the byte count settles most words without counting characters
    if word.len() > MAX_WORD_CHARS && word.chars().count() > MAX_WORD_CHARS {
        return false;
    }
    let mut rest = word;
    while !rest.is_empty() {
        let continued = rest.len() < word.len();
        match longest_piece(rest, continued, vocabulary, words) {
            Some((row, after)) => {
                rows.push(row);
                rest = after;
            }
            None => return false,
        }
    }
    true
}

/// The longest prefix of `rest` in the vocabulary: its row, and what follows it.
fn longest_piece<'w>(rest: &'w str, continued: bool, vocabulary: &Vocabulary, words: &[u8]) -> Option<(u32, &'w str)> {
    let start = if continued { Hash::CONTINUED } else { Hash::START };
    let most = rest.len().min(vocabulary.longest());
    let mut hash = rest.bytes().take(most).fold(start, Hash::push);
    for (length, last) in rest.bytes().enumerate().take(most).rev().map(|(at, byte)| (at + 1, byte)) {
        // None inside a character
        if let Some((piece, after)) = rest.split_at_checked(length)
            && let Some(row) = vocabulary.find(words, piece.as_bytes(), continued, hash)
        {
            return Some((row, after));
        }
        hash = hash.pop(last);
    }
    None
}
