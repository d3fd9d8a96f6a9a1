//! Paths against brute force on small random graphs.

use super::*;
use proptest::prelude::*;

/// A graph in memory.
struct Known {
    steps: Vec<Step>,
}

impl Known {
    fn new(edges: &[(u64, u64, f64)]) -> Self {
        let steps = edges.iter().zip(1..).map(|((from, to, weight), relation)| Step {
            from: *from,
            to: *to,
            relation,
            cost: cost(*weight, 1.0),
        });
        Self { steps: steps.collect() }
    }
}

impl Roads for Known {
    fn steps(&mut self, frontier: &[u64], backward: bool) -> Result<Vec<Step>, Fault> {
        let end = |step: &Step| if backward { step.to } else { step.from };
        Ok(self.steps.iter().filter(|step| frontier.contains(&end(step))).copied().collect())
    }
}

/// Every simple path, by trying all.
fn every(
    steps: &[Step],
    at: u64,
    to: u64,
    longest: usize,
    seen: &mut Vec<u64>,
    path: &mut Vec<Step>,
    found: &mut Vec<Vec<Step>>,
) {
    if at == to {
        found.push(path.clone());
        return;
    }
    if path.len() == longest {
        return;
    }
    for step in steps.iter().filter(|step| step.from == at) {
        if !seen.contains(&step.to) {
            seen.push(step.to);
            path.push(*step);
            every(steps, step.to, to, longest, seen, path, found);
            path.pop();
            seen.pop();
        }
    }
}

fn chain() -> Known {
    Known::new(&[(1, 2, 1.0), (2, 3, 1.0), (3, 4, 1.0), (1, 4, 0.2), (4, 1, 1.0)])
}

/// Tells only the first steps of each request, as a store does that may read no more.
struct Short(Known, usize);

impl Roads for Short {
    fn steps(&mut self, frontier: &[u64], backward: bool) -> Result<Vec<Step>, Fault> {
        let mut steps = self.0.steps(frontier, backward)?;
        steps.truncate(self.1);
        Ok(steps)
    }
}

#[test]
fn a_search_over_a_part_of_the_steps_says_so() {
    // What is read of the start leads back to it, so nothing is left to walk; the way was not read.
    let hidden = || Short(Known::new(&[(1, 1, 1.0), (1, 2, 1.0)]), 1);
    let cheap = cheapest(&mut hidden(), 1, 2, 10, 1).unwrap();
    assert_eq!((cheap.path, cheap.cut), (None, true));
    // A path is found at the last fetch, and a cheaper one may be in what was not read.
    let cheap = cheapest(&mut Short(Known::new(&[(1, 2, 0.5), (1, 2, 1.0)]), 1), 1, 2, 10, 1).unwrap();
    assert_eq!((cheap.path.map(|path| path.len()), cheap.cut), (Some(1), true));
}

#[test]
fn the_shortest_is_not_always_the_cheapest() {
    let short = shortest(&mut chain(), 1, 4, 10, 1000).unwrap();
    assert_eq!(short.path.unwrap().len(), 1);
    let cheap = cheapest(&mut chain(), 1, 4, 10, 1000).unwrap();
    assert_eq!((cheap.path.unwrap().len(), cheap.cost, cheap.cut), (3, 3.0, false));
    // Not longer than allowed, and it says that there may be better.
    let bounded = cheapest(&mut chain(), 1, 4, 2, 1000).unwrap();
    assert_eq!((bounded.path.unwrap().len(), bounded.cost, bounded.cut), (1, 5.0, true));
}

#[test]
fn ends_that_are_one_and_ends_that_do_not_meet() {
    assert_eq!(shortest(&mut chain(), 2, 2, 5, 1000).unwrap().path, Some(vec![]));
    assert_eq!(cheapest(&mut chain(), 2, 2, 5, 1000).unwrap().path, Some(vec![]));
    let none = shortest(&mut chain(), 1, 9, 10, 1000).unwrap();
    assert_eq!((none.path, none.cut), (None, false));
    assert_eq!(cheapest(&mut chain(), 9, 1, 10, 1000).unwrap().path, None);
    assert_eq!(shortest(&mut chain(), 1, 3, 1, 1000).unwrap().path, None);
}

#[test]
fn what_is_too_large_is_cut_and_says_so() {
    let star: Vec<(u64, u64, f64)> = (2..200).map(|to| (1, to, 1.0)).collect();
    let cut = shortest(&mut Known::new(&star), 1, 999, 5, 50).unwrap();
    assert!(cut.path.is_none() && cut.cut);
    let (_, more) = simple(&mut Known::new(&star), 1, 100, 3, 10, 50).unwrap();
    assert!(more);
    let cheap = cost(0.5, 0.5);
    assert!((cheap - 4.0).abs() < 1e-12);
    assert!(cost(0.0, 1.0).is_finite());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn paths_are_those_of_brute_force(
        edges in proptest::collection::vec((0_u64..8, 0_u64..8, 0.2_f64..1.0), 0..22),
        from in 0_u64..8,
        to in 0_u64..8,
    ) {
        let known = Known::new(&edges);
        let mut all = Vec::new();
        every(&known.steps, from, to, 8, &mut vec![from], &mut Vec::new(), &mut all);
        let fewest = all.iter().map(Vec::len).min();
        let least = all.iter().map(|path| path.iter().map(|step| step.cost).sum::<f64>()).min_by(f64::total_cmp);
        let short = shortest(&mut Known::new(&edges), from, to, 8, 10_000).unwrap();
        prop_assert_eq!(short.path.map(|path| path.len()), fewest);
        let cheap = cheapest(&mut Known::new(&edges), from, to, 40, 10_000).unwrap();
        prop_assert_eq!(cheap.path.is_some(), least.is_some());
        prop_assert!((cheap.cost - least.unwrap_or(0.0)).abs() < 1e-9);
        prop_assert!(!cheap.cut);
        if from != to {
            let (found, cut) = simple(&mut Known::new(&edges), from, to, 8, 100_000, 10_000).unwrap();
            let relations = |paths: &[Vec<Step>]| {
                let mut paths: Vec<Vec<u64>> =
                    paths.iter().map(|path| path.iter().map(|step| step.relation).collect()).collect();
                paths.sort();
                paths
            };
            prop_assert!(!cut);
            prop_assert!(found.windows(2).all(|pair| pair[0].len() <= pair[1].len()));
            prop_assert_eq!(relations(&found), relations(&all));
        }
    }
}
