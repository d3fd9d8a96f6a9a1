//! Leiden: communities that are connected, on all levels (Traag, Waltman, van Eck, "From Louvain to Leiden: guaranteeing well-connected communities", Scientific Reports 9:5233, 2019).
//!
//! Each pass moves nodes fast by a queue, refines the communities into well-connected parts by randomised merges, and
//! aggregates by the parts while it starts from the communities. The quality is modularity with a resolution. The parts of
//! the passes are nested in each other: they are the levels.

#![expect(clippy::indexing_slicing, reason = "node and group numbers are positions in arrays made for them")]

use crate::chance::Chance;
use crate::network::Network;
use std::collections::VecDeque;

/// How near to greedy a merge is in the refinement: a merge is drawn with odds `exp(gain / THETA)`; the paper's value.
const THETA: f64 = 0.01;
/// Gains nearer than this are equal.
const EQUAL: f64 = 1e-10;

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Above 1: more and smaller communities.
    pub resolution: f64,
    /// Of all random choices.
    pub seed: u64,
    /// Runs over the whole graph, at most, and passes within one.
    pub max_iterations: usize,
    /// A further run that betters modularity by less than this is the last.
    pub quality_threshold: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { resolution: 1.0, seed: 42, max_iterations: 100, quality_threshold: 0.01 }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    /// For each level the group of each node, numbered from 0 in the order of their first nodes. Level 0 is the coarsest
    /// and the answer of the algorithm; each group of a level lies in one group of the level before.
    pub levels: Vec<Vec<usize>>,
    /// Of level 0.
    pub modularity: f64,
    /// Runs made.
    pub iterations: usize,
}

/// Finds communities. Nodes without edges end up alone.
#[must_use]
pub fn leiden(network: &Network, options: &Options) -> Partition {
    let mut chance = Chance::new(options.seed);
    let alone: Vec<usize> = (0..network.nodes()).collect();
    let modularity = network.modularity(&alone, options.resolution);
    let mut best = Partition { levels: vec![alone], modularity, iterations: 0 };
    for iteration in 1..=options.max_iterations.max(1) {
        let levels = run(network, &best.levels[0], options, &mut chance);
        let modularity = network.modularity(&levels[0], options.resolution);
        let gain = modularity - best.modularity;
        best.iterations = iteration;
        if gain >= 0.0 {
            best.levels = levels;
            best.modularity = modularity;
        }
        if gain < options.quality_threshold.max(EQUAL) {
            break;
        }
    }
    best
}

/// One run from a partition to one that no pass betters; answers the levels, coarsest first.
fn run(network: &Network, from: &[usize], options: &Options, chance: &mut Chance) -> Vec<Vec<usize>> {
    let mut graph = network.clone();
    // Where each node of the graph as given is now.
    let mut place: Vec<usize> = (0..network.nodes()).collect();
    let mut group = numbered(from).0;
    let mut levels: Vec<Vec<usize>> = Vec::new();
    for _ in 0..options.max_iterations.max(1) {
        move_nodes(&graph, &mut group, options.resolution, chance);
        let (renumbered, groups) = numbered(&group);
        group = renumbered;
        if groups == graph.nodes() {
            break;
        }
        let parts = refine(&graph, &group, groups, options.resolution, chance);
        let (parts, count) = numbered(&parts);
        if count == graph.nodes() {
            // No merge was drawn. The draw changes with each pass.
            continue;
        }
        let mut next = vec![0; count];
        for node in 0..graph.nodes() {
            next[parts[node]] = group[node];
        }
        for at in &mut place {
            *at = parts[*at];
        }
        levels.push(numbered(&place).0);
        graph = graph.aggregate(&parts, count);
        group = next;
    }
    levels.reverse();
    if levels.is_empty() {
        levels.push((0..network.nodes()).collect());
    }
    levels
}

/// Groups numbered anew from 0 in the order of their first nodes, and how many there are.
fn numbered(group: &[usize]) -> (Vec<usize>, usize) {
    let mut number = vec![usize::MAX; group.iter().max().map_or(0, |most| most + 1)];
    let mut count = 0;
    let renumbered = group
        .iter()
        .map(|old| {
            if number[*old] == usize::MAX {
                number[*old] = count;
                count += 1;
            }
            number[*old]
        })
        .collect();
    (renumbered, count)
}

/// Weights from one node to the groups around it, in an array that is cleared at the cost of what was written.
struct Around {
    weight: Vec<f64>,
    groups: Vec<usize>,
}

impl Around {
    fn new(groups: usize) -> Self {
        Self { weight: vec![0.0; groups], groups: Vec::new() }
    }

    fn look(&mut self, edges: impl Iterator<Item = (usize, f64)>) {
        for group in self.groups.drain(..) {
            self.weight[group] = 0.0;
        }
        for (group, weight) in edges {
            // Weights are above 0.
            if self.weight[group] <= 0.0 {
                self.groups.push(group);
            }
            self.weight[group] += weight;
        }
    }
}

/// The fast local moving of the paper: a node is looked at again only when a neighbour has moved away from its group.
fn move_nodes(graph: &Network, group: &mut [usize], resolution: f64, chance: &mut Chance) {
    let nodes = graph.nodes();
    let scale = resolution / graph.doubled.max(f64::MIN_POSITIVE);
    let (mut whole, mut size) = (vec![0.0; nodes], vec![0_usize; nodes]);
    for node in 0..nodes {
        whole[group[node]] += graph.strengths[node];
        size[group[node]] += 1;
    }
    let mut empty: Vec<usize> = (0..nodes).rev().filter(|group| size[*group] == 0).collect();
    let mut order: Vec<usize> = (0..nodes).collect();
    chance.shuffle(&mut order);
    let mut queue = VecDeque::from(order);
    let mut waits = vec![true; nodes];
    let mut around = Around::new(nodes);
    while let Some(node) = queue.pop_front() {
        waits[node] = false;
        let (own, strength) = (group[node], graph.strengths[node]);
        around.look(graph.near(node).map(|(other, weight)| (group[other], weight)));
        whole[own] -= strength;
        size[own] -= 1;
        let gain = |to: usize| around.weight[to] - scale * strength * whole[to];
        let (mut best, mut most) = (own, gain(own));
        for to in &around.groups {
            if gain(*to) > most + EQUAL {
                (best, most) = (*to, gain(*to));
            }
        }
        // A group of its own gains nothing and loses nothing.
        if let (true, Some(free)) = (most < -EQUAL, empty.last()) {
            best = *free;
        }
        whole[best] += strength;
        size[best] += 1;
        if best == own {
            continue;
        }
        if empty.last() == Some(&best) {
            empty.pop();
        }
        if size[own] == 0 {
            empty.push(own);
        }
        group[node] = best;
        for (other, _) in graph.near(node) {
            if group[other] != best && !waits[other] {
                waits[other] = true;
                queue.push_back(other);
            }
        }
    }
}

/// The refinement of the paper: within each group, nodes that are well connected to it and still alone join a
/// well-connected part to which they lose nothing, by chance, better ones rather.
fn refine(graph: &Network, group: &[usize], groups: usize, resolution: f64, chance: &mut Chance) -> Vec<usize> {
    let nodes = graph.nodes();
    let scale = resolution / graph.doubled.max(f64::MIN_POSITIVE);
    let mut part: Vec<usize> = (0..nodes).collect();
    let mut whole = graph.strengths.clone();
    let mut alone = vec![true; nodes];
    let mut of_group = vec![0.0; groups];
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups];
    // Weight from each part to the rest of its group.
    let mut to_rest = vec![0.0; nodes];
    for node in 0..nodes {
        of_group[group[node]] += graph.strengths[node];
        members[group[node]].push(node);
        to_rest[node] = graph.near(node).filter(|(other, _)| group[*other] == group[node]).map(|edge| edge.1).sum();
    }
    let mut around = Around::new(nodes);
    for (own, mut members) in members.into_iter().enumerate() {
        chance.shuffle(&mut members);
        let connected = |to_rest: f64, strength: f64| to_rest + EQUAL >= scale * strength * (of_group[own] - strength);
        for node in members {
            let strength = graph.strengths[node];
            if !alone[node] || !connected(to_rest[node], strength) {
                continue;
            }
            around.look(
                graph.near(node).filter(|(other, _)| group[*other] == own).map(|(other, weight)| (part[other], weight)),
            );
            let mut choices: Vec<(usize, f64)> = vec![(node, 0.0)];
            for to in &around.groups {
                let gain = around.weight[*to] - scale * strength * whole[*to];
                if gain >= 0.0 && connected(to_rest[*to], whole[*to]) {
                    choices.push((*to, gain));
                }
            }
            let to = draw(&choices, chance);
            if to == node {
                continue;
            }
            to_rest[to] += to_rest[node] - 2.0 * around.weight[to];
            whole[to] += strength;
            whole[node] = 0.0;
            part[node] = to;
            alone[node] = false;
            alone[to] = false;
        }
    }
    part
}

/// One of the choices, with odds `exp(gain / THETA)`, taken relative to the best so that nothing overflows.
fn draw(choices: &[(usize, f64)], chance: &mut Chance) -> usize {
    let most = choices.iter().map(|choice| choice.1).fold(0.0, f64::max);
    let odds: Vec<f64> = choices.iter().map(|choice| ((choice.1 - most) / THETA).exp()).collect();
    let mut at = chance.share() * odds.iter().sum::<f64>();
    for (choice, odds) in choices.iter().zip(odds) {
        if at < odds {
            return choice.0;
        }
        at -= odds;
    }
    choices.last().map_or(0, |choice| choice.0)
}

#[cfg(test)]
mod tests;
