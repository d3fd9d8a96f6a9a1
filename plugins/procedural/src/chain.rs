//! Chains of events: what was done one after another in one session, and the signature that makes two chains the same.

use crate::row;
use memstrata_sdk::Value;

/// A longer chain is cut into no procedure: a procedure has no more steps.
pub const MOST: usize = crate::step::MOST;

/// How an event went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// Well.
    Good,
    /// Not well, or not yet: failure, partial, ongoing; without an outcome, an error.
    Bad,
    /// It does not say.
    Unsaid,
}

/// An event as chains need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: u64,
    /// Whose it is.
    pub namespace: String,
    /// Its session; empty for none.
    pub session: String,
    /// When, ms UTC.
    pub at: u64,
    /// `action`, `test_run` ..
    pub kind: String,
    /// `success`, `failure` ..; empty if it does not say.
    pub outcome: String,
    /// What happened.
    pub content: String,
    /// Where: task, phase, branch, language, working directory.
    pub contexts: Vec<String>,
}

impl Event {
    /// The fields it is read from.
    pub const FIELDS: [&'static str; 11] = [
        "namespace",
        "session_id",
        "timestamp",
        "event_type",
        "outcome",
        "content",
        "task",
        "phase",
        "branch",
        "language",
        "cwd",
    ];

    /// Reads a row of `episodic.events`; none without a time or a type.
    #[must_use]
    pub fn of_row(stored: &Value) -> Option<Self> {
        let kind = row::text(stored, "event_type");
        if kind.is_empty() {
            return None;
        }
        let contexts = ["task", "phase", "branch", "language", "cwd"].map(|field| row::text(stored, field).to_owned());
        Some(Self {
            id: row::id(stored),
            namespace: row::text(stored, "namespace").to_owned(),
            session: row::text(stored, "session_id").to_owned(),
            at: row::int(stored, "timestamp")?,
            kind: kind.to_owned(),
            outcome: row::text(stored, "outcome").to_owned(),
            content: row::text(stored, "content").to_owned(),
            contexts: contexts.into_iter().filter(|context| !context.is_empty()).collect(),
        })
    }

    /// How it went.
    #[must_use]
    pub fn went(&self) -> Went {
        match (self.outcome.as_str(), self.kind.as_str()) {
            ("success", _) | ("", "success") => Went::Good,
            ("", "error") => Went::Bad,
            ("", _) => Went::Unsaid,
            _ => Went::Bad,
        }
    }
}

/// Events of one session, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain(pub Vec<Event>);

impl Chain {
    /// What makes chains the same: `action:success>test_run:success`; `none` for an event without outcome.
    #[must_use]
    pub fn signature(&self) -> String {
        let one = |event: &Event| {
            let outcome = if event.outcome.is_empty() { "none" } else { &event.outcome };
            format!("{}:{outcome}", event.kind)
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(">")
    }

    /// What was done, however it went: `action>test_run`. Chains of one shape are tries of the same.
    #[must_use]
    pub fn shape(&self) -> String {
        self.0.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>().join(">")
    }

    /// Whether all went well: nothing went badly, and something says it went well.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        let went: Vec<Went> = self.0.iter().map(Event::went).collect();
        !went.contains(&Went::Bad) && went.contains(&Went::Good)
    }

    /// When it ended, ms UTC.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.0.last().map_or(0, |event| event.at)
    }
}

/// The chains of events in any order: by namespace and session, split where `gap_ms` passed without an event; those of fewer
/// than `least` events, or more than [`MOST`], are left out. Answers how many were too long.
#[must_use]
pub fn chains(mut events: Vec<Event>, gap_ms: u64, least: usize) -> (Vec<Chain>, usize) {
    events.sort_by(|a, b| (&a.namespace, &a.session, a.at, a.id).cmp(&(&b.namespace, &b.session, b.at, b.id)));
    let mut all: Vec<Vec<Event>> = Vec::new();
    for event in events {
        let goes_on = all.last().and_then(|chain| chain.last()).is_some_and(|last| {
            last.namespace == event.namespace && last.session == event.session && event.at - last.at <= gap_ms
        });
        match all.last_mut() {
            Some(chain) if goes_on => chain.push(event),
            _ => all.push(vec![event]),
        }
    }
    let too_long = all.iter().filter(|chain| chain.len() > MOST).count();
    (all.into_iter().filter(|chain| (least..=MOST).contains(&chain.len())).map(Chain).collect(), too_long)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use memstrata_sdk::json;

    /// An event for tests here and in `pattern`.
    pub(crate) fn event(id: u64, session: &str, minute: u64, kind: &str, outcome: &str, content: &str) -> Event {
        Event::of_row(&json!({"id": id, "session_id": session, "timestamp": minute * 60_000, "event_type": kind,
            "outcome": outcome, "content": content, "namespace": ""}))
        .unwrap()
    }

    fn ids(chains: &[Chain]) -> Vec<Vec<u64>> {
        chains.iter().map(|chain| chain.0.iter().map(|event| event.id).collect()).collect()
    }

    #[test]
    fn sessions_are_split_at_gaps_and_short_ones_left_out() {
        let of = |id, session, minute| event(id, session, minute, "action", "success", "x");
        let events = vec![
            of(3, "a", 2),
            of(1, "a", 0),
            of(2, "a", 1),
            of(4, "a", 70),
            of(5, "a", 71),
            of(6, "b", 3),
            of(7, "a", 72),
        ];
        let (chains, too_long) = chains(events.clone(), 60 * 60_000, 3);
        assert_eq!(ids(&chains), [vec![1, 2, 3], vec![4, 5, 7]]);
        assert_eq!(too_long, 0);
        assert_eq!(ids(&super::chains(events, 80 * 60_000, 3).0), [vec![1, 2, 3, 4, 5, 7]]);
    }

    #[test]
    fn namespaces_are_not_mixed() {
        let mut other = event(2, "a", 1, "action", "success", "x");
        other.namespace = "user:b".into();
        let events =
            vec![event(1, "a", 0, "action", "success", "x"), other, event(3, "a", 2, "action", "success", "x")];
        assert_eq!(ids(&chains(events, 60 * 60_000, 1).0), [vec![1, 3], vec![2]]);
    }

    #[test]
    fn a_chain_longer_than_a_procedure_is_told_and_left_out() {
        let events = (1..=MOST as u64 + 1).map(|id| event(id, "a", id, "action", "success", "x")).collect();
        assert_eq!(chains(events, 60 * 60_000, 3), (vec![], 1));
    }

    #[test]
    fn success_is_that_nothing_failed_and_something_went_well() {
        let of = |outcomes: &[(&str, &str)]| {
            Chain(outcomes.iter().map(|(kind, outcome)| event(1, "a", 0, kind, outcome, "x")).collect())
        };
        assert!(of(&[("action", "success"), ("action", "")]).succeeded());
        assert!(of(&[("action", ""), ("success", "")]).succeeded());
        for bad in [
            &[("action", ""), ("action", "")][..],
            &[("action", "success"), ("error", "")],
            &[("action", "success"), ("action", "partial")],
        ] {
            assert!(!of(bad).succeeded(), "{bad:?}");
        }
        assert_eq!(of(&[("action", ""), ("test_run", "success")]).signature(), "action:none>test_run:success");
        assert_eq!(of(&[("action", ""), ("test_run", "failure")]).shape(), "action>test_run");
    }
}
