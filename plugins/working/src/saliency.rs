//! How much a stored memory deserves attention now, and how much a new one stands out.
//!
//! Saliency = 0.30 frequency + 0.30 recency + 0.25 relevance + 0.15 surprise; salience = 0.4 novelty + 0.3 surprise +
//! 0.3 contradiction (Athena). Athena put 0.5 or 0 where it did not know a factor. Here an unknown factor is left out and
//! the other weights share its part, so that no number stands for ignorance.

/// Weights of saliency, in the order of [`Factors`].
pub const WEIGHTS: [f64; 4] = [0.30, 0.30, 0.25, 0.15];
/// Recency falls to 1/e in this many days.
pub const RECENCY_DAYS: f64 = 7.0;
/// From here on a text counts as novel.
pub const NOVEL: f64 = 0.8;

/// What saliency is made of, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Factors {
    /// How often it was used, against the most used.
    pub frequency: f64,
    /// How lately.
    pub recency: f64,
    /// How near to the goal; none without a goal and without a score of its own.
    pub relevance: Option<f64>,
    /// How unlike what has just happened; none without that.
    pub surprise: Option<f64>,
}

/// Uses against those of the most used row; 0 where nothing was used.
#[must_use]
pub fn frequency(uses: u64, most: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "use counts are small")]
    let share = uses as f64 / most.max(uses).max(1) as f64;
    share
}

/// e^(−days / 7) since the last use, or since it was made if that was later (all ms UTC).
#[must_use]
pub fn recency(made: u64, used: u64, now: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "ages in ms are below 2^53")]
    let days = now.saturating_sub(made.max(used)) as f64 / 86_400_000.0;
    (-days / RECENCY_DAYS).exp()
}

/// 1 − cosine distance / 2: a cosine as a share of 1.
#[must_use]
pub fn similarity(cosine: f64) -> f64 {
    (f64::midpoint(1.0, cosine)).clamp(0.0, 1.0)
}

/// 1 − mean similarity to what is at hand; none if nothing is.
#[must_use]
pub fn surprise(cosines: &[f64]) -> Option<f64> {
    if cosines.is_empty() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of cosines")]
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    Some(1.0 - similarity(mean))
}

/// 1 − the cosine of the nearest known text; 1 if nothing is known.
#[must_use]
pub fn novelty(cosines: &[f64]) -> f64 {
    1.0 - cosines.iter().copied().fold(0.0, f64::max).clamp(0.0, 1.0)
}

/// The weighted mean over the factors that are known.
#[must_use]
pub fn saliency(factors: Factors) -> f64 {
    let all = [Some(factors.frequency), Some(factors.recency), factors.relevance, factors.surprise];
    mean(all.into_iter().zip(WEIGHTS))
}

/// The weighted mean of novelty 0.4, surprise 0.3 and contradiction 0.3 over those that are known.
#[must_use]
pub fn salience(novelty: f64, surprise: Option<f64>, contradiction: Option<f64>) -> f64 {
    mean([Some(novelty), surprise, contradiction].into_iter().zip([0.4, 0.3, 0.3]))
}

fn mean(parts: impl Iterator<Item = (Option<f64>, f64)>) -> f64 {
    let known = parts.filter_map(|(value, weight)| Some((value?, weight)));
    let (sum, weights) = known.fold((0.0, 0.0), |(sum, all), (value, weight)| (sum + value * weight, all + weight));
    if weights > 0.0 { (sum / weights).clamp(0.0, 1.0) } else { 0.0 }
}

/// The kind of focus a saliency earns: primary from 0.7, secondary from 0.4, else background.
#[must_use]
pub fn focus_type(saliency: f64) -> &'static str {
    if saliency >= 0.7 {
        "primary"
    } else if saliency >= 0.4 {
        "secondary"
    } else {
        "background"
    }
}

/// What to do with a memory of a saliency.
#[must_use]
pub fn recommendation(saliency: f64) -> &'static str {
    if saliency >= 0.8 {
        "keep in focus"
    } else if saliency >= 0.6 {
        "monitor"
    } else if saliency >= 0.4 {
        "background"
    } else {
        "inhibit"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: u64 = 86_400_000;

    #[test]
    fn weights_are_those_of_the_formula() {
        assert!((WEIGHTS.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let one = |factors| saliency(factors);
        let base = Factors { relevance: Some(0.0), surprise: Some(0.0), ..Factors::default() };
        assert!((one(Factors { frequency: 1.0, ..base }) - 0.30).abs() < 1e-9);
        assert!((one(Factors { recency: 1.0, ..base }) - 0.30).abs() < 1e-9);
        assert!((one(Factors { relevance: Some(1.0), ..base }) - 0.25).abs() < 1e-9);
        assert!((one(Factors { surprise: Some(1.0), ..base }) - 0.15).abs() < 1e-9);
        assert!((salience(1.0, Some(0.0), Some(0.0)) - 0.4).abs() < 1e-9);
        assert!((salience(0.0, Some(1.0), Some(0.0)) - 0.3).abs() < 1e-9);
        assert!((salience(0.0, Some(0.0), Some(1.0)) - 0.3).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let known = Factors { frequency: 1.0, recency: 1.0, relevance: None, surprise: None };
        assert!((saliency(known) - 1.0).abs() < 1e-9);
        assert!((salience(0.5, None, None) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn recency_falls_to_a_third_in_a_week() {
        assert!((recency(0, 0, 7 * DAY) - (-1.0_f64).exp()).abs() < 1e-9);
        assert!((recency(0, 7 * DAY, 7 * DAY) - 1.0).abs() < 1e-9);
        assert!((recency(9 * DAY, 0, 7 * DAY) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn frequency_is_against_the_most_used() {
        assert!((frequency(2, 8) - 0.25).abs() < 1e-9);
        assert!((frequency(9, 8) - 1.0).abs() < 1e-9);
        assert!(frequency(0, 0).abs() < 1e-9);
    }

    #[test]
    fn novelty_is_against_the_nearest_and_surprise_against_all() {
        assert!((novelty(&[]) - 1.0).abs() < 1e-9);
        assert!((novelty(&[0.1, 0.9, -0.5]) - 0.1).abs() < 1e-9);
        assert_eq!(surprise(&[]), None);
        assert!(surprise(&[1.0, -1.0]).is_some_and(|surprise| (surprise - 0.5).abs() < 1e-9));
    }

    #[test]
    fn kinds_by_threshold() {
        let kinds: Vec<_> = [0.8, 0.7, 0.6, 0.4, 0.39].map(|value| (focus_type(value), recommendation(value))).into();
        assert_eq!(
            kinds,
            [
                ("primary", "keep in focus"),
                ("primary", "monitor"),
                ("secondary", "monitor"),
                ("secondary", "background"),
                ("background", "inhibit"),
            ]
        );
    }

    proptest! {
        #[test]
        fn always_a_share(f in 0.0..1.0_f64, r in 0.0..1.0_f64, g in proptest::option::of(0.0..1.0_f64), s in proptest::option::of(0.0..1.0_f64)) {
            let value = saliency(Factors { frequency: f, recency: r, relevance: g, surprise: s });
            prop_assert!((0.0..=1.0).contains(&value));
        }
    }
}
