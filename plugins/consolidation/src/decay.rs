//! The strategy `decay`: what is used grows more useful, what is not fades, and what has faded long enough is retired.

use crate::extract::Outcome;
use crate::memory::{Memory, days};
use crate::proposal::{Proposal, fields};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Below this usefulness a memory may be retired (requirements 1.10: .1).
    pub retire_below: f64,
    /// For how many days each kind is kept unused; a kind that is not named here is never retired. Episodic 90, semantic
    /// cold after a year, procedural for ever (requirements 2.5); decisions for ever too (ours).
    pub retention_days: BTreeMap<String, u32>,
    /// A memory is scored again at most once in so many days, so that running twice does not fade it twice.
    pub interval_days: f64,
    /// Most rows retired in one patch, the least useful first.
    pub most_retired: usize,
    /// .. and at most this share of the memories looked at, but one at least.
    pub most_share: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let retention = [("context", 90), ("episodic", 90), ("fact", 365), ("pattern", 365), ("semantic", 365)];
        Self {
            retire_below: 0.1,
            retention_days: retention.map(|(kind, days)| (kind.to_owned(), days)).into(),
            interval_days: 1.0,
            most_retired: 100,
            most_share: 0.1,
        }
    }
}

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Current memories looked at.
    pub memories: usize,
    /// Memories with another usefulness.
    pub rescored: usize,
    /// .. of which it grew.
    pub strengthened: usize,
    /// Memories retired.
    pub retired: usize,
    /// Memories that could be retired, left for another run, since the patch was full.
    pub postponed: usize,
    /// Mean usefulness before.
    pub before: f64,
    /// Mean usefulness after, without what is retired.
    pub after: f64,
}

/// The new usefulness: `.8 old + .2 min(accesses, 10)/10`, and .1 more with more than 5 accesses, within 0 to 1
/// (requirements 1.10). Three decimals.
#[must_use]
pub fn rescore(old: f64, accesses: u64) -> f64 {
    let used = accesses.min(10) as f64 / 10.0;
    let strengthened = if accesses > 5 { 0.1 } else { 0.0 };
    let score = (0.8 * old + 0.2 * used + strengthened).clamp(0.0, 1.0);
    (score * 1000.0).round() / 1000.0
}

/// Whether a memory has had its time: less useful than `retire_below`, older and idle for longer than its kind is kept, and
/// not found helpful more often than not.
#[must_use]
pub fn has_faded(memory: &Memory, usefulness: f64, settings: &Settings, now: i64) -> bool {
    let old_enough = |kept: &u32| {
        let kept = f64::from(*kept);
        memory.idle_days(now) >= kept && days(now.saturating_sub(memory.created_at)) >= kept
    };
    usefulness < settings.retire_below
        && memory.feedback <= 0
        && settings.retention_days.get(&memory.kind).is_some_and(old_enough)
}

/// Proposes for memories with their use. Ended and superseded ones are passed over. Events cannot come in: a [`Memory`] is
/// never read from one. Each row's evidence is itself: what is said of it follows from its own use.
#[must_use]
pub fn propose(memories: &[Memory], settings: &Settings, now: i64) -> Outcome<Report> {
    let mut current: Vec<&Memory> = memories.iter().filter(|memory| memory.is_current(now)).collect();
    current.sort_by_key(|memory| memory.id);
    let scored: Vec<(&Memory, f64)> = current
        .into_iter()
        .map(|memory| {
            let due = days(now.saturating_sub(memory.updated_at)) >= settings.interval_days;
            (memory, if due { rescore(memory.usefulness, memory.accesses) } else { memory.usefulness })
        })
        .collect();
    let mut faded: Vec<(&Memory, f64)> =
        scored.iter().copied().filter(|(memory, score)| has_faded(memory, *score, settings, now)).collect();
    faded.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.id.cmp(&b.0.id)));
    let share = (scored.len() as f64 * settings.most_share.clamp(0.0, 1.0)).floor().max(1.0) as usize;
    let room = settings.most_retired.min(share);
    let postponed = faded.len().saturating_sub(room);
    faded.truncate(room);
    let retired: BTreeMap<u64, f64> = faded.iter().map(|(memory, score)| (memory.id, *score)).collect();

    let mut report = Report { memories: scored.len(), retired: retired.len(), postponed, ..Report::default() };
    let mut proposals = Vec::new();
    let (mut before, mut after) = (0.0, 0.0);
    for (memory, score) in &scored {
        before += memory.usefulness;
        if let Some(score) = retired.get(&memory.id) {
            proposals.push(retire(memory, *score, now));
            continue;
        }
        after += score;
        // Less is no change worth a version.
        if (score - memory.usefulness).abs() >= 0.005 {
            report.rescored += 1;
            report.strengthened += usize::from(*score > memory.usefulness);
            proposals.push(Proposal::Update {
                id: memory.id,
                changes: fields([("usefulness_score", json!(score))]),
                evidence: vec![memory.id],
                reason: format!("{} so far: usefulness {:.3} becomes {score:.3}.", used(memory), memory.usefulness),
            });
        }
    }
    report.before = before / scored.len().max(1) as f64;
    report.after = after / (scored.len() - retired.len()).max(1) as f64;
    Outcome { proposals, report }
}

fn used(memory: &Memory) -> String {
    match memory.accesses {
        0 => "Never used".to_owned(),
        1 => "Used once".to_owned(),
        times => format!("Used {times} times"),
    }
}

fn retire(memory: &Memory, score: f64, now: i64) -> Proposal {
    let idle = memory.idle_days(now).floor();
    Proposal::Retire {
        id: memory.id,
        evidence: vec![memory.id],
        reason: format!(
            "{}, idle for {idle:.0} days, usefulness {score:.3}: a {} is not kept longer.",
            used(memory),
            memory.kind
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{any_rows, memory, memory_rows};
    use crate::memory::memories;
    use proptest::prelude::*;
    use serde_json::Value;

    const DAY: i64 = 86_400_000;

    fn aged(id: u64, kind: &str, usefulness: f64) -> Memory {
        Memory { kind: kind.into(), usefulness, ..memory(id, "x") }
    }

    fn retired(rows: &[Memory], at: i64) -> Vec<u64> {
        let steps = propose(rows, &Settings { most_share: 1.0, ..Settings::default() }, at).proposals;
        steps.iter().filter_map(|step| if let Proposal::Retire { id, .. } = step { Some(*id) } else { None }).collect()
    }

    #[test]
    fn rescoring_is_the_formula() {
        for (old, accesses, new) in [(0.5, 0, 0.4), (0.5, 5, 0.5), (0.5, 6, 0.62), (0.5, 900, 0.7), (1.0, 10, 1.0)] {
            assert!((rescore(old, accesses) - new).abs() < 1e-9, "{old} {accesses}");
        }
    }

    #[test]
    fn each_kind_is_retired_after_its_own_time() {
        let kinds = ["context", "episodic", "fact", "decision", "procedural"];
        let rows: Vec<Memory> = (1..).zip(kinds).map(|(id, kind)| aged(id, kind, 0.1)).collect();
        assert_eq!(retired(&rows, 89 * DAY), [0u64; 0]);
        assert_eq!(retired(&rows, 90 * DAY), [1, 2]);
        assert_eq!(retired(&rows, 5000 * DAY), [1, 2, 3]);
    }

    #[test]
    fn use_and_praise_keep_a_memory() {
        let mut rows = vec![aged(1, "context", 0.1), aged(2, "context", 0.1), aged(3, "context", 0.2)];
        rows[0].accessed_at = 50 * DAY;
        rows[1].feedback = 1;
        assert_eq!(retired(&rows, 100 * DAY), [0u64; 0]);
    }

    #[test]
    fn running_twice_fades_once_and_a_patch_ends_few() {
        let mut rows: Vec<Memory> = (1..=20).map(|id| aged(id, "context", 0.05)).collect();
        rows.push(Memory { updated_at: 100 * DAY, ..aged(21, "fact", 0.5) });
        let outcome = propose(&rows, &Settings::default(), 100 * DAY);
        assert_eq!((outcome.report.retired, outcome.report.postponed), (2, 18));
        assert!(!outcome.proposals.iter().any(|step| step.changed() == [21]));
        let later = propose(&rows, &Settings::default(), 101 * DAY);
        assert!(later.proposals.iter().any(|step| step.changed() == [21]));
        assert!((outcome.report.after - (18.0 * 0.04 + 0.5) / 19.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn each_row_changes_once_and_the_order_does_not_matter(rows in memory_rows(), now in 0i64..40_000_000_000) {
            let outcome = propose(&memories(&rows, &[]), &Settings::default(), now);
            let changed: Vec<u64> = outcome.proposals.iter().flat_map(Proposal::changed).collect();
            let mut once = changed.clone();
            once.dedup();
            prop_assert_eq!(&once, &changed);
            prop_assert!(outcome.proposals.iter().all(|step| step.evidence() == step.changed()));
            let turned: Vec<Value> = rows.iter().rev().cloned().collect();
            prop_assert_eq!(propose(&memories(&turned, &[]), &Settings::default(), now), outcome);
        }

        #[test]
        fn no_row_panics_and_no_event_is_touched(rows in any_rows(), now: i64) {
            let outcome = propose(&memories(&rows, &[]), &Settings::default(), now);
            for id in outcome.proposals.iter().flat_map(Proposal::changed) {
                prop_assert!(rows.iter().any(|row| row["id"] == id && row.get("event_type").is_none()));
            }
        }
    }
}
