//! Formal properties of a plan, each with a score from 0 to 1 and what speaks against it (requirements 1.11: both sets).

use crate::plan::Plan;
use crate::row::{list, round};
use crate::validate::{broken_constraints, unguarded};
use crate::{cpm, words};
use memstrata_sdk::{Value, json};

/// All properties.
pub const PROPERTIES: [&str; 9] = [
    "optimality",
    "completeness",
    "consistency",
    "soundness",
    "minimality",
    "safety",
    "liveness",
    "feasibility",
    "correctness",
];
/// Those a plan must have: 60 % of the score.
pub const HARD: [&str; 6] = ["completeness", "consistency", "soundness", "safety", "liveness", "correctness"];
/// How closely it is looked at: the network alone; words of steps and criteria too; chances of a simulation too.
pub const DEPTHS: [&str; 3] = ["shallow", "medium", "deep"];
/// Two steps so alike are one.
const EQUAL: f64 = 0.9;
/// A criterion is covered by steps that have so much of its words.
const COVERED: f64 = 0.5;

/// One property's verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Which.
    pub property: String,
    /// 0 to 1.
    pub score: f64,
    /// What speaks against it.
    pub against: Vec<String>,
}

/// Beside the plan: the most minutes allowed, the looks' depth, and the chance to end in time where it was simulated.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether words count.
    pub words: bool,
    /// The critical path may be so long.
    pub most_minutes: f64,
    /// Of a simulation against that or the deadline.
    pub in_time: Option<f64>,
}

/// The verdict on one property; none for an unknown name.
#[must_use]
pub fn verdict(plan: &Plan, property: &str, look: &Look) -> Option<Verdict> {
    let (score, against) = match property {
        "optimality" => optimality(plan),
        "completeness" => completeness(plan, look),
        "consistency" => consistency(plan),
        "soundness" => soundness(plan, look),
        "minimality" => minimality(plan, look),
        "safety" => share(
            unguarded(plan).iter().map(|(n, text)| format!("step {n} (`{text}`) has no guard before it")).collect(),
            plan,
        ),
        "liveness" => liveness(plan),
        "feasibility" => feasibility(plan, look),
        "correctness" => correctness(plan),
        _ => return None,
    };
    Some(Verdict { property: property.to_owned(), score: score.clamp(0.0, 1.0), against })
}

/// 60 % the mean of the hard properties, 40 % that of the soft ones; of one kind alone, its mean.
#[must_use]
pub fn total(verdicts: &[Verdict]) -> f64 {
    let of = |hard: bool| {
        let scores: Vec<f64> = verdicts
            .iter()
            .filter(|verdict| HARD.contains(&verdict.property.as_str()) == hard)
            .map(|verdict| verdict.score)
            .collect();
        crate::sample::mean(&scores)
    };
    match (of(true), of(false)) {
        (Some(hard), Some(soft)) => 0.6 * hard + 0.4 * soft,
        (one, other) => one.or(other).unwrap_or(0.0),
    }
}

/// As callers see it.
#[must_use]
pub fn value(verdict: &Verdict) -> Value {
    json!({"property": verdict.property, "kind": if HARD.contains(&verdict.property.as_str()) { "hard" } else { "soft" },
           "holds": verdict.against.is_empty(), "score": round(verdict.score), "against": verdict.against})
}

/// One part of the steps fails.
fn share(against: Vec<String>, plan: &Plan) -> (f64, Vec<String>) {
    (1.0 - against.len() as f64 / plan.steps.len().max(1) as f64, against)
}

fn minutes(plan: &Plan) -> Vec<f64> {
    plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect()
}

/// How near the critical path is to the one without orders that are only supposed.
fn optimality(plan: &Plan) -> (f64, Vec<String>) {
    let now = cpm::timeline(&plan.steps, &minutes(plan)).minutes;
    let (better, changes) = crate::refine::apply(plan, "parallelization");
    let best = cpm::timeline(&better.steps, &minutes(&better)).minutes;
    if now <= best || now <= 0.0 {
        return (1.0, vec![]);
    }
    (best / now, changes)
}

fn completeness(plan: &Plan, look: &Look) -> (f64, Vec<String>) {
    let mut against = Vec::new();
    if plan.acceptance_criteria.is_empty() && plan.steps.iter().all(|step| step.acceptance.is_none()) {
        against.push("nothing says when it is done".to_owned());
    }
    let all = words::stems(
        &plan
            .steps
            .iter()
            .map(|step| format!("{} {} ", step.content, step.acceptance.as_deref().unwrap_or("")))
            .collect::<String>(),
    );
    if look.words {
        let bare = plan.acceptance_criteria.iter().filter(|criterion| words::covered(criterion, &all) < COVERED);
        against.extend(bare.map(|criterion| format!("no step works for `{criterion}`")));
    }
    let (_, unknown) = plan.effort();
    if unknown > 0 {
        against.push(format!("{unknown} steps have no estimate"));
    }
    let asked = plan.acceptance_criteria.len().max(1) + 1;
    (1.0 - against.len() as f64 / asked as f64, against)
}

fn consistency(plan: &Plan) -> (f64, Vec<String>) {
    let mut against = Vec::new();
    if let Err(circle) = cpm::order(&plan.steps) {
        against.push(format!("steps {} wait for each other", list(&circle)));
    }
    for pair in plan.milestones.windows(2) {
        if let [earlier, later] = pair
            && (earlier.after_step > later.after_step || earlier.due_at.zip(later.due_at).is_some_and(|(a, b)| a > b))
        {
            against.push(format!("milestones `{}` and `{}` are out of order", earlier.title, later.title));
        }
    }
    against.extend(broken_constraints(plan));
    for (at, one) in plan.assumptions.iter().enumerate() {
        let twin = plan
            .assumptions
            .iter()
            .skip(at + 1)
            .find(|other| words::likeness(&one.text, &other.text) >= EQUAL && one.violated != other.violated);
        against.extend(twin.map(|_| format!("the assumption `{}` is both held and violated", one.text)));
    }
    (1.0 / (1.0 + against.len() as f64), against)
}

fn soundness(plan: &Plan, look: &Look) -> (f64, Vec<String>) {
    let mut against = Vec::new();
    for (number, step) in (1..).zip(&plan.steps) {
        let open = step
            .depends_on
            .iter()
            .filter(|before| plan.steps.get(before.wrapping_sub(1)).is_none_or(|before| !before.over()));
        if step.over() && open.count() > 0 {
            against.push(format!("step {number} is over before what it depends on"));
        }
        let put_off = step
            .depends_on
            .iter()
            .any(|before| plan.steps.get(before.wrapping_sub(1)).is_some_and(|before| before.deferred));
        if put_off && !step.deferred {
            against.push(format!("step {number} depends on one that is put off"));
        }
    }
    if look.words && !plan.steps.iter().any(|step| words::verifies(&step.content)) {
        against.push("no step verifies the result".to_owned());
    }
    against.extend(
        plan.assumptions.iter().filter(|a| a.violated).map(|a| format!("the assumption `{}` is violated", a.text)),
    );
    share(against, plan)
}

fn minimality(plan: &Plan, look: &Look) -> (f64, Vec<String>) {
    let mut against: Vec<String> = cpm::superfluous(&plan.steps)
        .iter()
        .map(|(step, before)| format!("step {step} need not name {before}: it follows"))
        .collect();
    if look.words {
        against.extend(twins(plan).iter().map(|(a, b)| format!("steps {a} and {b} say the same")));
    }
    share(against, plan)
}

/// Steps that say the same: numbers of both.
#[must_use]
pub fn twins(plan: &Plan) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (number, step) in (1..).zip(&plan.steps) {
        let later = (number + 1..).zip(plan.steps.iter().skip(number));
        found.extend(
            later
                .filter(|(_, other)| words::likeness(&step.content, &other.content) >= EQUAL)
                .map(|(other, _)| (number, other)),
        );
    }
    found
}

/// Something can be done next, and everything in the end.
fn liveness(plan: &Plan) -> (f64, Vec<String>) {
    let mut against = Vec::new();
    if let Err(circle) = cpm::order(&plan.steps) {
        against.push(format!("steps {} can never start", list(&circle)));
    }
    let ready = |step: &crate::plan::Step| {
        !step.over()
            && !step.deferred
            && step
                .depends_on
                .iter()
                .all(|before| plan.steps.get(before.wrapping_sub(1)).is_some_and(crate::plan::Step::over))
    };
    if plan.steps.iter().any(|step| !step.over()) && !plan.steps.iter().any(ready) {
        against.push("no step can be done next".to_owned());
    }
    share(against, plan)
}

fn feasibility(plan: &Plan, look: &Look) -> (f64, Vec<String>) {
    let path = cpm::timeline(&plan.steps, &minutes(plan)).minutes;
    if let Some(chance) = look.in_time {
        let against =
            if chance < 0.8 { vec![format!("{} of the simulated runs end in time", round(chance))] } else { vec![] };
        return (chance, against);
    }
    if path <= look.most_minutes {
        return (1.0, vec![]);
    }
    (
        look.most_minutes / path,
        vec![format!("the critical path takes {} minutes, {} are allowed", round(path), look.most_minutes)],
    )
}

/// Each criterion is checked by a step that verifies, or every step says itself when it is done.
fn correctness(plan: &Plan) -> (f64, Vec<String>) {
    let checks: String = plan
        .steps
        .iter()
        .filter(|s| words::verifies(&s.content))
        .map(|s| format!("{} {} ", s.content, s.acceptance.as_deref().unwrap_or("")))
        .collect();
    if checks.is_empty() {
        let bare = plan.steps.iter().filter(|step| step.acceptance.is_none()).count();
        let against =
            if bare > 0 { vec![format!("{bare} steps have no acceptance and no step verifies")] } else { vec![] };
        return (1.0 - bare as f64 / plan.steps.len().max(1) as f64, against);
    }
    let stems = words::stems(&checks);
    let general = plan.steps.iter().any(|step| words::verifies(&step.content) && !step.depends_on.is_empty());
    let against: Vec<String> = (plan.acceptance_criteria.iter())
        .filter(|criterion| !general && words::covered(criterion, &stems) < COVERED)
        .map(|criterion| format!("nothing checks `{criterion}`"))
        .collect();
    (1.0 - against.len() as f64 / plan.acceptance_criteria.len().max(1) as f64, against)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look { words: true, most_minutes: 480.0, in_time: None };

    fn plan(steps: Value) -> Plan {
        Plan {
            steps: serde_json::from_value(steps).unwrap(),
            acceptance_criteria: vec!["the parser reads dates".into()],
            ..Plan::default()
        }
    }

    fn holds(plan: &Plan, property: &str) -> bool {
        verdict(plan, property, &LOOK).unwrap().against.is_empty()
    }

    #[test]
    fn a_sound_plan_has_all_properties() {
        let good = plan(json!([{"content": "Write the parser for dates", "estimated_minutes": 60},
            {"content": "Test that the parser reads dates", "estimated_minutes": 20, "depends_on": [1]}]));
        for property in PROPERTIES {
            assert!(holds(&good, property), "{property}: {:?}", verdict(&good, property, &LOOK));
        }
        let all: Vec<Verdict> = PROPERTIES.iter().filter_map(|p| verdict(&good, p, &LOOK)).collect();
        assert!((total(&all) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn each_property_can_fail() {
        let bad = plan(
            json!([{"content": "Drop data", "estimated_minutes": 400}, {"content": "Write code", "depends_on": [1], "estimated_minutes": 90, "order_assumed": true},
            {"content": "Write code", "depends_on": [1, 2], "status": "completed"}]),
        );
        for property in ["optimality", "completeness", "soundness", "minimality", "safety", "correctness"] {
            assert!(!holds(&bad, property), "{property}");
        }
        let long = plan(json!([{"content": "a", "estimated_minutes": 960}]));
        assert_eq!(verdict(&long, "feasibility", &LOOK).unwrap().score, 0.5);
        let stuck = plan(json!([{"content": "a", "depends_on": [2]}, {"content": "b", "depends_on": [1]}]));
        assert!(!holds(&stuck, "liveness") && !holds(&stuck, "consistency"));
        assert!(verdict(&bad, "beauty", &LOOK).is_none());
    }

    #[test]
    fn hard_properties_weigh_sixty_percent() {
        let of = |property: &str, score| Verdict { property: property.into(), score, against: vec![] };
        assert!((total(&[of("safety", 1.0), of("minimality", 0.0)]) - 0.6).abs() < 1e-12);
        assert!((total(&[of("minimality", 0.5)]) - 0.5).abs() < 1e-12);
    }
}
