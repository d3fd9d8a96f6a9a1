//! The rules: what a session comes to. The same events give the same digest, in any order of ids and in any language:
//! integers, code points, and ASCII where letters are told apart.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Words that say nothing about a session.
const STOP: [&str; 12] =
    ["about", "from", "have", "into", "that", "then", "they", "this", "were", "when", "will", "with"];

/// Code points of a title, and of a quotation.
const SHORT: usize = 80;

/// An event, as far as a digest needs it.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    pub id: u64,
    pub timestamp: u64,
    pub event_type: String,
    pub content: String,
    pub session_id: Option<String>,
}

/// What a session comes to.
#[derive(Debug, PartialEq, Eq)]
pub struct Digest {
    pub content: String,
    pub topic: String,
    /// The kinds of its events, sorted.
    pub tags: Vec<String>,
    /// Events that say the same: their ids, group by group.
    pub repeats: Vec<Vec<u64>>,
}

/// The digest of a session's events, which are in order of time. There must be one at least.
pub fn digest(events: &[Event], top_words: usize) -> Option<Digest> {
    let (first, last) = (events.first()?, events.last()?);
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let mut words: BTreeMap<String, u64> = BTreeMap::new();
    let mut said: Vec<(String, Vec<u64>)> = Vec::new();
    let mut place: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        *kinds.entry(&event.event_type).or_default() += 1;
        for word in words_of(&event.content) {
            *words.entry(word).or_default() += 1;
        }
        let what = format!("{} {}", event.event_type, one_line(&event.content));
        let at = *place.entry(what.clone()).or_insert_with(|| {
            said.push((what, Vec::new()));
            said.len() - 1
        });
        said[at].1.push(event.id);
    }
    let repeats: Vec<Vec<u64>> = said.into_iter().map(|(_, ids)| ids).filter(|ids| ids.len() > 1).collect();
    let session = first.session_id.as_deref().map(|name| short(&one_line(name))).filter(|name| !name.is_empty());
    let minutes = last.timestamp.saturating_sub(first.timestamp) / 60_000;
    let title = session.as_ref().map_or_else(|| "Events of no session".to_owned(), |name| format!("Session {name}"));
    let mut content = format!("{title}: {} events in {minutes} minutes. Kinds: {}.", events.len(), listed(&kinds, 20));
    if top_words > 0 && !words.is_empty() {
        content.push_str(&format!(" Often: {}.", listed(&words, top_words)));
    }
    if !repeats.is_empty() {
        content.push_str(&format!(" Said more than once: {}.", repeats.len()));
    }
    content.push_str(&format!("\nFirst: {}", short(&one_line(&first.content))));
    if events.len() > 1 {
        content.push_str(&format!("\nLast: {}", short(&one_line(&last.content))));
    }
    Some(Digest {
        content,
        topic: session.unwrap_or_else(|| "no session".to_owned()),
        tags: kinds.keys().map(|kind| (*kind).to_owned()).collect(),
        repeats,
    })
}

/// `often 7, seldom 2`: the greatest first, equal ones by code points.
fn listed<K: AsRef<str> + Ord>(counts: &BTreeMap<K, u64>, most: usize) -> String {
    let mut sorted: Vec<(&K, &u64)> = counts.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let parts: Vec<String> =
        sorted.into_iter().take(most).map(|(name, count)| format!("{} {count}", name.as_ref())).collect();
    parts.join(", ")
}

/// Runs of letters and digits, ASCII in lower case; all that is not ASCII counts as a letter. 4 to 30 code points.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric())
        .map(str::to_ascii_lowercase)
        .filter(|word| (4..=30).contains(&word.chars().count()) && !STOP.contains(&word.as_str()))
}

/// With one blank for each run of white space (ASCII), and none at the ends.
fn one_line(text: &str) -> String {
    text.split([' ', '\t', '\n', '\r']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The beginning of a text.
fn short(text: &str) -> String {
    let cut: String = text.chars().take(SHORT).collect();
    if cut.len() < text.len() { format!("{cut}..") } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64, minute: u64, event_type: &str, content: &str) -> Event {
        let session_id = Some("monday".to_owned());
        Event { id, timestamp: minute * 60_000, event_type: event_type.into(), content: content.into(), session_id }
    }

    #[test]
    fn a_session_is_told_in_a_few_sentences() {
        let events = [
            event(1, 0, "decision", "Chose SQLite:  one file"),
            event(2, 4, "action", "Wrote the SQLite migration"),
            event(3, 9, "action", "Wrote the SQLite\nmigration"),
        ];
        let digest = digest(&events, 2).unwrap();
        assert_eq!(
            digest.content,
            "Session monday: 3 events in 9 minutes. Kinds: action 2, decision 1. Often: sqlite 3, migration 2. \
             Said more than once: 1.\nFirst: Chose SQLite: one file\nLast: Wrote the SQLite migration"
        );
        assert_eq!((digest.topic.as_str(), digest.repeats), ("monday", vec![vec![2, 3]]));
        assert_eq!(digest.tags, ["action", "decision"]);
    }

    #[test]
    fn words_are_told_apart_by_ascii_and_sorted_by_code_points() {
        let events = [event(1, 0, "action", "\u{ff5e}zebra \u{1f980}crab \u{1f980}crab-\u{ff5e}zebra naïve Naïve")];
        let digest = digest(&events, 3).unwrap();
        assert!(digest.content.contains("Often: naïve 2, \u{ff5e}zebra 2, \u{1f980}crab 2."), "{}", digest.content);
        assert_eq!(short(&"é".repeat(81)), format!("{}..", "é".repeat(80)));
        assert!(super::digest(&[], 3).is_none());
    }
}
