//! The states of a task in the queue, and what may follow which.

/// All states. `blocked` waits for other tasks; `ready` waits for an agent.
pub const STATUSES: [&str; 6] = ["blocked", "ready", "running", "completed", "failed", "cancelled"];
/// The states of tasks that are not over.
pub const OPEN: [&str; 3] = ["blocked", "ready", "running"];
/// The states of agents.
pub const AGENT_STATES: [&str; 4] = ["idle", "working", "waiting", "terminated"];
/// What may end an attempt without success.
pub const FAILURE_KINDS: [&str; 3] = ["error", "timeout", "terminated"];

/// Whether nothing more happens to a task in this state.
#[must_use]
pub fn is_over(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

/// The state of a task that waits: for others, or for an agent only.
#[must_use]
pub fn waiting(open_dependencies: u64) -> &'static str {
    if open_dependencies == 0 { "ready" } else { "blocked" }
}

/// What happens to a task after an attempt that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// Back into the queue; the new `retry_count`.
    Again(u64),
    /// Over: there were `max_retries` already, or the error cannot be mended by trying again.
    Failed,
}

/// A task is tried once and then up to `max_retries` times again.
#[must_use]
pub fn after_failure(retry_count: u64, max_retries: u64, retryable: bool) -> AfterFailure {
    if retryable && retry_count < max_retries {
        AfterFailure::Again(retry_count.saturating_add(1))
    } else {
        AfterFailure::Failed
    }
}

/// When an attempt that starts at `now` (ms) has run out of its time.
#[must_use]
pub fn deadline(now: u64, timeout_seconds: u64) -> u64 {
    now.saturating_add(timeout_seconds.saturating_mul(1000))
}

/// Whether an agent of a specialization takes tasks of a type: its own and general ones; a general agent takes all.
#[must_use]
pub fn takes(specialization: &str, agent_type: &str) -> bool {
    specialization == "general" || agent_type == "general" || specialization == agent_type
}

/// Most agents that take neighbours at the same moment.
pub const MOST_NEIGHBOURS: u64 = 32;

/// Of the heads of queues, each (priority, submitted_at, id), the task an agent takes: of those of the first priority (1 before 10), the
/// oldest. Of agents that ask at the same moment, the one of rank 1, 2 .. takes the next older ones, so that they do not all run for the
/// same task; a lone agent has rank 0.
#[must_use]
pub fn pick(heads: &[(u64, u64, u64)], rank: u64) -> Option<u64> {
    let mut heads = heads.to_vec();
    heads.sort_unstable();
    heads.dedup();
    let priority = heads.first()?.0;
    let equal = heads.iter().take_while(|head| head.0 == priority).count() as u64;
    let index = usize::try_from(rank % equal.max(1)).ok()?;
    heads.get(index).map(|(_, _, id)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_retries_are_four_attempts() {
        let mut attempts = 1;
        let mut count = 0;
        while let AfterFailure::Again(next) = after_failure(count, 3, true) {
            count = next;
            attempts += 1;
        }
        assert_eq!((attempts, count), (4, 3));
        assert_eq!(after_failure(0, 3, false), AfterFailure::Failed);
        assert_eq!(after_failure(0, 0, true), AfterFailure::Failed);
    }

    #[test]
    fn priority_one_comes_before_ten_and_the_older_before_the_younger() {
        assert_eq!(pick(&[(10, 1, 7), (1, 9, 8), (1, 5, 9)], 0), Some(9));
        assert_eq!(pick(&[(5, 1, 8), (5, 1, 7)], 0), Some(7));
        assert_eq!(pick(&[], 0), None);
    }

    #[test]
    fn agents_at_the_same_moment_take_neighbours_of_one_priority() {
        let heads = [(1, 1, 7), (1, 2, 8), (1, 3, 9), (2, 0, 10), (1, 1, 7)];
        assert_eq!([0, 1, 2, 3].map(|rank| pick(&heads, rank)), [Some(7), Some(8), Some(9), Some(7)]);
    }

    #[test]
    fn specialists_take_their_own_and_general_tasks() {
        for (specialization, agent_type, taken) in [
            ("general", "tester", true),
            ("tester", "tester", true),
            ("tester", "general", true),
            ("tester", "writer", false),
        ] {
            assert_eq!(takes(specialization, agent_type), taken, "{specialization} {agent_type}");
        }
    }

    #[test]
    fn a_deadline_does_not_overflow() {
        assert_eq!(deadline(1_000, 3_600), 3_601_000);
        assert_eq!(deadline(u64::MAX, 1), u64::MAX);
        assert_eq!((waiting(0), waiting(2)), ("ready", "blocked"));
        assert!(OPEN.iter().all(|status| !is_over(status)));
    }
}
