//! Components by hand that take what no compiler would: parts without end, handles, sockets, the world's randomness.

use super::wat::{Body, SOUND, wat_host};
use super::{CACHE, harmless, refused};
use crate::support::all_grants;
use memstrata_runtime::{CallContext, Limits, Models, Plugin, Runtime};
use memstrata_store::Deadline;
use serde_json::{Map, json};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Runtime::new(Limits::default(), 8, Some(&CACHE)).unwrap()));

fn load(body: &Body) -> Result<Plugin, String> {
    RUNTIME.load("test", body.wasm(), &all_grants(), &Map::new()).map_err(|error| error.to_string())
}

/// A component that also has so many instances of a module.
fn with_instances(module: &str, count: usize) -> Body {
    let instances = "(core instance (instantiate $part))".repeat(count);
    Body { imports: format!("(core module $part {module}) {instances}"), ..Body::call(SOUND) }
}

#[test]
fn a_component_is_made_of_so_many_parts() {
    for (module, fine, too_many) in
        [("", 50, 63), ("(table 1 funcref) (table 1 funcref)", 25, 32), ("(memory 1)", 6, 8)]
    {
        let large = load(&with_instances(module, fine)).unwrap();
        assert!(!large.pooled(), "more than a pooled slot holds");
        let error = load(&with_instances(module, too_many)).map(drop).unwrap_err();
        assert!(error.contains("its `manifest` failed"), "{too_many} of `{module}`: {error}");
    }
}

#[test]
fn a_component_too_large_for_the_pool_is_limited_all_the_same() {
    // 256 MiB, then 1 GiB: the pool holds 64 MiB, components beside it 512.
    assert!(load(&with_instances("(memory 4096)", 1)).is_ok_and(|plugin| !plugin.pooled()));
    let error = load(&with_instances("(memory 16384)", 1)).map(drop).unwrap_err();
    assert!(error.contains("wanted more than 536870912 bytes of memory"), "{error}");
}

#[test]
fn handles_of_a_guests_own_resources_are_counted() {
    let makes = |count: u32| Body {
        imports: "(type $own (resource (rep i32)))".into(),
        functions: vec![["make", "(param i32) (result i32)", "(canon resource.new $own)"]],
        ..Body::call(&format!(
            "(local $left i32) (local.set $left (i32.const {count}))
             (loop $again (drop (call $make (i32.const 1)))
               (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) {SOUND}"
        ))
    };
    let limit = |options: &mut memstrata_kernel::KernelOptions| options.limits.handles = 100;
    assert_eq!(harmless(&wat_host(&makes(90), limit), "raw.go", json!({})), json!({}));
    refused(&wat_host(&makes(150), limit), "raw.go", json!({}), "limit.handles");
}

#[test]
fn handles_of_networks_that_lead_nowhere_are_counted() {
    let asks = |count: u32| Body {
        imports: r#"(import "wasi:sockets/network@0.2.0" (instance $networks (export "network" (type (sub resource)))))
            (alias export $networks "network" (type $network))
            (import "wasi:sockets/instance-network@0.2.0" (instance $default
              (alias outer 1 $network (type $n)) (export "network" (type $network (eq $n)))
              (export "instance-network" (func (result (own $network))))))
            (alias export $default "instance-network" (func $make))"#
            .into(),
        functions: vec![["make", "(result i32)", "(canon lower (func $make))"]],
        ..Body::call(&format!(
            "(local $left i32) (local.set $left (i32.const {count}))
             (loop $again (drop (call $make))
               (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) {SOUND}"
        ))
    };
    let limit = |options: &mut memstrata_kernel::KernelOptions| options.limits.handles = 100;
    assert_eq!(harmless(&wat_host(&asks(90), limit), "raw.go", json!({})), json!({}));
    refused(&wat_host(&asks(150), limit), "raw.go", json!({}), "limit.handles");
}

#[test]
fn what_the_host_keeps_behind_handles_is_counted() {
    // Each sleep is one handle of the guest and two things in the host.
    let sleeps = |count: u32| Body {
        imports: r#"
            (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
            (alias export $poll "pollable" (type $pollable))
            (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
              (alias outer 1 $pollable (type $other))
              (export "pollable" (type $sleep (eq $other)))
              (export "subscribe-duration" (func (param "when" u64) (result (own $sleep))))))"#
            .into(),
        functions: vec![["sleep", "(param i64) (result i32)", "(canon lower (func $clock \"subscribe-duration\"))"]],
        ..Body::call(&format!(
            "(local $left i32) (local.set $left (i32.const {count}))
             (loop $again (drop (call $sleep (i64.const 1000000000)))
               (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) {SOUND}"
        ))
    };
    let limit = |options: &mut memstrata_kernel::KernelOptions| options.limits.handles = 100;
    assert_eq!(harmless(&wat_host(&sleeps(40), limit), "raw.go", json!({})), json!({}));
    refused(&wat_host(&sleeps(60), limit), "raw.go", json!({}), "limit.handles");
}

/// Imports the randomness of WASI.
const RANDOM: &str = r#"
    (import "wasi:random/random@0.2.0" (instance $random
      (export "get-random-bytes" (func (param "len" u64) (result (list u8))))
      (export "get-random-u64" (func (result u64)))))
    (import "wasi:random/insecure@0.2.0" (instance $insecure (export "get-insecure-random-u64" (func (result u64)))))
    (import "wasi:random/insecure-seed@0.2.0" (instance $seed (export "insecure-seed" (func (result (tuple u64 u64))))))"#;

#[test]
fn so_much_randomness_is_given_at_once() {
    let asks = |bytes: u64| Body {
        imports: RANDOM.into(),
        functions: vec![[
            "bytes",
            "(param i64 i32)",
            "(canon lower (func $random \"get-random-bytes\") (memory $memory \"memory\") (realloc (func $memory \"realloc\")))",
        ]],
        ..Body::call(&format!("(call $bytes (i64.const {bytes}) (i32.const 5000)) {SOUND}"))
    };
    assert_eq!(harmless(&wat_host(&asks(65_536), |_| {}), "raw.go", json!({})), json!({}));
    refused(&wat_host(&asks(1 << 20), |_| {}), "raw.go", json!({}), "plugin.trap");
}

#[test]
fn all_randomness_is_of_the_calls_seed() {
    // 32 bytes, answered as letters: one of each kind of 64 bits, and the seed of 128.
    let body = Body {
        imports: RANDOM.into(),
        functions: vec![
            ["secure", "(result i64)", "(canon lower (func $random \"get-random-u64\"))"],
            ["insecure", "(result i64)", "(canon lower (func $insecure \"get-insecure-random-u64\"))"],
            ["seed", "(param i32)", "(canon lower (func $seed \"insecure-seed\") (memory $memory \"memory\"))"],
        ],
        ..Body::call(
            "(local $at i32)
             (i64.store (i32.const 5000) (call $secure)) (i64.store (i32.const 5008) (call $insecure))
             (call $seed (i32.const 5016))
             (i32.store (i32.const 6000) (i32.const 0x226e227b))
             (i32.store16 (i32.const 6004) (i32.const 0x223a))
             (loop $again
               (i32.store8 (i32.add (i32.const 6006) (i32.shl (local.get $at) (i32.const 1)))
                 (i32.add (i32.const 97) (i32.and (i32.load8_u (i32.add (i32.const 5000) (local.get $at))) (i32.const 15))))
               (i32.store8 (i32.add (i32.const 6007) (i32.shl (local.get $at) (i32.const 1)))
                 (i32.add (i32.const 97) (i32.shr_u (i32.load8_u (i32.add (i32.const 5000) (local.get $at))) (i32.const 4))))
               (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 32))))
             (i32.store16 (i32.const 6070) (i32.const 0x7d22))
             (i32.store8 (i32.const 3000) (i32.const 0)) (i32.store (i32.const 3008) (i32.const 6000))
             (i32.store (i32.const 3012) (i32.const 72)) (i32.const 3000)",
        )
    };
    let plugin = load(&body).unwrap();
    let of_seed = |seed: u64| {
        let deadline = Deadline::within(Duration::from_secs(60));
        let models = Models::default();
        let context = CallContext { session: None, models, deadline, now: 0, seed, progress: None };
        let answer = plugin.call("go", "{}", context).unwrap().answer;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["n"].as_str().unwrap().to_owned()
    };
    let (one, again, other) = (of_seed(7), of_seed(7), of_seed(8));
    assert_eq!(one.len(), 64);
    for part in [0..16, 16..32, 32..64] {
        assert_eq!(one[part.clone()], again[part.clone()], "the same seed gives the same numbers");
        assert_ne!(one[part.clone()], other[part], "and another seed gives others");
    }
}

#[test]
fn no_socket_is_made() {
    for kind in ["tcp", "udp"] {
        let errors = [
            "unknown",
            "access-denied",
            "not-supported",
            "invalid-argument",
            "out-of-memory",
            "timeout",
            "concurrency-conflict",
            "not-in-progress",
            "would-block",
            "invalid-state",
            "new-socket-limit",
            "address-not-bindable",
            "address-in-use",
            "remote-unreachable",
            "connection-refused",
            "connection-reset",
            "connection-aborted",
            "datagram-too-large",
            "name-unresolvable",
            "temporary-resolver-failure",
            "permanent-resolver-failure",
        ];
        let errors: String = errors.iter().map(|name| format!("\"{name}\" ")).collect();
        let imports = format!(
            r#"(import "wasi:sockets/network@0.2.0" (instance $network
                 (type $errors (enum {errors})) (export "error-code" (type (eq $errors)))
                 (type $families (enum "ipv4" "ipv6")) (export "ip-address-family" (type (eq $families)))))
               (alias export $network "error-code" (type $error))
               (alias export $network "ip-address-family" (type $family))
               (import "wasi:sockets/{kind}@0.2.0" (instance $sockets (export "{kind}-socket" (type (sub resource)))))
               (alias export $sockets "{kind}-socket" (type $socket))
               (import "wasi:sockets/{kind}-create-socket@0.2.0" (instance $create
                 (alias outer 1 $error (type $e)) (export "error-code" (type $error (eq $e)))
                 (alias outer 1 $family (type $f)) (export "ip-address-family" (type $family (eq $f)))
                 (alias outer 1 $socket (type $s)) (export "{kind}-socket" (type $socket (eq $s)))
                 (export "create-{kind}-socket"
                   (func (param "address-family" $family) (result (result (own $socket) (error $error)))))))
               (alias export $create "create-{kind}-socket" (func $make))"#
        );
        // An answer if it is refused as `access-denied`, a trap otherwise.
        let body = Body {
            imports,
            functions: vec![["make", "(param i32 i32)", "(canon lower (func $make) (memory $memory \"memory\"))"]],
            ..Body::call(&format!(
                "(call $make (i32.const 0) (i32.const 5000))
                 (if (i32.ne (i32.load8_u (i32.const 5000)) (i32.const 1)) (then unreachable))
                 (if (i32.ne (i32.load8_u (i32.const 5004)) (i32.const 1)) (then unreachable)) {SOUND}"
            ))
        };
        assert_eq!(harmless(&wat_host(&body, |_| {}), "raw.go", json!({})), json!({}), "{kind}");
    }
}

#[test]
fn a_strategy_is_not_linked_to_what_writes() {
    let imports = r#"
        (alias export $types "fault" (type $told))
        (import "memstrata:plugin/events@0.1.0" (instance
          (alias outer 1 $told (type $f)) (export "fault" (type $fault (eq $f)))
          (export "emit" (func (param "name" string) (param "payload" string) (result (result (error $fault)))))))
        (instance $nothing) (export "memstrata:plugin/proposing@0.1.0" (instance $nothing))"#;
    let error = load(&Body { imports: imports.into(), ..Body::call(SOUND) }).map(drop).unwrap_err();
    assert!(error.contains("it does not link") && error.contains("memstrata:plugin/events"), "{error}");
}

#[test]
fn what_proposes_says_so_and_nothing_else_does() {
    let mut body = Body::call(SOUND);
    body.manifest =
        body.manifest.replacen('{', r#"{"strategy":{"collection":"a.b","units":{"by":"page","order":"id"}},"#, 1);
    let error = load(&body).map(drop).unwrap_err();
    assert!(error.contains("exports `proposing` has the key `strategy`"), "{error}");
}

#[test]
fn every_interface_a_guest_may_ask_for_is_known() {
    // What is granted by name must be one that is linked: a grant of nothing is refused in the configuration.
    let mut grants = all_grants();
    assert_eq!(grants.faults(), [""; 0]);
    grants.interfaces = BTreeSet::from(["shell".to_owned()]);
    assert!(grants.faults()[0].contains("`shell`"));
}
