//! How a trial of a strategy is judged: pure numbers from what it proposed, so that any two strategies can be compared.

use super::cut::Unit;
use super::propose::Proposed;
use super::{Mode, RunReport};
use crate::api::CallError;
use memstrata_runtime::Change;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a trial proposed, gathered unit by unit.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Rows of the units.
    rows: u64,
    /// Rows of the units that some proposal rests on.
    covered: u64,
    /// All rows cited.
    cited: BTreeSet<u64>,
    /// The patches' hashes, in the order of the units.
    hashes: Vec<String>,
}

impl Tally {
    /// Rows of a unit, whatever becomes of it.
    pub(super) fn unit(&mut self, unit: &Unit) {
        self.rows += unit.ids.len() as u64;
    }

    /// What was proposed for it.
    pub(super) fn take(&mut self, unit: &Unit, proposed: &Proposed) {
        let steps = proposed.patch.steps.iter().filter(|step| !matches!(step.change, Change::Mark { .. }));
        let cited: BTreeSet<u64> = steps.flat_map(|step| step.evidence.iter().copied()).collect();
        self.covered += unit.ids.iter().filter(|id| cited.contains(id)).count() as u64;
        self.cited.extend(cited);
        self.hashes.push(proposed.patch.hash());
    }
}

/// The new rows of a trial, as the copy holds them after it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct New {
    /// How many were looked at.
    pub(super) rows: u64,
    /// Those that say what another valid row says.
    pub(super) duplicates: u64,
    /// The mean of how far they are to be believed.
    pub(super) trust: f64,
}

/// One strategy's trial.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// The strategy, as it is configured.
    pub strategy: String,
    /// Digest of its component.
    pub digest: String,
    /// How its run went.
    pub status: &'static str,
    /// Units of its job.
    pub units: u64,
    /// Units that failed.
    pub failed: u64,
    /// Rows created.
    pub created: u64,
    /// Rows changed or marked.
    pub changed: u64,
    /// Rows superseded, merged or retired.
    pub ended: u64,
    /// Conflicts flagged.
    pub conflicts: u64,
    /// Share of the job's rows that some proposal rests on.
    pub coverage: f64,
    /// Share of the new rows that say what another row says.
    pub duplicates: f64,
    /// 1 less new rows per row they rest on.
    pub compression: f64,
    /// Conflicts for each row created or changed to another meaning, 1 at most.
    pub contradictions: f64,
    /// Mean trust of the new rows.
    pub trust: f64,
    /// Rows fewer to recall from: ended less created.
    pub saved: i64,
    /// Tokens of language models.
    pub tokens: u64,
    /// What they cost, by the operator's prices.
    pub money: f64,
    /// Time inside the component, ms.
    pub guest_ms: f64,
    /// Time of the whole trial, ms.
    pub took_ms: f64,
    /// Pinned recalls that hold after it.
    pub pins_held: u64,
    /// Pinned recalls that held before and do not after it, with what they find instead.
    pub pins_broken: Vec<String>,
    /// The strategy's own numbers.
    pub measures: BTreeMap<String, f64>,
    /// Hash over the patches of its units: equal proposals have equal hashes.
    pub patch_hash: String,
    /// 0 to 1, see `docs/consolidation.md`; 0 if the run failed or a pinned recall broke.
    pub score: f64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The weights of the score. They are ours: no published weighting fits strategies that only propose.
const WEIGHTS: [f64; 5] = [0.35, 0.25, 0.15, 0.15, 0.10];

/// Judges a trial.
pub(super) fn judge(report: &RunReport, tally: &Tally, new: New, took_ms: f64, pins: (u64, Vec<String>)) -> Trial {
    let (pins_held, pins_broken) = pins;
    let share = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
    let coverage = share(tally.covered, tally.rows);
    let duplicates = share(new.duplicates, new.rows);
    let compression = match report.created {
        0 => 0.0,
        created => (1.0 - share(created, tally.cited.len() as u64)).max(0.0),
    };
    let contradictions = share(report.conflicts, report.created + report.ended).min(1.0);
    let sound = 1.0 - share(report.failed, report.units);
    let parts = [coverage, 1.0 - duplicates, new.trust, compression, 1.0 - contradictions];
    let weighed: f64 = parts.iter().zip(WEIGHTS).map(|(part, weight)| part * weight).sum();
    // Who proposes nothing has neither duplicates nor contradictions; that is no merit.
    let proposes = report.created + report.ended + report.conflicts > 0;
    let fails = report.status == "failed" || !pins_broken.is_empty() || !proposes;
    Trial {
        strategy: report.strategy.clone(),
        digest: report.digest.clone(),
        status: report.status,
        units: report.units,
        failed: report.failed,
        created: report.created,
        changed: report.changed,
        ended: report.ended,
        conflicts: report.conflicts,
        coverage,
        duplicates,
        compression,
        contradictions,
        trust: new.trust,
        saved: i64::try_from(report.ended).unwrap_or(i64::MAX) - i64::try_from(report.created).unwrap_or(i64::MAX),
        tokens: report.tokens,
        money: report.money,
        guest_ms: report.guest_ms,
        took_ms,
        pins_held,
        pins_broken,
        measures: report.measures.clone(),
        patch_hash: memstrata_runtime::digest_of(tally.hashes.join("\n").as_bytes()),
        score: if fails { 0.0 } else { weighed * sound },
        error: report.error.clone(),
    }
}

impl Trial {
    /// A trial that did not come to its end.
    pub(super) fn failed(strategy: &str, error: &CallError) -> Self {
        let begun = RunReport::begun("", strategy, "", Mode::Apply, 0);
        let report = RunReport { status: "failed", error: Some(error.to_string()), ..begun };
        judge(&report, &Tally::default(), New::default(), 0.0, (0, Vec::new()))
    }
}

/// The trial with the highest score; of equals the first, so that the active strategy keeps its place.
pub(super) fn winner(trials: &[Trial]) -> Option<&Trial> {
    let mut best: Option<&Trial> = None;
    for trial in trials.iter().filter(|trial| trial.score > 0.0) {
        if best.is_none_or(|best| trial.score > best.score) {
            best = Some(trial);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(created: u64, ended: u64, conflicts: u64, failed: u64) -> RunReport {
        RunReport {
            status: if failed == 4 { "failed" } else { "done" },
            created,
            ended,
            conflicts,
            failed,
            units: 4,
            ..RunReport::begun("r1", "s", "d", super::super::Mode::Apply, 1)
        }
    }

    fn tally(covered: u64, rows: u64) -> Tally {
        Tally { rows, covered, cited: (0..covered).collect(), hashes: vec!["a".into()] }
    }

    #[test]
    fn the_score_is_the_weighed_sum_of_its_parts() {
        let new = New { rows: 4, duplicates: 1, trust: 0.8 };
        let trial = judge(&report(4, 0, 1, 0), &tally(10, 20), new, 1.0, (2, Vec::new()));
        assert_eq!((trial.coverage, trial.duplicates, trial.compression, trial.contradictions), (0.5, 0.25, 0.6, 0.25));
        let by_hand = 0.35 * 0.5 + 0.25 * 0.75 + 0.15 * 0.8 + 0.15 * 0.6 + 0.10 * 0.75;
        assert!((trial.score - by_hand).abs() < 1e-12);
        assert_eq!((trial.saved, trial.pins_held), (-4, 2));
        let half = judge(&report(4, 0, 1, 2), &tally(10, 20), new, 1.0, (2, Vec::new()));
        assert!((half.score - by_hand / 2.0).abs() < 1e-12, "failed units count");
    }

    #[test]
    fn nothing_is_won_by_failing_breaking_a_pin_or_doing_nothing() {
        let new = New { rows: 1, duplicates: 0, trust: 1.0 };
        let broken = vec!["q".to_owned()];
        for (report, pins) in
            [(report(1, 0, 0, 4), Vec::new()), (report(1, 0, 0, 0), broken), (report(0, 0, 0, 0), Vec::new())]
        {
            assert_eq!(judge(&report, &tally(1, 1), new, 1.0, (0, pins)).score, 0.0);
        }
    }

    #[test]
    fn of_equals_the_first_wins() {
        let new = New { rows: 1, duplicates: 0, trust: 1.0 };
        let trial = |name: &str, created| {
            let report = RunReport { strategy: name.into(), ..report(created, 0, 0, 0) };
            judge(&report, &tally(2, 2), new, 1.0, (0, Vec::new()))
        };
        let name = |trials: &[Trial]| winner(trials).map(|trial| trial.strategy.clone());
        assert_eq!(name(&[trial("a", 1), trial("b", 1)]), Some("a".into()));
        assert_eq!(name(&[trial("a", 2), trial("b", 1)]), Some("b".into()), "it compresses more");
        assert_eq!(name(&[trial("a", 0)]), None);
    }
}
