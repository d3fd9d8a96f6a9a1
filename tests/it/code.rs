//! The code of a component is read when it is first called, and never compiled within a call.

use crate::support::{Host, guest, layer, options};
use memstrata_kernel::Kernel;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A host with one layer and a cache of its own, in a folder that stays.
fn start(folder: &Arc<tempfile::TempDir>) -> Host {
    let layers = BTreeMap::from([("hostile".to_owned(), layer(guest("hostile")))]);
    let mut options = options(folder.path(), layers);
    options.cache = Some(folder.path().join("compiled"));
    options.background = false;
    Host { kernel: Kernel::start(options).unwrap(), _folder: Arc::clone(folder) }
}

/// The files of the cache that end like this.
fn kept(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("compiled")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

fn good(host: &Host) -> Result<(), String> {
    host.call("hostile.good", json!({ "text": "a" })).map(drop).map_err(|error| error.code)
}

#[test]
fn a_component_that_was_compiled_once_is_known_without_its_code() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    good(&start(&folder)).unwrap();
    let (code, facts) = (kept(folder.path(), ".cwasm"), kept(folder.path(), ".facts"));
    assert_eq!((code.len(), facts.len()), (1, 1));
    // Code that is damaged, but there: the start does not look at it, the first call does.
    let sound = std::fs::read(&code[0]).unwrap();
    std::fs::write(&code[0], &sound[..sound.len() - 1]).unwrap();
    let host = start(&folder);
    assert_eq!(host.kernel.health().layers["hostile"].status, "ok");
    let error = host.call("hostile.good", json!({ "text": "a" })).unwrap_err();
    assert_eq!((error.code.as_str(), error.retry_after_ms), ("unavailable.component", Some(1_000)), "{error}");
    let begun = Instant::now();
    while good(&host).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is not compiled anew");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(host);
    // Facts that were not made here are not believed: the component is asked again.
    std::fs::write(&facts[0], b"{}").unwrap();
    good(&start(&folder)).unwrap();
    // Without the code they say nothing either.
    std::fs::remove_file(&code[0]).unwrap();
    good(&start(&folder)).unwrap();
    assert_eq!(kept(folder.path(), ".cwasm").len(), 1);
}
