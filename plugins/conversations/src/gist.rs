//! The gist of a conversation: the sentences that carry its commonest words, word for word, and those words.
//!
//! SumBasic (A. Nenkova, L. Vanderwende, "The Impact of Frequency on Summarization", MSR-TR-2005-101): a word's probability is
//! its share of all words; the next sentence is the one of the best mean probability among those that hold the
//! likeliest word; the probabilities of its words are squared, so that what was said is not said again.

use std::collections::BTreeMap;

/// Words that carry no topic.
const STOP: [&str; 92] = [
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by",
    "can", "could", "did", "do", "does", "for", "from", "get", "had", "has", "have", "he", "her", "here", "his", "how",
    "i", "if", "in", "into", "is", "it", "its", "just", "let", "like", "me", "more", "my", "no", "not", "now", "of",
    "on", "one", "only", "or", "our", "out", "please", "she", "should", "so", "some", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "those", "to", "up", "us", "was", "we", "were", "what", "when",
    "where", "which", "who", "why", "will", "with", "would", "yes", "you", "your", "ok", "thanks", "want",
];
/// Longer sentences are cut: pasted code and logs are no sentences.
const LONGEST: usize = 300;
/// Sentences looked at, the newest; what is older has to be found by a search.
const MOST: usize = 2_000;

/// A sentence and the place of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The message's position in the thread.
    pub position: u64,
    /// The sentence; longer than 300 characters it ends with `…`.
    pub text: String,
}

/// What a conversation was about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gist {
    /// In the order they were said.
    pub sentences: Vec<Sentence>,
    /// Commonest first.
    pub terms: Vec<String>,
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() > 1 && !STOP.contains(&word.as_str()))
}

/// The sentences of a text: they end at a line's end, or at `.`, `!` or `?` before a blank.
#[must_use]
pub fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim();
        while !rest.is_empty() {
            let end = rest
                .char_indices()
                .zip(rest.chars().skip(1).map(Some).chain([None]))
                .find(|((_, c), next)| ['.', '!', '?'].contains(c) && next.is_none_or(char::is_whitespace))
                .map_or(rest.len(), |((at, c), _)| at + c.len_utf8());
            let (sentence, after) = rest.split_at(end);
            if sentence.chars().any(char::is_alphanumeric) {
                found.push(memstrata_sdk::row::clip(sentence.trim(), LONGEST));
            }
            rest = after.trim_start();
        }
    }
    found
}

/// The gist of messages (position, content) in the order they were said: at most so many sentences, and ten terms.
///
/// Sentences of fewer than three words that say something are passed over: greetings and consent.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of words")]
pub fn gist(messages: &[(u64, &str)], most: usize) -> Gist {
    let mut all: Vec<(Sentence, Vec<String>)> = messages
        .iter()
        .flat_map(|(position, content)| sentences(content).into_iter().map(|text| (*position, text)))
        .map(|(position, text)| {
            let words = words(&text).collect();
            (Sentence { position, text }, words)
        })
        .collect();
    all.drain(..all.len().saturating_sub(MOST));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in all.iter().flat_map(|(_, words)| words) {
        *counts.entry(word).or_default() += 1;
    }
    let mut ranked: Vec<(&str, usize)> = counts.iter().map(|(word, count)| (*word, *count)).collect();
    ranked.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    let terms = ranked.iter().take(10).map(|(word, _)| (*word).to_owned()).collect();

    let total = counts.values().sum::<usize>() as f64;
    let mut chance: BTreeMap<&str, f64> = counts.iter().map(|(word, n)| (*word, *n as f64 / total)).collect();
    let mut left: Vec<usize> =
        (0..all.len()).filter(|at| all.get(*at).is_some_and(|(_, words)| words.len() >= 3)).collect();
    let mut picked = Vec::new();
    while picked.len() < most {
        // The likeliest word that a sentence still offers; the first by name of equals.
        let mut best: Option<(&str, f64)> = None;
        for word in left.iter().filter_map(|at| all.get(*at)).flat_map(|(_, words)| words) {
            let p = chance.get(word.as_str()).copied().unwrap_or_default();
            if best.is_none_or(|(name, most)| p > most || (p == most && word.as_str() < name)) {
                best = Some((word, p));
            }
        }
        let Some((word, _)) = best else { break };
        let score = |words: &[String]| {
            words.iter().filter_map(|word| chance.get(word.as_str())).sum::<f64>() / words.len().max(1) as f64
        };
        let mut chosen: Option<(usize, f64)> = None;
        for at in &left {
            let Some((_, words)) = all.get(*at).filter(|(_, words)| words.iter().any(|known| known == word)) else {
                continue;
            };
            let score = score(words);
            if chosen.is_none_or(|(_, most)| score > most) {
                chosen = Some((*at, score));
            }
        }
        let Some((at, _)) = chosen else { break };
        let text = all.get(at).map(|(sentence, _)| sentence.text.clone());
        // The same words said twice count once.
        left.retain(|other| all.get(*other).map(|(sentence, _)| &sentence.text) != text.as_ref());
        for word in all.get(at).into_iter().flat_map(|(_, words)| words) {
            if let Some(p) = chance.get_mut(word.as_str()) {
                *p *= *p;
            }
        }
        picked.push(at);
    }
    picked.sort_unstable();
    let sentences = picked.into_iter().filter_map(|at| all.get(at)).map(|(sentence, _)| sentence.clone()).collect();
    Gist { sentences, terms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_end_where_people_end_them() {
        assert_eq!(
            sentences("Use v1.2 now. Does it work?\nYes!  \n---\nlast line"),
            ["Use v1.2 now.", "Does it work?", "Yes!", "last line"]
        );
        assert!(sentences(" \n ... \n").is_empty());
        assert_eq!(sentences(&"x".repeat(1000))[0].chars().count(), 301);
    }

    #[test]
    fn the_topic_is_told_and_small_talk_is_not() {
        let talk = [
            (1, "Hello!"),
            (2, "The parser drops the last token of a file. I had a nice weekend in the mountains."),
            (3, "The parser drops the last token because the lexer stops early."),
            (4, "Ok thanks."),
            (5, "Fix the lexer and add a parser test for the last token."),
        ];
        let found = gist(&talk, 2);
        assert_eq!(found.terms[..3], ["last", "parser", "token"]);
        assert_eq!(found.sentences.len(), 2);
        assert!(found.sentences.iter().all(|sentence| sentence.text.contains("token")));
        assert!(found.sentences[0].position < found.sentences[1].position);
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        let talk = [
            (1, "Deploy the search service today."),
            (2, "Deploy the search service today."),
            (3, "Billing tests fail on main."),
        ];
        let told: Vec<u64> = gist(&talk, 2).sentences.iter().map(|sentence| sentence.position).collect();
        assert_eq!(told, [1, 3]);
    }

    #[test]
    fn nothing_has_no_gist() {
        assert_eq!(gist(&[], 5), Gist::default());
        assert_eq!(gist(&[(1, "ok ok")], 5).sentences, []);
    }

    proptest! {
        #[test]
        fn each_sentence_was_said(texts in prop::collection::vec("[a-d ]{0,20}[.?]?[a-z ]{0,10}", 0..10), most in 0usize..5) {
            let talk: Vec<(u64, &str)> = (1..).zip(texts.iter().map(String::as_str)).collect();
            let found = gist(&talk, most);
            prop_assert!(found.sentences.len() <= most && found.terms.len() <= 10);
            for sentence in found.sentences {
                prop_assert!(talk.iter().any(|(at, text)| *at == sentence.position && text.contains(&sentence.text)));
            }
        }
    }
}
