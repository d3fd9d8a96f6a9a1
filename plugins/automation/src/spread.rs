//! Quantiles and means of a few measured numbers.

/// The quantile `q` (0 to 1) of sorted numbers, between two of them by their distance: type 7 of R. Hyndman, Y. Fan, "Sample Quantiles in
/// Statistical Packages", The American Statistician 50(4), 1996. None of none.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a short list"
)]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

/// Sorts numbers; those that are none go.
#[must_use]
pub fn sorted(numbers: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.into_iter().filter(|number| number.is_finite()).collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The mean. None of none.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a count of a short list")]
pub fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let numbers = sorted([4.0, 1.0, f64::NAN, 3.0, 2.0]);
        assert_eq!(numbers, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(quantile(&numbers, 0.0), Some(1.0));
        assert_eq!(quantile(&numbers, 0.5), Some(2.5));
        assert_eq!(quantile(&numbers, 1.0), Some(4.0));
        assert_eq!(quantile(&[7.0], 0.9), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!((mean(&numbers), mean(&[])), (Some(2.5), None));
    }
}
