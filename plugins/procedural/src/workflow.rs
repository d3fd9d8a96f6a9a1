//! A workflow for a task, put together from the steps of procedures that match it, and from steps that were taken.

use crate::parameter::Parameter;
use crate::step::Step;
use crate::template;
use crate::words::{jaccard, stems};
use memstrata_sdk::{Map, Value, json};
use std::collections::BTreeSet;

/// Steps that share so many of their words are the same step.
const SAME: f64 = 0.6;
/// A workflow has no more steps than this.
const MOST: usize = crate::step::MOST;

/// A procedure fits a task if it has at least this share of the task's words ..
const COVERED: f64 = 0.33;
/// .. or means something this near, as a cosine.
const NEAR: f64 = 0.45;

/// Whether what a search found fits the task well enough to draw steps from it.
#[must_use]
pub fn fits(task: &str, words: &str, cosine: Option<f64>) -> bool {
    let (task, words) = (stems(task), stems(words));
    let covered = task.intersection(&words).count() as f64;
    (covered > 0.0 && covered >= task.len() as f64 * COVERED) || cosine.is_some_and(|cosine| cosine >= NEAR)
}

/// A procedure that matches the task, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Its id.
    pub id: u64,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
}

/// A step of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What to do.
    pub step: Step,
    /// The procedures that have it.
    pub from: Vec<u64>,
    /// Whether it was taken already.
    pub taken: bool,
}

impl Planned {
    /// As answers show it.
    #[must_use]
    pub fn show(&self, number: usize) -> Value {
        let mut shown = Map::new();
        shown.insert("step".into(), json!(number));
        shown.insert("action".into(), json!(self.step.action));
        if let Some(expect) = &self.step.expect {
            shown.insert("expect".into(), json!(expect));
        }
        shown.insert("from".into(), json!(self.from));
        shown.insert("taken".into(), json!(self.taken));
        Value::Object(shown)
    }
}

/// Merges steps in order. What was taken comes first as it was; else the best match with steps is the frame. A step of another
/// procedure that is there already supports that one; one that is not is put in behind its predecessor, if it shares a word with
/// the task: other procedures may do more than the task asks. Beside steps that were taken, those of the best match are all put in:
/// they show what was left out.
#[must_use]
pub fn merge(task: &str, matches: &[Match], taken: &[Step]) -> Vec<Planned> {
    let task = stems(task);
    let mut plan: Vec<(Planned, BTreeSet<String>)> = taken
        .iter()
        .map(|step| (Planned { step: step.clone(), from: Vec::new(), taken: true }, stems(&step.action)))
        .collect();
    let mut framed = false;
    for found in matches.iter().filter(|found| !found.steps.is_empty()) {
        let mut place = 0;
        for step in &found.steps {
            let words = stems(&step.action);
            let ahead = plan.iter().enumerate().filter(|(_, (planned, known))| {
                !planned.from.contains(&found.id)
                    && (jaccard(known, &words) >= SAME || planned.step.action == step.action)
            });
            // The one ahead in order, else one that was passed: procedures need not agree about the order.
            let same = ahead.map(|(at, _)| at).min_by_key(|at| (*at < place, *at));
            let wanted = !framed || !words.is_disjoint(&task);
            if let Some(at) = same {
                if let Some((planned, _)) = plan.get_mut(at) {
                    planned.from.push(found.id);
                }
                place = place.max(at + 1);
            } else if wanted && plan.len() < MOST {
                plan.insert(place, (Planned { step: step.clone(), from: vec![found.id], taken: false }, words));
                place += 1;
            }
        }
        framed = true;
    }
    plan.into_iter().map(|(planned, _)| planned).collect()
}

/// The parameters the plan's steps use: as the best procedure that has one declares it.
#[must_use]
pub fn parameters(plan: &[Planned], matches: &[Match]) -> Vec<Parameter> {
    let mut needed: Vec<Parameter> = Vec::new();
    for planned in plan {
        for text in [&planned.step.action, planned.step.expect.as_ref().unwrap_or(&String::new())] {
            for name in template::variables(&template::parse("a step", text).unwrap_or_default()) {
                if needed.iter().any(|parameter| parameter.name == name) {
                    continue;
                }
                let sources = matches.iter().filter(|found| planned.from.contains(&found.id));
                let declared = sources.flat_map(|found| &found.parameters).find(|parameter| parameter.name == name);
                needed.push(declared.cloned().unwrap_or_else(|| Parameter::inferred(name)));
            }
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(action: &str) -> Step {
        Step { action: action.to_owned(), expect: None }
    }

    fn found(id: u64, steps: &[&str]) -> Match {
        Match { id, steps: steps.iter().map(|action| step(action)).collect(), parameters: Vec::new() }
    }

    fn actions(plan: &[Planned]) -> Vec<&str> {
        plan.iter().map(|planned| planned.step.action.as_str()).collect()
    }

    #[test]
    fn the_best_match_is_the_frame_and_others_add_what_the_task_asks_for() {
        let best = found(1, &["Run the tests", "Tag the release", "Push the tag"]);
        let other = found(2, &["run tests", "Update the changelog", "Water the plants", "push tag"]);
        let plan = merge("release with a changelog", &[best, other], &[]);
        assert_eq!(actions(&plan), ["Run the tests", "Update the changelog", "Tag the release", "Push the tag"]);
        assert_eq!(plan.iter().map(|planned| planned.from.len()).collect::<Vec<_>>(), [2, 1, 1, 2]);
        assert!(plan.iter().all(|planned| !planned.taken));
    }

    #[test]
    fn steps_taken_stay_and_what_was_left_out_is_put_between() {
        let best = found(1, &["Run the tests", "Tag the release", "Push the tag"]);
        let plan = merge("release", &[best], &[step("Run all the tests"), step("Pushed the tag")]);
        assert_eq!(actions(&plan), ["Run all the tests", "Tag the release", "Pushed the tag"]);
        let left_out: Vec<&str> =
            plan.iter().filter(|planned| !planned.taken).map(|planned| planned.step.action.as_str()).collect();
        assert_eq!(left_out, ["Tag the release"]);
    }

    #[test]
    fn a_task_is_fitted_by_words_or_by_meaning() {
        assert!(fits("release the web app", "Tag a release", None));
        assert!(!fits("bake a loaf of rye bread today", "Tag a release of bread", None));
        assert!(fits("bake bread", "make dough", Some(0.6)) && !fits("bake bread", "make dough", Some(0.2)));
        assert!(!fits("the of", "the of", None));
    }

    #[test]
    fn nothing_matches_nothing_planned() {
        assert!(merge("release", &[], &[]).is_empty());
        assert!(merge("release", &[found(1, &[])], &[]).is_empty());
    }

    #[test]
    fn a_step_repeated_in_one_procedure_stays_repeated() {
        let plan = merge("x", &[found(1, &["Run tests", "Fix", "Run tests"])], &[]);
        assert_eq!(actions(&plan), ["Run tests", "Fix", "Run tests"]);
    }

    #[test]
    fn parameters_are_those_the_steps_use() {
        let mut one = found(1, &["Push {{branch}}"]);
        one.parameters = vec![
            Parameter { default: Some(json!("main")), ..Parameter::inferred("branch") },
            Parameter::inferred("unused"),
        ];
        let plan = merge("push", &[one.clone()], &[]);
        let needed = parameters(&plan, &[one]);
        assert_eq!(needed.len(), 1);
        assert_eq!(needed[0].default, Some(json!("main")));
    }
}
