//! The critical path over open tasks (J. E. Kelley, M. R. Walker, "Critical-path planning and scheduling", 1959), and which tasks hold others up.

use std::collections::{BTreeMap, BTreeSet};

/// A task as a node of the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The task.
    pub id: u64,
    /// Minutes of work left.
    pub minutes: f64,
}

/// Where a task lies on the time line that starts when work starts; minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The task.
    pub id: u64,
    /// The earliest it can start.
    pub start: f64,
    /// The earliest it can end.
    pub end: f64,
    /// How long it can be put off without the whole ending later.
    pub slack: f64,
}

/// The network's time line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Network {
    /// Every task, by earliest start, then id.
    pub slots: Vec<Slot>,
    /// The longest chain, in order.
    pub path: Vec<u64>,
    /// Its length in minutes: nothing ends all tasks sooner.
    pub minutes: f64,
}

/// Computes it. `edges` are (before, after); those over unknown tasks are left out. Tasks in a circle, which the layer refuses to store, are left out
/// too.
#[must_use]
pub fn network(nodes: &[Node], edges: &[(u64, u64)]) -> Network {
    let known: BTreeMap<u64, f64> = nodes.iter().map(|node| (node.id, node.minutes.max(0.0))).collect();
    // Tasks by their place in the order of ids: walking costs an index and not a search.
    let (ids, minutes): (Vec<u64>, Vec<f64>) = known.into_iter().unzip();
    let mut edges: Vec<(usize, usize)> = edges
        .iter()
        .filter(|(a, b)| a != b)
        .filter_map(|(a, b)| Some((ids.binary_search(a).ok()?, ids.binary_search(b).ok()?)))
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let (mut after, mut before) = (vec![Vec::new(); ids.len()], vec![Vec::new(); ids.len()]);
    for (a, b) in edges {
        after.get_mut(a).into_iter().for_each(|later| later.push(b));
        before.get_mut(b).into_iter().for_each(|earlier| earlier.push(a));
    }
    let order = order(&after, &before);
    let of = |all: &[f64], at: usize| all.get(at).copied().unwrap_or_default();
    // Places before in the order have an end; those in a circle have none.
    let (mut start, mut end): (Vec<f64>, Vec<Option<f64>>) = (vec![0.0; ids.len()], vec![None; ids.len()]);
    let mut came_from: Vec<Option<usize>> = vec![None; ids.len()];
    for at in &order {
        let (mut earliest, mut from) = (0.0, None);
        for earlier in before.get(*at).into_iter().flatten() {
            let Some(ended) = end.get(*earlier).copied().flatten() else { continue };
            if ended > earliest || from.is_none() {
                earliest = ended;
                from = Some(*earlier);
            }
        }
        set(&mut start, *at, earliest);
        set(&mut end, *at, Some(earliest + of(&minutes, *at)));
        set(&mut came_from, *at, from);
    }
    let whole = end.iter().flatten().copied().fold(0.0, f64::max);
    let mut latest: Vec<Option<f64>> = vec![None; ids.len()];
    for at in order.iter().rev() {
        let next = after.get(*at).into_iter().flatten();
        let next = next.filter_map(|later| Some(latest.get(*later).copied().flatten()? - of(&minutes, *later)));
        let least = next.fold(whole, f64::min);
        set(&mut latest, *at, Some(least));
    }
    let slot = |at: &usize| {
        let (end, latest) = (end.get(*at).copied().flatten()?, latest.get(*at).copied().flatten()?);
        Some(Slot { id: *ids.get(*at)?, start: of(&start, *at), end, slack: latest - end })
    };
    let mut slots: Vec<Slot> = order.iter().filter_map(slot).collect();
    slots.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.id.cmp(&b.id)));
    let path = path(&end, &came_from).into_iter().filter_map(|at| ids.get(at).copied()).collect();
    Network { path, slots, minutes: whole }
}

fn set<T>(all: &mut [T], at: usize, value: T) {
    if let Some(slot) = all.get_mut(at) {
        *slot = value;
    }
}

/// A topological order, smallest first where there is a choice (A. B. Kahn, "Topological sorting of large networks", 1962).
fn order(after: &[Vec<usize>], before: &[Vec<usize>]) -> Vec<usize> {
    let mut waits: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut ready: BTreeSet<usize> = (0..).zip(&waits).filter(|(_, count)| **count == 0).map(|(at, _)| at).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for later in after.get(at).into_iter().flatten() {
            if let Some(count) = waits.get_mut(*later) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.insert(*later);
                }
            }
        }
    }
    order
}

/// From the place that ends last, the first of several, back to where it came from.
fn path(end: &[Option<f64>], came_from: &[Option<usize>]) -> Vec<usize> {
    let ends = end.iter().enumerate().filter_map(|(at, end)| Some((at, (*end)?)));
    let last = ends.fold(None, |best: Option<(usize, f64)>, (at, end)| match best {
        Some((_, most)) if most >= end => best,
        _ => Some((at, end)),
    });
    let mut path = Vec::new();
    let mut at = last.map(|(at, _)| at);
    while let Some(here) = at {
        path.push(here);
        at = came_from.get(here).copied().flatten();
    }
    path.reverse();
    path
}

/// For each task, how many others wait for it, directly or through others; the most first.
#[must_use]
pub fn held_up(edges: &[(u64, u64)]) -> Vec<(u64, usize)> {
    // Tasks by their place, so that walking costs an index and not a search.
    let ids: Vec<u64> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect::<BTreeSet<_>>().into_iter().collect();
    let place = |id: &u64| ids.binary_search(id).unwrap_or_default();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); ids.len()];
    for (a, b) in edges {
        if let Some(later) = after.get_mut(place(a)) {
            later.push(place(b));
        }
    }
    let mut seen_in: Vec<usize> = vec![usize::MAX; ids.len()];
    let mut open = Vec::new();
    let mut counts: Vec<(u64, usize)> = Vec::new();
    for (at, id) in ids.iter().enumerate().filter(|(at, _)| after.get(*at).is_some_and(|later| !later.is_empty())) {
        let mut waiting = 0;
        seen_in.get_mut(at).into_iter().for_each(|round| *round = at);
        open.push(at);
        while let Some(here) = open.pop() {
            for next in after.get(here).into_iter().flatten() {
                if let Some(round) = seen_in.get_mut(*next).filter(|round| **round != at) {
                    *round = at;
                    waiting += 1;
                    open.push(*next);
                }
            }
        }
        counts.push((*id, waiting));
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nodes(minutes: &[f64]) -> Vec<Node> {
        (1..).zip(minutes).map(|(id, minutes)| Node { id, minutes: *minutes }).collect()
    }

    #[test]
    fn the_longest_chain_is_the_path() {
        // 1 -> 2 -> 4, 1 -> 3 -> 4, 5 alone
        let found = network(&nodes(&[10.0, 20.0, 5.0, 10.0, 15.0]), &[(1, 2), (2, 4), (1, 3), (3, 4), (4, 99)]);
        assert_eq!(found.path, [1, 2, 4]);
        assert_eq!(found.minutes.to_string(), "40");
        let slack: Vec<(u64, String)> = found.slots.iter().map(|slot| (slot.id, slot.slack.to_string())).collect();
        let wanted = [(1, "0"), (5, "25"), (2, "0"), (3, "15"), (4, "0")];
        assert_eq!(slack, wanted.map(|(id, slack)| (id, slack.to_owned())));
    }

    #[test]
    fn nothing_has_no_path() {
        assert_eq!(network(&[], &[]), Network::default());
    }

    #[test]
    fn those_who_wait_are_counted_once() {
        assert_eq!(held_up(&[(1, 2), (2, 3), (1, 3), (4, 3)]), [(1, 2), (2, 1), (4, 1)]);
    }

    proptest! {
        #[test]
        fn slack_is_never_negative_and_the_path_has_none(
            minutes in prop::collection::vec(0.0f64..100.0, 1..12), pairs in prop::collection::vec((1u64..12, 1u64..12), 0..30),
        ) {
            let edges: Vec<(u64, u64)> = pairs.into_iter().filter(|(a, b)| a < b).collect();
            let found = network(&nodes(&minutes), &edges);
            prop_assert_eq!(found.slots.len(), minutes.len());
            for slot in &found.slots {
                prop_assert!(slot.slack > -1e-9);
                prop_assert!(!found.path.contains(&slot.id) || slot.slack < 1e-9);
            }
            let length: f64 = found.path.iter().map(|id| minutes[usize::try_from(*id).unwrap() - 1]).sum();
            prop_assert!((length - found.minutes).abs() < 1e-9);
        }
    }
}
