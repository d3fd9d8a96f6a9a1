//! Refines cuts of a session: greedy modularity over event similarities, then the limits on a segment's size.

use crate::segment::ranges;
use std::ops::Range;

/// Rounds of refinement at most.
pub const ROUNDS: usize = 10;
/// A round that gains less than this share of the modularity is the last.
pub const LEAST_GAIN: f64 = 0.001;
/// How far a cut may move in one step.
const SHIFT: usize = 2;

/// Similarities of all events with all, with sums over blocks in constant time.
#[derive(Debug)]
pub struct Affinity {
    count: usize,
    /// Sums over the rectangle from the origin, (count + 1) a row.
    sums: Vec<f64>,
}

impl Affinity {
    /// From cosines row by row; negative ones and the diagonal count as 0.
    #[must_use]
    pub fn new(cosines: &[f32], count: usize) -> Self {
        let width = count + 1;
        let mut sums = vec![0.0; width];
        for row in 0..count {
            let mut line = 0.0;
            sums.push(0.0);
            for column in 0..count {
                let cosine = cosines.get(row * count + column).copied().filter(|c| c.is_finite()).unwrap_or(0.0);
                line += if row == column { 0.0 } else { f64::from(cosine.max(0.0)) };
                let above = sums.get(row * width + column + 1).copied().unwrap_or(0.0);
                sums.push(above + line);
            }
        }
        Self { count, sums }
    }

    fn corner(&self, row: usize, column: usize) -> f64 {
        self.sums.get(row * (self.count + 1) + column).copied().unwrap_or(0.0)
    }

    /// Sum of similarities between the events of two ranges.
    #[must_use]
    pub fn between(&self, a: &Range<usize>, b: &Range<usize>) -> f64 {
        self.corner(a.end, b.end) - self.corner(a.start, b.end) - self.corner(a.end, b.start)
            + self.corner(a.start, b.start)
    }

    /// Newman's modularity of the segments: the share of similarity inside them less what chance would put there.
    #[must_use]
    pub fn modularity(&self, cuts: &[usize]) -> f64 {
        let all = 0..self.count;
        let total = self.between(&all, &all);
        if total <= 0.0 {
            return 0.0;
        }
        let share = |segment: &Range<usize>| {
            self.between(segment, segment) / total - (self.between(segment, &all) / total).powi(2)
        };
        ranges(cuts, self.count).iter().map(share).sum()
    }
}

/// Moves or drops cuts while modularity rises: at most [`ROUNDS`] rounds, the last one below [`LEAST_GAIN`].
#[must_use]
pub fn refine(cuts: Vec<usize>, affinity: &Affinity) -> Vec<usize> {
    let mut cuts = cuts;
    let mut quality = affinity.modularity(&cuts);
    for _ in 0..ROUNDS {
        let start = quality;
        let mut at = 0;
        while at < cuts.len() {
            let (better, gained) = best_change(&cuts, at, quality, affinity);
            let dropped = better.len() < cuts.len();
            (cuts, quality) = (better, gained);
            at += usize::from(!dropped);
        }
        if quality - start < LEAST_GAIN * start.abs().max(f64::EPSILON) {
            break;
        }
    }
    cuts
}

/// The best of leaving, dropping and shifting one cut.
fn best_change(cuts: &[usize], at: usize, quality: f64, affinity: &Affinity) -> (Vec<usize>, f64) {
    let mut best = (cuts.to_vec(), quality);
    let Some(here) = cuts.get(at).copied() else {
        return best;
    };
    let low = at.checked_sub(1).and_then(|before| cuts.get(before)).copied().unwrap_or(0);
    let high = cuts.get(at + 1).copied().unwrap_or(affinity.count);
    let mut dropped = cuts.to_vec();
    dropped.remove(at);
    let shifts = (here.saturating_sub(SHIFT)..=here + SHIFT).filter(|to| *to != here && *to > low && *to < high);
    let shifted = shifts.map(|to| cuts.iter().map(|cut| if *cut == here { to } else { *cut }).collect());
    for candidate in std::iter::once(dropped).chain(shifted) {
        let value = affinity.modularity(&candidate);
        if value > best.1 {
            best = (candidate, value);
        }
    }
    best
}

/// Joins segments below `least` tokens to the more similar neighbour and splits those above `most` where the signal is
/// highest, if both parts keep `least`. A single event is never split.
#[must_use]
pub fn size(
    cuts: Vec<usize>,
    tokens: &[usize],
    signal: &[f64],
    affinity: &Affinity,
    least: usize,
    most: usize,
) -> Vec<usize> {
    let weight = |range: &Range<usize>| tokens.get(range.clone()).unwrap_or_default().iter().sum::<usize>();
    let mut segments = ranges(&cuts, tokens.len());
    while segments.len() > 1 {
        let Some(small) = segments.iter().position(|segment| weight(segment) < least) else {
            break;
        };
        join(&mut segments, small, affinity);
    }
    let mut pending = segments;
    pending.reverse();
    let mut starts = Vec::new();
    while let Some(segment) = pending.pop() {
        let place = (segment.start + 1..segment.end)
            .filter(|at| {
                weight(&segment) > most
                    && weight(&(segment.start..*at)) >= least
                    && weight(&(*at..segment.end)) >= least
            })
            .max_by(|a, b| {
                let value = |at: &usize| signal.get(*at).copied().unwrap_or(0.0);
                // Of equal signals the one nearer the middle, so that a flat signal halves the segment.
                let off = |at: &usize| at.abs_diff(usize::midpoint(segment.start, segment.end));
                value(a).total_cmp(&value(b)).then(off(b).cmp(&off(a)))
            });
        match place {
            Some(at) => pending.extend([at..segment.end, segment.start..at]),
            None => starts.push(segment.start),
        }
    }
    starts.retain(|start| *start > 0);
    starts
}

fn join(segments: &mut Vec<Range<usize>>, small: usize, affinity: &Affinity) {
    let Some(segment) = segments.get(small).cloned() else {
        return;
    };
    let like = |other: Option<&Range<usize>>| {
        other.map_or(f64::NEG_INFINITY, |other| {
            affinity.between(&segment, other) / (segment.len() * other.len()).max(1) as f64
        })
    };
    let before = small.checked_sub(1);
    let to_the_left = like(before.and_then(|at| segments.get(at))) >= like(segments.get(small + 1));
    let first = match before {
        Some(before) if to_the_left => before,
        _ => small,
    };
    if first + 1 < segments.len() {
        let second = segments.remove(first + 1);
        if let Some(left) = segments.get_mut(first) {
            left.end = second.end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two groups of events: 0.9 inside, 0.1 across.
    fn groups(count: usize, border: usize) -> Affinity {
        let cosines: Vec<f32> =
            (0..count * count).map(|i| if (i / count < border) == (i % count < border) { 0.9 } else { 0.1 }).collect();
        Affinity::new(&cosines, count)
    }

    #[test]
    fn a_cut_moves_to_the_border() {
        let affinity = groups(12, 6);
        assert_eq!(refine(vec![4], &affinity), [6]);
        assert_eq!(refine(vec![2, 6, 9], &affinity), [6]);
        assert!(affinity.modularity(&[6]) > affinity.modularity(&[4]));
        assert!(affinity.modularity(&[]).abs() < 1e-9);
    }

    #[test]
    fn without_vectors_cuts_stay() {
        let affinity = Affinity::new(&[], 10);
        assert_eq!(refine(vec![3, 7], &affinity), [3, 7]);
    }

    #[test]
    fn small_segments_join_the_more_similar_side() {
        let affinity = groups(6, 3);
        assert_eq!(size(vec![3, 4], &[5; 6], &[0.0; 6], &affinity, 8, 128), [3]);
        assert_eq!(size(vec![2, 3], &[5; 6], &[0.0; 6], &affinity, 8, 128), [3]);
        assert_eq!(size(vec![1], &[2, 2], &[0.0; 2], &groups(2, 1), 8, 128), [0usize; 0]);
    }

    #[test]
    fn large_segments_are_split_at_the_signal() {
        let affinity = groups(4, 2);
        let signal = [0.0, 0.9, 0.1, 0.2];
        assert_eq!(size(vec![], &[60; 4], &signal, &affinity, 8, 128), [1, 3]);
        assert_eq!(size(vec![], &[500], &[0.0], &groups(1, 1), 8, 128), [0usize; 0]);
    }

    proptest! {
        #[test]
        fn refinement_never_loses_modularity(
            cosines in prop::collection::vec(-1.0f32..1.0, 100..=100), cut in prop::collection::btree_set(1usize..10, 0..5),
        ) {
            let affinity = Affinity::new(&cosines, 10);
            let cuts: Vec<usize> = cut.into_iter().collect();
            let before = affinity.modularity(&cuts);
            let refined = refine(cuts, &affinity);
            prop_assert!(affinity.modularity(&refined) >= before - 1e-12);
            prop_assert!(refined.windows(2).all(|pair| pair[0] < pair[1]) && refined.iter().all(|c| (1..10).contains(c)));
        }

        #[test]
        fn sizes_hold_where_they_can(tokens in prop::collection::vec(1usize..60, 1..30)) {
            let count = tokens.len();
            let affinity = groups(count, count / 2);
            let cuts = size((1..count).collect(), &tokens, &vec![0.0; count], &affinity, 8, 128);
            let sums: Vec<usize> = ranges(&cuts, count).into_iter().map(|r| tokens[r].iter().sum()).collect();
            prop_assert!(sums.len() == 1 || sums.iter().all(|sum| *sum >= 8), "{sums:?}");
        }
    }
}
