//! Executions: from what callers tell to a row, and the running tally of a procedure's executions.

use crate::args::Time;
use crate::outcomes::Outcome;
use crate::row::{int, number, round, text};
use crate::wilson::interval;
use crate::words::clip;
use memstrata_sdk::{Fault, Map, Value, json};
use serde::Deserialize;

/// An execution tells no more variables than this.
pub const MOST_VARIABLES: usize = 50;
/// A time further ahead of the clock than this is refused, in ms: clocks differ a little.
const AHEAD_MS: u64 = 60_000;
/// A longer execution than this is a slip of units: 366 days, in ms.
pub const MOST_DURATION: u64 = 31_622_400_000;

/// An execution as callers tell it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Told {
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in ms.
    pub duration_ms: Option<u64>,
    /// When, ms UTC; now if absent.
    pub timestamp: Option<Time>,
    /// The variables it was done with, as they were.
    pub variables: Map<String, Value>,
    /// What was learned.
    pub learned: Option<String>,
    /// The step it failed at, from 1.
    pub failed_step: Option<u64>,
    /// The session it was done in.
    pub session_id: Option<String>,
}

impl Told {
    /// The row, which cites the procedure.
    ///
    /// # Errors
    /// `invalid.argument` with what to change.
    pub fn row(&self, procedure: &Value, steps: usize, now: u64) -> Result<Map<String, Value>, Fault> {
        let at = self.timestamp.map_or(now, |time| time.0);
        if at > now.saturating_add(AHEAD_MS) {
            return Err(Fault::invalid("`timestamp` is in the future: leave it out for now"));
        }
        if let Some(step) = self.failed_step {
            if self.outcome == Outcome::Success {
                return Err(Fault::invalid("`failed_step` is given and `outcome` is success: drop one of them"));
            }
            if step == 0 || usize::try_from(step).map_or(true, |step| step > steps) {
                return Err(Fault::invalid(match steps {
                    0 => "`failed_step` is given, and this procedure has no steps: leave it out".to_owned(),
                    _ => format!("`failed_step` is {step}: this procedure has steps 1 to {steps}"),
                }));
            }
        }
        if self.variables.len() > MOST_VARIABLES {
            return Err(Fault::invalid(format!("an execution tells at most {MOST_VARIABLES} variables")));
        }
        if let Some((name, _)) = self.variables.iter().find(|(_, value)| value.is_object() || value.is_null()) {
            let name = clip(name, 60);
            return Err(Fault::invalid(format!("variable `{name}` must be text, a number, a boolean or a list")));
        }
        let id = crate::row::id(procedure);
        let mut row = Map::new();
        row.insert("procedure".into(), json!(id));
        row.insert("procedure_version".into(), json!(int(procedure, "version")));
        row.insert("timestamp".into(), json!(at));
        row.insert("outcome".into(), json!(self.outcome.name()));
        row.insert("duration_ms".into(), json!(self.duration_ms));
        row.insert("variables".into(), json!(self.variables));
        row.insert("failed_step".into(), json!(self.failed_step));
        for (field, value) in [("learned", &self.learned), ("session_id", &self.session_id)] {
            if let Some(value) = value.as_deref().map(str::trim).filter(|value| !value.is_empty()) {
                row.insert(field.into(), json!(value));
            }
        }
        row.retain(|_, value| !value.is_null());
        row.insert("namespace".into(), json!(text(procedure, "namespace")));
        row.insert("sources".into(), json!([id]));
        Ok(row)
    }

    /// What it adds to the tally: sums, which the host adds whatever other calls add at the same time.
    #[must_use]
    pub fn additions(&self) -> Vec<(&'static str, f64)> {
        let counter = match self.outcome {
            Outcome::Success => "successes",
            Outcome::Failure => "failures",
            Outcome::Partial => "partials",
        };
        let mut additions = vec![("usage_count", 1.0), (counter, 1.0)];
        if let Some(ms) = self.duration_ms {
            additions.extend([("timed_count", 1.0), ("total_ms", ms as f64)]);
        }
        additions
    }
}

/// The executions of one procedure, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// All.
    pub usage: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// Those that failed.
    pub failures: u64,
    /// Those that did some of it.
    pub partials: u64,
    /// Those whose time is known ..
    pub timed: u64,
    /// .. and their time together, in ms.
    pub total_ms: u64,
    /// When the latest was, ms UTC.
    pub last_used: Option<u64>,
}

impl Tally {
    /// Reads a row of tallies.
    #[must_use]
    pub fn of_row(row: &Value) -> Self {
        let count = |field: &str| int(row, field).unwrap_or_default();
        Self {
            usage: count("usage_count"),
            successes: count("successes"),
            failures: count("failures"),
            partials: count("partials"),
            timed: count("timed_count"),
            total_ms: count("total_ms"),
            last_used: int(row, "last_used"),
        }
    }

    /// Successes as a share of all executions; none without any.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        (self.usage > 0).then(|| self.successes as f64 / self.usage as f64)
    }

    /// The mean time of those whose time is known, in ms.
    #[must_use]
    pub fn mean_ms(&self) -> Option<f64> {
        (self.timed > 0).then(|| self.total_ms as f64 / self.timed as f64)
    }

    /// How well a procedure can be trusted to work, for ranking: the lower Wilson bound over its executions, else over the
    /// chains of events it was learned from, else 0.
    #[must_use]
    pub fn assurance(&self, procedure: &Value) -> f64 {
        let executed = interval(self.successes, self.usage);
        let learned = || {
            let chains = int(procedure, "occurrences")?;
            // The share is over all chains of the shape; the successful ones are those that were counted.
            let all = number(procedure, "learned_success_rate")
                .filter(|rate| *rate > 0.0)
                .map(|rate| chains as f64 / rate)?;
            interval(chains, all.round() as u64)
        };
        executed.or_else(learned).map_or(0.0, |interval| interval.low)
    }

    /// Adds the statistics to a shown procedure. Without executions the success rate is that of the events it was learned from.
    pub fn show(&self, procedure: &Value, shown: &mut Map<String, Value>) {
        let learned = number(procedure, "learned_success_rate");
        let rate = self.success_rate().or(learned);
        shown.insert("success_rate".into(), json!(rate.map(round)));
        if let Some(from) = rate.map(|_| if self.usage > 0 { "executions" } else { "events" }) {
            shown.insert("success_rate_from".into(), json!(from));
        }
        shown.insert("usage_count".into(), json!(self.usage));
        shown.insert("avg_completion_time_ms".into(), json!(self.mean_ms().map(f64::round)));
        shown.insert("last_used".into(), json!(self.last_used));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: Value) -> Told {
        memstrata_sdk::arguments(value).unwrap()
    }

    #[test]
    fn a_row_cites_its_procedure_and_the_version_it_had() {
        let procedure = json!({"id": 7, "version": 3, "namespace": "user:a"});
        let row = told(json!({"outcome": "failure", "failed_step": 2, "duration_ms": 5, "learned": " x "}));
        let row = Value::Object(row.row(&procedure, 2, 1_000).unwrap());
        assert_eq!(row["sources"], json!([7]));
        assert_eq!((&row["procedure_version"], &row["namespace"]), (&json!(3), &json!("user:a")));
        assert_eq!((&row["timestamp"], &row["learned"]), (&json!(1_000), &json!("x")));
        assert!(row.get("session_id").is_none());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let procedure = json!({"id": 7, "version": 1});
        for (bad, said) in [
            (json!({"failed_step": 1}), "outcome` is success"),
            (json!({"outcome": "failure", "failed_step": 3}), "steps 1 to 2"),
            (json!({"outcome": "failure", "failed_step": 0}), "steps 1 to 2"),
            (json!({"timestamp": 900_000}), "future"),
            (json!({"variables": {"a": {}}}), "`a`"),
        ] {
            let message = told(bad).row(&procedure, 2, 1_000).unwrap_err().message;
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn a_tally_is_the_sum_of_additions() {
        let mut row = json!({});
        for told in [
            json!({"duration_ms": 10}),
            json!({"outcome": "failure"}),
            json!({"outcome": "partial", "duration_ms": 30}),
        ] {
            for (field, amount) in self::told(told).additions() {
                row[field] = json!(int(&row, field).unwrap_or(0) + amount as u64);
            }
        }
        let tally = Tally::of_row(&row);
        assert_eq!((tally.usage, tally.successes, tally.failures, tally.partials), (3, 1, 1, 1));
        assert_eq!(tally.mean_ms(), Some(20.0));
        assert!((tally.success_rate().unwrap() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn executions_count_before_events_and_nothing_is_invented() {
        let learned = json!({"occurrences": 3, "learned_success_rate": 0.75});
        let mut shown = Map::new();
        Tally::default().show(&learned, &mut shown);
        assert_eq!((&shown["success_rate"], &shown["success_rate_from"]), (&json!(0.75), &json!("events")));
        let tally = Tally { usage: 2, successes: 1, ..Tally::default() };
        tally.show(&learned, &mut shown);
        assert_eq!((&shown["success_rate"], &shown["success_rate_from"]), (&json!(0.5), &json!("executions")));
        let mut shown = Map::new();
        Tally::default().show(&json!({}), &mut shown);
        assert_eq!(shown["success_rate"], Value::Null);
        assert_eq!(Tally::default().assurance(&json!({})), 0.0);
        assert!(Tally::default().assurance(&learned) > 0.2);
    }
}
