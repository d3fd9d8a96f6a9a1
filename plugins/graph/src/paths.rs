//! Paths between entities: shortest, cheapest and all simple ones, over a graph that is fetched a layer at a time.
//!
//! Whoever asks for a path must not read the whole graph. So both searches go from both ends at once, one request a layer,
//! and only what a path of the wanted length can use is ever fetched.

use memstrata_sdk::Fault;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// One relation as a step from one entity to another, in the direction it may be walked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Where it starts.
    pub from: u64,
    /// Where it leads.
    pub to: u64,
    /// The relation.
    pub relation: u64,
    /// What it costs, at least 1; see [`cost`].
    pub cost: f64,
}

/// The cost of a relation: 1 / (strength x confidence). Both are in (0, 1], so no step costs less than 1, and a path
/// of cost c has at most c steps.
#[must_use]
pub fn cost(strength: f64, confidence: f64) -> f64 {
    1.0 / (strength * confidence).clamp(1e-6, 1.0)
}

/// Where steps come from.
pub trait Roads {
    /// The steps that leave these entities, or, `backward`, those that lead to them.
    ///
    /// # Errors
    /// Those of the store.
    fn steps(&mut self, frontier: &[u64], backward: bool) -> Result<Vec<Step>, Fault>;
}

/// What was fetched around the two ends.
#[derive(Debug, Default)]
pub struct Between {
    forward: Side,
    backward: Side,
    steps: BTreeMap<u64, Vec<Step>>,
    count: usize,
    /// Steps that may be fetched.
    most: usize,
    /// Whether the search ended because so many steps were fetched.
    pub cut: bool,
}

#[derive(Debug, Default)]
struct Side {
    /// Layer of each entity reached, from 0.
    depth: BTreeMap<u64, usize>,
    frontier: Vec<u64>,
    layers: usize,
}

impl Side {
    fn of(end: u64) -> Self {
        Self { depth: BTreeMap::from([(end, 0)]), frontier: vec![end], layers: 0 }
    }
}

impl Between {
    /// Nothing fetched yet.
    #[must_use]
    pub fn new(from: u64, to: u64, most: usize) -> Self {
        Self { forward: Side::of(from), backward: Side::of(to), most, ..Self::default() }
    }

    /// Fetches one more layer of one side.
    fn widen(&mut self, roads: &mut impl Roads, backward: bool) -> Result<(), Fault> {
        let side = if backward { &mut self.backward } else { &mut self.forward };
        side.layers += 1;
        if side.frontier.is_empty() {
            return Ok(());
        }
        let steps = roads.steps(&side.frontier, backward)?;
        side.frontier.clear();
        for step in steps {
            let reached = if backward { step.from } else { step.to };
            if !side.depth.contains_key(&reached) {
                side.depth.insert(reached, side.layers);
                side.frontier.push(reached);
            }
            let known = self.steps.entry(step.from).or_default();
            if !known.iter().any(|other| other.relation == step.relation && other.to == step.to) {
                known.push(step);
                self.count += 1;
            }
        }
        self.cut |= self.count >= self.most;
        Ok(())
    }

    /// Fetches until every path of at most `length` steps is covered; false if that was too much.
    fn cover(&mut self, roads: &mut impl Roads, length: usize) -> Result<bool, Fault> {
        while self.forward.layers + self.backward.layers < length && !self.cut {
            let ended = (self.forward.frontier.is_empty(), self.backward.frontier.is_empty());
            match ended {
                // One side has fetched all it can reach: so every path is covered.
                (true, _) | (_, true) => break,
                _ => {
                    let smaller = self.backward.frontier.len() < self.forward.frontier.len();
                    self.widen(roads, smaller)?;
                }
            }
        }
        Ok(!self.cut)
    }

    /// The cheapest known path of at most `longest` steps from one entity to another (Dijkstra 1959); ties go to fewer steps.
    fn cheapest(&self, from: u64, to: u64, hops_only: bool) -> Option<(f64, Vec<Step>)> {
        let mut best: BTreeMap<u64, (f64, usize)> = BTreeMap::from([(from, (0.0, 0))]);
        let mut came: BTreeMap<u64, Step> = BTreeMap::new();
        let mut queue = BinaryHeap::from([Reverse((Cost(0.0), 0_usize, from))]);
        while let Some(Reverse((Cost(spent), hops, at))) = queue.pop() {
            if at == to {
                break;
            }
            if best.get(&at).is_some_and(|known| (spent, hops) > *known) {
                continue;
            }
            for step in self.steps.get(&at).into_iter().flatten() {
                let next = (spent + if hops_only { 1.0 } else { step.cost }, hops + 1);
                if best.get(&step.to).is_none_or(|known| next < *known) {
                    best.insert(step.to, next);
                    came.insert(step.to, *step);
                    queue.push(Reverse((Cost(next.0), next.1, step.to)));
                }
            }
        }
        let spent = best.get(&to)?.0;
        let mut path = Vec::new();
        let mut at = to;
        while at != from {
            let step = came.get(&at)?;
            path.push(*step);
            at = step.from;
        }
        path.reverse();
        Some((spent, path))
    }
}

/// A cost that can be ordered.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cost(f64);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What a search for one path found.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The steps, none if both ends are one; `None` if there is no path.
    pub path: Option<Vec<Step>>,
    /// Their costs in all.
    pub cost: f64,
    /// Whether the search was cut short, so that there may be a better path.
    pub cut: bool,
}

/// The path of fewest steps (breadth first from both ends), at most `longest`.
///
/// # Errors
/// Those of the store.
pub fn shortest(roads: &mut impl Roads, from: u64, to: u64, longest: usize, most: usize) -> Result<Route, Fault> {
    let mut between = Between::new(from, to, most);
    for length in 0..=longest {
        let whole = between.cover(roads, length)?;
        if let Some((_, path)) = between.cheapest(from, to, true).filter(|(_, path)| path.len() <= longest) {
            // What is fetched covers all paths up to `length`, and the search may know longer ones.
            if path.len() <= length || !whole {
                let cost = path.iter().map(|step| step.cost).sum();
                return Ok(Route { path: Some(path), cost, cut: between.cut });
            }
        }
        if !whole {
            break;
        }
    }
    Ok(Route { path: None, cost: 0.0, cut: between.cut })
}

/// The cheapest path (Dijkstra over what a path so cheap can use), at most `longest` steps.
///
/// The shortest path bounds the cost, the cost bounds the number of steps, since no step costs less than 1.
///
/// # Errors
/// Those of the store.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cost is positive and below 10^8")]
pub fn cheapest(roads: &mut impl Roads, from: u64, to: u64, longest: usize, most: usize) -> Result<Route, Fault> {
    let mut between = Between::new(from, to, most);
    let mut covered = 0;
    loop {
        let whole = between.cover(roads, covered)?;
        let found = between.cheapest(from, to, false);
        let needed = found.as_ref().map_or(covered + 1, |(cost, _)| cost.floor() as usize);
        if needed <= covered || covered >= longest || !whole {
            let cut = between.cut || (found.is_some() && needed > covered);
            return Ok(match found {
                Some((cost, path)) if path.len() <= longest => Route { path: Some(path), cost, cut },
                _ => Route { path: None, cost: 0.0, cut },
            });
        }
        covered = if found.is_some() { needed.min(longest) } else { covered + 1 };
    }
}

/// All simple paths of at most `longest` steps, shortest first, at most `limit`; and whether there may be more.
///
/// Depth first, turning back where the other end cannot be reached any more in the steps that are left.
///
/// # Errors
/// Those of the store.
pub fn simple(
    roads: &mut impl Roads,
    from: u64,
    to: u64,
    longest: usize,
    limit: usize,
    most: usize,
) -> Result<(Vec<Vec<Step>>, bool), Fault> {
    let mut between = Between::new(from, to, most);
    between.cover(roads, longest)?;
    // Fewest steps from each entity to the end, over what was fetched.
    let mut back: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for step in between.steps.values().flatten() {
        back.entry(step.to).or_default().push(step.from);
    }
    let mut left = BTreeMap::from([(to, 0_usize)]);
    let mut layer = vec![to];
    for distance in 1..=longest {
        let mut next = Vec::new();
        for at in layer.iter().filter_map(|at| back.get(at)).flatten() {
            if !left.contains_key(at) {
                left.insert(*at, distance);
                next.push(*at);
            }
        }
        layer = next;
    }
    let mut walk =
        Walk { between: &between, left: &left, to, limit, effort: most.saturating_mul(20), found: Vec::new() };
    for length in 1..=longest {
        walk.go(from, length, &mut Vec::new(), &mut BTreeSet::from([from]));
    }
    let cut = between.cut || walk.found.len() >= limit || walk.effort == 0;
    Ok((walk.found, cut))
}

struct Walk<'a> {
    between: &'a Between,
    left: &'a BTreeMap<u64, usize>,
    to: u64,
    limit: usize,
    /// Steps it may still try.
    effort: usize,
    found: Vec<Vec<Step>>,
}

impl Walk<'_> {
    /// All paths of exactly `length` more steps.
    fn go(&mut self, at: u64, length: usize, path: &mut Vec<Step>, seen: &mut BTreeSet<u64>) {
        for step in self.between.steps.get(&at).into_iter().flatten() {
            if self.found.len() >= self.limit || self.effort == 0 {
                return;
            }
            self.effort -= 1;
            if seen.contains(&step.to) || self.left.get(&step.to).is_none_or(|left| *left > length - 1) {
                continue;
            }
            if step.to == self.to {
                if length == 1 {
                    let mut whole = path.clone();
                    whole.push(*step);
                    self.found.push(whole);
                }
                continue;
            }
            if length > 1 {
                path.push(*step);
                seen.insert(step.to);
                self.go(step.to, length - 1, path, seen);
                seen.remove(&step.to);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests;
