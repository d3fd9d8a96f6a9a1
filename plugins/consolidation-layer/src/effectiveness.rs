//! Strategies compared by what they did: their runs of a span of time, and the shadow comparisons they took part in.

use crate::metric::{Metric, QUALITY, measured};
use crate::performance::throughput;
use crate::row;
use memstrata_sdk::{Map, Value, json};
use std::collections::BTreeMap;

/// Metrics compared, beside the four and their mean.
const MORE: [&str; 4] = ["hallucination", "diversity", "system2-effectiveness", "cohesion"];

/// What is known of one strategy.
#[derive(Debug, Default)]
struct Known<'a> {
    runs: Vec<&'a Value>,
    compared: usize,
    won: usize,
    scores: Vec<f64>,
}

/// A metric over several runs, each weighed by the units it applied.
fn over(runs: &[&Value], metric: &str) -> Option<f64> {
    let measured = runs.iter().filter_map(|run| {
        let weight = row::int(run, "applied").filter(|applied| *applied > 0)? as f64;
        Some((measured(run, metric).value()? * weight, weight))
    });
    let (sum, weight) = measured.fold((0.0, 0.0), |(sum, all), (value, weight)| (sum + value, all + weight));
    (weight > 0.0).then(|| sum / weight)
}

fn count(runs: &[&Value], status: &str) -> usize {
    runs.iter().filter(|run| row::text(run, "status") == status).count()
}

fn total(runs: &[&Value], field: &str) -> u64 {
    runs.iter().filter_map(|run| row::int(run, field)).sum()
}

/// Compares strategies. `asked` is what the caller called each with its configured name; `rows` is how many rows the
/// recorded units of a run have, by its name.
#[must_use]
pub fn compare(
    runs: &[Value],
    comparisons: &[Value],
    asked: &[(String, String)],
    rows: &BTreeMap<String, usize>,
) -> Value {
    let mut by_name: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for run in runs {
        by_name.entry(row::text(run, "strategy")).or_default().runs.push(run);
    }
    for comparison in comparisons {
        for entry in comparison.get("entries").and_then(Value::as_array).into_iter().flatten() {
            let name = row::text(entry, "strategy");
            let known = by_name.entry(name).or_default();
            known.compared += 1;
            known.won += usize::from(row::text(comparison, "winner") == name);
            known.scores.extend(row::number(entry, "score"));
        }
    }
    let nothing = Known::default();
    let told: Vec<(&str, Option<f64>, Value)> = asked
        .iter()
        .map(|(said, name)| {
            let known = by_name.get(name.as_str()).unwrap_or(&nothing);
            let (overall, told) = tell(said, name, known, rows);
            (name.as_str(), overall, told)
        })
        .collect();
    let mut ranked: Vec<(&str, f64)> =
        told.iter().filter_map(|(name, overall, _)| Some((*name, (*overall)?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    ranked.dedup_by_key(|(name, _)| *name);
    let best = match ranked.as_slice() {
        [first, second, ..] if first.1 > second.1 => json!({ "strategy": first.0, "overall": row::round(first.1) }),
        [_, _, ..] => json!({ "strategy": null, "why": "the best are equal" }),
        _ => json!({ "strategy": null, "why": "it takes measured runs of at least two of them in this time" }),
    };
    json!({ "strategies": told.into_iter().map(|(_, _, told)| told).collect::<Vec<_>>(), "best": best })
}

fn tell(said: &str, name: &str, known: &Known<'_>, rows: &BTreeMap<String, usize>) -> (Option<f64>, Value) {
    let runs = &known.runs;
    let why = if runs.is_empty() { "no run of it in this time" } else { "none of its runs measured it" };
    let mut metrics = Map::new();
    for metric in QUALITY.iter().chain(&["overall"]).chain(&MORE) {
        metrics.insert((*metric).to_owned(), Metric::or(over(runs, metric), why).json());
    }
    let speeds: Vec<f64> = runs
        .iter()
        .filter_map(|run| throughput(run, rows.get(row::text(run, "run")).copied().unwrap_or(0)).value())
        .collect();
    let ended = count(runs, "done") + count(runs, "partial") + count(runs, "failed");
    let done = (ended > 0).then(|| count(runs, "done") as f64 / ended as f64);
    let told = json!({
        "asked": said, "strategy": name, "runs": runs.len(), "done": count(runs, "done"), "partial": count(runs, "partial"),
        "failed": count(runs, "failed"), "undone": count(runs, "undone"), "success_rate": Metric::or(done, why).json(),
        "units": total(runs, "units"), "applied": total(runs, "applied"), "created": total(runs, "created"),
        "ended": total(runs, "ended"), "conflicts": total(runs, "conflicts"), "tokens": total(runs, "tokens"),
        "metrics": metrics, "rows_per_second": Metric::or(row::mean(&speeds), why).json(),
        "shadow": {
            "comparisons": known.compared, "won": known.won,
            "score": Metric::or(row::mean(&known.scores), "it was in no comparison with a score in this time").json(),
        },
    });
    (over(runs, "overall"), told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, strategy: &str, status: &str, applied: u64, overall: Option<f64>) -> Value {
        let measures = overall.map_or_else(|| json!({}), |overall| json!({ "overall": overall }));
        json!({"run": name, "strategy": strategy, "status": status, "applied": applied, "units": applied, "created": 1,
            "measures": measures, "started_at": 0, "ended_at": 1_000})
    }

    fn asked(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn runs_are_weighed_by_what_they_applied() {
        let runs = [
            run("r1", "a", "done", 1, Some(0.2)),
            run("r2", "a", "partial", 3, Some(0.6)),
            run("r3", "a", "failed", 0, None),
            run("r4", "b", "undone", 1, Some(0.4)),
        ];
        let rows = BTreeMap::from([("r1".to_owned(), 10), ("r2".to_owned(), 30)]);
        let told = compare(&runs, &[], &asked(&["a", "b", "c"]), &rows);
        let [a, b, c] = [0, 1, 2].map(|nth| &told["strategies"][nth]);
        // (1 x .2 + 3 x .6) / 4.
        assert_eq!(a["metrics"]["overall"]["value"], 0.5);
        assert_eq!((&a["runs"], &a["done"], &a["failed"], &a["created"]), (&json!(3), &json!(1), &json!(1), &json!(3)));
        assert_eq!(a["success_rate"]["value"], 0.3333);
        assert_eq!(a["rows_per_second"]["value"], 20.0);
        assert_eq!((&b["undone"], &b["success_rate"]["value"]), (&json!(1), &Value::Null));
        assert_eq!((&c["runs"], &c["metrics"]["recall"]["value"]), (&json!(0), &Value::Null));
        assert_eq!(c["metrics"]["recall"]["why"], "no run of it in this time");
        assert_eq!(told["best"], json!({"strategy": "a", "overall": 0.5}));
    }

    #[test]
    fn one_strategy_is_no_comparison_and_a_draw_has_no_winner() {
        let alone = compare(&[run("r", "a", "done", 1, Some(0.9))], &[], &asked(&["a", "b"]), &BTreeMap::new());
        assert_eq!(alone["best"]["strategy"], Value::Null);
        let runs = [run("r", "a", "done", 1, Some(0.5)), run("s", "b", "done", 2, Some(0.5))];
        assert_eq!(compare(&runs, &[], &asked(&["a", "b"]), &BTreeMap::new())["best"]["why"], "the best are equal");
        // Two words for one strategy are not two strategies.
        let twice = [("x".to_owned(), "a".to_owned()), ("y".to_owned(), "a".to_owned())];
        let told = compare(&[run("r", "a", "done", 1, Some(0.9))], &[], &twice, &BTreeMap::new());
        assert_eq!(told["best"]["strategy"], Value::Null);
    }

    #[test]
    fn shadow_comparisons_count_too() {
        let comparison =
            json!({"winner": "b", "entries": [{"strategy": "a", "score": 0.5}, {"strategy": "b", "score": 0.75}]});
        let told = compare(&[], &[comparison.clone(), comparison], &asked(&["a", "b"]), &BTreeMap::new());
        assert_eq!(told["strategies"][1]["shadow"], json!({"comparisons": 2, "won": 2, "score": {"value": 0.75}}));
        assert_eq!(told["strategies"][0]["shadow"]["won"], 0);
    }
}
