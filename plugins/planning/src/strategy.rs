//! Ways to plan, and which suits a piece of work: rules over what the caller tells.

use crate::plan::{Plan, Step, chain};
use crate::words;
use memstrata_sdk::{Value, json};

/// The strategies of decomposition, and what each does.
pub const STRATEGIES: [(&str, &str); 6] = [
    ("HIERARCHICAL", "top down: parts, then the parts of each"),
    ("ITERATIVE", "a first small whole, then one part a round, each checked before the next"),
    ("SPIKE", "what is unknown first, alone and short; the rest after its result"),
    ("PARALLEL", "parts that share nothing side by side, joined at the end"),
    ("SEQUENTIAL", "one part after another, in the order given"),
    ("DEADLINE_DRIVEN", "what is needed first, the rest optional"),
];

/// One recommendation.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// Its strategy.
    pub strategy: &'static str,
    /// Rules that speak for it.
    pub reasons: Vec<String>,
}

/// What is known of the work.
#[derive(Debug, Clone, Default)]
pub struct Work<'a> {
    /// Its description.
    pub description: &'a str,
    /// 1 to 10.
    pub complexity: u64,
    /// Minutes there are.
    pub minutes: Option<f64>,
    /// Such as `bug_fix`.
    pub kind: &'a str,
}

/// Minutes of `1_day`, `4_hours`, `90_minutes`, `2_weeks`; a day is 480 of work, a week five days.
#[must_use]
pub fn time_available(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(['_', ' '])?;
    let number: f64 = number.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?;
    let unit = match unit.trim_end_matches('s') {
        "minute" => 1.0,
        "hour" => 60.0,
        "day" => 480.0,
        "week" => 2_400.0,
        "month" => 9_600.0,
        _ => return None,
    };
    Some(number * unit)
}

/// Every strategy a rule speaks for, most rules first; the order of [`STRATEGIES`] decides between equals.
#[must_use]
pub fn advise(work: &Work) -> Vec<Advice> {
    let stems = words::stems(work.description);
    let has = |list: &[&str]| list.iter().any(|word| words::stems(word).iter().any(|stem| stems.contains(stem)));
    let parts = words::parts(work.description).len();
    let kind = work.kind.to_lowercase();
    let rules: [(&str, bool, &str); 11] = [
        ("HIERARCHICAL", work.complexity >= 7, "complexity 7 or more"),
        ("HIERARCHICAL", parts >= 5, "five or more parts are named"),
        ("ITERATIVE", (4..7).contains(&work.complexity), "complexity 4 to 6"),
        (
            "ITERATIVE",
            has(&["prototype", "refactor", "improve", "optimize", "feedback", "experiment"])
                || kind.contains("refactor"),
            "it is improved step by step",
        ),
        (
            "SPIKE",
            has(&["research", "investigate", "unknown", "evaluate", "explore", "unclear", "why"])
                || kind.contains("research"),
            "something is unknown",
        ),
        ("SPIKE", kind.contains("bug") || has(&["bug", "crash", "fails"]), "the cause must be found first"),
        (
            "PARALLEL",
            has(&["parallel", "independent", "both", "several", "simultaneously"]),
            "parts are called independent",
        ),
        ("SEQUENTIAL", work.complexity <= 3, "complexity 3 or less"),
        (
            "SEQUENTIAL",
            has(&["migrate", "deploy", "release", "upgrade", "rollback"]) || kind.contains("deploy"),
            "the order matters",
        ),
        (
            "DEADLINE_DRIVEN",
            work.minutes.is_some_and(|minutes| minutes < 60.0 * work.complexity as f64),
            "less than an hour for each point of complexity",
        ),
        ("DEADLINE_DRIVEN", has(&["deadline", "urgent", "hotfix", "today", "asap"]), "it is urgent"),
    ];
    let mut advice: Vec<Advice> = (STRATEGIES.iter())
        .map(|(strategy, _)| Advice {
            strategy,
            reasons: rules
                .iter()
                .filter(|(name, holds, _)| name == strategy && *holds)
                .map(|(_, _, why)| (*why).to_owned())
                .collect(),
        })
        .filter(|advice| !advice.reasons.is_empty())
        .collect();
    advice.sort_by_key(|advice| std::cmp::Reverse(advice.reasons.len()));
    if advice.is_empty() {
        advice.push(Advice { strategy: "HIERARCHICAL", reasons: vec!["no rule speaks for another one".into()] });
    }
    advice
}

/// As callers see it.
#[must_use]
pub fn value(advice: &Advice) -> Value {
    let means = STRATEGIES.iter().find(|(name, _)| *name == advice.strategy).map(|(_, means)| *means);
    json!({"strategy": advice.strategy, "means": means, "reasons": advice.reasons})
}

/// Orders steps that are only a list by a strategy. `title` names the whole in the steps it adds.
#[must_use]
pub fn shape(title: &str, contents: &[String], basis: &str, strategy: &str) -> Vec<Step> {
    let title = crate::row::clip(title.trim(), 120);
    let mut steps = chain(contents, basis);
    let added = |content: String, depends_on: Vec<usize>| Step {
        content,
        depends_on,
        basis: Some(format!("the strategy {strategy}")),
        ..Step::default()
    };
    let verified = steps.last().is_some_and(|step| words::verifies(&step.content));
    match strategy {
        "ITERATIVE" => {
            let mut rounds: Vec<Step> = Vec::new();
            for step in steps {
                let checks = words::verifies(&step.content);
                let content = crate::row::clip(&step.content, 120);
                let before = if rounds.is_empty() { vec![] } else { vec![rounds.len()] };
                rounds.push(Step { depends_on: before, order_assumed: step.order_assumed, ..step });
                if !checks {
                    rounds.push(added(format!("Check: {content}"), vec![rounds.len()]));
                }
            }
            steps = rounds;
        }
        "SPIKE" => {
            for step in &mut steps {
                step.depends_on = step.depends_on.iter().map(|before| before + 1).collect();
                if step.depends_on.is_empty() {
                    step.depends_on = vec![1];
                }
            }
            steps.insert(0, added(format!("Find out what is unknown: {title}"), vec![]));
        }
        "PARALLEL" => {
            let own = if verified { steps.len() - 1 } else { steps.len() };
            for step in steps.iter_mut().take(own) {
                step.depends_on.clear();
                step.order_assumed = false;
            }
            match steps.last_mut().filter(|_| verified) {
                Some(last) => last.depends_on = (1..=own).collect(),
                None => steps.push(added(format!("Join the parts and verify: {title}"), (1..=own).collect())),
            }
        }
        "SEQUENTIAL" => steps.iter_mut().for_each(|step| step.order_assumed = false),
        "DEADLINE_DRIVEN" => {
            // A step that says so itself is optional, no other.
            for step in &mut steps {
                let text = step.content.to_lowercase();
                step.optional =
                    ["optional", "nice to have", "if time", "polish"].iter().any(|word| text.contains(word));
            }
        }
        _ => {}
    }
    if !verified && !matches!(strategy, "ITERATIVE" | "PARALLEL") && !steps.is_empty() {
        let before = steps.len();
        steps.push(added(format!("Verify: {title}"), vec![before]));
    }
    steps.truncate(crate::plan::MOST_STEPS);
    steps
}

/// Numbers that tell the shape of a plan.
#[must_use]
pub fn outline(plan: &Plan) -> Value {
    let minutes: Vec<f64> = plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect();
    let line = crate::cpm::timeline(&plan.steps, &minutes);
    let (effort, unknown) = plan.effort();
    let sure = unknown == 0;
    json!({
        "steps": plan.steps.len(), "effort_minutes": if unknown < plan.steps.len() { Some(crate::row::round(effort)) } else { None },
        "steps_without_estimate": unknown, "critical_path": line.path,
        "critical_path_minutes": if sure { Some(crate::row::round(line.minutes)) } else { None },
        "progress": crate::row::round(plan.progress()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_choose_and_say_why() {
        let of = |description: &str, complexity, kind: &str| {
            advise(&Work { description, complexity, minutes: None, kind })[0].strategy
        };
        assert_eq!(of("Build a shop", 9, ""), "HIERARCHICAL");
        assert_eq!(of("Investigate why it crashes", 5, "bug_fix"), "SPIKE");
        assert_eq!(of("Deploy it", 2, ""), "SEQUENTIAL");
        assert_eq!(advise(&Work { description: "x", complexity: 8, minutes: Some(60.0), kind: "" }).len(), 2);
    }

    #[test]
    fn times_are_working_time() {
        assert_eq!(
            ["1_day", "4_hours", "2 weeks", "soon", "-1_day"].map(time_available),
            [Some(480.0), Some(240.0), Some(4800.0), None, None]
        );
    }

    #[test]
    fn each_strategy_makes_a_plan_that_holds() {
        let contents = ["Write it".to_owned(), "Polish it (optional)".to_owned()];
        for (strategy, _) in STRATEGIES {
            let plan = Plan { steps: shape("It", &contents, "words", strategy), ..Plan::default() };
            assert!(plan.check().is_ok(), "{strategy}");
            assert!(plan.steps.iter().any(|step| crate::words::verifies(&step.content)), "{strategy}");
            assert!(plan.steps.iter().all(|step| step.estimated_minutes.is_none()), "no minutes are made up");
        }
        let parallel = shape("It", &contents, "words", "PARALLEL");
        assert_eq!(parallel[2].depends_on, [1, 2]);
        assert!(shape("It", &contents, "words", "DEADLINE_DRIVEN")[1].optional);
        assert!(shape("It", &contents, "words", "SPIKE")[0].content.starts_with("Find out"));
    }
}
