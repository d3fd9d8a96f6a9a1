//! Layers that are on their way into the bundle: each keeps its own contract.

use crate::kit::kit;
use crate::support::guest;
use memstrata_kernel::{Kit, test_component};
use memstrata_runtime::Limits;
use serde_json::Map;

#[test]
fn each_runs_all_its_examples_and_withstands_arguments_nobody_means() {
    for name in ["graph", "procedural", "prospective", "working"] {
        let kit = Kit { settings: Map::new(), limits: Limits::default(), ..kit("") };
        let report = test_component(guest(name), &kit);
        let failed: Vec<_> = report.checks.iter().filter(|check| !check.ok).collect();
        assert!(failed.is_empty(), "{name}: {failed:?}");
        let examples = report.checks.iter().filter(|check| check.name.contains("example")).count();
        assert!(examples >= 20, "{name} has {examples} examples");
    }
}
