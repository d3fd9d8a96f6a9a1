//! Goals: what may follow what, how far one is through its parts, and in which order they deserve attention.

use crate::row;
use memstrata_sdk::{Fault, Value, json};

/// A deadline so many days away presses no more than none.
const HORIZON_DAYS: f64 = 30.0;
/// Weights of the ranking: they sum to 1.
const WEIGHTS: [(&str, f64); 4] = [("priority", 0.40), ("urgency", 0.35), ("progress", 0.15), ("on_track", 0.10)];

/// The statuses that may follow a goal's status.
#[must_use]
pub fn next_statuses(status: &str) -> &'static [&'static str] {
    match status {
        "active" => &["in_progress", "suspended", "blocked", "completed", "failed"],
        "in_progress" => &["active", "suspended", "blocked", "completed", "failed"],
        "suspended" | "blocked" => &["active", "in_progress", "failed"],
        "failed" => &["active"],
        _ => &[],
    }
}

/// Whether a goal of this status is still aimed at.
#[must_use]
pub fn is_open(status: &str) -> bool {
    !matches!(status, "completed" | "failed")
}

/// Refuses a status that may not follow, naming those that may.
///
/// # Errors
/// `conflict.transition`.
pub fn check_status(from: &str, to: &str) -> Result<(), Fault> {
    let allowed = next_statuses(from);
    if allowed.contains(&to) {
        return Ok(());
    }
    let next = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
    Err(Fault::new("conflict.transition", format!("a goal that is `{from}` may become {next}, not `{to}`")))
}

/// Progress through parts: the mean of the subgoals' progress and of the tasks, each 1 if completed and else how far it is. None without parts.
#[must_use]
pub fn through_parts(parts: &[f64]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a count of parts")]
    let count = parts.len() as f64;
    (count > 0.0).then(|| {
        let mean = parts.iter().sum::<f64>() / count;
        // 0.9996 is not done.
        if mean < 1.0 { row::round(mean).min(0.999) } else { 1.0 }
    })
}

/// How much a goal deserves attention, 0 to 1, and the terms of the sum, each 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Rank {
    /// Weighted sum of the terms.
    pub score: f64,
    /// Name, weight and value of each term.
    pub terms: Vec<(&'static str, f64, f64)>,
}

impl Rank {
    /// The terms as an object.
    #[must_use]
    pub fn value(&self) -> Value {
        self.terms.iter().map(|(name, _, value)| ((*name).to_owned(), json!(row::round(*value)))).collect()
    }
}

/// Ranks a goal: priority 40 % (of 10), urgency 35 % (1 when due, falling linearly to 0 at 30 days), progress 15 % (what is begun is finished first), and
/// 10 % for being behind: progress below the share of its time that has passed.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
pub fn rank(goal: &Value, now: u64) -> Rank {
    let priority = (row::number(goal, "priority").unwrap_or(5.0) / 10.0).clamp(0.0, 1.0);
    let progress = row::number(goal, "progress").unwrap_or_default().clamp(0.0, 1.0);
    let deadline = row::int(goal, "deadline");
    let urgency = deadline.map_or(0.0, |due| {
        let days = due.saturating_sub(now) as f64 / 86_400_000.0;
        (1.0 - days / HORIZON_DAYS).clamp(0.0, 1.0)
    });
    let behind = deadline.map_or(0.0, |due| {
        let born = row::int(goal, "created_at").unwrap_or(now);
        let passed = now.saturating_sub(born) as f64 / due.saturating_sub(born).max(1) as f64;
        (passed.min(1.0) - progress).max(0.0)
    });
    let terms: Vec<(&str, f64, f64)> = WEIGHTS
        .iter()
        .zip([priority, urgency, progress, behind])
        .map(|((name, weight), value)| (*name, *weight, value))
        .collect();
    Rank { score: row::round(terms.iter().map(|(_, weight, value)| weight * value).sum()), terms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::GOAL_STATUSES;

    const DAY: u64 = 86_400_000;

    #[test]
    fn the_table_of_statuses_holds() {
        assert!(check_status("active", "in_progress").is_ok());
        assert!(check_status("suspended", "in_progress").is_ok());
        assert!(check_status("failed", "active").is_ok());
        for status in GOAL_STATUSES {
            assert!(check_status("completed", status).is_err());
            assert!(check_status(status, status).is_err());
        }
        let fault = check_status("suspended", "completed").unwrap_err();
        assert!(fault.message.contains("active, in_progress, failed"), "{}", fault.message);
    }

    #[test]
    fn parts_make_the_progress_and_all_of_them_the_end() {
        assert_eq!(through_parts(&[]), None);
        assert_eq!(through_parts(&[1.0, 0.5]), Some(0.75));
        assert_eq!(through_parts(&[1.0, 1.0]), Some(1.0));
        assert!(through_parts(&[1.0, 0.999_9]).unwrap() < 1.0);
    }

    #[test]
    fn weights_sum_to_one() {
        assert!((WEIGHTS.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_presses_ranks_higher() {
        let goal = |priority: u64, deadline: Option<u64>, progress: f64| json!({"priority": priority, "deadline": deadline, "progress": progress, "created_at": 90 * DAY});
        let score = |goal: &Value| rank(goal, 100 * DAY).score;
        assert!(score(&goal(9, None, 0.0)) > score(&goal(5, None, 0.0)));
        assert!(score(&goal(5, Some(101 * DAY), 0.0)) > score(&goal(8, None, 0.0)));
        assert!(score(&goal(5, None, 0.5)) > score(&goal(5, None, 0.0)));
        assert!(score(&goal(5, Some(120 * DAY), 0.0)) > score(&goal(5, Some(160 * DAY), 0.0)));
        // Overdue, nothing done, highest priority: 0.4 + 0.35 + 0.1.
        assert_eq!(score(&goal(10, Some(99 * DAY), 0.0)).to_string(), "0.85");
    }
}
