//! How long a task may take: its estimate times what estimates of completed tasks were off by.

use crate::spread::{quantile, sorted};

/// So many completed tasks with estimate and actual time are needed before anything is said.
pub const LEAST: usize = 5;

/// Minutes, by the tasks that went best, as usual, and worst.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenarios {
    /// The 10th percentile.
    pub best_case: f64,
    /// The median.
    pub most_likely: f64,
    /// The 90th percentile.
    pub worst_case: f64,
    /// Tasks it rests on.
    pub samples: usize,
}

/// The scenarios of an estimate in minutes, from (estimated, actual) minutes of completed tasks: reference class forecasting
/// (D. Kahneman, A. Tversky 1979; B. Flyvbjerg 2006). None of fewer than [`LEAST`].
#[must_use]
pub fn scenarios(estimate: f64, done: &[(f64, f64)]) -> Option<Scenarios> {
    let usable = done.iter().filter(|(estimated, actual)| *estimated > 0.0 && *actual >= 0.0);
    let ratios = sorted(usable.map(|(estimated, actual)| actual / estimated));
    if ratios.len() < LEAST || estimate <= 0.0 {
        return None;
    }
    let at = |q: f64| quantile(&ratios, q).map(|ratio| memstrata_sdk::row::round(estimate * ratio));
    Some(Scenarios { best_case: at(0.1)?, most_likely: at(0.5)?, worst_case: at(0.9)?, samples: ratios.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_scaled_by_what_was_measured() {
        let done: Vec<(f64, f64)> = [0.5, 1.0, 1.5, 2.0, 2.5].map(|ratio| (60.0, 60.0 * ratio)).to_vec();
        let found = scenarios(100.0, &done).unwrap();
        assert_eq!((found.best_case, found.most_likely, found.worst_case, found.samples), (70.0, 150.0, 230.0, 5));
    }

    #[test]
    fn too_little_says_nothing() {
        let done = vec![(60.0, 60.0); 4];
        assert_eq!(scenarios(100.0, &done), None);
        assert_eq!(scenarios(100.0, &[(0.0, 5.0); 9]), None);
        assert_eq!(scenarios(0.0, &[(1.0, 1.0); 9]), None);
    }
}
