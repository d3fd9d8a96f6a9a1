//! Near-identical hits fall into one, and what is left is spread out a little.

use crate::text::words;
use std::collections::BTreeSet;

/// Texts that share at least this of their distinct words (Jaccard) say the same ..
const SAME: f64 = 0.9;
/// .. unless they differ in a number or in one of these.
const NEGATIONS: [&str; 8] = ["no", "not", "never", "none", "without", "don", "doesn", "isn"];

/// How much relevance weighs against novelty when hits are put in order (maximal marginal relevance, J. Carbonell and
/// J. Goldstein, 1998); near 1, so that it only breaks up runs of look-alikes.
const RELEVANCE: f64 = 0.85;

/// A text is compared by no more than so many of its words.
const MOST_WORDS: usize = 300;

/// The distinct words of a text, of its first 300.
#[must_use]
pub fn bag(text: &str) -> BTreeSet<String> {
    words(text).take(MOST_WORDS).collect()
}

/// Shared words over all words, 0 to 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "word counts")]
pub fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 1.0 } else { shared as f64 / all as f64 }
}

/// Whether two texts say the same. A different number or negation makes them differ however alike they are.
#[must_use]
pub fn alike(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    let telling = |word: &&String| word.chars().any(|c| c.is_ascii_digit()) || NEGATIONS.contains(&word.as_str());
    // The cheap bound first: sets of very unequal size cannot share enough.
    let (fewer, more) = (a.len().min(b.len()), a.len().max(b.len()));
    fewer * 10 >= more * 9 && jaccard(a, b) >= SAME && a.symmetric_difference(b).all(|word| !telling(&word))
}

/// Groups texts (best first) into those shown and the positions that fall into each: `(first, [repeats])`.
#[must_use]
pub fn collapse(bags: &[BTreeSet<String>]) -> Vec<(usize, Vec<usize>)> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, bag) in bags.iter().enumerate() {
        let same = groups.iter_mut().find(|(first, _)| bags.get(*first).is_some_and(|known| alike(known, bag)));
        match same {
            Some((_, repeats)) => repeats.push(at),
            None => groups.push((at, Vec::new())),
        }
    }
    groups
}

/// An order of the texts (positions), by relevance less likeness to what comes before; the most relevant stays first.
#[must_use]
pub fn spread(scores: &[f64], bags: &[BTreeSet<String>], most: usize) -> Vec<usize> {
    let top = scores.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut left: Vec<usize> = (0..scores.len().min(bags.len())).collect();
    // The nearest likeness of each text to those chosen so far.
    let mut likeness = vec![0.0f64; scores.len()];
    let mut chosen = Vec::new();
    while chosen.len() < most && !left.is_empty() {
        let value = |at: usize| {
            let score = scores.get(at).copied().unwrap_or_default() / top;
            RELEVANCE * score - (1.0 - RELEVANCE) * likeness.get(at).copied().unwrap_or_default()
        };
        let mut best = 0;
        for (place, at) in left.iter().enumerate() {
            if left.get(best).is_some_and(|known| value(*at) > value(*known)) {
                best = place;
            }
        }
        let next = left.remove(best);
        chosen.push(next);
        for at in &left {
            if let (Some(a), Some(b), Some(known)) = (bags.get(next), bags.get(*at), likeness.get_mut(*at)) {
                *known = known.max(jaccard(a, b));
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bags(texts: &[&str]) -> Vec<BTreeSet<String>> {
        texts.iter().map(|text| bag(text)).collect()
    }

    #[test]
    fn numbers_and_negations_tell_apart() {
        let long = "the service in the cluster listens on the usual port of the old machine named";
        for (a, b, same) in [
            ("Ada likes tabs.", "ada likes TABS", true),
            (&format!("{long} 8000") as &str, &format!("{long} 8001") as &str, false),
            (&format!("{long} it does"), &format!("{long} it does not"), false),
            ("Ada likes tabs", "Bob likes tabs", false),
        ] {
            assert_eq!(alike(&bag(a), &bag(b)), same, "{a} | {b}");
        }
    }

    #[test]
    fn repeats_fall_into_the_best() {
        let bags = bags(&["tea at four", "coffee at ten", "Tea at four!", "tea, at four"]);
        assert_eq!(collapse(&bags), [(0, vec![2, 3]), (1, vec![])]);
    }

    #[test]
    fn look_alikes_give_way_a_little() {
        let bags = bags(&["red apples fall far", "red apples fall near", "trains run late"]);
        assert_eq!(spread(&[1.0, 0.9, 0.88], &bags, 3), [0, 2, 1]);
        assert_eq!(spread(&[1.0, 0.9, 0.2], &bags, 3), [0, 1, 2], "relevance still decides");
        assert_eq!(spread(&[], &[], 3), Vec::<usize>::new());
    }
}
