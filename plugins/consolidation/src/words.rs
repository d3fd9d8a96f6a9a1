//! Words of a text: content stems, the specifics that tell two texts apart, overlap, clipping.

use std::collections::BTreeSet;

/// Words that carry no topic. Negations are no stop words: see [`is_negation`].
const STOP: [&str; 68] = [
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do",
    "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its",
    "me", "my", "of", "on", "or", "our", "she", "should", "so", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which", "who",
    "will", "with", "would", "you", "your",
];

/// Words that turn a statement round. `t` is what is left of `don't` and `isn't`.
const NEGATIONS: [&str; 9] = ["no", "not", "never", "none", "without", "cannot", "t", "dont", "neither"];

/// The words of a text as they stand: runs of letters, digits and `_`.
pub fn raw_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Whether a lower-case word carries no topic.
#[must_use]
pub fn is_stop(word: &str) -> bool {
    STOP.contains(&word)
}

/// Whether a lower-case word negates.
#[must_use]
pub fn is_negation(word: &str) -> bool {
    NEGATIONS.contains(&word)
}

/// A light English stem: step 1 of M. F. Porter, "An algorithm for suffix stripping" (1980). Other scripts come back
/// unchanged.
#[must_use]
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let singular = if let Some(root) = word.strip_suffix("ies") {
        format!("{root}y")
    } else if let Some(root) = word.strip_suffix("sses") {
        format!("{root}ss")
    } else {
        match word.strip_suffix('s') {
            Some(root) if !root.ends_with(['s', 'u', 'i']) => root.to_owned(),
            _ => word.to_owned(),
        }
    };
    for suffix in ["ing", "ed"] {
        let has_vowel = |root: &&str| root.len() >= 3 && root.bytes().any(|b| b"aeiouy".contains(&b));
        if let Some(root) = singular.strip_suffix(suffix).filter(has_vowel) {
            let mut ends = root.bytes().rev();
            let (last, before) = (ends.next(), ends.next());
            let doubled = last == before && last.is_some_and(|b| !b"lsz".contains(&b));
            return if doubled { root.get(..root.len() - 1).unwrap_or(root).to_owned() } else { root.to_owned() };
        }
    }
    singular
}

/// The distinct stems of the words that carry topic. Negations are left out.
#[must_use]
pub fn stems(text: &str) -> BTreeSet<String> {
    raw_words(text)
        .map(str::to_lowercase)
        .filter(|word| !is_stop(word) && !is_negation(word))
        .map(|word| stem(&word))
        .collect()
}

/// The lower-case stems of all words but articles and auxiliaries, in their order: the skeleton of a statement.
#[must_use]
pub fn skeleton(text: &str) -> Vec<String> {
    const LIGHT: [&str; 10] = ["a", "an", "the", "do", "does", "did", "doesn", "don", "isn", "didn"];
    raw_words(text)
        .map(str::to_lowercase)
        .filter(|word| !LIGHT.contains(&word.as_str()) && !is_negation(word))
        .map(|word| stem(&word))
        .collect()
}

/// The numbers of a text, as written: `8080`, `1.5`, `v2` gives `2`.
#[must_use]
pub fn numbers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut current = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_numeric() || (matches!(c, '.' | ',' | ':') && !current.is_empty()) {
            current.push(c);
        } else if !current.is_empty() {
            found.insert(current.trim_end_matches(['.', ',', ':']).to_owned());
            current.clear();
        }
    }
    found
}

/// How many words negate, odd or even: two negations say what none says.
#[must_use]
pub fn negated(text: &str) -> bool {
    raw_words(text).filter(|word| is_negation(&word.to_lowercase())).count() % 2 == 1
}

/// Names: words with an upper-case letter that do not open a sentence, and words no sentence makes upper-case there
/// (`TypeError`, `snake_case`, `USA`). Lower case.
#[must_use]
pub fn names(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for sentence in text.split(['.', '!', '?', '\n', ':', ';', '"', '\u{201c}']) {
        for (nth, word) in raw_words(sentence).enumerate() {
            let mut letters = word.chars();
            let first = letters.next().is_some_and(char::is_uppercase);
            let inside = letters.any(char::is_uppercase) || word.contains('_');
            if word.chars().count() > 1 && (inside || (first && nth > 0)) {
                found.insert(word.to_lowercase());
            }
        }
    }
    found
}

/// What two sets share over what both have; 0 when both are empty. P. Jaccard, "The distribution of the flora in the
/// alpine zone" (1912).
#[must_use]
pub fn jaccard<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    let shared = a.intersection(b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// A share of a whole; 0 of nothing.
#[must_use]
pub fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A text on one line, white space collapsed, at most so many characters; cut text ends in `…`.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    // Enough of a long text, so that a megabyte is not copied to show a line.
    let head: String = text.chars().take(most.saturating_mul(4)).collect();
    let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most && head.len() == text.len() {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// What makes two texts the same statement: white space, case and a final stop do not matter. Words in capitals keep
/// them, since `US` is not `us`.
#[must_use]
pub fn normal(text: &str) -> String {
    let shout = |word: &str| word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
    let words = text.split_whitespace().map(|word| if shout(word) { word.to_owned() } else { word.to_lowercase() });
    words.collect::<Vec<_>>().join(" ").trim_end_matches(['.', '!', ';']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn stems_join_the_forms_of_a_word() {
        for (word, root) in [("memories", "memory"), ("stopped", "stop"), ("rolled", "roll"), ("classes", "class")] {
            assert_eq!(stem(word), root);
        }
        assert_eq!(stems("The tests are not failing"), set(&["test", "fail"]));
    }

    #[test]
    fn specifics_are_numbers_names_and_negations() {
        assert_eq!(numbers("port 8080, v1.5. At 12:30."), set(&["8080", "1.5", "12:30"]));
        assert_eq!(names("Yesterday Ada met TypeError in foo_bar. Then left"), set(&["ada", "typeerror", "foo_bar"]));
        assert!(negated("Ada doesn't like tabs") && !negated("Ada likes tabs") && !negated("never not"));
    }

    #[test]
    fn the_same_statement_is_normal_alike_but_us_is_not_us() {
        assert_eq!(normal("Ada  likes tabs."), normal("ada likes\ntabs"));
        assert_ne!(normal("the US"), normal("the us"));
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clip("one  two", 20), "one two");
        assert_eq!(clip("ääääää", 4), "äää…");
        assert_eq!(clip("", 4), "");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,200}", most in 0usize..50) {
            let _ = (stems(&text), skeleton(&text), numbers(&text), names(&text), negated(&text), normal(&text));
            prop_assert!(clip(&text, most).chars().count() <= most.max(1));
        }
    }
}
