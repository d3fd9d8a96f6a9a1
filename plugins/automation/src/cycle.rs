//! Cycles that hooks, rules and workflows would run into: strongly connected components of what leads to what.
//!
//! R. Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1(2), 1972; without recursion, since a component's
//! stack is small. Of each component the shortest cycle through its first event is shown, found breadth first.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

/// Something that leads from one event to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// What sets it off.
    pub from: String,
    /// What follows.
    pub to: String,
    /// The hook, rule or workflow.
    pub via: String,
}

/// A way back to where it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// The events of the shortest way, in order; the last leads to the first.
    pub events: Vec<String>,
    /// What leads from each to the next.
    pub via: Vec<String>,
    /// All events that lead to each other here, sorted.
    pub component: Vec<String>,
}

struct Graph<'a> {
    names: Vec<&'a str>,
    /// For each node, (to, edge).
    next: Vec<Vec<(usize, usize)>>,
}

impl<'a> Graph<'a> {
    fn of(edges: &'a [Edge]) -> Self {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for edge in edges {
            for name in [&edge.from, &edge.to] {
                places.entry(name).or_insert(0);
            }
        }
        let names: Vec<&str> = places.keys().copied().collect();
        for (place, (_, slot)) in places.iter_mut().enumerate() {
            *slot = place;
        }
        let mut next = vec![Vec::new(); names.len()];
        for (nth, edge) in edges.iter().enumerate() {
            let to = places.get(edge.to.as_str()).copied().unwrap_or_default();
            if let Some(out) = places.get(edge.from.as_str()).and_then(|from| next.get_mut(*from)) {
                out.push((to, nth));
            }
        }
        Self { names, next }
    }

    fn out(&self, node: usize) -> &[(usize, usize)] {
        self.next.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    /// The component of each node, by number.
    fn components(&self) -> Vec<usize> {
        const NEW: usize = usize::MAX;
        let count = self.names.len();
        let (mut index, mut low, mut component) = (vec![NEW; count], vec![0; count], vec![NEW; count]);
        let (mut stack, mut calls): (Vec<usize>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
        let (mut counter, mut number) = (0, 0);
        let get = |list: &[usize], at: usize| list.get(at).copied().unwrap_or(NEW);
        let set = |list: &mut [usize], at: usize, value: usize| {
            if let Some(slot) = list.get_mut(at) {
                *slot = value;
            }
        };
        for root in 0..count {
            if get(&index, root) != NEW {
                continue;
            }
            calls.push((root, 0));
            while let Some((node, place)) = calls.pop() {
                if place == 0 {
                    set(&mut index, node, counter);
                    set(&mut low, node, counter);
                    counter += 1;
                    stack.push(node);
                }
                if let Some((to, _)) = self.out(node).get(place).copied() {
                    calls.push((node, place + 1));
                    if get(&index, to) == NEW {
                        calls.push((to, 0));
                    } else if get(&component, to) == NEW {
                        let least = get(&low, node).min(get(&index, to));
                        set(&mut low, node, least);
                    }
                    continue;
                }
                if get(&low, node) == get(&index, node) {
                    while let Some(top) = stack.pop() {
                        set(&mut component, top, number);
                        if top == node {
                            break;
                        }
                    }
                    number += 1;
                }
                if let Some((parent, _)) = calls.last().copied() {
                    let least = get(&low, parent).min(get(&low, node));
                    set(&mut low, parent, least);
                }
            }
        }
        component
    }

    /// The shortest way from a node back to itself over allowed nodes, as edges.
    fn back(&self, start: usize, allowed: impl Fn(usize) -> bool) -> Option<Vec<usize>> {
        let mut came: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for (to, edge) in self.out(node).iter().copied().filter(|(to, _)| allowed(*to)) {
                if to == start {
                    let (mut way, mut at) = (vec![edge], node);
                    while at != start {
                        let (before, edge) = came.get(&at).copied()?;
                        way.push(edge);
                        at = before;
                    }
                    way.reverse();
                    return Some(way);
                }
                if let Entry::Vacant(place) = came.entry(to) {
                    place.insert((node, edge));
                    queue.push_back(to);
                }
            }
        }
        None
    }
}

/// All cycles, one for each strongly connected component that has any, in the order of their first event's name.
#[must_use]
pub fn cycles(edges: &[Edge]) -> Vec<Cycle> {
    let graph = Graph::of(edges);
    let components = graph.components();
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for start in 0..graph.names.len() {
        let Some(own) = components.get(start).copied().filter(|own| !seen.contains(own)) else { continue };
        seen.push(own);
        let Some(way) = graph.back(start, |node| components.get(node) == Some(&own)) else { continue };
        let of_it = |(place, name): (usize, &&str)| (components.get(place) == Some(&own)).then(|| (*name).to_owned());
        let edge = |nth: &usize| edges.get(*nth);
        found.push(Cycle {
            events: way.iter().filter_map(edge).map(|edge| edge.from.clone()).collect(),
            via: way.iter().filter_map(edge).map(|edge| edge.via.clone()).collect(),
            component: graph.names.iter().enumerate().filter_map(of_it).collect(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edges(pairs: &[(&str, &str)]) -> Vec<Edge> {
        pairs
            .iter()
            .map(|(from, to)| Edge { from: (*from).into(), to: (*to).into(), via: format!("{from}{to}") })
            .collect()
    }

    #[test]
    fn what_leads_back_is_found_once_with_its_shortest_way() {
        let found = cycles(&edges(&[("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("c", "d"), ("d", "e")]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].events, ["a", "b"]);
        assert_eq!(found[0].via, ["ab", "ba"]);
        assert_eq!(found[0].component, ["a", "b", "c"]);
    }

    #[test]
    fn one_that_leads_to_itself_is_a_cycle_and_a_diamond_is_none() {
        assert_eq!(cycles(&edges(&[("a", "a")]))[0].events, ["a"]);
        assert!(cycles(&edges(&[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])).is_empty());
        assert!(cycles(&[]).is_empty());
    }

    #[test]
    fn separate_cycles_are_told_apart() {
        let found = cycles(&edges(&[("c", "d"), ("d", "c"), ("a", "b"), ("b", "a"), ("b", "c")]));
        assert_eq!(found.iter().map(|cycle| cycle.component.clone()).collect::<Vec<_>>(), [["a", "b"], ["c", "d"]]);
    }

    #[test]
    fn a_long_way_needs_no_deep_stack() {
        let names: Vec<String> = (0..3_000).map(|n| format!("{n:05}")).collect();
        let mut pairs: Vec<(&str, &str)> = names.windows(2).map(|two| (two[0].as_str(), two[1].as_str())).collect();
        pairs.push(("02999", "00000"));
        assert_eq!(cycles(&edges(&pairs))[0].events.len(), 3_000);
    }

    proptest! {
        #[test]
        fn a_graph_without_way_back_has_no_cycle_and_others_have(pairs in prop::collection::vec((0u8..8, 0u8..8), 0..20)) {
            let named: Vec<(String, String)> = pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
            let given = edges(&named.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>());
            // Floyd and Warshall, as the oracle.
            let mut reach = [[false; 8]; 8];
            for (a, b) in &pairs {
                reach[*a as usize][*b as usize] = true;
            }
            for k in 0..8 {
                for i in 0..8 {
                    for j in 0..8 {
                        reach[i][j] |= reach[i][k] && reach[k][j];
                    }
                }
            }
            let on_cycle: Vec<String> = (0..8).filter(|n| reach[*n][*n]).map(|n| n.to_string()).collect();
            let found = cycles(&given);
            let mut told: Vec<String> = found.iter().flat_map(|cycle| cycle.component.clone()).collect();
            told.sort();
            prop_assert_eq!(told, on_cycle);
            for cycle in found {
                for (at, event) in cycle.events.iter().enumerate() {
                    let next = &cycle.events[(at + 1) % cycle.events.len()];
                    prop_assert!(given.iter().any(|edge| edge.from == *event && edge.to == *next && edge.via == cycle.via[at]));
                }
            }
        }
    }
}
