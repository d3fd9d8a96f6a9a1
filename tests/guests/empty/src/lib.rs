//! A layer whose one operation hands its arguments back unread: what is measured is the call.
#![cfg(target_family = "wasm")]

use memstrata_sdk::bindings::{self, Guest, memstrata::plugin::types::Fault};

struct Empty;

impl Guest for Empty {
    fn manifest() -> String {
        include_str!("manifest.json").to_owned()
    }

    fn call(_operation: String, arguments: String) -> Result<String, Fault> {
        Ok(arguments)
    }
}

bindings::export!(Empty with_types_in bindings);
