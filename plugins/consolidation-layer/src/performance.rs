//! How fast a run was: from the times and counts of its record.

use crate::metric::Metric;
use crate::row;
use crate::run::duration;
use memstrata_sdk::{Value, json};
use std::collections::BTreeSet;

/// Requirements 1.10 promise 2 to 5 s for 1,000 events, ms.
pub const TARGET_MS: (f64, f64) = (2_000.0, 5_000.0);

/// The rows of a run's recorded units, each once.
#[must_use]
pub fn rows(units: &[Value]) -> BTreeSet<u64> {
    units.iter().flat_map(|unit| row::ids(unit, "rows")).collect()
}

/// Rows a second over a run.
#[must_use]
pub fn throughput(run: &Value, rows: usize) -> Metric {
    match duration(run) {
        None => Metric::Unknown("the run goes on, or was cut off".into()),
        Some(_) if rows == 0 => Metric::Unknown("no unit of the run was recorded".into()),
        // The clock counts whole milliseconds: what takes less than one took at most one.
        Some(ms) => Metric::Known(rows as f64 * 1000.0 / ms.max(1) as f64),
    }
}

/// The performance of a run. `rows` is how many rows its recorded units have.
#[must_use]
pub fn performance(run: &Value, rows: usize) -> Value {
    let took = duration(run).map(|ms| ms as f64);
    let guest = row::number(run, "guest_ms");
    let units = row::int(run, "units").filter(|units| *units > 0);
    let per = |total: Option<f64>, count: Option<f64>| Some(total? / count?);
    let known = |value: Option<f64>, why: &str| Metric::or(value, why).json();
    let open = "the run goes on, or was cut off";
    let per_1000 = throughput(run, rows).value().map(|a_second| 1_000_000.0 / a_second);
    json!({
        "duration_ms": known(took, open),
        "guest_ms": known(guest, "the host did not record it"),
        "guest_share": known(per(guest, took.filter(|ms| *ms > 0.0)).map(|share| share.min(1.0)), open),
        "ms_per_unit": known(per(took, units.map(|units| units as f64)), "the run had no units, or goes on"),
        "rows": rows,
        "rows_per_second": throughput(run, rows).json(),
        "ms_per_1000_rows": known(per_1000, "it takes a finished run with recorded units"),
        "target_ms_per_1000_rows": { "best": TARGET_MS.0, "most": TARGET_MS.1 },
        "within_target": per_1000.map(|ms| ms <= TARGET_MS.1),
        "tokens": row::int(run, "tokens"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_from_the_record() {
        let run = json!({"started_at": 1_000, "ended_at": 1_500, "guest_ms": 100.0, "units": 2, "tokens": 30});
        let told = performance(&run, 50);
        assert_eq!(told["duration_ms"]["value"], 500.0);
        assert_eq!((&told["guest_share"]["value"], &told["ms_per_unit"]["value"]), (&json!(0.2), &json!(250.0)));
        // 50 rows in half a second: 100 a second, 10 s for 1,000.
        assert_eq!(told["rows_per_second"]["value"], 100.0);
        assert_eq!((&told["ms_per_1000_rows"]["value"], &told["within_target"]), (&json!(10_000.0), &json!(false)));
        assert_eq!(performance(&run, 100)["within_target"], true);
        assert_eq!(told["tokens"], 30);
    }

    #[test]
    fn what_is_open_is_null() {
        let told = performance(&json!({"started_at": 1_000, "status": "running"}), 5);
        assert_eq!(
            (&told["duration_ms"]["value"], &told["within_target"], &told["tokens"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        let idle = performance(&json!({"started_at": 1, "ended_at": 1, "units": 0}), 0);
        assert_eq!((&idle["ms_per_unit"]["value"], &idle["rows_per_second"]["value"]), (&Value::Null, &Value::Null));
    }

    #[test]
    fn a_row_of_two_units_counts_once() {
        assert_eq!(rows(&[json!({"rows": [1, 2]}), json!({"rows": [2, 3]}), json!({})]).len(), 3);
    }
}
