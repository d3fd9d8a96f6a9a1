//! Grouping at surprises: a surprising event opens a group.

use crate::event::Event;
use crate::session::{Group, in_order, sessions};

/// Where a group opens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surprise {
    /// From this score on an event opens a group (requirements 1.10: 3.5).
    pub threshold: f64,
    /// No group opens before the last one has so many events (requirements 1.3: 3 when consolidating).
    pub spacing: usize,
    /// A longer pause opens one too, in ms.
    pub gap_ms: i64,
}

impl Default for Surprise {
    fn default() -> Self {
        Self { threshold: 3.5, spacing: 3, gap_ms: 3_600_000 }
    }
}

/// Whether an event opens a group: by its score, or, where it has none, by being an error, a decision or a test run
/// (requirements 1.10).
#[must_use]
pub fn is_boundary(event: &Event, threshold: f64) -> bool {
    match event.surprise {
        Some(score) => score >= threshold,
        None => matches!(event.kind.as_str(), "error" | "decision" | "test_run"),
    }
}

/// Groups each session at its surprises: J. M. Zacks et al., "Event perception: a mind-brain perspective" (2007), where
/// a rise of prediction error starts a new event.
#[must_use]
pub fn surprises(events: &[Event], rule: Surprise) -> Vec<Group<'_>> {
    in_order(sessions(events).into_iter().flat_map(|session| split(session, rule)))
}

fn split(session: Group<'_>, rule: Surprise) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for event in session {
        let opens = |group: &Group<'_>| {
            let paused = group.last().is_some_and(|last| event.timestamp.saturating_sub(last.timestamp) > rule.gap_ms);
            paused || (group.len() >= rule.spacing && is_boundary(event, rule.threshold))
        };
        match groups.last_mut() {
            Some(group) if !opens(group) => group.push(event),
            _ => groups.push(vec![event]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{event, ids};

    #[test]
    fn a_surprise_opens_a_group_once_the_last_has_three() {
        let mut events: Vec<Event> = (1..=7).map(|id| event(id, i64::try_from(id).unwrap() * 1000, "action")).collect();
        events[1].surprise = Some(9.0);
        events[3].surprise = Some(3.5);
        events[6].kind = "error".into();
        assert_eq!(ids(&surprises(&events, Surprise::default())), [vec![1, 2, 3], vec![4, 5, 6], vec![7]]);
        events[6].surprise = Some(1.0);
        assert_eq!(ids(&surprises(&events, Surprise::default())), [vec![1, 2, 3], vec![4, 5, 6, 7]]);
    }
}
