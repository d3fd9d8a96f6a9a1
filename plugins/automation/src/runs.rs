//! Runs of events that came back in a session: contiguous sequences of two to four, each at least twice.
//!
//! Support counting of contiguous sequences, as in R. Agrawal, R. Srikant, "Mining Sequential Patterns", ICDE 1995, with the maximal ones
//! kept: a run that only ever stands inside a longer one is not told.

use std::collections::BTreeMap;

/// Longest run.
const LONGEST: usize = 4;

/// A run and how often it was met, without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The labels, in order.
    pub steps: Vec<String>,
    /// At least 2.
    pub times: usize,
}

/// The runs of labels, the longest of the commonest first; runs of one label repeated are left out.
#[must_use]
pub fn runs(labels: &[String], most: usize) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    for length in (2..=LONGEST).rev() {
        let mut counts: BTreeMap<&[String], (usize, usize)> = BTreeMap::new();
        for (at, window) in labels.windows(length).enumerate() {
            let (times, free) = counts.entry(window).or_insert((0, 0));
            if at >= *free {
                *times += 1;
                *free = at + length;
            }
        }
        for (steps, (times, _)) in counts {
            let same = steps.windows(2).all(|two| two.first() == two.last());
            let inside = found
                .iter()
                .any(|longer| longer.times >= times && longer.steps.windows(length).any(|part| part == steps));
            if times >= 2 && !same && !inside {
                found.push(Run { steps: steps.to_vec(), times });
            }
        }
    }
    found.sort_by(|a, b| (b.times * b.steps.len()).cmp(&(a.times * a.steps.len())).then_with(|| a.steps.cmp(&b.steps)));
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_longest_run_is_told_and_its_parts_are_not() {
        let found = runs(&labels("edit test fix x edit test fix y"), 5);
        assert_eq!(found, [Run { steps: labels("edit test fix"), times: 2 }]);
    }

    #[test]
    fn a_part_that_is_commoner_is_told_too() {
        let found = runs(&labels("a b c z a b c y a b"), 5);
        assert_eq!(found.len(), 2);
        assert!(found.contains(&Run { steps: labels("a b"), times: 3 }));
    }

    #[test]
    fn repeats_of_one_label_and_single_runs_are_none() {
        assert!(runs(&labels("a a a a a a"), 5).is_empty());
        assert!(runs(&labels("a b c d"), 5).is_empty());
        assert!(runs(&[], 5).is_empty());
        // a b a: not twice without overlap.
        assert!(runs(&labels("a b a"), 5).is_empty());
    }
}
