//! Temporal knowledge graph: scored edges between the events of a session.

use crate::causal;
use crate::moment::HOUR;
use crate::observed::Observed;
use crate::temporal::{Edge, link};

/// How many events after each are looked at.
const LOOK_AHEAD: usize = 50;
/// Beyond this gap recency and nearness leave too little to reach any useful threshold.
pub const REACH: i64 = 6 * HOUR;
/// From this causality on an edge says `causes`.
const CAUSES_ABOVE: f64 = 0.7;

/// The parts of an edge's score, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// Strength of the causal rule that holds; without one, half the temporal link's strength between direct neighbours.
    pub causality: f64,
    /// exp(-gap / 1 h).
    pub recency: f64,
    /// Work on the same thing: a shared symbol, test, error or commit 1, else shared files, else 0.5 for the same task.
    pub dependency: f64,
}

impl Parts {
    /// Of a pair; `neighbours` when nothing lies between the two.
    #[must_use]
    pub fn of(earlier: &Observed, later: &Observed, neighbours: bool) -> Self {
        let gap = (later.timestamp - earlier.timestamp).max(0);
        let causality = if gap < HOUR && causal::rule(earlier, later).is_some() {
            causal::strength(earlier, later)
        } else if neighbours {
            link(gap).1 / 2.0
        } else {
            0.0
        };
        let recency = (-(gap as f64) / HOUR as f64).exp();
        Self { causality, recency, dependency: dependency(earlier, later) }
    }

    /// 0.5 causality + 0.3 recency + 0.2 dependency (requirements 1.3).
    #[must_use]
    pub fn score(self) -> f64 {
        0.5 * self.causality + 0.3 * self.recency + 0.2 * self.dependency
    }
}

fn dependency(a: &Observed, b: &Observed) -> f64 {
    if a.things.intersection(&b.things).next().is_some() {
        return 1.0;
    }
    let same_task = a.task.is_some() && a.task == b.task;
    a.file_overlap(b).max(if same_task { 0.5 } else { 0.0 })
}

/// Edges with a score of at least `threshold`, best first: `causes` if causality is above 0.7, else `precedes`.
///
/// `events` are those of one session in order of time. The weights and the split are those of requirements 1.3; what
/// counts as causality and dependency is spelled out at [`Parts`].
#[must_use]
pub fn edges(events: &[Observed], threshold: f64) -> Vec<Edge> {
    let mut found = Vec::new();
    for (at, earlier) in events.iter().enumerate() {
        let after = events.iter().skip(at + 1).take(LOOK_AHEAD).take_while(|e| e.timestamp - earlier.timestamp < REACH);
        for (distance, later) in after.enumerate() {
            let parts = Parts::of(earlier, later, distance == 0);
            if parts.score() >= threshold {
                let relation_type = if parts.causality > CAUSES_ABOVE { "causes" } else { "precedes" };
                let rule = causal::rule(earlier, later).unwrap_or("nearness");
                found.push(Edge { from: earlier.id, to: later.id, relation_type, strength: parts.score(), rule });
            }
        }
    }
    found.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::event;

    #[test]
    fn a_fix_causes_and_mere_nearness_precedes() {
        let events = [
            event(1, 0, "error", "failure", "a"),
            event(2, 10, "file_change", "", "a"),
            event(3, 20, "conversation", "", "a"),
            event(4, 30_000, "conversation", "", ""),
        ];
        let found = edges(&events, 0.5);
        let seen: Vec<_> = found.iter().map(|e| (e.from, e.to, e.relation_type)).collect();
        assert_eq!(seen, [(1, 2, "causes"), (2, 3, "precedes"),]);
        assert!(found[0].strength > 0.9 && found[0].strength <= 1.0);
    }

    #[test]
    fn the_score_is_the_stated_sum() {
        let parts = Parts { causality: 0.8, recency: 0.5, dependency: 1.0 };
        assert!((parts.score() - 0.75).abs() < 1e-12);
        let hour = Parts::of(&event(1, 0, "action", "", ""), &event(2, 3_600, "action", "", ""), false);
        assert!((hour.recency - (-1.0f64).exp()).abs() < 1e-12);
        assert_eq!((hour.causality, hour.dependency), (0.0, 0.0));
    }

    #[test]
    fn a_higher_threshold_keeps_fewer() {
        let events: Vec<_> = (0..20).map(|i| event(i, i as i64 * 60, "action", "", "a")).collect();
        let (low, high) = (edges(&events, 0.3), edges(&events, 0.7));
        assert!(low.len() > high.len() && high.iter().all(|e| e.strength >= 0.7));
        assert!(low.windows(2).all(|pair| pair[0].strength >= pair[1].strength));
    }
}
