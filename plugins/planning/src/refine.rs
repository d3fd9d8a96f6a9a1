//! Refinements of a plan: parallelization, compression, reordering, escalation, deferral. Each answers the new plan and what it changed.

use crate::plan::{Plan, Step};
use crate::{cpm, properties, words};

/// The refinements.
pub const REFINEMENTS: [&str; 5] = ["parallelization", "compression", "reordering", "escalation", "deferral"];

/// Applies one. An unknown name changes nothing.
#[must_use]
pub fn apply(plan: &Plan, refinement: &str) -> (Plan, Vec<String>) {
    match refinement {
        "parallelization" => parallelize(plan),
        "compression" => compress(plan),
        "reordering" => reorder(plan),
        "escalation" => escalate(plan),
        "deferral" => defer(plan),
        _ => (plan.clone(), vec![]),
    }
}

fn minutes(plan: &Plan) -> Vec<f64> {
    plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect()
}

/// An order that nobody stated goes if the two steps share no resource and no word, and the later one checks nothing. The later step then waits
/// for what the earlier one waited for where it does share something with that.
fn parallelize(plan: &Plan) -> (Plan, Vec<String>) {
    let (mut new, mut changes) = (plan.clone(), Vec::new());
    let shares = |a: &Step, b: &Step| {
        a.resources.iter().any(|resource| b.resources.contains(resource))
            || !words::stems(&a.content).is_disjoint(&words::stems(&b.content))
            || words::verifies(&a.content)
            || words::guards(&b.content) && words::risky(&a.content)
    };
    for (at, step) in new.steps.iter_mut().enumerate() {
        if !step.order_assumed || step.over() {
            continue;
        }
        let (mut kept, mut open) = (Vec::new(), step.depends_on.clone());
        let mut seen = open.clone();
        let mut freed = Vec::new();
        while let Some(number) = open.pop() {
            let Some(before) = plan.steps.get(number.wrapping_sub(1)) else { continue };
            if shares(step, before) {
                kept.push(number);
                continue;
            }
            if step.depends_on.contains(&number) {
                freed.push(number);
            }
            for earlier in
                before.depends_on.iter().filter(|earlier| !seen.contains(earlier)).copied().collect::<Vec<_>>()
            {
                seen.push(earlier);
                open.push(earlier);
            }
        }
        kept.sort_unstable();
        if !freed.is_empty() {
            changes.push(format!(
                "step {} need not wait for {}: the order was only supposed and they share nothing",
                at + 1,
                crate::row::list(&freed)
            ));
            step.depends_on = kept;
        }
    }
    let more = cpm::superfluous(&new.steps);
    for (step, before) in &more {
        if let Some(step) = new.steps.get_mut(step.wrapping_sub(1)) {
            step.depends_on.retain(|number| number != before);
        }
    }
    (new, changes)
}

/// Takes steps out by number; what depended on one depends on what it depended on.
fn without(plan: &Plan, gone: &[usize]) -> Plan {
    let mut new = plan.clone();
    for number in gone {
        let heirs = new.steps.get(number - 1).map(|step| step.depends_on.clone()).unwrap_or_default();
        for step in &mut new.steps {
            if step.depends_on.contains(number) {
                step.depends_on.retain(|before| before != number);
                step.depends_on.extend(heirs.iter().filter(|heir| !gone.contains(heir) || *heir < number));
                step.depends_on.sort_unstable();
                step.depends_on.dedup();
            }
        }
    }
    let order: Vec<usize> = (1..=new.steps.len()).filter(|number| !gone.contains(number)).collect();
    renumber(&new, &order)
}

/// The steps in this order of old numbers; what is not in it goes, with all that names it.
fn renumber(plan: &Plan, order: &[usize]) -> Plan {
    let place = |old: usize| order.iter().position(|number| *number == old).map(|at| at + 1);
    let mut new = plan.clone();
    new.steps = order.iter().filter_map(|number| plan.steps.get(number.wrapping_sub(1)).cloned()).collect();
    for step in &mut new.steps {
        step.depends_on = step.depends_on.iter().filter_map(|before| place(*before)).collect();
        step.depends_on.sort_unstable();
    }
    for milestone in &mut new.milestones {
        let old = milestone.after_step;
        milestone.after_step = (1..=old).rev().find_map(place).unwrap_or(1);
    }
    new
}

/// Steps that say the same become one; optional ones that nothing stated needs, and shortcuts of dependencies, go.
fn compress(plan: &Plan) -> (Plan, Vec<String>) {
    let mut changes = Vec::new();
    let mut gone: Vec<usize> = Vec::new();
    for (first, twin) in properties::twins(plan) {
        let untouched = plan.steps.get(twin - 1).is_some_and(|step| step.status.is_empty() || step.status == "pending");
        // A step that comes before the other cannot take its place without a circle.
        let safe = plan.steps.get(first - 1).is_some_and(|step| !step.depends_on.contains(&twin));
        if !gone.contains(&first) && !gone.contains(&twin) && untouched && safe {
            changes.push(format!("step {twin} says the same as {first} and went"));
            gone.push(twin);
        }
    }
    for (number, step) in (1..).zip(&plan.steps).filter(|(_, step)| step.optional && !step.over()) {
        if !gone.contains(&number) && gone.len() + 1 < plan.steps.len() {
            changes.push(format!("the optional step {number} (`{}`) went", step.content));
            gone.push(number);
        }
    }
    gone.sort_unstable();
    let mut new = without(plan, &gone);
    let shortcuts = cpm::superfluous(&new.steps);
    for (number, before) in &shortcuts {
        if let Some(step) = new.steps.get_mut(number - 1) {
            step.depends_on.retain(|known| known != before);
            changes.push(format!("step {number} need not name {before}: it follows from its others"));
        }
    }
    (new, changes)
}

/// List scheduling by the latest start, critical steps first (J. E. Kelley, "The critical-path method: resources planning and scheduling", 1963).
fn reorder(plan: &Plan) -> (Plan, Vec<String>) {
    let line = cpm::timeline(&plan.steps, &minutes(plan));
    let latest = |number: &usize| line.slots.get(number - 1).map_or(0.0, |slot| slot.start + slot.slack);
    let mut order: Vec<usize> = Vec::new();
    while order.len() < plan.steps.len() {
        let ready = (1..=plan.steps.len()).filter(|number| {
            !order.contains(number)
                && plan
                    .steps
                    .get(number - 1)
                    .is_some_and(|step| step.depends_on.iter().all(|before| order.contains(before)))
        });
        match ready.min_by(|a, b| latest(a).total_cmp(&latest(b)).then(a.cmp(b))) {
            Some(next) => order.push(next),
            None => return (plan.clone(), vec![]),
        }
    }
    let moved = (1..).zip(&order).filter(|(new, old)| new != *old).count();
    if moved == 0 {
        return (plan.clone(), vec![]);
    }
    let change = format!("{moved} steps moved: old numbers in new order {}", crate::row::list(&order));
    (renumber(plan, &order), vec![change])
}

/// Open steps of the critical path that ran over their estimate, or all of it once the plan is late.
fn escalate(plan: &Plan) -> (Plan, Vec<String>) {
    let line = cpm::timeline(&plan.steps, &minutes(plan));
    let (mut new, mut changes) = (plan.clone(), Vec::new());
    let over =
        |step: &Step| step.actual_minutes.zip(step.estimated_minutes).is_some_and(|(took, meant)| took > meant * 1.2);
    for number in &line.path {
        let delayed = plan.steps.get(number - 1).is_some_and(|step| {
            over(step) || step.depends_on.iter().any(|before| plan.steps.get(before.wrapping_sub(1)).is_some_and(over))
        });
        if let Some(step) = new.steps.get_mut(number - 1).filter(|step| delayed && !step.over() && !step.escalated) {
            step.escalated = true;
            changes.push(format!("step {number} is on the critical path and late: it wants attention from above"));
        }
    }
    (new, changes)
}

/// Optional steps off the critical path that nothing depends on are put off.
fn defer(plan: &Plan) -> (Plan, Vec<String>) {
    let (mut new, mut changes) = (plan.clone(), Vec::new());
    for number in 1..=plan.steps.len() {
        let needed = plan.steps.iter().any(|step| step.depends_on.contains(&number) && !step.deferred);
        if let Some(step) =
            new.steps.get_mut(number - 1).filter(|step| step.optional && !needed && !step.over() && !step.deferred)
        {
            step.deferred = true;
            changes.push(format!("the optional step {number} (`{}`) is put off", step.content));
        }
    }
    (new, changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use memstrata_sdk::{Value, json};

    fn plan(steps: Value) -> Plan {
        Plan { steps: serde_json::from_value(steps).unwrap(), ..Plan::default() }
    }

    #[test]
    fn only_supposed_orders_are_loosened() {
        let steps = json!([{"content": "Write parser", "estimated_minutes": 10}, {"content": "Paint logo", "estimated_minutes": 10, "depends_on": [1], "order_assumed": true},
            {"content": "Print manual", "depends_on": [1]}, {"content": "Document parser", "depends_on": [2], "order_assumed": true}]);
        let (new, changes) = apply(&plan(steps), "parallelization");
        assert_eq!(new.steps[1].depends_on, Vec::<usize>::new());
        assert_eq!(new.steps[2].depends_on, [1], "stated orders stay");
        assert_eq!(new.steps[3].depends_on, [1], "it shares the parser with step 1, behind step 2");
        assert_eq!(changes.len(), 2);
    }

    #[test]
    fn compression_drops_twins_and_optional_steps_and_keeps_the_order() {
        let steps = json!([{"content": "Write code"}, {"content": "Polish", "optional": true, "depends_on": [1]}, {"content": "Write code", "depends_on": [1]},
            {"content": "Ship", "depends_on": [2, 3]}]);
        let (new, changes) = apply(&plan(steps), "compression");
        assert_eq!(new.steps.iter().map(|step| step.content.as_str()).collect::<Vec<_>>(), ["Write code", "Ship"]);
        assert_eq!(new.steps[1].depends_on, [1]);
        assert_eq!(changes.len(), 2);
        assert!(new.check().is_ok());
    }

    #[test]
    fn critical_steps_come_first() {
        let steps = json!([{"content": "short", "estimated_minutes": 1}, {"content": "long", "estimated_minutes": 50}, {"content": "end", "estimated_minutes": 5, "depends_on": [1, 2]}]);
        let (new, _) = apply(&plan(steps), "reordering");
        assert_eq!(new.steps[0].content, "long");
        assert_eq!(new.steps[2].depends_on, [1, 2]);
        assert!(apply(&new, "reordering").1.is_empty(), "a second time changes nothing");
    }

    #[test]
    fn late_steps_escalate_and_optional_leaves_wait() {
        let steps = json!([{"content": "a", "estimated_minutes": 10, "actual_minutes": 20, "status": "completed"}, {"content": "b", "estimated_minutes": 10, "depends_on": [1]},
            {"content": "c", "optional": true, "depends_on": [1]}]);
        let plan = plan(steps);
        assert!(apply(&plan, "escalation").0.steps[1].escalated);
        let (new, _) = apply(&plan, "deferral");
        assert_eq!(new.steps.iter().map(|step| step.deferred).collect::<Vec<_>>(), [false, false, true]);
    }
}
