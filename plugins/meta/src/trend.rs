//! Where a series goes: the Theil-Sen slope, the median of the slopes of all pairs (Sen, JASA 63, 1968).

/// The median; none of nothing.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    if values.len() % 2 == 1 {
        Some(upper)
    } else {
        values.get(half.wrapping_sub(1)).map(|lower| f64::midpoint(*lower, upper))
    }
}

/// The slope of points (x, y); none with fewer than three, since two always lie on a line.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 3 {
        return None;
    }
    let mut slopes = Vec::new();
    for (at, (x, y)) in points.iter().enumerate() {
        for (later, value) in points.iter().skip(at + 1) {
            if later > x {
                slopes.push((value - y) / (later - x));
            }
        }
    }
    median(slopes)
}

/// improving, declining or stable: a change of a point (of a hundred) a week is one.
#[must_use]
pub fn direction(per_day: Option<f64>) -> &'static str {
    match per_day.map(|slope| slope * 7.0) {
        None => "unknown",
        Some(week) if week >= 1.0 => "improving",
        Some(week) if week <= -1.0 => "declining",
        Some(_) => "stable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_outlier_does_not_turn_the_slope() {
        let points = [(0.0, 50.0), (1.0, 51.0), (2.0, 0.0), (3.0, 53.0), (4.0, 54.0)];
        assert_eq!(slope(&points), Some(1.0));
        assert_eq!(direction(slope(&points)), "improving");
    }

    #[test]
    fn two_points_say_nothing() {
        assert_eq!(direction(slope(&[(0.0, 1.0), (1.0, 9.0)])), "unknown");
    }

    #[test]
    fn medians_lie_between() {
        assert_eq!(median(vec![3.0, 1.0]), Some(2.0));
        assert_eq!(median(vec![]), None);
    }
}
