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
    let minutes: BTreeMap<u64, f64> = nodes.iter().map(|node| (node.id, node.minutes.max(0.0))).collect();
    let edges: BTreeSet<(u64, u64)> =
        edges.iter().copied().filter(|(a, b)| a != b && minutes.contains_key(a) && minutes.contains_key(b)).collect();
    let (mut after, mut before): (BTreeMap<u64, Vec<u64>>, BTreeMap<u64, Vec<u64>>) = Default::default();
    for (a, b) in &edges {
        after.entry(*a).or_default().push(*b);
        before.entry(*b).or_default().push(*a);
    }
    let order = order(&minutes, &after, &before);
    let of = |map: &BTreeMap<u64, f64>, id: u64| map.get(&id).copied().unwrap_or_default();
    let (mut start, mut end): (BTreeMap<u64, f64>, BTreeMap<u64, f64>) = Default::default();
    let mut came_from: BTreeMap<u64, u64> = BTreeMap::new();
    for id in &order {
        let mut earliest = 0.0;
        for earlier in before.get(id).into_iter().flatten().filter(|earlier| end.contains_key(*earlier)) {
            if of(&end, *earlier) > earliest || !came_from.contains_key(id) {
                earliest = of(&end, *earlier);
                came_from.insert(*id, *earlier);
            }
        }
        start.insert(*id, earliest);
        end.insert(*id, earliest + of(&minutes, *id));
    }
    let whole = end.values().copied().fold(0.0, f64::max);
    let mut latest: BTreeMap<u64, f64> = BTreeMap::new();
    for id in order.iter().rev() {
        let next =
            after.get(id).into_iter().flatten().filter_map(|later| Some(latest.get(later)? - of(&minutes, *later)));
        latest.insert(*id, next.fold(whole, f64::min));
    }
    let mut slots: Vec<Slot> = order
        .iter()
        .map(|id| Slot { id: *id, start: of(&start, *id), end: of(&end, *id), slack: of(&latest, *id) - of(&end, *id) })
        .collect();
    slots.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.id.cmp(&b.id)));
    Network { path: path(&end, &came_from), slots, minutes: whole }
}

/// A topological order, smallest id first where there is a choice (A. B. Kahn, "Topological sorting of large networks", 1962).
fn order(minutes: &BTreeMap<u64, f64>, after: &BTreeMap<u64, Vec<u64>>, before: &BTreeMap<u64, Vec<u64>>) -> Vec<u64> {
    let mut waits: BTreeMap<u64, usize> = minutes.keys().map(|id| (*id, before.get(id).map_or(0, Vec::len))).collect();
    let mut ready: BTreeSet<u64> = waits.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
    let mut order = Vec::with_capacity(minutes.len());
    while let Some(id) = ready.pop_first() {
        order.push(id);
        for later in after.get(&id).into_iter().flatten() {
            if let Some(count) = waits.get_mut(later) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.insert(*later);
                }
            }
        }
    }
    order
}

fn path(end: &BTreeMap<u64, f64>, came_from: &BTreeMap<u64, u64>) -> Vec<u64> {
    let last = end.iter().fold(None, |best: Option<(u64, f64)>, (id, at)| match best {
        Some((_, most)) if most >= *at => best,
        _ => Some((*id, *at)),
    });
    let mut path = Vec::new();
    let mut at = last.map(|(id, _)| id);
    while let Some(id) = at {
        path.push(id);
        at = came_from.get(&id).copied();
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
