//! The bundled layers: each keeps its own contract.

use crate::kit::kit;
use crate::support::bundled_wasm;
use memstrata_kernel::{Kit, test_component};
use memstrata_runtime::Limits;
use serde_json::Map;

#[test]
fn each_runs_all_its_examples_and_withstands_arguments_nobody_means() {
    for name in memstrata_bundle::names() {
        let kit = Kit { settings: Map::new(), limits: Limits::default(), ..kit("") };
        let report = test_component(bundled_wasm(name), &kit);
        let failed: Vec<_> = report.checks.iter().filter(|check| !check.ok).collect();
        assert!(failed.is_empty(), "{name}: {failed:?}");
        assert!(
            report.kind == "strategy" || report.checks.iter().any(|check| check.name.contains("example")),
            "{name}"
        );
    }
}
