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

/// The cheapest path, at most `longest` steps.
///
/// If the cheapest of all has more steps than that, the next best is looked for layer by layer.
///
/// # Errors
/// Those of the store.
pub fn cheapest(roads: &mut impl Roads, from: u64, to: u64, longest: usize, most: usize) -> Result<Route, Fault> {
    let route = meet(roads, from, to, most)?;
    match &route.path {
        Some(path) if path.len() > longest => layered(roads, from, to, longest, most),
        _ => Ok(route),
    }
}

/// One end of a search from both ends: what it costs to get there, and how.
struct Reach {
    best: BTreeMap<u64, (f64, usize)>,
    came: BTreeMap<u64, Step>,
    queue: BinaryHeap<Reverse<(Cost, usize, u64)>>,
}

impl Reach {
    fn of(end: u64) -> Self {
        let queue = BinaryHeap::from([Reverse((Cost(0.0), 0, end))]);
        Self { best: BTreeMap::from([(end, (0.0, 0))]), came: BTreeMap::new(), queue }
    }

    /// The cost of the nearest entity that is still to be left, with what was overtaken dropped.
    fn nearest(&mut self) -> Option<f64> {
        while let Some(Reverse((Cost(spent), hops, at))) = self.queue.peek().copied() {
            if self.best.get(&at).is_some_and(|known| (spent, hops) == *known) {
                return Some(spent);
            }
            self.queue.pop();
        }
        None
    }

    /// The entities nearer than `within`: none of them can be reached for less through another, since a step costs 1 or more.
    fn take(&mut self, within: f64) -> Vec<u64> {
        let mut taken = Vec::new();
        while self.nearest().is_some_and(|spent| spent < within) {
            taken.extend(self.queue.pop().map(|Reverse((_, _, at))| at));
        }
        taken
    }
}

/// The cheapest path of any length: Dijkstra (1959) from both ends at once (Pohl, "Bi-directional search", 1971), so that
/// only what costs about half the path is fetched, all entities within one unit of cost in one request.
fn meet(roads: &mut impl Roads, from: u64, to: u64, most: usize) -> Result<Route, Fault> {
    let (mut forward, mut backward) = (Reach::of(from), Reach::of(to));
    let mut middle = (from == to).then_some(((0.0, 0_usize), from));
    let (mut fetched, mut cut) = (0_usize, false);
    while let (Some(ahead), Some(behind)) = (forward.nearest(), backward.nearest()) {
        if middle.is_some_and(|((spent, _), _)| ahead + behind > spent) {
            break;
        }
        if cut {
            break;
        }
        let back = backward.queue.len() < forward.queue.len();
        let (side, other, nearest, across) =
            if back { (&mut backward, &forward, behind, ahead) } else { (&mut forward, &backward, ahead, behind) };
        // Whatever lies farther than the best path less the other side's nearest cannot be on a better one.
        let bound = middle.map_or(f64::INFINITY, |((spent, _), _)| spent - across);
        let mut front = side.take(nearest + 1.0);
        front.retain(|at| side.best.get(at).is_some_and(|known| known.0 <= bound));
        if front.is_empty() {
            continue;
        }
        let steps = roads.steps(&front, back)?;
        fetched += steps.len();
        // What was fetched last may be a part only: whatever is found, there may be better.
        cut |= fetched >= most;
        for step in steps {
            let (here, there) = if back { (step.to, step.from) } else { (step.from, step.to) };
            let Some((spent, hops)) = side.best.get(&here).copied() else { continue };
            let next = (spent + step.cost, hops + 1);
            if side.best.get(&there).is_some_and(|known| next >= *known) {
                continue;
            }
            side.best.insert(there, next);
            side.came.insert(there, step);
            side.queue.push(Reverse((Cost(next.0), next.1, there)));
            if let Some((rest, more)) = other.best.get(&there).copied() {
                let whole = (next.0 + rest, next.1 + more);
                if middle.is_none_or(|(known, _)| whole < known) {
                    middle = Some((whole, there));
                }
            }
        }
    }
    let path = middle.map(|(_, at)| {
        let mut path = Vec::new();
        let mut here = at;
        while let Some(step) = forward.came.get(&here).filter(|_| here != from) {
            path.push(*step);
            here = step.from;
        }
        path.reverse();
        here = at;
        while let Some(step) = backward.came.get(&here).filter(|_| here != to) {
            path.push(*step);
            here = step.to;
        }
        path
    });
    let cost = path.iter().flatten().map(|step| step.cost).sum();
    Ok(Route { path, cost, cut })
}

/// The cheapest path of few steps (Dijkstra over what a path so cheap can use).
///
/// The shortest path bounds the cost, the cost bounds the number of steps, since no step costs less than 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cost is positive and below 10^8")]
fn layered(roads: &mut impl Roads, from: u64, to: u64, longest: usize, most: usize) -> Result<Route, Fault> {
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
