//! What hangs on a task: those that wait for it, directly or through others, and whether what a task waits for can still come.

use std::collections::BTreeSet;

/// Tasks asked for at a time.
pub const CHUNK: usize = 500;

/// The tasks that wait for one, without it, in ascending order; none if they are more than `most`.
///
/// `waiters_of` answers, for at most [`CHUNK`] tasks, which tasks wait for one of them. Each task is asked for once, so a circle ends.
///
/// # Errors
/// Those of `waiters_of`.
pub fn behind<E>(
    id: u64,
    most: usize,
    mut waiters_of: impl FnMut(&[u64]) -> Result<Vec<u64>, E>,
) -> Result<Option<Vec<u64>>, E> {
    let mut seen = BTreeSet::from([id]);
    let mut asked: Vec<u64> = vec![id];
    while !asked.is_empty() {
        let mut next = Vec::new();
        for chunk in asked.chunks(CHUNK) {
            next.extend(waiters_of(chunk)?.into_iter().filter(|task| seen.insert(*task)));
            if seen.len() > most.saturating_add(1) {
                return Ok(None);
            }
        }
        asked = next;
    }
    seen.remove(&id);
    Ok(Some(seen.into_iter().collect()))
}

/// Whether a task in this state will not be completed, unless somebody puts it back: what waits for it waits for nothing.
#[must_use]
pub fn is_dead(status: &str) -> bool {
    matches!(status, "failed" | "cancelled")
}

/// Of the tasks that one waits for, each with its state, those that are dead.
#[must_use]
pub fn dead<'a>(before: &[(u64, &'a str)]) -> Vec<(u64, &'a str)> {
    before.iter().copied().filter(|(_, status)| is_dead(status)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::STATUSES;
    use std::convert::Infallible;

    /// (task, what it waits for).
    fn walked(edges: &[(u64, u64)], id: u64, most: usize) -> (Option<Vec<u64>>, Vec<Vec<u64>>) {
        let mut asked = Vec::new();
        let found = behind(id, most, |tasks| {
            asked.push(tasks.to_vec());
            Ok::<_, Infallible>(edges.iter().filter(|(_, on)| tasks.contains(on)).map(|(task, _)| *task).collect())
        });
        (found.unwrap_or_else(|never| match never {}), asked)
    }

    #[test]
    fn all_that_wait_are_found_and_every_one_of_them_is_asked_for() {
        let edges = [(2, 1), (3, 1), (4, 2), (4, 3), (5, 4), (9, 8)];
        let (found, asked) = walked(&edges, 1, 100);
        assert_eq!(found, Some(vec![2, 3, 4, 5]));
        // The last of the chain too: a task that comes to wait for it must be seen.
        assert_eq!(asked, [vec![1], vec![2, 3], vec![4], vec![5]]);
    }

    #[test]
    fn many_are_asked_for_in_chunks() {
        let edges: Vec<(u64, u64)> = (2..=1_202).map(|task| (task, 1)).collect();
        let (found, asked) = walked(&edges, 1, 2_000);
        assert_eq!(found.map(|found| found.len()), Some(1_201));
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [1, 500, 500, 201]);
    }

    #[test]
    fn a_circle_ends_and_too_many_are_refused() {
        assert_eq!(walked(&[(2, 1), (1, 2)], 1, 100).0, Some(vec![2]));
        let edges: Vec<(u64, u64)> = (2..=11).map(|task| (task, 1)).collect();
        assert_eq!(walked(&edges, 1, 9).0, None);
        assert_eq!(walked(&edges, 1, 10).0.map(|found| found.len()), Some(10));
    }

    #[test]
    fn what_failed_or_was_cancelled_is_dead_and_nothing_else() {
        let all: Vec<(u64, &str)> = (1..).zip(STATUSES).collect();
        assert_eq!(dead(&all), [(5, "failed"), (6, "cancelled")]);
        assert!(dead(&[(1, "running"), (2, "completed")]).is_empty());
    }
}
