//! The words of a question that carry its meaning, and the words that hits add to it.

use crate::text::words;
use std::collections::BTreeMap;

/// English words that say how something is asked, not what about.
const STOP: [&str; 96] = [
    "a", "about", "above", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "because", "been", "before", "but", "by", "can", "could", "did", "do", "does", "for", "from", "had", "has", "have",
    "he", "her", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "know", "me", "more", "my",
    "no", "not", "of", "on", "or", "our", "out", "over", "please", "s", "she", "should", "so", "some", "t", "tell",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "under",
    "up", "us", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with",
    "would", "you", "your", "yours",
];

/// Letters of a word that are compared, so that other endings are found too.
const STEM: usize = 5;

fn stem(word: &str) -> String {
    word.chars().take(STEM).collect()
}

/// Whether a word says how something is asked, not what about.
#[must_use]
pub fn stops(word: &str) -> bool {
    STOP.binary_search(&word).is_ok()
}

/// The telling words of a question, in order, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    words: Vec<String>,
    stems: Vec<String>,
}

impl Terms {
    /// The telling words of a text; all its words if none tells.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut terms = Self::default();
        for keep_all in [false, true] {
            for word in words(text).filter(|word| keep_all || !stops(word)) {
                let stem = stem(&word);
                if !terms.stems.contains(&stem) {
                    terms.stems.push(stem);
                    terms.words.push(word);
                }
            }
            if !terms.words.is_empty() {
                break;
            }
        }
        terms
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// At most `most` of them, in order, for a search by a whole text: those with a digit, then the longest, which are likely the rarest.
    #[must_use]
    pub fn rarest(&self, most: usize) -> String {
        let rank = |word: &str| (!word.chars().any(|c| c.is_ascii_digit()), std::cmp::Reverse(word.chars().count()));
        let mut order: Vec<(usize, &String)> = self.words.iter().enumerate().collect();
        order.sort_by_key(|(_, word)| rank(word));
        order.truncate(most);
        order.sort_unstable();
        order.into_iter().map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn present(&self, text: &str) -> Vec<bool> {
        let there: Vec<String> = words(text).collect();
        self.stems.iter().map(|stem| there.iter().any(|word| word.starts_with(stem.as_str()))).collect()
    }

    /// The share of them that a text has, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "word counts")]
    pub fn coverage(&self, text: &str) -> f64 {
        if self.stems.is_empty() {
            return 0.0;
        }
        self.present(text).iter().filter(|present| **present).count() as f64 / self.stems.len() as f64
    }

    /// The words no text has.
    #[must_use]
    pub fn missing(&self, texts: &[&str]) -> Vec<String> {
        let mut covered = vec![false; self.stems.len()];
        for text in texts {
            for (covered, present) in covered.iter_mut().zip(self.present(text)) {
                *covered |= present;
            }
        }
        self.words.iter().zip(covered).filter(|(_, covered)| !covered).map(|(word, _)| word.clone()).collect()
    }

    /// The share of them that the texts have together, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "word counts")]
    pub fn together(&self, texts: &[&str]) -> f64 {
        if self.stems.is_empty() {
            return 0.0;
        }
        1.0 - self.missing(texts).len() as f64 / self.stems.len() as f64
    }
}

/// Words to add to a question, from texts (best first) that answer it with these relevances: pseudo relevance feedback by a
/// relevance model, P(w | question) summed over the texts as P(w | text) x relevance (V. Lavrenko, W. B. Croft, SIGIR
/// 2001). Words of the question and words that tell nothing are left out; a word must have three letters.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "word counts")]
pub fn feedback(terms: &Terms, texts: &[(&str, f64)], most: usize) -> Vec<String> {
    let mut weights: BTreeMap<String, f64> = BTreeMap::new();
    for (text, relevance) in texts {
        let telling: Vec<String> =
            words(text).filter(|word| word.chars().count() > 2 && !stops(word)).take(300).collect();
        for word in &telling {
            *weights.entry(word.clone()).or_default() += relevance / telling.len() as f64;
        }
    }
    let mut ranked: Vec<(String, f64)> =
        weights.into_iter().filter(|(word, _)| !terms.stems.contains(&stem(word))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.into_iter().take(most).map(|(word, _)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_in_order() {
        assert!(STOP.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn the_telling_words_are_kept() {
        assert_eq!(Terms::of("What does Ada prefer for indentation?").words(), ["ada", "prefer", "indentation"]);
        assert_eq!(Terms::of("what is it").words(), ["what", "is", "it"], "all if none tells");
    }

    #[test]
    fn coverage_counts_other_endings() {
        let terms = Terms::of("Ada prefer indentation");
        assert!((terms.coverage("Ada prefers tabs") - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(terms.missing(&["Ada prefers tabs"]), ["indentation"]);
        assert!((terms.together(&["Ada", "indentation"]) - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_rarest_words_stand_for_a_text() {
        let terms = Terms::of("The old parser of module m17 crashed again and the deployment was late");
        assert_eq!(terms.rarest(3), "m17 crashed deployment");
        assert_eq!(terms.rarest(50), terms.words().join(" "));
    }

    #[test]
    fn feedback_takes_the_words_of_what_fits_best() {
        let terms = Terms::of("deployment failed");
        let texts = [("The deployment failed: certificate expired", 0.9), ("Lunch was late, certificate or not", 0.1)];
        assert_eq!(feedback(&terms, &texts, 2), ["certificate", "expired"]);
    }
}
