//! Recorded work: what was done, what it took, what it was meant to take; and the language model, where there is one.

use super::{TASKS, optional, settings};
use crate::history::{Forecast, Record, Trained, forecast};
use crate::{row, words};
use memstrata_sdk::{Fault, Query, Search, Value, get_many, json, llm};

const RECENT: u32 = 200;
const PROCEDURES: &str = "procedural.procedures";

fn of_task(task: &Value) -> Option<Record> {
    Some(Record {
        id: row::id(task),
        kind: "task",
        content: row::text(task, "content").to_owned(),
        estimated: row::number(task, "estimated_minutes"),
        actual: row::number(task, "actual_duration_minutes").filter(|minutes| *minutes > 0.0)?,
    })
}

fn of_estimate(stored: &Value) -> Option<Record> {
    Some(Record {
        id: row::id(stored),
        kind: "outcome",
        content: row::text(stored, "content").to_owned(),
        estimated: row::number(stored, "estimated_minutes"),
        actual: row::number(stored, "actual_minutes").filter(|minutes| *minutes > 0.0)?,
    })
}

/// The newest finished work, of tasks and of this layer.
pub(super) fn newest(most: u32) -> Result<Vec<Record>, Fault> {
    let tasks = optional(|| {
        let fields = ["content", "estimated_minutes", "actual_duration_minutes"];
        let query = Query::of(TASKS).filter(json!(["status", "=", "completed"]))?.descending("completed_at")?;
        Ok(query.select(&fields)?.limit(most).page()?.rows)
    })?;
    let own = Query::of("estimates")
        .filter(json!(["finished", "=", true]))?
        .descending("created_at")?
        .limit(most)
        .page()?
        .rows;
    Ok(tasks.iter().filter_map(of_task).chain(own.iter().filter_map(of_estimate)).collect())
}

/// Work whose words are like these: finished tasks and outcomes; else procedures by their mean time; else events with a duration.
pub(super) fn similar(text: &str) -> Result<Vec<Record>, Fault> {
    if words::stems(text).is_empty() {
        return Ok(vec![]);
    }
    let least = settings()?.similar;
    let text: String = text.chars().take(1000).collect();
    let near = |record: &Record| words::likeness(&text, &record.content) >= least;
    let tasks = optional(|| {
        let found =
            Search::of(&text).collection(TASKS)?.filter(json!(["status", "=", "completed"]))?.limit(10).hits()?;
        Ok(found.iter().filter_map(|hit| of_task(&hit.row)).filter(near).collect::<Vec<_>>())
    })?;
    let own = Search::of(&text).collection("estimates")?.filter(json!(["finished", "=", true]))?.limit(10).hits()?;
    let found: Vec<Record> =
        tasks.into_iter().chain(own.iter().filter_map(|hit| of_estimate(&hit.row)).filter(near)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let done = optional(|| {
        let mut found = Vec::new();
        for procedure in procedures(&text)? {
            let tally =
                Query::of("procedural.tallies").filter(json!(["procedure", "=", row::id(&procedure)]))?.first()?;
            let times =
                tally.and_then(|tally| Some((row::number(&tally, "total_ms")?, row::number(&tally, "timed_count")?)));
            found.extend(times.filter(|(_, count)| *count > 0.0).map(|(ms, count)| Record {
                id: row::id(&procedure),
                kind: "procedure",
                content: row::text(&procedure, "name").to_owned(),
                estimated: None,
                actual: ms / count / 60_000.0,
            }));
        }
        Ok(found)
    })?;
    if !done.is_empty() {
        return Ok(done);
    }
    optional(|| {
        let found = Search::of(&text)
            .collection("episodic.events")?
            .filter(json!(["duration_ms", ">", 0]))?
            .limit(10)
            .hits()?;
        let event = |event: &Value| {
            let (id, content) = (row::id(event), row::text(event, "content").to_owned());
            let record = Record {
                id,
                kind: "event",
                content,
                estimated: None,
                actual: row::number(event, "duration_ms")? / 60_000.0,
            };
            Some(record).filter(near)
        };
        Ok(found.iter().filter_map(|hit| event(&hit.row)).collect())
    })
}

/// Procedures with steps that cover half of the words, best first.
pub(super) fn procedures(text: &str) -> Result<Vec<Value>, Fault> {
    optional(|| {
        let text: String = text.chars().take(1000).collect();
        let found = Search::of(&text).collection(PROCEDURES)?.limit(5).hits()?;
        let fits = |procedure: &Value| {
            let has = words::stems(&format!(
                "{} {} {}",
                row::text(procedure, "name"),
                row::text(procedure, "description"),
                row::text(procedure, "words")
            ));
            words::covered(&text, &has) >= 0.5
                && procedure.get("steps").and_then(Value::as_array).is_some_and(|steps| !steps.is_empty())
        };
        Ok(found.into_iter().map(|hit| hit.row).filter(fits).collect())
    })
}

/// Stored plans whose title covers half of the words, or is much like them.
pub(super) fn plans(text: &str) -> Result<Vec<Value>, Fault> {
    let text: String = text.chars().take(1000).collect();
    if words::stems(&text).is_empty() {
        return Ok(vec![]);
    }
    let found = Search::of(&text).collection(super::PLANS)?.limit(5).hits()?;
    let fits = |plan: &Value| words::covered(&text, &words::stems(row::text(plan, "title"))) >= 0.5;
    Ok(found.into_iter().map(|hit| hit.row).filter(fits).collect())
}

/// Finished tasks with a plan of their own that are like these words.
pub(super) fn planned_tasks(text: &str) -> Result<Vec<Value>, Fault> {
    let like = similar(text)?;
    let ids: Vec<u64> = like.iter().filter(|record| record.kind == "task").map(|record| record.id).collect();
    let tasks = optional(|| get_many(TASKS, &ids))?;
    Ok(tasks
        .into_iter()
        .flatten()
        .filter(|task| row::field(row::field(task, "plan"), "steps").as_array().is_some_and(|steps| !steps.is_empty()))
        .collect())
}

pub(super) fn trained() -> Result<Option<Trained>, Fault> {
    let stored = Query::of("models").filter(json!(["name", "=", "minutes"]))?.first()?;
    Ok(stored.and_then(|stored| Trained::of(row::field(&stored, "model"))))
}

/// The forecast for words and an estimate.
pub(super) fn predict(text: &str, given: Option<f64>) -> Result<Forecast, Fault> {
    Ok(forecast(&similar(text)?, &newest(RECENT)?, trained()?.as_ref(), given))
}

/// Asks the model for JSON; without one, why not.
pub(super) fn ask(question: &str, schema: &Value) -> Result<Value, String> {
    let prompt = llm::Prompt::new(question);
    prompt.max_tokens(1500);
    prompt.temperature(0.2);
    let answer = prompt
        .schema(&schema.to_string())
        .and_then(|()| prompt.run())
        .map_err(|fault| format!("{}: {}", fault.code, fault.message))?;
    serde_json::from_str(&answer).map_err(|error| format!("malformed.llm: {error}"))
}
