//! Ways to plan: strategies by rules, alternatives of a plan, its short form, and help with what is missing.

use super::checking::{all_levels, findings};
use super::drawing::sketch;
use super::recorded::{plans, predict, procedures};
use super::{PLANS, planned, set, target, text};
use crate::plan::Plan;
use crate::strategy::{self, STRATEGIES, Work, advise};
use crate::{cpm, refine, row, words};
use memstrata_sdk::{Answer, Fault, Query, Value, json};

fn advised(work: &Work) -> Value {
    let advice = advise(work);
    let mut told = advice.iter().map(strategy::value);
    json!({"recommended": told.next(), "others": told.collect::<Vec<_>>()})
}

pub(super) fn suggest(given: &Value) -> Answer {
    let time = text(given, "time_available");
    let minutes = strategy::time_available(time).ok_or_else(|| {
        Fault::invalid(format!("`time_available`: `{time}` is no time: write 4_hours, 1_day or 2_weeks"))
    })?;
    let complexity = row::int(given, "complexity").unwrap_or(5);
    let mut told = advised(&Work {
        description: text(given, "task_description"),
        complexity,
        minutes: Some(minutes),
        kind: text(given, "domain"),
    });
    set(&mut told, "minutes_available", json!(minutes));
    Ok(told)
}

pub(super) fn recommend(given: &Value) -> Answer {
    let found = target(given, "task_id")?;
    let own = text(given, "description");
    let words = if own.is_empty() { found.as_ref().map_or("", |found| found.words()) } else { own };
    // Complexity is not given here: 5 is the middle, and the answer shows it.
    let mut told = advised(&Work { description: words, complexity: 5, minutes: None, kind: text(given, "task_type") });
    let mut tried = Vec::new();
    for (way, count) in Query::of(PLANS).group_count("strategy")? {
        let done = Query::of(PLANS)
            .filter(json!(["strategy", "=", way]))?
            .filter(json!(["status", "=", "completed"]))?
            .count()?;
        tried.push(json!({"strategy": way, "plans": count, "completed": done}));
    }
    set(&mut told, "tried", tried.into());
    set(&mut told, "complexity_supposed", json!(5));
    Ok(told)
}

pub(super) fn patterns(given: &Value) -> Answer {
    let (words, context) = (text(given, "task_description"), given.get("project_context").cloned().unwrap_or_default());
    let work = Work {
        description: words,
        complexity: row::int(&context, "complexity").filter(|n| (1..=10).contains(n)).unwrap_or(5),
        minutes: strategy::time_available(row::text(&context, "time_available")),
        kind: row::text(&context, "task_type"),
    };
    let plans: Vec<Value> = (plans(words)?.iter())
        .map(|plan| json!({"id": row::id(plan), "title": row::field(plan, "title"), "status": row::field(plan, "status"), "strategy": row::field(plan, "strategy"), "outline": strategy::outline(&Plan::of(plan))}))
        .collect();
    let procedures: Vec<Value> = match words::stems(words).is_empty() {
        true => vec![],
        false => procedures(words)?
            .iter()
            .map(|found| json!({"id": row::id(found), "name": row::field(found, "name"), "steps": row::field(found, "steps")}))
            .collect(),
    };
    Ok(
        json!({"strategies": advise(&work).iter().map(strategy::value).collect::<Vec<_>>(), "plans": plans, "procedures": procedures}),
    )
}

pub(super) fn assist(given: &Value) -> Answer {
    let found = target(given, "task_id")?.unwrap_or_default();
    let own = format!("{} {}", text(given, "task_description"), text(given, "context"));
    let words = if text(given, "task_description").trim().is_empty() {
        found.words().to_owned()
    } else {
        own.trim().to_owned()
    };
    if words.trim().is_empty() {
        return Err(Fault::invalid("give a task or a `task_description`"));
    }
    let mut plan = found.plan.clone();
    let mut basis = "the plan as it is stored".to_owned();
    let drafted = plan.steps.is_empty();
    if drafted {
        (plan.steps, basis) = sketch(&words, false)?;
    }
    let (_, findings) = findings(&plan, &all_levels(), false)?;
    let ready = |step: &&crate::plan::Step| {
        !step.over()
            && !step.deferred
            && step
                .depends_on
                .iter()
                .all(|before| plan.steps.get(before.wrapping_sub(1)).is_some_and(crate::plan::Step::over))
    };
    let mut next: Vec<String> =
        plan.steps.iter().filter(ready).take(3).map(|step| format!("do: {}", step.content)).collect();
    if drafted {
        next.insert(0, "store this draft: `create_plan`, or `generate_task_plan`".into());
    } else if plan.effort().1 > 0 {
        next.push("estimate the steps without minutes: `update_plan`".into());
    }
    let (minutes, unknown) = plan.effort();
    let forecast = predict(&words, (unknown == 0 && minutes > 0.0).then_some(minutes))?;
    let advice = advise(&Work { description: &words, complexity: 5, minutes: None, kind: "" });
    Ok(
        json!({"next_actions": next, "findings": findings, "strategy": advice.first().map(strategy::value), "forecast": forecast.value(), "steps": plan.steps, "basis": basis, "drafted": drafted}),
    )
}

pub(super) fn alternatives(given: &Value) -> Answer {
    let found = planned(given)?;
    let plan = &found.plan;
    let contents: Vec<String> = plan.steps.iter().map(|step| step.content.clone()).collect();
    let mut ways: Vec<(String, Plan, Vec<String>)> = Vec::new();
    for refinement in refine::REFINEMENTS {
        let (new, changes) = refine::apply(plan, refinement);
        if !changes.is_empty() {
            ways.push((refinement.to_owned(), new, changes));
        }
    }
    for (way, means) in STRATEGIES.iter().filter(|(way, _)| !matches!(*way, "HIERARCHICAL" | "DEADLINE_DRIVEN")) {
        let mut new = Plan { steps: strategy::shape(&plan.title, &contents, "", way), ..plan.clone() };
        for step in &mut new.steps {
            if let Some(own) = plan.steps.iter().find(|own| own.content == step.content) {
                step.estimated_minutes = own.estimated_minutes;
                step.basis = own.basis.clone();
            }
        }
        ways.push(((*way).to_owned(), new, vec![(*means).to_owned()]));
    }
    let (own, _) = plan.effort();
    let scale = row::number(given, "base_estimate").filter(|_| own > 0.0).map(|base| base / own);
    let minutes = |plan: &Plan| {
        cpm::timeline(
            &plan.steps,
            &plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect::<Vec<_>>(),
        )
        .minutes
    };
    ways.sort_by(|a, b| minutes(&a.1).total_cmp(&minutes(&b.1)));
    let most = row::int(given, "num_alternatives").map_or(usize::MAX, |most| most as usize);
    let told = ways.iter().take(most).map(|(way, plan, changes)| {
        json!({"way": way, "changes": changes, "outline": strategy::outline(plan), "scaled_minutes": scale.map(|scale| row::round(minutes(plan) * scale)), "steps": plan.steps})
    });
    let basis = match scale {
        Some(scale) => {
            format!("minutes of the stored plan times {}, so that its effort is the base estimate", row::round(scale))
        }
        None => "minutes of the stored plan; steps a strategy adds have none".into(),
    };
    Ok(json!({"alternatives": told.collect::<Vec<_>>(), "basis": basis}))
}

pub(super) fn lightweight(given: &Value) -> Answer {
    let found = planned(given)?;
    let plan = &found.plan;
    let way = text(given, "strategy");
    let minutes: Vec<f64> = plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect();
    let line = cpm::timeline(&plan.steps, &minutes);
    let mut kept: Vec<usize> = match way {
        "critical_path" => line.path,
        "quick_wins" => {
            let mut all: Vec<usize> = (1..=plan.steps.len())
                .filter(|number| plan.steps.get(number - 1).is_some_and(|step| step.estimated_minutes.is_some()))
                .collect();
            all.sort_by(|a, b| {
                minutes.get(a - 1).unwrap_or(&0.0).total_cmp(minutes.get(b - 1).unwrap_or(&0.0)).then(a.cmp(b))
            });
            all
        }
        _ => {
            let twins = crate::properties::twins(plan);
            (1..)
                .zip(&plan.steps)
                .filter(|(number, step)| !step.optional && !twins.iter().any(|(_, twin)| twin == number))
                .map(|(number, _)| number)
                .collect()
        }
    };
    kept.retain(|number| plan.steps.get(number - 1).is_some_and(|step| !step.over()));
    let limit = row::number(given, "resource_limit").unwrap_or(100.0);
    let mut sum = 0.0;
    if way == "quick_wins" {
        kept.retain(|number| {
            let more = minutes.get(number - 1).copied().unwrap_or(0.0);
            let fits = sum + more <= limit;
            sum += if fits { more } else { 0.0 };
            fits
        });
    } else {
        sum = kept.iter().filter_map(|number| minutes.get(number - 1)).sum();
    }
    let known =
        kept.iter().all(|number| plan.steps.get(number - 1).is_some_and(|step| step.estimated_minutes.is_some()));
    let left_out: Vec<Value> = (1..)
        .zip(&plan.steps)
        .filter(|(number, step)| !kept.contains(number) && !step.over())
        .map(|(number, step)| json!({"step": number, "content": step.content}))
        .collect();
    let steps: Vec<Value> = kept
        .iter()
        .filter_map(|number| {
            plan.steps.get(number - 1).map(
                |step| json!({"step": number, "content": step.content, "estimated_minutes": step.estimated_minutes}),
            )
        })
        .collect();
    Ok(
        json!({"strategy": way, "steps": steps, "left_out": left_out, "minutes": known.then(|| row::round(sum)), "resource_limit": limit, "fits": known.then_some(sum <= limit)}),
    )
}
