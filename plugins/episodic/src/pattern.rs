//! Named patterns of work: test-driven development, fixing an error, a debugging session.

use crate::observed::Observed;
use crate::temporal::chains;

/// Names a caller may ask for.
pub const PATTERNS: [&str; 3] = ["tdd", "error_fix", "debug_session"];

/// One occurrence of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// `tdd`, `error_fix` or `debug_session`.
    pub pattern: &'static str,
    /// How sure the heuristic is (requirements 1.3: 0.85, 0.75, 0.7).
    pub confidence: f64,
    /// The events it is made of, in order of time.
    pub event_ids: Vec<u64>,
    /// Time of the first.
    pub start: i64,
    /// Time of the last.
    pub end: i64,
}

/// All patterns in the events of one session, in order of time; only inside chains whose gaps are below an hour.
#[must_use]
pub fn find(events: &[Observed]) -> Vec<Found> {
    let mut found = Vec::new();
    for chain in chains(events) {
        found.extend(occurrences(chain, test_driven).into_iter().filter_map(|steps| made("tdd", 0.85, &steps)));
        found.extend(occurrences(chain, error_fix).into_iter().filter_map(|steps| made("error_fix", 0.75, &steps)));
        found.extend(
            occurrences(chain, debug_session).into_iter().filter_map(|steps| made("debug_session", 0.7, &steps)),
        );
    }
    found.sort_by_key(|one| (one.start, one.end));
    found
}

fn made(pattern: &'static str, confidence: f64, steps: &[&Observed]) -> Option<Found> {
    let (first, last) = (steps.first()?, steps.last()?);
    let event_ids = steps.iter().map(|event| event.id).collect();
    Some(Found { pattern, confidence, event_ids, start: first.timestamp, end: last.timestamp })
}

/// Runs a matcher from left to right; an occurrence starts after the end of the one before, so none is counted twice.
fn occurrences<'a>(
    chain: &'a [Observed],
    matcher: fn(&'a [Observed]) -> Option<Vec<&'a Observed>>,
) -> Vec<Vec<&'a Observed>> {
    let mut found = Vec::new();
    let mut rest = chain;
    while let Some((_, after)) = rest.split_first() {
        let steps = matcher(rest);
        let last = steps.as_ref().and_then(|steps| steps.last()).map(|event| event.id);
        rest = match last.and_then(|id| rest.iter().position(|event| event.id == id)) {
            Some(at) => rest.get(at + 1..).unwrap_or_default(),
            None => after,
        };
        found.extend(steps);
    }
    found
}

/// A failed test, one or more changes, a passed test.
fn test_driven(events: &[Observed]) -> Option<Vec<&Observed>> {
    let (first, rest) = events.split_first()?;
    if !first.is_failed_test() {
        return None;
    }
    let mut steps = vec![first];
    for event in rest {
        if event.is_passed_test() {
            steps.push(event);
            return (steps.len() >= 3).then_some(steps);
        }
        if event.is_failed_test() {
            // A newer failure starts its own cycle, unless changes were already under way.
            if steps.len() == 1 {
                return None;
            }
        } else if event.is_change() {
            steps.push(event);
        }
    }
    None
}

/// An error, a change (of the same file, where both name files), and a success or passed test.
fn error_fix(events: &[Observed]) -> Option<Vec<&Observed>> {
    let (first, rest) = events.split_first()?;
    if !first.is_error() {
        return None;
    }
    let concerns =
        |event: &Observed| first.files.is_empty() || event.files.is_empty() || first.file_overlap(event) > 0.0;
    let change = rest.iter().position(|event| event.is_change() && concerns(event))?;
    let fix = rest.get(change)?;
    let proof = rest
        .iter()
        .skip(change + 1)
        .find(|event| !event.is_change() && (event.is_passed_test() || (!event.is_test() && event.is_success())))?;
    Some(vec![first, fix, proof])
}

/// Two or more debugging events, then the success that ends them.
fn debug_session(events: &[Observed]) -> Option<Vec<&Observed>> {
    if events.first()?.kind != "debugging" {
        return None;
    }
    let end = events.iter().position(Observed::is_success)?;
    let before = events.get(..end)?.iter().filter(|event| event.kind == "debugging");
    let steps: Vec<&Observed> = before.chain(events.get(end)).collect();
    (steps.len() >= 3).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::event;

    fn names(events: &[Observed]) -> Vec<(&'static str, Vec<u64>)> {
        find(events).into_iter().map(|f| (f.pattern, f.event_ids)).collect()
    }

    #[test]
    fn red_green_is_test_driven() {
        let events = [
            event(1, 0, "test_run", "failure", "t"),
            event(2, 10, "file_change", "", "a"),
            event(3, 20, "conversation", "", ""),
            event(4, 30, "test_run", "success", "t"),
        ];
        assert_eq!(names(&events), [("tdd", vec![1, 2, 4])]);
        assert_eq!(names(&events[1..]), []);
        assert_eq!(find(&events)[0].confidence, 0.85);
    }

    #[test]
    fn an_error_is_fixed_in_its_own_file() {
        let fix = |file: &str| {
            [event(1, 0, "error", "failure", "a"), event(2, 5, "file_change", "", file), event(3, 9, "success", "", "")]
        };
        assert_eq!(names(&fix("a")), [("error_fix", vec![1, 2, 3])]);
        assert_eq!(names(&fix("b")), []);
        assert_eq!(names(&fix("")), [("error_fix", vec![1, 2, 3])]);
    }

    #[test]
    fn debugging_twice_and_succeeding_is_a_session_once() {
        let events = [
            event(1, 0, "debugging", "", ""),
            event(2, 10, "debugging", "", ""),
            event(3, 20, "success", "", ""),
            event(4, 30, "debugging", "", ""),
            event(5, 40, "success", "", ""),
        ];
        assert_eq!(names(&events), [("debug_session", vec![1, 2, 3])]);
    }

    #[test]
    fn an_hour_between_breaks_a_pattern() {
        let events = [
            event(1, 0, "test_run", "failure", ""),
            event(2, 4_000, "file_change", "", ""),
            event(3, 4_010, "test_run", "success", ""),
        ];
        assert_eq!(names(&events), []);
    }
}
