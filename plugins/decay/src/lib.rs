//! Scores memories anew by their use, and retires those that faded long ago. Never events.
#![cfg(target_family = "wasm")]

use memstrata_consolidation_rules::decay::{Settings, propose};
use memstrata_consolidation_rules::{guest, measure};
use memstrata_sdk::{Fault, Job, Patch, Strategy, settings};

struct Decay;

memstrata_sdk::strategy!(Decay);

impl Strategy for Decay {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }

    fn propose(job: &Job) -> Result<Patch, Fault> {
        let settings: Settings = settings::get()?;
        let memories = guest::unit_memories(job)?;
        let outcome = propose(&memories, &settings, guest::now(job));
        let change = measure::change(&memories, &outcome.proposals, guest::now(job));
        guest::patch(&outcome.proposals, &change.measures())
    }
}
