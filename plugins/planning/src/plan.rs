//! A plan: steps with estimates and dependencies, what it assumes, what binds it, and when it counts as done.

use memstrata_sdk::{Fault, Value, json};
use serde::{Deserialize, Serialize};

/// Longest plan.
pub const MOST_STEPS: usize = 100;
/// How far a step is.
pub const STATUSES: [&str; 4] = ["pending", "in_progress", "completed", "skipped"];

/// One step. Numbers of steps count from 1. Minutes nobody gave and no record tells stay empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// What is done.
    pub content: String,
    /// The likely minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_minutes: Option<f64>,
    /// The minutes if all goes well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimistic_minutes: Option<f64>,
    /// The minutes if much goes wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pessimistic_minutes: Option<f64>,
    /// What it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_minutes: Option<f64>,
    /// Steps that come before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<usize>,
    /// The order before it is only supposed, nobody stated it: refinements may undo it.
    #[serde(skip_serializing_if = "is_false")]
    pub order_assumed: bool,
    /// When it counts as done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<String>,
    /// The part of the work it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// People and things it occupies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// May be left out.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Put off by a refinement.
    #[serde(skip_serializing_if = "is_false")]
    pub deferred: bool,
    /// Wants attention from above.
    #[serde(skip_serializing_if = "is_false")]
    pub escalated: bool,
    /// One of [`STATUSES`]; empty is pending.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Where it, and its minutes, come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Step {
    /// Completed or skipped.
    #[must_use]
    pub fn over(&self) -> bool {
        self.status == "completed" || self.status == "skipped"
    }
}

/// Something the plan takes for granted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumption {
    /// In words.
    pub text: String,
    /// The plan falls with it.
    pub critical: bool,
    /// Found wrong.
    pub violated: bool,
}

/// Something that binds the plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Constraint {
    /// In words.
    pub text: String,
    /// The critical path may be no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_minutes: Option<f64>,
    /// The plan may have no more steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// Some step must have these words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub must_include: Option<String>,
}

/// A point on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Milestone {
    /// Its name.
    pub title: String,
    /// Reached when this step is done.
    pub after_step: usize,
    /// Until when, ms UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<u64>,
}

/// A plan's content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// What it is for.
    pub title: String,
    /// In order.
    pub steps: Vec<Step>,
    /// What it takes for granted.
    pub assumptions: Vec<Assumption>,
    /// What binds it.
    pub constraints: Vec<Constraint>,
    /// When all counts as done.
    pub acceptance_criteria: Vec<String>,
    /// Points on the way.
    pub milestones: Vec<Milestone>,
    /// Until when, ms UTC.
    pub deadline: Option<u64>,
}

impl Plan {
    /// Reads the row of a plan, or the plan field of a prospective task.
    #[must_use]
    pub fn of(row: &Value) -> Self {
        fn part<T: serde::de::DeserializeOwned + Default>(row: &Value, field: &str) -> T {
            row.get(field).cloned().and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
        }
        Self {
            title: crate::row::text(row, "title").to_owned(),
            steps: part(row, "steps"),
            assumptions: part(row, "assumptions"),
            constraints: part(row, "constraints"),
            acceptance_criteria: part(row, "acceptance_criteria"),
            milestones: part(row, "milestones"),
            deadline: crate::row::int(row, "deadline"),
        }
    }

    /// The steps as they are stored and shown.
    #[must_use]
    pub fn steps_value(&self) -> Value {
        json!(self.steps)
    }

    /// Refuses what no later rule could make sense of: too many steps, empty ones, dependencies on steps that are not there, circles,
    /// three-point estimates out of order.
    ///
    /// # Errors
    /// `invalid.argument`.
    pub fn check(&self) -> Result<(), Fault> {
        let count = self.steps.len();
        if count == 0 || count > MOST_STEPS {
            return Err(Fault::invalid(format!("{count} steps: a plan has 1 to {MOST_STEPS}")));
        }
        for (number, step) in (1..).zip(&self.steps) {
            let wrong = |what: String| Err(Fault::invalid(format!("step {number}: {what}")));
            if step.content.trim().is_empty() {
                return wrong("say what is done in it".into());
            }
            if let Some(bad) =
                step.depends_on.iter().find(|before| **before == 0 || **before > count || **before == number)
            {
                return wrong(format!("it cannot depend on {bad}: give another step, 1 to {count}"));
            }
            if !step.status.is_empty() && !STATUSES.contains(&step.status.as_str()) {
                return wrong(format!("`{}` is no status: take one of {}", step.status, STATUSES.join(", ")));
            }
            let (low, likely, high) = (step.optimistic_minutes, step.estimated_minutes, step.pessimistic_minutes);
            let points: Vec<f64> = [low, likely, high].into_iter().flatten().collect();
            if points.iter().any(|minutes| !minutes.is_finite() || *minutes < 0.0) || !points.is_sorted() {
                return wrong("optimistic, estimated and pessimistic minutes must rise and not be negative".into());
            }
        }
        if let Some(at) =
            self.milestones.iter().find(|milestone| milestone.after_step == 0 || milestone.after_step > count)
        {
            return Err(Fault::invalid(format!("milestone `{}`: after_step is 1 to {count}", at.title)));
        }
        match crate::cpm::order(&self.steps) {
            Ok(_) => Ok(()),
            Err(circle) => Err(Fault::new(
                "conflict.cycle",
                format!("steps {} wait for each other: take one dependency out", crate::row::list(&circle)),
            )),
        }
    }

    /// Minutes of all steps that have an estimate, and how many have none. Steps that are put off do not count.
    #[must_use]
    pub fn effort(&self) -> (f64, usize) {
        let steps = || self.steps.iter().filter(|step| !step.deferred);
        (
            steps().filter_map(|step| step.estimated_minutes).sum(),
            steps().filter(|step| step.estimated_minutes.is_none()).count(),
        )
    }

    /// The share of the plan that is done, by minutes if all have some, else by steps.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let (minutes, unknown) = self.effort();
        let weight =
            |step: &Step| if unknown == 0 && minutes > 0.0 { step.estimated_minutes.unwrap_or(0.0) } else { 1.0 };
        let counted = || self.steps.iter().filter(|step| !step.deferred);
        let all: f64 = counted().map(weight).sum();
        let done: f64 = counted().filter(|step| step.over()).map(weight).sum();
        if all > 0.0 { done / all } else { 0.0 }
    }
}

/// A chain of steps in the order given, which nobody has stated: the order is marked as supposed.
#[must_use]
pub fn chain(contents: &[String], basis: &str) -> Vec<Step> {
    let step = |(at, content): (usize, &String)| Step {
        content: content.clone(),
        depends_on: if at == 0 { vec![] } else { vec![at] },
        order_assumed: at > 0,
        basis: Some(basis.to_owned()),
        ..Step::default()
    };
    contents.iter().take(MOST_STEPS).enumerate().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(steps: Value) -> Plan {
        Plan { steps: serde_json::from_value(steps).unwrap(), ..Plan::default() }
    }

    #[test]
    fn senseless_plans_are_refused() {
        for (steps, code) in [
            (json!([]), "invalid.argument"),
            (json!([{"content": " "}]), "invalid.argument"),
            (json!([{"content": "a", "depends_on": [2]}]), "invalid.argument"),
            (json!([{"content": "a", "depends_on": [1]}]), "invalid.argument"),
            (json!([{"content": "a", "depends_on": [2]}, {"content": "b", "depends_on": [1]}]), "conflict.cycle"),
            (json!([{"content": "a", "optimistic_minutes": 9, "estimated_minutes": 5}]), "invalid.argument"),
            (json!([{"content": "a", "status": "odd"}]), "invalid.argument"),
        ] {
            assert_eq!(plan(steps.clone()).check().unwrap_err().code, code, "{steps}");
        }
        assert!(plan(json!([{"content": "a"}, {"content": "b", "depends_on": [1]}])).check().is_ok());
    }

    #[test]
    fn progress_weighs_by_minutes_only_if_all_have_some() {
        let known = json!([{"content": "a", "estimated_minutes": 30, "status": "completed"}, {"content": "b", "estimated_minutes": 90}]);
        assert_eq!(plan(known).progress(), 0.25);
        let unknown = json!([{"content": "a", "estimated_minutes": 30, "status": "completed"}, {"content": "b"}]);
        assert_eq!(plan(unknown).progress(), 0.5);
    }
}
