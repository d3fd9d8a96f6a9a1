//! The closed word lists of the layer.

/// Whether a task waits, is being worked on, or is over.
pub const STATUSES: [&str; 5] = ["pending", "active", "completed", "cancelled", "blocked"];

/// Priorities, most urgent first: a task's `urgency` is the place in this list, so that an index sorts by it.
pub const PRIORITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// Where a task stands in its life.
pub const PHASES: [&str; 7] = ["planning", "plan_ready", "executing", "verifying", "completed", "failed", "abandoned"];

/// What sets a trigger off.
pub const TRIGGER_TYPES: [&str; 5] = ["time", "event", "context", "dependency", "file"];

/// How one task bears on another.
pub const DEPENDENCY_TYPES: [&str; 3] = ["blocks", "related", "enables"];

/// How far a milestone, or a step of a plan, is.
pub const MILESTONE_STATUSES: [&str; 4] = ["pending", "in_progress", "completed", "skipped"];

/// What a goal is for.
pub const GOAL_TYPES: [&str; 3] = ["primary", "subgoal", "maintenance"];

/// Where a goal stands.
pub const GOAL_STATUSES: [&str; 6] = ["active", "in_progress", "suspended", "completed", "failed", "blocked"];

/// Days of the week as triggers name them; Monday is 0.
pub const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The place of a priority in [`PRIORITIES`]; an unknown word counts as medium.
#[must_use]
pub fn urgency(priority: &str) -> u64 {
    PRIORITIES.iter().position(|known| *known == priority).map_or(2, |place| place as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_sorts_first() {
        assert_eq!(PRIORITIES.map(urgency), [0, 1, 2, 3]);
        assert_eq!(urgency("whenever"), urgency("medium"));
    }
}
