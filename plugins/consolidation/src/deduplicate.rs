//! The strategy `deduplicate`: merges memories that say the same, supersedes what has changed, flags what cannot both be.

use crate::conflict::{Difference, Relation, Said, kind, severity};
use crate::extract::Outcome;
use crate::memory::Memory;
use crate::proposal::{ConflictKind, Proposal, Ref, fields};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Two memories whose vectors are near, as the host found them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// One row.
    pub a: u64,
    /// Another.
    pub b: u64,
    /// Their cosine.
    pub cosine: f64,
}

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// From this cosine on memories may say the same, if their words agree too (Hindsight, by cosine alone: 0.97).
    pub duplicate_cosine: f64,
    /// .. if they share so many of their words (Jaccard).
    pub duplicate_overlap: f64,
    /// From this cosine on they may be in conflict.
    pub conflict_cosine: f64,
    /// Most rows that may end in one patch.
    pub most_ended: usize,
    /// Most conflicts flagged in one patch, the worst first.
    pub most_flagged: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            duplicate_cosine: 0.92,
            duplicate_overlap: 0.6,
            conflict_cosine: 0.75,
            most_ended: 100,
            most_flagged: 20,
        }
    }
}

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Current memories looked at.
    pub memories: usize,
    /// Rows that end as exact duplicates.
    pub exact: usize,
    /// Rows that end as near duplicates.
    pub near: usize,
    /// Rows that end because something changed.
    pub superseded: usize,
    /// Conflicts flagged.
    pub flagged: usize,
    /// Rows and conflicts left for another run, since the patch was full.
    pub postponed: usize,
}

/// Proposes for memories of any namespaces; rows of two namespaces never meet. Ended and superseded rows are passed over,
/// so are pairs of rows that are not among `memories`.
///
/// Exact duplicates are equal up to white space, case and a final stop. Near ones need cosine, shared words, and the same
/// numbers, names and negations; and the row that stays has all words of the one that ends, so that no detail is lost. A row
/// ends only in favour of one it was itself compared with: similarity is not passed on along a chain. Of those that say the
/// same the most useful stays; where a less useful row says more, it stays and takes over the usefulness.
#[must_use]
pub fn propose(memories: &[Memory], pairs: &[Pair], settings: &Settings, now: i64) -> Outcome<Report> {
    let current: BTreeMap<u64, &Memory> = memories
        .iter()
        .filter(|memory| memory.is_current(now) && !memory.content.is_empty())
        .map(|memory| (memory.id, memory))
        .collect();
    let said: BTreeMap<u64, Said> = current.iter().map(|(id, memory)| (*id, Said::of(&memory.content))).collect();
    let mut run =
        Run { settings, current, said, ended: BTreeSet::new(), kept: BTreeSet::new(), out: Outcome::default() };
    run.out.report.memories = run.current.len();
    run.exact();
    let near = run.near_pairs(pairs);
    run.near(&near);
    run.conflicts(&near);
    run.out
}

struct Run<'a> {
    settings: &'a Settings,
    current: BTreeMap<u64, &'a Memory>,
    said: BTreeMap<u64, Said>,
    /// Rows that end by this patch.
    ended: BTreeSet<u64>,
    /// Rows that stand for others in it, and must not end.
    kept: BTreeSet<u64>,
    out: Outcome<Report>,
}

impl<'a> Run<'a> {
    /// Orders by worth, the best first: usefulness, then confidence, use, evidence, age, id.
    fn by_worth(rows: &mut [&'a Memory]) {
        rows.sort_by(|a, b| {
            (b.usefulness.total_cmp(&a.usefulness))
                .then(b.confidence.total_cmp(&a.confidence))
                .then(b.accesses.cmp(&a.accesses))
                .then(b.sources.len().cmp(&a.sources.len()))
                .then(a.created_at.cmp(&b.created_at))
                .then(a.id.cmp(&b.id))
        });
    }

    /// Merges as many as the patch has room for; answers how many. The rest is for another run.
    fn merge(&mut self, keep: &Memory, others: &[&Memory], what: &str) -> usize {
        let room = self.settings.most_ended.saturating_sub(self.ended.len());
        self.out.report.postponed += others.len().saturating_sub(room);
        let ids: Vec<u64> = others.iter().map(|memory| memory.id).take(room).collect();
        if ids.is_empty() {
            return 0;
        }
        self.ended.extend(&ids);
        self.kept.insert(keep.id);
        let merged = ids.len();
        let who = if merged == 1 { "Another memory".to_owned() } else { format!("Each of {merged} other memories") };
        self.out.proposals.push(Proposal::Merge {
            // Evidence becomes sources, and no row cites itself.
            evidence: ids.clone(),
            ids,
            into: Ref::Row(keep.id),
            reason: format!("{who} says the same {what}."),
        });
        merged
    }

    fn exact(&mut self) {
        let mut same: BTreeMap<(&str, String), Vec<&'a Memory>> = BTreeMap::new();
        for memory in self.current.values().copied() {
            if let Some(said) = self.said.get(&memory.id) {
                same.entry((&memory.namespace, said.normal.clone())).or_default().push(memory);
            }
        }
        let mut groups: Vec<Vec<&'a Memory>> = same.into_values().filter(|rows| rows.len() > 1).collect();
        groups.iter_mut().for_each(|rows| Self::by_worth(rows));
        groups.sort_by_key(|rows| rows.first().map(|best| best.id));
        for rows in groups {
            let Some((best, others)) = rows.split_first() else { continue };
            self.out.report.exact += self.merge(best, others, "word for word");
        }
    }

    /// Pairs of current rows of one namespace that are near enough for anything, each once, the nearest first.
    fn near_pairs(&self, pairs: &[Pair]) -> Vec<(Pair, Relation)> {
        let mut distinct: BTreeMap<(u64, u64), f64> = BTreeMap::new();
        for pair in pairs.iter().filter(|pair| pair.a != pair.b && pair.cosine.is_finite()) {
            let cosine = distinct.entry((pair.a.min(pair.b), pair.a.max(pair.b))).or_insert(pair.cosine);
            *cosine = cosine.max(pair.cosine);
        }
        let mut near: Vec<(Pair, Relation)> = distinct
            .into_iter()
            .filter(|(_, cosine)| *cosine >= self.settings.conflict_cosine.min(self.settings.duplicate_cosine))
            .filter_map(|((a, b), cosine)| {
                let (one, other) = (self.current.get(&a)?, self.current.get(&b)?);
                let relation = self.said.get(&a)?.relation(self.said.get(&b)?, self.settings.duplicate_overlap);
                (one.namespace == other.namespace).then_some((Pair { a, b, cosine }, relation))
            })
            .collect();
        near.sort_by(|x, y| y.0.cosine.total_cmp(&x.0.cosine).then((x.0.a, x.0.b).cmp(&(y.0.a, y.0.b))));
        near
    }

    fn near(&mut self, pairs: &[(Pair, Relation)]) {
        let mut neighbours: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for (pair, relation) in pairs {
            if *relation == Relation::Duplicate && pair.cosine >= self.settings.duplicate_cosine {
                neighbours.entry(pair.a).or_default().insert(pair.b);
                neighbours.entry(pair.b).or_default().insert(pair.a);
            }
        }
        let mut rows: Vec<&'a Memory> = neighbours.keys().filter_map(|id| self.current.get(id).copied()).collect();
        Self::by_worth(&mut rows);
        for keep in rows {
            if self.ended.contains(&keep.id) {
                continue;
            }
            let others: Vec<&Memory> = neighbours
                .get(&keep.id)
                .into_iter()
                .flatten()
                .filter(|id| !self.ended.contains(id) && !self.kept.contains(id))
                .filter(|id| self.said.get(&keep.id).zip(self.said.get(id)).is_some_and(|(all, part)| all.covers(part)))
                .filter_map(|id| self.current.get(id).copied())
                .collect();
            let merged = self.merge(keep, &others, "or less, with the same numbers and names");
            self.out.report.near += merged;
            let better = others.iter().take(merged).max_by(|a, b| a.usefulness.total_cmp(&b.usefulness));
            if let Some(better) = better.filter(|better| better.usefulness > keep.usefulness) {
                self.out.proposals.push(Proposal::Update {
                    id: keep.id,
                    changes: fields([("usefulness_score", json!(better.usefulness))]),
                    evidence: vec![better.id],
                    reason: format!("It takes the place of m:{}, which was more useful but says less.", better.id),
                });
            }
        }
    }

    fn conflicts(&mut self, pairs: &[(Pair, Relation)]) {
        let mut flags = Vec::new();
        for (pair, relation) in pairs.iter().filter(|(pair, _)| pair.cosine >= self.settings.conflict_cosine) {
            let Relation::Conflict(difference) = *relation else { continue };
            let (Some(a), Some(b)) = (self.current.get(&pair.a).copied(), self.current.get(&pair.b).copied()) else {
                continue;
            };
            let over = |id: &u64| self.ended.contains(id);
            if over(&a.id) || over(&b.id) || (difference != Difference::Negation && count_other_things(a, b)) {
                continue;
            }
            let (older, newer) = if (a.since(), a.id) <= (b.since(), b.id) { (a, b) } else { (b, a) };
            let changed = self.said.get(&newer.id).is_some_and(Said::says_change);
            let kind = kind(older, newer, changed, difference);
            // Who is believed less does not end who is believed more.
            let superseding = kind == ConflictKind::Temporal && newer.confidence >= older.confidence;
            if superseding && !self.kept.contains(&older.id) {
                if self.ended.len() < self.settings.most_ended {
                    self.ended.insert(older.id);
                    self.kept.insert(newer.id);
                    self.out.report.superseded += 1;
                    let reason = format!("m:{} is newer and says that it is otherwise now.", newer.id);
                    let (by, evidence) = (Ref::Row(newer.id), vec![older.id]);
                    self.out.proposals.push(Proposal::Supersede { old: older.id, by, evidence, reason });
                } else {
                    self.out.report.postponed += 1;
                }
                continue;
            }
            flags.push((severity(kind, a, b), kind, difference, vec![pair.a, pair.b]));
        }
        // A row may have ended after it was found in a conflict.
        flags.retain(|(_, _, _, rows)| !rows.iter().any(|id| self.ended.contains(id)));
        flags.sort_by(|x, y| y.0.cmp(&x.0).then_with(|| x.3.cmp(&y.3)));
        let surplus = flags.len().saturating_sub(self.settings.most_flagged);
        self.out.report.postponed += surplus;
        flags.truncate(self.settings.most_flagged);
        self.out.report.flagged = flags.len();
        self.out.proposals.extend(flags.into_iter().map(|(severity, kind, difference, ids)| {
            let what = match difference {
                Difference::Negation => "one denies what the other says",
                Difference::Number => "they give different numbers for one thing",
                Difference::Value => "they give different names for one thing",
            };
            let rows: Vec<String> = ids.iter().map(|id| format!("m:{id}")).collect();
            let reason = format!("{} may not both hold: {what}.", rows.join(" and "));
            Proposal::FlagConflict { evidence: ids.clone(), ids, kind, severity, reason }
        }));
    }
}

/// Two patterns without common evidence: each tells of its own events, and other numbers or names contradict nothing.
fn count_other_things(a: &Memory, b: &Memory) -> bool {
    let counts = |memory: &Memory| memory.kind == "pattern" && !memory.sources.is_empty();
    counts(a) && counts(b) && !a.sources.iter().any(|source| b.sources.contains(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{any_rows, memory, memory_rows};
    use crate::memory::memories;
    use crate::proposal::Severity;
    use proptest::prelude::*;

    fn near(a: u64, b: u64) -> Pair {
        Pair { a, b, cosine: 0.95 }
    }

    fn run(rows: &[Memory], pairs: &[Pair]) -> Outcome<Report> {
        propose(rows, pairs, &Settings::default(), 1000)
    }

    #[test]
    fn the_more_useful_of_two_that_say_the_same_stays() {
        let mut rows = vec![memory(1, "Ada likes tabs"), memory(2, "ada likes  tabs."), memory(3, "Ada likes tabs")];
        rows[1].usefulness = 0.9;
        rows[2].namespace = "other".into();
        let outcome = run(&rows, &[near(1, 3)]);
        let [Proposal::Merge { ids, into, evidence, .. }] = outcome.proposals.as_slice() else { panic!("{outcome:?}") };
        assert_eq!((ids.as_slice(), *into, evidence.as_slice()), (&[1][..], Ref::Row(2), &[1][..]));
    }

    #[test]
    fn near_duplicates_do_not_chain() {
        let rows =
            [memory(1, "Ada likes tabs"), memory(2, "Ada likes tabs more"), memory(3, "Ada likes wide tabs more")];
        let outcome = run(&rows, &[near(1, 2), near(2, 3)]);
        assert_eq!(outcome.report.near, 1);
        assert!(matches!(&outcome.proposals[0], Proposal::Merge { ids, into: Ref::Row(2), .. } if ids == &[1]));
        assert_eq!(run(&rows, &[Pair { cosine: 0.5, ..near(1, 2) }]).proposals, []);
    }

    #[test]
    fn what_says_more_stays_and_takes_over_the_usefulness() {
        let mut rows = [memory(1, "Ada likes tabs"), memory(2, "Ada likes tabs most")];
        rows[0].usefulness = 0.9;
        let steps = run(&rows, &[near(1, 2)]).proposals;
        assert!(matches!(&steps[0], Proposal::Merge { ids, into: Ref::Row(2), .. } if ids == &[1]));
        assert!(matches!(&steps[1], Proposal::Update { id: 2, changes, .. } if changes["usefulness_score"] == 0.9));
    }

    #[test]
    fn other_numbers_and_negations_are_conflicts_not_duplicates() {
        let rows = [
            memory(1, "Ada likes tabs"),
            memory(2, "Ada does not like tabs"),
            memory(3, "The port is 80"),
            memory(4, "The port is 90"),
        ];
        let outcome = run(&rows, &[near(1, 2), near(3, 4)]);
        let kinds: Vec<_> = outcome
            .proposals
            .iter()
            .map(|step| match step {
                Proposal::FlagConflict { ids, kind, severity, .. } => (ids.clone(), *kind, *severity),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            kinds,
            [
                (vec![1, 2], ConflictKind::Contradictory, Severity::High),
                (vec![3, 4], ConflictKind::Simple, Severity::Medium)
            ]
        );
    }

    #[test]
    fn patterns_of_other_events_may_give_other_numbers() {
        let told = |id: u64, content: &str, sources: &[u64]| Memory {
            kind: "pattern".into(),
            sources: sources.to_vec(),
            ..memory(id, content)
        };
        let mut rows =
            [told(1, "The test suite failed 3 times", &[5, 6]), told(2, "The test suite failed 4 times", &[7, 8])];
        assert_eq!(run(&rows, &[near(1, 2)]).report.flagged, 0);
        rows[1].sources = vec![6, 7];
        assert_eq!(run(&rows, &[near(1, 2)]).report.flagged, 1);
        let denied = [told(1, "The cache of the parser is on", &[5]), told(2, "The cache of the parser is off", &[7])];
        assert_eq!(run(&denied, &[near(1, 2)]).report.flagged, 1);
    }

    #[test]
    fn what_has_changed_is_superseded_unless_it_is_believed_less() {
        let mut rows = vec![memory(1, "Ada lives in Paris"), memory(2, "Ada lives in London now")];
        rows[1].created_at = 10;
        let outcome = run(&rows, &[near(1, 2)]);
        assert!(matches!(outcome.proposals[0], Proposal::Supersede { old: 1, by: Ref::Row(2), .. }));
        rows[1].confidence = 0.5;
        let outcome = run(&rows, &[near(1, 2)]);
        assert!(matches!(outcome.proposals[0], Proposal::FlagConflict { kind: ConflictKind::Temporal, .. }));
        (rows[1].created_at, rows[0].kind) = (0, "decision".into());
        assert!(matches!(
            run(&rows, &[near(1, 2)]).proposals[0],
            Proposal::FlagConflict { kind: ConflictKind::Manual, .. }
        ));
    }

    #[test]
    fn what_has_ended_is_passed_over_and_a_patch_has_room_for_so_many() {
        let mut rows: Vec<Memory> = (1..=5).map(|id| memory(id, "Ada likes tabs")).collect();
        rows[4].superseded = true;
        assert_eq!(run(&rows, &[]).report.exact, 3);
        let full = propose(&rows, &[], &Settings { most_ended: 2, ..Settings::default() }, 0);
        assert_eq!((full.report.exact, full.report.postponed), (2, 1));
    }

    fn pairs() -> impl Strategy<Value = Vec<Pair>> {
        let pair = (0u64..32, 0u64..32, 0.7f64..1.0).prop_map(|(a, b, cosine)| Pair { a, b, cosine });
        prop::collection::vec(pair, 0..60)
    }

    proptest! {
        #[test]
        fn every_row_ends_at_most_once_and_never_stands_for_others_then(rows in memory_rows(), pairs in pairs()) {
            let outcome = propose(&memories(&rows, &[]), &pairs, &Settings::default(), 0);
            let (mut ended, mut stands) = (Vec::new(), BTreeSet::new());
            for step in &outcome.proposals {
                match step {
                    Proposal::Merge { ids, into: Ref::Row(into), .. } => {
                        ended.extend(ids);
                        stands.insert(*into);
                    }
                    Proposal::Supersede { old, by: Ref::Row(by), .. } => {
                        ended.push(*old);
                        stands.insert(*by);
                    }
                    Proposal::FlagConflict { ids, .. } => prop_assert_eq!(ids.len(), 2),
                    Proposal::Update { id, .. } => prop_assert!(stands.contains(id)),
                    other => prop_assert!(false, "{:?}", other),
                }
                prop_assert!(!step.evidence().is_empty());
                prop_assert!(step.named().iter().all(|id| *id >= 1 && *id <= rows.len() as u64));
            }
            let once: BTreeSet<u64> = ended.iter().copied().collect();
            prop_assert_eq!(once.len(), ended.len());
            prop_assert!(once.is_disjoint(&stands));
        }

        #[test]
        fn the_order_of_rows_and_pairs_does_not_matter(rows in memory_rows(), pairs in pairs(), turn in 0usize..30) {
            let outcome = propose(&memories(&rows, &[]), &pairs, &Settings::default(), 0);
            let (mut turned, mut around) = (rows.clone(), pairs.clone());
            turned.rotate_left(turn % rows.len().max(1));
            around.reverse();
            around.iter_mut().for_each(|pair| std::mem::swap(&mut pair.a, &mut pair.b));
            prop_assert_eq!(propose(&memories(&turned, &[]), &around, &Settings::default(), 0), outcome);
        }

        #[test]
        fn no_row_panics_and_no_event_is_touched(rows in any_rows(), pairs in pairs()) {
            let outcome = propose(&memories(&rows, &[]), &pairs, &Settings::default(), 0);
            for id in outcome.proposals.iter().flat_map(Proposal::changed) {
                prop_assert!(rows.iter().any(|row| row["id"] == id && row.get("event_type").is_none()));
            }
        }
    }
}
