//! Tells how well and how fast runs were.

use super::memories::{evidence, ground, of_run};
use super::records::{run_named, units_of};
use super::{COMPARISONS, RUNS, UNITS, if_there, now, settings};
use crate::effectiveness::compare;
use crate::grounding::{Grounded, HOLDS};
use crate::metric::{Metric, QUALITY, all, before_and_after, measured};
use crate::performance::{self as speed, throughput};
use crate::settings::Settings;
use crate::{project, row};
use memstrata_consolidation_rules::measure::{diversity, hallucination};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, hints, json};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Runs compared.
const MOST_RUNS: usize = 1_000;
/// Units read to count the rows of those runs.
const MOST_UNITS: usize = 20_000;
/// Memories shown that stand up worst.
const WEAKEST: usize = 10;
/// Why a metric of memories is not known.
const NOTHING: &str = "no memory the run made holds any more, or it made none";

#[derive(Deserialize)]
struct OfRun {
    consolidation_id: String,
    #[serde(default)]
    metric_types: Vec<String>,
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    most_memories: usize,
}

/// The head of an answer about a run.
fn about(run: &Value) -> Map<String, Value> {
    ["run", "strategy", "status"].iter().map(|field| ((*field).to_owned(), json!(row::text(run, field)))).collect()
}

fn with(mut head: Map<String, Value>, more: Value) -> Value {
    if let Value::Object(more) = more {
        head.extend(more);
    }
    Value::Object(head)
}

pub(super) fn quality_of(run: &Value) -> Value {
    quality_in(run, &QUALITY)
}

fn quality_in(run: &Value, wanted: &[&str]) -> Value {
    let space = Some(before_and_after(run)).filter(|space| !space.is_null());
    with(about(run), json!({ "metrics": all(run, wanted), "overall": measured(run, "overall").json(), "space": space }))
}

pub(super) fn quality(given: Value) -> Answer {
    let given: OfRun = arguments(given)?;
    let wanted: Vec<&str> = given.metric_types.iter().map(String::as_str).collect();
    Ok(quality_in(&run_named(&given.consolidation_id)?, &wanted))
}

/// Whether a memory is about something: its topic, a tag, or its namespace.
fn is_about(memory: &Value, domain: &str) -> bool {
    let domain = domain.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&domain);
    has(row::text(memory, "topic"))
        || has(row::text(memory, "namespace"))
        || row::texts(memory, "tags").iter().any(|tag| has(tag))
}

pub(super) fn advanced(given: Value) -> Answer {
    let given: OfRun = arguments(given)?;
    let run = run_named(&given.consolidation_id)?;
    let mut notes = Vec::new();
    let domain = given.domain.filter(|domain| !domain.is_empty());
    let mut made = of_run(&settings()?, &run, given.most_memories, &mut notes)?;
    let all_made = made.len();
    if let Some(domain) = &domain {
        made.retain(|memory| is_about(memory, domain));
    }
    let confidences: Vec<f64> = made.iter().filter_map(|memory| row::number(memory, "confidence")).collect();
    let kinds: Vec<String> = made.iter().map(project::kind).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let ids: Vec<u64> = made.iter().map(row::id).collect();
    let recalled = hints::usage(&ids)?.iter().filter(|(count, _)| *count > 0).count();
    let some = |value: f64| Metric::or((!made.is_empty()).then_some(value), NOTHING).json();
    let rows = speed::rows(&units_of(&run)?).len();
    let names = ["hallucination", "diversity", "system2-effectiveness", "cohesion"];
    let memories = json!({
        "count": made.len(), "of": all_made,
        "hallucination": some(hallucination(&confidences)), "diversity": some(diversity(&kinds)),
        "mean_confidence": Metric::or(row::mean(&confidences), NOTHING).json(),
        "search_impact": some(recalled as f64 / made.len().max(1) as f64),
    });
    let told = json!({
        "domain": domain, "measured": all(&run, &names), "throughput": throughput(&run, rows).json(), "memories": memories,
        "notes": notes,
    });
    Ok(with(about(&run), told))
}

pub(super) fn validation(given: Value) -> Answer {
    let given: OfRun = arguments(given)?;
    let run = run_named(&given.consolidation_id)?;
    let (settings, mut notes) = (settings()?, Vec::new());
    let made = of_run(&settings, &run, given.most_memories, &mut notes)?;
    let events = if_there(evidence(&settings, &made), &mut notes)?;
    let mut checked: Vec<Grounded> = made.iter().filter_map(|memory| ground(memory, &events)).collect();
    checked.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.id.cmp(&b.id)));
    if checked.len() < made.len() {
        notes.push(format!("{} of its memories cite no event that can be read", made.len() - checked.len()));
    }
    let scores: Vec<f64> = checked.iter().map(|one| one.score).collect();
    let holding = checked.iter().filter(|one| one.score >= HOLDS).count();
    let confidences: Vec<f64> = made.iter().filter_map(|memory| row::number(memory, "confidence")).collect();
    let ungrounded = "none of its memories cites an event that can be read";
    let mut metrics = Map::new();
    for metric in &given.metric_types {
        let value = match metric.as_str() {
            "hallucination_rate" => Metric::or((!confidences.is_empty()).then(|| hallucination(&confidences)), NOTHING),
            "grounding_score" => Metric::or(row::mean(&scores), ungrounded),
            "validation_efficiency" => {
                Metric::or((!checked.is_empty()).then(|| holding as f64 / checked.len() as f64), ungrounded)
            }
            other => measured(&run, other),
        };
        metrics.insert(metric.clone(), value.json());
    }
    let claimed: Vec<f64> = checked.iter().filter(|one| one.system2).map(|one| one.score).collect();
    let told = json!({
        "metrics": metrics, "checked": checked.len(),
        "weakest": checked.iter().filter(|one| one.score < HOLDS).take(WEAKEST).map(Grounded::json).collect::<Vec<_>>(),
        "system2": {
            "memories": claimed.len(), "tokens": row::int(&run, "tokens"),
            "grounding": Metric::or(row::mean(&claimed), "no memory of it was claimed by a language model").json(),
        },
        "notes": notes,
    });
    Ok(with(about(&run), told))
}

pub(super) fn performance(given: Value) -> Answer {
    let run = run_named(&arguments::<OfRun>(given)?.consolidation_id)?;
    let rows = speed::rows(&units_of(&run)?).len();
    Ok(with(about(&run), speed::performance(&run, rows)))
}

#[derive(Deserialize)]
struct Compare {
    time_window: u64,
    compare_strategies: Vec<String>,
}

pub(super) fn strategies(given: Value) -> Answer {
    let given: Compare = arguments(given)?;
    compared(&settings()?, given.time_window, Some(&given.compare_strategies))
}

/// Compares strategies over so many hours: those named, or all that ran.
pub(super) fn compared(settings: &Settings, hours: u64, named: Option<&[String]>) -> Answer {
    let since = now().saturating_sub(hours.saturating_mul(3_600_000));
    let after = |field: &str| json!([field, ">=", since]);
    let runs = Query::of(RUNS).filter(after("started_at"))?.descending("started_at")?.limit(500).all(MOST_RUNS)?;
    let comparisons = Query::of(COMPARISONS).filter(after("at"))?.descending("at")?.limit(200).all(200)?;
    let asked: Vec<(String, String)> = match named {
        Some(names) => names.iter().filter_map(|name| Some((name.clone(), settings.strategy(name)?))).collect(),
        None => {
            let ran: BTreeSet<&str> = runs.iter().map(|run| row::text(run, "strategy")).collect();
            ran.into_iter().map(|name| (name.to_owned(), name.to_owned())).collect()
        }
    };
    let mut notes = Vec::new();
    if let Some(active) = named.into_iter().flatten().find(|name| settings.strategy(name).is_none()) {
        notes.push(format!("`{active}` means whichever strategy is active: name the strategy instead"));
    }
    let mut told = compare(&runs, &comparisons, &asked, &rows_by_run(since)?);
    if let Some(told) = told.as_object_mut() {
        told.insert("since".into(), json!(since));
        told.insert("runs".into(), json!(runs.len()));
        told.insert("notes".into(), json!(notes));
    }
    Ok(told)
}

/// How many rows the units of each run have.
fn rows_by_run(since: u64) -> Result<BTreeMap<String, usize>, Fault> {
    let units = Query::of(UNITS)
        .filter(json!(["created_at", ">=", since]))?
        .select(&["run", "rows"])?
        .limit(1_000)
        .all(MOST_UNITS)?;
    let mut by_run: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for unit in &units {
        by_run.entry(row::text(unit, "run")).or_default().extend(row::ids(unit, "rows"));
    }
    Ok(by_run.into_iter().map(|(run, rows)| (run.to_owned(), rows.len())).collect())
}
