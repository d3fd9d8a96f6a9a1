//! Groups events by meaning, as the host clusters their vectors, and finds patterns by heuristics.
#![cfg(target_family = "wasm")]

use memstrata_consolidation_rules::grouped::{Settings, semantic};
use memstrata_consolidation_rules::{guest, measure};
use memstrata_sdk::batch::Batch;
use memstrata_sdk::{Fault, Job, Patch, Strategy, settings};

/// Events of one cluster have at least this mean cosine.
const ALIKE: f32 = 0.45;
/// The host clusters so many at a time.
const MOST: usize = 1_000;

struct SemanticCluster;

memstrata_sdk::strategy!(SemanticCluster);

impl Strategy for SemanticCluster {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }

    fn propose(job: &Job) -> Result<Patch, Fault> {
        let settings: Settings = settings::get()?;
        let mut events = guest::unit_events(job)?;
        events.truncate(MOST);
        let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
        let batch = Batch::of_rows(&job.collection, &ids)?;
        let labels = batch.cluster(ALIKE)?;
        // An event without a vector is left for another run.
        let labels: Vec<Option<usize>> =
            batch.present().into_iter().zip(labels).map(|(there, label)| there.then_some(label as usize)).collect();
        let outcome = guest::with_known(&settings.collection, &job.namespace, |known| {
            semantic(&events, &labels, known, &settings, guest::now(job))
        })?;
        guest::patch(&outcome.proposals, &measure::quality(&events, &outcome.report).measures())
    }
}
