//! A community in numbers and in words: what is inside, what leaves it, what it is about.

#![expect(clippy::indexing_slicing, reason = "node and group numbers are positions in arrays made for them")]
#![expect(clippy::cast_precision_loss, reason = "counts of nodes are far below 2^52")]

use crate::kind::spoken;
use std::collections::BTreeMap;

/// Members named in a summary.
const NAMED: usize = 8;
/// Observations quoted in a summary.
const QUOTED: usize = 3;
/// Letters of a quoted observation.
const QUOTE: usize = 160;

/// One relation between two nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Tie {
    /// Its ends.
    pub ends: (usize, usize),
    /// Its type.
    pub relation_type: String,
    /// Strength x confidence.
    pub weight: f64,
}

/// What the summary says of a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its type.
    pub entity_type: String,
    /// What was observed of it, newest first.
    pub observations: Vec<String>,
}

/// One community of one level.
#[derive(Debug, Clone, PartialEq)]
pub struct Community {
    /// 0 is the coarsest.
    pub level: usize,
    /// The community of the level before it that holds it, as a position in the list; of level 0 none, nor of one whose parent is too small to be kept.
    pub parent: Option<usize>,
    /// Nodes, best connected inside first.
    pub members: Vec<usize>,
    /// The share of its pairs of members that are related, 0 to 1.
    pub density: f64,
    /// Relations between members.
    pub internal_edges: usize,
    /// Relations between a member and another.
    pub external_edges: usize,
    /// In words.
    pub summary: String,
}

impl Community {
    /// The share of its relations that stay inside, 0 to 1.
    #[must_use]
    pub fn cohesion(&self) -> f64 {
        cohesion(self.internal_edges, self.external_edges)
    }
}

/// Inner relations over all.
#[must_use]
pub fn cohesion(internal: usize, external: usize) -> f64 {
    if internal + external == 0 { 0.0 } else { internal as f64 / (internal + external) as f64 }
}

/// Describes the communities of all levels with at least `least` members, largest first within a level.
#[must_use]
pub fn describe(levels: &[Vec<usize>], ties: &[Tie], of: &[Member], least: usize) -> Vec<Community> {
    let mut all: Vec<Community> = Vec::new();
    // Where the communities of the level before are in the list, by group.
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    for (level, group) in levels.iter().enumerate() {
        let groups = group.iter().max().map_or(0, |most| most + 1);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups];
        for (node, group) in group.iter().enumerate() {
            members[*group].push(node);
        }
        let mut inner: Vec<Vec<&Tie>> = vec![Vec::new(); groups];
        let mut external = vec![0_usize; groups];
        let mut pull = vec![0.0; group.len()];
        for tie in ties.iter().filter(|tie| tie.ends.0 != tie.ends.1) {
            let (a, b) = (group[tie.ends.0], group[tie.ends.1]);
            if a == b {
                inner[a].push(tie);
                pull[tie.ends.0] += tie.weight;
                pull[tie.ends.1] += tie.weight;
            } else {
                external[a] += 1;
                external[b] += 1;
            }
        }
        let mut order: Vec<usize> = (0..groups).filter(|group| members[*group].len() >= least.max(1)).collect();
        order.sort_by_key(|group| (std::cmp::Reverse(members[*group].len()), members[*group].first().copied()));
        let mut places = BTreeMap::new();
        for number in order {
            let mut members = std::mem::take(&mut members[number]);
            members.sort_by(|a, b| pull[*b].total_cmp(&pull[*a]).then(a.cmp(b)));
            let parent = level
                .checked_sub(1)
                .and_then(|above| levels[above].get(*members.first()?))
                .and_then(|group| before.get(group).copied());
            places.insert(number, all.len());
            all.push(Community {
                level,
                parent,
                density: density(members.len(), &inner[number]),
                internal_edges: inner[number].len(),
                external_edges: external[number],
                summary: summary(&members, &inner[number], of),
                members,
            });
        }
        before = places;
    }
    all
}

fn density(members: usize, inner: &[&Tie]) -> f64 {
    if members < 2 {
        return 0.0;
    }
    let mut pairs: Vec<(usize, usize)> =
        inner.iter().map(|tie| (tie.ends.0.min(tie.ends.1), tie.ends.0.max(tie.ends.1))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    2.0 * pairs.len() as f64 / (members * (members - 1)) as f64
}

/// Values with their counts, commonest first; those of one count in the order they were first seen.
#[must_use]
pub fn commonest<'a>(values: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize)> {
    let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (nth, value) in values.enumerate() {
        seen.entry(value).or_insert((0, nth)).0 += 1;
    }
    let mut counts: Vec<(&str, (usize, usize))> = seen.into_iter().collect();
    counts.sort_by_key(|(_, (count, first))| (std::cmp::Reverse(*count), *first));
    counts.into_iter().map(|(value, (count, _))| (value, count)).collect()
}

fn clip(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTE { line } else { line.chars().take(QUOTE - 1).chain(['…']).collect() }
}

/// What a community is about, in words that are all found in it: names of its best connected members, its commonest types
/// and relations, its commonest observations.
fn summary(members: &[usize], inner: &[&Tie], of: &[Member]) -> String {
    let named: Vec<&str> = members.iter().take(NAMED).map(|node| of[*node].name.as_str()).collect();
    let more = members.len().saturating_sub(named.len());
    let counted = |counts: Vec<(&str, usize)>| {
        counts
            .into_iter()
            .take(3)
            .map(|(value, count)| format!("{count} {}", spoken(value)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut text = format!("{} entities: {}", members.len(), named.join(", "));
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text.push_str(&format!(
        ". Types: {}.",
        counted(commonest(members.iter().map(|node| of[*node].entity_type.as_str())))
    ));
    if !inner.is_empty() {
        text.push_str(&format!(
            " Relations: {}.",
            counted(commonest(inner.iter().map(|tie| tie.relation_type.as_str())))
        ));
    }
    let observed = commonest(members.iter().flat_map(|node| of[*node].observations.iter().map(String::as_str)));
    let quotes: Vec<String> = observed.iter().take(QUOTED).map(|(said, _)| format!("\"{}\"", clip(said))).collect();
    if !quotes.is_empty() {
        text.push_str(&format!(" Observed: {}", quotes.join("; ")));
    }
    text
}

/// Relations between two communities of one level.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Group numbers, the smaller first.
    pub groups: (usize, usize),
    /// Relations.
    pub edges: usize,
    /// Their weight.
    pub weight: f64,
}

/// What runs between the groups of a level, most relations first. Nodes without a group are left out.
#[must_use]
pub fn links(group: &[Option<usize>], ties: &[Tie]) -> Vec<Link> {
    let mut between: BTreeMap<(usize, usize), (usize, f64)> = BTreeMap::new();
    for tie in ties {
        if let (Some(a), Some(b)) = (group[tie.ends.0], group[tie.ends.1])
            && a != b
        {
            let link = between.entry((a.min(b), a.max(b))).or_default();
            link.0 += 1;
            link.1 += tie.weight;
        }
    }
    let mut links: Vec<Link> =
        between.into_iter().map(|(groups, (edges, weight))| Link { groups, edges, weight }).collect();
    links.sort_by(|a, b| b.edges.cmp(&a.edges).then(b.weight.total_cmp(&a.weight)).then(a.groups.cmp(&b.groups)));
    links
}

/// An entity whose neighbours lie in several communities.
#[derive(Debug, Clone, PartialEq)]
pub struct Bridge {
    /// The entity.
    pub node: usize,
    /// The communities its neighbours lie in, by number of relations.
    pub groups: Vec<(usize, usize)>,
    /// Relations that leave its own community.
    pub crossing: usize,
}

/// Entities whose neighbours lie in at least `threshold` communities, its own counted where it has neighbours there; most
/// communities first, then most crossing relations.
#[must_use]
pub fn bridges(group: &[Option<usize>], ties: &[Tie], threshold: usize) -> Vec<Bridge> {
    let mut around: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); group.len()];
    for tie in ties.iter().filter(|tie| tie.ends.0 != tie.ends.1) {
        for (node, other) in [tie.ends, (tie.ends.1, tie.ends.0)] {
            if let Some(group) = group[other] {
                *around[node].entry(group).or_default() += 1;
            }
        }
    }
    let mut found: Vec<Bridge> = Vec::new();
    for (node, around) in around.into_iter().enumerate().filter(|(_, around)| around.len() >= threshold.max(1)) {
        let crossing = around.iter().filter(|(other, _)| Some(**other) != group[node]).map(|(_, count)| count).sum();
        let mut groups: Vec<(usize, usize)> = around.into_iter().collect();
        groups.sort_by_key(|(group, count)| (std::cmp::Reverse(*count), *group));
        found.push(Bridge { node, groups, crossing });
    }
    found.sort_by_key(|bridge| {
        (std::cmp::Reverse(bridge.groups.len()), std::cmp::Reverse(bridge.crossing), bridge.node)
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tie(a: usize, b: usize) -> Tie {
        Tie { ends: (a, b), relation_type: "depends_on".into(), weight: 1.0 }
    }

    fn named(names: &[&str]) -> Vec<Member> {
        names
            .iter()
            .map(|name| Member { name: (*name).into(), entity_type: "Concept".into(), observations: vec![] })
            .collect()
    }

    #[test]
    fn numbers_of_two_triangles() {
        let ties = [tie(0, 1), tie(1, 0), tie(1, 2), tie(0, 2), tie(3, 4), tie(4, 5), tie(2, 3), tie(0, 0)];
        let mut members = named(&["a", "b", "c", "d", "e", "f", "g"]);
        members[1].observations = vec!["It is slow.".into()];
        let levels = [vec![0, 0, 0, 1, 1, 1, 2], vec![0, 0, 1, 2, 3, 3, 4]];
        let all = describe(&levels, &ties, &members, 2);
        assert_eq!(
            all.iter().map(|one| (one.level, one.members.len())).collect::<Vec<_>>(),
            [(0, 3), (0, 3), (1, 2), (1, 2)]
        );
        assert_eq!((all[0].internal_edges, all[0].external_edges, all[0].density), (4, 1, 1.0));
        assert_eq!((all[1].internal_edges, all[1].external_edges), (2, 1));
        assert!((all[1].density - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(all.iter().map(|one| one.parent).collect::<Vec<_>>(), [None, None, Some(0), Some(1)]);
        assert_eq!(
            all[0].summary,
            "3 entities: a, b, c. Types: 3 Concept. Relations: 4 depends on. Observed: \"It is slow.\""
        );
        assert!((all[0].cohesion() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn bridges_touch_several_communities() {
        let group = [Some(0), Some(0), Some(1), Some(2), None];
        let ties = [tie(0, 1), tie(0, 2), tie(3, 0), tie(1, 2), tie(0, 4)];
        let found = bridges(&group, &ties, 3);
        assert_eq!(found, [Bridge { node: 0, groups: vec![(0, 1), (1, 1), (2, 1)], crossing: 2 }]);
        assert_eq!(bridges(&group, &ties, 2).len(), 2);
        let between = links(&group, &ties);
        assert_eq!((between[0].groups, between[0].edges, between.len()), ((0, 1), 2, 2));
    }
}
