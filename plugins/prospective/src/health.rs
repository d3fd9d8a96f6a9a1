//! How healthy a task is: each rule that applies either holds or is broken, and the score is the share that holds.

use crate::row;
use memstrata_sdk::{Value, json};

/// What the rules look at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The task's status.
    pub status: String,
    /// When it is due, ms UTC.
    pub due_at: Option<u64>,
    /// When it last changed, ms UTC.
    pub changed_at: u64,
    /// Minutes it should take.
    pub estimated_minutes: Option<f64>,
    /// Minutes spent on it so far.
    pub spent_minutes: f64,
    /// 0 to 1.
    pub progress: f64,
    /// Whether it has a plan, and whether that was found valid.
    pub plan_validated: Option<bool>,
    /// Open tasks it waits for.
    pub blockers: Vec<u64>,
    /// Of those, the ones that were cancelled and will not be done.
    pub dead_blockers: Vec<u64>,
    /// Why it was blocked by hand.
    pub blocked_reason: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// `healthy`, `at_risk` (a warning), `critical`, or `over`.
    pub state: &'static str,
    /// Share of the rules that apply and hold.
    pub score: f64,
    /// The broken rules.
    pub issues: Vec<Value>,
}

/// Looks at a task. `stalled_ms`: an active task that did not change for so long has stalled.
#[must_use]
pub fn look(facts: &Facts, now: u64, stalled_ms: u64) -> Health {
    if crate::phase::is_over(&facts.status) {
        return Health { state: "over", score: 1.0, issues: vec![] };
    }
    let (mut rules, mut issues, mut worst) = (0_u32, Vec::new(), 0);
    // Severity 2 is critical, 1 a warning; none: the rule holds.
    let mut rule = |name: &str, broken: Option<(u8, String)>| {
        rules += 1;
        if let Some((severity, message)) = broken {
            worst = worst.max(severity);
            let level = if severity > 1 { "critical" } else { "warning" };
            issues.push(json!({"rule": name, "level": level, "message": message}));
        }
    };
    if let Some(due) = facts.due_at {
        let late = row::minutes(due, now);
        rule(
            "on_time",
            (due < now).then(|| (2, format!("overdue by {late} minutes: finish it, move `due_at` or cancel it"))),
        );
        if let Some(estimate) = facts.estimated_minutes.filter(|_| due >= now) {
            let left = row::round(estimate * (1.0 - facts.progress));
            let time = row::minutes(now, due);
            rule(
                "enough_time",
                (left > time).then(|| (1, format!("{left} minutes of work are left and {time} of time"))),
            );
        }
    }
    let waits = match (facts.dead_blockers.as_slice(), facts.blockers.as_slice()) {
        ([], []) if facts.status != "blocked" => None,
        ([], []) => Some((1, format!("blocked: {}", facts.blocked_reason))),
        ([], open) => Some((1, format!("waits for {}", row::references(open)))),
        (dead, _) => {
            Some((2, format!("waits for {}, which was cancelled: remove the dependency", row::references(dead))))
        }
    };
    rule("unblocked", waits);
    if facts.status == "active" {
        let idle = now.saturating_sub(facts.changed_at);
        let days = idle / 86_400_000;
        rule("moving", (idle > stalled_ms).then(|| (1, format!("active, and nothing changed for {days} days"))));
    }
    if let Some(estimate) = facts.estimated_minutes.filter(|minutes| *minutes > 0.0 && facts.spent_minutes > 0.0) {
        let spent = facts.spent_minutes;
        let severity = if spent > 2.0 * estimate { 2 } else { 1 };
        rule(
            "within_estimate",
            (spent > estimate).then(|| (severity, format!("{spent} minutes spent of {estimate} estimated"))),
        );
    }
    if let Some(validated) = facts.plan_validated {
        rule("plan_valid", (!validated).then(|| (1, "its plan was not validated: call validate_task_plan".to_owned())));
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of rules")]
    let score = row::round(1.0 - issues.len() as f64 / f64::from(rules.max(1)));
    let state = match worst {
        0 => "healthy",
        1 => "at_risk",
        _ => "critical",
    };
    Health { state, score, issues }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    fn found(facts: Facts) -> (Health, Vec<String>) {
        let health = look(&facts, 100 * DAY, 7 * DAY);
        let rules = health.issues.iter().map(|issue| issue["rule"].as_str().unwrap_or_default().to_owned()).collect();
        (health, rules)
    }

    #[test]
    fn each_rule_is_broken_by_its_own_fault() {
        let sound = || Facts { status: "active".into(), changed_at: 99 * DAY, ..Facts::default() };
        for (facts, state, rules) in [
            (sound(), "healthy", vec![]),
            (Facts { due_at: Some(99 * DAY), ..sound() }, "critical", vec!["on_time"]),
            (Facts { due_at: Some(101 * DAY), ..sound() }, "healthy", vec![]),
            (
                Facts { due_at: Some(100 * DAY + 60_000), estimated_minutes: Some(10.0), progress: 0.5, ..sound() },
                "at_risk",
                vec!["enough_time"],
            ),
            (Facts { blockers: vec![7], ..sound() }, "at_risk", vec!["unblocked"]),
            (Facts { blockers: vec![7], dead_blockers: vec![7], ..sound() }, "critical", vec!["unblocked"]),
            (
                Facts { status: "blocked".into(), blocked_reason: "no key".into(), ..sound() },
                "at_risk",
                vec!["unblocked"],
            ),
            (Facts { changed_at: 90 * DAY, ..sound() }, "at_risk", vec!["moving"]),
            (
                Facts { estimated_minutes: Some(10.0), spent_minutes: 15.0, ..sound() },
                "at_risk",
                vec!["within_estimate"],
            ),
            (
                Facts { estimated_minutes: Some(10.0), spent_minutes: 25.0, ..sound() },
                "critical",
                vec!["within_estimate"],
            ),
            (Facts { plan_validated: Some(false), ..sound() }, "at_risk", vec!["plan_valid"]),
            (Facts { plan_validated: Some(true), ..sound() }, "healthy", vec![]),
        ] {
            let (health, broken) = found(facts.clone());
            assert_eq!(
                (health.state, broken),
                (state, rules.iter().map(|rule| (*rule).to_owned()).collect()),
                "{facts:?}"
            );
        }
    }

    #[test]
    fn the_score_is_the_share_of_rules_that_hold() {
        let facts = Facts { status: "active".into(), changed_at: 99 * DAY, due_at: Some(1), ..Facts::default() };
        // on_time is broken; unblocked and moving hold.
        assert_eq!(found(facts).0.score.to_string(), "0.667");
    }

    #[test]
    fn what_is_over_is_not_judged() {
        let facts = Facts { status: "completed".into(), due_at: Some(1), ..Facts::default() };
        assert_eq!(found(facts).0.state, "over");
    }
}
