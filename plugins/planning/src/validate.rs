//! The levels of validation: structure, feasibility, rules.

use crate::cpm;
use crate::plan::Plan;
use crate::row::{list, round};
use crate::words;
use memstrata_sdk::{Value, json};

/// The levels.
pub const LEVELS: [&str; 3] = ["structure", "feasibility", "rules"];
/// More steps than this are a risk.
pub const MANY_STEPS: usize = 20;

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    /// The level that found it.
    pub level: &'static str,
    /// Makes the plan invalid; else a warning.
    pub error: bool,
    /// A stable name.
    pub code: &'static str,
    /// What to do.
    pub message: String,
}

impl Issue {
    /// As callers see it.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({"level": self.level, "severity": if self.error { "error" } else { "warning" }, "code": self.code, "message": self.message})
    }
}

/// What the checks know beside the plan.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// The critical path may have so many minutes (480 by default).
    pub most_minutes: f64,
    /// Median of actual over estimated minutes of recorded work, and of how much work.
    pub ratio: Option<(f64, usize)>,
    /// Minutes until the deadline.
    pub until_deadline: Option<f64>,
    /// Warnings count as errors.
    pub strict: bool,
}

/// All findings of these levels.
#[must_use]
pub fn validate(plan: &Plan, levels: &[String], known: &Circumstances) -> Vec<Issue> {
    let asked = |level: &str| levels.iter().any(|asked| asked == level);
    let mut issues = Vec::new();
    if asked("structure") {
        issues.extend(structure(plan));
    }
    if asked("feasibility") {
        issues.extend(feasibility(plan, known));
    }
    if asked("rules") {
        issues.extend(rules(plan));
    }
    if known.strict {
        issues.iter_mut().for_each(|issue| issue.error = true);
    }
    issues
}

fn structure(plan: &Plan) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add = |error, code, message: String| issues.push(Issue { level: "structure", error, code, message });
    if plan.steps.is_empty() {
        add(true, "no-steps", "the plan has no steps: add some".into());
    }
    if let Err(circle) = cpm::order(&plan.steps) {
        add(true, "cycle", format!("steps {} wait for each other", list(&circle)));
    }
    if plan.acceptance_criteria.is_empty() && plan.steps.iter().all(|step| step.acceptance.is_none()) {
        add(false, "no-acceptance", "nothing says when it is done: give acceptance_criteria".into());
    }
    if plan.steps.iter().any(|step| step.phase.is_some()) {
        let bare: Vec<usize> =
            (1..).zip(&plan.steps).filter(|(_, step)| step.phase.is_none()).map(|(number, _)| number).collect();
        if !bare.is_empty() {
            add(false, "no-phase", format!("steps {} belong to no phase, the others do", list(&bare)));
        }
    }
    for pair in plan.milestones.windows(2) {
        let [earlier, later] = pair else { continue };
        let due = earlier.due_at.zip(later.due_at).is_some_and(|(a, b)| a > b);
        if earlier.after_step > later.after_step || due {
            add(
                true,
                "milestone-order",
                format!("milestone `{}` stands before `{}` and comes after it", earlier.title, later.title),
            );
        }
    }
    let early = |step: &crate::plan::Step| {
        step.depends_on.iter().any(|before| plan.steps.get(before.wrapping_sub(1)).is_some_and(|before| !before.over()))
    };
    let odd: Vec<usize> = (1..)
        .zip(&plan.steps)
        .filter(|(_, step)| step.status == "completed" && early(step))
        .map(|(number, _)| number)
        .collect();
    if !odd.is_empty() {
        add(false, "done-too-early", format!("steps {} are completed, what they depend on is not", list(&odd)));
    }
    issues
}

fn feasibility(plan: &Plan, known: &Circumstances) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add = |error, code, message: String| issues.push(Issue { level: "feasibility", error, code, message });
    let minutes: Vec<f64> = plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect();
    let path = cpm::timeline(&plan.steps, &minutes).minutes;
    let (_, unknown) = plan.effort();
    if unknown > 0 {
        add(
            false,
            "no-estimate",
            format!("{unknown} steps have no estimate: the critical path of {} minutes is a lower bound", round(path)),
        );
    }
    if path > known.most_minutes {
        add(
            false,
            "too-long",
            format!(
                "the critical path takes {} minutes, more than {}: split the plan",
                round(path),
                known.most_minutes
            ),
        );
    }
    if plan.steps.len() > MANY_STEPS {
        add(
            false,
            "many-steps",
            format!("{} steps, more than {MANY_STEPS}, are a risk: split the plan", plan.steps.len()),
        );
    }
    let ratio = known.ratio.map_or(1.0, |(ratio, _)| ratio);
    if let Some((ratio, count)) = known.ratio.filter(|(ratio, _)| *ratio > 1.2) {
        let expected = round(path * ratio);
        add(
            false,
            "history",
            format!(
                "recorded work took {} times its estimate ({count} records): expect {expected} minutes",
                round(ratio)
            ),
        );
    }
    if let Some(left) = known.until_deadline.filter(|left| path * ratio > *left) {
        let error = path > left;
        add(
            error,
            "deadline",
            format!("it needs {} minutes and {} are left until the deadline", round(path * ratio), round(left)),
        );
    }
    issues
}

fn rules(plan: &Plan) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add = |error, code, message: String| issues.push(Issue { level: "rules", error, code, message });
    for broken in broken_constraints(plan) {
        add(true, "constraint", broken);
    }
    for assumption in plan.assumptions.iter().filter(|assumption| assumption.violated) {
        add(assumption.critical, "assumption", format!("the assumption `{}` is violated: replan", assumption.text));
    }
    if !plan.steps.is_empty() && !plan.steps.iter().any(|step| words::verifies(&step.content)) {
        add(false, "no-verification", "no step verifies the result: add one that tests, reviews or checks".into());
    }
    for (number, step) in unguarded(plan) {
        add(
            false,
            "unguarded",
            format!("step {number} (`{step}`) is hard to undo: have a backup, test or approval before it"),
        );
    }
    issues
}

/// Constraints the plan breaks, in words.
#[must_use]
pub fn broken_constraints(plan: &Plan) -> Vec<String> {
    let minutes: Vec<f64> = plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect();
    let path = cpm::timeline(&plan.steps, &minutes).minutes;
    let all: String = plan.steps.iter().map(|step| format!("{} ", step.content)).collect();
    let stems = words::stems(&all);
    let mut broken = Vec::new();
    for constraint in &plan.constraints {
        if let Some(most) = constraint.max_minutes.filter(|most| path > *most) {
            broken.push(format!("`{}`: {} minutes, {most} are allowed", constraint.text, round(path)));
        }
        if let Some(most) = constraint.max_steps.filter(|most| plan.steps.len() > *most) {
            broken.push(format!("`{}`: {} steps, {most} are allowed", constraint.text, plan.steps.len()));
        }
        if let Some(missing) = constraint.must_include.as_deref().filter(|wanted| words::covered(wanted, &stems) < 1.0)
        {
            broken.push(format!("`{}`: no step has `{missing}`", constraint.text));
        }
    }
    broken
}

/// Steps that are hard to undo and have nothing before them, near or far, that guards them: number and text.
#[must_use]
pub fn unguarded(plan: &Plan) -> Vec<(usize, &str)> {
    let guarded = |number: usize| {
        let (mut open, mut seen) = (vec![number], vec![false; plan.steps.len() + 1]);
        while let Some(at) = open.pop() {
            for before in plan.steps.get(at.wrapping_sub(1)).into_iter().flat_map(|step| &step.depends_on) {
                if plan.steps.get(before.wrapping_sub(1)).is_some_and(|step| words::guards(&step.content)) {
                    return true;
                }
                if let Some(seen) = seen.get_mut(*before).filter(|seen| !**seen) {
                    *seen = true;
                    open.push(*before);
                }
            }
        }
        false
    };
    let risky = (1..).zip(&plan.steps).filter(|(_, step)| words::risky(&step.content) && !words::guards(&step.content));
    risky.filter(|(number, _)| !guarded(*number)).map(|(number, step)| (number, step.content.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Constraint, Milestone};

    fn plan(steps: Value) -> Plan {
        Plan { steps: serde_json::from_value(steps).unwrap(), ..Plan::default() }
    }

    fn codes(plan: &Plan, known: &Circumstances) -> Vec<&'static str> {
        validate(plan, &LEVELS.map(str::to_owned), known).iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn a_good_plan_has_no_issue() {
        let mut good = plan(
            json!([{"content": "Back up", "estimated_minutes": 10}, {"content": "Deploy", "estimated_minutes": 10, "depends_on": [1]},
            {"content": "Test it", "estimated_minutes": 5, "depends_on": [2]}]),
        );
        good.acceptance_criteria = vec!["it answers".into()];
        // "Back up" is two words; the guard is "backup".
        good.steps[0].content = "Make a backup".into();
        assert!(codes(&good, &Circumstances { most_minutes: 480.0, ..Circumstances::default() }).is_empty());
    }

    #[test]
    fn each_level_finds_its_faults() {
        let mut bad = plan(
            json!([{"content": "Drop the table", "estimated_minutes": 500, "status": "completed", "depends_on": [2]}, {"content": "Rest"}]),
        );
        bad.milestones = vec![
            Milestone { title: "b".into(), after_step: 2, due_at: None },
            Milestone { title: "a".into(), after_step: 1, due_at: None },
        ];
        bad.constraints = vec![Constraint {
            text: "short".into(),
            max_minutes: Some(60.0),
            max_steps: Some(1),
            must_include: Some("docs".into()),
        }];
        let known =
            Circumstances { most_minutes: 480.0, ratio: Some((1.5, 9)), until_deadline: Some(600.0), strict: false };
        let found = codes(&bad, &known);
        for code in [
            "no-acceptance",
            "milestone-order",
            "done-too-early",
            "no-estimate",
            "too-long",
            "history",
            "deadline",
            "constraint",
            "no-verification",
            "unguarded",
        ] {
            assert!(found.contains(&code), "{code}: {found:?}");
        }
        assert_eq!(found.iter().filter(|code| **code == "constraint").count(), 3);
        let late = validate(&bad, &["feasibility".to_owned()], &known);
        assert!(late.iter().all(|issue| !issue.error), "600 minutes hold 500: only history says they do not");
        assert!(
            validate(&bad, &LEVELS.map(str::to_owned), &Circumstances { strict: true, ..known })
                .iter()
                .all(|issue| issue.error)
        );
    }
}
