//! Words of texts: what comparisons, categories and triggers look at.

use std::collections::BTreeSet;

/// Words that say nothing about what is done.
const STOP: [&str; 40] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "from", "has", "have", "how", "i", "if", "in",
    "into", "is", "it", "its", "of", "on", "or", "our", "so", "that", "the", "then", "this", "to", "up", "was", "we",
    "what", "when", "which", "will", "with", "you",
];

/// The words of a text, lower case, in order: runs of letters, digits and `_`.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A word without its commonest English endings, so that `tests`, `testing` and `tested` meet. The suffixes of step 1 of
/// Porter's stemmer (M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980), no more.
#[must_use]
pub fn stem(word: &str) -> String {
    let enough = |stem: &str| stem.chars().count() >= 3;
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.chars().count() >= 2) {
        return format!("{stem}y");
    }
    for suffix in ["ing", "ed"] {
        if let Some(stem) = word.strip_suffix(suffix).filter(|stem| enough(stem)) {
            return stem.strip_suffix('e').unwrap_or(stem).to_owned();
        }
    }
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    match word.strip_suffix('s').filter(|stem| enough(stem)) {
        Some(stem) => stem.strip_suffix('e').filter(|stem| enough(stem)).unwrap_or(stem).to_owned(),
        None => word.strip_suffix('e').filter(|stem| enough(stem)).unwrap_or(word).to_owned(),
    }
}

/// The stems of the words that say something, each once.
#[must_use]
pub fn stems(text: &str) -> BTreeSet<String> {
    words(text).filter(|word| !STOP.contains(&word.as_str())).map(|word| stem(&word)).collect()
}

/// Whether a word says nothing about what is done.
#[must_use]
pub fn is_stop(word: &str) -> bool {
    STOP.contains(&word)
}

/// Shared stems as a share of all stems of both, 0 to 1 (P. Jaccard, 1901). Two empty sets have nothing in common.
#[must_use]
pub fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// The longest prefix of at most `most` characters (the ellipsis counted), cut at a word's end if one lies in its last third.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let head = text.get(..end).unwrap_or_default();
    let at_word = head.rfind(char::is_whitespace).filter(|at| *at * 3 >= end * 2).unwrap_or(end);
    format!("{}…", head.get(..at_word).unwrap_or(head).trim_end())
}

/// One line: runs of white space become one blank.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflected_words_meet() {
        for group in [["test", "tests", "testing", "tested"], ["release", "releases", "releasing", "released"]] {
            let first = stem(group[0]);
            assert!(group.iter().all(|word| stem(word) == first), "{group:?}");
        }
        assert_eq!(stem("class"), "class");
        assert_eq!(stem("dependencies"), stem("dependency"));
        assert_eq!(stem("red"), "red");
    }

    #[test]
    fn stop_words_are_left_out() {
        assert_eq!(stems("Run the tests, then run them").into_iter().collect::<Vec<_>>(), ["run", "test", "them"]);
    }

    #[test]
    fn jaccard_is_the_share_of_both() {
        let (a, b) = (stems("run unit tests"), stems("run tests quickly"));
        assert_eq!(jaccard(&a, &b), 0.5);
        assert_eq!(jaccard(&BTreeSet::new(), &BTreeSet::new()), 0.0);
        assert_eq!(jaccard(&a, &a), 1.0);
    }

    #[test]
    fn clips_at_a_word_end_and_never_longer() {
        assert_eq!(clip("the quick brown fox", 13), "the quick…");
        assert_eq!(clip("short", 5), "short");
        assert_eq!(clip("Donaudampfschiff", 6), "Donau…");
    }
}
