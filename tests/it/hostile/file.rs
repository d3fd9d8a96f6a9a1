//! Files that are no component of this host: no WebAssembly, a core module, another world, another version.

use super::wat::Body;
use super::{CACHE, changed, serves, stage, state, telling};
use crate::support::{all_grants, guest, options};
use memstrata_runtime::{Limits, Runtime};
use serde_json::{Map, json};
use std::sync::{Arc, LazyLock};

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Runtime::new(Limits::default(), 32, Some(&CACHE)).unwrap()));

/// Loads it, expects to be refused, and for this reason.
#[track_caller]
fn not_loaded(wasm: &[u8], reason: &str) {
    let error = RUNTIME.load("test", wasm, &all_grants(), &Map::new()).map(drop).unwrap_err();
    assert!(error.to_string().contains(reason), "{error}");
}

fn sound() -> Body {
    Body::call("unreachable")
}

#[test]
fn what_is_no_webassembly_is_refused() {
    for bytes in [&b""[..], b"\0", b"#!/bin/sh\necho", b"\0asm", &[0xff; 4096]] {
        not_loaded(bytes, "it is no");
    }
    // Text is not taken for a component, either.
    not_loaded(b"(component)", "it is no WebAssembly");
}

#[test]
fn a_core_module_is_refused_with_what_to_do() {
    not_loaded(&wat::parse_str("(module (func (export \"call\")))").unwrap(), "build for wasm32-wasip2");
}

#[test]
fn a_damaged_component_is_refused() {
    let whole = guest("hostile");
    not_loaded(&whole[..whole.len() / 2], "it is no component");
    let mut bent = whole.to_vec();
    let middle = bent.len() / 2;
    bent[middle..middle + 4000].fill(0xff);
    assert!(RUNTIME.load("test", &bent, &all_grants(), &Map::new()).is_err());
}

#[test]
fn a_component_of_another_world_is_refused_with_what_it_lacks() {
    not_loaded(&wat::parse_str("(component)").unwrap(), "it exports neither `manifest` and `call`");
    let renamed = r#"(component
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func (export "manifest") (canon lift (core func $i "f")))
        (func (export "call") (canon lift (core func $i "f"))))"#;
    not_loaded(&wat::parse_str(renamed).unwrap(), "its exports are not those of the world it is of");
}

#[test]
fn a_component_of_another_version_is_refused_with_both_versions() {
    not_loaded(&Body { version: "0.2.0", ..sound() }.wasm(), "memstrata:plugin/types@0.2.0; this host has version 0.1");
    let imports = r#"(import "memstrata:plugin/store-read@0.2.0" (instance (export "get" (func))))"#;
    not_loaded(&Body { imports: imports.into(), ..sound() }.wasm(), "memstrata:plugin/store-read@0.2.0");
}

#[test]
fn an_import_nobody_offers_is_refused_by_name() {
    for name in ["evil:host/shell@1.0.0", "memstrata:plugin/shell@0.1.0", "wasi:http/outgoing-handler@0.3.0"] {
        let imports = format!(r#"(import "{name}" (instance (export "run" (func))))"#);
        not_loaded(&Body { imports, ..sound() }.wasm(), &format!("it imports {name}, which this host does not have"));
    }
    let imports = r#"(import "wasi:made-up/thing@0.2.0" (instance (export "run" (func))))"#;
    not_loaded(&Body { imports: imports.into(), ..sound() }.wasm(), "does not link");
}

#[test]
fn a_known_interface_with_another_shape_is_refused() {
    let imports = r#"(import "memstrata:plugin/clock@0.1.0" (instance (export "now" (func (result string)))))"#;
    let mut body = Body { imports: imports.into(), ..sound() };
    body.manifest = body.manifest.replace("\"log\"", "\"log\",\"clock\"");
    not_loaded(&body.wasm(), "does not link");
}

#[test]
fn a_layer_that_does_not_load_leaves_the_others_serving() {
    let host = super::host(
        [("hostile", crate::support::layer(guest("hostile"))), ("broken", crate::support::layer(b"nothing"))],
        |_| {},
    );
    let health = host.kernel.health();
    assert_eq!((health.status.as_str(), health.layers["broken"].status.as_str()), ("degraded", "failed"));
    serves(&host);
}

#[test]
fn a_component_serves_under_its_own_name_only() {
    let sound = || crate::support::layer(guest("hostile"));
    let host = super::host([("hostile", sound()), ("other", sound())], |_| {});
    let health = &host.kernel.health().layers["other"];
    assert!(health.problems[0].contains("the component is layer `hostile`, not `other`"), "{health:?}");
    serves(&host);
}

#[test]
fn the_hosts_own_name_is_no_layers() {
    let wasm = changed(|told| told["name"] = json!("host"));
    let host = super::host(
        [("host", crate::support::layer(&wasm)), ("hostile", crate::support::layer(guest("hostile")))],
        |_| {},
    );
    let health = &host.kernel.health().layers["host"];
    assert!(health.status == "failed" && health.problems[0].contains("the host's own name"), "{health:?}");
    serves(&host);
}

#[test]
fn a_swap_to_what_does_not_load_changes_nothing() {
    let host = stage(|_| {});
    let digest = host.kernel.health().layers["hostile"].digest.clone();
    let before = state(&host);
    let other_name = changed(|told| told["name"] = json!("another"));
    let hosts_name = changed(|told| told["name"] = json!("host"));
    let error = host.kernel.swap("host", &hosts_name, "test").map(drop).unwrap_err();
    assert_eq!(error.code, "not-found.layer", "what is not configured is not swapped in");
    let other_fields = changed(|told| told["collections"]["items"]["fields"]["n"]["type"] = json!("text"));
    let failing = changed(|told| {
        told["operations"]["good"]["examples"] = json!([{ "arguments": {}, "fault": "not-found" }]);
    });
    for wasm in [b"nothing".to_vec(), telling("!trap "), other_name, other_fields, failing] {
        assert!(host.kernel.swap("hostile", &wasm, "test").is_err());
        assert_eq!(host.kernel.health().layers["hostile"].digest, digest);
        assert_eq!(state(&host), before);
    }
    serves(&host);
}

#[test]
fn the_test_kit_names_what_is_wrong() {
    let kit = memstrata_kernel::Kit { settings: Map::new(), ..crate::kit::kit("") };
    let report = memstrata_kernel::test_component(b"nothing", &kit);
    assert!(!report.ok());
    let wasm = changed(|told| {
        told["operations"]["panic"]["examples"] = json!([{ "arguments": {} }]);
    });
    let report = memstrata_kernel::test_component(&wasm, &kit);
    assert!(!report.ok());
    assert!(
        report.checks.iter().any(|check| !check.ok && check.message.contains("plugin.trap")),
        "{:?}",
        report.checks
    );
}

#[test]
fn a_data_folder_that_is_a_file_is_told_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    std::fs::write(&path, "a file").unwrap();
    let error = memstrata_kernel::Kernel::start(options(&path, Default::default())).map(drop).unwrap_err();
    assert_eq!(error.code, "unavailable.data");
    assert!(error.message.contains("--data"), "{error}");
}
