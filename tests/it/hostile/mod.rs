//! The hostile suite: guests and inputs that the host must stop, each with a code, without a trace, and serving on.

mod answer;
mod argument;
mod crowd;
mod file;
mod folder;
mod lie;
mod parts;
mod reach;
mod size;
mod time;
mod value;
mod wat;
mod world;
mod write;

use crate::support::{Host, guest, layer, options};
use memstrata_kernel::{CallError, Kernel, KernelOptions, LayerOptions};
use memstrata_runtime::Runtime;
use memstrata_store::{Deadline, Namespace, Query, ReadLimits, SessionOptions};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// What stands in front of the manifest in the guest's data, and the room they have together.
const MARKER: &[u8] = b"memstrata hostile manifest here:";
const ROOM: usize = 16 * 1024;

/// Compiled code is kept from test to test, and from run to run: the guest is compiled once.
static CACHE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile-cache");
    // The key is made here, once, and not by two tests at a time.
    Runtime::new(memstrata_runtime::Limits::default(), 1, Some(&folder)).unwrap();
    folder
});

/// The guest's own manifest.
fn manifest() -> Value {
    serde_json::from_str(include_str!("../../guests/hostile/src/manifest.json")).unwrap()
}

/// The guest with another manifest, of which every byte is the test's.
fn telling(text: &str) -> Vec<u8> {
    let mut wasm = guest("hostile").to_vec();
    let places: Vec<usize> = (0..wasm.len() - MARKER.len()).filter(|at| wasm[*at..].starts_with(MARKER)).collect();
    assert_eq!(places.len(), 1, "the manifest's buffer stands in the component once");
    let buffer = &mut wasm[places[0]..places[0] + ROOM][MARKER.len()..];
    assert!(text.len() <= buffer.len(), "the manifest has {} bytes, {} have room", text.len(), buffer.len());
    buffer.fill(b' ');
    buffer[..text.len()].copy_from_slice(text.as_bytes());
    wasm
}

/// The guest with its manifest changed.
pub(crate) fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut told = manifest();
    change(&mut told);
    telling(&told.to_string())
}

/// A host with some layers, whose compiled code is shared.
fn host(
    layers: impl IntoIterator<Item = (&'static str, LayerOptions)>,
    change: impl FnOnce(&mut KernelOptions),
) -> Host {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(&*CACHE, folder.path().join("cache")).unwrap();
    let layers: BTreeMap<String, LayerOptions> =
        layers.into_iter().map(|(name, layer)| (name.to_owned(), layer)).collect();
    let mut options = KernelOptions { background: false, ..options(folder.path(), layers) };
    change(&mut options);
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

/// A host with the hostile layer, granted everything it asks for.
pub(crate) fn stage(change: impl FnOnce(&mut KernelOptions)) -> Host {
    let host = host([("hostile", layer(guest("hostile")))], change);
    assert_eq!(host.kernel.health().layers["hostile"].status, "ok", "{:?}", host.kernel.health().layers);
    host
}

/// What a call must not have changed: the journal's end, and the rows of every collection.
#[derive(Debug, PartialEq)]
struct State {
    sequence: u64,
    rows: Vec<(String, u64)>,
}

fn state(host: &Host) -> State {
    let space = host.kernel.open_space("default").unwrap();
    let mut session = space.session(SessionOptions {
        layer: "test".into(),
        component: String::new(),
        scope: Namespace::default(),
        now: 0,
        deadline: Deadline::within(Duration::from_secs(60)),
        limits: ReadLimits::default(),
        binding: String::new(),
        read_only: true,
        as_of: None,
    });
    let mut count = |collection| {
        let mut query = Query::new(collection);
        query.with_deleted();
        session.count(&query).unwrap()
    };
    let rows = space.collections().into_iter().map(|one| (one.name().to_owned(), count(one))).collect();
    State { sequence: space.latest().unwrap(), rows }
}

/// A sound call is answered and written.
#[track_caller]
fn serves(host: &Host) {
    let before = state(host).sequence;
    host.ok("hostile.good", json!({}));
    assert_eq!(state(host).sequence, before + 1, "the good call is in the journal");
}

/// Calls, expects the code, no trace of the call, and a host that serves on.
#[track_caller]
fn refused(host: &Host, operation: &str, arguments: Value, code: &str) -> CallError {
    let before = state(host);
    let error = match host.call(operation, arguments.clone()) {
        Err(error) => error,
        Ok(answer) => panic!("{operation} {arguments} was answered: {:.200}", answer.value.to_string()),
    };
    assert_eq!(error.code, code, "{operation} {arguments}: {error}");
    assert!(!error.message.is_empty() && error.message.len() < 9000, "a sentence: {:.200}", error.message);
    assert_eq!(state(host), before, "{operation} {arguments} left a trace");
    serves(host);
    error
}

/// Calls, expects an answer, and no trace of the call.
#[track_caller]
fn harmless(host: &Host, operation: &str, arguments: Value) -> Value {
    let before = state(host);
    let answer = host.ok(operation, arguments);
    assert_eq!(state(host), before, "{operation} left a trace");
    answer
}

/// The id of a new row.
fn row(host: &Host) -> u64 {
    host.ok("hostile.good", json!({}))["id"].as_u64().unwrap()
}
