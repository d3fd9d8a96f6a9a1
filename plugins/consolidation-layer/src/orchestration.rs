//! How work is put together: steps that follow each other, sessions at the same time, tasks that go on in another session.

use crate::row;
use memstrata_consolidation_rules::event::Event;
use memstrata_consolidation_rules::session::{Group, sessions};
use memstrata_sdk::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Lengths of step sequences.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=4;
/// Sequences told.
const MOST: usize = 20;
/// Sessions compared for overlap: the work grows with their square.
const MOST_SESSIONS: usize = 500;

/// Kinds of patterns, as callers write them.
pub const TYPES: [&str; 4] = ["all", "sequence", "parallel", "handoff"];

/// A run of equal steps counts as one: `edit edit test` is `edit test`.
fn steps<'a>(session: &Group<'a>) -> Vec<&'a Event> {
    let mut steps: Vec<&Event> = Vec::new();
    for event in session.iter().filter(|event| !event.kind.is_empty()) {
        if steps.last().is_none_or(|last| last.kind != event.kind) {
            steps.push(event);
        }
    }
    steps
}

#[derive(Default)]
struct Seen {
    times: usize,
    sessions: BTreeSet<usize>,
    succeeded: usize,
    ended: usize,
    example: Vec<u64>,
}

/// Sequences of types of events in a session that occur in at least two sessions, or twice. Of two that occur equally often the
/// longer one stands for the shorter in it.
#[must_use]
pub fn sequences(events: &[Event]) -> Vec<Value> {
    let mut seen: BTreeMap<Vec<&str>, Seen> = BTreeMap::new();
    let all = sessions(events);
    for (nth, session) in all.iter().filter(|session| session.iter().any(|event| event.session.is_some())).enumerate() {
        let steps = steps(session);
        for length in LENGTHS {
            for window in steps.windows(length) {
                let one = seen.entry(window.iter().map(|event| event.kind.as_str()).collect()).or_default();
                one.times += 1;
                one.sessions.insert(nth);
                if let Some(last) = window.last() {
                    let ended = last.succeeded() || last.failed() || last.is_error() || last.outcome.is_some();
                    one.ended += usize::from(ended);
                    one.succeeded += usize::from(last.succeeded());
                }
                if one.example.is_empty() {
                    one.example = window.iter().map(|event| event.id).collect();
                }
            }
        }
    }
    let often: Vec<(Vec<&str>, Seen)> = seen.into_iter().filter(|(_, one)| one.times >= 2).collect();
    let covered = |steps: &[&str], times: usize| {
        often.iter().any(|(other, one)| {
            other.len() > steps.len() && one.times == times && other.windows(steps.len()).any(|part| part == steps)
        })
    };
    let mut kept: Vec<&(Vec<&str>, Seen)> = often.iter().filter(|(steps, one)| !covered(steps, one.times)).collect();
    kept.sort_by(|a, b| {
        (b.1.sessions.len(), b.1.times, b.0.len()).cmp(&(a.1.sessions.len(), a.1.times, a.0.len())).then(a.0.cmp(&b.0))
    });
    let tell = |(steps, one): &&(Vec<&str>, Seen)| {
        json!({
            "type": "sequence", "steps": steps, "times": one.times, "sessions": one.sessions.len(),
            "success_rate": (one.ended > 0).then(|| row::round(one.succeeded as f64 / one.ended as f64)),
            "example": row::references(&one.example),
        })
    };
    kept.iter().take(MOST).map(tell).collect()
}

/// A session as a span.
struct Span<'a> {
    name: &'a str,
    namespace: &'a str,
    from: i64,
    to: i64,
    tasks: BTreeSet<&'a str>,
}

fn spans(events: &[Event]) -> Vec<Span<'_>> {
    sessions(events)
        .into_iter()
        .filter_map(|session| {
            let first = *session.first()?;
            Some(Span {
                name: first.session.as_deref()?,
                namespace: &first.namespace,
                from: first.timestamp,
                to: session.last()?.timestamp,
                tasks: session.iter().filter_map(|event| event.task.as_deref()).collect(),
            })
        })
        .take(MOST_SESSIONS)
        .collect()
}

/// Pairs of sessions that went on at the same time, the longest together first, with the tasks they shared.
#[must_use]
pub fn parallel(events: &[Event]) -> Vec<Value> {
    let spans = spans(events);
    let mut found: Vec<(i64, Value)> = Vec::new();
    for (nth, one) in spans.iter().enumerate() {
        for other in spans.iter().skip(nth + 1) {
            let together = one.to.min(other.to).saturating_sub(one.from.max(other.from));
            if together > 0 {
                let shared: Vec<&&str> = one.tasks.intersection(&other.tasks).take(10).collect();
                let told = json!({"type": "parallel", "sessions": [one.name, other.name], "together_ms": together, "shared_tasks": shared});
                found.push((together, told));
            }
        }
    }
    found.sort_by_key(|(together, _)| std::cmp::Reverse(*together));
    found.into_iter().take(MOST).map(|(_, told)| told).collect()
}

/// Tasks that one session left and a later one took up.
#[must_use]
pub fn handoffs(events: &[Event]) -> Vec<Value> {
    let mut by_task: BTreeMap<(&str, &str), Vec<&Span<'_>>> = BTreeMap::new();
    let spans = spans(events);
    for span in &spans {
        for task in &span.tasks {
            by_task.entry((span.namespace, task)).or_default().push(span);
        }
    }
    let mut found: Vec<Value> = Vec::new();
    for ((_, task), sessions) in &mut by_task {
        sessions.sort_by_key(|span| (span.from, span.name));
        let passed = sessions.windows(2).filter(|pair| matches!(pair, [one, next] if next.from > one.to)).count();
        if passed > 0 {
            let names: Vec<&str> = sessions.iter().take(10).map(|span| span.name).collect();
            found.push(json!({"type": "handoff", "task": task, "sessions": names, "handoffs": passed}));
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(row::int(one, "handoffs")));
    found.truncate(MOST);
    found
}

/// All patterns of a type.
#[must_use]
pub fn patterns(events: &[Event], kind: &str) -> Vec<Value> {
    let wanted = |this: &str| kind == "all" || kind == this;
    let mut found = Vec::new();
    if wanted("sequence") {
        found.extend(sequences(events));
    }
    if wanted("parallel") {
        found.extend(parallel(events));
    }
    if wanted("handoff") {
        found.extend(handoffs(events));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64, session: &str, minute: i64, kind: &str, task: Option<&str>) -> Event {
        Event {
            id,
            timestamp: minute * 60_000,
            session: Some(session.into()),
            kind: kind.into(),
            task: task.map(str::to_owned),
            outcome: (kind == "test_run")
                .then(|| if id.is_multiple_of(2) { "success".into() } else { "failure".into() }),
            ..Event::default()
        }
    }

    #[test]
    fn steps_that_come_again_are_told_once_at_their_longest() {
        let mut events = Vec::new();
        for (nth, session) in ["a", "b"].iter().enumerate() {
            let at = 100 * nth as i64;
            for (step, kind) in ["decision", "file_change", "file_change", "test_run"].iter().enumerate() {
                let id = (10 * nth + step) as u64 + 1 + nth as u64;
                events.push(event(id, session, at + step as i64, kind, None));
            }
        }
        let found = sequences(&events);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["steps"], json!(["decision", "file_change", "test_run"]));
        assert_eq!((&found[0]["times"], &found[0]["sessions"]), (&json!(2), &json!(2)));
        // The tests have the ids 4 (passed) and 15 (failed).
        assert_eq!(found[0]["success_rate"], 0.5);
        assert!(sequences(&events[..4]).is_empty(), "once is no pattern");
    }

    #[test]
    fn sessions_at_the_same_time_and_tasks_passed_on() {
        let events = [
            event(1, "a", 0, "action", Some("parser")),
            event(2, "a", 30, "action", None),
            event(3, "b", 20, "action", Some("parser")),
            event(4, "b", 50, "action", None),
            event(5, "c", 90, "action", Some("parser")),
        ];
        let together = parallel(&events);
        assert_eq!(together.len(), 1);
        assert_eq!((&together[0]["together_ms"], &together[0]["shared_tasks"]), (&json!(600_000), &json!(["parser"])));
        let passed = handoffs(&events);
        // a and b overlap; from b it went on in c.
        assert_eq!((&passed[0]["task"], &passed[0]["handoffs"]), (&json!("parser"), &json!(1)));
        assert_eq!(patterns(&events, "all").len(), 2);
        assert_eq!(patterns(&events, "handoff").len(), 1);
    }
}
