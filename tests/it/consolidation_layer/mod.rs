//! The consolidation layer over real runs: what it tells is what happened, counted by hand.

mod asked;
mod settled;
mod told;

use crate::kit::kit;
use crate::support::{Host, bundled_layers, guest, layer, options};
use memstrata_kernel::{Consolidate, Kernel, Kit, Principal, RunReport, test_component};
use memstrata_runtime::Limits;
use memstrata_store::{CommitMeta, Deadline, Namespace, ReadLimits, SessionOptions};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A host with the bundled layers and strategies, and nothing in the background.
fn host() -> Host {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut layers = bundled_layers();
    let own = layers.get_mut("consolidation").unwrap();
    own.settings.insert(
        "strategies".into(),
        json!({"session": "dual_process", "semantic": "semantic_cluster", "speed": "decay"}),
    );
    // Another strategy that does as it is told, for conflicts.
    let mut strategist = layer(guest("strategist"));
    strategist.grants.interfaces = BTreeSet::from(["store-read".to_owned()]);
    strategist.grants.reads = BTreeSet::from(["episodic.events".to_owned(), "semantic.memories".to_owned()]);
    strategist.grants.writes = strategist.grants.reads.clone();
    strategist.settings.insert("do".into(), "summarise".into());
    layers.insert("strategist".into(), strategist);
    let mut options = options(folder.path(), layers);
    options.background = false;
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

fn consolidate(host: &Host, strategy: &str, trigger: &str) -> RunReport {
    let asked = Consolidate {
        strategy: Some(strategy.into()),
        trigger: trigger.into(),
        ..Consolidate::new("default", Principal::local())
    };
    host.kernel.consolidate(&asked).unwrap()
}

/// Two sessions, each with a decision and something done.
fn recorded(host: &Host) -> Vec<u64> {
    let mut ids = Vec::new();
    for (session, kind, content) in [
        ("a", "decision", "use sqlite as the store"),
        ("a", "action", "wrote the schema of the store"),
        ("b", "decision", "use rust for the host"),
        ("b", "action", "wrote the host crate"),
    ] {
        let event = json!({"content": content, "event_type": kind, "session_id": session, "outcome": "success"});
        ids.push(host.ok("episodic.record_event", event)["id"].as_u64().unwrap());
    }
    ids
}

/// Who stands for the host's trigger.
const LISTENER: &str = "test.listener";

/// What the last request told the host.
fn heard(host: &Host) -> Value {
    let space = host.kernel.open_space("default").unwrap();
    space.next_due(LISTENER, "consolidation.requested").unwrap().unwrap().payload.unwrap()
}

/// A session that writes for a layer, besides its component.
fn session(layer: &str) -> SessionOptions {
    SessionOptions {
        layer: layer.into(),
        component: "test".into(),
        scope: Namespace::default(),
        now: 1,
        deadline: Deadline::within(std::time::Duration::from_secs(10)),
        limits: ReadLimits::default(),
        binding: String::new(),
        read_only: false,
        as_of: None,
    }
}

/// Writes a row of the host's records, as a shadow run or a promotion would.
fn record(host: &Host, collection: &str, row: Value) -> u64 {
    let space = host.kernel.open_space("default").unwrap();
    let mut session = space.session(session("host"));
    let id = session.insert(&space.collection(collection).unwrap(), row.as_object().cloned().unwrap()).unwrap();
    space.commit(session.finish(), CommitMeta::default(), None).unwrap();
    id
}

fn near(value: &Value, expected: f64) -> bool {
    value["value"].as_f64().is_some_and(|value| (value - expected).abs() < 1e-4)
}

fn code(host: &Host, operation: &str, arguments: Value) -> String {
    host.call(operation, arguments).unwrap_err().code
}

#[test]
fn the_component_passes_its_own_examples_and_is_small() {
    let wasm = memstrata_bundle::bundled("consolidation").unwrap().bytes().unwrap().to_vec();
    assert!(wasm.len() < 1_200_000, "{} bytes", wasm.len());
    let report = test_component(wasm, &Kit { settings: Map::new(), limits: Limits::default(), ..kit("") });
    let failed: Vec<_> = report.checks.iter().filter(|check| !check.ok).collect();
    assert!(report.ok(), "{failed:#?}");
    assert!(report.checks.len() >= 46, "23 operations, each with an example and hostile arguments");
}
