//! The engines: pooled for components within the slots, on-demand for larger ones; one ticker for both.

use crate::cache::CompileCache;
use crate::limits::Limits;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// The time between two epochs: how exact a budget is.
pub(crate) const EPOCH: Duration = Duration::from_millis(1);

/// Core instances and tables a pooled component instance is made of, at most: QuickJS and CPython have 14.
const CORE_PER_COMPONENT: u32 = 16;
/// Memories of a pooled component instance, at most.
const MEMORIES_PER_COMPONENT: u32 = 4;

/// Linear memory of a component on the on-demand engine, whatever the pooled slots hold.
const LARGE_MEMORY: usize = 512 << 20;

/// Loads and runs components.
pub struct Runtime {
    pub(crate) pooled: Engine,
    pub(crate) on_demand: Engine,
    pub(crate) cache: Option<CompileCache>,
    pub(crate) limits: Limits,
    ticking: Arc<AtomicBool>,
}

impl Runtime {
    /// Engines for `slots` calls at a time. Compiled code is kept in `cache`, a folder, if there is one.
    ///
    /// # Errors
    /// When this machine cannot run WebAssembly as configured, with the reason.
    pub fn new(limits: Limits, slots: u32, cache: Option<&Path>) -> Result<Self, String> {
        let words = |error: wasmtime::Error| format!("the WebAssembly engine does not start: {error:#}");
        let on_demand = Engine::new(&config()).map_err(words)?;
        let mut pool = PoolingAllocationConfig::default();
        let slots = slots.max(1) + 2;
        pool.total_component_instances(slots)
            .total_core_instances(slots * CORE_PER_COMPONENT)
            .total_memories(slots * MEMORIES_PER_COMPONENT)
            .total_tables(slots * CORE_PER_COMPONENT)
            .max_core_instances_per_component(CORE_PER_COMPONENT)
            .max_memories_per_component(MEMORIES_PER_COMPONENT)
            .max_tables_per_component(CORE_PER_COMPONENT)
            .table_elements(limits.table_elements)
            .max_memory_size(limits.memory_bytes)
            .max_unused_warm_slots(slots)
            .linear_memory_keep_resident(2 << 20)
            .table_keep_resident(64 << 10)
            .pagemap_scan(Enabled::Auto);
        let mut pooled = config();
        pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let pooled = match Engine::new(&pooled) {
            Ok(engine) => engine,
            // Where address space is limited (`ulimit -v`), the pool cannot reserve its slots.
            Err(error) => {
                tracing::warn!(%error, "no pooled instances: calls will be slower");
                on_demand.clone()
            }
        };
        let ticking = Arc::new(AtomicBool::new(true));
        let (go_on, engines) = (Arc::clone(&ticking), [pooled.clone(), on_demand.clone()]);
        std::thread::Builder::new()
            .name("epoch".into())
            .spawn(move || {
                while go_on.load(Ordering::Relaxed) {
                    std::thread::sleep(EPOCH);
                    engines.iter().for_each(Engine::increment_epoch);
                }
            })
            .map_err(|error| format!("no thread for the epoch ticker: {error}"))?;
        let cache = match cache {
            Some(folder) => Some(CompileCache::open(folder)?),
            None => None,
        };
        Ok(Self { pooled, on_demand, cache, limits, ticking })
    }

    /// The limits of a call.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether an engine is the pooled one.
    pub(crate) fn is_pooled(&self, engine: &Engine) -> bool {
        Engine::same(engine, &self.pooled) && !Engine::same(&self.pooled, &self.on_demand)
    }

    /// Linear memory a component may have on an engine.
    pub(crate) fn memory_bytes(&self, engine: &Engine) -> usize {
        if self.is_pooled(engine) { self.limits.memory_bytes } else { LARGE_MEMORY.max(self.limits.memory_bytes) }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.ticking.store(false, Ordering::Relaxed);
    }
}

/// What both engines share: no async, no concurrency, interruption by epochs.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(512 << 10)
        .memory_init_cow(true);
    config
}
