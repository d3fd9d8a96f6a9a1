//! Surprise: where a stream of words or events turns to something new.
//!
//! S = 0.6 (-ln p) + 0.4 KL(after || before), p = 0.6 unigram (Laplace) + 0.4 bigram (requirements 1.3). A *unit* is one
//! word when a text is segmented and one event when a session is.

use std::collections::HashMap;

/// What surprise looks at and what counts as a boundary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Units on each side that make the before and after of the divergence.
    pub window: usize,
    /// Units over which -ln p is averaged, from the position on: one rare word is no change of topic.
    pub span: usize,
    /// A boundary has an S above this.
    pub threshold: f64,
    /// Units between two boundaries, and between a boundary and an end.
    pub spacing: usize,
    /// A boundary whose sides are at least this much alike is dropped.
    pub coherence: f64,
    /// Standard deviations above the mean S a boundary has to stand. -ln p grows with the vocabulary, so the fixed
    /// threshold alone would hold nearly everywhere in a long text; 0 switches this off.
    pub prominence: f64,
}

impl Options {
    /// For words of a text: spacing 50.
    pub const TEXT: Self = Self { window: 50, span: 10, threshold: 2.5, spacing: 50, coherence: 0.95, prominence: 1.0 };
    /// For events of a session: spacing 3.
    pub const EVENTS: Self = Self { window: 5, span: 1, threshold: 2.5, spacing: 3, coherence: 0.95, prominence: 0.5 };
}

/// Surprise at a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// S.
    pub surprise: f64,
    /// S between the lowest (0) and the highest (1) of the stream.
    pub normalized: f64,
    /// Cosine of the word counts after and before: 1 is the same topic.
    pub coherence: f64,
}

/// A place where a new segment starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boundary {
    /// The first unit of the new segment.
    pub at: usize,
    /// Its score.
    pub score: Score,
    /// 0.7 normalised surprise + 0.3 coherence (requirements 1.3).
    pub confidence: f64,
}

/// The score of every unit; the first has nothing before it and scores 0.
#[must_use]
pub fn scores(units: &[&[u32]], vocabulary: usize, options: &Options) -> Vec<Score> {
    let information = spread(&information(units, vocabulary), options.span);
    let mut found: Vec<Score> = (0..units.len())
        .map(|at| {
            let before = counts(units.get(at.saturating_sub(options.window)..at).unwrap_or_default());
            let after = counts(units.get(at..(at + options.window).min(units.len())).unwrap_or_default());
            if before.is_empty() || after.is_empty() {
                return Score::default();
            }
            let surprise = 0.6 * information.get(at).copied().unwrap_or(0.0) + 0.4 * divergence(&after, &before);
            Score { surprise, normalized: 0.0, coherence: cosine(&after, &before) }
        })
        .collect();
    let scored = || found.iter().skip(1).map(|score| score.surprise);
    let (low, high) = (scored().fold(f64::INFINITY, f64::min), scored().fold(0.0, f64::max));
    for score in found.iter_mut().skip(1) {
        score.normalized = if high > low { (score.surprise - low) / (high - low) } else { 0.0 };
    }
    found
}

/// Boundaries in order of place: the most surprising first get their room, so each is the peak of its surroundings.
#[must_use]
pub fn boundaries(scores: &[Score], options: &Options) -> Vec<Boundary> {
    let floor = options.threshold.max(standing_out(scores, options.prominence));
    let spacing = options.spacing.max(1);
    let mut order: Vec<usize> = (spacing..(scores.len() + 1).saturating_sub(spacing)).collect();
    let surprise = |at: &usize| scores.get(*at).map_or(0.0, |score| score.surprise);
    order.sort_by(|a, b| surprise(b).total_cmp(&surprise(a)));
    let mut kept: Vec<Boundary> = Vec::new();
    for at in order {
        let Some(score) = scores.get(at).copied() else {
            continue;
        };
        let roomy = kept.iter().all(|other| other.at.abs_diff(at) >= spacing);
        if score.surprise > floor && score.coherence < options.coherence && roomy {
            kept.push(Boundary { at, score, confidence: 0.7 * score.normalized + 0.3 * score.coherence });
        }
    }
    kept.sort_by_key(|boundary| boundary.at);
    kept
}

fn standing_out(scores: &[Score], prominence: f64) -> f64 {
    let values: Vec<f64> = scores.iter().skip(1).map(|score| score.surprise).collect();
    if prominence <= 0.0 || values.is_empty() {
        return 0.0;
    }
    let (mean, deviation) = mean_and_deviation(&values);
    mean + prominence * deviation
}

/// Mean and population standard deviation; zeros for nothing.
#[must_use]
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// Mean -ln p of each unit's words, given all words before the unit.
fn information(units: &[&[u32]], vocabulary: usize) -> Vec<f64> {
    let mut seen: HashMap<u32, u32> = HashMap::new();
    let mut pairs: HashMap<(u32, u32), u32> = HashMap::new();
    let (mut total, mut last) = (0u32, None);
    let mut found = Vec::with_capacity(units.len());
    for unit in units {
        let mut sum = 0.0;
        let mut previous: Option<u32> = last;
        for word in *unit {
            let times = |word: &u32| f64::from(seen.get(word).copied().unwrap_or(0));
            let unigram = (times(word) + 1.0) / (f64::from(total) + vocabulary.max(1) as f64);
            let bigram = previous.map_or(0.0, |before| {
                let together = f64::from(pairs.get(&(before, *word)).copied().unwrap_or(0));
                if together > 0.0 { together / times(&before).max(together) } else { 0.0 }
            });
            sum -= (0.6 * unigram + 0.4 * bigram).ln();
            previous = Some(*word);
        }
        found.push(if unit.is_empty() { 0.0 } else { sum / unit.len() as f64 });
        for word in *unit {
            *seen.entry(*word).or_insert(0) += 1;
            if let Some(before) = last {
                *pairs.entry((before, *word)).or_insert(0) += 1;
            }
            total += 1;
            last = Some(*word);
        }
    }
    found
}

/// The mean of each value and the `span - 1` that follow it.
fn spread(values: &[f64], span: usize) -> Vec<f64> {
    (0..values.len())
        .map(|at| {
            let near = values.get(at..(at + span.max(1)).min(values.len())).unwrap_or_default();
            near.iter().sum::<f64>() / near.len().max(1) as f64
        })
        .collect()
}

fn counts(units: &[&[u32]]) -> HashMap<u32, f64> {
    let mut found = HashMap::new();
    for word in units.iter().copied().flatten() {
        *found.entry(*word).or_insert(0.0) += 1.0;
    }
    found
}

/// KL divergence of the words after from the words before, both with Laplace over the words of either.
fn divergence(after: &HashMap<u32, f64>, before: &HashMap<u32, f64>) -> f64 {
    let only_before = before.keys().filter(|word| !after.contains_key(word)).count();
    let words = (after.len() + only_before) as f64;
    let (after_total, before_total) = (after.values().sum::<f64>() + words, before.values().sum::<f64>() + words);
    let term = |word: &u32| {
        let p = (after.get(word).copied().unwrap_or(0.0) + 1.0) / after_total;
        let q = (before.get(word).copied().unwrap_or(0.0) + 1.0) / before_total;
        p * (p / q).ln()
    };
    // Sorted, because a float sum over a map's random order would differ in the last digit from run to run.
    let mut all: Vec<&u32> = after.keys().chain(before.keys().filter(|word| !after.contains_key(word))).collect();
    all.sort_unstable();
    all.into_iter().map(term).sum::<f64>().max(0.0)
}

fn cosine(a: &HashMap<u32, f64>, b: &HashMap<u32, f64>) -> f64 {
    // Counts are whole numbers, so these sums are exact in any order.
    let dot: f64 = a.iter().filter_map(|(word, n)| Some(n * b.get(word)?)).sum();
    let norm = |counts: &HashMap<u32, f64>| counts.values().map(|n| n * n).sum::<f64>().sqrt();
    let length = norm(a) * norm(b);
    if length > 0.0 { (dot / length).clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Vocabulary;
    use proptest::prelude::*;

    fn text(topic: &[&str], words: usize) -> String {
        (0..words).map(|i| topic[(i * 7 + i / 3) % topic.len()]).collect::<Vec<_>>().join(" ")
    }

    fn cut(text: &str, options: &Options) -> Vec<Boundary> {
        let mut vocabulary = Vocabulary::default();
        let words = vocabulary.read(text);
        let units: Vec<&[u32]> = words.chunks(1).collect();
        boundaries(&scores(&units, vocabulary.size(), options), options)
    }

    #[test]
    fn a_change_of_topic_is_found_where_it_is() {
        let kitchen = ["bread", "oven", "flour", "water", "the", "a", "knead", "bake"];
        let harbour = ["ship", "crane", "the", "a", "anchor", "sail", "dock", "tide"];
        let both = format!("{} {}", text(&kitchen, 160), text(&harbour, 160));
        let found = cut(&both, &Options::TEXT);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].at.abs_diff(160) <= 10, "{found:?}");
        assert!((0.0..=1.0).contains(&found[0].confidence));
    }

    #[test]
    fn one_topic_has_no_boundary() {
        assert_eq!(cut(&text(&["a", "b", "c"], 400), &Options::TEXT), []);
        assert_eq!(cut("", &Options::TEXT), []);
        assert_eq!(cut("word", &Options::TEXT), []);
    }

    #[test]
    fn sides_that_are_alike_drop_a_boundary() {
        let kitchen = ["bread", "oven"];
        let harbour = ["ship", "crane"];
        let both = format!("{} {}", text(&kitchen, 100), text(&harbour, 100));
        let strict = Options { coherence: 0.0, ..Options::TEXT };
        assert_eq!(cut(&both, &strict), []);
    }

    #[test]
    fn events_are_units_too() {
        let mut vocabulary = Vocabulary::default();
        let mut read = |text: &str| vocabulary.read(text);
        let events: Vec<Vec<u32>> = (0..8)
            .map(|i| read(if i < 4 { "ran the login test again" } else { "wrote release notes for customers" }))
            .collect();
        let units: Vec<&[u32]> = events.iter().map(Vec::as_slice).collect();
        let found = boundaries(&scores(&units, vocabulary.size(), &Options::EVENTS), &Options::EVENTS);
        assert_eq!(found.iter().map(|b| b.at).collect::<Vec<_>>(), [4]);
    }

    proptest! {
        #[test]
        fn boundaries_keep_their_distance(words in prop::collection::vec(0u32..30, 0..400), spacing in 1usize..60) {
            let options = Options { spacing, prominence: 0.0, threshold: 0.5, ..Options::TEXT };
            let units: Vec<&[u32]> = words.chunks(1).collect();
            let scores = scores(&units, 30, &options);
            prop_assert!(scores.iter().all(|s| s.surprise.is_finite() && s.surprise >= 0.0 && (0.0..=1.0).contains(&s.normalized)));
            let found = boundaries(&scores, &options);
            prop_assert!(found.windows(2).all(|pair| pair[1].at - pair[0].at >= spacing));
            prop_assert!(found.iter().all(|b| b.at >= spacing && words.len() - b.at >= spacing));
        }
    }
}
