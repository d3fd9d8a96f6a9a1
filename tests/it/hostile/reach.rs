//! Guests that reach for interfaces and collections they were not granted.

use super::{changed, harmless, host, refused, row, serves, stage, state};
use crate::support::{Host, all_grants, guest, layer};
use memstrata_kernel::LayerOptions;
use memstrata_runtime::Grants;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const INTERFACES: [&str; 8] = ["store-read", "store-write", "search", "vectors", "hints", "events", "files", "llm"];

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn granted(wasm: &[u8], grants: Grants) -> LayerOptions {
    LayerOptions { grants, ..layer(wasm) }
}

#[test]
fn a_needed_interface_that_is_not_granted_refuses_the_load_and_is_named() {
    let wasm = changed(|told| {
        told["imports"]
            .as_array_mut()
            .unwrap()
            .extend(["search", "vectors", "hints", "events", "files", "llm"].map(Value::from));
        told["optional_imports"] = json!([]);
    });
    for missing in INTERFACES {
        let rest: Vec<&str> = INTERFACES.into_iter().filter(|name| *name != missing).collect();
        let grants = Grants { interfaces: names(&rest), ..Grants::default() };
        let host = host([("hostile", granted(&wasm, grants))], |_| {});
        let health = &host.kernel.health().layers["hostile"];
        assert_eq!(health.status, "failed", "{missing}");
        assert!(health.problems[0].contains(&format!("`{missing}`, which is not granted")), "{:?}", health.problems);
        assert_eq!(host.call("hostile.good", json!({})).unwrap_err().code, "not-found.operation");
    }
}

#[test]
fn an_optional_interface_that_is_not_granted_answers_denied() {
    let wasm = changed(|told| {
        let optional = told["optional_imports"].as_array_mut().unwrap();
        optional.extend(["store-read", "store-write"].map(Value::from));
        told["imports"].as_array_mut().unwrap().retain(|name| !INTERFACES.contains(&name.as_str().unwrap()));
    });
    let host = host([("hostile", granted(&wasm, Grants::default()))], |_| {});
    let before = state(&host);
    for interface in INTERFACES {
        let error = host.call("hostile.use_interface", json!({ "interface": interface })).unwrap_err();
        assert_eq!(error.code, format!("denied.{interface}"));
    }
    let error = host.call("hostile.use_interface", json!({ "interface": "store-read.query" })).unwrap_err();
    assert_eq!(error.code, "denied.store-read");
    assert_eq!(state(&host), before);
    let answer = host.ok("hostile.use_interface", json!({ "interface": "harmless" }));
    assert_eq!(answer["stop"], false, "what touches nobody needs no grant, and the host serves");
}

#[test]
fn a_model_nobody_configured_says_so() {
    let host = stage(|_| {});
    refused(&host, "hostile.use_interface", json!({ "interface": "llm" }), "not-configured.llm");
}

/// The hostile layer beside a victim with one secret row; its id.
fn beside_a_victim(hostile: LayerOptions) -> (Host, u64) {
    let victim = changed(|told| told["name"] = json!("victim"));
    let host = host([("hostile", hostile), ("victim", layer(&victim))], |_| {});
    let health = host.kernel.health();
    assert_eq!(health.status, "healthy", "{:?}", health.layers);
    let id = host.ok("victim.good", json!({ "text": "a secret of the victim" }))["id"].as_u64().unwrap();
    (host, id)
}

#[test]
fn collections_of_others_are_not_read_unless_the_manifest_says_so() {
    // Everything is granted, but the manifest declares no reads: only what is declared counts.
    let (host, id) = beside_a_victim(layer(guest("hostile")));
    let foreign = |how: &str| json!({ "how": how, "collection": "victim.items", "id": id });
    for how in ["get", "get_many", "history", "count", "rows", "expect", "of_rows", "nearest", "search"] {
        refused(&host, "hostile.foreign", foreign(how), "denied.read");
    }
    for name in ["victim.items\" --", "victim.", ".items", "victim.items ", "VICTIM.items"] {
        refused(&host, "hostile.foreign", json!({ "how": "count", "collection": name }), "denied.read");
    }
    assert_eq!(harmless(&host, "hostile.foreign", foreign("locate"))["value"], Value::Null);
    for how in ["search_all", "seeds"] {
        let found = harmless(&host, "hostile.foreign", foreign(how))["value"].clone();
        assert!(!found.as_array().unwrap().contains(&json!(id)), "{how}: {found}");
    }
    let own = harmless(&host, "victim.foreign", foreign("search_all"))["value"].clone();
    assert!(own.as_array().unwrap().contains(&json!(id)), "its owner finds it: {own}");
    serves(&host);
}

#[test]
fn rows_of_others_are_not_reached_through_an_own_collection() {
    let (host, id) = beside_a_victim(layer(guest("hostile")));
    let foreign = |how: &str| json!({ "how": how, "collection": "items", "id": id });
    assert_eq!(harmless(&host, "hostile.foreign", foreign("own_get"))["value"], Value::Null);
    assert_eq!(harmless(&host, "hostile.foreign", foreign("own_rows"))["value"], json!([false]));
    assert_eq!(harmless(&host, "hostile.foreign", foreign("own_history"))["value"], json!([]));
    for verb in ["update", "add", "max", "delete", "restore", "erase"] {
        refused(&host, "hostile.change", json!({ "verb": verb, "id": id }), "not-found");
    }
}

#[test]
fn collections_of_others_are_not_written() {
    let (host, id) = beside_a_victim(layer(guest("hostile")));
    for verb in ["update", "add", "max", "delete", "restore", "erase"] {
        let arguments = json!({ "verb": verb, "collection": "victim.items", "id": id });
        refused(&host, "hostile.change", arguments, "denied.write");
    }
    refused(&host, "hostile.foreign", json!({ "how": "insert", "collection": "victim.items" }), "denied.write");
}

#[test]
fn a_grant_to_read_is_no_grant_to_write() {
    let wasm = changed(|told| told["reads"] = json!(["victim.items"]));
    let grants = Grants { reads: names(&["victim.items"]), writes: BTreeSet::new(), ..all_grants() };
    let (host, id) = beside_a_victim(granted(&wasm, grants));
    let get = json!({ "how": "get", "collection": "victim.items", "id": id });
    assert_eq!(harmless(&host, "hostile.foreign", get)["value"]["text"], "a secret of the victim");
    refused(
        &host,
        "hostile.change",
        json!({ "verb": "delete", "collection": "victim.items", "id": id }),
        "denied.write",
    );
}

#[test]
fn collections_nobody_has_are_not_found() {
    let host = stage(|_| {});
    for name in ["nothing", "items\"; DROP TABLE journal; --", "hostile.nothing", "sqlite_master", "journal", ""] {
        refused(&host, "hostile.query", json!({ "collection": name }), "not-found");
        refused(&host, "hostile.insert", json!({ "collection": name, "row": {} }), "not-found");
    }
}

#[test]
fn a_caller_limited_to_a_namespace_gets_no_further_through_any_guest() {
    let host = stage(|_| {});
    let outside = row(&host);
    let inside = |operation: &str, arguments: Value| {
        let mut request = crate::support::request(operation, arguments);
        request.principal.scope = memstrata_store::Namespace::parse("user:alice").unwrap();
        host.run(request)
    };
    let before = state(&host);
    let mut failed = Vec::new();
    for (operation, arguments) in [
        ("hostile.insert", json!({ "row": { "text": "x", "namespace": "user:bob" } })),
        ("hostile.insert", json!({ "row": { "text": "x", "namespace": "user:alice2" } })),
    ] {
        failed.push(inside(operation, arguments).unwrap_err().code);
    }
    assert_eq!(failed, ["denied.namespace", "denied.namespace"]);
    for verb in ["update", "add", "delete", "restore", "erase"] {
        let error = inside("hostile.change", json!({ "verb": verb, "id": outside })).unwrap_err();
        assert_eq!(error.code, "not-found", "{verb}");
    }
    assert_eq!(state(&host), before);
    assert_eq!(inside("hostile.query", json!({})).unwrap().value["count"], 0);
    assert_eq!(inside("hostile.query", json!({ "namespace": "user:bob" })).unwrap().value["count"], 0);
    let get = json!({ "how": "get", "collection": "items", "id": outside });
    assert_eq!(inside("hostile.foreign", get).unwrap().value["value"], Value::Null);
    serves(&host);
}

#[test]
fn to_forget_and_to_ask_for_the_state_has_the_same_bounds() {
    use memstrata_kernel::{Forget, Principal};
    let host = stage(|_| {});
    let id = row(&host);
    let before = state(&host);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let forget = |principal: &Principal, ids: Vec<u64>| {
        let forget = Forget { ids, ..Forget::default() };
        runtime.block_on(host.kernel.forget("default", principal, forget))
    };
    let local = Principal::local();
    let elsewhere = Principal { spaces: Some(vec!["another".into()]), ..local.clone() };
    assert_eq!(forget(&elsewhere, vec![id]).unwrap_err().code, "denied.space");
    assert_eq!(runtime.block_on(host.kernel.status("default", &elsewhere)).unwrap_err().code, "denied.space");
    let reader = Principal { may_write: false, ..local.clone() };
    assert_eq!(forget(&reader, vec![id]).unwrap_err().code, "denied.write");
    for ids in [vec![], vec![id; 1001]] {
        assert_eq!(forget(&local, ids).unwrap_err().code, "invalid.argument");
    }
    let alice = Principal { scope: memstrata_store::Namespace::parse("user:alice").unwrap(), ..local.clone() };
    assert_eq!(forget(&alice, vec![id]).unwrap()["not_found"], json!([id]));
    assert_eq!(state(&host), before);
    let keyed = |ids: Vec<u64>| Forget { ids, idempotency_key: Some("k".into()), ..Forget::default() };
    runtime.block_on(host.kernel.forget("default", &local, keyed(vec![id]))).unwrap();
    let other = runtime.block_on(host.kernel.forget("default", &local, keyed(vec![id + 1])));
    assert_eq!(other.unwrap_err().code, "conflict.idempotency");
    serves(&host);
}

#[test]
fn a_caller_who_may_only_read_starts_no_operation_that_writes() {
    let host = stage(|_| {});
    let mut request = crate::support::request("hostile.good", json!({}));
    request.principal.may_write = false;
    let before = state(&host);
    assert_eq!(host.run(request).unwrap_err().code, "denied.write");
    let mut request = crate::support::request("hostile.query", json!({}));
    request.principal.spaces = Some(vec!["another".into()]);
    assert_eq!(host.run(request).unwrap_err().code, "denied.space");
    assert_eq!(state(&host), before);
    serves(&host);
}
