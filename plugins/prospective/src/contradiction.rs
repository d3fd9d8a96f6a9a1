//! Whether two statements contradict each other by their words: the same subject, and opposite words or one denial.
//!
//! The idea is that of M.-C. de Marneffe, A. Rafferty and C. Manning, "Finding contradictions in text" (ACL 2008): antonyms and
//! negation over aligned words. Only stored words are compared; nothing is inferred.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

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

/// The opposites by their stems: made once, since every pair of statements asks for them.
static STEMS: LazyLock<Vec<(String, String)>> =
    LazyLock::new(|| OPPOSITES.iter().map(|(one, other)| (stem(one), stem(other))).collect());

/// For each such stem a bit for each of the opposites whose first, and whose second word it is.
static SIDES: LazyLock<BTreeMap<&str, (u32, u32)>> = LazyLock::new(|| {
    let mut sides: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (nth, (one, other)) in STEMS.iter().enumerate() {
        sides.entry(one).or_default().0 |= 1 << nth;
        sides.entry(other).or_default().1 |= 1 << nth;
    }
    sides
});

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
    /// Which first words of [`OPPOSITES`] it has and not their second ones, a bit each ..
    first: u32,
    /// .. and the other way round.
    second: u32,
}

/// Strips the endings of plural, past and `-ing`, British spelling, and a final e, so that forms of one word meet. The opposites go through it too.
fn stem(word: &str) -> String {
    let word = match word.contains("is") {
        true => Cow::Owned(word.replace("isation", "ization").replace("ise", "ize")),
        false => Cow::Borrowed(word),
    };
    let mut stem = word.as_ref();
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
        let subject: BTreeSet<String> = subject.collect();
        let (first, second) = subject
            .iter()
            .filter_map(|word| SIDES.get(word.as_str()))
            .fold((0, 0), |has, side| (has.0 | side.0, has.1 | side.1));
        // Twice denied is affirmed.
        Self { subject, denied: denies % 2 == 1, first: first & !second, second: second & !first }
    }

    /// A bit for each of the opposites that stand between the two.
    fn opposed(&self, other: &Self) -> u32 {
        (self.first & other.second) | (self.second & other.first)
    }
}

/// Pairs of statements that may contradict each other, as their places with the smaller first, in order: all that [`between`] affirms are among
/// them, and few others.
///
/// Opposites are met through the lists of those that have either. A denial has to be of most words of the shorter statement, so that at least one
/// of its rarest words is in the other: only those are looked up (prefix filtering: S. Chaudhuri, V. Ganti, R. Kaushik, "A primitive operator for
/// similarity joins in data cleaning", ICDE 2006).
#[must_use]
pub fn candidates(all: &[&Words]) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    let mut add = |a: usize, b: usize| {
        if let (Some(left), Some(right)) = (all.get(a), all.get(b))
            && a != b
            && left.denied == right.denied
        {
            found.insert((a.min(b), a.max(b)));
        }
    };
    for nth in 0..OPPOSITES.len() {
        let having = |side: fn(&Words) -> u32| {
            let places = all.iter().enumerate().filter(move |(_, words)| side(words) >> nth & 1 == 1);
            places.map(|(at, _)| at).collect::<Vec<usize>>()
        };
        let others = having(|words| words.second);
        for a in having(|words| words.first) {
            others.iter().for_each(|b| add(a, *b));
        }
    }
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, words) in all.iter().enumerate() {
        words.subject.iter().for_each(|word| places.entry(word).or_default().push(at));
    }
    for (at, words) in all.iter().enumerate() {
        let mut lists: Vec<&Vec<usize>> = words.subject.iter().filter_map(|word| places.get(word.as_str())).collect();
        lists.sort_by_key(|list| list.len());
        #[expect(clippy::cast_precision_loss, reason = "a count of words")]
        let least = (1..=lists.len()).find(|count| *count as f64 / lists.len() as f64 >= SAME).unwrap_or_default();
        for other in lists.iter().take(lists.len() + 1 - least).flat_map(|list| list.iter().copied()) {
            if all.get(other).is_some_and(|other| other.denied != words.denied && words.opposed(other) == 0) {
                found.insert((at.min(other), at.max(other)));
            }
        }
    }
    found
}

/// How two statements contradict each other, in words; none if they do not.
#[must_use]
pub fn between(a: &Words, b: &Words) -> Option<String> {
    let opposed = a.opposed(b);
    // `not raise` and `lower` agree.
    if opposed != 0 && a.denied == b.denied {
        for (nth, ((one, other), (l, r))) in OPPOSITES.iter().zip(STEMS.iter()).enumerate() {
            if opposed >> nth & 1 == 1 && is_alike(a, b, &[l, r], ALIKE) {
                let (left, right) = if a.first >> nth & 1 == 1 { (one, other) } else { (other, one) };
                return Some(format!("`{left}` against `{right}`"));
            }
        }
    }
    (opposed == 0 && a.denied != b.denied && is_alike(a, b, &[], SAME))
        .then(|| "one says what the other denies".to_owned())
}

/// Whether the words, less those left out, have enough in common.
fn is_alike(a: &Words, b: &Words, without: &[&str], least: f64) -> bool {
    let rest =
        |words: &Words| words.subject.len() - without.iter().filter(|word| words.subject.contains(**word)).count();
    let shorter = rest(a).min(rest(b));
    let common = a.subject.intersection(&b.subject).filter(|word| !without.contains(&word.as_str())).count();
    #[expect(clippy::cast_precision_loss, reason = "a count of words")]
    let share = common as f64 / shorter.max(1) as f64;
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
    fn candidates_miss_no_contradiction() {
        let words =
            ["raise", "lower", "not", "prices", "cache", "size", "the", "keep", "remove", "never", "api", "old"];
        // A fixed sequence of statements of two to six of these words.
        let mut seed = 7_usize;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let texts: Vec<String> = (0..300)
            .map(|_| (0..2 + next(5)).map(|_| words[next(words.len())]).collect::<Vec<_>>().join(" "))
            .collect();
        let all: Vec<Words> = texts.iter().map(|text| Words::of(text)).collect();
        let found = candidates(&all.iter().collect::<Vec<_>>());
        let mut contradictions = 0;
        for a in 0..all.len() {
            for b in a + 1..all.len() {
                if between(&all[a], &all[b]).is_some() {
                    contradictions += 1;
                    assert!(found.contains(&(a, b)), "{} / {}", texts[a], texts[b]);
                }
            }
        }
        assert!(contradictions > 100 && found.len() < 300 * 299 / 2, "{contradictions} of {}", found.len());
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
