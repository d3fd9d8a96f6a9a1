//! Improvement suggestions: what the recorded executions of a procedure say about it. Each names the executions it rests on.
//!
//! Two success shares are told apart where their 95 % Wilson intervals do not meet, which is stricter than a test of their
//! difference (R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17, 1998).

use crate::effectiveness::{Run, by_version, count, quantile};
use crate::parameter::{self, Parameter};
use crate::row::{round, text};
use crate::step;
use crate::wilson::{Verdict, interval, verdict};
use crate::words::{clip, one_line};
use memstrata_sdk::{Map, Value, json};

/// Fewer executions say nothing.
pub const LEAST: usize = 3;
/// A default needs so many executions ..
const LEAST_FOR_DEFAULT: usize = 5;
/// .. and this share of them with one value.
const SHARE_FOR_DEFAULT: f64 = 0.9;
/// A value is judged by so many executions with it and so many without.
const LEAST_FOR_VALUE: u64 = 3;
/// Times are compared between halves of so many.
const LEAST_TIMES: usize = 4;
/// The median time has grown if it is so many times what it was.
const SLOWER: f64 = 1.5;
/// No more lessons are told.
const MOST_LESSONS: usize = 5;
/// No more evidence is told with a suggestion.
const MOST_EVIDENCE: usize = 20;

/// A suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Names it, such as `default:branch`; the same executions give the same keys.
    pub key: String,
    /// What to do, with the numbers it follows from.
    pub text: String,
    /// The executions it rests on, newest first.
    pub evidence: Vec<u64>,
    /// The fields that would change, if it can be applied as it stands.
    pub change: Option<Map<String, Value>>,
}

impl Suggestion {
    fn new(key: impl Into<String>, text: String, evidence: &[&Run]) -> Self {
        let mut evidence: Vec<u64> = evidence.iter().map(|run| run.id).collect();
        evidence.sort_unstable_by(|a, b| b.cmp(a));
        evidence.truncate(MOST_EVIDENCE);
        Self { key: key.into(), text, evidence, change: None }
    }

    fn changing(mut self, field: &str, value: Value) -> Self {
        self.change = Some(Map::from_iter([(field.to_owned(), value)]));
        self
    }

    /// As answers show it.
    #[must_use]
    pub fn show(&self) -> Value {
        let kind = self.key.split(':').next().unwrap_or_default();
        json!({"key": self.key, "kind": kind, "suggestion": self.text, "evidence": self.evidence,
               "applicable": self.change.is_some(), "change": self.change})
    }
}

fn percent(good: u64, all: u64) -> String {
    format!("{good} of {all}")
}

/// Whether the first share is surely below the second.
fn surely_below(low: (u64, u64), high: (u64, u64)) -> bool {
    matches!((interval(low.0, low.1), interval(high.0, high.1)), (Some(low), Some(high)) if low.high < high.low)
}

/// All suggestions, the gravest kind first. `runs` in any order.
#[must_use]
pub fn suggest(procedure: &Value, runs: &[Run], wanted: f64) -> Vec<Suggestion> {
    if runs.len() < LEAST {
        return Vec::new();
    }
    let mut runs = runs.to_vec();
    runs.sort_by_key(|run| (run.at, run.id));
    let parameters = parameter_list(procedure);
    let mut found = Vec::new();
    found.extend(rework(&runs, wanted));
    found.extend(worse_version(&runs));
    found.extend(worse_lately(&runs));
    found.extend(weak_steps(procedure, &runs));
    found.extend(bad_values(&runs));
    found.extend(slower(&runs));
    found.extend(defaults(&parameters, &runs));
    found.extend(unused(&parameters, &runs));
    found.extend(lessons(procedure, &runs));
    found
}

fn parameter_list(procedure: &Value) -> Vec<Parameter> {
    crate::procedure::parameters(procedure)
}

fn rework(runs: &[Run], wanted: f64) -> Option<Suggestion> {
    let (good, all) = count(runs);
    (verdict(good, all, wanted) == Verdict::Failing).then(|| {
        let failed: Vec<&Run> = runs.iter().filter(|run| !run.succeeded()).collect();
        let text = format!(
            "Rework it: {} executions succeeded, surely less than the {wanted} that is wanted.",
            percent(good, all)
        );
        Suggestion::new("rework", text, &failed)
    })
}

fn worse_version(runs: &[Run]) -> Option<Suggestion> {
    let versions: Vec<(u64, Vec<&Run>)> = by_version(runs).into_iter().collect();
    versions.windows(2).rev().find_map(|pair| {
        let [(before, old), (after, new)] = pair else { return None };
        let (was, is) = (count(old.iter().copied()), count(new.iter().copied()));
        surely_below(is, was).then(|| {
            let text = format!(
                "The change from version {before} to {after} made it worse: {} executions succeeded, before {}. See procedure_history.",
                percent(is.0, is.1),
                percent(was.0, was.1)
            );
            Suggestion::new(format!("version:{after}"), text, new)
        })
    })
}

fn worse_lately(runs: &[Run]) -> Option<Suggestion> {
    let (old, new) = runs.split_at(runs.len() / 2);
    let (was, is) = (count(old), count(new));
    surely_below(is, was).then(|| {
        let text = format!(
            "It has become less reliable: of the later half {} succeeded, of the earlier {}. Look for what changed around it.",
            percent(is.0, is.1),
            percent(was.0, was.1)
        );
        Suggestion::new("decline", text, &new.iter().filter(|run| !run.succeeded()).collect::<Vec<_>>())
    })
}

fn weak_steps(procedure: &Value, runs: &[Run]) -> Vec<Suggestion> {
    let told: Vec<&Run> = runs.iter().filter(|run| run.failed_step.is_some()).collect();
    let steps = step::of_row(procedure);
    (1..)
        .zip(&steps)
        .filter_map(|(number, step)| {
            let here: Vec<&Run> = told.iter().copied().filter(|run| run.failed_step == Some(number)).collect();
            (here.len() >= 2 && here.len() * 2 >= told.len()).then(|| {
                let text = format!(
                    "Make step {number} safer (`{}`): {} failures that told their step were at it. Say what to check before it, or what to do when it fails.",
                    clip(&step::line(step), 80),
                    percent(here.len() as u64, told.len() as u64)
                );
                Suggestion::new(format!("step:{number}"), text, &here)
            })
        })
        .collect()
}

/// A value as it is compared.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn names(runs: &[Run]) -> Vec<&str> {
    let mut names: Vec<&str> = runs.iter().flat_map(|run| run.variables.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn bad_values(runs: &[Run]) -> Vec<Suggestion> {
    let mut found = Vec::new();
    for name in names(runs) {
        let mut values: Vec<String> = runs.iter().filter_map(|run| run.variables.get(name).map(written)).collect();
        values.sort_unstable();
        values.dedup();
        for value in values {
            let (with, without): (Vec<&Run>, Vec<&Run>) =
                runs.iter().partition(|run| run.variables.get(name).map(written).as_ref() == Some(&value));
            let (here, there) = (count(with.iter().copied()), count(without.iter().copied()));
            if here.1 >= LEAST_FOR_VALUE && there.1 >= LEAST_FOR_VALUE && surely_below(here, there) {
                let text = format!(
                    "Handle `{name}` = `{}` on its own: {} executions with it succeeded, without it {}.",
                    clip(&one_line(&value), 60),
                    percent(here.0, here.1),
                    percent(there.0, there.1)
                );
                found.push(Suggestion::new(format!("value:{name}:{}", clip(&one_line(&value), 60)), text, &with));
            }
        }
    }
    found
}

fn slower(runs: &[Run]) -> Option<Suggestion> {
    let timed: Vec<&Run> = runs.iter().filter(|run| run.duration_ms.is_some()).collect();
    let (old, new) = timed.split_at(timed.len() / 2);
    if old.len() < LEAST_TIMES {
        return None;
    }
    let median = |runs: &[&Run]| quantile(&mut runs.iter().filter_map(|run| run.duration_ms).collect::<Vec<_>>(), 0.5);
    let (was, is) = (median(old)?, median(new)?);
    (was > 0 && is as f64 >= was as f64 * SLOWER).then(|| {
        let text = format!(
            "It takes longer than it did: the median of the later {} executions is {is} ms, of the earlier {} {was} ms ({} times).",
            new.len(),
            old.len(),
            round(is as f64 / was as f64)
        );
        Suggestion::new("slower", text, new)
    })
}

fn defaults(parameters: &[Parameter], runs: &[Run]) -> Vec<Suggestion> {
    let required = parameters.iter().filter(|parameter| parameter.is_required());
    let usual = |parameter: &Parameter| {
        let given: Vec<&Run> = runs.iter().filter(|run| run.variables.contains_key(&parameter.name)).collect();
        if given.len() < LEAST_FOR_DEFAULT {
            return None;
        }
        let value = given.iter().filter_map(|run| run.variables.get(&parameter.name)).max_by_key(|value| {
            let same = given.iter().filter(|run| run.variables.get(&parameter.name) == Some(*value)).count();
            (same, std::cmp::Reverse(written(value)))
        })?;
        let with: Vec<&Run> =
            given.iter().copied().filter(|run| run.variables.get(&parameter.name) == Some(value)).collect();
        if (with.len() as f64) < SHARE_FOR_DEFAULT * given.len() as f64 {
            return None;
        }
        let mut changed = parameters.to_vec();
        for one in changed.iter_mut().filter(|one| one.name == parameter.name) {
            *one = Parameter { required: None, default: Some(value.clone()), inferred: false, ..parameter.clone() };
        }
        // What was recorded may be of another type than what is declared.
        parameter::check(&changed).ok()?;
        let text = format!(
            "Make `{}` the default of `{}`: {} executions had it.",
            clip(&one_line(&written(value)), 60),
            parameter.name,
            percent(with.len() as u64, given.len() as u64)
        );
        Some(Suggestion::new(format!("default:{}", parameter.name), text, &with).changing("parameters", json!(changed)))
    };
    required.filter_map(usual).collect()
}

fn unused(parameters: &[Parameter], runs: &[Run]) -> Vec<Suggestion> {
    let told: Vec<&Run> = runs.iter().filter(|run| !run.variables.is_empty()).collect();
    if told.len() < LEAST_FOR_DEFAULT {
        return Vec::new();
    }
    let optional = parameters.iter().filter(|parameter| !parameter.is_required());
    optional
        .filter(|parameter| told.iter().all(|run| !run.variables.contains_key(&parameter.name)))
        .map(|parameter| {
            let name = &parameter.name;
            let text = format!("Drop `{name}`: none of {} executions that told their variables gave it.", told.len());
            Suggestion::new(format!("unused:{name}"), text, &told)
        })
        .collect()
}

fn lessons(procedure: &Value, runs: &[Run]) -> Vec<Suggestion> {
    let known = format!("{}\n{}", text(procedure, "description"), text(procedure, "words")).to_lowercase();
    let mut lessons: Vec<(String, Vec<&Run>)> = Vec::new();
    for run in runs.iter().filter(|run| !run.learned.trim().is_empty()) {
        let lesson = one_line(&run.learned);
        if known.contains(&lesson.to_lowercase()) {
            continue;
        }
        match lessons.iter_mut().find(|(known, _)| known.to_lowercase() == lesson.to_lowercase()) {
            Some((_, runs)) => runs.push(run),
            None => lessons.push((lesson, vec![run])),
        }
    }
    // What was learned from failures first, then what was learned most often; sorting keeps the order of time among equals.
    lessons.sort_by_key(|(_, runs)| {
        let failed = runs.iter().filter(|run| !run.succeeded()).count();
        (std::cmp::Reverse(failed), std::cmp::Reverse(runs.len()))
    });
    lessons
        .into_iter()
        .take(MOST_LESSONS)
        .filter_map(|(lesson, runs)| {
            let first = runs.first()?.id;
            let said = format!("Put in what was learned in {} executions: {}", runs.len(), clip(&lesson, 300));
            let description = format!("{}\nLearned: {lesson}", text(procedure, "description").trim());
            Some(
                Suggestion::new(format!("lesson:{first}"), said, &runs)
                    .changing("description", json!(description.trim())),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effectiveness::tests::run;

    fn keys(procedure: &Value, runs: &[Run]) -> Vec<String> {
        suggest(procedure, runs, 0.7).into_iter().map(|suggestion| suggestion.key).collect()
    }

    fn many(count: u64, outcome: impl Fn(u64) -> &'static str, more: impl Fn(u64) -> Value) -> Vec<Run> {
        (1..=count).map(|n| run(n, outcome(n), more(n))).collect()
    }

    #[test]
    fn two_executions_say_nothing_and_good_ones_want_nothing() {
        assert!(keys(&json!({}), &many(2, |_| "failure", |_| json!({"learned": "x"}))).is_empty());
        assert!(keys(&json!({}), &many(20, |_| "success", |_| json!({"duration_ms": 10}))).is_empty());
    }

    #[test]
    fn a_failing_procedure_is_to_be_reworked_on_the_evidence_of_its_failures() {
        let runs = many(12, |n| if n % 6 == 0 { "success" } else { "failure" }, |_| json!({}));
        let found = suggest(&json!({}), &runs, 0.7);
        assert_eq!(found[0].key, "rework");
        assert!(
            found[0].text.contains("2 of 12") && !found[0].evidence.contains(&6) && found[0].evidence.contains(&11)
        );
    }

    #[test]
    fn the_step_most_failures_are_at_is_named() {
        let procedure = json!({"steps": [{"action": "build"}, {"action": "upload"}]});
        let runs = many(
            9,
            |n| if n <= 3 { "failure" } else { "success" },
            |n| if n <= 3 { json!({"failed_step": if n == 3 { 1 } else { 2 }}) } else { json!({}) },
        );
        let found = suggest(&procedure, &runs, 0.1);
        assert_eq!(found.len(), 1);
        assert!(found[0].key == "step:2" && found[0].text.contains("upload") && found[0].text.contains("2 of 3"));
    }

    #[test]
    fn a_value_that_goes_with_failure_is_named() {
        let runs = many(
            20,
            |n| if n % 4 == 0 { "failure" } else { "success" },
            |n| json!({"variables": {"env": if n % 4 == 0 { "prod" } else { "test" }}}),
        );
        let keys = keys(&json!({}), &runs);
        assert!(
            keys.contains(&"value:env:prod".to_owned()) && !keys.contains(&"value:env:test".to_owned()),
            "{keys:?}"
        );
    }

    #[test]
    fn a_usual_value_becomes_a_default_only_if_it_fits() {
        let procedure = json!({"parameters": [{"name": "branch"}, {"name": "n", "type": "number"}]});
        let runs = many(
            10,
            |_| "success",
            |n| json!({"variables": {"branch": if n == 1 { "dev" } else { "main" }, "n": "3"}}),
        );
        let found = suggest(&procedure, &runs, 0.7);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key, "default:branch");
        assert_eq!(
            found[0].change.as_ref().unwrap()["parameters"][0],
            json!({"name": "branch", "type": "string", "default": "main"})
        );
        let few = many(10, |_| "success", |n| json!({"variables": {"branch": if n <= 2 { "dev" } else { "main" }}}));
        assert!(keys(&procedure, &few).is_empty());
    }

    #[test]
    fn lessons_of_failures_come_first_and_known_ones_not_at_all() {
        let procedure = json!({"description": "Log in first."});
        let runs = [
            run(1, "success", json!({"learned": "use the cache"})),
            run(2, "failure", json!({"learned": "the  token expires"})),
            run(3, "success", json!({"learned": "Use the cache"})),
            run(4, "success", json!({"learned": "log in first"})),
        ];
        let found = suggest(&procedure, &runs, 0.1);
        assert_eq!(found.iter().map(|s| s.key.as_str()).collect::<Vec<_>>(), ["lesson:2", "lesson:1"]);
        assert_eq!(found[1].evidence, [3, 1]);
        assert_eq!(found[0].change.as_ref().unwrap()["description"], "Log in first.\nLearned: the token expires");
    }

    #[test]
    fn change_for_the_worse_is_noticed() {
        let runs = many(
            20,
            |n| if n > 10 { "failure" } else { "success" },
            |n| json!({"procedure_version": if n > 10 { 2 } else { 1 }, "duration_ms": if n > 10 { 30 } else { 10 }}),
        );
        let keys = keys(&json!({}), &runs);
        for key in ["version:2", "decline", "slower"] {
            assert!(keys.contains(&key.to_owned()), "{keys:?}");
        }
        let steady = many(
            20,
            |n| if n % 5 == 0 { "failure" } else { "success" },
            |n| json!({"procedure_version": n / 11, "duration_ms": 10}),
        );
        assert!(super::tests::keys(&json!({}), &steady).is_empty());
    }

    #[test]
    fn an_optional_variable_nobody_gives_may_go() {
        let procedure = json!({"parameters": [{"name": "a"}, {"name": "b", "required": false}]});
        let runs = many(5, |_| "success", |n| json!({"variables": {"a": n.to_string()}}));
        assert_eq!(keys(&procedure, &runs), ["unused:b"]);
    }
}
