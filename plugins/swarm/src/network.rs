//! Tasks as a network: levels by topological order (A. B. Kahn, 1962), the longest path (CPM: Kelley and Walker, 1959), and circles.

use std::collections::{BTreeMap, BTreeSet};

/// Tasks with their minutes, and which comes before which.
#[derive(Debug, Clone, Default)]
pub struct Network {
    minutes: BTreeMap<u64, f64>,
    after: BTreeMap<u64, BTreeSet<u64>>,
    before: BTreeMap<u64, BTreeSet<u64>>,
}

/// A chain of tasks, each of which waits for the one before, and its minutes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chain {
    /// The tasks, first first.
    pub tasks: Vec<u64>,
    /// The sum of their minutes.
    pub minutes: f64,
}

impl Network {
    /// A network of tasks (id, minutes) and edges (before, after). Edges over unknown tasks, and of a task to itself, are left out.
    #[must_use]
    pub fn new(tasks: &[(u64, f64)], edges: &[(u64, u64)]) -> Self {
        let mut network = Self { minutes: tasks.iter().map(|(id, m)| (*id, m.max(0.0))).collect(), ..Self::default() };
        for (a, b) in edges {
            if a != b && network.minutes.contains_key(a) && network.minutes.contains_key(b) {
                network.after.entry(*a).or_default().insert(*b);
                network.before.entry(*b).or_default().insert(*a);
            }
        }
        network
    }

    /// A task's minutes; 0 if it is not there.
    #[must_use]
    pub fn minutes(&self, id: u64) -> f64 {
        self.minutes.get(&id).copied().unwrap_or_default()
    }

    /// The tasks that a task waits for.
    pub fn before(&self, id: u64) -> impl Iterator<Item = u64> + '_ {
        self.before.get(&id).into_iter().flatten().copied()
    }

    /// The tasks that wait for a task.
    pub fn after(&self, id: u64) -> impl Iterator<Item = u64> + '_ {
        self.after.get(&id).into_iter().flatten().copied()
    }

    /// Levels: tasks of one level wait for tasks of earlier levels only, so they may run at once. Ids ascend. Tasks on or behind a circle
    /// are in no level.
    #[must_use]
    pub fn levels(&self) -> Vec<Vec<u64>> {
        let mut waits: BTreeMap<u64, usize> =
            self.minutes.keys().map(|id| (*id, self.before.get(id).map_or(0, BTreeSet::len))).collect();
        let mut level: Vec<u64> = waits.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        let mut levels = Vec::new();
        while !level.is_empty() {
            let mut next = BTreeSet::new();
            for later in level.iter().flat_map(|id| self.after(*id)) {
                if let Some(count) = waits.get_mut(&later) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        next.insert(later);
                    }
                }
            }
            levels.push(std::mem::replace(&mut level, next.into_iter().collect()));
        }
        levels
    }

    /// For each task, the minutes from its start to the end of the longest chain that begins with it (Hu's level, HEFT's upward rank
    /// without communication). Tasks on a circle are left out.
    #[must_use]
    pub fn ranks(&self) -> BTreeMap<u64, f64> {
        let mut ranks: BTreeMap<u64, f64> = BTreeMap::new();
        for id in self.levels().iter().rev().flatten() {
            let behind = self.after(*id).filter_map(|later| ranks.get(&later).copied()).fold(0.0, f64::max);
            ranks.insert(*id, self.minutes(*id) + behind);
        }
        ranks
    }

    /// The longest chain: nothing ends all tasks sooner, however many agents there are. The smaller id where two are as long.
    #[must_use]
    pub fn critical(&self) -> Chain {
        let ranks = self.ranks();
        let rank = |id: &u64| ranks.get(id).copied().unwrap_or_default();
        let longest = |ids: &mut dyn Iterator<Item = u64>| {
            ids.filter(|id| ranks.contains_key(id)).fold(None, |best: Option<u64>, id| match best {
                Some(best) if rank(&best) >= rank(&id) => Some(best),
                _ => Some(id),
            })
        };
        let mut at = longest(&mut ranks.keys().copied().filter(|id| self.before(*id).next().is_none()));
        let minutes = at.as_ref().map(rank).unwrap_or_default();
        let mut tasks = Vec::new();
        while let Some(id) = at {
            tasks.push(id);
            at = longest(&mut self.after(id));
        }
        Chain { tasks, minutes }
    }

    /// A circle, its first task not repeated, or none.
    #[must_use]
    pub fn circle(&self) -> Option<Vec<u64>> {
        let placed: BTreeSet<u64> = self.levels().into_iter().flatten().collect();
        let left: BTreeSet<u64> = self.minutes.keys().copied().filter(|id| !placed.contains(id)).collect();
        // Each task left waits for another one left, so walking back must come round.
        let (mut way, mut at) = (Vec::new(), *left.first()?);
        loop {
            if let Some(start) = way.iter().position(|id| *id == at) {
                let mut circle: Vec<u64> = way.split_off(start);
                circle.reverse();
                return Some(circle);
            }
            way.push(at);
            at = self.before(at).find(|id| left.contains(id))?;
        }
    }
}

/// The shortest way from one task to another, both included, by breadth-first search; `next` answers the tasks one step on as (from, to).
///
/// # Errors
/// What `next` fails with.
pub fn way<E>(
    from: u64,
    to: u64,
    most: usize,
    mut next: impl FnMut(&[u64]) -> Result<Vec<(u64, u64)>, E>,
) -> Result<Option<Vec<u64>>, E> {
    let mut came_from: BTreeMap<u64, u64> = BTreeMap::new();
    if from == to {
        return Ok(Some(vec![from]));
    }
    let mut frontier = vec![from];
    while !frontier.is_empty() && came_from.len() < most {
        let mut steps = next(&frontier)?;
        steps.sort_unstable();
        let mut reached = Vec::new();
        for (a, b) in steps {
            if b == from || came_from.contains_key(&b) {
                continue;
            }
            came_from.insert(b, a);
            reached.push(b);
        }
        if came_from.contains_key(&to) {
            let mut path = vec![to];
            let mut at = to;
            while let Some(earlier) = came_from.get(&at) {
                path.push(*earlier);
                at = *earlier;
            }
            path.reverse();
            return Ok(Some(path));
        }
        frontier = reached;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn diamond() -> Network {
        Network::new(
            &[(1, 10.0), (2, 20.0), (3, 5.0), (4, 10.0), (5, 15.0)],
            &[(1, 2), (2, 4), (1, 3), (3, 4), (4, 99)],
        )
    }

    #[test]
    fn levels_hold_what_may_run_at_once() {
        assert_eq!(diamond().levels(), [vec![1, 5], vec![2, 3], vec![4]]);
        assert!(Network::default().levels().is_empty());
    }

    #[test]
    fn the_longest_chain_is_critical() {
        assert_eq!(diamond().critical(), Chain { tasks: vec![1, 2, 4], minutes: 40.0 });
        assert_eq!(Network::default().critical(), Chain::default());
    }

    #[test]
    fn a_circle_is_named_in_order() {
        let ring = Network::new(&[(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0)], &[(1, 2), (2, 3), (3, 2), (3, 4)]);
        let circle = ring.circle().unwrap_or_default();
        assert_eq!(circle.len(), 2);
        assert!(circle.contains(&2) && circle.contains(&3));
        assert_eq!(diamond().circle(), None);
        assert_eq!(ring.levels(), [vec![1]]);
    }

    #[test]
    fn the_shortest_way_is_found() {
        let edges = [(1, 2), (2, 3), (3, 4), (1, 5), (5, 4)];
        let over = |from, to| {
            way(from, to, 100, |f: &[u64]| {
                Ok::<_, Infallible>(edges.iter().filter(|(a, _)| f.contains(a)).copied().collect())
            })
            .unwrap()
        };
        assert_eq!(over(1, 4), Some(vec![1, 5, 4]));
        assert_eq!(over(4, 1), None);
        assert_eq!(over(2, 2), Some(vec![2]));
    }

    proptest! {
        #[test]
        fn every_task_is_in_one_level_or_behind_a_circle(pairs in prop::collection::vec((1u64..10, 1u64..10), 0..30)) {
            let tasks: Vec<(u64, f64)> = (1..10).map(|id| (id, 1.0)).collect();
            let network = Network::new(&tasks, &pairs);
            let levels = network.levels();
            let placed: usize = levels.iter().map(Vec::len).sum();
            prop_assert_eq!(placed == 9, network.circle().is_none());
            let level = |id: u64| levels.iter().position(|level| level.contains(&id));
            for (a, b) in pairs.iter().filter(|(a, b)| a != b) {
                if let Some(later) = level(*b) {
                    prop_assert!(level(*a).is_some_and(|earlier| earlier < later));
                }
            }
            if let Some(circle) = network.circle() {
                for (nth, id) in circle.iter().enumerate() {
                    let next = circle[(nth + 1) % circle.len()];
                    prop_assert!(network.after(*id).any(|later| later == next), "{:?}", circle);
                }
            }
        }
    }
}
