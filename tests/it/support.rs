//! What the tests share: a host in a temporary folder, calls that read like sentences.

use memstrata_kernel::{CallAnswer, CallError, CallRequest, Kernel, KernelOptions, LayerOptions, Principal};
use memstrata_models::StaticEmbedding;
use memstrata_runtime::{Grants, Limits, Wasm};
use memstrata_store::{Durability, SpaceOptions};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A kernel on a folder that goes with it.
pub struct Host {
    pub kernel: Kernel,
    /// Goes with the host.
    pub _folder: Arc<TempDir>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kernel.stop();
    }
}

/// The bytes of a test guest.
pub fn guest(name: &str) -> &'static [u8] {
    memstrata_tests::GUESTS.iter().find(|(known, _)| *known == name).expect("a test guest of that name").1
}

/// Grants of everything, for guests whose grants are not what is tested.
pub fn all_grants() -> Grants {
    Grants::everything()
}

/// A layer from bytes, granted everything.
pub fn layer(wasm: impl Into<Wasm>) -> LayerOptions {
    LayerOptions { wasm: Some(wasm.into()), origin: "test".into(), grants: all_grants(), settings: Map::new() }
}

/// The options of a host with some layers in a folder.
pub fn options(folder: &Path, layers: BTreeMap<String, LayerOptions>) -> KernelOptions {
    KernelOptions {
        data: folder.to_owned(),
        cache: Some(cache()),
        spaces: SpaceOptions { durability: Durability::Process, ..SpaceOptions::default() },
        limits: Limits::default(),
        layers,
        embedder: Arc::new(StaticEmbedding::builtin().unwrap()),
        llm: None,
        llm_budget: memstrata_kernel::LlmBudget::default(),
        workers: 8,
        slow_workers: 1,
        queue: 256,
        default_space: "default".into(),
        background: true,
        consolidation: memstrata_kernel::ConsolidationOptions::default(),
    }
}

/// A bundled component.
pub fn bundled_wasm(name: &str) -> Wasm {
    let bundled = memstrata_bundle::bundled(name).unwrap();
    Wasm::elsewhere(bundled.digest, move || bundled.bytes())
}

/// The bundled layers.
pub fn bundled_layers() -> BTreeMap<String, LayerOptions> {
    memstrata_bundle::names().map(|name| (name.to_owned(), layer(bundled_wasm(name)))).collect()
}

/// A host with the bundled layers.
pub fn bundled() -> Host {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    Host { kernel: Kernel::start(options(folder.path(), bundled_layers())).unwrap(), _folder: folder }
}

/// A call in the default space.
pub fn request(operation: &str, arguments: Value) -> CallRequest {
    CallRequest {
        space: "default".into(),
        principal: Principal::local(),
        operation: operation.to_owned(),
        arguments: arguments.as_object().cloned().expect("arguments are an object"),
        dry_run: false,
        cancelled: Arc::default(),
        progress: None,
    }
}

impl Host {
    /// Calls and waits.
    pub fn call(&self, operation: &str, arguments: Value) -> Result<CallAnswer, CallError> {
        self.run(request(operation, arguments))
    }

    /// Calls and waits for the answer's value; panics on an error.
    pub fn ok(&self, operation: &str, arguments: Value) -> Value {
        self.call(operation, arguments).unwrap_or_else(|error| panic!("{operation}: {error}")).value
    }

    /// Runs a request.
    pub fn run(&self, request: CallRequest) -> Result<CallAnswer, CallError> {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(self.kernel.call(request))
    }
}

/// One cache of compiled components for all: compiling them is not what is looked at.
fn cache() -> std::path::PathBuf {
    concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled").into()
}
