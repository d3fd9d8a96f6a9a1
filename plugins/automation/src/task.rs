//! The row of a task that automation makes in `prospective.tasks`, where that is granted.

use memstrata_sdk::{Fault, Value, json};

/// Priorities, most urgent first: the place is the task's `urgency`.
pub const PRIORITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// Refuses priorities the prospective layer does not know.
///
/// # Errors
/// `invalid.action`.
pub fn check(priority: &str) -> Result<(), Fault> {
    if PRIORITIES.contains(&priority) {
        return Ok(());
    }
    Err(Fault::new("invalid.action", format!("`{priority}` is no priority: take one of {}", PRIORITIES.join(", "))))
}

/// A new task's row: pending, in the phase `planning`, without plan, milestones, dependencies and triggers.
#[must_use]
pub fn row(content: &str, priority: &str, firing: u64, now: u64) -> Value {
    let urgency = PRIORITIES.iter().position(|known| *known == priority).unwrap_or(2);
    json!({
        "content": memstrata_sdk::row::clip(content, 10_000), "status": "pending", "priority": priority, "urgency": urgency,
        "phase": "planning", "phase_started_at": now, "assignee": "user", "progress": 0.0, "tags": ["automation"],
        "sources": [firing],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_sorts_first() {
        let urgency = |priority: &str| row("x", priority, 1, 5)["urgency"].as_u64();
        assert_eq!(PRIORITIES.map(urgency), [Some(0), Some(1), Some(2), Some(3)]);
        assert!(check("high").is_ok() && check("soon").is_err());
    }
}
