//! Swap: load, check, self-test, publish, drain; any failure keeps what serves. Every process follows the published one.

use crate::api::CallError;
use crate::kernel::{Kernel, LayerOptions, lock};
use crate::layers::Layer;
use crate::testkit;
use memstrata_runtime::Wasm;
use memstrata_store::Generation;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a swap waits for the other processes to follow.
const FOLLOWED_WITHIN: Duration = Duration::from_millis(2_000);

/// A swap that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Swapped {
    /// The layer.
    pub layer: String,
    /// The generation that serves now.
    pub generation: u64,
    /// Digest of its component.
    pub digest: String,
    /// Version its manifest says.
    pub version: String,
    /// Examples run before it was published.
    pub self_tests: usize,
    /// Processes (pids) that serve it.
    pub followed: Vec<u32>,
    /// Processes that do not yet.
    pub behind: Vec<u32>,
}

impl Kernel {
    /// Replaces a layer's component in every process on this data directory, while they serve.
    ///
    /// # Errors
    /// When the component does not load, breaks a collection, or fails one of its own examples; the old one stays.
    pub fn swap(&self, layer: &str, wasm: impl Into<Wasm>, origin: &str) -> Result<Swapped, CallError> {
        let _one_at_a_time = lock(&self.shared.swapping);
        let options = self.configured(layer)?;
        let wasm = wasm.into();
        let digest = wasm.digest().to_owned();
        let candidate =
            Generation { layer: layer.into(), generation: 0, digest: digest.clone(), origin: origin.into(), at: 0 };
        let loaded = self.load(layer, &wasm, &candidate)?;
        let version = loaded.plugin.manifest().version.clone();
        let report = testkit::examples(&wasm, &options, &self.shared.embedder, self.shared.options.cache.as_deref())?;
        let failed: Vec<_> = report.checks.iter().filter(|check| !check.ok).collect();
        if let Some(first) = failed.first() {
            return Err(CallError::new(
                "invalid.component",
                format!("the component fails its own example: {}: {}; the old one stays", first.name, first.message),
            )
            .with_details(json!({ "failed": failed })));
        }
        self.adopt_collections(&loaded)?;
        let bytes = wasm.bytes().map_err(|reason| CallError::new("invalid.component", reason))?;
        let generation = self.shared.control.publish(layer, &digest, origin, &bytes)?;
        self.publish(loaded, &generation);
        Ok(self.followed(&generation, version, report.checks.len()))
    }

    /// Goes back to the generation before the one that serves; it becomes the newest.
    ///
    /// # Errors
    /// `not-found` when none is kept.
    pub fn rollback(&self, layer: &str) -> Result<Swapped, CallError> {
        let _one_at_a_time = lock(&self.shared.swapping);
        self.configured(layer)?;
        let generations = self.shared.control.generations(Some(layer))?;
        let Some(current) = generations.first() else {
            return Err(CallError::new("not-found.generation", format!("layer `{layer}` has no generation")));
        };
        // A rollback is a generation too: going back twice must not come back.
        let before = match current.origin.strip_prefix("rollback to ").and_then(|number| number.parse().ok()) {
            Some(target) => generations.iter().find(|one| one.generation < target),
            None => generations.get(1),
        };
        let Some(before) = before else {
            return Err(CallError::new(
                "not-found.generation",
                format!("no earlier generation of layer `{layer}` is kept"),
            ));
        };
        let bytes = self.shared.control.component(&before.digest)?;
        let wasm = Wasm::from(bytes.clone());
        let origin = format!("rollback to {}", before.generation);
        let loaded = self.load(layer, &wasm, before)?;
        let version = loaded.plugin.manifest().version.clone();
        self.adopt_collections(&loaded)?;
        let generation = self.shared.control.publish(layer, &before.digest, &origin, &bytes)?;
        self.publish(loaded, &generation);
        Ok(self.followed(&generation, version, 0))
    }

    /// The kept generations of all layers, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn generations(&self) -> Result<Vec<Generation>, CallError> {
        Ok(self.shared.control.generations(None)?)
    }

    fn configured(&self, layer: &str) -> Result<LayerOptions, CallError> {
        self.shared.options.layers.get(layer).cloned().ok_or_else(|| {
            let known: Vec<_> = self.shared.options.layers.keys().cloned().collect();
            CallError::new(
                "not-found.layer",
                format!("no layer `{layer}` is configured; there are: {}", known.join(", ")),
            )
        })
    }

    /// Makes the collections of a component in the open spaces; a change that is not additive is refused here.
    fn adopt_collections(&self, layer: &Layer) -> Result<(), CallError> {
        let manifest = layer.plugin.manifest();
        for space in self.shared.spaces.opened() {
            space.ensure_collections(layer.name(), &manifest.collections)?;
            for event in &manifest.events {
                space.subscribe(&format!("{}.{}", layer.name(), event.name))?;
            }
            for schedule in &manifest.schedules {
                self.shared.control.ensure_schedule(space.name(), layer.name(), &schedule.name, schedule.every_ms)?;
            }
        }
        Ok(())
    }

    /// Lets a loaded layer serve in this process. Calls that run keep the set they began with.
    fn publish(&self, mut layer: Layer, generation: &Generation) {
        layer.generation = generation.generation;
        let layer = Arc::new(layer);
        self.shared.layers.rcu(|set| set.with(Arc::clone(&layer)));
        self.shared.catalog.send_modify(|number| *number += 1);
        self.beat();
        tracing::info!(layer = %generation.layer, generation = generation.generation, "layer replaced");
    }

    /// Loads what another process has published.
    pub(crate) fn follow(&self) -> Result<(), CallError> {
        let _one_at_a_time = lock(&self.shared.swapping);
        let mut newest: BTreeMap<String, Generation> = BTreeMap::new();
        for generation in self.shared.control.generations(None)? {
            newest.entry(generation.layer.clone()).or_insert(generation);
        }
        for (name, generation) in newest {
            let serving = self.shared.layers.load().layers.get(&name).map(|layer| layer.generation);
            if serving.is_some_and(|serving| serving >= generation.generation)
                || !self.shared.options.layers.contains_key(&name)
            {
                continue;
            }
            let wasm = self.stored(&generation.digest);
            match self.load(&name, &wasm, &generation).and_then(|layer| self.adopt_collections(&layer).map(|()| layer))
            {
                Ok(layer) => self.publish(layer, &generation),
                Err(error) => {
                    tracing::error!(layer = %name, generation = generation.generation, reason = %error.message, "the published component does not load here; the old one serves on");
                }
            }
        }
        Ok(())
    }

    /// Tells the other processes what this one serves.
    pub(crate) fn beat(&self) {
        let serving: BTreeMap<String, u64> =
            self.shared.layers.load().layers.iter().map(|(name, layer)| (name.clone(), layer.generation)).collect();
        if let Err(error) = self.shared.control.heartbeat(&self.shared.process, &json!(serving).to_string()) {
            tracing::warn!(%error, "no heartbeat");
        }
    }

    /// Waits for the other processes to serve a generation, and says who does.
    fn followed(&self, generation: &Generation, version: String, self_tests: usize) -> Swapped {
        let begun = Instant::now();
        loop {
            let (mut followed, mut behind) = (Vec::new(), Vec::new());
            for (_, pid, applied) in self.shared.control.processes().unwrap_or_default() {
                let applied: Value = serde_json::from_str(&applied).unwrap_or_default();
                match applied.get(&generation.layer).and_then(Value::as_u64) {
                    Some(serving) if serving >= generation.generation => followed.push(pid),
                    _ => behind.push(pid),
                }
            }
            if behind.is_empty() || begun.elapsed() > FOLLOWED_WITHIN {
                return Swapped {
                    layer: generation.layer.clone(),
                    generation: generation.generation,
                    digest: generation.digest.clone(),
                    version,
                    self_tests,
                    followed,
                    behind,
                };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
