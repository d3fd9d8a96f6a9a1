//! When two memories say the same, and when they cannot both be: told from their words, never from cosine alone.

use crate::memory::Memory;
use crate::proposal::{ConflictKind, Severity};
use crate::words::{jaccard, names, negated, normal, numbers, raw_words, skeleton, stem, stems};
use std::collections::BTreeSet;

/// Words by which a statement says that something is otherwise now.
const CHANGES: [&str; 18] = [
    "now",
    "anymore",
    "longer",
    "moved",
    "moves",
    "changed",
    "switched",
    "since",
    "currently",
    "instead",
    "renamed",
    "replaced",
    "migrated",
    "formerly",
    "became",
    "today",
    "updated",
    "upgraded",
];

/// Words that deny each other.
const OPPOSITES: [(&str, &str); 19] = [
    ("enabled", "disabled"),
    ("enables", "disables"),
    ("on", "off"),
    ("true", "false"),
    ("allowed", "forbidden"),
    ("passes", "fails"),
    ("success", "failure"),
    ("open", "closed"),
    ("before", "after"),
    ("sync", "async"),
    ("public", "private"),
    ("stable", "unstable"),
    ("required", "optional"),
    ("likes", "dislikes"),
    ("up", "down"),
    ("increases", "decreases"),
    ("fast", "slow"),
    ("always", "sometimes"),
    ("more", "less"),
];

/// What tells two statements apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// One negates, or says the opposite.
    Negation,
    /// They name other numbers.
    Number,
    /// They name other names, or another word in the same place.
    Value,
}

/// How two memories stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They say the same.
    Duplicate,
    /// They cannot both be.
    Conflict(Difference),
    /// Neither.
    Apart,
}

/// A memory's words, read once.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) normal: String,
    stems: BTreeSet<String>,
    /// All stems, stop words too: `on` and `off` matter.
    words: BTreeSet<String>,
    skeleton: Vec<String>,
    numbers: BTreeSet<String>,
    names: BTreeSet<String>,
    negated: bool,
    changes: bool,
}

impl Said {
    pub(crate) fn of(content: &str) -> Self {
        Self {
            normal: normal(content),
            stems: stems(content),
            words: raw_words(content).map(|word| stem(&word.to_lowercase())).collect(),
            skeleton: skeleton(content),
            numbers: numbers(content),
            names: names(content),
            negated: negated(content),
            changes: raw_words(content).any(|word| CHANGES.contains(&word.to_lowercase().as_str())),
        }
    }

    /// How much two statements share.
    pub(crate) fn overlap(&self, other: &Self) -> f64 {
        jaccard(&self.stems, &other.stems)
    }

    /// Words both begin with: as long as these agree, they speak of one thing.
    fn subject(&self, other: &Self) -> usize {
        self.skeleton.iter().zip(&other.skeleton).take_while(|(a, b)| a == b).count()
    }

    /// It says all the other says.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.stems.is_subset(&self.stems)
    }

    /// One has a word, the other its opposite.
    fn opposes(&self, other: &Self) -> bool {
        let (mine, theirs): (BTreeSet<&String>, BTreeSet<&String>) =
            (self.words.difference(&other.words).collect(), other.words.difference(&self.words).collect());
        OPPOSITES.iter().any(|(one, opposite)| {
            let (one, opposite) = (stem(one), stem(opposite));
            (mine.contains(&one) && theirs.contains(&opposite)) || (mine.contains(&opposite) && theirs.contains(&one))
        })
    }

    /// How two statements stand to each other, given that their meanings are near. Two say the same only if one covers
    /// the other: a word in the place of another may mean anything, however near the vectors are. `overlap` is the Jaccard similarity
    /// from which near statements say the same.
    pub(crate) fn relation(&self, other: &Self, overlap: f64) -> Relation {
        let shared = self.overlap(other);
        if self.negated != other.negated {
            let same = shared >= 0.7 || (shared >= 0.5 && self.subject(other) >= 2);
            return if same { Relation::Conflict(Difference::Negation) } else { Relation::Apart };
        }
        if shared >= 0.5 && self.opposes(other) {
            return Relation::Conflict(Difference::Negation);
        }
        if self.numbers == other.numbers && self.names == other.names {
            if shared >= overlap && (self.covers(other) || other.covers(self)) {
                return Relation::Duplicate;
            }
        } else if self.subject(other) >= 2 && shared >= 0.3 {
            // An added detail contradicts nothing: each must have something the other lacks.
            let differ = |a: &BTreeSet<String>, b: &BTreeSet<String>| !a.is_subset(b) && !b.is_subset(a);
            if differ(&self.numbers, &other.numbers) {
                return Relation::Conflict(Difference::Number);
            }
            if differ(&self.names, &other.names) {
                return Relation::Conflict(Difference::Value);
            }
        }
        Relation::Apart
    }

    /// It says that something is otherwise now.
    pub(crate) fn says_change(&self) -> bool {
        self.changes
    }
}

/// How two texts stand to each other, given that their meanings are near.
#[must_use]
pub fn relation(a: &str, b: &str, overlap: f64) -> Relation {
    Said::of(a).relation(&Said::of(b), overlap)
}

/// What kind of conflict, after Abathur (requirements 2.5): temporal where the later one says that something changed;
/// manual where a decision or a procedure is concerned, or where callers found both useful; contradictory where one denies
/// the other; else simple.
pub(crate) fn kind(older: &Memory, newer: &Memory, newer_says_change: bool, difference: Difference) -> ConflictKind {
    let weighty = |memory: &Memory| matches!(memory.kind.as_str(), "decision" | "procedural");
    if newer_says_change && newer.since() > older.since() {
        ConflictKind::Temporal
    } else if weighty(older) || weighty(newer) || (older.feedback > 0 && newer.feedback > 0) {
        ConflictKind::Manual
    } else if difference == Difference::Negation {
        ConflictKind::Contradictory
    } else {
        ConflictKind::Simple
    }
}

/// How bad it is: by its kind, one step worse if both are believed (.8 or more).
pub(crate) fn severity(kind: ConflictKind, a: &Memory, b: &Memory) -> Severity {
    let believed = a.confidence >= 0.8 && b.confidence >= 0.8;
    match (kind, believed) {
        (ConflictKind::Simple | ConflictKind::Temporal, false) => Severity::Low,
        (ConflictKind::Simple | ConflictKind::Temporal, true) | (ConflictKind::Contradictory, false) => {
            Severity::Medium
        }
        (ConflictKind::Contradictory, true) | (ConflictKind::Manual, false) => Severity::High,
        (ConflictKind::Manual, true) => Severity::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_tell_duplicates_from_conflicts() {
        use Difference::{Negation, Number, Value};
        for (a, b, expected) in [
            ("Ada likes tabs", "Ada really likes tabs", Relation::Duplicate),
            ("Ada likes tabs", "Ada does not like tabs", Relation::Conflict(Negation)),
            ("The server listens on port 8080", "The server listens on port 9090", Relation::Conflict(Number)),
            ("Ada lives in Paris", "Ada lives in London", Relation::Conflict(Value)),
            ("Ada lives in Paris", "Bob lives in Paris", Relation::Apart),
            ("Issue 12 is fixed", "Issue 13 is fixed", Relation::Apart),
            ("The API needs Python 3", "The API needs Python 3 and Redis 7", Relation::Apart),
            ("Ada likes tabs", "The build is slow", Relation::Apart),
            ("The nightly cargo build uses lld", "The weekly cargo build uses lld", Relation::Apart),
            ("The cache of the parser is on", "The cache of the parser is off", Relation::Conflict(Negation)),
            ("Dark mode is enabled", "Dark mode is disabled", Relation::Conflict(Negation)),
        ] {
            assert_eq!(relation(a, b, 0.6), expected, "{a} / {b}");
            assert_eq!(relation(b, a, 0.6), expected, "{b} / {a}");
        }
    }

    proptest! {
        #[test]
        fn the_relation_is_symmetric(a in "[A-Za-z0-9 .']{0,40}", b in "[A-Za-z0-9 .']{0,40}") {
            prop_assert_eq!(relation(&a, &b, 0.6), relation(&b, &a, 0.6));
        }
    }
}
