//! Results of analyses that somebody recorded.

use super::{ANALYSES, places};
use crate::place::Place;
use memstrata_sdk::row::{id, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, json, write};
use serde::Deserialize;

/// Bytes of results, at most: a field of a row.
const MOST_RESULTS: usize = 50_000;
/// Characters of results that are searched.
const MOST_TEXT: usize = 8_000;
/// One day, ms.
pub(super) const DAY_MS: u64 = 86_400_000;

fn keep(kind: &str, results: &Value, fields: Value) -> Answer {
    let text = results.to_string();
    if text.len() > MOST_RESULTS {
        return Err(Fault::invalid(format!(
            "the results have {} bytes, at most {MOST_RESULTS} are kept: give a summary",
            text.len()
        )));
    }
    let mut row = json!({"kind": kind, "results": results, "text": text.chars().take(MOST_TEXT).collect::<String>()});
    if let (Some(row), Value::Object(fields)) = (row.as_object_mut(), fields) {
        row.extend(fields);
    }
    Ok(json!({"id": write::insert(ANALYSES, &row)?, "kind": kind}))
}

/// A place in one spelling; it need not be granted: analyses may be of what this host does not see.
fn shown(path: Option<&str>) -> Result<String, Fault> {
    Ok(Place::parse(path.unwrap_or_default()).map_err(Fault::invalid)?.shown())
}

fn wanted(results: &Value, name: &str) -> Result<(), Fault> {
    match results.as_object().is_none_or(|results| results.is_empty()) {
        true => Err(Fault::invalid(format!("`{name}` is empty: there is nothing to keep"))),
        false => Ok(()),
    }
}

pub(super) fn record(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Record {
        repo_path: String,
        analysis_results: Value,
        duration_ms: u64,
        file_count: u64,
        unit_count: u64,
    }
    let Record { repo_path, analysis_results, duration_ms, file_count, unit_count } = arguments(given)?;
    let fields = json!({"repo_path": shown(Some(&repo_path))?, "duration_ms": duration_ms, "file_count": file_count, "unit_count": unit_count});
    keep("analysis", &analysis_results, fields)
}

pub(super) fn insights(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Insights {
        analysis_results: Value,
        repo_path: Option<String>,
        tags: Option<Vec<String>>,
    }
    let Insights { analysis_results, repo_path, tags } = arguments(given)?;
    wanted(&analysis_results, "analysis_results")?;
    keep(
        "insight",
        &analysis_results,
        json!({"repo_path": shown(repo_path.as_deref())?, "tags": tags.unwrap_or_default()}),
    )
}

pub(super) fn project(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Project {
        project_id: Option<Value>,
        analysis_data: Value,
    }
    let Project { project_id, analysis_data } = arguments(given)?;
    wanted(&analysis_data, "analysis_data")?;
    let project = project_id.map(|project| project.as_str().map_or_else(|| project.to_string(), str::to_owned));
    keep("project", &analysis_data, json!({"project": project, "repo_path": ""}))
}

/// Analyses of a place since some days.
pub(super) fn since(repo_path: Option<&str>, days: u64) -> Result<Query, Fault> {
    let after = clock::now().saturating_sub(days.saturating_mul(DAY_MS));
    let place = Some(shown(repo_path)?).filter(|place| !place.is_empty());
    Query::of(ANALYSES).filter(json!(["created_at", ">=", after]))?.filter_if("repo_path", "=", place)
}

pub(super) fn metrics(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Metrics {
        repo_path: Option<String>,
        days_back: u64,
    }
    let Metrics { repo_path, days_back } = arguments(given)?;
    let all = || since(repo_path.as_deref(), days_back);
    let measured = || all()?.filter(json!(["kind", "=", "analysis"]));
    let by_kind: memstrata_sdk::Map<String, Value> = all()?
        .group_count("kind")?
        .into_iter()
        .filter_map(|(kind, count)| Some((kind.as_str()?.to_owned(), json!(count))))
        .collect();
    let tell = |row: &Value| json!({"id": id(row), "at": row.get("created_at"), "repo_path": text(row, "repo_path"), "duration_ms": row.get("duration_ms"), "file_count": row.get("file_count"), "unit_count": row.get("unit_count")});
    let first = measured()?.ascending("created_at")?.first()?;
    let latest = measured()?.descending("created_at")?.first()?;
    let change =
        first.as_ref().zip(latest.as_ref()).filter(|(first, latest)| id(first) != id(latest)).map(|(first, latest)| {
            let of = |row: &Value, field: &str| row.get(field).and_then(Value::as_i64).unwrap_or_default();
            let by = |field: &str| json!(of(latest, field) - of(first, field));
            json!({"files": by("file_count"), "units": by("unit_count"), "duration_ms": by("duration_ms")})
        });
    let timed = || measured()?.filter(json!(["duration_ms", ">", 0]));
    let duration = |function: &str| -> Result<Option<f64>, Fault> {
        Ok(timed()?.aggregate(function, "duration_ms")?.map(memstrata_sdk::row::round))
    };
    // A place that was never heard of is more likely a slip of the pen.
    if all()?.count()? == 0 {
        places::known(repo_path.as_deref())?;
    }
    Ok(json!({
        "analyses": all()?.count()?, "by_kind": by_kind,
        "duration_ms": {"measured": timed()?.count()?, "mean": duration("avg")?, "least": duration("min")?, "most": duration("max")?},
        "first": first.as_ref().map(tell), "latest": latest.as_ref().map(tell), "change": change,
    }))
}
