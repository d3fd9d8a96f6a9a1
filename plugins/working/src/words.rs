//! Words of a text: lower case, stop words aside, compared by a light stem.

/// English words that carry no topic.
const STOP: [&str; 56] = [
    "a", "about", "am", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does",
    "for", "from", "had", "has", "have", "he", "her", "his", "i", "if", "in", "into", "is", "it", "its", "me", "my",
    "of", "on", "or", "our", "she", "so", "than", "that", "the", "their", "them", "they", "this", "to", "was", "we",
    "were", "will", "with", "would", "you", "your",
];

/// The words of a text in order, lower case: runs of letters and digits, apostrophes kept inside (`don't`).
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    text.replace('’', "'")
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether a lower-case word carries no topic.
#[must_use]
pub fn is_stop(word: &str) -> bool {
    STOP.contains(&word)
}

/// A light English stem: plural `s` and the endings `ing` and `ed` go, as in step 1 of M. F. Porter, "An algorithm for
/// suffix stripping" (1980). Words of other scripts come back unchanged.
#[must_use]
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let singular = match word.strip_suffix('s') {
        Some(root) if !root.ends_with(['s', 'u', 'i']) => root,
        _ => word,
    };
    let has_vowel = |root: &str| root.bytes().any(|b| b"aeiouy".contains(&b));
    for suffix in ["ing", "ed"] {
        if let Some(root) = singular.strip_suffix(suffix).filter(|root| root.len() >= 3 && has_vowel(root)) {
            return root.to_owned();
        }
    }
    // `update` and `updating` must meet.
    singular.strip_suffix('e').filter(|root| root.len() >= 4).unwrap_or(singular).to_owned()
}

/// The distinct topic-carrying stems of a text, in order. If all its words are stop words they count after all.
#[must_use]
pub fn stems(text: &str) -> Vec<String> {
    let (mut content, mut all) = (Vec::new(), Vec::new());
    for word in words(text) {
        let stem = stem(&word);
        if !is_stop(&word) && !content.contains(&stem) {
            content.push(stem.clone());
        }
        if !all.contains(&stem) {
            all.push(stem);
        }
    }
    if content.is_empty() { all } else { content }
}

/// The share (0 to 1) of one list that is in another.
#[must_use]
pub fn share(of: &[String], in_list: &[String]) -> f64 {
    if of.is_empty() {
        return 0.0;
    }
    let shared = of.iter().filter(|stem| in_list.contains(stem)).count();
    #[expect(clippy::cast_precision_loss, reason = "word counts are small")]
    let share = shared as f64 / of.len() as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_apostrophes_and_drop_punctuation() {
        assert_eq!(words("Don’t 'stop' — v2!"), ["don't", "stop", "v2"]);
    }

    #[test]
    fn forms_of_a_word_meet() {
        for pair in [("tests", "testing"), ("update", "updating"), ("deploys", "deployed"), ("caches", "cache")] {
            assert_eq!(stem(pair.0), stem(pair.1), "{pair:?}");
        }
        assert_ne!(stem("status"), stem("stat"));
    }

    #[test]
    fn a_share_of_the_question() {
        let question = stems("the failing login tests");
        assert!((share(&question, &stems("login test")) - 2.0 / 3.0).abs() < 1e-9);
        assert!(share(&[], &question).abs() < f64::EPSILON);
    }
}
