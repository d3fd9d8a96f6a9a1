//! The metrics of a run: what its strategy measured, as the host kept it. What nobody measured is null, with a word why.

use crate::row;
use crate::run::is_running;
use memstrata_sdk::{Map, Value, json};

/// The four of requirements 1.10, whose mean is `overall`.
pub const QUALITY: [&str; 4] = ["compression", "recall", "consistency", "density"];

/// A number, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Metric {
    /// It was measured.
    Known(f64),
    /// It was not.
    Unknown(String),
}

impl Metric {
    /// A number that may be missing for a reason.
    #[must_use]
    pub fn or(value: Option<f64>, why: &str) -> Self {
        value.map_or_else(|| Self::Unknown(why.to_owned()), Self::Known)
    }

    /// The number.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }

    /// `{"value": .5}`, or `{"value": null, "why": ".."}`.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Known(value) => json!({ "value": row::round(*value) }),
            Self::Unknown(why) => json!({ "value": null, "why": why }),
        }
    }
}

/// What callers call a metric, as strategies name it.
fn name(said: &str) -> String {
    match said {
        "hallucination_rate" => "hallucination".to_owned(),
        "pattern_diversity" => "diversity".to_owned(),
        other => other.replace('_', "-"),
    }
}

/// One metric of a run: the mean over its units that the host kept.
#[must_use]
pub fn measured(run: &Value, metric: &str) -> Metric {
    let wanted = name(metric);
    let measures = run.get("measures");
    let read = |name: &str| measures.and_then(|measures| row::number(measures, name));
    let whole = || {
        let parts: Vec<f64> = QUALITY.iter().filter_map(|part| read(part)).collect();
        row::mean(&parts).filter(|_| parts.len() == QUALITY.len())
    };
    let value = read(&wanted).or_else(|| if wanted == "overall" { whole() } else { None });
    let none = measures.and_then(Value::as_object).is_none_or(Map::is_empty);
    let (strategy, status) = (row::text(run, "strategy"), row::text(run, "status"));
    let why = if is_running(run) {
        "the run goes on".to_owned()
    } else if none && row::int(run, "applied").unwrap_or(0) == 0 {
        format!("the run ({status}) applied nothing that could be measured")
    } else {
        format!("the strategy `{strategy}` does not measure `{wanted}`")
    };
    Metric::or(value, &why)
}

/// Several metrics of a run by name.
#[must_use]
pub fn all(run: &Value, wanted: &[&str]) -> Map<String, Value> {
    wanted.iter().map(|metric| ((*metric).to_owned(), measured(run, metric).json())).collect()
}

/// What the space was like before and after a run, and what changed; null if the host did not look.
#[must_use]
pub fn before_and_after(run: &Value) -> Value {
    let side = |field: &str| run.get(field).filter(|side| side.is_object());
    let (Some(before), Some(after)) = (side("quality_before"), side("quality_after")) else { return Value::Null };
    let change: Map<String, Value> = (before.as_object().into_iter().flatten())
        .filter_map(|(name, value)| {
            let change = row::number(after, name)? - value.as_f64()?;
            Some((name.clone(), json!(row::round(change))))
        })
        .collect();
    json!({ "before": before, "after": after, "change": change })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(measures: &Value) -> Value {
        json!({"strategy": "s", "status": "done", "applied": 1, "measures": measures})
    }

    #[test]
    fn what_was_measured_is_told_and_what_was_not_is_null() {
        let run = run(
            &json!({"compression": 0.75, "recall": 0.5, "consistency": 1.0, "density": 0.25, "hallucination": 0.125}),
        );
        assert_eq!(measured(&run, "recall"), Metric::Known(0.5));
        assert_eq!(measured(&run, "hallucination_rate"), Metric::Known(0.125));
        // (.75 + .5 + 1 + .25) / 4.
        assert_eq!(measured(&run, "overall"), Metric::Known(0.625));
        assert_eq!(measured(&run, "cohesion").json()["value"], Value::Null);
        assert!(measured(&run, "cohesion").json()["why"].as_str().unwrap().contains("does not measure `cohesion`"));
    }

    #[test]
    fn overall_is_no_mean_of_some() {
        assert_eq!(measured(&run(&json!({"compression": 0.9, "recall": 0.9})), "overall").value(), None);
        assert_eq!(measured(&run(&json!({"overall": 0.4})), "overall"), Metric::Known(0.4));
    }

    #[test]
    fn the_reason_is_the_runs() {
        let why = |run: &Value| measured(run, "recall").json()["why"].as_str().unwrap_or_default().to_owned();
        assert_eq!(why(&json!({"status": "running"})), "the run goes on");
        assert!(why(&json!({"status": "failed", "applied": 0, "measures": {}})).contains("(failed) applied nothing"));
        assert!(why(&json!({"status": "done", "applied": 0})).contains("applied nothing"));
    }

    #[test]
    fn before_and_after_need_both() {
        let run =
            json!({"quality_before": {"coverage": 0.25, "rows": 4}, "quality_after": {"coverage": 0.75, "rows": 6}});
        assert_eq!(before_and_after(&run)["change"], json!({"coverage": 0.5, "rows": 2.0}));
        assert_eq!(before_and_after(&json!({"quality_before": {"coverage": 0.2}})), Value::Null);
        assert_eq!(before_and_after(&json!({"quality_before": null, "quality_after": null})), Value::Null);
    }
}
