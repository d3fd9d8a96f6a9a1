//! Trigger patterns: whether a situation, told in words, is one a procedure is for.
//!
//! A pattern has alternatives, split by `|`. One with `*` or `?` is a glob over the whole text (`*` any run, `?` one character),
//! one without is a set of words that must all occur, in any order, compared by stem. Case does not matter.

use crate::words::{stem, words};
use std::collections::BTreeSet;

/// How a pattern met a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The alternative that did, as it is written.
    pub alternative: String,
    /// Its words: the more, the more it says.
    pub words: usize,
}

/// A situation, read once for all the patterns it is compared with.
#[derive(Debug, Clone)]
pub struct Situation {
    lower: String,
    stems: BTreeSet<String>,
}

impl Situation {
    /// A situation told in words.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self { lower: text.trim().to_lowercase(), stems: words(text).map(|word| stem(&word)).collect() }
    }

    /// The alternative of most words that meets it, if any does.
    #[must_use]
    pub fn meets(&self, pattern: &str) -> Option<Met> {
        let mut best: Option<Met> = None;
        for alternative in pattern.split('|').map(str::trim).filter(|alternative| !alternative.is_empty()) {
            let wanted: BTreeSet<String> = words(alternative).map(|word| stem(&word)).collect();
            let met = if alternative.contains(['*', '?']) {
                glob(&alternative.to_lowercase(), &self.lower)
            } else {
                !wanted.is_empty() && wanted.is_subset(&self.stems)
            };
            if met && best.as_ref().is_none_or(|best| wanted.len() > best.words) {
                best = Some(Met { alternative: alternative.to_owned(), words: wanted.len() });
            }
        }
        best
    }
}

/// Whether a glob meets the whole text. Steps back to the last star only, so the work is at most pattern times text.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_in_any_order_and_globs_the_whole_text() {
        for (pattern, text, met) in [
            ("test fails", "The build is red: two tests passed", false),
            ("test failed", "The build failed in its tests", true),
            ("deploy | release", "time to release it", true),
            ("*error E0???*", "compiler said error E0308 in a.rs", true),
            ("error E0???", "compiler said error E0308", false),
            ("*", "anything", true),
            ("a*b*c", "aXbXbc", true),
            ("", "anything", false),
            (" | ", "anything", false),
            ("git", "digit", false),
        ] {
            assert_eq!(Situation::of(text).meets(pattern).is_some(), met, "{pattern} / {text}");
        }
    }

    #[test]
    fn the_most_telling_alternative_is_told() {
        let met = Situation::of("A release on Friday").meets("release|release on friday").unwrap();
        assert_eq!((met.alternative.as_str(), met.words), ("release on friday", 3));
    }

    #[test]
    fn a_hostile_glob_ends() {
        assert!(!glob(&"*a".repeat(100), &"b".repeat(2_000)));
        assert!(!glob(&format!("{}c", "*a".repeat(100)), &"a".repeat(2_000)));
    }
}
