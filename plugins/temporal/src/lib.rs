//! Groups events by pauses in time, across sessions, and finds patterns by heuristics.
#![cfg(target_family = "wasm")]

use memstrata_consolidation_rules::grouped::{Settings, temporal};
use memstrata_consolidation_rules::{guest, measure};
use memstrata_sdk::{Fault, Job, Patch, Strategy, settings};

struct Temporal;

memstrata_sdk::strategy!(Temporal);

impl Strategy for Temporal {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }

    fn propose(job: &Job) -> Result<Patch, Fault> {
        let settings: Settings = settings::get()?;
        let events = guest::unit_events(job)?;
        let outcome = guest::with_known(&settings.collection, &job.namespace, |known| {
            temporal(&events, known, &settings, guest::now(job))
        })?;
        guest::patch(&outcome.proposals, &measure::quality(&events, &outcome.report).measures())
    }
}
