//! Plain statistics of small samples: mean, deviation, quantiles, medians, normal probabilities, a line of least squares.

/// The mean; none of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sample's standard deviation; none of fewer than two.
#[must_use]
pub fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    Some((values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt())
}

/// The values in order.
#[must_use]
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A quantile of values in order, between neighbours in proportion (R. Hyndman, Y. Fan, "Sample quantiles in statistical packages", 1996, type 7).
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted.get(at.floor() as usize)?, sorted.get(at.ceil() as usize)?);
    Some(low + (high - low) * at.fract())
}

/// The median.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values), 0.5)
}

/// The share of a standard normal below `z` (M. Abramowitz, I. Stegun, "Handbook of mathematical functions", 7.1.26; error below 1.5e-7).
#[must_use]
pub fn normal_below(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let half = 0.5 * poly * (-x * x).exp();
    if z < 0.0 { half } else { 1.0 - half }
}

/// How unusual each value is: 0.6745 (x - median) / MAD (B. Iglewicz, D. Hoaglin, "How to detect and handle outliers", 1993; unusual above 3.5).
/// None if more than half are equal, so that there is no scale.
#[must_use]
pub fn robust_scores(values: &[f64]) -> Option<Vec<f64>> {
    let middle = median(values)?;
    let far: Vec<f64> = values.iter().map(|x| (x - middle).abs()).collect();
    let scale = median(&far).filter(|scale| *scale > 0.0)?;
    Some(values.iter().map(|x| 0.6745 * (x - middle) / scale).collect())
}

/// `y = intercept + slope x`, fitted by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// At x = 0.
    pub intercept: f64,
    /// A step of x.
    pub slope: f64,
    /// Deviation of what is left over.
    pub residual: f64,
}

impl Line {
    /// Fits it to at least three points of two or more x.
    #[must_use]
    pub fn fit(points: &[(f64, f64)]) -> Option<Self> {
        let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (x, y) = (mean(&xs)?, mean(&ys)?);
        let spread: f64 = xs.iter().map(|v| (v - x).powi(2)).sum();
        if points.len() < 3 || spread <= 1e-9 {
            return None;
        }
        let slope = points.iter().map(|(a, b)| (a - x) * (b - y)).sum::<f64>() / spread;
        let intercept = y - slope * x;
        let left: f64 = points.iter().map(|(a, b)| (b - intercept - slope * a).powi(2)).sum();
        Some(Self { intercept, slope, residual: (left / (points.len() - 2) as f64).sqrt() })
    }

    /// y at an x.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_text_books() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), Some(1.75));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert!((deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap() - 2.138).abs() < 1e-3);
        assert_eq!(deviation(&[1.0]), None);
        assert!((normal_below(1.96) - 0.975).abs() < 1e-4 && (normal_below(-1.0) - 0.158_655).abs() < 1e-5);
    }

    #[test]
    fn a_line_goes_through_its_points() {
        let line = Line::fit(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-12 && (line.at(3.0) - 7.0).abs() < 1e-12 && line.residual < 1e-9);
        assert_eq!(Line::fit(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
    }

    #[test]
    fn one_value_far_off_stands_out() {
        let scores = robust_scores(&[10.0, 11.0, 9.0, 10.5, 100.0]).unwrap();
        assert!(scores[4] > 3.5 && scores[..4].iter().all(|score| score.abs() < 3.5));
        assert_eq!(robust_scores(&[1.0, 1.0, 1.0, 9.0]), None);
    }
}
