//! The strategy `dual-process`: groups by session and place, or at surprises; heuristics first, a model where they are unsure.

use crate::event::{Event, ordered};
use crate::extract::{Ask, Known, Limits, Outcome, Report, extract};
use crate::spatial::{Nearness, places};
use crate::surprise::{Surprise, surprises};
use crate::validate::KEEP;
use serde::{Deserialize, Serialize};

/// How much trouble to take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// System 2 above uncertainty .18, which is wherever the heuristics found nothing, or one thing in a small or mixed
    /// group (ADR 26); at most 8 prompts of 40 events, keep .7.
    #[default]
    Balanced,
    /// System 1 only, keep .7.
    Speed,
    /// System 2 above uncertainty .1, which is everywhere but in long groups where the heuristics found two things or
    /// more; at most 32 prompts of 80 events, keep .7.
    Quality,
    /// System 1 only, and only what is nearly certain: keep .85, that is decisions and test-driven changes.
    Minimal,
}

/// What groups are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Session, then place and time.
    #[default]
    Context,
    /// Session, cut at surprises.
    Surprise,
}

/// The operator's settings. What is absent is the profile's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How much trouble to take.
    pub profile: Profile,
    /// What groups are made of.
    pub grouping: Grouping,
    /// Spatial similarity of one place.
    pub similarity: f64,
    /// Pause that ends a group, in minutes.
    pub gap_minutes: i64,
    /// Surprise that opens a group.
    pub surprise: f64,
    /// Uncertainty above which System 2 is asked, instead of the profile's.
    pub ask_above: Option<f64>,
    /// Least confidence, instead of the profile's.
    pub keep: Option<f64>,
    /// Most prompts of a unit, instead of the profile's.
    pub prompts: Option<usize>,
    /// Most memories of a unit.
    pub memories: usize,
    /// Tokens the model may think (requirements 1.10: 5,000).
    pub thinking_tokens: u32,
    /// Where memories go.
    pub collection: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            grouping: Grouping::default(),
            similarity: 0.7,
            gap_minutes: 60,
            surprise: 3.5,
            ask_above: None,
            keep: None,
            prompts: None,
            memories: 50,
            thinking_tokens: 5000,
            collection: "semantic.memories".to_owned(),
        }
    }
}

impl Settings {
    /// The bounds these settings come to.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let (ask_above, prompts, shown, keep) = match self.profile {
            Profile::Balanced => (Some(0.18), 8, 40, KEEP),
            Profile::Speed => (None, 0, 0, KEEP),
            Profile::Quality => (Some(0.10), 32, 80, KEEP),
            Profile::Minimal => (None, 0, 0, 0.85),
        };
        Limits {
            // A profile without System 2 stays without: the threshold only moves where it is asked.
            ask_above: ask_above.map(|threshold| self.ask_above.unwrap_or(threshold)),
            prompts: self.prompts.unwrap_or(prompts),
            shown,
            keep: self.keep.unwrap_or(keep).clamp(0.0, 1.0),
            memories: self.memories,
            thinking_tokens: self.thinking_tokens,
            collection: self.collection.clone(),
        }
    }

    fn gap_ms(&self) -> i64 {
        self.gap_minutes.saturating_mul(60_000)
    }
}

/// Proposes for one unit. `events` may come in any order, consolidated ones are passed over; `known` finds memories
/// that say the same already; `now` (ms UTC) goes into the marks; `ask` is called at most [`Limits::prompts`] times.
#[must_use]
pub fn propose(events: &[Event], known: Known<'_>, settings: &Settings, now: i64, ask: Ask<'_>) -> Outcome<Report> {
    let fresh = fresh(events);
    let groups = match settings.grouping {
        Grouping::Context => places(&fresh, Nearness { similarity: settings.similarity, gap_ms: settings.gap_ms() }),
        Grouping::Surprise => surprises(
            &fresh,
            Surprise { threshold: settings.surprise, gap_ms: settings.gap_ms(), ..Surprise::default() },
        ),
    };
    extract(&groups, known, &settings.limits(), now, ask)
}

/// The events not consolidated before, in order.
pub(crate) fn fresh(events: &[Event]) -> Vec<Event> {
    ordered(events.iter().filter(|event| !event.consolidated).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::events;
    use crate::extract::System2;
    use crate::fixture::{any_rows, event_rows, unknown};
    use crate::memory::memories;
    use crate::proposal::{Proposal, Ref};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn silent(_: &str) -> Option<String> {
        None
    }

    fn run(rows: &[Value], settings: &Settings) -> Outcome<Report> {
        propose(&events(rows), &mut unknown, settings, 5, &mut silent)
    }

    fn rows() -> Vec<Value> {
        let row = |id: u64, kind: &str, outcome: &str, content: &str| {
            json!({"id": id, "timestamp": id * 60_000, "event_type": kind, "outcome": outcome, "content": content,
                   "session_id": "s", "task": "parser", "namespace": "n"})
        };
        vec![
            row(1, "test_run", "failure", "parser test fails"),
            row(2, "file_change", "success", "guard empty input"),
            row(3, "test_run", "success", "parser test passes"),
            row(4, "decision", "success", "Reject empty input"),
        ]
    }

    #[test]
    fn a_session_becomes_memories_with_evidence_and_its_events_are_marked() {
        let outcome = run(&rows(), &Settings::default());
        let Proposal::Create { collection, row, evidence, .. } = &outcome.proposals[0] else { panic!("no create") };
        assert_eq!((collection.as_str(), evidence.as_slice()), ("semantic.memories", &[1, 2, 3][..]));
        assert_eq!(row["tags"], json!(["consolidation", "confidence:0.85", "tdd-cycle"]));
        assert_eq!(
            (&row["namespace"], &row["topic"], &row["memory_type"]),
            (&json!("n"), &json!("parser"), &json!("pattern"))
        );
        let Proposal::Create { row, .. } = &outcome.proposals[1] else { panic!("no create") };
        assert_eq!(row["memory_type"], "decision");
        let mark = json!({"verb": "mark", "ids": [1, 2, 3, 4],
                          "fields": {"consolidation_status": "consolidated", "consolidated_at": 5}});
        assert_eq!(serde_json::to_value(&outcome.proposals[2]).unwrap(), mark);
        assert_eq!((outcome.report.created, outcome.report.groups[0].system2), (2, System2::NotNeeded));
    }

    #[test]
    fn nothing_is_believed_more_than_its_evidence() {
        let mut rows = rows();
        rows[1]["confidence"] = json!(0.75);
        let outcome = run(&rows, &Settings::default());
        let Proposal::Create { row, .. } = &outcome.proposals[0] else { panic!("no create") };
        assert_eq!(row["confidence"], 0.75);
        rows[1]["confidence"] = json!(0.5);
        let outcome = run(&rows, &Settings::default());
        assert_eq!((outcome.report.created, outcome.report.dropped_unsure), (1, 1));
    }

    #[test]
    fn what_is_known_cites_more_instead_of_being_told_again() {
        let first = run(&rows(), &Settings::default());
        let Proposal::Create { row, .. } = &first.proposals[1] else { panic!("no create") };
        let mut row = Value::Object(row.clone());
        (row["id"], row["sources"]) = (json!(77), json!([99]));
        let known = memories(&[row], &[]);
        let again = propose(&events(&rows()), &mut |_: &[&str]| known.clone(), &Settings::default(), 5, &mut silent);
        assert!(
            again
                .proposals
                .iter()
                .any(|step| matches!(step, Proposal::Link { from: Ref::Row(77), to, .. } if to == &[4]))
        );
        assert_eq!((again.report.created, again.report.linked), (1, 1));
    }

    #[test]
    fn system_two_is_asked_where_the_heuristics_are_unsure_and_must_be_borne_out() {
        let rows: Vec<Value> = (1..=5)
            .map(|id| {
                json!({"id": id, "timestamp": id, "event_type": "conversation", "session_id": "s",
                             "content": "users ask for dark mode"})
            })
            .collect();
        let quality = Settings { profile: Profile::Quality, ..Settings::default() };
        let with = |answer: &'static str, settings: &Settings| {
            propose(&events(&rows), &mut unknown, settings, 5, &mut |_: &str| Some(answer.to_owned())).report
        };
        let good = r#"{"patterns": [{"kind": "best-practice", "content": "Users ask for dark mode", "confidence": 0.9, "sources": [1, 2, 3]}]}"#;
        let report = with(good, &quality);
        assert_eq!(report.groups[0].system2, System2::Answered { claims: 1, kept: 1 });
        assert!(report.stored[0].system2 && report.stored[0].evidence == [1, 2, 3]);
        assert_eq!(with(good, &Settings::default()).groups[0].system2, System2::Answered { claims: 1, kept: 1 });
        let asks_little = Settings { ask_above: Some(0.5), ..Settings::default() };
        assert_eq!(with(good, &asks_little).groups[0].system2, System2::NotNeeded);
        assert_eq!(with("no", &quality).groups[0].system2, System2::BrokenAnswer);
        let lie =
            r#"{"patterns": [{"kind": "fact", "content": "Users pay 5 dollars", "confidence": 1.0, "sources": [1]}]}"#;
        assert_eq!(with(lie, &quality).groups[0].system2, System2::Answered { claims: 1, kept: 0 });
        let none = Settings { prompts: Some(0), ..quality };
        assert_eq!(with(good, &none).groups[0].system2, System2::NoPromptsLeft);
        let off = Settings { profile: Profile::Speed, ..Settings::default() };
        assert_eq!(with(good, &off).groups[0].system2, System2::Off);
    }

    #[test]
    fn nobody_is_asked_of_what_could_not_be_believed() {
        let told = |count: u64, settings: &Settings| {
            let rows: Vec<Value> = (1..=count)
                .map(|id| json!({"id": id, "timestamp": id, "event_type": "conversation", "session_id": "s", "content": "x"}))
                .collect();
            let mut prompts = 0;
            let report = propose(&events(&rows), &mut unknown, settings, 5, &mut |_: &str| {
                prompts += 1;
                None
            })
            .report;
            assert_eq!((report.prompts, report.prompts_failed), (prompts, prompts));
            report.groups[0].system2
        };
        // The score of a group bounds the confidence of a claim about it: .7 for two events, .8 for three.
        for (count, system2) in [(1, System2::TooSmall), (2, System2::TooSmall), (3, System2::NoAnswer)] {
            assert_eq!(told(count, &Settings::default()), system2, "{count} events");
        }
        assert_eq!(told(2, &Settings { keep: Some(0.6), ..Settings::default() }), System2::NoAnswer);
    }

    #[test]
    fn consolidated_events_are_passed_over_and_nothing_proposes_nothing() {
        let mut rows = rows();
        rows.iter_mut().for_each(|row| row["consolidation_status"] = json!("consolidated"));
        assert_eq!(run(&rows, &Settings::default()).proposals, []);
        assert_eq!(run(&[], &Settings::default()).proposals, []);
    }

    #[test]
    fn what_is_too_much_for_one_run_waits_for_the_next() {
        let mut rows: Vec<Value> = (1..=5)
            .map(|id| json!({"id": id, "timestamp": id, "event_type": "decision", "content": format!("Choose way {id}")}))
            .collect();
        let settings = Settings { memories: 2, ..Settings::default() };
        for (created, postponed) in [(2, 3), (2, 1), (1, 0)] {
            let outcome = run(&rows, &settings);
            assert_eq!((outcome.report.created, outcome.report.postponed), (created, postponed));
            let Some(Proposal::Mark { ids, .. }) = outcome.proposals.last() else { panic!("no mark") };
            assert_eq!(ids.len(), created);
            rows.retain(|row| !ids.iter().any(|id| row["id"] == *id));
        }
        assert!(rows.is_empty());
    }

    #[test]
    fn settings_refuse_unknown_names() {
        let read = |value: Value| serde_json::from_value::<Settings>(value);
        assert_eq!(read(json!({"profile": "quality"})).unwrap().limits().prompts, 32);
        assert!(read(json!({"profil": "quality"})).is_err() && read(json!({"profile": "best"})).is_err());
    }

    fn never_touches_events(proposals: &[Proposal]) -> bool {
        proposals.iter().all(|step| step.changed().is_empty())
    }

    proptest! {
        #[test]
        fn cites_only_what_it_was_given_in_any_order(rows in event_rows(), turn in 0usize..40, surprise: bool) {
            let grouping = if surprise { Grouping::Surprise } else { Grouping::Context };
            let settings = Settings { grouping, profile: Profile::Quality, keep: Some(0.0), ..Settings::default() };
            let outcome = run(&rows, &settings);
            let given: BTreeSet<u64> = (1..=rows.len() as u64).collect();
            for step in &outcome.proposals {
                prop_assert!(step.named().is_subset(&given));
                let needs_none = matches!(step, Proposal::Mark { .. });
                prop_assert!(needs_none || !step.evidence().is_empty());
            }
            prop_assert!(never_touches_events(&outcome.proposals));
            let mut turned = rows.clone();
            turned.rotate_left(turn % rows.len().max(1));
            turned.reverse();
            prop_assert_eq!(run(&turned, &settings), outcome);
        }

        #[test]
        fn a_memory_stays_in_the_namespace_of_its_evidence(rows in event_rows()) {
            let outcome = run(&rows, &Settings { keep: Some(0.0), ..Settings::default() });
            for step in &outcome.proposals {
                if let Proposal::Create { row, evidence, .. } = step {
                    let own = row.get("namespace").and_then(Value::as_str).unwrap_or_default();
                    prop_assert!(evidence.iter().all(|id| rows[*id as usize - 1]["namespace"] == own));
                }
            }
        }

        #[test]
        fn no_row_panics(rows in any_rows()) {
            for grouping in [Grouping::Context, Grouping::Surprise] {
                let outcome = run(&rows, &Settings { grouping, keep: Some(0.0), ..Settings::default() });
                prop_assert!(never_touches_events(&outcome.proposals));
                let mut turned = rows.clone();
                turned.reverse();
                prop_assert_eq!(run(&turned, &Settings { grouping, keep: Some(0.0), ..Settings::default() }), outcome);
            }
        }
    }
}
