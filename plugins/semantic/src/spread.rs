//! Distributions and percentiles: the summary that stands in for a hundred rows.

use crate::row;
use crate::score::round;
use memstrata_sdk::{Map, Value, json};

/// How often each value occurs, most frequent first, then by name.
#[must_use]
pub fn count<I: IntoIterator<Item = String>>(values: I) -> Vec<(String, u64)> {
    let mut counts: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

/// The first `most` counts as a JSON object.
#[must_use]
pub fn object(counts: &[(String, u64)], most: usize) -> Value {
    let fields = counts.iter().take(most).map(|(name, count)| (name.clone(), json!(count)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// The value at a percentile (0 to 100) of sorted numbers, linear between neighbours (Hyndman and Fan 1996, type 7).
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "list positions"
)]
pub fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let place = (sorted.len().checked_sub(1)?) as f64 * percent.clamp(0.0, 100.0) / 100.0;
    let low = sorted.get(place.floor() as usize)?;
    let high = sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * place.fract())
}

/// The mean; `None` of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "list lengths")]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The summary of a search (filesystem API, requirements 1.14): counts and spreads in place of rows. `rows` are
/// best first.
#[must_use]
pub fn summary(rows: &[Value], confidence_threshold: f64) -> Value {
    let numbers = |field: &str| -> Vec<f64> { rows.iter().filter_map(|row| row::number(row, field)).collect() };
    let named = |field: &str| -> Vec<String> {
        let name = |row: &Value| match row::text(row, field) {
            "" => "none".to_owned(),
            name => name.to_owned(),
        };
        rows.iter().map(name).collect()
    };
    let mut confidence = numbers("confidence");
    confidence.sort_by(f64::total_cmp);
    let shown = |value: Option<f64>| value.map(round);
    json!({
        "total_results": rows.len(),
        "empty": rows.is_empty(),
        "high_confidence_count": confidence.iter().filter(|value| **value >= confidence_threshold).count(),
        "avg_confidence": shown(mean(&confidence)),
        "confidence_range": [shown(confidence.first().copied()), shown(confidence.last().copied())],
        "avg_usefulness": shown(mean(&numbers("usefulness_score"))),
        "domain_distribution": object(&count(named("topic")), 10),
        "type_distribution": object(&count(named("memory_type")), 10),
        "top_5_ids": rows.iter().take(5).map(row::id).collect::<Vec<_>>(),
        "percentiles": {
            "p10": shown(percentile(&confidence, 10.0)),
            "p50": shown(percentile(&confidence, 50.0)),
            "p90": shown(percentile(&confidence, 90.0)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_neighbours() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        for (percent, value) in [(0.0, 1.0), (50.0, 2.5), (100.0, 4.0), (10.0, 1.3)] {
            assert!((percentile(&sorted, percent).unwrap_or(f64::NAN) - value).abs() < 1e-9);
        }
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn a_summary_of_nothing_says_so() {
        let summary = summary(&[], 0.7);
        assert_eq!(summary["empty"], true);
        assert_eq!(summary["avg_confidence"], Value::Null);
        assert_eq!(summary["top_5_ids"], json!([]));
    }

    #[test]
    fn a_summary_counts() {
        let row = |id: u64, confidence: f64, topic: &str| json!({"id": id, "confidence": confidence, "usefulness_score": 0.5, "memory_type": "fact", "topic": topic});
        let rows = [row(3, 0.9, "db"), row(1, 0.5, "db"), row(2, 0.7, "")];
        let summary = summary(&rows, 0.7);
        assert_eq!(summary["high_confidence_count"], 2);
        assert_eq!(summary["domain_distribution"], json!({"db": 2, "none": 1}));
        assert_eq!(summary["top_5_ids"], json!([3, 1, 2]));
        assert_eq!(summary["confidence_range"], json!([0.5, 0.9]));
    }
}
