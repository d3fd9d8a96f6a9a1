//! How uncertain the heuristics are of a group, and whether System 2 should look at it.

use crate::event::Event;
use crate::words::{jaccard, share, stems};
use std::collections::BTreeSet;

/// Events of a group whose texts are compared for [`text_cohesion`]; it bounds the cost of long groups.
const COMPARED: usize = 24;

/// How many different types a group has.
#[must_use]
pub fn types(group: &[&Event]) -> usize {
    group.iter().map(|event| event.kind.as_str()).collect::<BTreeSet<_>>().len()
}

/// The mean confidence of a group's events; 0 of none.
#[must_use]
pub fn mean_confidence(group: &[&Event]) -> f64 {
    let sum: f64 = group.iter().map(|event| event.confidence).sum();
    if group.is_empty() { 0.0 } else { sum / group.len() as f64 }
}

/// `.3 max(.1, 1 - n/5) + .3 max(.1, .5 - .2 patterns) + .2 (.5 if types/10 > .5 else .1) + .2 (1 - mean confidence)`
/// (requirements 1.10); 1 of no events.
///
/// Of events that are trusted fully it is between 0.08 and 0.35 for two events or more, 0.41 for one; doubt adds at most 0.2.
/// So a threshold of 0.5 is passed by small groups of doubted events alone: see ADR 26, and the profiles for ours.
#[must_use]
pub fn uncertainty(group: &[&Event], patterns: usize) -> f64 {
    if group.is_empty() {
        return 1.0;
    }
    let size = (1.0 - group.len() as f64 / 5.0).max(0.1);
    let found = (0.5 - 0.2 * patterns as f64).max(0.1);
    let variety = if types(group) as f64 / 10.0 > 0.5 { 0.5 } else { 0.1 };
    0.3 * size + 0.3 * found + 0.2 * variety + 0.2 * (1.0 - mean_confidence(group))
}

/// How well a group hangs together, for its score: 1 with at most two types, else 0.7 (Athena's pattern validation).
#[must_use]
pub fn cohesion(group: &[&Event]) -> f64 {
    if types(group) <= 2 { 1.0 } else { 0.7 }
}

/// How far patterns of a group are to be believed: `.5 min(1, n/5) + .3 confidence + .2 cohesion` (requirements 1.10).
#[must_use]
pub fn score(group: &[&Event]) -> f64 {
    0.5 * (group.len() as f64 / 5.0).min(1.0) + 0.3 * mean_confidence(group) + 0.2 * cohesion(group)
}

/// How much the texts of a group share: the mean Jaccard overlap of their content words over all pairs, of at most 24
/// events spread over the group. 1 for a single event.
#[must_use]
pub fn text_cohesion(group: &[&Event]) -> f64 {
    let step = group.len().div_ceil(COMPARED).max(1);
    let texts: Vec<BTreeSet<String>> = group.iter().step_by(step).map(|event| stems(&event.content)).collect();
    let (mut sum, mut pairs) = (0.0, 0usize);
    for (nth, one) in texts.iter().enumerate() {
        for other in texts.iter().skip(nth + 1) {
            sum += jaccard(one, other);
            pairs += 1;
        }
    }
    if pairs == 0 { share(texts.len(), 1) } else { sum / pairs as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::event;

    #[test]
    fn uncertainty_is_the_formula() {
        let one = event(1, 0, "action");
        assert!((uncertainty(&[&one], 0) - (0.24 + 0.15 + 0.02)).abs() < 1e-9);
        let many: Vec<Event> =
            (0u64..6).map(|id| Event { confidence: 0.5, ..event(id, 0, &format!("k{id}")) }).collect();
        let many: Vec<&Event> = many.iter().collect();
        assert!((uncertainty(&many, 2) - (0.03 + 0.03 + 0.1 + 0.1)).abs() < 1e-9);
        assert!((uncertainty(&[], 3) - 1.0).abs() < 1e-9);
        let doubted = Event { confidence: 0.5, ..one };
        assert!(uncertainty(&[&doubted], 0) > 0.5);
    }

    #[test]
    fn trusted_groups_reach_from_08_to_35_hundredths() {
        let reached = |count: u64, types: u64, patterns| {
            let events: Vec<Event> = (0..count).map(|id| event(id, 0, &format!("k{}", id % types))).collect();
            (uncertainty(&events.iter().collect::<Vec<_>>(), patterns) * 100.0).round() as u32
        };
        let table = |count, types| [0, 1, 2].map(|patterns| reached(count, types, patterns));
        assert_eq!(table(2, 2), [35, 29, 23]);
        assert_eq!(table(3, 3), [29, 23, 17]);
        assert_eq!(table(4, 4), [23, 17, 11]);
        assert_eq!(table(5, 5), [20, 14, 8]);
        assert_eq!(table(50, 5), [20, 14, 8]);
        assert_eq!(table(6, 6), [28, 22, 16]);
    }

    #[test]
    fn the_score_weighs_five_three_two() {
        let events: Vec<Event> = (0u64..3).map(|id| event(id, 0, &format!("k{id}"))).collect();
        let group: Vec<&Event> = events.iter().collect();
        assert!((score(&group) - (0.3 + 0.3 + 0.14)).abs() < 1e-9);
    }

    #[test]
    fn texts_cohere_by_shared_words() {
        let said = |id, content: &str| Event { content: content.into(), ..event(id, 0, "action") };
        let (a, b, c) = (said(1, "fix parser"), said(2, "fix parser"), said(3, "deploy"));
        assert!((text_cohesion(&[&a, &b]) - 1.0).abs() < 1e-9);
        assert!((text_cohesion(&[&a, &b, &c]) - 1.0 / 3.0).abs() < 1e-9);
        assert!((text_cohesion(&[&a]) - 1.0).abs() < 1e-9);
    }
}
