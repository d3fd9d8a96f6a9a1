//! A layer is replaced in running hosts, under load, and brought back.

use crate::running::{Server, fails, ok};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The bundled component with a custom section more: the same behaviour under another digest.
fn variant(folder: &Path, layer: &str, mark: u8) -> PathBuf {
    let mut wasm = memstrata_bundle::bundled(layer).unwrap().bytes().unwrap().to_vec();
    // Section 0 (custom), 3 bytes: a name of one byte, and the mark.
    wasm.extend([0, 3, 1, b'x', mark]);
    let path = folder.join(format!("{layer}-{mark}.wasm"));
    std::fs::write(&path, wasm).unwrap();
    path
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_swap_under_load_fails_no_call_and_rolls_back() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = [Server::start(folder.path(), &[]), Server::start(folder.path(), &[])].map(Arc::new);
    let old = hosts[0].digest("semantic");
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..4)
        .map(|nth| {
            let (host, stop, calls) = (Arc::clone(&hosts[nth % 2]), Arc::clone(&stop), Arc::clone(&calls));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let number = calls.fetch_add(1, Ordering::Relaxed);
                    assert!(host.remember(&format!("load {number}")).is_some(), "a call failed");
                }
            })
        })
        .collect();
    let new = variant(folder.path(), "semantic", 1);
    let swapped = ok(folder.path(), &["--json", "plugin", "swap", "semantic", new.to_str().unwrap()]);
    let swapped: Value = serde_json::from_str(&swapped).unwrap();
    assert!(swapped["self_tests"].as_u64().unwrap() > 0, "its examples ran before it was published");
    for host in &hosts {
        until("the new generation", || host.digest("semantic") == swapped["digest"].as_str().unwrap());
    }
    let before = calls.load(Ordering::Relaxed);
    until("calls on the new one", || calls.load(Ordering::Relaxed) > before + 10);
    ok(folder.path(), &["plugin", "rollback", "semantic"]);
    for host in &hosts {
        until("the old one", || host.digest("semantic") == old);
    }
    stop.store(true, Ordering::Relaxed);
    for thread in load {
        thread.join().expect("no call failed");
    }
    // A swap stands over restarts; so does a rollback.
    drop(hosts);
    assert_eq!(Server::start(folder.path(), &[]).digest("semantic"), old);
}

#[test]
fn what_does_not_load_or_is_another_layer_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let host = Server::start(folder.path(), &[]);
    let old = host.digest("semantic");
    let broken = folder.path().join("broken.wasm");
    std::fs::write(&broken, b"\0asm\x01\0\0\0").unwrap();
    let said = fails(folder.path(), &["plugin", "swap", "semantic", broken.to_str().unwrap()]);
    assert!(said.contains("core module"), "{said}");
    let other = variant(folder.path(), "episodic", 1);
    let said = fails(folder.path(), &["plugin", "swap", "semantic", other.to_str().unwrap()]);
    assert!(said.contains("is layer `episodic`"), "{said}");
    let said = fails(folder.path(), &["plugin", "swap", "nosuch", other.to_str().unwrap()]);
    assert!(said.contains("no layer `nosuch`"), "{said}");
    let said = fails(folder.path(), &["plugin", "rollback", "semantic"]);
    assert!(said.contains("no earlier generation"), "{said}");
    assert_eq!(host.digest("semantic"), old);
    assert!(host.remember("still here").is_some());
    let tested = ok(folder.path(), &["plugin", "test", variant(folder.path(), "retrieval", 1).to_str().unwrap()]);
    assert!(tested.contains("checks passed"), "{tested}");
    assert_eq!(json!(tested.contains("FAIL")), json!(false), "{tested}");
}
