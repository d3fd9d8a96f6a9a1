//! The plugin test kit: runs a component through the contract and says what its author must fix.

mod jobs;
mod labels;
mod layer;
mod strategy;

pub(crate) use layer::examples;

use crate::api::CallError;
use crate::kernel::{Kernel, KernelOptions, LayerOptions};
use memstrata_models::Embedder;
use memstrata_runtime::{Grants, Limits, Manifest, Runtime, Wasm};
use memstrata_store::{Durability, SpaceOptions};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One thing checked.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What: `load`, `operation x`, `operation x, example 1`, `job many rows, same twice`.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// What was seen, or what to fix.
    pub message: String,
}

/// What the test kit found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The component's name, if its manifest could be read.
    pub layer: String,
    /// `layer` or `strategy`; empty if its manifest could not be read.
    pub kind: &'static str,
    /// Everything checked, in order.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether all checks hold.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    fn note(&mut self, name: impl Into<String>, result: Result<String, String>) {
        let (ok, message) = match result {
            Ok(message) => (true, message),
            Err(message) => (false, message),
        };
        self.checks.push(Check { name: name.into(), ok, message });
    }
}

/// What a component is tested with.
#[derive(Clone)]
pub struct Kit {
    /// Its settings; defaults of its manifest are added.
    pub settings: Map<String, Value>,
    /// Makes vectors.
    pub embedder: Arc<dyn Embedder>,
    /// Where compiled components are kept; none: nothing is kept.
    pub cache: Option<PathBuf>,
    /// Components by name, of which a strategy gets the layers whose collections it names.
    pub layers: BTreeMap<String, LayerOptions>,
    /// What strategies are asked besides what is made up.
    pub jobs: Vec<RecordedJob>,
    /// Rows of the largest job that is made up.
    pub rows: u64,
    /// The limits of a strategy's calls.
    pub limits: Limits,
}

/// Rows a strategy is to be tested with: JSON lines, each a row of the collection it consolidates.
#[derive(Debug, Clone)]
pub struct RecordedJob {
    /// What checks call it.
    pub name: String,
    /// The lines.
    pub lines: String,
}

/// Tests a component. A layer: manifest, schemas, every example, and that hostile arguments end in errors and not in traps.
/// A strategy: jobs made from the declaration of its collection and recorded ones are proposed, twice the same, applied and undone.
///
/// It runs in empty spaces of its own and is granted what its manifest asks for.
#[must_use]
pub fn test_component(wasm: impl Into<Wasm>, kit: &Kit) -> Report {
    let wasm = &wasm.into();
    let mut report = Report::default();
    let (options, manifest) = match probe(wasm, &kit.settings, kit.cache.as_deref()) {
        Ok(probed) => probed,
        Err(faults) => {
            for fault in faults {
                report.note("load", Err(fault));
            }
            return report;
        }
    };
    report.layer.clone_from(&manifest.name);
    report.note("load", Ok("compiles, links, and its manifest reads twice the same".into()));
    if let Some(spec) = &manifest.strategy {
        report.kind = "strategy";
        strategy::test(&mut report, &options, &manifest, spec, kit);
        return report;
    }
    report.kind = "layer";
    match examples(wasm, &options, &kit.embedder, kit.cache.as_deref()) {
        Ok(found) => report.checks.extend(found.checks),
        Err(error) => report.note("start", Err(error.message)),
    }
    match layer::hostile(wasm, &options, &kit.embedder, kit.cache.as_deref()) {
        Ok(found) => report.checks.extend(found.checks),
        Err(error) => report.note("hostile arguments", Err(error.message)),
    }
    report
}

/// Loads it with every interface granted, to read what its manifest asks for.
fn probe(
    wasm: &Wasm,
    settings: &Map<String, Value>,
    cache: Option<&Path>,
) -> Result<(LayerOptions, Manifest), Vec<String>> {
    let runtime = Arc::new(Runtime::new(Limits::default(), 1, cache).map_err(|reason| vec![reason])?);
    let grants = Grants::everything();
    let plugin = runtime.load("the component", wasm, &grants, settings).map_err(|error| error.faults)?;
    let options = LayerOptions { wasm: Some(wasm.clone()), origin: "test".into(), grants, settings: settings.clone() };
    Ok((options, plugin.manifest().clone()))
}

/// A kernel with some layers and an empty space; all of it is gone with the folder.
fn scratch(
    layers: BTreeMap<String, LayerOptions>,
    limits: Limits,
    embedder: &Arc<dyn Embedder>,
    cache: Option<&Path>,
) -> Result<(Kernel, tempfile::TempDir), CallError> {
    let folder = tempfile::tempdir()
        .map_err(|error| CallError::new("unavailable.data", format!("no temporary folder for the test: {error}")))?;
    let kernel = Kernel::start(KernelOptions {
        data: folder.path().to_owned(),
        cache: cache.map(Path::to_owned),
        spaces: SpaceOptions { durability: Durability::Process, ..SpaceOptions::default() },
        limits,
        layers,
        embedder: Arc::clone(embedder),
        llm: None,
        llm_budget: crate::LlmBudget::default(),
        workers: 1,
        slow_workers: 1,
        queue: 16,
        default_space: "default".into(),
        background: false,
        consolidation: crate::consolidation::ConsolidationOptions::default(),
    })?;
    Ok((kernel, folder))
}
