//! Groups of events as consolidation would make them, for people to look at.

use crate::row;
use memstrata_consolidation_rules::event::Event;
use memstrata_consolidation_rules::session::{Group, sessions};
use memstrata_consolidation_rules::spatial::{Nearness, places};
use memstrata_consolidation_rules::surprise::{Surprise, surprises};
use memstrata_consolidation_rules::temporal::{Window, windows};
use memstrata_consolidation_rules::uncertainty::{text_cohesion, uncertainty};
use memstrata_consolidation_rules::{heuristic, words::clip};
use memstrata_sdk::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Events of a group that are named.
const NAMED: usize = 50;

/// How to group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By session.
    Session,
    /// By pauses in time, over all sessions.
    Temporal,
    /// By meaning: the host clusters vectors.
    Semantic,
    /// By session, then place and time.
    Spatial,
    /// By session, cut at surprises.
    Surprise,
}

impl Method {
    /// Names, as callers write them.
    pub const NAMES: [&str; 5] = ["session", "temporal", "semantic", "spatial", "surprise"];

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Session, Self::Temporal, Self::Semantic, Self::Spatial, Self::Surprise]
            .into_iter()
            .zip(Self::NAMES)
            .find_map(|(method, known)| (known == name).then_some(method))
    }
}

/// Groups events; the semantic method needs the labels of [`labelled`] instead and gives nothing here. `distance` is 1 less the
/// least similarity of one place.
#[must_use]
pub fn groups(events: &[Event], method: Method, distance: f64) -> Vec<Group<'_>> {
    match method {
        Method::Session => sessions(events),
        Method::Temporal => windows(events, Window::default()),
        Method::Spatial => places(events, Nearness { similarity: 1.0 - distance, ..Nearness::default() }),
        Method::Surprise => surprises(events, Surprise::default()),
        Method::Semantic => Vec::new(),
    }
}

/// Groups by the labels the host's clustering gave, within a namespace; events without a label are in no group.
#[must_use]
pub fn labelled<'a>(events: &'a [Event], labels: &[Option<u32>]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(&str, u32), Group<'a>> = BTreeMap::new();
    for (event, label) in events.iter().zip(labels) {
        if let Some(label) = label {
            groups.entry((&event.namespace, *label)).or_default().push(event);
        }
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    groups.sort_by_key(|group| group.first().map(|event| (event.timestamp, event.id)));
    groups
}

/// How many clusters the groups are, cut as [`clusters`] cuts them. Describing one costs far more than counting it.
#[must_use]
pub fn count(groups: &[Group<'_>], most: usize) -> usize {
    groups.iter().map(|group| group.len().div_ceil(most.max(1))).sum()
}

/// The first `limit` clusters for a caller: groups longer than `most` are cut in order of time, and the parts say so.
#[must_use]
pub fn clusters(groups: &[Group<'_>], most: usize, limit: usize) -> Vec<Value> {
    let most = most.max(1);
    groups
        .iter()
        .flat_map(|group| {
            let parts = group.len().div_ceil(most);
            group.chunks(most).enumerate().map(move |(nth, part)| (part, nth + 1, parts))
        })
        .take(limit)
        .map(|(part, nth, parts)| show(part, nth, parts))
        .collect()
}

fn show(group: &[&Event], part: usize, parts: usize) -> Value {
    let ids: Vec<u64> = group.iter().map(|event| event.id).collect();
    let distinct = |values: BTreeSet<&str>| values.into_iter().take(10).map(str::to_owned).collect::<Vec<_>>();
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    group.iter().for_each(|event| *types.entry(&event.kind).or_default() += 1);
    let patterns = heuristic::patterns(group);
    json!({
        "size": group.len(),
        "events": row::references(ids.get(..NAMED).unwrap_or(&ids)),
        "from": group.first().map(|event| event.timestamp),
        "to": group.last().map(|event| event.timestamp),
        "sessions": distinct(group.iter().filter_map(|event| event.session.as_deref()).collect()),
        "tasks": distinct(group.iter().filter_map(|event| event.task.as_deref()).collect()),
        "types": types,
        "begins": group.first().map(|event| clip(&event.content, 120)),
        "cohesion": row::round(text_cohesion(group)),
        "uncertainty": row::round(uncertainty(group, patterns.len())),
        "patterns": patterns.iter().map(|pattern| pattern.kind.name()).collect::<Vec<_>>(),
        "part": (parts > 1).then(|| format!("{part} of {parts}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64, session: &str, minute: i64, kind: &str) -> Event {
        Event {
            id,
            timestamp: minute * 60_000,
            session: Some(session.into()),
            kind: kind.into(),
            content: format!("did thing {id}"),
            confidence: 1.0,
            ..Event::default()
        }
    }

    fn sizes(groups: &[Group<'_>]) -> Vec<usize> {
        groups.iter().map(Vec::len).collect()
    }

    #[test]
    fn each_method_groups_in_its_way() {
        let events = [
            event(1, "a", 0, "action"),
            event(2, "b", 1, "action"),
            event(3, "a", 2, "action"),
            event(4, "a", 3, "action"),
            event(5, "a", 4, "error"),
            event(6, "b", 300, "action"),
        ];
        assert_eq!(sizes(&groups(&events, Method::Session, 0.5)), [4, 2]);
        assert_eq!(sizes(&groups(&events, Method::Temporal, 0.5)), [5, 1]);
        // Session a is cut at its error, session b at its pause.
        assert_eq!(sizes(&groups(&events, Method::Surprise, 0.5)), [3, 1, 1, 1]);
        let labels = [Some(7), Some(7), None, Some(2), Some(7), Some(2)];
        assert_eq!(sizes(&labelled(&events, &labels)), [3, 2]);
    }

    #[test]
    fn distance_decides_what_is_one_place() {
        let at = |id, minute, cwd: &str| Event { cwd: Some(cwd.into()), ..event(id, "a", minute, "action") };
        // Half of the folders are shared: similarity .5, far apart in time.
        let events = [at(1, 0, "/p/x"), at(2, 600, "/p/y")];
        assert_eq!(sizes(&groups(&events, Method::Spatial, 0.5)), [2]);
        assert_eq!(sizes(&groups(&events, Method::Spatial, 0.3)), [1, 1]);
    }

    #[test]
    fn long_groups_are_cut_and_say_so() {
        let events: Vec<Event> = (1..=5).map(|id| event(id, "a", id as i64, "action")).collect();
        let told = clusters(&groups(&events, Method::Session, 0.5), 2, 50);
        let sizes: Vec<&Value> = told.iter().map(|cluster| &cluster["size"]).collect();
        assert_eq!(sizes, [2, 2, 1]);
        assert_eq!((&told[2]["part"], &told[2]["events"]), (&json!("3 of 3"), &json!(["m:5"])));
        assert_eq!(clusters(&groups(&events, Method::Session, 0.5), 9, 50)[0]["part"], Value::Null);
        assert_eq!(told[0]["types"], json!({"action": 2}));
    }

    #[test]
    fn all_clusters_are_counted_and_the_first_are_told() {
        let mut events: Vec<Event> = (1..=5).map(|id| event(id, "a", id as i64, "action")).collect();
        events.extend((6..=7).map(|id| event(id, "b", id as i64, "action")));
        let found = groups(&events, Method::Session, 0.5);
        for most in [0, 1, 2, 3, 9] {
            let all = clusters(&found, most, usize::MAX);
            assert_eq!(count(&found, most), all.len());
            for limit in 0..=all.len() + 1 {
                assert_eq!(clusters(&found, most, limit), all[..limit.min(all.len())]);
            }
        }
        assert_eq!((count(&found, 2), count(&[], 2)), (4, 0));
    }

    #[test]
    fn names_are_read_back() {
        for name in Method::NAMES {
            assert!(Method::parse(name).is_some(), "{name}");
        }
        assert_eq!((Method::parse("semantic"), Method::parse("x")), (Some(Method::Semantic), None));
    }
}
