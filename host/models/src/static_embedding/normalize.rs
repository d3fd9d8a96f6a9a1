//! Cuts a text into words exactly as uncased BERT does before WordPiece.
//!
//! In order: drop control characters, turn white space into blanks, set CJK ideographs apart, decompose (NFD) and drop
//! accents, lower-case; then split on blanks, with every punctuation character a word of its own. Source: the
//! `BasicTokenizer` of google-research/bert and its port in Hugging Face `tokenizers`, whose order this keeps.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Calls `visit` with each word or punctuation mark of the text, normalised, in order.
pub(super) fn for_each_word(text: &str, visit: impl FnMut(&str)) {
    if text.is_ascii() {
        ascii_words(text.as_bytes(), visit);
    } else {
        unicode_words(text, visit);
    }
}

/// The same result as [`unicode_words`] for ASCII, without tables; several times quicker.
fn ascii_words(text: &[u8], mut visit: impl FnMut(&str)) {
    let mut word = String::new();
    for &byte in text {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => flush(&mut word, &mut visit),
            // includes vertical tab and form feed, which BERT drops without a break
            0..=0x1f | 0x7f => {}
            _ if byte.is_ascii_punctuation() => {
                flush(&mut word, &mut visit);
                word.push(char::from(byte));
                flush(&mut word, &mut visit);
            }
            _ => word.push(char::from(byte.to_ascii_lowercase())),
        }
    }
    flush(&mut word, &mut visit);
}

fn unicode_words(text: &str, mut visit: impl FnMut(&str)) {
    let mut word = String::new();
    let plain = text
        .chars()
        .filter_map(clean)
        .flat_map(set_apart)
        .nfd()
        .filter(|c| c.is_ascii() || c.general_category() != GeneralCategory::NonspacingMark)
        .flat_map(char::to_lowercase);
    for c in plain {
        if c.is_whitespace() {
            flush(&mut word, &mut visit);
        } else if is_punctuation(c) {
            flush(&mut word, &mut visit);
            word.push(c);
            flush(&mut word, &mut visit);
        } else {
            word.push(c);
        }
    }
    flush(&mut word, &mut visit);
}

fn flush(word: &mut String, visit: &mut impl FnMut(&str)) {
    if !word.is_empty() {
        visit(word);
        word.clear();
    }
}

/// Drops NUL, the replacement character and everything of category C; turns white space into a blank.
fn clean(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' => Some(' '),
        '\u{fffd}' => None,
        _ if c.is_ascii() => (!c.is_ascii_control()).then_some(c),
        _ if c.general_category_group() == GeneralCategoryGroup::Other => None,
        _ if c.is_whitespace() => Some(' '),
        _ => Some(c),
    }
}

/// An ideograph between blanks, any other character alone.
fn set_apart(c: char) -> impl Iterator<Item = char> {
    let blank = is_cjk(c).then_some(' ');
    blank.into_iter().chain([c]).chain(blank)
}

/// The CJK Unified Ideographs blocks with their extensions up to E and the compatibility blocks; not kana or Hangul.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2a6df}' | '\u{2a700}'..='\u{2ceaf}' | '\u{2f800}'..='\u{2fa1f}')
}

/// All ASCII that is neither letter, digit nor blank, and category P beyond.
fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_punctuation()
    } else {
        c.general_category_group() == GeneralCategoryGroup::Punctuation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        for_each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_cut_as_bert_cuts_them() {
        for (text, expected) in [
            ("", vec![]),
            (" \t\r\n ", vec![]),
            ("Hello, World", vec!["hello", ",", "world"]),
            ("a\u{b}b\u{c}c\0d\u{7f}e", vec!["abcde"]),
            ("no\u{a0}break\u{2028}line", vec!["no", "break", "line"]),
            ("zero\u{200b}width soft\u{ad}hyphen", vec!["zerowidth", "softhyphen"]),
            ("private\u{e000}use \u{fffd}", vec!["privateuse"]),
            ("Crème BRÛLÉE", vec!["creme", "brulee"]),
            ("e\u{301}tude", vec!["etude"]),
            ("İstanbul ẞ ΣΑΣ", vec!["istanbul", "ß", "σασ"]),
            ("ab中文cd", vec!["ab", "中", "文", "cd"]),
            ("カタカナ", vec!["カタカナ"]),
            ("“x”—y…", vec!["“", "x", "”", "—", "y", "…"]),
            ("a`b^c$d~e", vec!["a", "`", "b", "^", "c", "$", "d", "~", "e"]),
            ("5€ ©x", vec!["5€", "©x"]),
            ("[UNK] [PAD]", vec!["[", "unk", "]", "[", "pad", "]"]),
        ] {
            assert_eq!(words(text), expected, "{text:?}");
        }
    }

    #[test]
    fn hangul_is_decomposed() {
        assert_eq!(words("한"), ["\u{1112}\u{1161}\u{11ab}"]);
    }

    proptest! {
        #[test]
        fn the_ascii_path_equals_the_general_one(text in "[\\x00-\\x7f]{0,80}") {
            let mut general = Vec::new();
            unicode_words(&text, |word| general.push(word.to_owned()));
            prop_assert_eq!(words(&text), general);
        }
    }
}
