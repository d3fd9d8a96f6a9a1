//! How well estimates were kept: ratio of actual to estimated minutes over completed tasks.

use crate::row::round;
use memstrata_sdk::{Value, json};

/// Within this share of the estimate, an estimate was good.
const GOOD: f64 = 0.2;

/// Estimated and actual minutes of one task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Estimated minutes, above 0.
    pub estimated: f64,
    /// Actual minutes.
    pub actual: f64,
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    let lower = if values.len().is_multiple_of(2) { *values.get(middle.checked_sub(1)?)? } else { upper };
    Some(f64::midpoint(lower, upper))
}

/// Count, mean absolute percentage error, median ratio, share within 20 %, and which way estimates lean. Without samples all but the count are null.
#[must_use]
pub fn of(samples: &[Sample]) -> Value {
    let usable: Vec<&Sample> = samples.iter().filter(|sample| sample.estimated > 0.0).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of tasks")]
    let count = usable.len() as f64;
    let mean = |value: &dyn Fn(&Sample) -> f64| {
        (count > 0.0).then(|| round(usable.iter().map(|s| value(s)).sum::<f64>() / count))
    };
    let error = |sample: &Sample| (sample.actual - sample.estimated).abs() / sample.estimated;
    let ratio = median(usable.iter().map(|sample| sample.actual / sample.estimated).collect());
    let leaning = ratio.map(|ratio| match ratio {
        ratio if ratio > 1.0 + GOOD => "underestimates",
        ratio if ratio < 1.0 - GOOD => "overestimates",
        _ => "balanced",
    });
    json!({
        "tasks": usable.len(),
        "mean_absolute_percentage_error": mean(&error).map(|share| round(share * 100.0)),
        "median_ratio": ratio.map(round),
        "within_20_percent": mean(&|sample| f64::from(u8::from(error(sample) <= GOOD))),
        "leaning": leaning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(pairs: &[(f64, f64)]) -> Vec<Sample> {
        pairs.iter().map(|(estimated, actual)| Sample { estimated: *estimated, actual: *actual }).collect()
    }

    #[test]
    fn errors_and_leaning_are_computed() {
        let found = of(&samples(&[(10.0, 15.0), (10.0, 11.0), (20.0, 40.0), (0.0, 5.0)]));
        assert_eq!(found["tasks"], 3);
        assert_eq!(found["mean_absolute_percentage_error"], 53.3);
        assert_eq!(found["median_ratio"], 1.5);
        assert_eq!(found["within_20_percent"], 0.333);
        assert_eq!(found["leaning"], "underestimates");
        assert_eq!(of(&samples(&[(10.0, 10.0), (10.0, 11.0)]))["median_ratio"], 1.05);
    }

    #[test]
    fn nothing_measured_is_nothing_said() {
        assert_eq!(of(&[])["median_ratio"], Value::Null);
        assert_eq!(of(&[])["tasks"], 0);
    }
}
