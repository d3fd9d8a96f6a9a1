//! Numbers to compare strategies by: how much shorter, how well borne out, how consistent, dense and varied a proposal is.
//!
//! The names are those of requirements 1.10. Athena reads its metrics from what lies in the store; here they follow from the
//! events and the proposal alone, so that a shadow run can be measured. Where that changes a definition, it says so.

use crate::event::Event;
use crate::extract::Report;
use crate::memory::{Memory, days};
use crate::proposal::Proposal;
use crate::words::{raw_words, share, stems};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The quality of one extraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Quality {
    /// `1 - words of the memories / words of the events`, within 0 to 1; Athena aims at .70 to .85.
    pub compression: f64,
    /// The share of events that some memory cites.
    pub recall: f64,
    /// How alike the types of the cited events are to those of all events: 1 less their total variation distance.
    pub consistency: f64,
    /// The share of the words of the memories that carry topic and are not repeated within one.
    pub density: f64,
    /// The mean of the four above (requirements 1.10); 0 if nothing was stored.
    pub overall: f64,
    /// How likely the memories are made up.
    pub hallucination: f64,
    /// How varied their kinds are.
    pub diversity: f64,
    /// The share of System 2's patterns with a confidence above .85; 0 without any.
    pub system2: f64,
    /// How much the events of a group share, averaged over groups.
    pub cohesion: f64,
}

impl Quality {
    /// Names and values, for `patch.measure`.
    #[must_use]
    pub fn measures(&self) -> [(&'static str, f64); 9] {
        [
            ("compression", self.compression),
            ("recall", self.recall),
            ("consistency", self.consistency),
            ("density", self.density),
            ("overall", self.overall),
            ("hallucination", self.hallucination),
            ("diversity", self.diversity),
            ("system2-effectiveness", self.system2),
            ("cohesion", self.cohesion),
        ]
    }
}

/// Measures an extraction against the events it was made from.
#[must_use]
pub fn quality(events: &[Event], report: &Report) -> Quality {
    let stored = &report.stored;
    let told: usize = stored.iter().map(|one| raw_words(&one.content).count()).sum();
    let seen: usize = events.iter().map(|event| raw_words(&event.content).count()).sum();
    let topical: usize = stored.iter().map(|one| stems(&one.content).len()).sum();
    let cited: BTreeSet<u64> = stored.iter().flat_map(|one| &one.evidence).copied().collect();
    let confidences: Vec<f64> = stored.iter().map(|one| one.confidence).collect();
    let kinds: Vec<&str> = stored.iter().map(|one| one.kind.name()).collect();
    let claimed: Vec<f64> = stored.iter().filter(|one| one.system2).map(|one| one.confidence).collect();
    let cohesions: Vec<f64> = report.groups.iter().map(|group| group.cohesion).collect();
    let compression = if stored.is_empty() { 0.0 } else { compression(told, seen) };
    let recall = share(events.iter().filter(|event| cited.contains(&event.id)).count(), events.len());
    let (consistency, density) = (consistency(events, &cited), share(topical, told).min(1.0));
    Quality {
        compression,
        recall,
        consistency,
        density,
        overall: if stored.is_empty() { 0.0 } else { (compression + recall + consistency + density) / 4.0 },
        hallucination: hallucination(&confidences),
        diversity: diversity(&kinds),
        system2: share(claimed.iter().filter(|confidence| **confidence > 0.85).count(), claimed.len()),
        cohesion: mean(&cohesions),
    }
}

/// `1 - after/before`, within 0 to 1; 0 of nothing.
#[must_use]
pub fn compression(after: usize, before: usize) -> f64 {
    if before == 0 { 0.0 } else { (1.0 - after as f64 / before as f64).max(0.0) }
}

/// `1 - ½ Σ |p - q|` over the types of all events and of the cited ones; 0 if none is cited. Ours: Athena compares an
/// entropy with a likelihood made of usefulness scores, which measures neither.
fn consistency(events: &[Event], cited: &BTreeSet<u64>) -> f64 {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for event in events {
        let (all, some) = counts.entry(&event.kind).or_default();
        *all += 1;
        *some += usize::from(cited.contains(&event.id));
    }
    let some: usize = counts.values().map(|(_, some)| some).sum();
    if some == 0 {
        return 0.0;
    }
    let distance: f64 =
        counts.values().map(|(all, part)| (share(*all, events.len()) - share(*part, some)).abs()).sum::<f64>() / 2.0;
    1.0 - distance
}

/// The mean risk of being made up: 1 below a confidence of .6, .5 below .75, else 0 (requirements 1.10).
#[must_use]
pub fn hallucination(confidences: &[f64]) -> f64 {
    let risk = |confidence: &f64| match *confidence {
        c if c < 0.6 => 1.0,
        c if c < 0.75 => 0.5,
        _ => 0.0,
    };
    mean(&confidences.iter().map(risk).collect::<Vec<f64>>())
}

/// How evenly kinds are spread: Shannon entropy over its greatest value for so many kinds (C. E. Shannon, 1948); 0 for one.
#[must_use]
pub fn diversity(kinds: &[&str]) -> f64 {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    if counts.len() < 2 {
        return 0.0;
    }
    let shares = counts.values().map(|count| share(*count, kinds.len()));
    let entropy: f64 = shares.map(|p| -p * p.log2()).sum();
    (entropy / (counts.len() as f64).log2()).min(1.0)
}

/// How good memories are on average: `.5 usefulness + .3 recency (365 days) + .2 min(tags, 20)/20` (requirements 1.10).
#[must_use]
pub fn memory_quality(memories: &[Memory], now: i64) -> f64 {
    let one = |memory: &Memory| {
        let recency = (1.0 - days(now.saturating_sub(memory.updated_at)) / 365.0).clamp(0.0, 1.0);
        0.5 * memory.usefulness + 0.3 * recency + 0.2 * memory.tags.len().min(20) as f64 / 20.0
    };
    mean(&memories.iter().map(one).collect::<Vec<f64>>())
}

/// The memories as they would be after a proposal: what ends is gone, usefulness is the new one. New rows are not in it.
#[must_use]
pub fn applied(memories: &[Memory], proposals: &[Proposal]) -> Vec<Memory> {
    let mut ended: BTreeSet<u64> = BTreeSet::new();
    let mut scores: BTreeMap<u64, f64> = BTreeMap::new();
    for step in proposals {
        match step {
            Proposal::Retire { id, .. } | Proposal::Supersede { old: id, .. } => {
                ended.insert(*id);
            }
            Proposal::Merge { ids, .. } => ended.extend(ids),
            Proposal::Update { id, changes, .. } => {
                scores.extend(changes.get("usefulness_score").and_then(Value::as_f64).map(|score| (*id, score)));
            }
            Proposal::Create { .. } | Proposal::Link { .. } | Proposal::Mark { .. } | Proposal::FlagConflict { .. } => {
            }
        }
    }
    let left = memories.iter().filter(|memory| !ended.contains(&memory.id)).cloned();
    left.map(|memory| Memory { usefulness: scores.get(&memory.id).copied().unwrap_or(memory.usefulness), ..memory })
        .collect()
}

/// Before and after a proposal over memories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Change {
    /// Mean quality before ..
    pub quality_before: f64,
    /// .. and after.
    pub quality_after: f64,
    /// How much shorter the memories are together.
    pub compression: f64,
    /// The share of memories that end.
    pub ended: f64,
}

impl Change {
    /// Names and values, for `patch.measure`.
    #[must_use]
    pub fn measures(&self) -> [(&'static str, f64); 4] {
        [
            ("quality-before", self.quality_before),
            ("quality-after", self.quality_after),
            ("compression", self.compression),
            ("ended", self.ended),
        ]
    }
}

/// Measures what a proposal does to memories.
#[must_use]
pub fn change(memories: &[Memory], proposals: &[Proposal], now: i64) -> Change {
    let after = applied(memories, proposals);
    let words = |rows: &[Memory]| rows.iter().map(|memory| raw_words(&memory.content).count()).sum();
    Change {
        quality_before: memory_quality(memories, now),
        quality_after: memory_quality(&after, now),
        compression: compression(words(&after), words(memories)),
        ended: share(memories.len() - after.len(), memories.len()),
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deduplicate;
    use crate::dual_process::{Settings, propose};
    use crate::event::events;
    use crate::fixture::{event_rows, memory, memory_rows, unknown};
    use crate::memory::memories;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn single_formulas() {
        assert!(near(compression(25, 100), 0.75) && near(compression(200, 100), 0.0) && near(compression(1, 0), 0.0));
        assert!(near(hallucination(&[0.5, 0.7, 0.9, 0.75]), 0.375) && near(hallucination(&[]), 0.0));
        assert!(
            near(diversity(&["a", "b"]), 1.0) && near(diversity(&["a", "a"]), 0.0) && diversity(&["a", "a", "b"]) < 1.0
        );
        let fresh = Memory { tags: vec!["t".into(); 10], ..memory(1, "x") };
        assert!(near(memory_quality(&[fresh], 0), 0.25 + 0.3 + 0.1));
    }

    #[test]
    fn an_extraction_is_measured_against_its_events() {
        let rows: Vec<Value> = [(1, "decision"), (2, "action")]
            .map(|(id, kind)| serde_json::json!({"id": id, "event_type": kind, "session_id": "s", "content": "use sqlite as the store"}))
            .into();
        let read = events(&rows);
        let measured =
            quality(&read, &propose(&read, &mut unknown, &Settings::default(), 0, &mut |_: &str| None).report);
        assert!(near(measured.recall, 0.5) && near(measured.consistency, 0.5), "{measured:?}");
        // `Decision: use sqlite as the store.`: six words, four of them topical.
        assert!(near(measured.compression, 0.4) && near(measured.density, 4.0 / 6.0), "{measured:?}");
        assert!(near(quality(&read, &Report::default()).overall, 0.0));
    }

    #[test]
    fn merging_shortens_and_keeps_the_better() {
        let rows = [Memory { usefulness: 0.9, ..memory(1, "Ada likes tabs") }, memory(2, "Ada likes tabs")];
        let steps = deduplicate::propose(&rows, &[], &deduplicate::Settings::default(), 0).proposals;
        let measured = change(&rows, &steps, 0);
        assert!(near(measured.compression, 0.5) && near(measured.ended, 0.5));
        assert!(measured.quality_after > measured.quality_before);
    }

    proptest! {
        #[test]
        fn every_measure_is_a_share(rows in event_rows(), kept in memory_rows(), now in 0i64..20_000_000_000) {
            let read = events(&rows);
            let report = propose(&read, &mut unknown, &Settings { keep: Some(0.0), ..Settings::default() }, 0, &mut |_: &str| None).report;
            for (name, value) in quality(&read, &report).measures() {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&value), "{} {}", name, value);
            }
            let kept = memories(&kept, &[]);
            let steps = crate::decay::propose(&kept, &crate::decay::Settings::default(), now).proposals;
            for (name, value) in change(&kept, &steps, now).measures() {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&value), "{} {}", name, value);
            }
        }
    }
}
