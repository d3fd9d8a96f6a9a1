//! A task's plan: its steps, how they come to be, and how far they are.

use memstrata_sdk::{Fault, Value, json};
use serde::{Deserialize, Serialize};

/// Longest plan.
pub const MOST_STEPS: usize = 100;

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is done in it.
    pub content: String,
    /// How long it should take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_minutes: Option<u32>,
    /// Steps that come before it, by their numbers from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<usize>,
    /// One of [`crate::vocabulary::MILESTONE_STATUSES`].
    #[serde(default = "pending")]
    pub status: String,
}

fn pending() -> String {
    "pending".into()
}

/// A step as a caller gives it: its text alone, or more.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum NewStep {
    /// Its text.
    Text(String),
    /// All of it.
    Full(Step),
}

impl From<NewStep> for Step {
    fn from(new: NewStep) -> Self {
        match new {
            NewStep::Text(content) => Self { content, estimated_minutes: None, depends_on: vec![], status: pending() },
            NewStep::Full(step) => step,
        }
    }
}

/// A plan as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// How long all of it should take.
    pub estimated_duration_minutes: u32,
    /// Whether the checks of [`crate::plan_check`] found no error since it last changed.
    pub validated: bool,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl Plan {
    /// Reads the plan of a task's row, if it has one.
    #[must_use]
    pub fn of(task: &Value) -> Option<Self> {
        let plan = task.get("plan").filter(|plan| plan.is_object())?;
        serde_json::from_value(plan.clone()).ok()
    }

    /// A new plan of these steps. Minutes nobody gave stay open.
    ///
    /// # Errors
    /// `invalid.argument` for too many steps or an unknown status.
    pub fn new(steps: Vec<NewStep>, minutes: u32, notes: Option<String>) -> Result<Self, Fault> {
        if steps.len() > MOST_STEPS {
            return Err(Fault::invalid(format!("{} steps; a plan has at most {MOST_STEPS}", steps.len())));
        }
        let steps: Vec<Step> = steps.into_iter().map(Step::from).collect();
        if let Some(step) =
            steps.iter().find(|step| !crate::vocabulary::MILESTONE_STATUSES.contains(&step.status.as_str()))
        {
            let known = crate::vocabulary::MILESTONE_STATUSES.join(", ");
            return Err(Fault::invalid(format!("`{}` is no status of a step: take one of {known}", step.status)));
        }
        Ok(Self { steps, estimated_duration_minutes: minutes, validated: false, notes })
    }

    /// A plan out of the task's own words: each clause a step, in order, and a last one that verifies. The caller's minutes are shared out evenly.
    #[must_use]
    pub fn from_words(content: &str, minutes: u32) -> Self {
        let mut texts = clauses(content);
        if texts.len() >= MOST_STEPS {
            texts.truncate(MOST_STEPS - 1);
        }
        if !texts.last().is_some_and(|last| crate::plan_check::verifies(last)) {
            texts.push(format!("Verify: {}", crate::row::clip(content.trim(), 200)));
        }
        let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        let (each, rest) = (minutes / count, minutes % count);
        let step = |(nth, content): (u32, String)| Step {
            content,
            estimated_minutes: Some(each + u32::from(nth < rest)),
            depends_on: if nth == 0 { vec![] } else { vec![nth as usize] },
            status: pending(),
        };
        let steps = (0..).zip(texts).map(step).collect();
        Self { steps, estimated_duration_minutes: minutes, validated: false, notes: None }
    }

    /// As it is stored.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_else(|_| json!({}))
    }

    /// The share of the plan that is done, steps weighted by their minutes if all have some; skipped ones count as done.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let weighted = self.steps.iter().all(|step| step.estimated_minutes.is_some_and(|minutes| minutes > 0));
        let weight = |step: &Step| if weighted { f64::from(step.estimated_minutes.unwrap_or(1)) } else { 1.0 };
        let all: f64 = self.steps.iter().map(weight).sum();
        let done: f64 = self.steps.iter().filter(|step| is_done(&step.status)).map(weight).sum();
        if all > 0.0 { crate::row::round(done / all) } else { 0.0 }
    }

    /// Minutes of the steps that are still to be done; where a step has none, its share of what the plan says.
    #[must_use]
    pub fn minutes_left(&self) -> f64 {
        let known: u32 = self.steps.iter().filter_map(|step| step.estimated_minutes).sum();
        let open = self.steps.iter().filter(|step| step.estimated_minutes.is_none()).count();
        #[expect(clippy::cast_precision_loss, reason = "at most MOST_STEPS")]
        let share =
            if open > 0 { f64::from(self.estimated_duration_minutes.saturating_sub(known)) / open as f64 } else { 0.0 };
        let left = self.steps.iter().filter(|step| !is_done(&step.status));
        left.map(|step| step.estimated_minutes.map_or(share, f64::from)).sum()
    }

    /// The steps still open, as `2. Text`.
    #[must_use]
    pub fn unfinished(&self) -> Vec<String> {
        let open = self.steps.iter().enumerate().filter(|(_, step)| !is_done(&step.status));
        open.map(|(nth, step)| format!("step {}: {}", nth + 1, crate::row::clip(&step.content, 80))).collect()
    }
}

/// Whether a step or a milestone of this status needs no more work.
#[must_use]
pub fn is_done(status: &str) -> bool {
    matches!(status, "completed" | "skipped")
}

/// The clauses of a text: its lines, sentences, what stands between semicolons and around `then`. List marks are dropped.
#[must_use]
pub fn clauses(text: &str) -> Vec<String> {
    let unmarked = |line: &str| {
        let line = line.trim().trim_start_matches(['-', '*', '•']).trim_start();
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        let rest = line.get(digits..).unwrap_or_default();
        let numbered = digits > 0 && rest.starts_with(['.', ')']);
        if numbered { rest.get(1..).unwrap_or_default().to_owned() } else { line.to_owned() }
    };
    let mut spread = text.lines().map(unmarked).collect::<Vec<_>>().join("\n");
    for mark in [";", ". ", ", and then ", " and then ", ", then "] {
        spread = spread.replace(mark, "\n");
    }
    let trimmed = |line: &str| line.trim().trim_end_matches(['.', ',']).to_owned();
    let lines: Vec<String> = spread.lines().map(trimmed).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { vec![text.trim().to_owned()] } else { lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clauses_are_steps() {
        assert_eq!(clauses("Read the log; fix the bug, then deploy."), ["Read the log", "fix the bug", "deploy"]);
        assert_eq!(clauses("1. Read\n2) Write\n- Run v1.2"), ["Read", "Write", "Run v1.2"]);
        assert_eq!(clauses("Search and replace in a.b"), ["Search and replace in a.b"]);
    }

    #[test]
    fn a_plan_out_of_words_shares_the_minutes_and_verifies() {
        let plan = Plan::from_words("Write the parser; wire it up", 31);
        let minutes: Vec<_> = plan.steps.iter().filter_map(|step| step.estimated_minutes).collect();
        assert_eq!(minutes, [11, 10, 10]);
        assert!(plan.steps[2].content.starts_with("Verify"));
        assert_eq!(plan.steps[2].depends_on, [2]);
        assert_eq!(Plan::from_words("Fix it; run the tests", 30).steps.len(), 2);
    }

    #[test]
    fn progress_is_weighted_by_minutes() {
        let steps: Vec<NewStep> = serde_json::from_value(json!([
            {"content": "a", "estimated_minutes": 30, "status": "completed"},
            {"content": "b", "estimated_minutes": 10},
        ]))
        .unwrap();
        let plan = Plan::new(steps, 40, None).unwrap();
        assert_eq!((plan.progress().to_string(), plan.minutes_left().to_string()), ("0.75".into(), "10".into()));
        assert_eq!(plan.unfinished(), ["step 2: b"]);
        let plan = Plan::new(vec![NewStep::Text("a".into()), NewStep::Text("b".into())], 40, None).unwrap();
        assert_eq!(plan.minutes_left().to_string(), "40");
    }

    #[test]
    fn a_plan_reads_back_and_a_bad_one_is_refused() {
        let plan = Plan::from_words("a; b", 10);
        assert_eq!(Plan::of(&json!({"plan": plan.value()})), Some(plan));
        assert_eq!(Plan::of(&json!({"plan": null})), None);
        let bad: Vec<NewStep> = serde_json::from_value(json!([{"content": "a", "status": "half"}])).unwrap();
        assert!(Plan::new(bad, 1, None).unwrap_err().message.contains("in_progress"));
        assert!(Plan::new(vec![NewStep::Text("a".into()); 101], 1, None).is_err());
    }

    proptest! {
        #[test]
        fn any_words_make_a_plan_that_keeps_the_minutes(text in "\\PC{1,200}", minutes in 0u32..10_000) {
            let plan = Plan::from_words(&text, minutes);
            prop_assert!(!plan.steps.is_empty() && plan.steps.len() <= MOST_STEPS);
            prop_assert_eq!(plan.steps.iter().filter_map(|step| step.estimated_minutes).sum::<u32>(), minutes);
        }
    }
}
