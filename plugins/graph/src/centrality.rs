//! Closeness of many nodes, as far as one call goes.

use crate::measures;
use crate::network::Network;

/// Entities whose metrics are kept in one row.
pub const PART: usize = 200;
/// Visits of nodes and edges that one call may make: about a second in a component.
pub const MOST_VISITS: usize = 150_000_000;

/// How many parts one call measures, at least one.
#[must_use]
pub fn parts_a_call(network: &Network) -> usize {
    let one = (network.nodes() + 2 * network.edges()).max(1);
    (MOST_VISITS / one / PART).max(1)
}

/// The closeness of the nodes of a part, in their order.
#[must_use]
pub fn near(network: &Network, part: usize) -> Vec<f64> {
    let nodes = part * PART..((part + 1) * PART).min(network.nodes());
    nodes.map(|node| measures::closeness(network, node)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_all_nodes_once() {
        let path = Network::new(PART + 1, (0..PART).map(|node| (node, node + 1, 1.0)));
        assert_eq!((near(&path, 0).len(), near(&path, 1).len(), near(&path, 2).len()), (PART, 1, 0));
        assert_eq!(near(&path, 1), [measures::closeness(&path, PART)]);
    }

    #[test]
    fn a_large_graph_takes_several_calls_and_never_none() {
        let of = |nodes: usize| Network::new(nodes, (1..nodes).map(|node| (0, node, 1.0)));
        assert!(parts_a_call(&of(10)) > 10);
        assert_eq!(parts_a_call(&of(400_000)), 1);
    }
}
