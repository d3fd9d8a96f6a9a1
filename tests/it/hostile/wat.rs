//! Components by hand, for what no compiler emits: a layer `raw` with one operation `go`.

use crate::support::{Host, guest, layer};
use memstrata_kernel::KernelOptions;
use serde_json::{Value, json};

/// The parts of such a component.
pub(super) struct Body {
    /// Version of the package it imports.
    pub(super) version: &'static str,
    /// Imports beside `types` and `log`.
    pub(super) imports: String,
    /// What `manifest` answers.
    pub(super) manifest: String,
    /// Host functions beside `log` that `call` may use: name, type in the core, and how the component gets it.
    pub(super) functions: Vec<[&'static str; 3]>,
    /// Instructions of `call`; they leave the address of the answer.
    pub(super) call: String,
}

impl Body {
    /// One with these instructions in `call`, where `$log` is `log.write` and `$t` a table.
    pub(super) fn call(instructions: &str) -> Self {
        let anything = json!({ "type": "object" });
        let go = json!({ "summary": "go", "effect": "write", "input": anything, "output": anything });
        let manifest: Value = json!({
            "manifest": 1, "name": "raw", "version": "0.1.0", "summary": "By hand.", "imports": ["log"],
            "operations": { "go": go },
        });
        Self {
            version: "0.1.0",
            imports: String::new(),
            manifest: manifest.to_string(),
            functions: Vec::new(),
            call: instructions.into(),
        }
    }

    /// The component.
    pub(super) fn wasm(&self) -> Vec<u8> {
        let Self { version, imports, manifest, functions, call } = self;
        let lines = |line: fn(&[&'static str; 3]) -> String| functions.iter().map(line).collect::<Vec<_>>().join("\n");
        let lowered = lines(|[name, _, definition]| format!("(core func ${name} {definition})"));
        let imported = lines(|[name, of, _]| format!("(import \"host\" \"{name}\" (func ${name} {of}))"));
        let given = lines(|[name, ..]| format!("(export \"{name}\" (func ${name}))"));
        let (length, data) = (manifest.len(), manifest.replace('\\', "\\5c").replace('"', "\\22"));
        wat::parse_str(format!(
            r#"(component
  (import "memstrata:plugin/types@{version}" (instance $types
    (type $record (record (field "code" string) (field "message" string) (field "retry-after-ms" (option u64))))
    (export "fault" (type (eq $record)))))
  (import "memstrata:plugin/log@{version}" (instance $log
    (export "write" (func (param "level" string) (param "message" string)))))
  {imports}
  (alias export $types "fault" (type $fault))
  (alias export $log "write" (func $write))
  (core module $memory
    (memory (export "memory") 64)
    (global $next (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
      global.get $next
      (global.set $next (i32.add (global.get $next) (local.get 3)))))
  (core instance $memory (instantiate $memory))
  (core func $log (canon lower (func $write) (memory $memory "memory")))
  {lowered}
  (core module $main
    (import "host" "log" (func $log (param i32 i32 i32 i32)))
    {imported}
    (import "memory" "memory" (memory 2))
    (table $t 1 funcref)
    (data (i32.const 4096) "{data}")
    (func (export "manifest") (result i32)
      (i32.store (i32.const 3000) (i32.const 4096))
      (i32.store (i32.const 3004) (i32.const {length}))
      (i32.const 3000))
    (func (export "call") (param i32 i32 i32 i32) (result i32) {call}))
  (core instance $main (instantiate $main
    (with "host" (instance (export "log" (func $log)) {given}))
    (with "memory" (instance $memory))))
  (func (export "manifest") (result string)
    (canon lift (core func $main "manifest") (memory $memory "memory")))
  (func (export "call") (param "operation" string) (param "arguments" string) (result (result string (error $fault)))
    (canon lift (core func $main "call") (memory $memory "memory") (realloc (func $memory "realloc")))))"#
        ))
        .unwrap()
    }
}

/// A host with this component beside the usual one.
pub(super) fn wat_host(body: &Body, change: impl FnOnce(&mut KernelOptions)) -> Host {
    let host = super::host([("raw", layer(body.wasm())), ("hostile", layer(guest("hostile")))], change);
    let health = host.kernel.health();
    assert_eq!(health.status, "healthy", "{:?}", health.layers);
    host
}

/// Instructions that answer `ok("{}")`.
pub(super) const SOUND: &str =
    "(i32.store16 (i32.const 2048) (i32.const 32123)) (i32.store8 (i32.const 3000) (i32.const 0))
    (i32.store (i32.const 3008) (i32.const 2048)) (i32.store (i32.const 3012) (i32.const 2)) (i32.const 3000)";

#[test]
fn a_sound_component_by_hand_serves() {
    let host = wat_host(&Body::call(SOUND), |_| {});
    assert_eq!(host.ok("raw.go", json!({})), json!({}));
}
