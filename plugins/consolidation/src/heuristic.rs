//! System 1: the heuristic patterns of a group, each found in one walk over its events.

use crate::event::Event;
use crate::pattern::{Kind, Pattern, count, folder, is_decision, often, place, quote};
use crate::words::clip;
use std::collections::BTreeSet;

/// A longer pause breaks a sequence, in ms (requirements 1.3: a cause is less than an hour back).
const PAUSE_MS: i64 = 3_600_000;

/// Every heuristic pattern of a group that is in order of time, with the confidences of requirements 1.10.
#[must_use]
pub fn patterns(group: &[&Event]) -> Vec<Pattern> {
    let found = [test_driven(group), error_recovery(group), refactoring(group), deployment(group)];
    found.into_iter().flatten().chain(decisions(group)).collect()
}

fn paused(last: Option<&&Event>, event: &Event) -> bool {
    last.is_some_and(|last| event.timestamp.saturating_sub(last.timestamp) > PAUSE_MS)
}

/// Joins the occurrences of one kind: one pattern that tells of the last and counts all.
fn joined<'a>(
    kind: Kind,
    confidence: f64,
    found: &[Vec<&'a Event>],
    tell: impl FnOnce(&[&'a Event]) -> Option<String>,
) -> Option<Pattern> {
    let told = tell(found.last()?)?;
    let all: Vec<&Event> = found.iter().flatten().copied().collect();
    Pattern::of(kind, confidence, found.len(), &all, format!("{told}{}", often(found.len())))
}

/// A test that did not pass, at least one change, a test that passed: .85.
fn test_driven(group: &[&Event]) -> Option<Pattern> {
    let mut found: Vec<Vec<&Event>> = Vec::new();
    let mut cycle: Vec<&Event> = Vec::new();
    for event in group {
        if paused(cycle.last(), event) {
            cycle.clear();
        }
        let changed = cycle.iter().any(|step| step.is_change());
        if event.passed() {
            if changed {
                cycle.push(event);
                found.push(std::mem::take(&mut cycle));
            }
            cycle.clear();
        } else if event.is_test() {
            // Another red test goes on with a cycle whose changes are under way; before any it opens its own.
            if !changed {
                cycle.clear();
            }
            cycle.push(event);
        } else if event.is_change() && !cycle.is_empty() {
            cycle.push(event);
        }
    }
    joined(Kind::TddCycle, 0.85, &found, |cycle| {
        let (red, green) = (cycle.first()?, cycle.last()?);
        let changes: Vec<&&Event> = cycle.iter().filter(|event| event.is_change()).collect();
        let how = if red.failed() { "failed" } else { "had not passed" };
        Some(format!(
            "Test-driven change{}: the test {} {how}, {} followed ({}), then {} passed.",
            place(cycle),
            quote(red),
            count(changes.len(), "change"),
            quote(changes.last()?),
            quote(green),
        ))
    })
}

/// An error, what was done about it, a success: .80. The success follows the error at once, or a change or debugging
/// lies between, or both name a file; else they have nothing to do with each other.
fn error_recovery(group: &[&Event]) -> Option<Pattern> {
    let mut found: Vec<Vec<&Event>> = Vec::new();
    let mut open: Vec<&Event> = Vec::new();
    // Something was done about it; and the change that did reports success itself, unless a better proof follows.
    let (mut acted, mut mended) = (false, false);
    let mut others = 0usize;
    for event in group {
        let fails = event.is_error() || (!event.is_test() && event.outcome.as_deref() == Some("failure"));
        let breaks = paused(open.last(), event);
        if fails || breaks {
            if mended {
                found.push(std::mem::take(&mut open));
            }
            // The same error again goes on, another opens its own recovery.
            if breaks || open.first().is_some_and(|first| first.error != event.error) {
                open.clear();
            }
            (acted, mended, others) = (acted && !open.is_empty(), false, 0);
        }
        if fails {
            open.push(event);
            continue;
        }
        let Some(first) = open.first() else { continue };
        if event.is_change() || event.kind == "debugging" {
            open.push(event);
            acted = true;
            mended |= event.succeeded();
        } else if event.succeeded() && (acted || others == 0 || !first.files.is_disjoint(&event.files)) {
            open.push(event);
            found.push(std::mem::take(&mut open));
            (acted, mended, others) = (false, false, 0);
        } else {
            others += 1;
        }
    }
    if mended {
        found.push(open);
    }
    joined(Kind::ErrorRecovery, 0.80, &found, |steps| {
        let (error, end) = (steps.first()?, steps.last()?);
        let named = error.error.as_deref().map(|error| format!("{} ", clip(error, 60))).unwrap_or_default();
        let last_but_one = steps.len().saturating_sub(1);
        let between = steps.iter().take(last_but_one).skip(1);
        let (more, mends): (Vec<&&Event>, Vec<&&Event>) =
            between.partition(|step| !step.is_change() && step.kind != "debugging");
        let mut told = format!("Error recovery{}: {named}{}", place(steps), quote(error));
        if !more.is_empty() {
            told.push_str(&format!(" and {}", count(more.len(), "more failure")));
        }
        if let Some(last) = mends.last() {
            told.push_str(&format!(", then {} ({})", count(mends.len(), "step"), quote(last)));
        }
        told.push_str(&format!(", ended in success: {}.", quote(end)));
        Some(told)
    })
}

/// Three or more changes whose places are known, in at most two folders: .75.
fn refactoring(group: &[&Event]) -> Option<Pattern> {
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    let mut changes: Vec<&Event> = Vec::new();
    for event in group.iter().filter(|event| event.is_change()) {
        let of_files = event.files.iter().filter_map(|file| folder(file));
        let mut places: Vec<&str> = of_files.collect();
        if places.is_empty() {
            places.extend(event.cwd.as_deref());
        }
        if !places.is_empty() {
            folders.extend(places);
            changes.push(event);
        }
    }
    if changes.len() < 3 || folders.len() > 2 {
        return None;
    }
    let named = changes.iter().any(|event| event.kind == "refactoring" || event.code.as_deref() == Some("refactoring"));
    let what = if named { "Refactoring" } else { "Coordinated changes, probably a refactoring," };
    let content = format!(
        "{what}{}: {} in {}, first {}, last {}.",
        place(&changes),
        count(changes.len(), "change"),
        count(folders.len(), "folder"),
        quote(changes.first()?),
        quote(changes.last()?),
    );
    Pattern::of(Kind::Refactoring, 0.75, 1, &changes, content)
}

/// Every decision, in its own words: .90.
fn decisions(group: &[&Event]) -> Vec<Pattern> {
    let decided = group.iter().filter(|event| is_decision(event) && !event.content.is_empty());
    decided
        .filter_map(|event| {
            let said = clip(&event.content, 600);
            let mut content = format!("Decision{}: {said}", place(&[event]));
            if !content.ends_with(['.', '!', '?', '…']) {
                content.push('.');
            }
            if let Some(outcome) = &event.outcome {
                content.push_str(&format!(" Outcome: {}.", clip(outcome, 40)));
            }
            if let Some(learned) = &event.learned {
                content.push_str(&format!(" Learned: {}", clip(learned, 300)));
            }
            Pattern::of(Kind::Decision, 0.90, 1, &[event], content)
        })
        .collect()
}

/// Changes and a test, then a deployment: .80.
fn deployment(group: &[&Event]) -> Option<Pattern> {
    let mut found: Vec<Vec<&Event>> = Vec::new();
    let mut steps: Vec<&Event> = Vec::new();
    for event in group {
        if event.kind == "deployment" {
            let ready = steps.iter().any(|step| step.is_change()) && steps.iter().any(|step| step.is_test());
            if ready {
                steps.push(event);
                found.push(std::mem::take(&mut steps));
            }
            steps.clear();
        } else if event.is_change() || event.is_test() {
            steps.push(event);
        }
    }
    joined(Kind::Deployment, 0.80, &found, |steps| {
        let end = steps.last()?;
        let changes = steps.iter().filter(|step| step.is_change()).count();
        let tests: Vec<&&Event> = steps.iter().filter(|step| step.is_test()).collect();
        let passed = tests.iter().filter(|test| test.passed()).count();
        let outcome = end.outcome.as_deref().map(|outcome| format!(", outcome {}", clip(outcome, 40)));
        Some(format!(
            "Deployment{}: {} and {} ({passed} passed) came before {}{}.",
            place(steps),
            count(changes, "change"),
            count(tests.len(), "test run"),
            quote(end),
            outcome.unwrap_or_default(),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::event;

    fn told(id: u64, kind: &str, outcome: &str, content: &str) -> Event {
        Event {
            outcome: (!outcome.is_empty()).then(|| outcome.to_owned()),
            content: content.into(),
            ..event(id, i64::try_from(id).unwrap() * 60_000, kind)
        }
    }

    fn found(events: &[Event]) -> Vec<Pattern> {
        patterns(&events.iter().collect::<Vec<_>>())
    }

    fn kinds(events: &[Event]) -> Vec<(Kind, Vec<u64>)> {
        found(events).into_iter().map(|pattern| (pattern.kind, pattern.evidence)).collect()
    }

    #[test]
    fn red_change_green_is_test_driven_and_tells_so() {
        let mut events = vec![
            told(1, "test_run", "failure", "parser test"),
            told(2, "file_change", "", "Handle empty input."),
            told(3, "conversation", "", "chat"),
            told(4, "test_run", "success", "parser test"),
        ];
        events[1].files = ["src/parser.rs".to_owned()].into();
        let found = found(&events);
        assert_eq!((found.len(), found[0].kind, found[0].confidence), (1, Kind::TddCycle, 0.85));
        assert_eq!(found[0].evidence, [1, 2, 4]);
        assert_eq!(
            found[0].content,
            "Test-driven change in src/parser.rs: the test \"parser test\" failed, 1 change followed (\"Handle empty \
             input\"), then \"parser test\" passed."
        );
        assert_eq!(kinds(&events[1..]), []);
    }

    #[test]
    fn cycles_are_counted_and_a_long_pause_breaks_one() {
        let cycle = |id| {
            [
                told(id, "test_run", "failure", "t"),
                told(id + 1, "file_change", "", "c"),
                told(id + 2, "test_run", "success", "t"),
            ]
        };
        let mut events = [cycle(1), cycle(4)].concat();
        let two = found(&events);
        assert_eq!((two[0].times, two[0].evidence.len()), (2, 6));
        assert!(two[0].content.ends_with("Seen 2 times."));
        events[5].timestamp += 10_000_000;
        assert_eq!(found(&events)[0].times, 1);
    }

    #[test]
    fn an_error_recovers_at_once_or_by_a_change() {
        let direct = [told(1, "error", "", "boom"), told(2, "action", "success", "restart")];
        assert_eq!(kinds(&direct), [(Kind::ErrorRecovery, vec![1, 2])]);
        let unrelated =
            [told(1, "error", "", "boom"), told(2, "conversation", "", "x"), told(3, "action", "success", "y")];
        assert_eq!(kinds(&unrelated), []);
        let mut mended = [
            told(1, "error", "", "boom"),
            told(2, "file_change", "success", "guard"),
            told(3, "conversation", "", "x"),
        ];
        mended[0].error = Some("TypeError".into());
        let found = found(&mended);
        assert_eq!(found[0].evidence, [1, 2]);
        assert_eq!(found[0].content, "Error recovery: TypeError \"boom\", ended in success: \"guard\".");
    }

    #[test]
    fn a_repeated_error_is_one_recovery() {
        let events = [
            told(1, "error", "", "boom"),
            told(2, "error", "", "boom"),
            told(3, "file_change", "", "fix"),
            told(4, "success", "", "works"),
        ];
        assert_eq!(
            found(&events)[0].content,
            "Error recovery: \"boom\" and 1 more failure, then 1 step (\"fix\"), ended in success: \"works\"."
        );
    }

    #[test]
    fn a_pause_ends_a_recovery_even_before_the_same_error() {
        let mut events =
            [told(1, "error", "", "boom"), told(2, "error", "", "boom"), told(3, "action", "success", "restart")];
        events[1].timestamp += 10_000_000;
        events[2].timestamp += 10_000_000;
        assert_eq!(kinds(&events), [(Kind::ErrorRecovery, vec![2, 3])]);
    }

    #[test]
    fn three_changes_in_two_folders_are_a_refactoring() {
        let at = |id, file: &str| Event { files: [file.to_owned()].into(), ..told(id, "file_change", "", "move") };
        let mut events = vec![at(1, "a/x"), at(2, "a/y"), at(3, "b/z")];
        assert_eq!(kinds(&events), [(Kind::Refactoring, vec![1, 2, 3])]);
        events.push(at(4, "c/z"));
        assert_eq!(kinds(&events), []);
    }

    #[test]
    fn decisions_and_deployments_tell_their_outcome() {
        let events = [
            told(1, "decision", "success", "Use SQLite for storage"),
            told(2, "file_change", "", "c"),
            told(3, "test_run", "success", "t"),
            told(4, "deployment", "failure", "release 2"),
        ];
        let found = found(&events);
        assert_eq!(
            found[0].content,
            "Deployment: 1 change and 1 test run (1 passed) came before \"release 2\", outcome failure."
        );
        assert_eq!(found[1].content, "Decision: Use SQLite for storage. Outcome: success.");
        assert_eq!(found[1].kind.memory_type(), "decision");
    }
}
