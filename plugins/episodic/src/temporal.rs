//! What followed what: links between neighbours in time, and chains of them.

use crate::moment::{DAY, HOUR, MINUTE};
use crate::observed::Observed;

/// A relation an algorithm found between two events.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The earlier event.
    pub from: u64,
    /// The later event.
    pub to: u64,
    /// Name of the relation.
    pub relation_type: &'static str,
    /// From 0 to 1.
    pub strength: f64,
    /// Which rule found it.
    pub rule: &'static str,
}

/// Relation and strength for a gap (requirements 1.3, the thresholds of the code): under a minute, under an hour, later.
///
/// The strength of `later_after` falls from 0.9 by one a day and not below 0.3; so just past an hour it is above that of
/// `shortly_after`, as the source states it.
#[must_use]
pub fn link(gap_ms: i64) -> (&'static str, f64) {
    let gap = gap_ms.max(0);
    if gap < MINUTE {
        ("immediately_after", 0.9)
    } else if gap < HOUR {
        ("shortly_after", 0.7)
    } else {
        ("later_after", (0.9 - gap as f64 / DAY as f64).max(0.3))
    }
}

/// A link from each event to the next; `events` are in order of time.
#[must_use]
pub fn links(events: &[Observed]) -> Vec<Edge> {
    events
        .iter()
        .zip(events.iter().skip(1))
        .map(|(earlier, later)| {
            let (relation_type, strength) = link(later.timestamp - earlier.timestamp);
            Edge { from: earlier.id, to: later.id, relation_type, strength, rule: "gap" }
        })
        .collect()
}

/// Runs of at least two events, each less than an hour after the one before; `events` are in order of time.
#[must_use]
pub fn chains(events: &[Observed]) -> Vec<&[Observed]> {
    events
        .chunk_by(|earlier, later| later.timestamp - earlier.timestamp < HOUR)
        .filter(|chain| chain.len() >= 2)
        .collect()
}

/// Where to read on after a full page: from the first event that could not look `ahead` to its end, so that no pair is
/// lost. The second half of the page at most is read again, and a page within one millisecond is stepped over.
#[must_use]
pub fn resume(events: &[Observed], ahead: i64) -> Option<i64> {
    let (first, last) = (events.first()?.timestamp, events.last()?.timestamp);
    let blind = events.iter().position(|event| event.timestamp + ahead >= last)?;
    let next = events.get(blind.max(events.len() / 2))?.timestamp;
    Some(if next > first { next } else { last.max(first + 1) })
}

/// How many events stand before the last pause of an hour or more, and when the next one after it begins.
#[must_use]
pub fn last_pause(events: &[Observed]) -> Option<(usize, i64)> {
    let pairs = events.iter().zip(events.iter().skip(1)).enumerate();
    pairs
        .filter(|(_, (earlier, later))| later.timestamp - earlier.timestamp >= HOUR)
        .map(|(at, (_, later))| (at + 1, later.timestamp))
        .next_back()
}

/// Splits events by session, keeping the order inside each; events without a session stand together.
#[must_use]
pub fn by_session(events: Vec<Observed>) -> Vec<Vec<Observed>> {
    let mut sessions: std::collections::BTreeMap<Option<String>, Vec<Observed>> = std::collections::BTreeMap::new();
    for event in events {
        sessions.entry(event.session.clone()).or_default().push(event);
    }
    sessions.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::event;

    #[test]
    fn thresholds_of_the_gap() {
        for (seconds, name, strength) in [
            (0, "immediately_after", 0.9),
            (59, "immediately_after", 0.9),
            (60, "shortly_after", 0.7),
            (3_599, "shortly_after", 0.7),
            (7_200, "later_after", 0.9 - 7_200.0 / 86_400.0),
            (86_400, "later_after", 0.3),
        ] {
            let (found, value) = link(seconds * 1_000);
            assert_eq!(found, name, "{seconds}");
            assert!((value - strength).abs() < 1e-9, "{seconds}: {value}");
        }
    }

    #[test]
    fn each_event_is_linked_to_the_next() {
        let events = [event(1, 0, "action", "", ""), event(2, 30, "action", "", ""), event(3, 4_000, "action", "", "")];
        let seen: Vec<_> = links(&events).iter().map(|l| (l.from, l.to, l.relation_type)).collect();
        assert_eq!(seen, [(1, 2, "immediately_after"), (2, 3, "later_after")]);
        assert!(links(&events[..1]).is_empty() && links(&[]).is_empty());
    }

    #[test]
    fn reading_on_loses_no_pair_and_always_advances() {
        let at =
            |seconds: &[i64]| -> Vec<Observed> { seconds.iter().map(|s| event(1, *s, "action", "", "")).collect() };
        assert_eq!(resume(&at(&[0, 10, 20, 30]), 0), Some(30_000));
        assert_eq!(resume(&at(&[0, 10, 5_000, 6_000, 7_000]), HOUR), Some(5_000_000));
        assert_eq!(resume(&at(&[0, 10, 20, 30]), HOUR), Some(20_000), "half a page at most is read again");
        assert_eq!(resume(&at(&[7, 7, 7]), HOUR), Some(7_001));
        assert_eq!(resume(&at(&[7, 7, 9]), HOUR), Some(9_000));
        assert_eq!(last_pause(&at(&[0, 10, 4_000, 4_010])), Some((2, 4_000_000)));
        assert_eq!(last_pause(&at(&[0, 10])), None);
    }

    #[test]
    fn a_chain_breaks_at_an_hour() {
        let at = |id, second| event(id, second, "action", "", "");
        let events = [at(1, 0), at(2, 3_599), at(3, 7_199), at(4, 7_300), at(5, 20_000)];
        let seen: Vec<Vec<u64>> = chains(&events).iter().map(|c| c.iter().map(|e| e.id).collect()).collect();
        assert_eq!(seen, [vec![1, 2], vec![3, 4]]);
    }
}
