//! What depends on what: cycles among symbols.

#![expect(clippy::indexing_slicing, reason = "node numbers are positions in arrays made for this very graph")]

/// The strongly connected components with more than one node, or one that points at itself (Kosaraju's two passes, after
/// Sharir 1981), largest first; nodes in order.
#[must_use]
pub fn cycles(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let (mut out, mut into) = (vec![Vec::new(); nodes], vec![Vec::new(); nodes]);
    let mut own = vec![false; nodes];
    for (from, to) in edges.iter().filter(|(from, to)| *from < nodes && *to < nodes) {
        out[*from].push(*to);
        into[*to].push(*from);
        own[*from] |= from == to;
    }
    // The order in which the nodes are left behind.
    let (mut seen, mut order) = (vec![false; nodes], Vec::with_capacity(nodes));
    for start in 0..nodes {
        let mut stack = vec![(start, 0)];
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        while let Some((node, next)) = stack.last_mut() {
            match out[*node].get(*next) {
                Some(to) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[*to], true) {
                        stack.push((*to, 0));
                    }
                }
                None => {
                    order.push(*node);
                    stack.pop();
                }
            }
        }
    }
    let mut taken = vec![false; nodes];
    let mut found = Vec::new();
    for start in order.into_iter().rev() {
        if std::mem::replace(&mut taken[start], true) {
            continue;
        }
        let (mut group, mut stack) = (Vec::new(), vec![start]);
        while let Some(node) = stack.pop() {
            group.push(node);
            for from in &into[node] {
                if !std::mem::replace(&mut taken[*from], true) {
                    stack.push(*from);
                }
            }
        }
        if group.len() > 1 || own[start] {
            group.sort_unstable();
            found.push(group);
        }
    }
    found.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cycles_of_a_small_graph() {
        let edges = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (5, 5), (6, 5)];
        assert_eq!(cycles(7, &edges), [vec![0, 1, 2], vec![3, 4], vec![5]]);
        assert!(cycles(3, &[(0, 1), (1, 2), (0, 2)]).is_empty());
    }

    proptest! {
        #[test]
        fn two_nodes_share_a_cycle_when_each_reaches_the_other(
            nodes in 1_usize..10, edges in proptest::collection::vec((0_usize..10, 0_usize..10), 0..25),
        ) {
            let edges: Vec<_> = edges.into_iter().map(|(a, b)| (a % nodes, b % nodes)).collect();
            let mut reach = vec![vec![false; nodes]; nodes];
            for (a, b) in &edges {
                reach[*a][*b] = true;
            }
            for through in 0..nodes {
                let onward = reach[through].clone();
                for row in reach.iter_mut().filter(|row| row[through]) {
                    for (known, also) in row.iter_mut().zip(&onward) {
                        *known |= also;
                    }
                }
            }
            let found = cycles(nodes, &edges);
            for (a, row) in reach.iter().enumerate() {
                for (b, reached) in row.iter().enumerate() {
                    let together = found.iter().any(|group| group.contains(&a) && group.contains(&b));
                    prop_assert_eq!(together, *reached && reach[b][a]);
                }
            }
        }
    }
}
