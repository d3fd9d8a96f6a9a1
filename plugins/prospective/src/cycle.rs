//! Finds the way by which a new edge would close a circle, so that it can be refused and named.

use std::collections::{BTreeMap, VecDeque};

/// More rows than this are not followed: the graph is then taken to be too large to check.
pub const MOST: usize = 10_000;

/// The shortest way `from -> .. -> to` by breadth-first search, both ends included; none if there is none.
/// `next` answers the rows one step on.
///
/// # Errors
/// What `next` fails with.
pub fn way<E>(
    from: u64,
    to: u64,
    mut next: impl FnMut(&[u64]) -> Result<Vec<(u64, u64)>, E>,
) -> Result<Option<Vec<u64>>, E> {
    let mut before: BTreeMap<u64, u64> = BTreeMap::new();
    if from == to {
        return Ok(Some(vec![from]));
    }
    let mut frontier = vec![from];
    while !frontier.is_empty() && before.len() < MOST {
        let mut steps = next(&frontier)?;
        steps.sort_unstable();
        let mut reached = Vec::new();
        for (a, b) in steps {
            if b == from || before.contains_key(&b) {
                continue;
            }
            before.insert(b, a);
            if b == to {
                return Ok(Some(walk(&before, from, to)));
            }
            reached.push(b);
        }
        frontier = reached;
    }
    Ok(None)
}

fn walk(before: &BTreeMap<u64, u64>, from: u64, to: u64) -> Vec<u64> {
    let mut path = VecDeque::from([to]);
    let mut at = to;
    while at != from {
        let Some(earlier) = before.get(&at) else { break };
        at = *earlier;
        path.push_front(at);
    }
    path.into()
}

/// The circle as callers read it: `m:1 -> m:2 -> m:1`.
#[must_use]
pub fn named(way: &[u64]) -> String {
    let mut names: Vec<String> = way.iter().map(|id| crate::row::reference(*id)).collect();
    names.extend(names.first().cloned());
    names.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    fn over(edges: &[(u64, u64)], from: u64, to: u64) -> Option<Vec<u64>> {
        way(from, to, |frontier| {
            Ok::<_, Infallible>(edges.iter().filter(|(a, _)| frontier.contains(a)).copied().collect())
        })
        .unwrap()
    }

    #[test]
    fn the_shortest_way_is_named() {
        let edges = [(1, 2), (2, 3), (3, 4), (1, 5), (5, 4)];
        assert_eq!(over(&edges, 1, 4), Some(vec![1, 5, 4]));
        assert_eq!(over(&edges, 4, 1), None);
        assert_eq!(over(&edges, 2, 2), Some(vec![2]));
        assert_eq!(named(&[1, 5, 4]), "m:1 -> m:5 -> m:4 -> m:1");
        assert_eq!(named(&[2]), "m:2 -> m:2");
    }

    proptest! {
        /// Adding only edges for which there is no way back keeps a graph free of circles.
        #[test]
        fn refusing_ways_back_keeps_circles_out(wanted in prop::collection::vec((1u64..9, 1u64..9), 0..40)) {
            let mut edges: Vec<(u64, u64)> = Vec::new();
            for (from, to) in wanted {
                if over(&edges, to, from).is_none() {
                    edges.push((from, to));
                }
            }
            // Kahn: a graph without circles can be taken apart from its ends.
            let mut left = edges.clone();
            loop {
                let kept: Vec<_> = left.iter().filter(|(_, b)| left.iter().any(|(a, _)| a == b)).copied().collect();
                if kept.len() == left.len() {
                    break;
                }
                left = kept;
            }
            prop_assert!(left.is_empty(), "{left:?}");
        }
    }
}
