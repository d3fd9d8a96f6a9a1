//! The layers that serve: one component each, published together as one immutable set.

use crate::api::{CallError, LayerHealth, Operation};
use crate::catalog::{Catalog, operation};
use crate::validate::Schemas;
use memstrata_runtime::Plugin;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

/// The longest name that is looked for or told back.
pub(crate) const MOST_NAME: usize = 200;

/// A layer's component with its compiled schemas.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Its name here: that of its manifest, or for a strategy what the configuration calls it.
    name: String,
    pub(crate) plugin: Plugin,
    pub(crate) generation: u64,
    /// Compiled when an operation is first called, of a component that is new here at once.
    schemas: HashMap<String, OnceLock<Option<Schemas>>>,
}

impl Layer {
    pub(crate) fn new(name: &str, plugin: Plugin, generation: u64) -> Result<Self, String> {
        let mut schemas = HashMap::new();
        for (name, spec) in &plugin.manifest().operations {
            let cell = OnceLock::new();
            if plugin.is_new() {
                let compiled = Schemas::compile(&spec.input, &spec.output);
                _ = cell.set(Some(compiled.map_err(|fault| format!("{name}: {fault}"))?));
            }
            schemas.insert(name.clone(), cell);
        }
        Ok(Self { name: name.to_owned(), plugin, generation, schemas })
    }

    pub(crate) fn schemas(&self, operation: &str) -> Option<&Schemas> {
        let cell = self.schemas.get(operation)?;
        let spec = self.plugin.manifest().operations.get(operation)?;
        cell.get_or_init(|| Schemas::compile(&spec.input, &spec.output).ok()).as_ref()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> LayerHealth {
        let dropped = self.plugin.dropped();
        LayerHealth {
            status: if dropped.is_empty() { "ok" } else { "degraded" }.into(),
            version: self.plugin.manifest().version.clone(),
            digest: self.plugin.digest().to_owned(),
            generation: self.generation,
            operations: self.plugin.manifest().operations.len(),
            problems: dropped
                .iter()
                .map(|(name, reason)| format!("operation `{name}` was dropped: {reason}"))
                .collect(),
        }
    }
}

/// A name a caller made up, short enough for a sentence.
pub(crate) fn short(name: &str) -> String {
    if name.len() > MOST_NAME { format!("{}..", name.chars().take(MOST_NAME).collect::<String>()) } else { name.into() }
}

/// All layers as of one moment. A call holds the set it began with: a swap drains by itself.
#[derive(Debug, Default)]
pub(crate) struct LayerSet {
    pub(crate) layers: BTreeMap<String, Arc<Layer>>,
    /// Layers that could not be loaded, and why.
    pub(crate) failed: BTreeMap<String, String>,
    pub(crate) catalog: Arc<Catalog>,
}

impl LayerSet {
    pub(crate) fn new(layers: BTreeMap<String, Arc<Layer>>, failed: BTreeMap<String, String>, number: u64) -> Self {
        let operations = layers.values().flat_map(|layer| {
            let manifest = layer.plugin.manifest();
            manifest
                .operations
                .iter()
                .map(|(name, spec)| operation(&manifest.name, name, spec))
                .collect::<Vec<Operation>>()
        });
        let catalog = Arc::new(Catalog::new(number, operations.chain(crate::host_operations::all())));
        Self { layers, failed, catalog }
    }

    /// The set with one layer replaced.
    pub(crate) fn with(&self, layer: Arc<Layer>) -> Self {
        let (mut layers, mut failed) = (self.layers.clone(), self.failed.clone());
        failed.remove(layer.name());
        layers.insert(layer.name().to_owned(), layer);
        Self::new(layers, failed, self.catalog.generation() + 1)
    }

    /// The layer and the bare name of an operation.
    pub(crate) fn find<'a>(&self, operation: &'a str) -> Result<(Arc<Layer>, &'a str), CallError> {
        let found = operation.split_once('.').and_then(|(layer, name)| {
            let layer = self.layers.get(layer)?;
            layer.schemas.contains_key(name).then(|| (Arc::clone(layer), name))
        });
        found.ok_or_else(|| {
            let near = self.catalog.near(operation, 5);
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) };
            CallError::new("not-found.operation", format!("there is no operation `{}`{hint}", short(operation)))
                .with_details(serde_json::json!({ "near": near }))
        })
    }

    pub(crate) fn health(&self) -> BTreeMap<String, LayerHealth> {
        let mut health: BTreeMap<_, _> =
            self.layers.iter().map(|(name, layer)| (name.clone(), layer.health())).collect();
        for (name, reason) in &self.failed {
            let failed = LayerHealth {
                status: "failed".into(),
                version: String::new(),
                digest: String::new(),
                generation: 0,
                operations: 0,
                problems: vec![reason.clone()],
            };
            health.entry(name.clone()).or_insert(failed);
        }
        health
    }
}
