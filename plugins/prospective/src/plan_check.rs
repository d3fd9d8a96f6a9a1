//! Whether a plan can be worked by: errors keep it from being started, warnings are told.

use crate::plan::{Plan, is_done};
use memstrata_sdk::{Value, json};
use std::collections::BTreeSet;

/// Something found in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Whether it keeps the plan from being valid.
    pub error: bool,
    /// The rule, in a word.
    pub rule: &'static str,
    /// What to do.
    pub message: String,
}

impl Issue {
    /// As it is answered.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({"level": if self.error { "error" } else { "warning" }, "rule": self.rule, "message": self.message})
    }
}

/// Words by which a step verifies.
const VERIFYING: [&str; 12] =
    ["verify", "test", "tests", "check", "review", "validate", "confirm", "measure", "prove", "inspect", "audit", "qa"];

/// Whether a step's words say that it verifies something.
#[must_use]
pub fn verifies(step: &str) -> bool {
    let step = step.to_lowercase();
    step.split(|c: char| !c.is_alphanumeric()).any(|word| VERIFYING.contains(&word))
}

/// Checks a plan. `due_at` and `now` in ms UTC; with `strict`, what would be a warning is an error.
#[must_use]
pub fn check(plan: &Plan, due_at: Option<u64>, now: u64, strict: bool) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut note = |error: bool, rule: &'static str, message: String| {
        issues.push(Issue { error: error || strict, rule, message });
    };
    if plan.steps.is_empty() {
        note(true, "steps", "the plan has no step: give some to set_task_plan".into());
    }
    let mut seen = BTreeSet::new();
    for (nth, step) in (1..).zip(&plan.steps) {
        let words = step.content.split_whitespace().count();
        if words == 0 {
            note(true, "content", format!("step {nth} is empty: say what is done in it"));
        } else if words < 2 {
            note(false, "content", format!("step {nth} is one word: say what is done, and to what"));
        }
        if words > 0 && !seen.insert(step.content.trim().to_lowercase()) {
            note(true, "duplicates", format!("step {nth} says the same as an earlier one: drop one of them"));
        }
        for before in &step.depends_on {
            if *before == 0 || *before > plan.steps.len() {
                note(true, "order", format!("step {nth} depends on step {before}, which is not there"));
            }
        }
    }
    if let Some(circle) = circle(plan) {
        let names: Vec<String> = circle.iter().map(usize::to_string).collect();
        note(true, "order", format!("steps {} wait for each other: take one dependency out", names.join(" -> ")));
    }
    let total: u64 = plan.steps.iter().filter_map(|step| step.estimated_minutes).map(u64::from).sum();
    if total > u64::from(plan.estimated_duration_minutes) {
        note(
            false,
            "estimate",
            format!(
                "the steps take {total} minutes, the plan says {}: correct one of them",
                plan.estimated_duration_minutes
            ),
        );
    }
    if let Some(due) = due_at {
        let left = plan.minutes_left();
        let time = crate::row::minutes(now, due);
        if due <= now {
            note(false, "deadline", "the task is overdue: move `due_at`, or be quick".into());
        } else if left > time {
            note(
                true,
                "deadline",
                format!("{left} minutes of work are left and {time} minutes of time: move `due_at` or cut steps"),
            );
        }
    }
    let open = plan.steps.iter().any(|step| !is_done(&step.status));
    if open && !plan.steps.iter().any(|step| verifies(&step.content)) {
        note(false, "verification", "no step verifies the work: add one that tests, checks or reviews it".into());
    }
    issues
}

/// Steps (from 1) that wait for each other in a circle, found by depth-first search; none if the order is sound.
fn circle(plan: &Plan) -> Option<Vec<usize>> {
    let next = |from: &[u64]| {
        let edges = from.iter().flat_map(|step| {
            let index = usize::try_from(*step).unwrap_or_default().checked_sub(1);
            let before =
                index.and_then(|at| plan.steps.get(at)).map(|step| step.depends_on.as_slice()).unwrap_or_default();
            before.iter().map(|before| (*step, *before as u64))
        });
        Ok::<_, std::convert::Infallible>(edges.collect::<Vec<_>>())
    };
    for (nth, step) in (1_u64..).zip(&plan.steps) {
        for before in &step.depends_on {
            if let Ok(Some(way)) = crate::cycle::way(*before as u64, nth, next) {
                let mut way: Vec<usize> = way.iter().filter_map(|step| usize::try_from(*step).ok()).collect();
                way.insert(0, usize::try_from(nth).unwrap_or_default());
                return Some(way);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::NewStep;

    fn plan(steps: Value, minutes: u32) -> Plan {
        let steps: Vec<NewStep> = serde_json::from_value(steps).unwrap();
        Plan::new(steps, minutes, None).unwrap()
    }

    fn rules(plan: &Plan, due: Option<u64>) -> Vec<(&'static str, bool)> {
        check(plan, due, 1_000, false).iter().map(|issue| (issue.rule, issue.error)).collect()
    }

    #[test]
    fn a_sound_plan_has_no_issue() {
        let plan = plan(
            json!([{"content": "Write it", "estimated_minutes": 20},
                               {"content": "Test it well", "estimated_minutes": 10, "depends_on": [1]}]),
            30,
        );
        assert_eq!(rules(&plan, Some(1_000 + 31 * 60_000)), []);
        assert_eq!(rules(&plan, None), []);
    }

    #[test]
    fn each_rule_finds_its_fault() {
        for (steps, due, found) in [
            (json!([]), None, ("steps", true)),
            (json!([" ", "test it"]), None, ("content", true)),
            (json!(["write", "test it"]), None, ("content", false)),
            (json!(["Test it", "test it "]), None, ("duplicates", true)),
            (json!([{"content": "test it", "depends_on": [2]}]), None, ("order", true)),
            (json!([{"content": "test it", "depends_on": [0]}]), None, ("order", true)),
            (json!([{"content": "test it", "depends_on": [1]}]), None, ("order", true)),
            (json!([{"content": "test it", "estimated_minutes": 31}]), None, ("estimate", false)),
            (json!(["test it"]), Some(1_000), ("deadline", false)),
            (json!(["test it"]), Some(2_000), ("deadline", true)),
            (json!(["write it"]), None, ("verification", false)),
        ] {
            let plan = plan(steps.clone(), 30);
            assert_eq!(rules(&plan, due), [found], "{steps}");
        }
    }

    #[test]
    fn a_circle_of_steps_is_named() {
        let plan = plan(
            json!([{"content": "a b", "depends_on": [3]}, {"content": "c d", "depends_on": [1]},
                               {"content": "test it", "depends_on": [2]}]),
            30,
        );
        let issues = check(&plan, None, 0, false);
        assert_eq!(issues.len(), 1);
        assert!(issues[0].message.contains("1 -> 3 -> 2 -> 1"), "{}", issues[0].message);
    }

    #[test]
    fn strict_takes_warnings_for_errors() {
        assert!(check(&plan(json!(["write it"]), 30), None, 0, true)[0].error);
    }

    #[test]
    fn verifying_is_a_word() {
        assert!(verifies("Run the tests") && verifies("QA"));
        assert!(!verifies("Contest the bill") && !verifies("latest news"));
    }
}
