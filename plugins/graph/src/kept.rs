//! Figures that are kept: without names, metrics packed, and whose turn it is to be computed anew.

use memstrata_sdk::{Map, Value, json};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The metrics of an entity in the order in which they are packed.
pub const METRICS: [&str; 9] = [
    "neighbors",
    "relations_in",
    "relations_out",
    "strength",
    "degree_centrality",
    "closeness_centrality",
    "betweenness_centrality",
    "betweenness_rank",
    "clustering_coefficient",
];

/// Metrics of an entity with their names, from the list that is kept; nothing if it is another list.
#[must_use]
pub fn unpacked(list: &Value) -> Option<Map<String, Value>> {
    let values = list.as_array().filter(|values| values.len() == METRICS.len())?;
    Some(METRICS.iter().map(|name| (*name).to_owned()).zip(values.iter().cloned()).collect())
}

/// Calls `each` with every entity in an answer: an object with `id` and `entity_type`.
fn entities(answer: &mut Value, each: &mut impl FnMut(u64, &mut Map<String, Value>)) {
    match answer {
        Value::Array(items) => items.iter_mut().for_each(|item| entities(item, each)),
        Value::Object(fields) => {
            if let Some(id) = fields.get("id").and_then(Value::as_u64).filter(|_| fields.contains_key("entity_type")) {
                each(id, fields);
            }
            fields.values_mut().for_each(|value| entities(value, each));
        }
        _ => {}
    }
}

/// Takes the names of entities out: what is kept must not outlive the entity, nor tell an older name.
pub fn forget_names(answer: &mut Value) {
    entities(answer, &mut |_, fields| {
        fields.remove("name");
    });
}

/// The entities in an answer.
pub fn ids(answer: &mut Value) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    entities(answer, &mut |id, _| {
        found.insert(id);
    });
    found
}

/// Gives each entity its name; null if it is there no more.
pub fn name(answer: &mut Value, names: &BTreeMap<u64, String>) {
    entities(answer, &mut |id, fields| {
        fields.insert("name".into(), json!(names.get(&id)));
    });
}

/// Where the computing of parts stands: a round that goes over all of them, in as many calls as it takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Round {
    /// The part whose turn is next.
    pub next: usize,
    /// Parts still to be computed.
    pub left: usize,
}

impl Round {
    /// All parts anew. It goes on where the last round stopped, so that one which is never finished leaves out none for ever.
    #[must_use]
    pub fn anew(self, count: usize) -> Self {
        Self { next: self.next, left: count }
    }

    /// Whether a call is still to compute parts.
    #[must_use]
    pub fn more(self) -> bool {
        self.left > 0
    }

    /// The parts to be computed now, at most `most` of `count`: the missing ones first, then those whose turn it is.
    #[must_use]
    pub fn due(self, count: usize, there: &BTreeSet<usize>, most: usize) -> Vec<usize> {
        let missing = (0..count).filter(|part| !there.contains(part));
        let turn = (0..self.left.min(count)).filter_map(|step| (self.next + step).checked_rem(count));
        missing.chain(turn.filter(|part| there.contains(part))).take(most).collect()
    }

    /// The round after these parts were computed.
    #[must_use]
    pub fn after(self, count: usize, done: &BTreeSet<usize>) -> Self {
        let Some(next) = self.next.checked_rem(count) else { return Self::default() };
        let mut round = Self { next, left: self.left.min(count) };
        while round.left > 0 && done.contains(&round.next) {
            round = Self { next: (round.next + 1) % count, left: round.left - 1 };
        }
        round
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_and_not_kept() {
        let told = json!({"id": 7, "level": 0, "notes": ["n"], "top": [{"id": 1, "name": "Ada", "entity_type": "Person", "value": 0.5}],
                          "cycles": [[{"id": 2, "name": "f", "entity_type": "Function"}, {"id": 3, "name": "g", "entity_type": "Function"}]]});
        let mut kept = told.clone();
        forget_names(&mut kept);
        assert!(!kept.to_string().contains("name") && !kept.to_string().contains("Ada"));
        assert_eq!(ids(&mut kept), BTreeSet::from([1, 2, 3]));
        let names = BTreeMap::from([(1, "Ada".to_owned()), (2, "f".to_owned()), (3, "g".to_owned())]);
        let mut again = kept.clone();
        name(&mut again, &names);
        assert_eq!(again, told);
        // One that was erased since has none.
        name(&mut kept, &BTreeMap::from([(2, "h".to_owned())]));
        assert_eq!((&kept["top"][0]["name"], &kept["cycles"][0][0]["name"]), (&Value::Null, &json!("h")));
    }

    #[test]
    fn metrics_have_their_names_again() {
        let metrics = unpacked(&json!([1, 2, 3, 0.5, 0.1, 0.2, 0.3, 4, 0.4])).unwrap();
        assert_eq!((&metrics["relations_out"], &metrics["betweenness_rank"]), (&json!(3), &json!(4)));
        assert_eq!((unpacked(&json!([1])), unpacked(&json!({"neighbors": 1}))), (None, None));
    }

    #[test]
    fn every_part_has_its_turn_though_no_round_is_finished() {
        let all: BTreeSet<usize> = (0..10).collect();
        let (mut round, mut computed) = (Round::default(), BTreeSet::new());
        for _ in 0..5 {
            round = round.anew(10);
            let due: BTreeSet<usize> = round.due(10, &all, 2).into_iter().collect();
            round = round.after(10, &due);
            computed.extend(due);
        }
        assert_eq!(computed, all);
    }

    #[test]
    fn calls_until_there_is_no_more_compute_every_part() {
        let (mut round, mut there, mut calls) = (Round::default().anew(25), BTreeSet::new(), 0);
        while round.more() {
            let due: BTreeSet<usize> = round.due(25, &there, 16).into_iter().collect();
            round = round.after(25, &due);
            there.extend(due);
            calls += 1;
        }
        assert_eq!((there, calls), ((0..25).collect(), 2));
        assert!(!Round::default().more());
    }

    #[test]
    fn missing_parts_come_first_and_a_round_ends() {
        let there = BTreeSet::from([0, 1, 2]);
        let round = Round { next: 1, left: 5 };
        assert_eq!(round.due(5, &there, 3), [3, 4, 1]);
        let after = round.after(5, &BTreeSet::from([3, 4, 1]));
        assert_eq!(after, Round { next: 2, left: 4 });
        let all: BTreeSet<usize> = (0..5).collect();
        assert_eq!(after.due(5, &all, 9), [2, 3, 4, 0]);
        assert_eq!(after.after(5, &all), Round { next: 1, left: 0 });
        assert!(Round { next: 1, left: 0 }.due(5, &all, 9).is_empty());
        // Fewer parts than there were, and none.
        assert_eq!(Round { next: 9, left: 9 }.after(3, &BTreeSet::from([0])), Round { next: 1, left: 2 });
        assert!(round.due(0, &all, 9).is_empty() && round.after(0, &all) == Round::default());
    }
}
