//! Text to terms: runs of letters and digits, in lower case, without diacritics, stemmed.
//!
//! As near as is sensible to the tokenizer of the full-text tables, `porter unicode61 remove_diacritics 2`; for words in Latin
//! letters the terms are the same.

use super::porter;
use unicode_normalization::char::decompose_canonical;

/// Bytes of a word that can be searched. What is longer is no word, and is not kept.
pub(crate) const LONGEST: usize = 64;

/// The words of a text as they stand there.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    // A diacritic of its own belongs to the letter before it; without one it is not a word.
    text.split(|c: char| !c.is_alphanumeric() && !is_diacritic(c))
        .filter(|word| word.contains(|c: char| !is_diacritic(c)))
}

/// Writes the term of a word, in place of what `term` holds.
pub(super) fn write_term(word: &str, term: &mut Vec<u8>) {
    term.clear();
    if word.is_ascii() {
        term.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
    } else {
        let mut letters = String::with_capacity(word.len());
        word.chars().flat_map(char::to_lowercase).for_each(|letter| fold(letter, &mut letters));
        term.extend_from_slice(letters.as_bytes());
    }
    porter::stem(term);
}

/// A Latin letter loses its diacritics; others keep them, for there they often make another letter.
fn fold(letter: char, folded: &mut String) {
    match letter {
        // At the end of a word and within it, one letter.
        'ς' => folded.push('σ'),
        _ if is_diacritic(letter) => {}
        _ if letter.is_ascii() => folded.push(letter),
        _ => {
            let mut base = None;
            decompose_canonical(letter, |part| {
                base.get_or_insert(part);
            });
            folded.push(base.filter(char::is_ascii_alphabetic).unwrap_or(letter));
        }
    }
}

/// Combining diacritical marks.
fn is_diacritic(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}
