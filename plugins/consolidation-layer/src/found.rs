//! Patterns that events show, found by System 1 and stored nowhere.

use crate::row;
use memstrata_consolidation_rules::event::Event;
use memstrata_consolidation_rules::pattern::{Kind, Pattern, recurring};
use memstrata_consolidation_rules::spatial::{Nearness, places};
use memstrata_consolidation_rules::{heuristic, words::normal};
use memstrata_sdk::{Value, json};
use std::collections::BTreeMap;

/// What System 1 can find; other kinds are claims of System 2.
pub const KINDS: [Kind; 6] =
    [Kind::TddCycle, Kind::ErrorRecovery, Kind::Refactoring, Kind::Decision, Kind::Deployment, Kind::Recurring];

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Patterns seen often enough, the most frequent first.
    pub patterns: Vec<Pattern>,
    /// Patterns seen less often.
    pub rarer: usize,
    /// Groups looked at.
    pub groups: usize,
}

/// Finds the patterns of some events. What says the same in several groups is one, seen as often as in all together.
#[must_use]
pub fn patterns(events: &[Event], least: usize, kind: Option<&str>) -> Found {
    let groups = places(events, Nearness::default());
    let all = groups.iter().flat_map(|group| heuristic::patterns(group)).chain(recurring(events));
    let mut distinct: BTreeMap<(String, Kind, String), Pattern> = BTreeMap::new();
    for pattern in all.filter(|pattern| kind.is_none_or(|kind| pattern.kind.name() == kind)) {
        let key = (pattern.namespace.clone(), pattern.kind, normal(&pattern.content));
        match distinct.get_mut(&key) {
            Some(known) => {
                known.times += pattern.times;
                known.confidence = known.confidence.max(pattern.confidence);
                known.trust = known.trust.min(pattern.trust);
                known.evidence.extend(pattern.evidence);
                known.evidence.sort_unstable();
                known.evidence.dedup();
            }
            None => {
                distinct.insert(key, pattern);
            }
        }
    }
    let total = distinct.len();
    let mut patterns: Vec<Pattern> = distinct.into_values().filter(|pattern| pattern.times >= least).collect();
    patterns.sort_by(|a, b| {
        b.times.cmp(&a.times).then(b.confidence.total_cmp(&a.confidence)).then_with(|| a.content.cmp(&b.content))
    });
    Found { rarer: total - patterns.len(), groups: groups.len(), patterns }
}

/// A pattern for a caller. It is believed no more than its weakest evidence.
#[must_use]
pub fn show(pattern: &Pattern) -> Value {
    json!({
        "type": pattern.kind.name(), "content": pattern.content, "frequency": pattern.times,
        "confidence": row::round(pattern.confidence.min(pattern.trust)), "topic": pattern.topic,
        "namespace": pattern.namespace, "evidence": row::references(&pattern.evidence),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64, session: &str, kind: &str, content: &str) -> Event {
        Event {
            id,
            timestamp: id as i64 * 1_000,
            session: Some(session.into()),
            kind: kind.into(),
            content: content.into(),
            outcome: (kind == "action").then(|| "success".into()),
            confidence: 1.0,
            ..Event::default()
        }
    }

    #[test]
    fn frequency_counts_over_groups() {
        let events = [
            event(1, "a", "decision", "use sqlite"),
            event(2, "b", "decision", "use sqlite"),
            event(3, "c", "decision", "use rust"),
        ];
        let found = patterns(&events, 2, None);
        assert_eq!((found.patterns.len(), found.rarer, found.groups), (1, 1, 3));
        assert_eq!(found.patterns[0].times, 2);
        assert_eq!(show(&found.patterns[0])["evidence"], json!(["m:1", "m:2"]));
        assert_eq!(patterns(&events, 1, None).patterns.len(), 2);
    }

    #[test]
    fn kinds_are_picked_by_name() {
        let mut events: Vec<Event> = (1..=3).map(|id| event(id, "a", "action", "ran the nightly build")).collect();
        events.push(event(9, "a", "decision", "keep it"));
        let found = patterns(&events, 1, Some("recurring"));
        assert_eq!(found.patterns.len(), 1);
        assert_eq!((found.patterns[0].kind, found.patterns[0].times), (Kind::Recurring, 3));
        assert!(patterns(&events, 1, Some("deployment")).patterns.is_empty());
    }

    #[test]
    fn doubted_events_make_doubted_patterns() {
        let doubted = Event { confidence: 0.4, ..event(1, "a", "decision", "maybe go") };
        assert_eq!(show(&patterns(&[doubted], 1, None).patterns[0])["confidence"], 0.4);
    }
}
