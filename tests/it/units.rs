//! Units by cluster: the host puts rows of one meaning together, the same way each time.

use crate::support::{Host, bundled_layers, guest, layer, options};
use memstrata_kernel::{Consolidate, Kernel, Mode, Principal, RunReport};
use serde_json::json;
use std::sync::Arc;

/// The test strategy with clusters as its units; the manifest in the component keeps its length.
fn clustering() -> Vec<u8> {
    const BEFORE: &[u8] = br#""by": "field", "field": "session_id", "order": "timestamp""#;
    const AFTER: &[u8] = br#""by": "cluster", "threshold": 0.6, "order": "timestamp""#;
    let mut wasm = guest("strategist").to_vec();
    let places: Vec<usize> = (0..wasm.len() - BEFORE.len()).filter(|at| wasm[*at..].starts_with(BEFORE)).collect();
    assert_eq!(places.len(), 1, "the manifest stands in the component once");
    let place = &mut wasm[places[0]..places[0] + BEFORE.len()];
    place.fill(b' ');
    place[..AFTER.len()].copy_from_slice(AFTER);
    wasm
}

fn host() -> Host {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut layers = bundled_layers();
    layers.retain(|name, _| ["episodic", "semantic"].contains(&name.as_str()));
    layers.insert("strategist".into(), layer(clustering()));
    let mut options = options(folder.path(), layers);
    options.background = false;
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    assert_eq!(host.kernel.health().status, "healthy", "{:?}", host.kernel.health().layers);
    host
}

fn record(host: &Host, content: &str) -> u64 {
    host.ok("episodic.record_event", json!({"content": content, "event_type": "action"}))["id"].as_u64().unwrap()
}

fn run(host: &Host, mode: Mode) -> RunReport {
    let asked = Consolidate { mode, ..Consolidate::new("default", Principal::local()) };
    host.kernel.consolidate(&asked).unwrap()
}

fn units(report: &RunReport) -> Vec<(String, usize)> {
    report.details.iter().map(|unit| (unit.unit.clone(), unit.rows)).collect()
}

#[test]
fn rows_of_one_meaning_are_a_unit_and_those_without_a_vector_are_one_more() {
    let host = host();
    let garden = record(&host, "The garden roses need water in summer");
    let blank = record(&host, "\u{13000}\u{13001}");
    let deploy = record(&host, "The deployment of the server failed with a timeout");
    record(&host, "Garden roses need a lot of water in the summer");
    record(&host, "\u{13002}");
    record(&host, "Deployment failed, the server had a timeout");
    record(&host, "In summer the roses in the garden need more water");

    let dry = run(&host, Mode::DryRun);
    let wanted = vec![(format!("m:{garden}"), 3), (format!("m:{deploy}"), 2), (format!("-@m:{blank}"), 2)];
    assert_eq!(units(&dry), wanted);
    assert_eq!(units(&run(&host, Mode::DryRun)), wanted, "the same rows are the same units");
    let applied = run(&host, Mode::Apply);
    assert_eq!((applied.status, applied.applied, applied.created, units(&applied)), ("done", 3, 3, wanted));
    assert_eq!(run(&host, Mode::Apply).units, 0);
}

#[test]
fn a_cluster_is_cut_at_the_strategys_most_rows() {
    let host = host();
    let first = record(&host, "The same old thing happened here once again");
    for nth in 1..60 {
        record(&host, &format!("The same old thing happened here once again {nth}"));
    }
    let report = run(&host, Mode::DryRun);
    let sizes: Vec<usize> = report.details.iter().map(|unit| unit.rows).collect();
    assert_eq!((sizes, &report.details[0].unit), (vec![50, 10], &format!("m:{first}")));
}
