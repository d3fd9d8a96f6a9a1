//! How sure an answer is: a weighted confidence with levels, abstention below the lowest, and the grading of hits.
//!
//! The thresholds .8 / .6 / .4, the weights .4 / .3 / .2 / .1 and the bound .3 of what lies outside of everything known are the
//! requirements' (1.11), which do not name what is weighed. Here it is: likeness of the best hit, coverage of the question's words
//! by the best hits together, agreement of the channels, trust in what was found.

use crate::found::{Found, rounded};
use crate::terms::Terms;
use memstrata_sdk::{Value, json};

/// From here on sure.
pub const HIGH: f64 = 0.8;
/// From here on likely.
pub const MEDIUM: f64 = 0.6;
/// From here on possible; below, nothing should be answered.
pub const LOW: f64 = 0.4;
/// Weights of likeness, coverage, agreement, trust.
pub const WEIGHTS: [f64; 4] = [0.4, 0.3, 0.2, 0.1];
/// A question whose best hit is below this, by meaning and by words, lies outside of what is remembered.
pub const OUTSIDE: f64 = 0.3;
/// What an answer says that abstains.
pub const NO_ANSWER: &str = "nothing found that answers this";
/// Hits looked at.
const DEPTH: usize = 5;

/// How sure, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Confidence {
    /// 0 to 1.
    pub value: f64,
    /// Likeness, coverage, agreement, trust, each 0 to 1.
    pub factors: [f64; 4],
    /// Nothing like it is remembered.
    pub outside: bool,
}

/// `high`, `medium`, `low` or `abstain`.
#[must_use]
pub fn level(value: f64) -> &'static str {
    match value {
        _ if value >= HIGH => "high",
        _ if value >= MEDIUM => "medium",
        _ if value >= LOW => "low",
        _ => "abstain",
    }
}

/// The weighted sum.
#[must_use]
pub fn weigh(factors: [f64; 4]) -> f64 {
    factors.iter().zip(WEIGHTS).map(|(factor, weight)| factor.clamp(0.0, 1.0) * weight).sum()
}

impl Confidence {
    /// How sure hits (best first) make an answer to a question.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of at most five")]
    pub fn of(terms: &Terms, found: &[Found]) -> Self {
        let mut best: Vec<&Found> = found.iter().collect();
        best.sort_by(|a, b| b.relevance.total_cmp(&a.relevance).then(a.id.cmp(&b.id)));
        best.truncate(DEPTH);
        let Some(first) = best.first() else {
            return Self { outside: true, ..Self::default() };
        };
        let texts: Vec<&str> = best.iter().take(3).map(|hit| hit.text.as_str()).collect();
        let agreed = best.iter().filter(|hit| hit.bm25.is_some() && hit.cosine.is_some()).count();
        let factors = [
            first.relevance,
            terms.together(&texts),
            agreed as f64 / best.len() as f64,
            first.trust.unwrap_or(1.0).clamp(0.0, 1.0),
        ];
        let outside = first.relevance < OUTSIDE;
        Self { value: weigh(factors), factors, outside }
    }

    /// The confidence in a memory, by its own trust. Judged by itself it is remembered: its likeness is full and it does not lie
    /// outside; what others say of the same counts as coverage and agreement.
    #[must_use]
    pub fn of_memory(self, trust: f64, itself: bool) -> Self {
        let [likeness, coverage, agreement, _] = self.factors;
        let factors = [if itself { 1.0 } else { likeness }, coverage, agreement, trust.clamp(0.0, 1.0)];
        Self { value: weigh(factors), factors, outside: self.outside && !itself }
    }

    /// Whether it is better to say that nothing was found.
    #[must_use]
    pub fn abstains(&self) -> bool {
        self.outside || self.value < LOW
    }

    /// Its level; what lies outside is answered by nothing.
    #[must_use]
    pub fn level(&self) -> &'static str {
        if self.outside { "abstain" } else { level(self.value) }
    }

    /// As answers show it.
    #[must_use]
    pub fn json(&self) -> Value {
        let [likeness, coverage, agreement, trust] = self.factors.map(rounded);
        json!({
            "value": rounded(self.value), "level": self.level(), "abstain": self.abstains(),
            "out_of_distribution": self.outside,
            "factors": {"likeness": likeness, "coverage": coverage, "agreement": agreement, "trust": trust},
        })
    }
}

/// The verdict of corrective retrieval on a whole answer or one hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// At least .8: used.
    Correct,
    /// Between: used, and looked for again with other words.
    Ambiguous,
    /// Below .4: dropped.
    Incorrect,
}

impl Grade {
    /// Corrective RAG (S. Yan, J. Gu, Y. Zhu, Z. Ling, arXiv 2401.15884, 2024), its bounds .8 and .4 those of the requirements.
    #[must_use]
    pub fn of(relevance: f64) -> Self {
        match relevance {
            _ if relevance >= HIGH => Self::Correct,
            _ if relevance >= LOW => Self::Ambiguous,
            _ => Self::Incorrect,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Ambiguous => "ambiguous",
            Self::Incorrect => "incorrect",
        }
    }
}

/// How far a text is supported by evidence: the critique tokens of Self-RAG (A. Asai, Z. Wu, Y. Wang, A. Sil, H. Hajishirzi, arXiv
/// 2310.11511, 2023), without its trained model. A sentence counts as supported if one evidence text has at least .6 of its
/// telling words or its share of likeness.
#[derive(Debug, Clone, PartialEq)]
pub struct Support {
    /// `fully supported`, `partially supported` or `no support`.
    pub verdict: &'static str,
    /// Share of the sentences supported.
    pub share: f64,
    /// The sentences without support.
    pub unsupported: Vec<String>,
}

/// Judges each sentence of a text against evidence.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of sentences")]
pub fn support(text: &str, evidence: &[&str]) -> Support {
    let sentences: Vec<&str> = text
        .split_inclusive(['.', '!', '?', '\n'])
        .map(str::trim)
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
        .collect();
    let holds = |sentence: &&&str| {
        let terms = Terms::of(sentence);
        evidence.iter().any(|text| terms.coverage(text) >= MEDIUM)
    };
    let supported = sentences.iter().filter(holds).count();
    let unsupported =
        sentences.iter().filter(|sentence| !holds(sentence)).map(|sentence| (*sentence).to_owned()).collect();
    let share = if sentences.is_empty() { 0.0 } else { supported as f64 / sentences.len() as f64 };
    let verdict = match supported {
        0 => "no support",
        all if all == sentences.len() => "fully supported",
        _ => "partially supported",
    };
    Support { verdict, share, unsupported }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_requirements() {
        for (value, name) in
            [(0.8, "high"), (0.79, "medium"), (0.6, "medium"), (0.59, "low"), (0.4, "low"), (0.39, "abstain")]
        {
            assert_eq!(level(value), name, "{value}");
        }
        assert!((WEIGHTS.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((weigh([1.0, 0.0, 0.5, 0.0]) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn nothing_found_and_nothing_like_it_abstain() {
        let terms = Terms::of("capital of France");
        assert!(Confidence::of(&terms, &[]).abstains());
        let mut far =
            Found { text: "Ada prefers tabs".into(), cosine: Some(0.25), bm25: Some(1.0), ..Found::default() };
        far.fit(&terms);
        let confidence = Confidence::of(&terms, &[far]);
        assert!(confidence.outside && confidence.abstains());
        assert_eq!(confidence.level(), "abstain");
    }

    #[test]
    fn all_words_both_channels_and_trust_are_sure() {
        let terms = Terms::of("Ada prefers tabs");
        let mut hit =
            Found { text: "Ada prefers tabs.".into(), cosine: Some(0.9), bm25: Some(3.0), ..Found::default() };
        hit.fit(&terms);
        let confidence = Confidence::of(&terms, &[hit.clone()]);
        assert!((confidence.value - 1.0).abs() < 1e-12, "{confidence:?}");
        hit.trust = Some(0.0);
        assert!((Confidence::of(&terms, &[hit]).value - 0.9).abs() < 1e-12);
    }

    #[test]
    fn a_memory_nobody_confirms_is_of_low_confidence() {
        let alone = Confidence::of(&Terms::of("Ada"), &[]);
        assert_eq!(alone.of_memory(1.0, true).level(), "low");
        assert_eq!(alone.of_memory(1.0, false).level(), "abstain");
        let confirmed = Confidence { factors: [0.5, 1.0, 1.0, 1.0], ..Confidence::default() };
        assert!((confirmed.of_memory(0.5, true).value - 0.95).abs() < 1e-12);
    }

    #[test]
    fn grades_have_two_bounds() {
        assert_eq!(
            [0.8, 0.79, 0.4, 0.39].map(|relevance| Grade::of(relevance).name()),
            ["correct", "ambiguous", "ambiguous", "incorrect"]
        );
    }

    #[test]
    fn each_sentence_needs_evidence() {
        let judged = support("Ada prefers tabs. Bob lives in Rome.", &["Ada prefers tabs over spaces"]);
        assert_eq!(
            (judged.verdict, judged.unsupported.as_slice()),
            ("partially supported", ["Bob lives in Rome.".to_owned()].as_slice())
        );
        assert_eq!(support("Ada prefers tabs.", &["Ada prefers tabs"]).verdict, "fully supported");
        assert_eq!(support("", &[]).verdict, "no support");
    }
}
