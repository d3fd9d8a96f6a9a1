//! Estimates out of recorded work: what similar work took, how actual minutes stand to estimates, and a model trained on both.

use crate::row::{reference, round};
use crate::sample::{Line, deviation, mean, median, quantile, sorted};
use memstrata_sdk::{Value, json};

/// Fewer records than this make no ratio and no model.
pub const FEWEST: usize = 3;

/// One finished piece of work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// Its row.
    pub id: u64,
    /// `task`, `plan`, `event`, or `procedure`.
    pub kind: &'static str,
    /// What it was.
    pub content: String,
    /// The minutes it was meant to take.
    pub estimated: Option<f64>,
    /// Those it took.
    pub actual: f64,
}

/// Actual over estimated minutes of every record that has both.
#[must_use]
pub fn ratios(records: &[Record]) -> Vec<f64> {
    let both =
        records.iter().filter_map(|record| Some((record.actual, record.estimated.filter(|minutes| *minutes > 0.0)?)));
    both.filter(|(actual, _)| *actual > 0.0).map(|(actual, estimated)| actual / estimated).collect()
}

/// A line between the logarithms of estimates and of actual minutes: `actual = e^intercept * estimate^slope`, the usual form of effort models
/// (B. Boehm, "Software engineering economics", 1981).
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The line.
    pub line: Line,
    /// Records it was fitted to.
    pub records: usize,
    /// Mean relative error of each record, predicted by a model fitted without it.
    pub error: f64,
    /// The same error of the estimates as they were given.
    pub given_error: f64,
}

impl Trained {
    /// Fits it to four records or more; none with too few or with one size only.
    #[must_use]
    pub fn fit(records: &[Record]) -> Option<Self> {
        let points: Vec<(f64, f64)> = (records.iter())
            .filter_map(|record| Some((record.estimated.filter(|minutes| *minutes > 0.0)?, record.actual)))
            .filter(|(_, actual)| *actual > 0.0)
            .map(|(estimated, actual)| (estimated.ln(), actual.ln()))
            .collect();
        let line = Line::fit(&points)?;
        let off = |predicted: f64, actual: f64| (predicted.exp() - actual.exp()).abs() / actual.exp();
        let without = |at: usize| {
            let rest: Vec<(f64, f64)> =
                points.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, point)| *point).collect();
            Line::fit(&rest)
        };
        // Leave-one-out over the newest 200: fitting is linear, so all of them would be quadratic.
        let errors: Vec<f64> =
            points.iter().enumerate().take(200).filter_map(|(at, (x, y))| Some(off(without(at)?.at(*x), *y))).collect();
        let given: Vec<f64> = points.iter().take(200).map(|(x, y)| off(*x, *y)).collect();
        Some(Self { line, records: points.len(), error: mean(&errors)?, given_error: mean(&given)? })
    }

    /// Minutes for an estimate.
    #[must_use]
    pub fn minutes(&self, estimate: f64) -> f64 {
        self.line.at(estimate.ln()).exp()
    }

    /// As it is stored.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({"intercept": self.line.intercept, "slope": self.line.slope, "residual": self.line.residual, "records": self.records,
               "error": self.error, "given_error": self.given_error})
    }

    /// Reads a stored one.
    #[must_use]
    pub fn of(row: &Value) -> Option<Self> {
        let number = |field: &str| crate::row::number(row, field);
        let line = Line { intercept: number("intercept")?, slope: number("slope")?, residual: number("residual")? };
        Some(Self {
            line,
            records: number("records")? as usize,
            error: number("error")?,
            given_error: number("given_error")?,
        })
    }
}

/// Minutes, where they lie in eight of ten cases, and where they come from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forecast {
    /// The likely minutes; none if nothing tells.
    pub minutes: Option<f64>,
    /// The first and the last tenth, where the records allow it.
    pub range: Option<(f64, f64)>,
    /// In a sentence.
    pub basis: String,
    /// The records it rests on.
    pub records: Vec<u64>,
}

impl Forecast {
    /// As callers see it.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({"minutes": self.minutes.map(round), "low": self.range.map(|(low, _)| round(low)), "high": self.range.map(|(_, high)| round(high)),
               "basis": self.basis, "records": self.records, "from_history": !self.records.is_empty() || self.basis.starts_with("the trained")})
    }
}

/// The forecast for work that was given an estimate or none. First what similar work took; then the trained model, if it errs less than estimates as
/// given; then the median ratio; then the estimate as it is.
#[must_use]
pub fn forecast(similar: &[Record], all: &[Record], trained: Option<&Trained>, given: Option<f64>) -> Forecast {
    let tenths = |values: &[f64]| {
        let values = sorted(values);
        quantile(&values, 0.1).zip(quantile(&values, 0.9)).filter(|_| values.len() >= FEWEST)
    };
    let took: Vec<f64> = similar.iter().map(|record| record.actual).collect();
    if let Some(minutes) = median(&took) {
        let names: Vec<String> =
            similar.iter().take(5).map(|record| format!("{} {}", record.kind, reference(record.id))).collect();
        let basis = format!("the median of {} similar records ({})", took.len(), names.join(", "));
        return Forecast {
            minutes: Some(minutes),
            range: tenths(&took),
            basis,
            records: similar.iter().map(|record| record.id).collect(),
        };
    }
    let Some(given) = given.filter(|minutes| *minutes > 0.0) else {
        let basis = "no similar work is recorded and no estimate was given: nothing tells how long it takes".into();
        return Forecast { basis, ..Forecast::default() };
    };
    if let Some(model) = trained.filter(|model| model.error < model.given_error) {
        let (minutes, width) = (model.minutes(given), (1.2816 * model.line.residual).exp());
        let basis = format!(
            "the trained model over {} records, applied to the given estimate of {given} minutes",
            model.records
        );
        return Forecast {
            minutes: Some(minutes),
            range: Some((minutes / width, minutes * width)),
            basis,
            records: vec![],
        };
    }
    let ratios = ratios(all);
    if let Some(ratio) = median(&ratios).filter(|_| ratios.len() >= FEWEST) {
        let range = tenths(&ratios).map(|(low, high)| (low * given, high * given));
        let basis = format!(
            "the given estimate of {given} minutes times {}, the median ratio of {} records",
            round(ratio),
            ratios.len()
        );
        return Forecast {
            minutes: Some(ratio * given),
            range,
            basis,
            records: all.iter().map(|record| record.id).take(20).collect(),
        };
    }
    Forecast {
        minutes: Some(given),
        basis: format!("the estimate of {given} minutes as given: no similar work is recorded"),
        ..Forecast::default()
    }
}

/// Numbers about ratios; none of fewer than [`FEWEST`].
#[must_use]
pub fn ratio_summary(records: &[Record]) -> Option<Value> {
    let ratios = sorted(&ratios(records));
    let (middle, spread) = (median(&ratios)?, deviation(&ratios)?);
    (ratios.len() >= FEWEST).then(|| {
        let at = |share: f64| quantile(&ratios, share).map(round);
        json!({"records": ratios.len(), "median": round(middle), "mean": mean(&ratios).map(round), "deviation": round(spread), "p10": at(0.1), "p90": at(0.9)})
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u64, estimated: f64, actual: f64) -> Record {
        Record { id, kind: "task", content: String::new(), estimated: Some(estimated), actual }
    }

    #[test]
    fn the_nearest_evidence_is_taken() {
        let all: Vec<Record> = [(10.0, 20.0), (20.0, 40.0), (30.0, 60.0), (60.0, 120.0)]
            .iter()
            .zip(1..)
            .map(|((e, a), id)| record(id, *e, *a))
            .collect();
        let of = |similar: &[Record], all: &[Record], given| forecast(similar, all, None, given);
        assert_eq!(of(&all[..1], &all, Some(5.0)).minutes, Some(20.0));
        assert_eq!(of(&[], &all, Some(5.0)).minutes, Some(10.0));
        let bare = of(&[], &[], Some(5.0));
        assert!(bare.minutes == Some(5.0) && bare.range.is_none() && bare.basis.contains("as given"));
        assert_eq!(of(&[], &all, None).minutes, None);
        let model = Trained::fit(&all).unwrap();
        assert!(model.error < 1e-9 && (model.given_error - 0.5).abs() < 1e-9);
        let trained = forecast(&[], &all, Some(&model), Some(100.0));
        assert!((trained.minutes.unwrap() - 200.0).abs() < 1e-6);
        assert_eq!(Trained::of(&model.value()).unwrap(), model);
    }

    #[test]
    fn too_little_makes_no_model() {
        assert!(Trained::fit(&[record(1, 10.0, 20.0), record(2, 20.0, 40.0)]).is_none());
        assert!(ratio_summary(&[record(1, 10.0, 20.0)]).is_none());
        assert_eq!(ratios(&[record(1, 0.0, 5.0), record(2, 2.0, 5.0)]), [2.5]);
    }
}
