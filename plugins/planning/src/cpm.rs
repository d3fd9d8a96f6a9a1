//! The critical path over a plan's steps (J. E. Kelley, M. R. Walker, "Critical-path planning and scheduling", 1959).

use crate::plan::Step;

/// Where a step lies on the time line that starts when work starts; minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Slot {
    /// The earliest it can start.
    pub start: f64,
    /// The earliest it can end.
    pub end: f64,
    /// How long it can be put off without the whole ending later.
    pub slack: f64,
}

/// The time line of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// One for each step.
    pub slots: Vec<Slot>,
    /// The longest chain: numbers of steps, from 1.
    pub path: Vec<usize>,
    /// Its minutes: nothing ends the plan sooner.
    pub minutes: f64,
}

/// A topological order of step indexes from 0, smallest first where there is a choice (A. B. Kahn, "Topological sorting of large networks", 1962).
///
/// # Errors
/// The numbers (from 1) of steps in or behind a circle.
pub fn order(steps: &[Step]) -> Result<Vec<usize>, Vec<usize>> {
    let mut waits: Vec<usize> = steps.iter().map(|step| step.depends_on.len()).collect();
    let (mut order, mut done) = (Vec::with_capacity(steps.len()), vec![false; steps.len()]);
    while let Some(next) = (0..steps.len()).find(|at| done.get(*at) == Some(&false) && waits.get(*at) == Some(&0)) {
        if let Some(done) = done.get_mut(next) {
            *done = true;
        }
        order.push(next);
        for (wait, step) in waits.iter_mut().zip(steps) {
            *wait = wait.saturating_sub(step.depends_on.iter().filter(|before| **before == next + 1).count());
        }
    }
    if order.len() == steps.len() {
        return Ok(order);
    }
    Err((1..).zip(done).filter(|(_, done)| !done).map(|(number, _)| number).collect())
}

/// The end of the plan alone, in a known order: what a simulation asks many times.
#[must_use]
pub fn end(steps: &[Step], order: &[usize], minutes: &[f64], ends: &mut [f64]) -> f64 {
    let mut last = 0.0;
    for at in order {
        let before = steps.get(*at).into_iter().flat_map(|step| &step.depends_on);
        let start = before.filter_map(|number| ends.get(number.wrapping_sub(1))).copied().fold(0.0, f64::max);
        let end = start + minutes.get(*at).copied().unwrap_or(0.0);
        if let Some(slot) = ends.get_mut(*at) {
            *slot = end;
        }
        last = f64::max(last, end);
    }
    last
}

/// The whole time line. Steps in a circle, which plans refuse, end at 0.
#[must_use]
pub fn timeline(steps: &[Step], minutes: &[f64]) -> Timeline {
    let order = order(steps).unwrap_or_default();
    let mut ends = vec![0.0; steps.len()];
    let whole = end(steps, &order, minutes, &mut ends);
    let of = |all: &[f64], at: usize| all.get(at).copied().unwrap_or(0.0);
    let mut latest = vec![whole; steps.len()];
    for at in order.iter().rev() {
        let start = of(&latest, *at) - of(minutes, *at);
        for number in steps.get(*at).into_iter().flat_map(|step| &step.depends_on) {
            if let Some(slot) = latest.get_mut(number.wrapping_sub(1)) {
                *slot = slot.min(start);
            }
        }
    }
    let slot = |at: usize| Slot {
        start: of(&ends, at) - of(minutes, at),
        end: of(&ends, at),
        slack: (of(&latest, at) - of(&ends, at)).max(0.0),
    };
    Timeline { slots: (0..steps.len()).map(slot).collect(), path: path(steps, &ends), minutes: whole }
}

/// Back from the step that ends last, over the predecessor that ends last; the smaller number first where two are equal.
#[must_use]
pub fn path(steps: &[Step], ends: &[f64]) -> Vec<usize> {
    let latest = |numbers: &mut dyn Iterator<Item = usize>| {
        numbers.fold(None, |best: Option<(usize, f64)>, number| {
            let end = ends.get(number.wrapping_sub(1)).copied()?;
            Some(best.filter(|(_, known)| *known >= end).unwrap_or((number, end)))
        })
    };
    let mut path = Vec::new();
    let mut at = latest(&mut (1..=steps.len()));
    while let Some((number, _)) = at.filter(|_| path.len() < steps.len()) {
        path.push(number);
        at = steps.get(number - 1).and_then(|step| latest(&mut step.depends_on.iter().copied()));
    }
    path.reverse();
    path
}

/// Dependencies that follow from others (A. V. Aho, M. R. Garey, J. D. Ullman, "The transitive reduction of a directed graph", 1972):
/// (step, superfluous predecessor), numbers from 1.
#[must_use]
pub fn superfluous(steps: &[Step]) -> Vec<(usize, usize)> {
    let reaches = |from: usize, to: usize| {
        let (mut open, mut seen) = (vec![from], vec![false; steps.len() + 1]);
        while let Some(number) = open.pop() {
            for before in steps.get(number.wrapping_sub(1)).into_iter().flat_map(|step| &step.depends_on) {
                if *before == to {
                    return true;
                }
                if let Some(seen) = seen.get_mut(*before).filter(|seen| !**seen) {
                    *seen = true;
                    open.push(*before);
                }
            }
        }
        false
    };
    let mut found = Vec::new();
    for (number, step) in (1..).zip(steps) {
        for before in &step.depends_on {
            if step.depends_on.iter().any(|other| other != before && reaches(*other, *before)) {
                found.push((number, *before));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(before: &[&[usize]]) -> Vec<Step> {
        before.iter().map(|before| Step { depends_on: before.to_vec(), ..Step::default() }).collect()
    }

    #[test]
    fn the_longest_chain_decides() {
        let steps = steps(&[&[], &[1], &[1], &[2, 3]]);
        let line = timeline(&steps, &[10.0, 20.0, 5.0, 1.0]);
        assert_eq!((line.minutes, line.path.clone()), (31.0, vec![1, 2, 4]));
        assert_eq!(line.slots.iter().map(|slot| slot.slack).collect::<Vec<_>>(), [0.0, 0.0, 15.0, 0.0]);
        assert_eq!(line.slots[2].start, 10.0);
    }

    #[test]
    fn circles_and_shortcuts_are_found() {
        assert_eq!(order(&steps(&[&[2], &[1], &[]])), Err(vec![1, 2]));
        assert_eq!(superfluous(&steps(&[&[], &[1], &[1, 2]])), [(3, 1)]);
        assert!(superfluous(&steps(&[&[], &[], &[1, 2]])).is_empty());
    }
}
