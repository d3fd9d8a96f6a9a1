//! Metrics: recorded, and asked for in sum.

use super::{METRICS, PAGE, map, now, reading};
use crate::percentile::percentile;
use memstrata_sdk::args::Time;
use memstrata_sdk::row;
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json, write};
use serde::Deserialize;

/// Values that percentiles are taken of.
const LAST: usize = 1_000;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    metric_name: Option<String>,
    value: f64,
    labels: Option<Map<String, Value>>,
    timestamp: Option<Time>,
    since: Option<Time>,
    until: Option<Time>,
    values: u32,
}

/// `agent=ann`, in the order of names.
fn pairs(labels: Option<&Map<String, Value>>) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut pairs: Vec<String> =
        labels.into_iter().flatten().map(|(name, value)| format!("{name}={}", text(value))).collect();
    pairs.sort();
    pairs
}

/// `metric_record`.
pub(super) fn record(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    if !given.value.is_finite() || given.value < 0.0 {
        return Err(Fault::invalid("a metric's value is zero or more"));
    }
    let at = given.timestamp.map_or_else(now, |time| time.0);
    let row = json!({"metric_name": given.metric_name, "value": given.value, "labels": given.labels, "label_pairs": pairs(given.labels.as_ref()), "at": at});
    Ok(json!({"id": write::insert(METRICS, &row)?, "timestamp": at}))
}

fn matching(given: &Given) -> Result<Query, Fault> {
    let mut query = Query::of(METRICS)
        .filter_if("metric_name", "=", given.metric_name.as_deref())?
        .filter_if("at", ">=", given.since.map(|time| time.0))?
        .filter_if("at", "<", given.until.map(|time| time.0))?;
    for pair in pairs(given.labels.as_ref()) {
        query = query.filter(json!(["label_pairs", "has", pair]))?;
    }
    Ok(query)
}

/// `metric_query`.
pub(super) fn query(given: Value) -> Answer {
    let given: Given = arguments(given)?;
    let query = matching(&given)?;
    let count = query.count()?;
    if given.metric_name.is_none() {
        return Ok(json!({"count": count, "metrics": reading::counts(query.group_count("metric_name")?)}));
    }
    let mut answer = map(json!({"metric_name": given.metric_name, "count": count}));
    for name in ["sum", "avg", "min", "max"] {
        answer.insert(name.into(), json!(query.aggregate(name, "value")?));
    }
    let last = query.descending("at")?.select(&["value", "at", "labels"])?.limit(PAGE).all(LAST)?;
    let mut values: Vec<f64> = last.iter().filter_map(|row_| row::number(row_, "value")).collect();
    values.sort_by(f64::total_cmp);
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        answer.insert(name.into(), json!(percentile(&values, share)));
    }
    answer.insert("percentiles_of".into(), json!(values.len()));
    if given.values > 0 {
        let shown: Vec<&Value> = last.iter().take(given.values as usize).collect();
        answer.insert("values".into(), json!(shown));
    }
    Ok(answer.into())
}
