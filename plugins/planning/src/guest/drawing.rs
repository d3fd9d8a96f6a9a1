//! Decomposition: steps out of words, procedures, recorded plans and, last, a model; the answer says which.

use super::recorded::{ask, planned_tasks, plans, predict, procedures};
use super::{target, text};
use crate::plan::{MOST_STEPS, Plan, Step};
use crate::{row, strategy, words};
use memstrata_sdk::{Answer, Fault, Value, json};

const NAMED: &str = "steps named in the description";

/// Steps as a list of contents, and where they come from.
struct Drawn {
    contents: Vec<String>,
    basis: String,
}

fn contents(steps: &Value) -> Vec<String> {
    let content = |step: &Value| {
        let words = step.as_str().map(str::to_owned);
        words.or_else(|| {
            ["content", "action", "description", "name"]
                .iter()
                .find_map(|field| step.get(*field).and_then(Value::as_str))
                .map(str::to_owned)
        })
    };
    steps.as_array().into_iter().flatten().filter_map(content).filter(|content| !content.trim().is_empty()).collect()
}

fn of_procedure(text: &str) -> Result<Option<Drawn>, Fault> {
    Ok(procedures(text)?.first().map(|procedure| Drawn {
        contents: contents(row::field(procedure, "steps")),
        basis: format!("the procedure `{}` ({})", row::text(procedure, "name"), row::reference(row::id(procedure))),
    }))
}

/// In the order of trust: named, a procedure, a recorded plan, a model, and the whole as one step.
fn draw(text: &str, use_model: bool) -> Result<Drawn, Fault> {
    if words::stems(text).is_empty() {
        return Err(Fault::invalid("`task_description` says nothing: tell what is to be done"));
    }
    let named = words::parts(text);
    if named.len() >= 2 {
        return Ok(Drawn { contents: named, basis: NAMED.into() });
    }
    if let Some(drawn) = of_procedure(text)?.filter(|drawn| !drawn.contents.is_empty()) {
        return Ok(drawn);
    }
    let plans =
        plans(text)?.into_iter().map(|plan| (row::id(&plan), row::field(&plan, "steps").clone(), "the recorded plan"));
    let tasks = planned_tasks(text)?.into_iter().map(|task| {
        (row::id(&task), row::field(row::field(&task, "plan"), "steps").clone(), "the plan of the recorded task")
    });
    if let Some((id, steps, what)) = plans.chain(tasks).find(|(_, steps, _)| !contents(steps).is_empty()) {
        return Ok(Drawn { contents: contents(&steps), basis: format!("{what} {}", row::reference(id)) });
    }
    let mut why = String::from("nothing names its parts and nothing like it is recorded");
    if use_model {
        let schema = json!({"type": "object", "required": ["steps"], "additionalProperties": false, "properties": {"steps": {"type": "array", "items": {"type": "string"}}}});
        let short: String = text.chars().take(8000).collect();
        match ask(
            &format!(
                "Break this task into at most 12 steps, one short imperative sentence each, in order. Answer JSON.\n\nTask:\n{short}"
            ),
            &schema,
        ) {
            Ok(answer) if !contents(row::field(&answer, "steps")).is_empty() => {
                return Ok(Drawn {
                    contents: contents(row::field(&answer, "steps")),
                    basis: "proposed by the language model; no record confirms it".into(),
                });
            }
            Ok(_) => why.push_str("; the model proposed nothing"),
            Err(fault) => why.push_str(&format!("; no model answered ({fault})")),
        }
    }
    Ok(Drawn { contents: vec![row::clip(text.trim(), 2000)], basis: format!("the description as a whole: {why}") })
}

/// A part and the steps a procedure has for it, while levels are left.
fn parts(drawn: &Drawn, levels: u64, most: usize) -> Result<Vec<(String, Vec<String>, String)>, Fault> {
    let mut parts = Vec::new();
    for (at, content) in drawn.contents.iter().take(most).enumerate() {
        let mut under = None;
        // Each look is a search: ten of them at most.
        if levels > 1 && at < 10 && drawn.contents.len() > 1 {
            under = of_procedure(content)?.filter(|found| found.contents.len() > 1 && found.basis != drawn.basis);
        }
        let (own, basis) = under.map_or_else(|| (vec![], drawn.basis.clone()), |found| (found.contents, found.basis));
        parts.push((content.clone(), own.into_iter().take(most).collect(), basis));
    }
    Ok(parts)
}

fn levels(complexity: u64) -> u64 {
    match complexity {
        0..=3 => 1,
        4..=6 => 2,
        _ => 3,
    }
}

/// Steps of all parts in order; those under a part carry it as their phase.
fn laid_out(title: &str, parts: &[(String, Vec<String>, String)], way: &str) -> Vec<Step> {
    let flat: Vec<(String, Option<String>, String)> = (parts.iter())
        .flat_map(|(part, under, basis)| match under.is_empty() {
            true => vec![(part.clone(), None, basis.clone())],
            false => under.iter().map(|step| (step.clone(), Some(part.clone()), basis.clone())).collect(),
        })
        .take(MOST_STEPS - 2)
        .collect();
    let contents: Vec<String> = flat.iter().map(|(content, _, _)| content.clone()).collect();
    let mut steps = strategy::shape(title, &contents, "", way);
    for step in &mut steps {
        if let Some((_, phase, basis)) = flat.iter().find(|(content, _, _)| *content == step.content) {
            step.phase = phase.as_ref().map(|phase| row::clip(phase, 190));
            step.basis = Some(basis.clone());
            // Procedures are orders; words are where they say so.
            let stated = basis.starts_with("the procedure") || basis == NAMED && words::orders(title);
            step.order_assumed &= !stated;
        }
    }
    steps
}

fn use_model(given: &Value) -> bool {
    given.get("use_model").and_then(Value::as_bool).unwrap_or(true)
}

pub(super) fn hierarchically(given: &Value) -> Answer {
    let words = text(given, "task_description");
    let complexity = row::int(given, "complexity_level").unwrap_or(5);
    let drawn = draw(words, use_model(given))?;
    let steps = laid_out(words, &parts(&drawn, levels(complexity), MOST_STEPS)?, "HIERARCHICAL");
    let outline = strategy::outline(&Plan { steps: steps.clone(), ..Plan::default() });
    Ok(
        json!({"steps": steps, "basis": drawn.basis, "strategy": "HIERARCHICAL", "domain": text(given, "domain"), "levels": levels(complexity), "outline": outline}),
    )
}

pub(super) fn with_strategy(given: &Value) -> Answer {
    let (words, way) = (text(given, "task_description"), text(given, "strategy"));
    let drawn = draw(words, use_model(given))?;
    let steps = laid_out(words, &parts(&drawn, if way == "HIERARCHICAL" { 2 } else { 1 }, MOST_STEPS)?, way);
    let outline = strategy::outline(&Plan { steps: steps.clone(), ..Plan::default() });
    Ok(json!({"steps": steps, "basis": drawn.basis, "strategy": way, "outline": outline}))
}

pub(super) fn tree(given: &Value) -> Answer {
    let words = text(given, "task_description");
    let (deep, most) =
        (row::int(given, "target_depth").unwrap_or(3), row::int(given, "max_subtasks").unwrap_or(10) as usize);
    let drawn = draw(words, use_model(given))?;
    let parts = parts(&drawn, deep, most)?;
    let steps = laid_out(words, &parts, "HIERARCHICAL");
    let tree: Vec<Value> =
        parts.iter().map(|(part, under, basis)| json!({"content": part, "subtasks": under, "basis": basis})).collect();
    let depth = 1 + usize::from(parts.iter().any(|(_, under, _)| !under.is_empty()));
    let left_out = drawn.contents.len().saturating_sub(most);
    Ok(
        json!({"total_tasks": steps.len(), "steps": steps, "tree": tree, "decomposition_depth": depth, "basis": drawn.basis, "left_out": left_out}),
    )
}

/// Steps for words, by the strategy the rules choose; used where no plan is stored.
pub(super) fn sketch(words: &str, use_model: bool) -> Result<(Vec<Step>, String), Fault> {
    let drawn = draw(words, use_model)?;
    Ok((laid_out(words, &parts(&drawn, 1, MOST_STEPS)?, "HIERARCHICAL"), drawn.basis))
}

pub(super) fn generate(given: &Value) -> Answer {
    let found = target(given, "task_id")?;
    let own = text(given, "task_description");
    let words = if own.trim().is_empty() { found.as_ref().map_or("", |found| found.words()) } else { own };
    let drawn = draw(words, use_model(given))?;
    let mut steps = laid_out(words, &parts(&drawn, 2, MOST_STEPS)?, "HIERARCHICAL");
    // A forecast is a few searches: for the first twelve steps.
    for step in steps.iter_mut().take(12) {
        let forecast = predict(&step.content, None)?;
        if let Some(minutes) = forecast.minutes {
            step.estimated_minutes = Some(row::round(minutes));
            if let Some((low, high)) = forecast.range {
                step.optimistic_minutes = Some(row::round(low));
                step.pessimistic_minutes = Some(row::round(high));
            }
            let from = step.basis.take().unwrap_or_default();
            step.basis = Some(row::clip(&format!("{from}; minutes: {}", forecast.basis), 900));
        }
    }
    let task = found.as_ref().and_then(|found| found.task.as_ref());
    let plan = Plan {
        title: row::clip(words.trim(), 480),
        steps,
        deadline: task.and_then(|task| row::int(task, "due_at")),
        ..Plan::default()
    };
    let namespace = found.as_ref().map_or("", |found| found.namespace());
    let task = found.as_ref().and_then(super::Target::task_id);
    let more = json!({"strategy": "HIERARCHICAL", "basis": drawn.basis});
    let id = super::plans::store(&plan, given.get("key").and_then(Value::as_str), task, namespace, more)?;
    Ok(super::joined(super::plans::told(id, &plan), json!({"basis": drawn.basis})))
}
