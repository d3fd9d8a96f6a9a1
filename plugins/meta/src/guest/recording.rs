//! What callers record: outcomes of tasks, and transfers of knowledge.

use super::reader::Reader;
use super::{id, integer, text};
use crate::estimate;
use crate::figures::round;
use memstrata_sdk::{Answer, Fault, Query, Value, json, locate, write};

/// `learn_from_outcomes`.
pub(super) fn learn(given: &Value) -> Answer {
    let mut reader = Reader::default();
    let task = id(given, "task_id")?;
    let row =
        match task {
            None => None,
            Some(id) => {
                let found = reader.of("prospective.tasks", |query| query.filter(json!(["id", "=", id]))?.first())?;
                Some(found.ok_or_else(|| {
                    Fault::not_found(format!("there is no task m:{id}: take an id from `list_tasks`"))
                })?)
            }
        };
    let number = |argument: &str, field: &str| {
        let own = || row.as_ref().and_then(|row| row.get(field)?.as_f64());
        given.get(argument).and_then(Value::as_f64).or_else(own)
    };
    let actual = number("actual_duration", "actual_duration_minutes");
    let estimated = number("estimated_duration", "estimated_minutes");
    let outcome = text(given, "outcome").unwrap_or("unknown");
    let past = Query::of("outcomes").descending("created_at")?.limit(99).page()?.rows;
    let pair = |row: &Value| Some((row.get("estimated")?.as_f64()?, row.get("actual")?.as_f64()?));
    let mut cases: Vec<(f64, f64)> = past.iter().filter_map(pair).collect();
    cases.extend(estimated.zip(actual));
    let lesson = estimate::learn(&cases);
    let new = write::insert(
        "outcomes",
        &json!({"task": task, "outcome": outcome, "estimated": estimated, "actual": actual}),
    )?;
    let ratio = estimated
        .zip(actual)
        .filter(|(estimated, _)| *estimated > 0.0)
        .map(|(estimated, actual)| round(actual / estimated));
    Ok(reader.answer(json!({
        "id": new, "ratio": ratio, "factor": lesson.as_ref().map(|lesson| round(lesson.factor)),
        "cases": lesson.as_ref().map_or(0, |lesson| lesson.cases),
    })))
}

/// `record_transfer`.
pub(super) fn transfer(given: &Value) -> Answer {
    let (from, to) = (text(given, "from_project").unwrap_or_default(), text(given, "to_project").unwrap_or_default());
    if from == to {
        return Err(Fault::invalid("a transfer goes from one project to another: name two"));
    }
    let item = id(given, "item")?.ok_or_else(|| Fault::invalid("`item` is missing: name the memory"))?;
    let missing =
        || Fault::not_found(format!("there is no row m:{item} that this layer may read: take an id from a recall"));
    let collection = locate(item)?.ok_or_else(missing)?;
    let layer = collection.split('.').next().unwrap_or_default();
    let mut row = json!({
        "from_project": from, "to_project": to, "item": item, "layer": layer,
        "applicability": given.get("applicability").and_then(Value::as_f64).unwrap_or(0.5), "sources": [item],
    });
    if let (Some(notes), Some(fields)) = (text(given, "notes"), row.as_object_mut()) {
        fields.insert("notes".into(), json!(notes));
    }
    let new = write::insert("transfers", &row)?;
    Ok(Reader::default().answer(json!({"id": new, "layer": layer})))
}

/// `list_transfers`.
pub(super) fn transfers(given: &Value) -> Answer {
    let limit = u32::try_from(integer(given, "limit")).unwrap_or(20);
    let mut query = Query::of("transfers").descending("created_at")?.limit(limit);
    if let Some(project) = text(given, "project") {
        query = query.filter(json!({"any": [["from_project", "=", project], ["to_project", "=", project]]}))?;
    }
    let rows = query.page()?.rows;
    let told = |row: &Value| {
        json!({"id": row.get("id"), "from_project": row.get("from_project"), "to_project": row.get("to_project"),
               "item": row.get("item"), "layer": row.get("layer"), "applicability": row.get("applicability"), "notes": row.get("notes")})
    };
    Ok(Reader::default().answer(json!({"transfers": rows.iter().map(told).collect::<Vec<_>>()})))
}
