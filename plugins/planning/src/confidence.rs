//! How sure an estimate is: the spread of its kind, how few records tell it, and what from outside adds to it.

use crate::row::round;
use crate::sample::normal_below;
use memstrata_sdk::{Value, json};

/// An estimate counts as met if the actual value is within this share of it: what is above is an exceeded duration (requirements 1.11).
pub const TOLERANCE: f64 = 0.2;

/// The parts of a relative deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Work of one kind varies so much (aleatoric).
    pub own: f64,
    /// So few records tell it (epistemic): the own spread over the root of their number.
    pub knowledge: f64,
    /// Outer influences whose size was given, together.
    pub outer: f64,
}

impl Spread {
    /// Independent parts add by their squares.
    #[must_use]
    pub fn new(own: f64, records: usize, outer: &[f64]) -> Self {
        let knowledge = if records == 0 { own } else { own / (records as f64).sqrt() };
        Self { own, knowledge, outer: outer.iter().map(|x| x * x).sum::<f64>().sqrt() }
    }

    /// The whole.
    #[must_use]
    pub fn total(&self) -> f64 {
        (self.own.powi(2) + self.knowledge.powi(2) + self.outer.powi(2)).sqrt()
    }

    /// The chance that the actual value is within [`TOLERANCE`], if errors are normal.
    #[must_use]
    pub fn score(&self) -> f64 {
        let total = self.total();
        if total <= 0.0 { 1.0 } else { 2.0 * normal_below(TOLERANCE / total) - 1.0 }
    }

    /// The parts, and which is the largest.
    #[must_use]
    pub fn value(&self) -> Value {
        let parts = [("own", self.own), ("knowledge", self.knowledge), ("outer", self.outer)];
        let largest = parts.iter().fold(("own", f64::MIN), |best, part| if part.1 > best.1 { *part } else { best }).0;
        let square = self.total().powi(2).max(f64::MIN_POSITIVE);
        let share = |part: f64| round(part.powi(2) / square);
        json!({"relative_deviation": round(self.total()), "own": round(self.own), "knowledge": round(self.knowledge), "outer": round(self.outer),
               "shares": {"own": share(self.own), "knowledge": share(self.knowledge), "outer": share(self.outer)}, "largest": largest})
    }
}

/// Intervals around an estimate at the usual levels, for normal errors of a relative deviation. None is below 0.
#[must_use]
pub fn intervals(estimate: f64, relative: f64) -> Value {
    let at = |level: &str, z: f64| json!({"level": level, "low": round((estimate * (1.0 - z * relative)).max(0.0)), "high": round(estimate * (1.0 + z * relative))});
    json!([at("68 %", 1.0), at("80 %", 1.2816), at("90 %", 1.6449), at("95 %", 1.96)])
}

/// The word for a score.
#[must_use]
pub fn word(score: f64) -> &'static str {
    match score {
        s if s >= 0.8 => "high",
        s if s >= 0.6 => "fair",
        s if s >= 0.4 => "low",
        _ => "very low",
    }
}

/// An outer influence: named, and, if known, how much it widens the estimate (relative deviation).
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(untagged)]
pub enum Factor {
    /// Only named.
    Named(String),
    /// With its size.
    Sized {
        /// Its name.
        name: String,
        /// A relative deviation.
        impact: Option<f64>,
    },
}

/// Sizes of those that have one, and the names of those that have none.
#[must_use]
pub fn split(factors: &[Factor]) -> (Vec<f64>, Vec<String>) {
    let sizes =
        factors.iter().filter_map(|factor| if let Factor::Sized { impact, .. } = factor { *impact } else { None });
    let names = factors.iter().filter_map(|factor| match factor {
        Factor::Named(name) | Factor::Sized { name, impact: None } => Some(name.clone()),
        Factor::Sized { .. } => None,
    });
    (sizes.collect(), names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_by_squares_and_more_records_narrow_them() {
        let spread = Spread::new(0.3, 0, &[0.4]);
        assert!((Spread::new(0.3, usize::MAX, &[0.4]).total() - 0.5).abs() < 1e-6);
        assert!(spread.total() > 0.5 && spread.value()["largest"] == "outer");
        assert!(Spread::new(0.15, 100, &[]).score() > Spread::new(0.15, 2, &[]).score());
        assert_eq!(Spread::new(0.0, 5, &[]).score(), 1.0);
        assert!((Spread::new(0.2, usize::MAX, &[]).score() - 0.6827).abs() < 1e-3, "one deviation");
    }

    #[test]
    fn intervals_never_fall_below_nothing() {
        let all = intervals(100.0, 0.15);
        assert_eq!((all[3]["low"].as_f64(), all[3]["high"].as_f64()), (Some(70.6), Some(129.4)));
        assert_eq!(intervals(10.0, 2.0)[0]["low"], 0.0);
    }

    #[test]
    fn factors_without_a_size_are_named_only() {
        let factors: Vec<Factor> =
            serde_json::from_value(json!(["weather", {"name": "team", "impact": 0.1}, {"name": "law"}])).unwrap();
        assert_eq!(split(&factors), (vec![0.1], vec!["weather".to_owned(), "law".to_owned()]));
    }
}
