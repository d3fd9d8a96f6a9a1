//! What is computed of a memory: importance, stage of its evolution, tags (requirements 1.11).

use std::collections::BTreeMap;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;
/// Tags found in a text, at most.
pub const TAGS: usize = 5;
/// The stages of a memory's evolution, in their order.
pub const STAGES: [&str; 4] = ["nascent", "developing", "mature", "stable"];
/// Words that say nothing of the subject; shorter ones than four letters are left out anyway.
const COMMON: [&str; 24] = [
    "about", "after", "also", "because", "been", "before", "could", "from", "have", "into", "only", "other", "should",
    "than", "that", "their", "them", "then", "there", "they", "this", "what", "when", "with",
];

/// `0.6 min(uses / 100, 1) + 0.4 (1 - days / 90)`, the second term not below 0; `age_ms` is the time since the memory
/// was made, changed or used, whichever is latest.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts and ages are far below 2^52")]
pub fn importance(uses: u64, age_ms: u64) -> f64 {
    let days = age_ms as f64 / DAY;
    0.6 * (uses as f64 / 100.0).min(1.0) + 0.4 * (1.0 - days / 90.0).max(0.0)
}

/// The stage by the number of versions since the first text: none nascent, below 3 developing, below 10 mature, else
/// stable.
#[must_use]
pub const fn stage(changes: u64) -> &'static str {
    match changes {
        0 => "nascent",
        1..3 => "developing",
        3..10 => "mature",
        _ => "stable",
    }
}

/// The most frequent words of four letters and more, at most [`TAGS`]; ties in the order of the alphabet.
#[must_use]
pub fn tags(text: &str) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let word = word.to_lowercase();
        if word.chars().count() >= 4 && word.chars().any(char::is_alphabetic) && !COMMON.contains(&word.as_str()) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut words: Vec<(String, usize)> = counts.into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.1));
    words.into_iter().take(TAGS).map(|(word, _)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importance_is_uses_and_youth() {
        assert!((importance(0, 0) - 0.4).abs() < 1e-9);
        assert!((importance(50, 45 * 86_400_000) - 0.5).abs() < 1e-9);
        assert!((importance(1000, 900 * 86_400_000) - 0.6).abs() < 1e-9);
    }

    #[test]
    fn stages_change_at_one_three_and_ten() {
        let stages: Vec<_> = [0, 1, 2, 3, 9, 10].into_iter().map(stage).collect();
        assert_eq!(stages, ["nascent", "developing", "developing", "mature", "mature", "stable"]);
    }

    #[test]
    fn tags_are_the_frequent_words_five_at_most() {
        let found = tags("Parser and lexer: the parser feeds tokens; tokens, grammar, syntax, errors with 2024");
        assert_eq!(found, ["parser", "tokens", "errors", "feeds", "grammar"]);
        assert!(tags("the of with that").is_empty());
    }
}
