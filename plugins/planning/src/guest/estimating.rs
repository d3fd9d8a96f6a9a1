//! Estimates, how sure they are, the model trained on outcomes, and what is needed in the next days.

use super::recorded::{newest, predict as forecast, trained};
use super::{TASKS, Target, joined, optional, planned, target, text};
use crate::confidence::{Factor, Spread, intervals, split, word};
use crate::history::{self, Trained, ratio_summary};
use crate::sample::{deviation, mean, quantile, sorted};
use crate::{cpm, row};
use memstrata_sdk::{Answer, Fault, Query, Value, clock, json, write};
use std::collections::BTreeMap;

/// The estimate of a target: its plan's effort if all steps have some, else the task's own.
fn own_estimate(found: &Target) -> Option<f64> {
    let (minutes, unknown) = found.plan.effort();
    let of_plan = (unknown == 0 && minutes > 0.0).then_some(minutes);
    of_plan.or_else(|| found.task.as_ref().and_then(|task| row::number(task, "estimated_minutes")))
}

pub(super) fn predict(given: &Value) -> Answer {
    let found = target(given, "task_id")?.unwrap_or_default();
    let words = if text(given, "description").is_empty() { found.words() } else { text(given, "description") };
    let estimate = row::number(given, "estimate").or_else(|| own_estimate(&found));
    let told = forecast(words, estimate)?;
    Ok(joined(told.value(), json!({"complexity": text(given, "complexity"), "estimate": estimate})))
}

pub(super) fn record(given: &Value) -> Answer {
    let found = target(given, "task_id")?.unwrap_or_default();
    let words = if text(given, "description").trim().is_empty() { found.words() } else { text(given, "description") };
    if words.trim().is_empty() {
        return Err(Fault::invalid("say in `description` what it was, or name the task"));
    }
    let estimated = row::number(given, "estimated_minutes").or_else(|| own_estimate(&found));
    let actual = row::number(given, "actual_minutes").unwrap_or(0.0);
    let stored = json!({"content": words, "task": found.task_id(), "plan": found.id, "estimated_minutes": estimated, "actual_minutes": actual, "finished": true,
        "basis": "recorded by the caller", "namespace": found.namespace()});
    let id = write::insert("estimates", &stored)?;
    Ok(
        json!({"id": id, "estimated_minutes": estimated, "actual_minutes": actual, "ratio": estimated.filter(|e| *e > 0.0).map(|e| row::round(actual / e))}),
    )
}

pub(super) fn resources(given: &Value, detailed: bool) -> Answer {
    let found = planned(given)?;
    let plan = &found.plan;
    let (effort, unknown) = plan.effort();
    let own = (unknown == 0).then_some(effort);
    let told = forecast(found.words(), own)?;
    let minutes: Vec<f64> = plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect();
    let line = cpm::timeline(&plan.steps, &minutes);
    let mut load: BTreeMap<&str, (f64, Vec<usize>)> = BTreeMap::new();
    for (number, step) in (1..).zip(&plan.steps) {
        for resource in &step.resources {
            let entry = load.entry(resource).or_default();
            entry.0 += step.estimated_minutes.unwrap_or(0.0);
            entry.1.push(number);
        }
    }
    let mut people: Vec<String> = load.keys().map(|name| (*name).to_owned()).collect();
    if let Some(assignee) = found
        .task
        .as_ref()
        .map(|task| row::text(task, "assignee").to_owned())
        .filter(|name| !name.is_empty() && !people.contains(name))
    {
        people.push(assignee);
    }
    let mut answer = json!({"effort_minutes": own.map(row::round), "steps_without_estimate": unknown, "critical_path_minutes": (unknown == 0).then(|| row::round(line.minutes)),
        "people": people, "forecast": told.value(), "basis": if unknown == 0 { "the plan's estimates" } else { "steps without an estimate: the effort is not known" }});
    if detailed {
        let at = |number: &usize| line.slots.get(number - 1).copied().unwrap_or_default();
        let overlap = |numbers: &[usize]| {
            let pairs =
                numbers.iter().enumerate().flat_map(|(place, a)| numbers.iter().skip(place + 1).map(move |b| (*a, *b)));
            pairs
                .filter(|(a, b)| at(a).start < at(b).end && at(b).start < at(a).end)
                .map(|(a, b)| json!([a, b]))
                .collect::<Vec<_>>()
        };
        let loads: Vec<Value> = load.iter().map(|(name, (minutes, steps))| json!({"resource": name, "minutes": row::round(*minutes), "steps": steps, "wanted_twice": overlap(steps)})).collect();
        let most = line
            .slots
            .iter()
            .map(|slot| line.slots.iter().filter(|other| other.start <= slot.start && slot.start < other.end).count())
            .max()
            .unwrap_or(0);
        let steps: Vec<Value> = (1..).zip(plan.steps.iter().zip(&line.slots)).map(|(number, (step, slot))| {
            json!({"step": number, "content": step.content, "estimated_minutes": step.estimated_minutes, "start": row::round(slot.start), "end": row::round(slot.end), "slack": row::round(slot.slack), "resources": step.resources, "basis": step.basis})
        }).collect();
        answer = joined(answer, json!({"resources": loads, "most_steps_at_once": most, "steps": steps}));
    }
    Ok(answer)
}

fn factors(given: &Value) -> Result<(Vec<f64>, Vec<String>), Fault> {
    let factors: Vec<Factor> =
        serde_json::from_value(given.get("external_factors").cloned().unwrap_or_else(|| json!([])))
            .map_err(|error| Fault::invalid(error.to_string()))?;
    Ok(split(&factors))
}

/// The relative deviation of a plan with three-point estimates on its critical path: PERT's ((b - a) / 6) of each, by squares.
fn of_plan(found: &Target) -> Option<f64> {
    let plan = &found.plan;
    let minutes: Vec<f64> = plan.steps.iter().map(|step| step.estimated_minutes.unwrap_or(0.0)).collect();
    let line = cpm::timeline(&plan.steps, &minutes);
    let spread = |number: &usize| {
        let step = plan.steps.get(number - 1)?;
        Some(((step.pessimistic_minutes? - step.optimistic_minutes?) / 6.0).powi(2))
    };
    let squares: Vec<f64> = line.path.iter().filter_map(spread).collect();
    (!squares.is_empty() && line.minutes > 0.0).then(|| squares.iter().sum::<f64>().sqrt() / line.minutes)
}

/// The relative deviation of recorded ratios, and how many.
fn recorded() -> Result<Option<(f64, usize, Vec<f64>)>, Fault> {
    let ratios = sorted(&history::ratios(&newest(200)?));
    let relative =
        deviation(&ratios).zip(mean(&ratios)).filter(|(_, mean)| *mean > 0.0).map(|(deviation, mean)| deviation / mean);
    Ok(relative.filter(|_| ratios.len() >= history::FEWEST).map(|relative| (relative, ratios.len(), ratios)))
}

pub(super) fn uncertainty(given: &Value) -> Answer {
    let found = target(given, "task_id")?.unwrap_or_default();
    let estimate = row::number(given, "estimate").unwrap_or(100.0);
    let (sizes, not_counted) = factors(given)?;
    let history = recorded()?;
    let (own, records, basis) = match (of_plan(&found), &history) {
        // The author's three points are knowledge, not a sample: no error of few records.
        (Some(own), _) => (own, usize::MAX, "three-point estimates on the plan's critical path".to_owned()),
        (None, Some((own, count, _))) => {
            (*own, *count, format!("{count} recorded ratios of actual to estimated minutes"))
        }
        (None, None) => (
            0.0,
            usize::MAX,
            "nothing tells the spread of such work: only the outer factors count, so it is too small".to_owned(),
        ),
    };
    let spread = Spread::new(own, records, &sizes);
    Ok(joined(
        spread.value(),
        json!({"estimate": estimate, "basis": basis, "not_counted": not_counted, "intervals": intervals(estimate, spread.total()), "spread_known": basis.starts_with("three") || history.is_some()}),
    ))
}

pub(super) fn scores(given: &Value) -> Answer {
    target(given, "task_id")?;
    let estimate = row::number(given, "estimate").unwrap_or(100.0);
    let kind = text(given, "score_type");
    let (sizes, not_counted) = factors(given)?;
    let mut own = row::number(given, "historical_variance").unwrap_or(0.15);
    let mut points = row::int(given, "data_points").unwrap_or(10) as usize;
    let mut basis = "the given variance and data points".to_owned();
    if let Some((relative, count, _)) = recorded()?.filter(|_| kind == "timeline" || kind == "overall") {
        (own, points, basis) = (relative, count, format!("{count} recorded ratios of actual to estimated minutes"));
    } else if kind == "timeline" || kind == "overall" {
        basis.push_str("; too little work is recorded to replace them");
    }
    let spread = Spread::new(own, points, &sizes);
    let score = row::round(spread.score());
    let mut told = json!({"score": score, "confidence": word(score), "basis": basis, "score_type": kind, "estimate": estimate, "spread": spread.value(), "not_counted": not_counted});
    if kind == "range" || kind == "overall" {
        super::set(&mut told, "intervals", intervals(estimate, spread.total()));
    }
    Ok(told)
}

pub(super) fn interval(given: &Value) -> Answer {
    let found = target(given, "task_id")?;
    let estimate = row::number(given, "estimate").unwrap_or(100.0);
    let variance = row::number(given, "variance").unwrap_or(0.15);
    let of_record = recorded()?.map(|(_, count, ratios)| {
        let at = |share: f64| quantile(&ratios, share).map(|ratio| row::round(ratio * estimate));
        json!({"records": count, "p10": at(0.1), "p50": at(0.5), "p90": at(0.9)})
    });
    Ok(
        json!({"estimate": estimate, "intervals": intervals(estimate, variance), "basis": format!("normal errors with a relative deviation of {variance}, as given"),
        "recorded": of_record, "own_estimate": found.as_ref().and_then(own_estimate)}),
    )
}

pub(super) fn train() -> Answer {
    let records = newest(500)?;
    let summary = ratio_summary(&records);
    let Some(model) = Trained::fit(&records) else {
        let before = trained()?.is_some();
        return Ok(json!({"trained": false, "records": records.len(), "ratios": summary, "kept_before": before,
            "reason": "it needs four finished records with estimates of different sizes: `record_outcome`, or complete tasks that have estimates"}));
    };
    write::upsert("models", "name", &json!({"name": "minutes", "model": model.value()}))?;
    Ok(
        json!({"trained": true, "records": model.records, "model": model.value(), "used": model.error < model.given_error, "ratios": summary}),
    )
}

pub(super) fn needs(given: &Value) -> Answer {
    let days = row::int(given, "forecast_days").unwrap_or(30);
    let (now, span) = (clock::now(), days * 86_400_000);
    let open = optional(|| {
        let query = Query::of(TASKS)
            .filter(json!(["status", "in", ["pending", "active", "blocked"]]))?
            .filter(json!(["due_at", "<=", now + span]))?;
        Ok(query.select(&["assignee", "estimated_minutes", "due_at"])?.ascending("due_at")?.limit(500).page()?.rows)
    })?;
    let done = || {
        Query::of(TASKS).filter(json!(["status", "=", "completed"]))?.filter(json!([
            "completed_at",
            ">=",
            now.saturating_sub(span)
        ]))
    };
    let spent = optional(|| done()?.aggregate("sum", "actual_duration_minutes"))?;
    let undated = optional(|| {
        Query::of(TASKS)
            .filter(json!(["status", "in", ["pending", "active", "blocked"]]))?
            .filter(json!(["due_at", "=", null]))?
            .count()
    })?;
    let mut people: BTreeMap<&str, (f64, usize, usize)> = BTreeMap::new();
    for task in &open {
        let entry = people.entry(row::text(task, "assignee")).or_default();
        entry.1 += 1;
        match row::number(task, "estimated_minutes") {
            Some(minutes) => entry.0 += minutes,
            None => entry.2 += 1,
        }
    }
    let needed: f64 = people.values().map(|(minutes, _, _)| minutes).sum();
    let shown: Vec<Value> = people.iter().map(|(name, (minutes, tasks, bare))| json!({"assignee": name, "minutes": row::round(*minutes), "tasks": tasks, "without_estimate": bare})).collect();
    let ratio = ratio_summary(&newest(200)?);
    let corrected =
        ratio.as_ref().and_then(|ratio| row::field(ratio, "median").as_f64()).map(|ratio| row::round(needed * ratio));
    let basis = match spent {
        Some(_) => "estimates of open tasks that are due, against minutes spent in as many days before",
        None => {
            "estimates of open tasks that are due; nothing was finished in as many days before, so nothing tells what is possible"
        }
    };
    Ok(
        json!({"needed_minutes": row::round(needed), "corrected_minutes": corrected, "people": shown, "spent_before": spent.map(row::round),
        "enough": spent.map(|spent| spent >= corrected.unwrap_or(needed)), "tasks_without_date": undated, "cut": open.len() == 500, "basis": basis}),
    )
}
