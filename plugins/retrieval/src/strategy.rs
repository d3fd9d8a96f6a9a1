//! The retrieval strategies: their numbers, and the rules by which `auto` picks one.

use crate::route::plans;
use crate::text::words;
use serde::Deserialize;

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One hybrid search.
    Basic,
    /// A made-up answer is searched for (L. Gao, X. Ma, J. Lin, J. Callan, arXiv 2212.10496, 2022).
    Hyde,
    /// More is fetched and judged anew.
    Rerank,
    /// The question is reworded by the conversation.
    Transform,
    /// Searched again for what is missing, until it is sure.
    Reflective,
    /// Tasks, goals and procedures first.
    Planning,
    /// One of these, by rules.
    #[default]
    Auto,
}

/// All by name.
pub const NAMES: [&str; 7] = ["auto", "basic", "hyde", "rerank", "transform", "reflective", "planning"];

/// Tokens of the made-up answer.
pub const HYDE_TOKENS: u32 = 200;
/// Its temperature.
pub const HYDE_TEMPERATURE: f64 = 0.7;
/// Hits fetched for each wanted.
pub const HYDE_FETCH: usize = 2;
/// Matches by meaning below this cosine are dropped.
pub const HYDE_SIMILARITY: f64 = 0.2;
/// Weight of the model's judgement ..
pub const RERANK_MODEL: f64 = 0.7;
/// .. and of the cosine.
pub const RERANK_VECTOR: f64 = 0.3;
/// Hits fetched for each wanted.
pub const RERANK_FETCH: usize = 3;
/// Rounds at most.
pub const REFLECT_ROUNDS: u32 = 3;
/// Sure enough to stop.
pub const REFLECT_STOP: f64 = 0.8;
/// Hits fetched for each wanted, each round.
pub const REFLECT_FETCH: usize = 2;
/// Weight of relevance ..
pub const RECENCY_RELEVANCE: f64 = 0.7;
/// .. and of recency.
pub const RECENCY_WEIGHT: f64 = 0.3;
/// A model's pick below this confidence is not followed.
pub const PICK_CONFIDENCE: f64 = 0.7;

impl Strategy {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Hyde => "hyde",
            Self::Rerank => "rerank",
            Self::Transform => "transform",
            Self::Reflective => "reflective",
            Self::Planning => "planning",
            Self::Auto => "auto",
        }
    }

    /// By name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Basic, Self::Hyde, Self::Rerank, Self::Transform, Self::Reflective, Self::Planning]
            .into_iter()
            .find(|strategy| strategy.name() == name)
    }
}

/// What `auto` knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Situation {
    /// A model answers.
    pub model: bool,
    /// What the model would pick, and how sure it is.
    pub pick: Option<(Strategy, f64)>,
    /// There is a conversation to resolve pronouns with.
    pub history: bool,
    /// Several rounds may be spent.
    pub reflective: bool,
}

const PRONOUNS: [&str; 14] =
    ["it", "its", "he", "she", "they", "them", "him", "her", "his", "their", "this", "that", "these", "those"];

/// Whether a word stands for something said before.
#[must_use]
pub fn pronoun(word: &str) -> bool {
    PRONOUNS.contains(&word)
}

/// Whether a question asks for several things.
#[must_use]
pub fn parts(query: &str) -> Vec<String> {
    let lower = query.to_lowercase();
    let mut parts = vec![lower];
    for mark in [
        "? ",
        "; ",
        " and how ",
        " and what ",
        " and why ",
        " and when ",
        " and who ",
        " and where ",
        " and which ",
        " as well as ",
    ] {
        parts = parts.iter().flat_map(|part| part.split(mark)).map(str::to_owned).collect();
    }
    parts
        .into_iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect()
}

/// `auto`'s rules (requirements 1.11), in their order; answers why too. Without a model it is `basic`, but for planning, which needs none,
/// and for pronouns, which can be resolved without one.
#[must_use]
pub fn pick(query: &str, situation: Situation) -> (Strategy, &'static str) {
    if let Some((strategy, confidence)) = situation.pick
        && confidence >= PICK_CONFIDENCE
    {
        return (strategy, "the model's pick");
    }
    if plans(query) {
        return (Strategy::Planning, "words of planning");
    }
    let asked: Vec<String> = words(query).collect();
    let refers = situation.history && asked.iter().any(|word| pronoun(word));
    if !situation.model {
        return if refers {
            (Strategy::Transform, "pronouns, and a conversation to resolve them with")
        } else {
            (Strategy::Basic, "no language model")
        };
    }
    if situation.reflective && parts(query).len() > 1 {
        return (Strategy::Reflective, "it has several parts");
    }
    if refers {
        return (Strategy::Transform, "pronouns, and a conversation to resolve them with");
    }
    let opens = asked.first().is_some_and(|word| ["how", "what", "explain"].contains(&word.as_str()));
    if asked.len() < 5 || opens {
        return (Strategy::Hyde, "short, or it asks for an explanation");
    }
    (Strategy::Rerank, "the default")
}

/// Half as recent each `half_life` (ms): 1 now, 0 without a time.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "milliseconds within 2^53")]
pub fn recency(time: Option<u64>, now: u64, half_life: f64) -> f64 {
    time.map_or(0.0, |time| 0.5_f64.powf(now.saturating_sub(time) as f64 / half_life.max(1.0)))
}

/// Relevance .7 and recency .3.
#[must_use]
pub fn with_recency(relevance: f64, recency: f64) -> f64 {
    RECENCY_RELEVANCE * relevance + RECENCY_WEIGHT * recency
}

/// The question with its pronouns replaced by the names last spoken of: without a model, the latest earlier words that begin with a
/// capital letter within a sentence, or else the latest telling words.
#[must_use]
pub fn resolve(query: &str, history: &[String]) -> Option<String> {
    if !words(query).any(|word| pronoun(&word)) {
        return None;
    }
    let named = history.iter().rev().find_map(|turn| {
        let names: Vec<&str> = turn
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .filter(|word| word.chars().next().is_some_and(char::is_uppercase))
            .filter(|word| {
                let lower = word.to_lowercase();
                !crate::terms::stops(&lower) && !pronoun(&lower)
            })
            .collect();
        let mut latest: Vec<String> = names.iter().rev().take(2).map(|name| (*name).to_owned()).collect();
        latest.reverse();
        (!latest.is_empty()).then(|| latest.join(" "))
    });
    let subject = named.or_else(|| {
        let last = history.last()?;
        let terms = crate::terms::Terms::of(last);
        (!terms.words().is_empty()).then(|| terms.words().iter().take(3).cloned().collect::<Vec<_>>().join(" "))
    })?;
    let replaced: Vec<String> = query
        .split_whitespace()
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            if pronoun(&bare) { subject.clone() } else { word.to_owned() }
        })
        .collect();
    Some(replaced.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_model() -> Situation {
        Situation { model: true, ..Situation::default() }
    }

    #[test]
    fn auto_keeps_its_rules_in_order() {
        let long = "the deployment of our service failed on Friday because of certificates";
        for (query, situation, strategy) in [
            (long, Situation { pick: Some((Strategy::Hyde, 0.7)), ..with_model() }, Strategy::Hyde),
            (long, Situation { pick: Some((Strategy::Hyde, 0.69)), ..with_model() }, Strategy::Rerank),
            ("plan the migration of the database", with_model(), Strategy::Planning),
            (
                "who wrote the parser and why was it slow?",
                Situation { reflective: true, ..with_model() },
                Strategy::Reflective,
            ),
            ("who wrote the parser and why was it slow?", with_model(), Strategy::Rerank),
            ("who wrote it for the team then", Situation { history: true, ..with_model() }, Strategy::Transform),
            ("four words are short", with_model(), Strategy::Hyde),
            ("explain the long chain of events of that Friday", with_model(), Strategy::Hyde),
            (long, Situation::default(), Strategy::Basic),
            ("plan it", Situation::default(), Strategy::Planning),
            ("is it slow", Situation { history: true, ..Situation::default() }, Strategy::Transform),
        ] {
            assert_eq!(pick(query, situation).0, strategy, "{query}");
        }
    }

    #[test]
    fn recency_halves() {
        assert!((recency(Some(0), 1000, 1000.0) - 0.5).abs() < 1e-12);
        assert!((with_recency(1.0, 0.5) - 0.85).abs() < 1e-12);
        assert!(recency(None, 5, 1.0).abs() < 1e-12);
    }

    #[test]
    fn pronouns_are_resolved_by_the_last_names() {
        let history = ["We talked about Bob.".to_owned(), "Then Ada Lovelace wrote the notes.".to_owned()];
        assert_eq!(resolve("what does she prefer?", &history).as_deref(), Some("what does Ada Lovelace prefer?"));
        assert_eq!(resolve("what does Ada prefer?", &history), None);
        assert_eq!(
            resolve("is it slow", &["the parser crashed".to_owned()]).as_deref(),
            Some("is parser crashed slow")
        );
        assert_eq!(resolve("is it slow", &[]), None);
    }

    #[test]
    fn names_read_back() {
        for name in NAMES.iter().skip(1) {
            assert_eq!(Strategy::named(name).map(Strategy::name), Some(*name));
        }
        assert_eq!(Strategy::named("auto"), None);
    }
}
