//! Spreading activation over links that somebody else fetches (Collins, Loftus 1975; the numbers are requirements 1.11).
//!
//! A memory reached by several ways has the strongest activation, so that cycles cannot feed themselves.

use crate::hebb::{HOPS, arriving, needed};
use std::collections::{BTreeMap, BTreeSet};

/// Memories of one hop that are answered, at most; an answer has no more.
pub const MOST_REACHED: usize = 100;
/// Memories of one hop that pass activation on, at most: the most active.
pub const MOST_PASSING: usize = 20;

/// A memory that was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reached {
    /// The memory.
    pub id: u64,
    /// The strongest activation that arrived.
    pub activation: f64,
    /// The hops of the way it came by.
    pub hops: u32,
}

/// Spreads an activation of 1 from each seed; the most active first, equal ones by id. Seeds are not among them.
///
/// `links` answers the links out of a memory that weigh so much at least; `living` those of some memories that are
/// still there.
///
/// # Errors
/// What `links` or `living` fail with.
pub fn spread<E>(
    seeds: &[u64],
    mut links: impl FnMut(u64, f64) -> Result<Vec<(u64, f64)>, E>,
    mut living: impl FnMut(&[u64]) -> Result<BTreeSet<u64>, E>,
) -> Result<Vec<Reached>, E> {
    let mut all: BTreeMap<u64, Reached> = BTreeMap::new();
    let mut front: Vec<(u64, f64)> = seeds.iter().map(|id| (*id, 1.0)).collect();
    for hops in 1..=HOPS {
        let mut next: BTreeMap<u64, f64> = BTreeMap::new();
        for (from, active) in &front {
            for (to, weight) in links(*from, needed(*active))? {
                let Some(activation) = arriving(*active, weight) else { continue };
                let known = all.get(&to).map(|reached| reached.activation);
                if !seeds.contains(&to) && known.is_none_or(|known| known < activation) {
                    let best = next.entry(to).or_insert(activation);
                    *best = best.max(activation);
                }
            }
        }
        front = strongest(next.into_iter().collect());
        let there = living(&front.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
        front.retain(|(id, _)| there.contains(id));
        all.extend(front.iter().map(|(id, activation)| (*id, Reached { id: *id, activation: *activation, hops })));
        front.truncate(MOST_PASSING);
    }
    let mut found: Vec<Reached> = all.into_values().collect();
    found.sort_by(|a, b| b.activation.total_cmp(&a.activation).then(a.id.cmp(&b.id)));
    Ok(found)
}

fn strongest(mut found: Vec<(u64, f64)>) -> Vec<(u64, f64)> {
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(MOST_REACHED);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(links: &[(u64, u64, f64)], seeds: &[u64], dead: &[u64]) -> Vec<Reached> {
        let out = |from: u64, least: f64| {
            let all = links.iter().filter(|link| link.0 == from && link.2 >= least).map(|link| (link.1, link.2));
            Ok::<_, ()>(all.collect())
        };
        let living = |ids: &[u64]| Ok(ids.iter().copied().filter(|id| !dead.contains(id)).collect());
        spread(seeds, out, living).unwrap()
    }

    fn ids(reached: &[Reached]) -> Vec<u64> {
        reached.iter().map(|one| one.id).collect()
    }

    #[test]
    fn it_fades_by_hop_and_ends_after_three() {
        let chain = [(1, 2, 1.0), (2, 3, 1.0), (3, 4, 1.0), (4, 5, 1.0)];
        let found = over(&chain, &[1], &[]);
        assert_eq!(ids(&found), [2, 3, 4]);
        for (reached, activation) in found.iter().zip([0.7, 0.49, 0.343]) {
            assert!((reached.activation - activation).abs() < 1e-9, "{reached:?}");
        }
        assert_eq!(found.last().map(|last| last.hops), Some(3));
    }

    #[test]
    fn the_strongest_way_counts_and_cycles_feed_nothing() {
        let links = [(1, 2, 0.2), (1, 3, 1.0), (3, 2, 1.0), (2, 1, 1.0), (2, 3, 1.0)];
        let found = over(&links, &[1], &[]);
        assert_eq!(ids(&found), [3, 2]);
        assert!((found[1].activation - 0.49).abs() < 1e-9 && found[1].hops == 2);
    }

    #[test]
    fn what_is_too_faint_or_gone_passes_nothing_on() {
        assert!(over(&[(1, 2, 0.14)], &[1], &[]).is_empty());
        assert_eq!(ids(&over(&[(1, 2, 0.143)], &[1], &[])), [2]);
        assert!(over(&[(1, 2, 1.0), (2, 3, 1.0)], &[1], &[2]).is_empty());
    }

    #[test]
    fn equal_ones_come_by_id() {
        assert_eq!(ids(&over(&[(1, 9, 0.5), (1, 4, 0.5)], &[1], &[])), [4, 9]);
    }
}
