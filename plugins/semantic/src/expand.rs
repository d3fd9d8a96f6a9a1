//! Query expansion: at most four wordings of a question, by rule, without a model.
//!
//! Full text matches words as they stand and the vector dilutes with filler, so each variant removes one obstacle:
//! filler words, word endings, and glued identifiers. No synonyms: those are the vector channel's work.

use crate::lexical::{is_stop, stem, words};

/// At most this many wordings, the original among them.
pub const MOST: usize = 4;

/// Splits `getUserName` into its words, which full text would take as one; `None` if there is nothing to split.
fn unglued(query: &str) -> Option<String> {
    let mut out = String::with_capacity(query.len() + 8);
    let mut before = ' ';
    for c in query.chars() {
        if before.is_lowercase() && c.is_uppercase() {
            out.push(' ');
        }
        out.push(c);
        before = c;
    }
    (out.len() > query.len()).then_some(out)
}

/// The query, then without filler words, then with word endings removed, then with identifiers split: each only if it
/// differs from those before it.
#[must_use]
pub fn variants(query: &str) -> Vec<String> {
    let query = query.trim();
    let content: Vec<String> = words(query).filter(|word| !is_stop(word)).collect();
    let stemmed: Vec<String> = content.iter().map(|word| stem(word)).collect();
    let mut variants = vec![query.to_owned()];
    for variant in [content.join(" "), stemmed.join(" "), unglued(query).unwrap_or_default()] {
        let new = |known: &String| words(known).ne(words(&variant));
        if !variant.is_empty() && variants.iter().all(new) && variants.len() < MOST {
            variants.push(variant);
        }
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_variant_removes_one_obstacle() {
        assert_eq!(
            variants("How are migrations deployed by runAll?"),
            [
                "How are migrations deployed by runAll?",
                "migrations deployed runall",
                "migration deploy runall",
                "How are migrations deployed by run All?",
            ]
        );
        assert_eq!(variants("getUserName"), ["getUserName", "get User Name"]);
        assert_eq!(variants("tabs"), ["tabs", "tab"]);
        assert_eq!(variants("rust"), ["rust"]);
        assert_eq!(variants("who are you"), ["who are you"]);
    }

    proptest! {
        #[test]
        fn the_original_comes_first_and_four_are_enough(query in "\\PC{1,80}") {
            let variants = variants(&query);
            prop_assert!(variants.len() <= MOST);
            prop_assert_eq!(variants.first().map(String::as_str), Some(query.trim()));
        }
    }
}
