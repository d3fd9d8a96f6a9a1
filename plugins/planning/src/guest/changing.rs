//! Plans under way: deviations, replanning, refinements, and what repeats.

use super::checking::open_steps;
use super::{PLANS, Target, minutes_until, planned, plans, text};
use crate::plan::Plan;
use crate::replan::{self, Case};
use crate::sample::{deviation, median};
use crate::{refine, row, strategy, validate};
use memstrata_sdk::{Answer, Fault, Query, Value, clock, json, write};
use std::collections::BTreeMap;

/// Percent that what is done took more than it was meant to; none if nothing has both numbers.
fn percent(plan: &Plan) -> Option<f64> {
    let both = plan
        .steps
        .iter()
        .filter(|step| step.over())
        .filter_map(|step| Some((step.actual_minutes?, step.estimated_minutes?)));
    let (took, meant) = both.fold((0.0, 0.0), |(took, meant), (a, e)| (took + a, meant + e));
    (meant > 0.0).then(|| (took / meant - 1.0) * 100.0)
}

/// The deviation of a target: of its plan's steps, else of the task as a whole.
fn deviated(found: &Target) -> Option<f64> {
    percent(&found.plan).or_else(|| {
        let task = found.task.as_ref()?;
        let meant = row::number(task, "estimated_minutes").filter(|minutes| *minutes > 0.0)?;
        let done = row::number(task, "actual_duration_minutes");
        Some((done? / meant - 1.0) * 100.0)
    })
}

pub(super) fn monitor(given: &Value) -> Answer {
    let found = planned(given)?;
    let plan = &found.plan;
    let threshold = row::number(given, "threshold_percent").unwrap_or(10.0);
    let percent = deviated(&found);
    let mut triggers = Vec::new();
    let mut steps = Vec::new();
    for (number, step) in (1..).zip(&plan.steps) {
        if let Some((took, meant)) = step.actual_minutes.zip(step.estimated_minutes).filter(|(_, meant)| *meant > 0.0) {
            let off = (took / meant - 1.0) * 100.0;
            if off.abs() > threshold {
                steps.push(json!({"step": number, "content": step.content, "percent": row::round(off), "severity": replan::severity(off)}));
            }
            if off > replan::EXCEEDED_PERCENT {
                triggers.push(json!({"trigger": "duration_exceeded", "step": number}));
            }
        }
    }
    for assumption in plan.assumptions.iter().filter(|assumption| assumption.violated) {
        triggers.push(json!({"trigger": "assumption_violated", "assumption": assumption.text}));
    }
    let missed = |at: &crate::plan::Milestone| {
        at.due_at.is_some_and(|due| due < clock::now())
            && plan.steps.get(at.after_step.wrapping_sub(1)).is_some_and(|step| !step.over())
    };
    for milestone in plan.milestones.iter().filter(|milestone| missed(milestone)) {
        triggers.push(json!({"trigger": "milestone_missed", "milestone": milestone.title}));
    }
    if found.task.as_ref().is_some_and(|task| row::text(task, "status") == "blocked") {
        triggers.push(json!({"trigger": "blocker_encountered", "reason": found.task.as_ref().map(|task| row::text(task, "blocked_reason"))}));
    }
    let left: f64 = open_steps(plan).iter().filter_map(|step| step.estimated_minutes).sum();
    let late = plan.deadline.map(minutes_until).filter(|until| left > *until);
    let basis = match percent {
        Some(_) => "actual against estimated minutes of what is done",
        None => "nothing that is done has both an estimate and actual minutes",
    };
    Ok(json!({
        "deviates": percent.is_some_and(|percent| percent.abs() > threshold) || !triggers.is_empty() || late.is_some(),
        "percent": percent.map(row::round), "severity": percent.map_or("low", replan::severity), "threshold_percent": threshold, "basis": basis, "steps": steps,
        "triggers": triggers, "progress": row::round(plan.progress()), "open_minutes": row::round(left), "minutes_until_deadline": plan.deadline.map(|at| row::round(minutes_until(at))),
    }))
}

fn decided(given: &Value, found: &Target, severity: &str, reason: &str, more: Value) -> Answer {
    let plan = &found.plan;
    let trigger = text(given, "trigger_type");
    let marked = plan.assumptions.iter().filter(|assumption| assumption.violated).count();
    // A report of a violation is at least one, even if none is marked yet.
    let violated = marked.max(usize::from(trigger == "assumption_violated"));
    let broken = validate::broken_constraints(plan);
    let constraint = trigger == "resource_constraint" || !broken.is_empty();
    let case = Case {
        violated_assumptions: violated,
        severity: severity.to_owned(),
        constraint_broken: constraint,
        done: plan.progress(),
    };
    let (level, rule) = replan::decide(&case);
    let open: Vec<usize> = (1..).zip(&plan.steps).filter(|(_, step)| !step.over()).map(|(number, _)| number).collect();
    let minutes: Vec<f64> = plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect();
    let path = crate::cpm::timeline(&plan.steps, &minutes).path;
    let next = open.first().copied();
    let steps: Vec<usize> = match level {
        "local" => next.into_iter().collect(),
        // What is open of the critical path.
        "segment" => open.iter().copied().filter(|number| path.contains(number)).collect(),
        "full" | "abort" => open,
        _ => vec![],
    };
    let stored = json!({"plan": found.id, "task": found.task_id(), "trigger_type": trigger, "reason": reason, "severity": severity, "level": level, "rule": rule,
        "steps": steps, "remaining_minutes": row::field(&more, "remaining_minutes"), "namespace": found.namespace()});
    let id = write::insert("replans", &stored)?;
    if level == "abort"
        && let Some(plan) = found.id
    {
        write::update(PLANS, plan, None, &json!({"status": "abandoned"}))?;
    }
    let advice = match level {
        "none" => "go on as planned",
        "local" => "plan the next step anew: `update_plan`, or `refine_plan_automatically` with deferral",
        "segment" => "plan the open steps of the critical path anew: `update_plan`, then `validate_plan_comprehensive`",
        "full" => "make a new plan of what is open: `generate_task_plan`",
        _ => "the plan is abandoned: settle the constraint before you plan again",
    };
    Ok(super::joined(
        json!({"id": id, "level": level, "rule": rule, "severity": severity, "steps": steps, "violated_assumptions": violated, "broken_constraints": broken,
        "progress": row::round(case.done), "advice": advice}),
        more,
    ))
}

pub(super) fn adaptive(given: &Value) -> Answer {
    let found = planned(given)?;
    decided(given, &found, text(given, "severity"), text(given, "reason"), json!({}))
}

pub(super) fn replan(given: &Value) -> Answer {
    let found = planned(given)?;
    let meant: f64 = open_steps(&found.plan).iter().filter_map(|step| step.estimated_minutes).sum();
    let remaining = row::number(given, "remaining_work_estimate");
    let (percent, basis) = match remaining.filter(|_| meant > 0.0) {
        Some(remaining) => {
            (Some((remaining / meant - 1.0) * 100.0), "remaining minutes against those planned for open steps")
        }
        None => (deviated(&found), "actual against estimated minutes of what is done"),
    };
    // Without any number a report is taken as of medium severity, and the answer says so.
    let (severity, basis) = percent.map_or(("medium", "no number tells the severity: medium is supposed"), |percent| {
        (replan::severity(percent), basis)
    });
    decided(
        given,
        &found,
        severity,
        text(given, "trigger_reason"),
        json!({"percent": percent.map(row::round), "basis": basis, "remaining_minutes": remaining}),
    )
}

pub(super) fn refine(given: &Value) -> Answer {
    let found = planned(given)?;
    let mut wanted = row::texts(given, "strategies");
    if given.get("strategies").is_none() {
        wanted = ["parallelization", "compression", "reordering"].map(str::to_owned).to_vec();
    }
    let (mut plan, mut changes) = (found.plan.clone(), Vec::new());
    for refinement in &wanted {
        let (next, made) = refine::apply(&plan, refinement);
        changes.extend(made.into_iter().map(|change| json!({"refinement": refinement, "change": change})));
        plan = next;
    }
    let mut stored = found.id;
    let apply = given.get("apply").and_then(Value::as_bool).unwrap_or(true) && !changes.is_empty();
    if apply {
        match found.id {
            Some(id) => {
                let version = found.row.as_ref().and_then(|stored| row::int(stored, "version"));
                write::update(PLANS, id, version, &plans::fields(&plan))?;
            }
            None => {
                stored = Some(plans::store(
                    &plan,
                    None,
                    found.task_id(),
                    found.namespace(),
                    json!({"basis": "the task's own plan, refined"}),
                )?)
            }
        }
    }
    Ok(
        json!({"plan": stored, "applied": apply, "changes": changes, "before": strategy::outline(&found.plan), "after": strategy::outline(&plan), "steps": plan.steps}),
    )
}

pub(super) fn suggestions(given: &Value) -> Answer {
    let found = planned(given)?;
    let before = strategy::outline(&found.plan);
    let suggestion = |refinement: &&str| {
        let (plan, changes) = refine::apply(&found.plan, refinement);
        (!changes.is_empty())
            .then(|| json!({"refinement": refinement, "changes": changes, "after": strategy::outline(&plan)}))
    };
    Ok(json!({"suggestions": refine::REFINEMENTS.iter().filter_map(suggestion).collect::<Vec<_>>(), "before": before}))
}

/// Counts of a key with how many of them ended well.
fn tally(of: impl Iterator<Item = (String, bool)>) -> BTreeMap<String, (usize, usize)> {
    let mut counts = BTreeMap::new();
    for (key, good) in of {
        let count: &mut (usize, usize) = counts.entry(key).or_default();
        count.0 += 1;
        count.1 += usize::from(good);
    }
    counts
}

/// Patterns are looked for in so many plans, the newest.
const MOST_STUDIED: u32 = 100;

pub(super) fn patterns(given: &Value) -> Answer {
    let since = clock::now().saturating_sub(row::int(given, "days_back").unwrap_or(30) * 86_400_000);
    let kind = text(given, "pattern_type");
    let asked = |one: &str| kind == "all" || kind == one;
    let recent = |collection: &str, fields: &[&str]| {
        Ok::<_, Fault>(
            Query::of(collection)
                .filter(json!(["updated_at", ">=", since]))?
                .descending("updated_at")?
                .select(fields)?
                .limit(MOST_STUDIED)
                .page()?
                .rows,
        )
    };
    let stored = recent(PLANS, &["strategy", "status", "steps"])?;
    let plans: Vec<Plan> = stored.iter().map(Plan::of).collect();
    let mut found = Vec::new();
    if asked("strategy") {
        let by = tally(
            stored
                .iter()
                .map(|plan| (row::text(plan, "strategy").to_owned(), row::text(plan, "status") == "completed")),
        );
        found.extend(by.iter().map(|(way, (plans, completed))| json!({"type": "strategy", "strategy": if way.is_empty() { "as given" } else { way }, "plans": plans, "completed": completed})));
    }
    if asked("steps") {
        let steps = plans.iter().flat_map(|plan| &plan.steps);
        let key = |text: &str| crate::words::stems(text).into_iter().collect::<Vec<_>>().join(" ");
        let by = tally(steps.map(|step| (key(&step.content), step.status == "completed")));
        let recurring = by.iter().filter(|(words, (count, _))| *count >= 2 && !words.is_empty());
        found.extend(recurring.take(50).map(|(words, (count, completed))| json!({"type": "steps", "words": words, "times": count, "completed": completed})));
    }
    if asked("duration") {
        let steps = plans.iter().flat_map(|plan| &plan.steps);
        let ratios: Vec<f64> = steps
            .filter_map(|step| Some(step.actual_minutes? / step.estimated_minutes.filter(|minutes| *minutes > 0.0)?))
            .collect();
        let all = crate::history::ratio_summary(&super::recorded::newest(200)?);
        found.push(json!({"type": "duration", "steps": ratios.len(), "median_ratio": median(&ratios).map(row::round), "deviation": deviation(&ratios).map(row::round), "recorded_work": all}));
    }
    if asked("replanning") {
        let by = tally(
            recent("replans", &["trigger_type", "level"])?
                .iter()
                .map(|replan| (row::text(replan, "trigger_type").to_owned(), row::text(replan, "level") == "none")),
        );
        found.extend(by.iter().map(|(trigger, (times, none))| json!({"type": "replanning", "trigger": trigger, "times": times, "without_change": none})));
    }
    Ok(json!({"patterns": found, "plans": stored.len(), "since": since, "cut": stored.len() == MOST_STUDIED as usize}))
}
