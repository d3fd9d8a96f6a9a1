//! A workflow from a task, drawn from the procedures that match it.

use super::finding::{Scope, search};
use super::put;
use crate::procedure::parameters;
use crate::row::{self, round};
use crate::words::{clip, one_line};
use crate::workflow::{self, Match};
use crate::{category, step};
use memstrata_sdk::{Answer, Value, arguments, json};
use serde::Deserialize;

/// So many hits are looked at for procedures that fit.
const LOOKED_AT: u32 = 20;

#[derive(Deserialize)]
struct Task {
    task_description: String,
    #[serde(default)]
    steps_taken: Vec<step::Given>,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    duration_mins: Option<f64>,
    #[serde(default)]
    procedures: Option<usize>,
    #[serde(flatten)]
    scope: Scope,
}

pub(super) fn workflow(given: Value) -> Answer {
    let given: Task = arguments(given)?;
    let task = given.task_description.as_str();
    let taken = step::clean(&given.steps_taken)?;
    let (mut found, notes) = search(task, &given.scope, LOOKED_AT)?;
    found.retain(|found| {
        let words = format!(
            "{}\n{}\n{}",
            row::text(&found.row, "name"),
            row::text(&found.row, "description"),
            row::text(&found.row, "words")
        );
        workflow::fits(task, &words, found.cosine) && !step::of_row(&found.row).is_empty()
    });
    found.truncate(given.procedures.unwrap_or(3));
    let matches: Vec<Match> = found
        .iter()
        .map(|found| Match {
            id: row::id(&found.row),
            steps: step::of_row(&found.row),
            parameters: parameters(&found.row),
        })
        .collect();
    let plan = workflow::merge(task, &matches, &taken);
    let left_out: Vec<usize> =
        (1..).zip(&plan).filter(|(_, planned)| !taken.is_empty() && !planned.taken).map(|(at, _)| at).collect();
    let drawn: Vec<&super::finding::Found> =
        found.iter().filter(|found| plan.iter().any(|planned| planned.from.contains(&row::id(&found.row)))).collect();
    let steps: Vec<Value> = (1..).zip(&plan).map(|(number, planned)| planned.show(number)).collect();
    let all: Vec<&str> = plan.iter().map(|planned| planned.step.action.as_str()).collect();
    let of_best = drawn.first().map(|found| row::text(&found.row, "category").to_owned());
    let kind = category::by_keywords(&format!("{task}\n{}", all.join("\n"))).map(str::to_owned).or(of_best);
    let mut answer = json!({
        "steps": steps,
        "drawn_on": drawn.iter().map(|found| json!({
            "id": row::id(&found.row), "name": row::text(&found.row, "name"), "score": round(found.score), "why": found.why,
            "success_rate": found.tally.success_rate().map(round), "assurance": round(found.tally.assurance(&found.row)),
        })).collect::<Vec<_>>(),
        "left_out": left_out,
        "draft": {
            "name": clip(&one_line(task), 80),
            "category": kind.unwrap_or_else(|| category::FALLBACK.to_owned()),
            "description": clip(task.trim(), 4_000),
            "steps": plan.iter().map(|planned| json!(planned.step)).collect::<Vec<_>>(),
            "parameters": workflow::parameters(&plan, &matches).iter().filter(|parameter| !parameter.inferred).collect::<Vec<_>>(),
            "sources": drawn.iter().map(|found| row::id(&found.row)).collect::<Vec<_>>(),
        },
        "record": null,
    });
    if !given.outcome.is_empty() {
        let ms = given.duration_mins.map(|minutes| (minutes * 60_000.0).round());
        let mut record = json!({"outcome": given.outcome});
        if let Some(ms) = ms {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the schema bounds it")]
            let ms = ms as u64;
            put(&mut record, "duration_ms", json!(ms));
        }
        put(&mut answer, "record", record);
    }
    if plan.is_empty() {
        put(
            &mut answer,
            "reason",
            json!(
                "no procedure with steps matches: do the task, then give what you did as `steps_taken`, or store it with create_procedure"
            ),
        );
    }
    if !notes.is_empty() {
        put(&mut answer, "notes", json!(notes));
    }
    Ok(answer)
}
