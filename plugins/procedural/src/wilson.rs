//! How sure a success rate is: the Wilson score interval, and a verdict on its bounds.
//!
//! Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212. Unlike the
//! plain normal interval it is sound for few trials and for shares near 0 and 1.

/// The standard normal quantile of a two-sided interval of 95 %.
pub const Z: f64 = 1.959_963_984_540_054;

/// A 95 % interval of a share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower bound, 0 to 1.
    pub low: f64,
    /// The upper bound, 0 to 1.
    pub high: f64,
}

/// The interval of `successes` in `trials`; none without trials.
#[must_use]
pub fn interval(successes: u64, trials: u64) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let n = trials as f64;
    let share = successes.min(trials) as f64 / n;
    let square = Z * Z;
    let scale = 1.0 + square / n;
    let centre = share + square / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    Some(Interval { low: ((centre - spread) / scale).max(0.0), high: ((centre + spread) / scale).min(1.0) })
}

/// What the recorded executions allow to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No execution was recorded.
    Untried,
    /// The whole interval is above the wanted share.
    Proven,
    /// The whole interval is below it.
    Failing,
    /// The interval holds it: more executions are needed.
    Open,
}

impl Verdict {
    /// As answers show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Untried => "untried",
            Self::Proven => "proven",
            Self::Failing => "failing",
            Self::Open => "open",
        }
    }
}

/// The verdict on `successes` in `trials` against a wanted share.
#[must_use]
pub fn verdict(successes: u64, trials: u64, wanted: f64) -> Verdict {
    match interval(successes, trials) {
        None => Verdict::Untried,
        Some(interval) if interval.low >= wanted => Verdict::Proven,
        Some(interval) if interval.high < wanted => Verdict::Failing,
        Some(_) => Verdict::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // 8 of 10, from the published formula worked by hand.
        let eight = interval(8, 10).unwrap();
        assert!((eight.low - 0.490_16).abs() < 1e-4 && (eight.high - 0.943_31).abs() < 1e-4, "{eight:?}");
        let none = interval(0, 5).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.434_48).abs() < 1e-4, "{none:?}");
        assert_eq!(interval(0, 0), None);
    }

    #[test]
    fn more_trials_narrow_it() {
        let width = |trials: u64| interval(trials / 2, trials).map(|i| i.high - i.low).unwrap();
        assert!(width(10) > width(100) && width(100) > width(1000));
    }

    #[test]
    fn a_verdict_needs_the_whole_interval() {
        assert_eq!(verdict(0, 0, 0.7), Verdict::Untried);
        assert_eq!(verdict(3, 3, 0.7), Verdict::Open);
        assert_eq!(verdict(30, 30, 0.7), Verdict::Proven);
        assert_eq!(verdict(1, 10, 0.7), Verdict::Failing);
    }
}
