//! Summaries that save tokens: counts and ranges instead of rows (requirements 1.14).

use crate::moment::{rfc3339, whole};
use memstrata_sdk::{Map, Value, json};

/// From so many events in a namespace on, its statistics are kept and not counted at each call.
pub const KEPT_FROM: u64 = 5_000;
/// Namespaces whose statistics are kept, at most.
pub const KEPT_SCOPES: usize = 30;

/// The namespaces whose statistics are kept: those with many events, largest first, and before them the whole space (empty)
/// if `whole` of it is seen. `groups` are events by namespace, largest first.
#[must_use]
pub fn scopes(groups: &[(Value, u64)], whole: bool) -> Vec<&str> {
    let all: u64 = groups.iter().map(|(_, count)| count).sum();
    let named = groups.iter().filter(|(_, count)| *count >= KEPT_FROM).filter_map(|(scope, _)| scope.as_str());
    let named = named.filter(|scope| !scope.is_empty()).take(KEPT_SCOPES);
    (whole && all >= KEPT_FROM).then_some("").into_iter().chain(named).collect()
}

/// `search_events`: what was found, how sure it is, when it was, and the ids of the best three.
///
/// `rows` are hits in the order of their rank.
#[must_use]
pub fn of_search(rows: &[Value], confidence_threshold: f64) -> Map<String, Value> {
    let confidences: Vec<f64> = rows.iter().filter_map(|row| row.get("confidence")?.as_f64()).collect();
    let high = confidences.iter().filter(|value| **value >= confidence_threshold).count();
    let times = || rows.iter().filter_map(|row| row.get("timestamp").and_then(whole));
    let top: Vec<&Value> = rows.iter().filter_map(|row| row.get("id")).take(3).collect();
    let mut summary = Map::new();
    summary.insert("total_found".into(), json!(rows.len()));
    summary.insert("high_confidence_count".into(), json!(high));
    if !confidences.is_empty() {
        let mean = confidences.iter().sum::<f64>() / confidences.len() as f64;
        summary.insert("avg_confidence".into(), rounded(mean));
        summary.insert("min_confidence".into(), rounded(confidences.iter().copied().fold(f64::INFINITY, f64::min)));
        summary.insert("max_confidence".into(), rounded(confidences.iter().copied().fold(0.0, f64::max)));
    }
    if let (Some(first), Some(last)) = (times().min(), times().max()) {
        summary.insert("date_range".into(), json!({"start": rfc3339(first), "end": rfc3339(last)}));
    }
    summary.insert("top_3_ids".into(), json!(top));
    summary.insert("event_types".into(), tally(rows.iter().filter_map(|row| row.get("event_type")?.as_str())));
    summary.insert("empty".into(), json!(rows.is_empty()));
    summary
}

/// How often each word occurs, most often first.
#[must_use]
pub fn tally<'a>(words: impl Iterator<Item = &'a str>) -> Value {
    let mut counts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(word, count)| (word.to_owned(), json!(count))).collect::<Map<_, _>>().into()
}

/// What the host's `group-count` answers, as an object; null, the rows without a value, becomes `none`.
#[must_use]
pub fn groups(counts: &[(Value, u64)], most: usize) -> Value {
    let name = |value: &Value| {
        value.as_str().map_or_else(
            || {
                if value.is_null() { "none".into() } else { value.to_string() }
            },
            str::to_owned,
        )
    };
    counts.iter().take(most).map(|(value, count)| (name(value), json!(count))).collect::<Map<_, _>>().into()
}

/// `get_event_timeline`: the filled buckets and what they say together; `counts` are all buckets in order of time.
#[must_use]
pub fn of_buckets(counts: &[(String, u64)], bucket_type: &str, most: usize) -> Map<String, Value> {
    let filled: Vec<&(String, u64)> = counts.iter().filter(|(_, count)| *count > 0).collect();
    let total: u64 = filled.iter().map(|(_, count)| count).sum();
    let shown = filled.len().saturating_sub(most);
    let buckets: Map<String, Value> =
        filled.iter().skip(shown).map(|(label, count)| (label.clone(), json!(count))).collect();
    let mut summary = Map::new();
    summary.insert("total_events".into(), json!(total));
    summary.insert("bucket_type".into(), json!(bucket_type));
    summary.insert("bucket_count".into(), json!(filled.len()));
    summary.insert("buckets".into(), buckets.into());
    summary.insert("older_buckets_left_out".into(), json!(shown));
    let average = if filled.is_empty() { 0.0 } else { total as f64 / filled.len() as f64 };
    summary.insert("avg_events_per_bucket".into(), rounded(average));
    // The first of equals, so that the answer does not depend on anything but the data.
    let busiest = filled.iter().rev().max_by_key(|(_, count)| *count);
    if let Some((label, count)) = busiest {
        summary.insert("busiest_bucket".into(), json!({"bucket": label, "count": count}));
    }
    summary.insert("empty".into(), json!(total == 0));
    summary
}

/// A number with at most four digits after the point: more is noise that costs tokens.
#[must_use]
pub fn rounded(value: f64) -> Value {
    // Adding 0 turns a negative zero into a plain one.
    json!((value * 10_000.0).round() / 10_000.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_summed_up() {
        let rows = [
            json!({"id": 4, "confidence": 1.0, "timestamp": 5000, "event_type": "error"}),
            json!({"id": 9, "confidence": 0.5, "timestamp": 1000, "event_type": "action"}),
            json!({"id": 2, "confidence": 0.7, "timestamp": 2000, "event_type": "error"}),
            json!({"id": 1, "confidence": 0.1, "timestamp": 3000, "event_type": "error"}),
        ];
        let summary = Value::from(of_search(&rows, 0.7));
        assert_eq!(
            summary,
            json!({"total_found": 4, "high_confidence_count": 2, "avg_confidence": 0.575, "min_confidence": 0.1,
                "max_confidence": 1.0, "date_range": {"start": "1970-01-01T00:00:01Z", "end": "1970-01-01T00:00:05Z"},
                "top_3_ids": [4, 9, 2], "event_types": {"error": 3, "action": 1}, "empty": false})
        );
        assert_eq!(Value::from(of_search(&[], 0.7))["empty"], true);
    }

    #[test]
    fn buckets_are_summed_up() {
        let counts = [("a", 2), ("b", 0), ("c", 5), ("d", 5)].map(|(label, count)| (label.to_owned(), count));
        let summary = Value::from(of_buckets(&counts, "day", 2));
        assert_eq!(summary["total_events"], 12);
        assert_eq!(summary["bucket_count"], 3);
        assert_eq!(summary["buckets"], json!({"c": 5, "d": 5}));
        assert_eq!(summary["older_buckets_left_out"], 1);
        assert_eq!(summary["avg_events_per_bucket"], 4.0);
        assert_eq!(summary["busiest_bucket"]["bucket"], "c");
    }

    #[test]
    fn figures_are_kept_of_large_namespaces_and_of_all() {
        let groups = [("user:a", KEPT_FROM), ("", 9), ("user:b", KEPT_FROM - 1)].map(|(name, n)| (json!(name), n));
        assert_eq!(scopes(&groups, true), ["", "user:a"]);
        assert_eq!(scopes(&groups, false), ["user:a"]);
        assert_eq!(scopes(&groups[1..], true), [""]);
        assert!(scopes(&groups[1..2], true).is_empty() && scopes(&[], true).is_empty());
        let many: Vec<_> = (0..40).map(|n| (json!(format!("user:{n}")), KEPT_FROM)).collect();
        assert_eq!(scopes(&many, false).len(), KEPT_SCOPES);
    }

    #[test]
    fn groups_name_the_missing() {
        assert_eq!(groups(&[(json!("a"), 2), (Value::Null, 1), (json!(true), 1)], 2), json!({"a": 2, "none": 1}));
    }
}
