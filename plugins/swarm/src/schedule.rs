//! List scheduling of tasks over equal agents, the highest level first.
//!
//! R. L. Graham, "Bounds on multiprocessing timing anomalies" (1969): no list schedule is longer than 2 - 1/m times the shortest one.
//! The list's order is T. C. Hu's (1961): the task with the longest chain behind it first.

use crate::network::Network;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A task's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The task.
    pub task: u64,
    /// The agent, from 0.
    pub agent: usize,
    /// Minutes from the start of the whole to its start.
    pub start: f64,
    /// Minutes to its end.
    pub end: f64,
}

/// Who does what when. No agent is idle while a task is ready.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schedule {
    /// By start, then agent.
    pub slots: Vec<Slot>,
    /// When the last task ends, in minutes.
    pub makespan: f64,
}

/// Schedules the tasks of a network over `agents` agents (at least one). Tasks on a circle are left out.
#[must_use]
pub fn schedule(network: &Network, agents: usize) -> Schedule {
    by_rank(network, agents, &network.ranks())
}

/// A task's place in the list: the longest chain first, then the smaller id. Ranks are not negative, so their bits are in their order.
fn place(task: u64, ranks: &BTreeMap<u64, f64>) -> (Reverse<u64>, u64) {
    (Reverse(ranks.get(&task).copied().unwrap_or_default().to_bits()), task)
}

fn by_rank(network: &Network, agents: usize, ranks: &BTreeMap<u64, f64>) -> Schedule {
    let mut waits: BTreeMap<u64, usize> = ranks.keys().map(|id| (*id, network.before(*id).count())).collect();
    let mut ready: BTreeSet<(Reverse<u64>, u64)> =
        waits.iter().filter(|(_, count)| **count == 0).map(|(id, _)| place(*id, ranks)).collect();
    let mut idle: BTreeSet<usize> = (0..agents.max(1)).collect();
    let mut running: Vec<Slot> = Vec::new();
    let mut slots: Vec<Slot> = Vec::new();
    let mut now = 0.0_f64;
    loop {
        while !idle.is_empty() && !ready.is_empty() {
            if let (Some(agent), Some((_, task))) = (idle.pop_first(), ready.pop_first()) {
                running.push(Slot { task, agent, start: now, end: now + network.minutes(task) });
            }
        }
        let Some(end) = running.iter().map(|slot| slot.end).min_by(f64::total_cmp) else { break };
        now = end;
        let (over, still): (Vec<Slot>, Vec<Slot>) = running.into_iter().partition(|slot| slot.end <= now);
        running = still;
        for slot in over {
            idle.insert(slot.agent);
            for later in network.after(slot.task) {
                if let Some(count) = waits.get_mut(&later) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        ready.insert(place(later, ranks));
                    }
                }
            }
            slots.push(slot);
        }
    }
    slots.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.agent.cmp(&b.agent)).then(a.task.cmp(&b.task)));
    Schedule { slots, makespan: now }
}

/// The fewest agents, of 1 to `most`, whose schedule is at most `slack` (0.1: a tenth) longer than that of `most`; and each one's makespan.
#[must_use]
pub fn enough(network: &Network, most: usize, slack: f64) -> (usize, Vec<f64>) {
    let ranks = network.ranks();
    let makespans: Vec<f64> = (1..=most.max(1)).map(|agents| by_rank(network, agents, &ranks).makespan).collect();
    let best = makespans.iter().copied().fold(f64::INFINITY, f64::min);
    let fewest = makespans.iter().position(|makespan| *makespan <= best * (1.0 + slack)).unwrap_or_default() + 1;
    (fewest, makespans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_agents_share_a_diamond() {
        let network = Network::new(&[(1, 10.0), (2, 20.0), (3, 5.0), (4, 10.0)], &[(1, 2), (1, 3), (2, 4), (3, 4)]);
        let found = schedule(&network, 2);
        assert_eq!(found.makespan.to_string(), "40");
        let slots: Vec<(u64, usize)> = found.slots.iter().map(|slot| (slot.task, slot.agent)).collect();
        assert_eq!(slots, [(1, 0), (2, 0), (3, 1), (4, 0)]);
        assert_eq!(schedule(&network, 1).makespan.to_string(), "45");
    }

    #[test]
    fn more_agents_than_width_do_not_help() {
        let network = Network::new(&[(1, 10.0), (2, 10.0), (3, 10.0)], &[]);
        let (fewest, makespans) = enough(&network, 5, 0.1);
        assert_eq!(fewest, 3);
        assert_eq!(makespans.iter().map(ToString::to_string).collect::<Vec<_>>(), ["30", "20", "10", "10", "10"]);
        assert_eq!(schedule(&Network::default(), 3), Schedule::default());
    }

    proptest! {
        /// Graham's bound, against the two lower bounds of any schedule.
        #[test]
        fn the_bound_holds_and_nothing_overlaps(
            minutes in prop::collection::vec(1u32..50, 1..12), pairs in prop::collection::vec((1u64..12, 1u64..12), 0..20), agents in 1usize..5,
        ) {
            let tasks: Vec<(u64, f64)> = (1..).zip(&minutes).map(|(id, m)| (id, f64::from(*m))).collect();
            let edges: Vec<(u64, u64)> = pairs.into_iter().filter(|(a, b)| a < b).collect();
            let network = Network::new(&tasks, &edges);
            let found = schedule(&network, agents);
            prop_assert_eq!(found.slots.len(), tasks.len());
            let work: f64 = tasks.iter().map(|(_, m)| m).sum();
            #[allow(clippy::cast_precision_loss)]
            let many = agents as f64;
            let critical = network.critical().minutes;
            prop_assert!(found.makespan <= work / many + critical * (1.0 - 1.0 / many) + 1e-9);
            prop_assert!(found.makespan + 1e-9 >= critical.max(work / many));
            for a in &found.slots {
                for b in found.slots.iter().filter(|b| b.task != a.task && b.agent == a.agent) {
                    prop_assert!(a.end <= b.start + 1e-9 || b.end <= a.start + 1e-9);
                }
                for later in network.after(a.task) {
                    prop_assert!(found.slots.iter().all(|s| s.task != later || s.start + 1e-9 >= a.end));
                }
            }
        }
    }
}
