//! Centralities and clustering of the undirected, unweighted graph.

#![expect(clippy::indexing_slicing, reason = "node numbers are positions in arrays made for this very graph")]
#![expect(clippy::cast_precision_loss, reason = "counts of nodes are far below 2^52")]

use crate::chance::Chance;
use crate::network::Network;
use std::collections::BTreeSet;

/// Up to so many nodes betweenness is exact ..
pub const EXACT: usize = 400;
/// .. and above it is estimated from so many of them, so that a graph of 5,000 is measured in a tenth of a second.
pub const PIVOTS: usize = 100;

/// From how many nodes of a graph betweenness starts.
#[must_use]
pub fn pivots(nodes: usize) -> usize {
    if nodes <= EXACT { EXACT } else { PIVOTS }
}

/// Distances in steps from a node; `usize::MAX` where there is no path.
#[must_use]
pub fn distances(network: &Network, from: usize) -> Vec<usize> {
    let mut distance = vec![usize::MAX; network.nodes()];
    let mut queue = vec![from];
    distance[from] = 0;
    let mut at = 0;
    while let Some(node) = queue.get(at).copied() {
        at += 1;
        for (other, _) in network.near(node) {
            if distance[other] == usize::MAX {
                distance[other] = distance[node] + 1;
                queue.push(other);
            }
        }
    }
    distance
}

/// Degree over the most it could be, 0 to 1.
#[must_use]
pub fn degree(network: &Network, node: usize) -> f64 {
    if network.nodes() < 2 { 0.0 } else { network.degree(node) as f64 / (network.nodes() - 1) as f64 }
}

/// Closeness after Wasserman and Faust (1994), which is sound where not all reach all: the share of nodes reached, over
/// their mean distance. 0 to 1.
#[must_use]
pub fn closeness(network: &Network, node: usize) -> f64 {
    let (mut reached, mut sum) = (0_usize, 0_usize);
    for distance in distances(network, node).into_iter().filter(|distance| (1..usize::MAX).contains(distance)) {
        reached += 1;
        sum += distance;
    }
    if sum == 0 {
        return 0.0;
    }
    let reached = reached as f64;
    reached / (network.nodes() - 1) as f64 * (reached / sum as f64)
}

/// The local clustering coefficient (Watts, Strogatz 1998): the share of a node's pairs of neighbours that are neighbours.
#[must_use]
pub fn clustering(network: &Network, node: usize) -> f64 {
    let near: BTreeSet<usize> = network.near(node).map(|edge| edge.0).collect();
    let degree = near.len();
    if degree < 2 {
        return 0.0;
    }
    let links: usize = near
        .iter()
        .map(|one| network.near(*one).filter(|(other, _)| other > one && near.contains(other)).count())
        .sum();
    2.0 * links as f64 / (degree * (degree - 1)) as f64
}

/// Betweenness of every node.
#[derive(Debug, Clone, PartialEq)]
pub struct Betweenness {
    /// The share of shortest paths between two others that pass through, 0 to 1.
    pub of: Vec<f64>,
    /// Start nodes used; fewer than there are nodes: the values are estimates.
    pub pivots: usize,
}

/// Betweenness after Brandes ("A faster algorithm for betweenness centrality", 2001). With more than `pivots` nodes the
/// starts are drawn by a seed and scaled (Brandes, Pich, "Centrality estimation in large networks", 2007).
#[must_use]
pub fn betweenness(network: &Network, pivots: usize, seed: u64) -> Betweenness {
    let nodes = network.nodes();
    let mut starts: Vec<usize> = (0..nodes).collect();
    if nodes > pivots {
        Chance::new(seed).shuffle(&mut starts);
        starts.truncate(pivots);
    }
    let mut of = vec![0.0; nodes];
    let (mut distance, mut paths, mut share) = (vec![usize::MAX; nodes], vec![0.0_f64; nodes], vec![0.0_f64; nodes]);
    let mut order = Vec::with_capacity(nodes);
    for start in &starts {
        for node in order.drain(..) {
            distance[node] = usize::MAX;
            paths[node] = 0.0;
            share[node] = 0.0;
        }
        distance[*start] = 0;
        paths[*start] = 1.0;
        order.push(*start);
        let mut at = 0;
        while let Some(node) = order.get(at).copied() {
            at += 1;
            for (other, _) in network.near(node) {
                if distance[other] == usize::MAX {
                    distance[other] = distance[node] + 1;
                    order.push(other);
                }
                if distance[other] == distance[node] + 1 {
                    paths[other] += paths[node];
                }
            }
        }
        for node in order.iter().rev() {
            for (other, _) in network.near(*node) {
                if distance[other] + 1 == distance[*node] {
                    share[other] += paths[other] / paths[*node] * (1.0 + share[*node]);
                }
            }
            if node != start {
                of[*node] += share[*node];
            }
        }
    }
    // Each pair is counted from both ends; with pivots, from a sample of the ends.
    let pairs = nodes.saturating_sub(1) * nodes.saturating_sub(2);
    let scale = if pairs == 0 { 0.0 } else { nodes as f64 / starts.len().max(1) as f64 / pairs as f64 };
    for value in &mut of {
        *value *= scale;
    }
    Betweenness { of, pivots: starts.len() }
}

/// The connected pieces: for each node the number of its piece, in the order of their first nodes.
#[must_use]
pub fn components(network: &Network) -> Vec<usize> {
    let mut piece = vec![usize::MAX; network.nodes()];
    let mut count = 0;
    for start in 0..network.nodes() {
        if piece[start] != usize::MAX {
            continue;
        }
        let mut stack = vec![start];
        piece[start] = count;
        while let Some(node) = stack.pop() {
            for (other, _) in network.near(node) {
                if piece[other] == usize::MAX {
                    piece[other] = count;
                    stack.push(other);
                }
            }
        }
        count += 1;
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unweighted(nodes: usize, edges: &[(usize, usize)]) -> Network {
        Network::new(nodes, edges.iter().map(|(a, b)| (*a, *b, 1.0)))
    }

    #[test]
    fn a_star_and_a_triangle() {
        let star = unweighted(5, &[(0, 1), (0, 2), (0, 3), (0, 4)]);
        assert_eq!(betweenness(&star, PIVOTS, 1).of, [1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!((degree(&star, 0), closeness(&star, 0), clustering(&star, 0)), (1.0, 1.0, 0.0));
        assert!((closeness(&star, 1) - 4.0 / 7.0).abs() < 1e-12);
        let tailed = unweighted(5, &[(0, 1), (1, 2), (0, 2), (2, 3)]);
        assert_eq!(clustering(&tailed, 0), 1.0);
        assert!((clustering(&tailed, 2) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((degree(&tailed, 4), closeness(&tailed, 4), components(&tailed)), (0.0, 0.0, vec![0, 0, 0, 0, 1]));
    }

    #[test]
    fn pivots_estimate() {
        let ring: Vec<(usize, usize)> = (0..200).map(|node| (node, (node + 1) % 200)).collect();
        let ring = unweighted(200, &ring);
        let (exact, near) = (betweenness(&ring, 200, 1), betweenness(&ring, 50, 1));
        assert_eq!((exact.pivots, near.pivots), (200, 50));
        assert!(pivots(EXACT) >= EXACT && pivots(EXACT + 1) == PIVOTS);
        let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
        assert!((mean(&exact.of) / mean(&near.of) - 1.0).abs() < 0.02);
    }

    /// The share of shortest paths through each node, by counting them for each pair.
    fn brute(network: &Network) -> Vec<f64> {
        let nodes = network.nodes();
        let all: Vec<Vec<usize>> = (0..nodes).map(|node| distances(network, node)).collect();
        fn count(network: &Network, from: &[usize], to: usize) -> f64 {
            if from[to] == 0 {
                return 1.0;
            }
            network
                .near(to)
                .filter(|(other, _)| from[*other] + 1 == from[to])
                .map(|(other, _)| count(network, from, other))
                .sum()
        }
        let mut of = vec![0.0; nodes];
        for a in 0..nodes {
            for b in (a + 1..nodes).filter(|b| all[a][*b] != usize::MAX) {
                let whole = count(network, &all[a], b);
                for through in (0..nodes).filter(|node| *node != a && *node != b) {
                    if all[a][through] != usize::MAX && all[a][through] + all[b][through] == all[a][b] {
                        of[through] += count(network, &all[a], through) * count(network, &all[b], through) / whole;
                    }
                }
            }
        }
        let pairs = (nodes.saturating_sub(1) * nodes.saturating_sub(2)) as f64 / 2.0;
        of.into_iter().map(|value| if pairs > 0.0 { value / pairs } else { 0.0 }).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn betweenness_is_that_of_brute_force(
            nodes in 1_usize..9,
            edges in proptest::collection::vec((0_usize..9, 0_usize..9), 0..20),
        ) {
            let edges: Vec<_> = edges.into_iter().map(|(a, b)| (a % nodes, b % nodes)).collect();
            let network = unweighted(nodes, &edges);
            let (fast, slow) = (betweenness(&network, PIVOTS, 42).of, brute(&network));
            for (fast, slow) in fast.iter().zip(&slow) {
                prop_assert!((fast - slow).abs() < 1e-9, "{:?} {:?}", fast, slow);
            }
        }
    }
}
