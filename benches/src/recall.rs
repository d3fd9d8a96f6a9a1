//! `recall` inside the host, and the same search native: what the sandbox costs.

use crate::sample::{Sample, Sentences, bundled, options, remember, request, row};
use memstrata_kernel::Kernel;
use memstrata_models::Embedder as _;
use memstrata_store::{Deadline, Durability, Namespace, ReadLimits, SearchRequest, SessionOptions};
use serde_json::json;
use std::time::Duration;

pub fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let kernel = Kernel::start(options(folder.path(), bundled(), Durability::Process, 64))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut sentences = Sentences::new();
    let mut filled = 0;
    for size in [10_000, 100_000] {
        remember(&kernel, &runtime, size - filled, &mut sentences);
        filled = size;
        let queries: Vec<String> = (0..400).map(|_| sentences.next()).collect();
        let call = |nth: usize| {
            let arguments = json!({ "query": queries[nth % queries.len()] });
            runtime.block_on(kernel.call(request("retrieval.recall", arguments))).unwrap();
        };
        // The index of a large space loads in the background: the first calls are served by sqlite-vec.
        call(0);
        std::thread::sleep(Duration::from_secs(3));
        let host = Sample::of(2_000, call);
        let native = native(&kernel, &queries)?;
        let crossing = 100.0 * (1.0 - native.quantile(0.5) / host.quantile(0.5));
        row(&format!("recall at {size} memories"), &host.line());
        row(
            &format!("the same search native at {size}"),
            &format!("{}; so the sandbox and its JSON take {crossing:.0} %", native.line()),
        );
    }
    kernel.stop();
    Ok(())
}

/// The search a recall makes, without kernel, sandbox and JSON of the answer.
fn native(kernel: &Kernel, queries: &[String]) -> anyhow::Result<Sample> {
    let space = kernel.open_space("default")?;
    let embedder = memstrata_models::StaticEmbedding::builtin()?;
    let search = |nth: usize| {
        let query = &queries[nth % queries.len()];
        let mut session = space.session(SessionOptions {
            layer: "bench".into(),
            component: "bench".into(),
            scope: Namespace::default(),
            now: 0,
            deadline: Deadline::within(Duration::from_secs(5)),
            limits: ReadLimits::default(),
            binding: String::new(),
            read_only: true,
            as_of: None,
        });
        let mut request = SearchRequest::new(query);
        request.vector = embedder.embed(&[query], Duration::from_secs(1)).unwrap().remove(0);
        request.collections = space.collections().into_iter().filter(|one| one.spec().recall.is_some()).collect();
        request.valid_at(u64::MAX >> 12);
        request.min_similarity(0.2);
        request.limit(20);
        let found = session.search(&request).unwrap();
        std::hint::black_box(session.hit_views(&found.hits, None).unwrap());
    };
    Ok(Sample::of(2_000, search))
}
