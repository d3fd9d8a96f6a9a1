//! Words of a text, with their places, and numbers that stand for them.

use std::collections::HashMap;

/// Lower-cased words of a text with the byte where each starts.
///
/// A word is a run of letters, digits and `_`; a Han, kana or Hangul character is a word of its own, because such
/// scripts put no space between words.
#[must_use]
pub fn words(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        if stands_alone(c) {
            found.push((at, c.to_string()));
            open = false;
        } else if c.is_alphanumeric() || c == '_' {
            if !open {
                found.push((at, String::new()));
            }
            if let Some((_, word)) = found.last_mut() {
                word.extend(c.to_lowercase());
            }
            open = true;
        } else {
            open = false;
        }
    }
    found
}

fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

/// The words inside an identifier: split at `_`, other marks and humps.
#[must_use]
pub fn identifier_words(identifier: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for c in identifier.chars() {
        if c.is_alphanumeric() {
            let starts = match before {
                None => true,
                Some(last) => c.is_uppercase() && !last.is_uppercase(),
            };
            if starts {
                found.push(String::new());
            }
            if let Some(word) = found.last_mut() {
                word.extend(c.to_lowercase());
            }
            before = Some(c);
        } else {
            before = None;
        }
    }
    found
}

/// Numbers for words, in order of first sight.
#[derive(Debug, Default)]
pub struct Vocabulary(HashMap<String, u32>);

impl Vocabulary {
    /// The numbers of a text's words.
    pub fn read(&mut self, text: &str) -> Vec<u32> {
        words(text).into_iter().map(|(_, word)| self.number(word)).collect()
    }

    /// The number of a word.
    pub fn number(&mut self, word: String) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(word).or_insert(next)
    }

    /// How many words it has seen.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_places() {
        let found = words("It's É_2, 記憶!");
        let expected = [(0, "it"), (3, "s"), (5, "é_2"), (11, "記"), (14, "憶")];
        assert_eq!(found, expected.map(|(at, word)| (at, word.to_owned())));
        assert!(words(" .,").is_empty());
    }

    #[test]
    fn identifiers_fall_into_words() {
        assert_eq!(identifier_words("readHTTPBody_now"), ["read", "httpbody", "now"]);
        assert_eq!(identifier_words("__"), Vec::<String>::new());
    }

    #[test]
    fn the_same_word_has_the_same_number() {
        let mut vocabulary = Vocabulary::default();
        assert_eq!(vocabulary.read("a b A c"), [0, 1, 0, 2]);
        assert_eq!(vocabulary.size(), 3);
    }
}
