//! Whether two statements contradict each other by their words: the same subject, and opposite words or one denial.
//!
//! The idea is that of M.-C. de Marneffe, A. Rafferty and C. Manning, "Finding contradictions in text" (ACL 2008): antonyms and
//! negation over aligned words. Only stored words are compared; nothing is inferred.

use std::collections::BTreeSet;

/// Words that exclude each other, by stems.
const OPPOSITES: [(&str, &str); 26] = [
    ("increase", "decrease"),
    ("increase", "reduce"),
    ("raise", "lower"),
    ("grow", "shrink"),
    ("add", "remove"),
    ("enable", "disable"),
    ("allow", "forbid"),
    ("allow", "deny"),
    ("start", "stop"),
    ("open", "close"),
    ("keep", "remove"),
    ("keep", "drop"),
    ("keep", "delete"),
    ("include", "exclude"),
    ("expand", "reduce"),
    ("more", "less"),
    ("more", "fewer"),
    ("fast", "slow"),
    ("minimize", "maximize"),
    ("public", "private"),
    ("centralize", "decentralize"),
    ("merge", "split"),
    ("buy", "sell"),
    ("hire", "dismiss"),
    ("upgrade", "downgrade"),
    ("simple", "complex"),
];

/// Words that deny.
const DENIALS: [&str; 8] = ["not", "no", "never", "without", "avoid", "dont", "cannot", "refuse"];

/// Words that say nothing about the subject.
const EMPTY: [&str; 30] = [
    "the", "a", "an", "of", "to", "in", "on", "for", "and", "or", "is", "are", "be", "must", "should", "will", "by",
    "with", "at", "all", "we", "it", "its", "our", "this", "that", "as", "do", "does", "from",
];

/// Least share of common words, of the shorter statement, for two to be about one thing.
const ALIKE: f64 = 0.5;
/// The same for a denial: it has to be of the very thing the other says.
const SAME: f64 = 0.75;

/// The words of a statement, as the comparison sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    subject: BTreeSet<String>,
    denied: bool,
}

/// Strips the endings of plural, past and `-ing`, British spelling, and a final e, so that forms of one word meet. The opposites go through it too.
fn stem(word: &str) -> String {
    let word = word.replace("isation", "ization").replace("ise", "ize");
    let mut stem = word.as_str();
    for ending in ["ing", "ed", "es", "s"] {
        if let Some(rest) = stem.strip_suffix(ending).filter(|rest| rest.len() >= 3) {
            // "process" has no plural s.
            if !(ending == "s" && rest.ends_with('s')) {
                stem = rest;
            }
            break;
        }
    }
    let stem = stem.trim_end_matches('e');
    // "stopped" and "stop" meet.
    let mut letters = stem.char_indices().rev();
    match (letters.next(), letters.next()) {
        (Some((at, last)), Some((_, before))) if last == before && !['l', 's'].contains(&last) => {
            stem.get(..at).unwrap_or(stem).to_owned()
        }
        _ => stem.to_owned(),
    }
}

impl Words {
    /// Of a statement.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.to_lowercase().replace(['\'', '’'], "");
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let denies = words.iter().filter(|word| DENIALS.contains(word)).count();
        let subject =
            words.iter().filter(|word| !EMPTY.contains(word) && !DENIALS.contains(word)).map(|word| stem(word));
        // Twice denied is affirmed.
        Self { subject: subject.collect(), denied: denies % 2 == 1 }
    }
}

/// How two statements contradict each other, in words; none if they do not.
#[must_use]
pub fn between(a: &Words, b: &Words) -> Option<String> {
    let mut opposed = false;
    for (one, other) in OPPOSITES {
        for (left, right) in [(one, other), (other, one)] {
            let (l, r) = (stem(left), stem(right));
            if a.subject.contains(&l) && b.subject.contains(&r) && !a.subject.contains(&r) && !b.subject.contains(&l) {
                opposed = true;
                // `not raise` and `lower` agree.
                if a.denied == b.denied && is_alike(a, b, &[&l, &r], ALIKE) {
                    return Some(format!("`{left}` against `{right}`"));
                }
            }
        }
    }
    (!opposed && a.denied != b.denied && is_alike(a, b, &[], SAME)).then(|| "one says what the other denies".to_owned())
}

/// Whether the words, less those left out, have enough in common.
fn is_alike(a: &Words, b: &Words, without: &[&str], least: f64) -> bool {
    let rest = |words: &Words| -> BTreeSet<String> {
        words.subject.iter().filter(|word| !without.contains(&word.as_str())).cloned().collect()
    };
    let (a, b) = (rest(a), rest(b));
    let shorter = a.len().min(b.len());
    #[expect(clippy::cast_precision_loss, reason = "a count of words")]
    let share = a.intersection(&b).count() as f64 / shorter.max(1) as f64;
    shorter > 0 && share >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opposites_and_denials_about_one_thing_contradict() {
        for (a, b, found) in [
            ("Increase the cache size", "Reduce cache size", true),
            ("Reduce cache size", "Increasing the cache size", true),
            ("Increase the cache size", "Decrease the price", false),
            ("Keep the old API", "Remove the old API", true),
            ("Store passwords in the log", "Never store passwords in the log", true),
            ("Do not store passwords", "Avoid storing passwords", false),
            ("Do not raise prices", "Lower prices", false),
            ("Raise prices", "Lower prices", true),
            ("Ship the release", "Write the docs", false),
            ("Don't ship on Friday", "Ship on Friday", true),
            ("", "", false),
        ] {
            let (left, right) = (Words::of(a), Words::of(b));
            assert_eq!(between(&left, &right).is_some(), found, "{a} / {b}");
            assert_eq!(between(&right, &left).is_some(), found, "{b} / {a}");
        }
    }

    #[test]
    fn the_words_are_named() {
        let found = between(&Words::of("Enable tracing"), &Words::of("Disable tracing"));
        assert_eq!(found.as_deref(), Some("`enable` against `disable`"));
    }

    #[test]
    fn forms_of_a_word_meet() {
        for (a, b) in [
            ("stopped", "stop"),
            ("minimise", "minimize"),
            ("reducing", "reduce"),
            ("tests", "test"),
            ("adding", "add"),
        ] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        assert_eq!(stem("process"), "process");
    }
}
