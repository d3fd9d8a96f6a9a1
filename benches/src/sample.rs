//! Samples of time, texts to measure with, and a host to measure.

use memstrata_kernel::{CallRequest, Kernel, KernelOptions, LayerOptions, Principal};
use memstrata_models::StaticEmbedding;
use memstrata_runtime::{Grants, Limits, Wasm};
use memstrata_store::{Durability, SpaceOptions};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Times of many runs, sorted.
pub struct Sample(Vec<Duration>);

impl Sample {
    /// Runs something many times after a tenth of that to warm up.
    pub fn of(times: usize, mut run: impl FnMut(usize)) -> Self {
        for nth in 0..times / 10 {
            run(nth);
        }
        Self::from(
            (0..times)
                .map(|nth| {
                    let begun = Instant::now();
                    run(nth);
                    begun.elapsed()
                })
                .collect(),
        )
    }

    pub fn from(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that this share of the runs stayed under, in microseconds.
    pub fn quantile(&self, share: f64) -> f64 {
        let place = ((self.0.len() as f64 * share) as usize).min(self.0.len() - 1);
        self.0[place].as_nanos() as f64 / 1000.0
    }

    /// `p50 12 us, p95 20 us, p99 31 us`.
    pub fn line(&self) -> String {
        let unit = |us: f64| if us >= 1000.0 { format!("{:.2} ms", us / 1000.0) } else { format!("{us:.1} us") };
        format!(
            "p50 {}, p95 {}, p99 {}",
            unit(self.quantile(0.5)),
            unit(self.quantile(0.95)),
            unit(self.quantile(0.99))
        )
    }
}

/// A row of the table.
pub fn row(what: &str, measured: &str) {
    println!("| {what} | {measured} |");
}

/// Sentences put together from words of this repository's texts: real words, in no real order, none twice.
pub struct Sentences {
    words: Vec<String>,
    state: u64,
}

impl Sentences {
    pub fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut words: Vec<String> = Vec::new();
        for file in [
            "docs/manifest.md",
            "host/store/src/space.rs",
            "host/kernel/src/background.rs",
            "wit/store-read.wit",
            "plugins/episodic/src/causal.rs",
        ] {
            let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            words.extend(text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 2).map(str::to_lowercase));
        }
        words.sort();
        words.dedup();
        assert!(words.len() > 500, "run it in the repository");
        Self { words, state: 7 }
    }

    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    pub fn next(&mut self) -> String {
        let length = 6 + self.random() as usize % 14;
        // Squaring the draw makes some words common and most rare, as in real text.
        let words: Vec<String> = (0..length)
            .map(|_| {
                let draw = (self.random() % 100_000) as f64 / 100_000.0;
                self.words[(draw * draw * self.words.len() as f64) as usize].clone()
            })
            .collect();
        words.join(" ")
    }
}

/// The options of a host with some layers in a folder.
pub fn options(
    folder: &Path,
    layers: BTreeMap<String, LayerOptions>,
    durability: Durability,
    group_commit: usize,
) -> KernelOptions {
    KernelOptions {
        data: folder.to_owned(),
        cache: Some(cache()),
        spaces: SpaceOptions { durability, group_commit, ..SpaceOptions::default() },
        limits: Limits::default(),
        layers,
        embedder: Arc::new(StaticEmbedding::builtin().unwrap()),
        llm: None,
        llm_budget: memstrata_kernel::LlmBudget::default(),
        workers: 16,
        slow_workers: 1,
        queue: 512,
        default_space: "default".into(),
        background: false,
        consolidation: memstrata_kernel::ConsolidationOptions::default(),
    }
}

/// A layer from bytes, granted everything.
pub fn layer(wasm: impl Into<Wasm>) -> LayerOptions {
    LayerOptions { wasm: Some(wasm.into()), origin: "bench".into(), grants: Grants::everything(), settings: Map::new() }
}

/// The bundled layers.
pub fn bundled() -> BTreeMap<String, LayerOptions> {
    memstrata_bundle::names()
        .filter_map(memstrata_bundle::bundled)
        .map(|one| (one.name.to_owned(), layer(Wasm::elsewhere(one.digest, move || one.bytes()))))
        .collect()
}

/// A call in the default space.
pub fn request(operation: &str, arguments: Value) -> CallRequest {
    CallRequest {
        space: "default".into(),
        principal: Principal::local(),
        operation: operation.to_owned(),
        arguments: arguments.as_object().cloned().unwrap(),
        dry_run: false,
        cancelled: Arc::default(),
        progress: None,
    }
}

/// Fills the semantic collection with sentences.
pub fn remember(kernel: &Kernel, runtime: &tokio::runtime::Runtime, rows: usize, sentences: &mut Sentences) {
    for batch in 0..rows.div_ceil(100) {
        let items: Vec<Value> =
            (0..100.min(rows - batch * 100)).map(|_| serde_json::json!({ "content": sentences.next() })).collect();
        let arguments = serde_json::json!({ "items": items });
        runtime.block_on(kernel.call(request("semantic.remember_many", arguments))).unwrap();
    }
}

/// One cache of compiled components for all: compiling them is not what is looked at.
fn cache() -> std::path::PathBuf {
    std::env::temp_dir().join("memstrata-compiled")
}
