//! How well a procedure works, from its recorded executions and nothing else.

use crate::execution::Tally;
use crate::outcomes::Outcome;
use crate::row::{id, int, number, round, text};
use crate::wilson::{interval, verdict};
use memstrata_sdk::{Map, Value, json};
use std::collections::BTreeMap;

/// One execution, read from its row.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: u64,
    /// The version of the procedure it was done by.
    pub version: u64,
    /// When, ms UTC.
    pub at: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in ms.
    pub duration_ms: Option<u64>,
    /// With which variables.
    pub variables: Map<String, Value>,
    /// What was learned; empty for nothing.
    pub learned: String,
    /// The step it failed at, from 1.
    pub failed_step: Option<u64>,
}

impl Run {
    /// Reads a row; none if its outcome is none of ours.
    #[must_use]
    pub fn of_row(row: &Value) -> Option<Self> {
        Some(Self {
            id: id(row),
            version: int(row, "procedure_version").unwrap_or_default(),
            at: int(row, "timestamp")?,
            outcome: Outcome::parse(text(row, "outcome"))?,
            duration_ms: int(row, "duration_ms"),
            variables: row.get("variables").and_then(Value::as_object).cloned().unwrap_or_default(),
            learned: text(row, "learned").to_owned(),
            failed_step: int(row, "failed_step"),
        })
    }

    /// Whether it did all it should.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Success
    }
}

/// Successes and executions of some runs.
#[must_use]
pub fn count<'a>(runs: impl IntoIterator<Item = &'a Run>) -> (u64, u64) {
    runs.into_iter().fold((0, 0), |(good, all), run| (good + u64::from(run.succeeded()), all + 1))
}

/// The value below which a share of the values lies, by nearest rank; none of no values. Sorts them.
#[must_use]
pub fn quantile(values: &mut [u64], share: f64) -> Option<u64> {
    values.sort_unstable();
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied()
}

/// The runs of each version of the procedure, oldest first.
#[must_use]
pub fn by_version(runs: &[Run]) -> BTreeMap<u64, Vec<&Run>> {
    let mut versions: BTreeMap<u64, Vec<&Run>> = BTreeMap::new();
    for run in runs {
        versions.entry(run.version).or_default().push(run);
    }
    versions
}

/// A share with its 95 % interval, as answers show it.
fn share(good: u64, all: u64) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("executions".into(), json!(all));
    shown.insert("successes".into(), json!(good));
    if let Some(interval) = interval(good, all) {
        shown.insert("success_rate".into(), json!(round(good as f64 / all as f64)));
        shown.insert("low".into(), json!(round(interval.low)));
        shown.insert("high".into(), json!(round(interval.high)));
    }
    shown
}

/// The effectiveness of a procedure: totals from the tally, the rest from the runs at hand, which may be the newest alone.
#[must_use]
pub fn measure(tally: &Tally, runs: &[Run], wanted: f64) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("verdict".into(), json!(verdict(tally.successes, tally.usage, wanted).name()));
    shown.insert("wanted".into(), json!(wanted));
    shown.insert("total_executions".into(), json!(tally.usage));
    shown.insert("successes".into(), json!(tally.successes));
    shown.insert("failures".into(), json!(tally.failures));
    shown.insert("partials".into(), json!(tally.partials));
    shown.insert("success_rate".into(), json!(tally.success_rate().map(round)));
    shown.insert(
        "interval".into(),
        json!(interval(tally.successes, tally.usage).map(|interval| json!({"method": "Wilson 1927", "level": 0.95,
            "low": round(interval.low), "high": round(interval.high)}))),
    );
    let mut times: Vec<u64> = runs.iter().filter_map(|run| run.duration_ms).collect();
    shown.insert(
        "time_ms".into(),
        json!({"mean": tally.mean_ms().map(f64::round), "median": quantile(&mut times, 0.5), "p90": quantile(&mut times, 0.9),
               "timed": tally.timed}),
    );
    let versions = by_version(runs);
    let versions: Vec<Value> = versions
        .iter()
        .map(|(version, runs)| {
            let (good, all) = count(runs.iter().copied());
            let mut shown = share(good, all);
            shown.insert("version".into(), json!(version));
            Value::Object(shown)
        })
        .collect();
    shown.insert("by_version".into(), json!(versions));
    let mut steps: BTreeMap<u64, u64> = BTreeMap::new();
    for step in runs.iter().filter_map(|run| run.failed_step) {
        *steps.entry(step).or_default() += 1;
    }
    let steps: Vec<Value> = steps.iter().map(|(step, times)| json!({"step": step, "times": times})).collect();
    shown.insert("failed_at".into(), json!(steps));
    shown.insert("last_used".into(), json!(tally.last_used));
    shown.insert("looked_at".into(), json!(runs.len()));
    shown
}

/// What several procedures come to: Athena's summary of a search.
#[must_use]
pub fn summarize(found: &[(Value, Tally)], threshold: f64) -> Map<String, Value> {
    let rate =
        |(stored, tally): &(Value, Tally)| tally.success_rate().or_else(|| number(stored, "learned_success_rate"));
    let mut rated: Vec<(f64, u64)> =
        found.iter().filter_map(|one| Some((rate(one)?, id(&one.0)))).filter(|(rate, _)| *rate >= threshold).collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let known = rated.len();
    let mean = (known > 0).then(|| round(rated.iter().map(|(rate, _)| rate).sum::<f64>() / known as f64));
    let range = match (rated.last(), rated.first()) {
        (Some((least, _)), Some((most, _))) => json!([round(*least), round(*most)]),
        _ => Value::Null,
    };
    let mut shown = Map::new();
    shown.insert("found_count".into(), json!(found.len()));
    shown.insert("unrated_count".into(), json!(found.iter().filter(|one| rate(one).is_none()).count()));
    shown.insert("effective_count".into(), json!(known));
    shown.insert("avg_effectiveness".into(), json!(mean));
    shown.insert("effectiveness_range".into(), range);
    shown.insert("total_executions".into(), json!(found.iter().map(|(_, tally)| tally.usage).sum::<u64>()));
    shown.insert("total_successes".into(), json!(found.iter().map(|(_, tally)| tally.successes).sum::<u64>()));
    shown.insert("top_procedure_ids".into(), json!(rated.iter().take(5).map(|(_, id)| id).collect::<Vec<_>>()));
    shown
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A run for tests here and in `improve`.
    pub(crate) fn run(id: u64, outcome: &str, more: Value) -> Run {
        let mut row = json!({"id": id, "timestamp": id * 1000, "outcome": outcome, "procedure_version": 1});
        for (field, value) in more.as_object().into_iter().flatten() {
            row[field] = value.clone();
        }
        Run::of_row(&row).unwrap()
    }

    #[test]
    fn quantiles_are_of_nearest_rank() {
        let mut values = [30, 10, 20, 40];
        assert_eq!(quantile(&mut values, 0.5), Some(20));
        assert_eq!(quantile(&mut values, 0.9), Some(40));
        assert_eq!(quantile(&mut [], 0.5), None);
    }

    #[test]
    fn totals_are_the_tallys_and_the_rest_is_of_the_runs() {
        let runs = [
            run(1, "success", json!({"duration_ms": 100})),
            run(2, "failure", json!({"failed_step": 2, "procedure_version": 2})),
            run(3, "success", json!({"duration_ms": 300, "procedure_version": 2})),
        ];
        let tally = Tally { usage: 30, successes: 27, failures: 3, timed: 2, total_ms: 400, ..Tally::default() };
        let shown = Value::Object(measure(&tally, &runs, 0.7));
        assert_eq!(shown["verdict"], "proven");
        assert_eq!((&shown["success_rate"], &shown["total_executions"]), (&json!(0.9), &json!(30)));
        assert_eq!(shown["time_ms"], json!({"mean": 200.0, "median": 100, "p90": 300, "timed": 2}));
        assert_eq!(shown["by_version"][1]["executions"], 2);
        assert_eq!(shown["failed_at"], json!([{"step": 2, "times": 1}]));
        assert_eq!(shown["interval"]["low"], json!(0.744));
    }

    #[test]
    fn nothing_is_told_of_what_was_never_done() {
        let shown = Value::Object(measure(&Tally::default(), &[], 0.7));
        assert_eq!((&shown["verdict"], &shown["success_rate"]), (&json!("untried"), &Value::Null));
        assert_eq!((&shown["interval"], &shown["time_ms"]["mean"]), (&Value::Null, &Value::Null));
    }

    #[test]
    fn a_summary_leaves_out_what_has_no_rate() {
        let tally = |usage, successes| Tally { usage, successes, ..Tally::default() };
        let found = [
            (json!({"id": 1}), tally(4, 4)),
            (json!({"id": 2}), tally(4, 3)),
            (json!({"id": 3}), tally(4, 1)),
            (json!({"id": 4}), tally(0, 0)),
        ];
        let shown = Value::Object(summarize(&found, 0.5));
        assert_eq!(shown["top_procedure_ids"], json!([1, 2]));
        assert_eq!((&shown["avg_effectiveness"], &shown["effectiveness_range"]), (&json!(0.875), &json!([0.75, 1.0])));
        assert_eq!(
            (&shown["found_count"], &shown["unrated_count"], &shown["total_executions"]),
            (&json!(4), &json!(1), &json!(12))
        );
    }
}
