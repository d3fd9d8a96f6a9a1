//! The strategies `temporal` and `semantic-cluster`: the same extraction over other groups, without a model.

use crate::dual_process::fresh;
use crate::event::Event;
use crate::extract::{Known, Limits, Outcome, Report, extract};
use crate::session::by_key;
use crate::temporal::{Window, windows};
use crate::validate::KEEP;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The operator's settings of both strategies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where a group ends; only `temporal` reads it.
    pub window: Window,
    /// Least confidence.
    pub keep: f64,
    /// Most memories of a unit.
    pub memories: usize,
    /// Where memories go.
    pub collection: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window: Window::default(), keep: KEEP, memories: 50, collection: "semantic.memories".to_owned() }
    }
}

impl Settings {
    fn limits(&self) -> Limits {
        Limits {
            ask_above: None,
            prompts: 0,
            shown: 0,
            keep: self.keep.clamp(0.0, 1.0),
            memories: self.memories,
            thinking_tokens: 0,
            collection: self.collection.clone(),
        }
    }
}

/// Groups by time alone, across sessions. `events` may come in any order.
#[must_use]
pub fn temporal(events: &[Event], known: Known<'_>, settings: &Settings, now: i64) -> Outcome<Report> {
    let fresh = fresh(events);
    extract(&windows(&fresh, settings.window), known, &settings.limits(), now, &mut |_: &str| None)
}

/// Groups by the labels the host's clustering gave: `labels` is parallel to `events`, equal labels are one group, events
/// without a label (or beyond the end of the labels) are left for another run, unmarked. What the labels are called does
/// not matter. A cluster is cut at namespaces.
#[must_use]
pub fn semantic(
    events: &[Event],
    labels: &[Option<usize>],
    known: Known<'_>,
    settings: &Settings,
    now: i64,
) -> Outcome<Report> {
    let label: BTreeMap<u64, usize> =
        events.iter().zip(labels).filter_map(|(event, label)| Some((event.id, (*label)?))).collect();
    let fresh = fresh(events);
    let groups = by_key(&fresh, |event| label.get(&event.id));
    extract(&groups, known, &settings.limits(), now, &mut |_: &str| None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::events;
    use crate::fixture::{event, event_rows, unknown};
    use crate::proposal::Proposal;
    use proptest::prelude::*;

    fn told(id: u64, kind: &str, outcome: &str) -> Event {
        let at = i64::try_from(id).unwrap() * 60_000;
        Event { outcome: Some(outcome.into()), session: Some(format!("s{id}")), ..event(id, at, kind) }
    }

    fn cycle() -> Vec<Event> {
        vec![told(1, "test_run", "failure"), told(2, "file_change", "partial"), told(3, "test_run", "success")]
    }

    #[test]
    fn time_finds_across_sessions_what_sessions_cut() {
        let outcome = temporal(&cycle(), &mut unknown, &Settings::default(), 9);
        assert_eq!((outcome.report.created, outcome.report.groups.len()), (1, 1));
    }

    #[test]
    fn what_has_no_label_is_left_for_another_run() {
        let events = [cycle(), vec![told(4, "error", "failure")]].concat();
        let outcome = semantic(&events, &[Some(7), Some(7), Some(7), None], &mut unknown, &Settings::default(), 9);
        assert_eq!(outcome.report.created, 1);
        let Some(Proposal::Mark { ids, .. }) = outcome.proposals.last() else { panic!("no mark") };
        assert_eq!(ids, &[1, 2, 3]);
        assert!(semantic(&events, &[], &mut unknown, &Settings::default(), 9).proposals.is_empty());
    }

    proptest! {
        #[test]
        fn order_and_names_of_labels_do_not_matter(rows in event_rows(), step in 1usize..5) {
            let read = events(&rows);
            let labels: Vec<Option<usize>> = read.iter().map(|e| (e.id % 7 != 0).then_some(e.id as usize % step)).collect();
            let settings = Settings { keep: 0.0, ..Settings::default() };
            let outcome = semantic(&read, &labels, &mut unknown, &settings, 9);
            let mut turned: Vec<(Event, Option<usize>)> = read.into_iter().zip(labels).collect();
            turned.reverse();
            let (back, renamed): (Vec<Event>, Vec<Option<usize>>) =
                turned.into_iter().map(|(event, label)| (event, label.map(|l| 100 - l))).unzip();
            prop_assert_eq!(semantic(&back, &renamed, &mut unknown, &settings, 9), outcome);
            prop_assert_eq!(temporal(&back, &mut unknown, &settings, 9), temporal(&events(&rows), &mut unknown, &settings, 9));
        }
    }
}
