//! Manifests that lie, differ, do not end, or do not read: refused with every reason; a bad operation alone is dropped.

use super::{CACHE, changed, host, manifest, serves, telling};
use crate::support::{all_grants, layer};
use memstrata_kernel::LayerOptions;
use memstrata_runtime::{Grants, Limits, LoadError, Plugin, Runtime};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Runtime::new(Limits::default(), 32, Some(&CACHE)).unwrap()));

fn load(wasm: &[u8]) -> Result<Plugin, LoadError> {
    RUNTIME.load("test", wasm, &all_grants(), &Map::new())
}

/// The guest with its manifest changed is refused for just this reason.
#[track_caller]
fn refused_for(change: impl FnOnce(&mut Value), reason: &str) {
    let error = load(&changed(change)).map(drop).unwrap_err();
    assert_eq!(error.faults.len(), 1, "{:?}", error.faults);
    assert!(error.faults[0].contains(reason), "{:?}", error.faults);
}

#[test]
fn the_truth_loads() {
    let plugin = load(&changed(|_| {})).unwrap();
    assert!(plugin.dropped().is_empty(), "{:?}", plugin.dropped());
    assert!(plugin.pooled());
}

#[test]
fn imports_must_be_told() {
    for name in ["store-write", "clock"] {
        let not_told = |told: &mut Value| told["imports"].as_array_mut().unwrap().retain(|one| one != name);
        refused_for(not_told, &format!("the component imports `{name}`, the manifest does not say so"));
    }
}

#[test]
fn imports_told_must_be_there() {
    // The component by hand imports nothing but `log`.
    let mut body = super::wat::Body::call("unreachable");
    body.manifest = body.manifest.replace("\"log\"", "\"log\",\"store-write\"");
    let error = load(&body.wasm()).map(drop).unwrap_err();
    assert!(error.to_string().contains("lists import `store-write`, the component does not import it"), "{error}");
    let made_up = |told: &mut Value| told["imports"].as_array_mut().unwrap().push(json!("shell"));
    refused_for(made_up, "`shell` is no interface of this host");
    let both = |told: &mut Value| told["optional_imports"].as_array_mut().unwrap().push(json!("clock"));
    refused_for(both, "both needed and optional");
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    refused_for(|told| told["trust_me"] = json!(true), "trust_me");
    refused_for(|told| told["operations"]["good"]["admin"] = json!(true), "admin");
    refused_for(|told| told["collections"]["items"]["public"] = json!(true), "public");
    refused_for(|told| told["collections"]["items"]["fields"]["n"]["sql"] = json!("x"), "sql");
}

#[test]
fn names_must_be_sound() {
    for name in ["", "Loud", "a__b", "a.b", "1a", "a\" --", &"x".repeat(32)] {
        refused_for(|told| told["name"] = json!(name), "name");
    }
    for name in ["Loud", "a__b", "a.b", "x\"; DROP TABLE journal; --"] {
        refused_for(|told| told["collections"][name] = told["collections"]["items"].clone(), "name");
        refused_for(|told| told["collections"]["items"]["fields"][name] = json!({ "type": "text" }), "field");
    }
}

#[test]
fn fields_of_the_host_are_reserved() {
    for name in ["id", "version", "namespace", "created_at", "deleted_at", "valid_from", "sources", "component"] {
        let reserved = |told: &mut Value| told["collections"]["items"]["fields"][name] = json!({ "type": "text" });
        refused_for(reserved, "no system field");
    }
}

#[test]
fn collections_must_make_sense() {
    refused_for(|told| told["collections"]["items"]["fields"]["n"]["search"] = json!(true), "are for text");
    refused_for(|told| told["collections"]["items"]["fields"]["note"]["embed"] = json!(true), "one field");
    refused_for(|told| told["collections"]["items"]["indexes"] = json!([["nothing"]]), "no field `nothing`");
    refused_for(|told| told["collections"]["items"]["recall"] = json!({ "text": "nothing" }), "no field `nothing`");
    refused_for(|told| told["collections"]["items"]["fields"]["n"]["default"] = json!("seven"), "default");
    refused_for(|told| told["collections"]["items"]["fields"]["n"]["type"] = json!("blob"), "blob");
}

#[test]
fn what_a_collection_declares_must_be_possible() {
    refused_for(|told| told["collections"]["bare"] = json!({ "fields": {} }), "it declares no fields");
    let field = |name: &'static str, value: Value, reason: &str| {
        refused_for(move |told| told["collections"]["items"]["fields"][name] = value, reason);
    };
    field("short", json!({ "type": "text", "max_bytes": 1_048_577 }), "max_bytes is at most 1048576");
    field("digest", json!({ "type": "text", "digest_of": "n" }), "digest_of is for text");
    field("digest", json!({ "type": "integer", "digest_of": "text" }), "digest_of is for text");
    refused_for(|told| told["collections"]["items"]["unique"]["Loud"] = json!(["n"]), "unique key `Loud`");
    refused_for(|told| told["collections"]["items"]["unique"]["none"] = json!([]), "name at least one field");
    let sequence = |told: &mut Value| {
        told["collections"]["items"]["sequence"] = json!({ "key": "note", "order": "n" });
        told["collections"]["items"]["fields"]["text"]["search"] = json!(false);
    };
    refused_for(sequence, "a sequence needs a field with search");
}

#[test]
fn another_version_of_the_manifest_is_refused() {
    for version in [json!(0), json!(2), json!(4_000_000_000_u32)] {
        refused_for(|told| told["manifest"] = version, "this host reads 1");
    }
}

#[test]
fn what_is_no_manifest_is_refused() {
    for text in ["", "{}", "[]", "null", "\"manifest\"", "{\"manifest\":1", "\u{0}"] {
        let error = load(&telling(text)).map(drop).unwrap_err();
        assert!(error.to_string().contains("does not read"), "{text:?}: {error}");
    }
}

#[test]
fn all_lies_are_told_at_once() {
    let wasm = changed(|told| {
        told["manifest"] = json!(7);
        told["name"] = json!("Loud");
        told["imports"].as_array_mut().unwrap().push(json!("shell"));
        told["reads"] = json!(["no_dot"]);
        told["schedules"] = json!([{ "name": "s", "every_ms": 1, "operation": "nothing" }]);
        told["events"] = json!([{ "name": "e", "on": "no_dot:explode", "operation": "nothing" }]);
    });
    let error = load(&wasm).map(drop).unwrap_err();
    assert_eq!(error.faults.len(), 8, "{:#?}", error.faults);
}

#[test]
fn reads_and_writes_wanted_must_be_granted() {
    let grants = Grants { reads: BTreeSet::new(), writes: BTreeSet::new(), ..all_grants() };
    for which in ["reads", "writes"] {
        let wasm = changed(|told| told[which] = json!(["victim.items"]));
        let error = RUNTIME.load("test", &wasm, &grants, &Map::new()).map(drop).unwrap_err();
        assert!(error.to_string().contains(&format!("`victim.items` in `{which}`")), "{error}");
    }
    let wasm = changed(|told| told["reads"] = json!(["*"]));
    let error = RUNTIME.load("test", &wasm, &grants, &Map::new()).map(drop).unwrap_err();
    assert!(error.to_string().contains("`*` in `reads`"), "{error}");
    refused_for(|told| told["writes"] = json!(["*"]), "must be `layer.collection`");
}

#[test]
fn a_bad_operation_is_dropped_and_the_others_live() {
    let bad = [
        ("misfit", "input", json!({ "type": "array" })),
        ("panic", "input", json!({ "type": "object", "anyOf": [] })),
        ("exit", "output", json!({ "type": "object", "properties": { "a": { "type": "strng" } } })),
        ("files", "input", json!({ "type": "object", "properties": { "a": { "$ref": "#/x" } } })),
        ("sleep", "input", json!({ "type": "object", "properties": { "a b": {} } })),
        ("page", "summary", json!("x".repeat(601))),
    ];
    let wasm = changed(|told| {
        for (operation, key, value) in &bad {
            told["operations"][operation][key] = value.clone();
        }
        told["operations"]["Loud"] = told["operations"]["good"].clone();
    });
    let host = host([("hostile", layer(&wasm))], |_| {});
    let health = &host.kernel.health().layers["hostile"];
    assert_eq!((health.status.as_str(), health.problems.len()), ("degraded", 7), "{:?}", health.problems);
    for (operation, _, _) in &bad {
        assert!(health.problems.iter().any(|problem| problem.contains(&format!("`{operation}`"))), "{operation}");
        let error = host.call(&format!("hostile.{operation}"), json!({})).unwrap_err();
        assert_eq!(error.code, "not-found.operation");
    }
    serves(&host);
}

#[test]
fn settings_that_do_not_fit_are_refused_and_defaults_filled_in() {
    let given = |settings: Value| RUNTIME.load("test", changed(|_| {}), &all_grants(), settings.as_object().unwrap());
    for (settings, reason) in [(json!({ "mood": 7 }), "settings/mood"), (json!({ "money": 7 }), "no setting `money`")] {
        let error = given(settings).map(drop).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let error = load(&changed(|told| told["settings"] = json!({ "type": "array" }))).map(drop).unwrap_err();
    assert!(error.to_string().contains("settings: its root must say"), "{error}");
    let settings = json!({ "mood": "wild" }).as_object().cloned().unwrap();
    let options = LayerOptions { settings, ..layer(changed(|_| {})) };
    let host = host([("hostile", options)], |_| {});
    assert_eq!(host.ok("hostile.settings", json!({})), json!({ "mood": "wild" }));
}

#[test]
fn a_manifest_that_does_not_end_is_stopped() {
    let started = Instant::now();
    let error = load(&telling("!loop ")).map(drop).unwrap_err();
    assert!(
        error.to_string().contains("its `manifest` failed") && error.to_string().contains("ran for 2000 ms"),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_manifest_that_keeps_the_host_busy_is_stopped() {
    // Hardly any time inside the component: its own two seconds would last for minutes.
    let started = Instant::now();
    let error = load(&telling("!busy ")).map(drop).unwrap_err();
    assert!(error.to_string().contains("the call ran out of time"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
}

#[test]
fn a_manifest_that_traps_grows_or_is_huge_is_refused() {
    for (word, reason) in [("trap", "panicked"), ("grow", "memory"), ("huge", "at most")] {
        let error = load(&telling(&format!("!{word} {}", manifest()))).map(drop).unwrap_err();
        assert!(error.to_string().contains(reason), "{word}: {error}");
    }
}

#[test]
fn a_manifest_that_differs_from_call_to_call_is_refused() {
    // Sandboxed, nothing differs but time: this one counts what it can do in 20 ms.
    let error = load(&telling(&format!("!differ {}", manifest()))).map(drop).unwrap_err();
    assert!(error.to_string().contains("answered differently the second time"), "{error}");
}

#[test]
fn nothing_is_granted_while_the_manifest_is_read() {
    let plugin = load(&telling(&format!("!store {}", manifest()))).unwrap();
    assert_eq!(plugin.manifest().summary, "denied.store-read");
}
