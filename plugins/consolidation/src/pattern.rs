//! A pattern found in a group of events: its kind, its evidence, and a text that says no more than the events do.

use crate::event::Event;
use crate::words::clip;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most events one pattern cites. Counts in its text are of all.
pub const MOST_EVIDENCE: usize = 100;

/// What kind of pattern. The first five are the heuristics', the sixth is found across groups, System 2 may claim the
/// rest and decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A test that did not pass, changes, a test that passed.
    TddCycle,
    /// An error, then success.
    ErrorRecovery,
    /// Three or more changes in one or two folders.
    Refactoring,
    /// Something was decided.
    Decision,
    /// Changes, tests and a deployment.
    Deployment,
    /// The same thing succeeded again and again.
    Recurring,
    /// Steps that follow each other.
    Workflow,
    /// Something to avoid.
    AntiPattern,
    /// Something to do again.
    BestPractice,
    /// Two things hang together.
    Relationship,
    /// Something that is so.
    Fact,
}

impl Kind {
    /// Its name, as a tag.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TddCycle => "tdd-cycle",
            Self::ErrorRecovery => "error-recovery",
            Self::Refactoring => "refactoring",
            Self::Decision => "decision",
            Self::Deployment => "deployment",
            Self::Recurring => "recurring",
            Self::Workflow => "workflow",
            Self::AntiPattern => "anti-pattern",
            Self::BestPractice => "best-practice",
            Self::Relationship => "relationship",
            Self::Fact => "fact",
        }
    }

    /// The `memory_type` it is stored as.
    #[must_use]
    pub fn memory_type(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Fact => "fact",
            _ => "pattern",
        }
    }

    /// Whether events can bear it out at all: a workflow needs at least two events of two types (requirements 1.10), a
    /// decision one that decides, a fact any, every other pattern two (Athena's pattern validation).
    #[must_use]
    pub fn fits(self, evidence: &[&Event]) -> bool {
        match self {
            Self::TddCycle | Self::ErrorRecovery | Self::Deployment | Self::Workflow => {
                evidence.len() >= 2 && crate::uncertainty::types(evidence) >= 2
            }
            Self::Decision => evidence.iter().any(|event| is_decision(event)),
            Self::Fact => !evidence.is_empty(),
            _ => evidence.len() >= 2,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Of what kind.
    pub kind: Kind,
    /// How sure its finder is, 0 to 1.
    pub confidence: f64,
    /// How often it occurs in the events.
    pub times: usize,
    /// The events it is made of, each once, at most [`MOST_EVIDENCE`].
    pub evidence: Vec<u64>,
    /// The least confidence among all its events: nothing derived is believed more.
    pub trust: f64,
    /// What to remember.
    pub content: String,
    /// What it is about: the task, else the one file or folder, if its events share one.
    pub topic: Option<String>,
    /// Where its events belong.
    pub namespace: String,
}

impl Pattern {
    /// A pattern of some events, each cited once. `None` if they cannot bear it out.
    #[must_use]
    pub fn of(kind: Kind, confidence: f64, times: usize, events: &[&Event], content: String) -> Option<Self> {
        let mut evidence: Vec<&Event> = events.to_vec();
        evidence.sort_by_key(|event| (event.timestamp, event.id));
        evidence.dedup_by_key(|event| event.id);
        let namespace = evidence.first()?.namespace.clone();
        if !kind.fits(&evidence) {
            return None;
        }
        Some(Self {
            kind,
            confidence,
            times,
            trust: evidence.iter().map(|event| event.confidence).fold(1.0, f64::min),
            topic: topic(&evidence),
            evidence: evidence.iter().map(|event| event.id).take(MOST_EVIDENCE).collect(),
            content,
            namespace,
        })
    }
}

/// Something was decided.
pub(crate) fn is_decision(event: &Event) -> bool {
    event.kind == "decision" || event.code.as_deref() == Some("arch_decision")
}

/// What an event says, quoted on one line; its type if it says nothing.
pub(crate) fn quote(event: &Event) -> String {
    let (said, kind) = (clip(&event.content, 120), event.kind.as_str());
    match (said.is_empty(), kind.is_empty()) {
        (false, _) => format!("\"{}\"", said.trim_end_matches('.')),
        (true, false) => format!("an event of type {kind}"),
        (true, true) => "an event without text".to_owned(),
    }
}

/// `1 change`, `3 changes`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The value all these events share, if they name exactly one.
fn only<'a>(values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distinct: BTreeSet<&str> = values.collect();
    if distinct.len() == 1 { distinct.into_iter().next() } else { None }
}

fn topic(events: &[&Event]) -> Option<String> {
    let files = || events.iter().flat_map(|event| &event.files).map(String::as_str);
    only(events.iter().filter_map(|event| event.task.as_deref()))
        .or_else(|| only(files()))
        .or_else(|| only(files().filter_map(folder)))
        .or_else(|| only(events.iter().filter_map(|event| event.cwd.as_deref())))
        .map(|topic| clip(topic, 120))
}

/// The folder of a file path, if it names one.
pub(crate) fn folder(path: &str) -> Option<&str> {
    path.rsplit_once(['/', '\\']).map(|(folder, _)| folder).filter(|folder| !folder.is_empty())
}

/// ` in a.rs, b.rs and 3 more files (task: parser)`: where the events were; empty if they do not say.
pub(crate) fn place(events: &[&Event]) -> String {
    const SHOWN: usize = 3;
    let files: BTreeSet<&str> = events.iter().flat_map(|event| &event.files).map(String::as_str).collect();
    let folders: BTreeSet<&str> = events.iter().filter_map(|event| event.cwd.as_deref()).collect();
    let listed = if files.is_empty() { &folders } else { &files };
    let mut said = String::new();
    if !listed.is_empty() {
        let shown: Vec<String> = listed.iter().take(SHOWN).map(|path| clip(path, 80)).collect();
        said.push_str(&format!(" in {}", shown.join(", ")));
        if listed.len() > SHOWN {
            said.push_str(&format!(" and {} more", listed.len() - SHOWN));
        }
    }
    let tasks: BTreeSet<&str> = events.iter().filter_map(|event| event.task.as_deref()).collect();
    if let Some(task) = tasks.iter().next().filter(|_| tasks.len() == 1) {
        said.push_str(&format!(" (task: {})", clip(task, 80)));
    }
    said
}

/// ` Seen 3 times.`, or nothing for once.
pub(crate) fn often(times: usize) -> String {
    if times > 1 { format!(" Seen {times} times.") } else { String::new() }
}

/// What succeeded at least three times under one type and the same first 50 characters, in any groups: confidence n/10
/// (requirements 1.10). Where it failed as often as it succeeded there is nothing to repeat, and it is left out (ours).
#[must_use]
pub fn recurring(events: &[Event]) -> Vec<Pattern> {
    let mut seen: BTreeMap<(&str, &str, String), (Vec<&Event>, usize)> = BTreeMap::new();
    for event in events.iter().filter(|event| !event.content.is_empty()) {
        let start: String = event.content.chars().take(50).flat_map(char::to_lowercase).collect();
        let (succeeded, failures) = seen.entry((&event.namespace, &event.kind, start)).or_default();
        if event.succeeded() {
            succeeded.push(event);
        } else if event.failed() || event.outcome.as_deref() == Some("failure") {
            *failures += 1;
        }
    }
    let enough = seen.into_values().filter(|(succeeded, failures)| succeeded.len() >= 3 && *failures < succeeded.len());
    enough
        .filter_map(|(succeeded, failures)| {
            let first = succeeded.first()?;
            let times = succeeded.len();
            let sessions: BTreeSet<&str> = succeeded.iter().filter_map(|event| event.session.as_deref()).collect();
            let mut content = format!("{}{} succeeded {times} times", quote(first), place(&succeeded));
            if sessions.len() > 1 {
                content.push_str(&format!(", in {} sessions", sessions.len()));
            }
            if failures > 0 {
                content.push_str(&format!(", and failed {}", count(failures, "time")));
            }
            content.push('.');
            Pattern::of(Kind::Recurring, (times as f64 / 10.0).min(1.0), times, &succeeded, content)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::event;

    #[test]
    fn a_workflow_needs_two_events_of_two_types() {
        let (a, b, c) = (event(1, 0, "action"), event(2, 0, "action"), event(3, 0, "error"));
        assert!(!Kind::Workflow.fits(&[&a, &b]) && Kind::Workflow.fits(&[&a, &c]));
        assert!(!Kind::Decision.fits(&[&a]) && Kind::Fact.fits(&[&a]) && !Kind::BestPractice.fits(&[&a]));
    }

    #[test]
    fn what_succeeds_again_and_again_recurs() {
        let run = |id: u64, outcome: &str| Event {
            content: "Run the tests".into(),
            outcome: Some(outcome.into()),
            session: Some(format!("s{}", id % 2)),
            ..event(id, 0, "action")
        };
        let mut events: Vec<Event> = (1..=4).map(|id| run(id, "success")).collect();
        events.push(run(9, "failure"));
        let found = recurring(&events);
        assert_eq!(found[0].content, "\"Run the tests\" succeeded 4 times, in 2 sessions, and failed 1 time.");
        assert!((found[0].confidence - 0.4).abs() < 1e-9 && found[0].evidence == [1, 2, 3, 4]);
        events.extend((10..13).map(|id| run(id, "failure")));
        assert!(recurring(&events).is_empty());
    }

    #[test]
    fn a_place_is_only_what_the_events_say() {
        let mut a = event(1, 0, "action");
        assert_eq!(place(&[&a]), "");
        a.cwd = Some("/r".into());
        a.task = Some("t".into());
        assert_eq!(place(&[&a]), " in /r (task: t)");
        a.files = ["a", "b", "c", "d"].map(str::to_owned).into();
        assert_eq!(place(&[&a]), " in a, b, c and 1 more (task: t)");
        assert_eq!(topic(&[&a]), Some("t".into()));
    }
}
