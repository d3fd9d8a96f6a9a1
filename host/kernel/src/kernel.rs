//! The kernel's start, its shared state, and its end.

use crate::api::{CallError, Health, Principal};
use crate::background::Background;
use crate::budget::{Budgeted, LlmBudget, Spending};
use crate::catalog::Catalog;
use crate::consolidation::{ConsolidationOptions, Runner, Running, records};
use crate::host_operations::HostOperations;
use crate::layers::{Layer, LayerSet, short};
use crate::traffic::Traffic;
use crate::workers::Workers;
use arc_swap::ArcSwap;
use bytes::Bytes;
use memstrata_models::{Embedder, Llm};
use memstrata_runtime::{Grants, Limits, Runtime, Wasm};
use memstrata_store::{Control, Generation, Space, SpaceOptions, Spaces};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a kernel is started.
#[derive(Clone)]
pub struct KernelOptions {
    /// The data directory.
    pub data: PathBuf,
    /// Where compiled components are kept; none: in the data directory.
    pub cache: Option<PathBuf>,
    /// How spaces are opened; model and dimension are taken from the embedder.
    pub spaces: SpaceOptions,
    /// The limits of a call.
    pub limits: Limits,
    /// The layers, by name.
    pub layers: BTreeMap<String, LayerOptions>,
    /// Makes vectors.
    pub embedder: Arc<dyn Embedder>,
    /// Completes prompts.
    pub llm: Option<Arc<dyn Llm>>,
    /// What it may cost.
    pub llm_budget: LlmBudget,
    /// Interactive calls at a time.
    pub workers: usize,
    /// Slow calls at a time.
    pub slow_workers: usize,
    /// Calls that may wait.
    pub queue: usize,
    /// The space that always exists.
    pub default_space: String,
    /// Whether schedules, events and late vectors are worked on here.
    pub background: bool,
    /// How strategies run.
    pub consolidation: ConsolidationOptions,
}

/// One configured layer.
#[derive(Debug, Clone, Default)]
pub struct LayerOptions {
    /// The component's bytes; none: the generation that was published last.
    pub wasm: Option<Wasm>,
    /// Where they came from.
    pub origin: String,
    /// What the component may use.
    pub grants: Grants,
    /// Its settings.
    pub settings: Map<String, Value>,
}

/// The kernel; clones share it.
#[derive(Clone)]
pub struct Kernel {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) options: KernelOptions,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) spaces: Spaces,
    pub(crate) control: Arc<Control>,
    pub(crate) layers: ArcSwap<LayerSet>,
    pub(crate) host: HostOperations,
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) llm: Option<Arc<Budgeted>>,
    pub(crate) interactive: Workers,
    pub(crate) slow: Workers,
    pub(crate) catalog: tokio::sync::watch::Sender<u64>,
    pub(crate) process: String,
    pub(crate) stopping: AtomicBool,
    /// Held while a layer is being replaced.
    pub(crate) swapping: std::sync::Mutex<()>,
    pub(crate) background: std::sync::Mutex<Option<Background>>,
    pub(crate) runner: std::sync::Mutex<Option<Runner>>,
    pub(crate) running: Running,
    pub(crate) traffic: Traffic,
    pub(crate) work: (crossbeam_channel::Sender<()>, crossbeam_channel::Receiver<()>),
}

impl Shared {
    /// Tells the background that something was written.
    pub(crate) fn wake(&self) {
        // A full channel means it knows already.
        _ = self.work.0.try_send(());
    }
}

pub(crate) fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Whether a principal may use a space.
pub(crate) fn admit_space(principal: &Principal, space: &str) -> Result<(), CallError> {
    match &principal.spaces {
        Some(spaces) if !spaces.iter().any(|allowed| allowed == space) => {
            Err(CallError::new("denied.space", format!("`{}` may not use space `{}`", principal.name, short(space))))
        }
        _ => Ok(()),
    }
}

impl Kernel {
    /// Opens the data directory, loads the layers, starts the workers.
    ///
    /// A layer that does not load is shown as failed; the others serve.
    ///
    /// # Errors
    /// When the data directory cannot be used, or the engine does not start; the sentence says what to do.
    pub fn start(mut options: KernelOptions) -> Result<Self, CallError> {
        let data = options.data.clone();
        let folder = |name: &str| {
            let path = data.join(name);
            std::fs::create_dir_all(&path).map(|()| path.clone()).map_err(|error| {
                CallError::new(
                    "unavailable.data",
                    format!(
                        "the data directory {} cannot be used: {error}; check it, or name another with --data",
                        path.display()
                    ),
                )
            })
        };
        let spaces = folder("spaces")?;
        let cache = match &options.cache {
            Some(cache) => cache.clone(),
            None => folder("cache")?,
        };
        options.cache = Some(cache.clone());
        options.spaces.model = options.embedder.model().to_string();
        options.spaces.dimension = options.embedder.dimension();
        let slots = u32::try_from(options.workers + options.slow_workers).unwrap_or(64);
        let runtime = Runtime::new(options.limits.clone(), slots, Some(&cache))
            .map_err(|reason| CallError::new("unavailable.runtime", reason))?;
        let (sender, _) = tokio::sync::watch::channel(1);
        let control = Arc::new(Control::open(&data)?);
        let llm = options
            .llm
            .clone()
            .map(|model| Arc::new(Budgeted::new(model, Arc::clone(&control), options.llm_budget.clone())));
        let shared = Shared {
            spaces: Spaces::new(spaces, options.spaces.clone()),
            control,
            runtime: Arc::new(runtime),
            layers: ArcSwap::from_pointee(LayerSet::default()),
            host: HostOperations::new()?,
            embedder: Arc::clone(&options.embedder),
            llm,
            interactive: Workers::start("call", options.workers, options.queue)?,
            slow: Workers::start("slow", options.slow_workers, options.queue)?,
            catalog: sender,
            process: format!("{}-{:08x}", std::process::id(), rand::random::<u32>()),
            stopping: AtomicBool::new(false),
            swapping: std::sync::Mutex::default(),
            background: std::sync::Mutex::default(),
            runner: std::sync::Mutex::default(),
            running: Running::default(),
            traffic: Traffic::default(),
            work: crossbeam_channel::bounded(1),
            options,
        };
        let kernel = Self { shared: Arc::new(shared) };
        kernel.load_layers()?;
        kernel.shared.control.add_space(&kernel.shared.options.default_space)?;
        // The file is opened now, so that a damaged one is told at start and not at the first call.
        kernel.space(&kernel.shared.options.default_space)?;
        kernel.beat();
        kernel.clear_forks();
        if kernel.shared.options.background {
            let background = Background::start(kernel.clone())?;
            *lock(&kernel.shared.background) = Some(background);
            *lock(&kernel.shared.runner) = Some(Runner::start(kernel.clone())?);
        }
        Ok(kernel)
    }

    /// Loads each configured layer: the published generation, or the configured component where that changed since.
    fn load_layers(&self) -> Result<(), CallError> {
        let load = |name: &str, options: &LayerOptions| {
            let (wasm, generation) = self.choose(name, options)?;
            self.load(name, &wasm, &generation)
        };
        // Side by side: each reads, links and asks its component, and a start waits for the slowest only.
        let loaded: Vec<_> = std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for (name, options) in &self.shared.options.layers {
                threads.push((name.clone(), scope.spawn(move || load(name, options))));
            }
            threads.into_iter().map(|(name, thread)| (name, thread.join())).collect()
        });
        let (mut layers, mut failed) = (BTreeMap::new(), BTreeMap::new());
        for (name, loaded) in loaded {
            match loaded.unwrap_or_else(|_| Err(CallError::new("internal", "loading it panicked; see the log"))) {
                Ok(layer) => _ = layers.insert(name, Arc::new(layer)),
                Err(error) => {
                    tracing::error!(layer = %name, reason = %error.message, "layer not loaded");
                    failed.insert(name, error.message);
                }
            }
        }
        self.shared.layers.store(Arc::new(LayerSet::new(layers, failed, 1)));
        Ok(())
    }

    /// The component a layer starts with.
    fn choose(&self, name: &str, options: &LayerOptions) -> Result<(Wasm, Generation), CallError> {
        let control = &self.shared.control;
        let generations = control.generations(Some(name))?;
        let Some(wasm) = &options.wasm else {
            let Some(last) = generations.into_iter().next() else {
                return Err(CallError::new(
                    "not-found.component",
                    format!("layer `{name}` has no component; configure its `source`"),
                ));
            };
            return Ok((self.stored(&last.digest), last));
        };
        let digest = wasm.digest().to_owned();
        // A swap stands over restarts until the configured component itself changes.
        let unchanged = control.configured(name)?.as_ref() == Some(&digest);
        match generations.into_iter().next() {
            Some(last) if last.digest == digest => {
                control.configure(name, &digest)?;
                Ok((wasm.clone(), last))
            }
            Some(last) if unchanged => {
                tracing::info!(layer = %name, generation = last.generation, origin = %last.origin, "serving the swapped component");
                Ok((self.stored(&last.digest), last))
            }
            _ => {
                // Checked before it is published: what does not load here is no generation.
                let candidate = Generation {
                    layer: name.into(),
                    generation: 0,
                    digest: digest.clone(),
                    origin: options.origin.clone(),
                    at: 0,
                };
                self.load(name, wasm, &candidate)?;
                let bytes = wasm.bytes().map_err(|reason| CallError::new("invalid.component", reason))?;
                let published = control.publish(name, &digest, &options.origin, &bytes)?;
                control.configure(name, &digest)?;
                Ok((wasm.clone(), published))
            }
        }
    }

    /// A component that was published: its bytes are read when they are needed.
    pub(crate) fn stored(&self, digest: &str) -> Wasm {
        let (control, wanted) = (Arc::clone(&self.shared.control), digest.to_owned());
        let fetch = move || control.component(&wanted).map(Bytes::from).map_err(|error| error.message());
        Wasm::elsewhere(digest, fetch)
    }

    /// Loads a component as a layer, without publishing it.
    pub(crate) fn load(&self, name: &str, wasm: &Wasm, generation: &Generation) -> Result<Layer, CallError> {
        let empty = LayerOptions::default();
        let options = self.shared.options.layers.get(name).unwrap_or(&empty);
        let plugin = self.shared.runtime.load(&generation.origin, wasm, &options.grants, &options.settings).map_err(
            |error| {
                CallError::new("invalid.component", error.to_string()).with_details(json!({ "faults": error.faults }))
            },
        )?;
        if name == records::HOST {
            return Err(CallError::new("invalid.component", "`host` is the host's own name: call the layer otherwise"));
        }
        // A strategy owns nothing that is called after it, so one component may serve under several names and settings.
        if plugin.manifest().name != name && plugin.manifest().strategy.is_none() {
            return Err(CallError::new(
                "invalid.component",
                format!("the component is layer `{}`, not `{name}`", plugin.manifest().name),
            ));
        }
        Layer::new(name, plugin, generation.generation).map_err(|fault| CallError::new("invalid.component", fault))
    }

    /// Opens a space; its collections are made the first time this process does.
    pub(crate) fn space(&self, name: &str) -> Result<Arc<Space>, CallError> {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(CallError::new("unavailable.host", "the host is shutting down"));
        }
        if !self.shared.control.has_space(name)? {
            let known: Vec<String> = self.shared.control.spaces()?.into_iter().map(|(name, _)| name).collect();
            return Err(CallError::new(
                "not-found.space",
                format!(
                    "there is no space `{0}`; there are: {1}. Make it with `memstrata space create {0}`",
                    short(name),
                    known.join(", ")
                ),
            ));
        }
        let layers = self.shared.layers.load_full();
        let opened = self.shared.spaces.open(name, |space| {
            let records = records::collections()
                .map_err(|error| memstrata_store::StoreError::Invalid(format!("the host's records: {error}")))?;
            space.ensure_collections(records::HOST, &records)?;
            for (layer, one) in &layers.layers {
                space.ensure_collections(layer, &one.plugin.manifest().collections)?;
                for event in &one.plugin.manifest().events {
                    space.subscribe(&format!("{layer}.{}", event.name))?;
                }
                for schedule in &one.plugin.manifest().schedules {
                    self.shared.control.ensure_schedule(name, layer, &schedule.name, schedule.every_ms)?;
                }
            }
            self.prepare_triggers(space)
        });
        Ok(opened?)
    }

    /// The operations, as of now.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.shared.layers.load().catalog)
    }

    /// Changes whenever the catalog does.
    #[must_use]
    pub fn catalog_changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared.catalog.subscribe()
    }

    /// The host's state.
    #[must_use]
    pub fn health(&self) -> Health {
        let layers = self.shared.layers.load().health();
        let sound = layers.values().all(|layer| layer.status == "ok");
        let embedder = &self.shared.embedder;
        Health {
            status: if sound { "healthy" } else { "degraded" }.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            layers,
            embedder: json!({
                "model": embedder.model().to_string(), "dimension": embedder.dimension(), "local": embedder.local(),
            }),
            llm: self.spending(),
            data: self.shared.options.data.display().to_string(),
        }
    }

    /// What language models have used today (UTC); none without a model.
    #[must_use]
    pub fn spending(&self) -> Option<Spending> {
        self.shared.llm.as_ref()?.spending()
    }

    /// Lets what runs finish, writes down what is held back, closes the files. Later calls are refused.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        // Runs first: they still write down how far they came.
        self.shared.running.end();
        drop(lock(&self.shared.runner).take());
        drop(lock(&self.shared.background).take());
        self.shared.spaces.close();
        if let Err(error) = self.shared.control.leave(&self.shared.process) {
            tracing::debug!(%error, "this process stays listed until it is missed");
        }
    }
}

/// A lock whose holder panicked still guards sound data: every critical section here is a few assignments.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
