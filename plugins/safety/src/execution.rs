//! Executions that are watched: which state may follow, and when they will be done at this rate.

/// The states.
pub const STATUSES: [&str; 5] = ["running", "paused", "completed", "failed", "cancelled"];

/// Whether nothing more happens.
#[must_use]
pub fn is_over(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

/// Whether a state may follow: from one that is over only itself.
#[must_use]
pub fn may_follow(old: &str, new: &str) -> bool {
    !is_over(old) || old == new
}

/// Seconds that are left if it goes on as it went: `elapsed * (100 - done) / done`. None before anything is done, and after the end.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
pub fn remaining_seconds(elapsed_ms: u64, progress_percent: f64) -> Option<f64> {
    let done = progress_percent.clamp(0.0, 100.0);
    (done > 0.0 && done < 100.0).then(|| (elapsed_ms as f64 / 1000.0 * (100.0 - done) / done).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        assert!(may_follow("running", "paused") && may_follow("paused", "failed") && may_follow("failed", "failed"));
        assert!(!may_follow("completed", "running") && !may_follow("cancelled", "completed"));
        assert!(STATUSES.iter().filter(|status| is_over(status)).count() == 3);
    }

    #[test]
    fn half_done_takes_as_long_again() {
        assert_eq!(remaining_seconds(60_000, 50.0), Some(60.0));
        assert_eq!(remaining_seconds(10_000, 25.0), Some(30.0));
        assert_eq!((remaining_seconds(10_000, 0.0), remaining_seconds(10_000, 100.0)), (None, None));
    }
}
