//! Estimates against what it took: the median factor, and whether it would have helped, each case judged by the others.

use crate::trend::median;

/// What past cases teach.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// Cases with both numbers.
    pub cases: usize,
    /// Median of actual / estimated: multiply estimates by it.
    pub factor: f64,
    /// Mean absolute error as a share of the actual, as estimated.
    pub error: f64,
    /// The same after the factor, each case left out of its own factor (leave-one-out, Stone 1974).
    pub error_after: Option<f64>,
}

/// Learns from (estimated, actual) in minutes. None without a usable case.
#[must_use]
pub fn learn(cases: &[(f64, f64)]) -> Option<Lesson> {
    let cases: Vec<(f64, f64)> = cases.iter().copied().filter(|(e, a)| *e > 0.0 && *a > 0.0).collect();
    let ratios: Vec<f64> = cases.iter().map(|(e, a)| a / e).collect();
    let factor = median(ratios.clone())?;
    let count = cases.len() as f64;
    let error = cases.iter().map(|(e, a)| (e - a).abs() / a).sum::<f64>() / count;
    let mut after = 0.0;
    for (left, (e, a)) in cases.iter().enumerate() {
        let others = ratios.iter().enumerate().filter(|(at, _)| *at != left).map(|(_, ratio)| *ratio).collect();
        after += median(others).map_or(f64::NAN, |factor| (e * factor - a).abs() / a);
    }
    Some(Lesson { cases: cases.len(), factor, error, error_after: Some(after / count).filter(|v| v.is_finite()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_always_half_of_it_teach_a_factor_of_two() {
        let lesson = learn(&[(10.0, 20.0), (30.0, 60.0), (5.0, 10.0)]);
        assert_eq!(lesson, Some(Lesson { cases: 3, factor: 2.0, error: 0.5, error_after: Some(0.0) }));
    }

    #[test]
    fn one_case_cannot_judge_itself() {
        assert_eq!(learn(&[(10.0, 20.0)]).and_then(|lesson| lesson.error_after), None);
        assert_eq!(learn(&[(0.0, 20.0)]), None);
    }
}
