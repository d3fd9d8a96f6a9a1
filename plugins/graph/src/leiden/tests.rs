//! Leiden against graphs whose answer is known, and its promise: every community is connected.

use super::*;
use proptest::prelude::*;

/// Zachary's karate club (1977), nodes from 1, 78 edges.
const KARATE: [(usize, usize); 78] = [
    (1, 2),
    (1, 3),
    (1, 4),
    (1, 5),
    (1, 6),
    (1, 7),
    (1, 8),
    (1, 9),
    (1, 11),
    (1, 12),
    (1, 13),
    (1, 14),
    (1, 18),
    (1, 20),
    (1, 22),
    (1, 32),
    (2, 3),
    (2, 4),
    (2, 8),
    (2, 14),
    (2, 18),
    (2, 20),
    (2, 22),
    (2, 31),
    (3, 4),
    (3, 8),
    (3, 9),
    (3, 10),
    (3, 14),
    (3, 28),
    (3, 29),
    (3, 33),
    (4, 8),
    (4, 13),
    (4, 14),
    (5, 7),
    (5, 11),
    (6, 7),
    (6, 11),
    (6, 17),
    (7, 17),
    (9, 31),
    (9, 33),
    (9, 34),
    (10, 34),
    (14, 34),
    (15, 33),
    (15, 34),
    (16, 33),
    (16, 34),
    (19, 33),
    (19, 34),
    (20, 34),
    (21, 33),
    (21, 34),
    (23, 33),
    (23, 34),
    (24, 26),
    (24, 28),
    (24, 30),
    (24, 33),
    (24, 34),
    (25, 26),
    (25, 28),
    (25, 32),
    (26, 32),
    (27, 30),
    (27, 34),
    (28, 34),
    (29, 32),
    (29, 34),
    (30, 33),
    (30, 34),
    (31, 33),
    (31, 34),
    (32, 33),
    (32, 34),
    (33, 34),
];

fn karate() -> Network {
    Network::new(34, KARATE.map(|(a, b)| (a - 1, b - 1, 1.0)))
}

/// A graph of `groups` groups of `size` nodes: an edge inside with one probability, between groups with another.
fn planted(groups: usize, size: usize, inside: f64, between: f64, seed: u64) -> (Network, Vec<usize>) {
    let (mut chance, nodes) = (Chance::new(seed), groups * size);
    let mut edges = Vec::new();
    for a in 0..nodes {
        for b in a + 1..nodes {
            let odds = if a / size == b / size { inside } else { between };
            if chance.share() < odds {
                edges.push((a, b, 1.0));
            }
        }
    }
    (Network::new(nodes, edges), (0..nodes).map(|node| node / size).collect())
}

fn connected(network: &Network, group: &[usize]) -> bool {
    let groups = group.iter().max().map_or(0, |most| most + 1);
    let mut seen = vec![false; network.nodes()];
    let mut pieces = 0;
    for start in 0..network.nodes() {
        if seen[start] {
            continue;
        }
        pieces += 1;
        seen[start] = true;
        let mut stack = vec![start];
        while let Some(node) = stack.pop() {
            for (other, _) in network.near(node) {
                if !seen[other] && group[other] == group[node] {
                    seen[other] = true;
                    stack.push(other);
                }
            }
        }
    }
    pieces == groups
}

fn nested(fine: &[usize], coarse: &[usize]) -> bool {
    let mut within = vec![usize::MAX; fine.len()];
    fine.iter().zip(coarse).all(|(fine, coarse)| {
        let known = within[*fine];
        within[*fine] = *coarse;
        known == usize::MAX || known == *coarse
    })
}

#[test]
fn the_karate_club_is_split_as_well_as_it_can_be() {
    // 0.4198 is the optimum (Brandes et al., "On modularity clustering", 2008).
    let network = karate();
    assert_eq!(network.edges(), 78);
    for seed in [42, 1, 2, 3, 4] {
        let found = leiden(&network, &Options { seed, ..Options::default() });
        assert!(found.modularity >= 0.4198 * 0.99, "seed {seed}: {}", found.modularity);
        assert!((found.modularity - network.modularity(&found.levels[0], 1.0)).abs() < 1e-12);
        assert!(connected(&network, &found.levels[0]));
    }
}

#[test]
fn a_planted_partition_is_found_to_one_percent() {
    for (groups, size, seed) in [(10, 40, 1), (20, 25, 2), (8, 60, 3)] {
        let (network, truth) = planted(groups, size, 0.3, 0.01, seed);
        let found = leiden(&network, &Options::default());
        let planted = network.modularity(&truth, 1.0);
        assert!(found.modularity >= planted * 0.99, "{} against {planted}", found.modularity);
        assert!(found.levels.iter().all(|level| connected(&network, level)));
    }
}

#[test]
fn levels_go_from_coarse_to_fine() {
    let (network, _) = planted(20, 25, 0.3, 0.01, 5);
    let found = leiden(&network, &Options::default());
    let sizes: Vec<usize> = found.levels.iter().map(|level| numbered(level).1).collect();
    assert!(found.levels.len() >= 2, "{sizes:?}");
    assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]), "{sizes:?}");
    assert!(found.levels.windows(2).all(|pair| nested(&pair[1], &pair[0])));
}

#[test]
fn a_higher_resolution_makes_smaller_communities() {
    let network = karate();
    let count = |resolution| numbered(&leiden(&network, &Options { resolution, ..Options::default() }).levels[0]).1;
    assert!(count(3.0) > count(1.0) && count(1.0) > count(0.1), "{} {} {}", count(3.0), count(1.0), count(0.1));
}

#[test]
fn nothing_gives_nothing_and_one_seed_gives_one_answer() {
    assert_eq!(leiden(&Network::new(0, []), &Options::default()).levels, vec![Vec::<usize>::new()]);
    assert_eq!(leiden(&Network::new(3, []), &Options::default()).levels[0], [0, 1, 2]);
    let (network, _) = planted(6, 20, 0.3, 0.05, 9);
    assert_eq!(leiden(&network, &Options::default()), leiden(&network, &Options::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_community_of_every_level_is_connected(
        nodes in 1_usize..40,
        edges in proptest::collection::vec((0_usize..40, 0_usize..40, 0.1_f64..5.0), 0..120),
        resolution in 0.2_f64..3.0,
        seed in 0_u64..1000,
    ) {
        let network = Network::new(nodes, edges.into_iter().map(|(a, b, weight)| (a % nodes, b % nodes, weight)));
        let found = leiden(&network, &Options { resolution, seed, ..Options::default() });
        for level in &found.levels {
            prop_assert_eq!(level.len(), nodes);
            prop_assert!(connected(&network, level));
        }
        for pair in found.levels.windows(2) {
            prop_assert!(nested(&pair[1], &pair[0]));
        }
        let alone: Vec<usize> = (0..nodes).collect();
        prop_assert!(found.modularity + 1e-9 >= network.modularity(&alone, resolution));
    }
}
