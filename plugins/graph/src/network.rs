//! The graph in memory: entities as numbers 0..n, relations between two of them as one weighted undirected edge.

#![expect(clippy::indexing_slicing, reason = "node numbers are positions in arrays made for this very graph")]

use std::collections::BTreeMap;

/// An undirected simple graph with weights, in compressed rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    offsets: Vec<usize>,
    targets: Vec<usize>,
    weights: Vec<f64>,
    /// What each node weighs: the sum of its edges' weights, in aggregates that of all they hold.
    pub strengths: Vec<f64>,
    /// Twice the weight of all edges of the graph as it was given.
    pub doubled: f64,
}

impl Network {
    /// A graph of `nodes` nodes. Parallel edges add up, loops and edges of no weight are left out.
    #[must_use]
    pub fn new(nodes: usize, edges: impl IntoIterator<Item = (usize, usize, f64)>) -> Self {
        let mut pairs: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for (a, b, weight) in edges {
            if a != b && a < nodes && b < nodes && weight > 0.0 && weight.is_finite() {
                *pairs.entry((a.min(b), a.max(b))).or_default() += weight;
            }
        }
        let mut network = Self::of_pairs(nodes, &pairs);
        for node in 0..nodes {
            network.strengths[node] = network.near(node).map(|(_, weight)| weight).sum();
        }
        network.doubled = network.strengths.iter().sum();
        network
    }

    fn of_pairs(nodes: usize, pairs: &BTreeMap<(usize, usize), f64>) -> Self {
        let mut offsets = vec![0; nodes + 1];
        for (a, b) in pairs.keys() {
            offsets[a + 1] += 1;
            offsets[b + 1] += 1;
        }
        for node in 0..nodes {
            offsets[node + 1] += offsets[node];
        }
        let mut free = offsets.clone();
        let mut targets = vec![0; pairs.len() * 2];
        let mut weights = vec![0.0; pairs.len() * 2];
        for ((a, b), weight) in pairs {
            for (from, to) in [(*a, *b), (*b, *a)] {
                targets[free[from]] = to;
                weights[free[from]] = *weight;
                free[from] += 1;
            }
        }
        Self { offsets, targets, weights, strengths: vec![0.0; nodes], doubled: 0.0 }
    }

    /// How many nodes.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.strengths.len()
    }

    /// How many edges.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.targets.len() / 2
    }

    /// The neighbours of a node, each with the weight of the edge.
    pub fn near(&self, node: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let row = self.offsets[node]..self.offsets[node + 1];
        self.targets[row.clone()].iter().copied().zip(self.weights[row].iter().copied())
    }

    /// How many neighbours a node has.
    #[must_use]
    pub fn degree(&self, node: usize) -> usize {
        self.offsets[node + 1] - self.offsets[node]
    }

    /// One node for each group; `group` has a number below `groups` for each node. Edges inside a group vanish, their
    /// weight stays in the strengths.
    #[must_use]
    pub fn aggregate(&self, group: &[usize], groups: usize) -> Self {
        let mut pairs: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for (node, own) in group.iter().copied().enumerate() {
            for (other, weight) in self.near(node).filter(|(other, _)| *other > node) {
                let theirs = group[other];
                if own != theirs {
                    *pairs.entry((own.min(theirs), own.max(theirs))).or_default() += weight;
                }
            }
        }
        let mut network = Self::of_pairs(groups, &pairs);
        for (group, strength) in group.iter().zip(&self.strengths) {
            network.strengths[*group] += strength;
        }
        network.doubled = self.doubled;
        network
    }

    /// Modularity of a partition with a resolution (Reichardt, Bornholdt 2006; 1 gives Newman, Girvan 2004):
    /// the share of weight inside groups less `resolution` times what chance would put there. Only for graphs that are no aggregates.
    #[must_use]
    pub fn modularity(&self, group: &[usize], resolution: f64) -> f64 {
        if self.doubled <= 0.0 {
            return 0.0;
        }
        let groups = group.iter().max().map_or(0, |most| most + 1);
        let (mut inside, mut whole) = (0.0, vec![0.0; groups]);
        for node in 0..self.nodes() {
            whole[group[node]] += self.strengths[node];
            inside += self.near(node).filter(|(other, _)| group[*other] == group[node]).map(|edge| edge.1).sum::<f64>();
        }
        let chance: f64 = whole.iter().map(|strength| (strength / self.doubled).powi(2)).sum();
        inside / self.doubled - resolution * chance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_edges_add_up_and_loops_vanish() {
        let network = Network::new(3, [(0, 1, 1.0), (1, 0, 2.0), (2, 2, 5.0), (0, 9, 1.0), (1, 2, 0.0)]);
        assert_eq!((network.nodes(), network.edges(), network.doubled), (3, 1, 6.0));
        assert_eq!(network.near(0).collect::<Vec<_>>(), [(1, 3.0)]);
        assert_eq!(network.degree(2), 0);
    }

    #[test]
    fn two_triangles_have_the_modularity_of_the_textbook() {
        let edges = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3)];
        let network = Network::new(6, edges.map(|(a, b)| (a, b, 1.0)));
        // 6/7 inside, each half has strength 7 of 14.
        assert!((network.modularity(&[0, 0, 0, 1, 1, 1], 1.0) - (6.0 / 7.0 - 0.5)).abs() < 1e-12);
        assert!(network.modularity(&[0; 6], 1.0).abs() < 1e-12);
        let whole = network.aggregate(&[0, 0, 0, 1, 1, 1], 2);
        assert_eq!((whole.edges(), whole.strengths.clone(), whole.doubled), (1, vec![7.0, 7.0], 14.0));
    }
}
