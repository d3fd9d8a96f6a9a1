//! Whether two statements contradict each other, from their words alone.
//!
//! After the features of M.-C. de Marneffe, A. Rafferty, C. Manning, "Finding contradictions in text" (2008): texts about the
//! same thing that differ in polarity, in an antonym, or in a number. Athena asked a model; this sees what is on the surface.

use crate::words::{share, stem, words};

/// Less shared than this, and two texts are about different things.
const SAME_TOPIC: f64 = 0.5;
/// Shared words that make a topic, at least.
const LEAST_SHARED: usize = 2;

const NEGATIONS: [&str; 14] = [
    "no", "not", "never", "none", "without", "cannot", "don't", "doesn't", "isn't", "aren't", "wasn't", "won't",
    "can't", "didn't",
];

const ANTONYMS: [(&str, &str); 24] = [
    ("always", "never"),
    ("on", "off"),
    ("enable", "disable"),
    ("enabled", "disabled"),
    ("true", "false"),
    ("open", "closed"),
    ("pass", "fail"),
    ("passes", "fails"),
    ("passed", "failed"),
    ("success", "failure"),
    ("fast", "slow"),
    ("safe", "dangerous"),
    ("valid", "invalid"),
    ("required", "optional"),
    ("sync", "async"),
    ("synchronous", "asynchronous"),
    ("allow", "forbid"),
    ("allowed", "forbidden"),
    ("increase", "decrease"),
    ("likes", "hates"),
    ("prefers", "avoids"),
    ("more", "less"),
    ("before", "after"),
    ("up", "down"),
];

/// What two statements differ in.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// 0 to 1: the share of the shorter text's words that both have.
    pub score: f64,
    /// `polarity`, `antonym` or `number`.
    pub kind: &'static str,
}

struct Statement {
    words: Vec<String>,
    topic: Vec<String>,
    numbers: Vec<String>,
    negations: usize,
}

fn read(text: &str) -> Statement {
    let words = words(text);
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let is_negation = |word: &str| NEGATIONS.contains(&word);
    let opposite = |word: &str| ANTONYMS.iter().any(|(a, b)| *a == word || *b == word);
    let mut topic = Vec::new();
    for word in &words {
        let stem = stem(word);
        let counts = !crate::words::is_stop(word) && !is_number(word) && !is_negation(word) && !opposite(word);
        if counts && !topic.contains(&stem) {
            topic.push(stem);
        }
    }
    let numbers = words.iter().filter(|word| is_number(word)).cloned().collect();
    let negations = words.iter().filter(|word| is_negation(word)).count();
    Statement { words, topic, numbers, negations }
}

/// Compares two statements; none if they are about different things or agree.
#[must_use]
pub fn contradiction(a: &str, b: &str) -> Option<Contradiction> {
    let (a, b) = (read(a), read(b));
    let (short, long) = if a.topic.len() <= b.topic.len() { (&a, &b) } else { (&b, &a) };
    let score = share(&short.topic, &long.topic);
    let shared = short.topic.iter().filter(|stem| long.topic.contains(stem)).count();
    if shared < LEAST_SHARED || score < SAME_TOPIC {
        return None;
    }
    let has = |statement: &Statement, word: &str| statement.words.iter().any(|known| known == word);
    let opposed = |x: &Statement, y: &Statement| {
        ANTONYMS.iter().any(|(one, other)| has(x, one) && has(y, other) && !has(x, other) && !has(y, one))
    };
    let antonym = opposed(&a, &b) || opposed(&b, &a);
    let polarity = a.negations % 2 != b.negations % 2;
    let number =
        !a.numbers.is_empty() && !b.numbers.is_empty() && a.numbers.iter().all(|number| !b.numbers.contains(number));
    // A negated antonym says the same again: "is not slow", "is fast".
    let kind = match (polarity, antonym, number) {
        (true, false, _) => "polarity",
        (false, true, _) => "antonym",
        (_, _, true) => "number",
        _ => return None,
    };
    Some(Contradiction { score, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_what_is_on_the_surface() {
        for (a, b, kind) in [
            ("The cache is enabled in production", "The cache is not enabled in production", Some("polarity")),
            ("The login test passes", "The login test fails", Some("antonym")),
            ("The API server listens on port 8000", "The API server listens on port 9000", Some("number")),
            ("The login test passes", "The login test passes every night", None),
            ("The build is fast on Linux machines", "The build is not slow on Linux machines", None),
            ("Ada lives in London", "Bob never eats fish", None),
            ("The API server listens on port 8000", "Deployment takes 9 minutes", None),
        ] {
            let found = contradiction(a, b);
            assert_eq!(found.as_ref().map(|found| found.kind), kind, "{a} / {b}");
            assert_eq!(found, contradiction(b, a));
        }
    }

    #[test]
    fn the_score_is_what_they_share() {
        let same = contradiction("The cache is enabled in production", "The cache is not enabled in production");
        assert!(same.is_some_and(|found| (found.score - 1.0).abs() < 1e-9));
        let partly = contradiction("the nightly backup job succeeds daily", "the nightly backup never works");
        assert!(partly.is_some_and(|found| found.score > 0.5 && found.score < 1.0));
        assert_eq!(contradiction("", "not"), None);
    }
}
