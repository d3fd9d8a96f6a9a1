//! Percentiles of recorded values by the nearest rank.

/// The smallest value that at least `share` (0 to 1) of the values do not exceed; none over no values. `sorted` ascends.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are small"
)]
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rank_is_a_recorded_value() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        for (share, wanted) in [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (0.0, 1.0), (1.0, 100.0)] {
            assert_eq!(percentile(&values, share), Some(wanted), "{share}");
        }
        assert_eq!(percentile(&[7.0], 0.95), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
