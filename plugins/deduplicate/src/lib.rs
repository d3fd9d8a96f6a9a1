//! Merges memories that say the same, supersedes what has changed, flags what cannot both be true.
#![cfg(target_family = "wasm")]

use memstrata_consolidation_rules::deduplicate::{Pair, Settings, propose};
use memstrata_consolidation_rules::{guest, measure};
use memstrata_sdk::batch::Batch;
use memstrata_sdk::{Fault, Job, Patch, Strategy, settings};

/// Pairs of near memories looked at in a unit.
const PAIRS: u32 = 5_000;

struct Deduplicate;

memstrata_sdk::strategy!(Deduplicate);

impl Strategy for Deduplicate {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }

    fn propose(job: &Job) -> Result<Patch, Fault> {
        let settings: Settings = settings::get()?;
        let memories = guest::unit_memories(job)?;
        let batch = Batch::of_rows(&job.collection, &job.ids)?;
        let least = settings.conflict_cosine.min(settings.duplicate_cosine) as f32;
        let row = |nth: u32| job.ids.get(nth as usize).copied();
        let pairs: Vec<Pair> = batch
            .near_pairs(least, PAIRS)?
            .into_iter()
            .filter_map(|pair| Some(Pair { a: row(pair.a)?, b: row(pair.b)?, cosine: f64::from(pair.similarity) }))
            .collect();
        let outcome = propose(&memories, &pairs, &settings, guest::now(job));
        let change = measure::change(&memories, &outcome.proposals, guest::now(job));
        guest::patch(&outcome.proposals, &change.measures())
    }
}
