//! Guest-side helpers over the generated bindings: rows as `serde_json` values, faults as `Result`, one macro to export.
//!
//! A layer crate keeps its rules in pure modules with native tests and its glue in `guest.rs` behind
//! `cfg(target_family = "wasm")`. There it implements [`Layer`] and calls [`layer!`].

pub mod args;
pub mod contract;
mod digest;
mod fault;
#[cfg(target_family = "wasm")]
pub mod files;
#[cfg(target_family = "wasm")]
mod host;
pub mod path;
#[cfg(target_family = "wasm")]
mod query;
pub mod reference;
pub mod row;
pub mod schema;
#[cfg(target_family = "wasm")]
mod search;
#[cfg(target_family = "wasm")]
mod strategy;
pub mod walk;
pub mod when;

pub use digest::{digest, hex, sha256};
pub use fault::Fault;
pub use serde_json::{Map, Value, json};

#[cfg(target_family = "wasm")]
pub use {
    host::{batch, budget, clock, events, hints, llm, log, random, settings, write},
    query::{Page, Query, get, get_many, history, locate, rows},
    search::{CHANNELS, Hit, Place, Results, Search, hits, places},
    strategy::{Job, Patch, Strategy, run_strategy},
};

/// The bindings generated from `wit/`.
#[cfg(target_family = "wasm")]
#[allow(missing_docs, unreachable_pub)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "full-layer",
        pub_export_macro: true,
        default_bindings_module: "memstrata_sdk::bindings",
        runtime_path: "wit_bindgen::rt",
    });
}

/// The bindings of the world `strategy`; what it shares with layers is [`bindings`].
#[cfg(target_family = "wasm")]
#[allow(missing_docs, unreachable_pub)]
pub mod strategy_bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "full-strategy",
        pub_export_macro: true,
        export_macro_name: "export_strategy",
        default_bindings_module: "memstrata_sdk::strategy_bindings",
        runtime_path: "wit_bindgen::rt",
        with: {
            "memstrata:plugin/types@0.1.0": crate::bindings::memstrata::plugin::types,
            "memstrata:plugin/store-read@0.1.0": crate::bindings::memstrata::plugin::store_read,
            "memstrata:plugin/search@0.1.0": crate::bindings::memstrata::plugin::search,
            "memstrata:plugin/vectors@0.1.0": crate::bindings::memstrata::plugin::vectors,
            "memstrata:plugin/hints@0.1.0": crate::bindings::memstrata::plugin::hints,
            "memstrata:plugin/llm@0.1.0": crate::bindings::memstrata::plugin::llm,
            "memstrata:plugin/clock@0.1.0": crate::bindings::memstrata::plugin::clock,
            "memstrata:plugin/random@0.1.0": crate::bindings::memstrata::plugin::random,
            "memstrata:plugin/log@0.1.0": crate::bindings::memstrata::plugin::log,
            "memstrata:plugin/settings@0.1.0": crate::bindings::memstrata::plugin::settings,
            "memstrata:plugin/budget@0.1.0": crate::bindings::memstrata::plugin::budget,
            "memstrata:plugin/progress@0.1.0": crate::bindings::memstrata::plugin::progress,
        },
    });
}

/// What an operation answers.
pub type Answer = Result<Value, Fault>;

/// A memory layer.
pub trait Layer {
    /// The manifest as JSON text: the same at every call.
    fn manifest() -> String;
    /// Runs one operation. The arguments have passed the operation's input schema.
    fn call(operation: &str, arguments: Value) -> Answer;
}

/// Reads the arguments of an operation into a type.
///
/// # Errors
/// `invalid.argument` with serde's sentence.
pub fn arguments<T: serde::de::DeserializeOwned>(arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|e| Fault::invalid(e.to_string()))
}

/// Exports a type that implements [`Layer`] as the component's `layer` world.
#[macro_export]
macro_rules! layer {
    ($layer:ty) => {
        struct Exported;
        impl $crate::bindings::Guest for Exported {
            fn manifest() -> String {
                <$layer as $crate::Layer>::manifest()
            }
            fn call(
                operation: String,
                arguments: String,
            ) -> Result<String, $crate::bindings::memstrata::plugin::types::Fault> {
                $crate::run::<$layer>(&operation, &arguments)
            }
        }
        $crate::bindings::export!(Exported with_types_in $crate::bindings);
    };
}

/// Runs an operation of a layer with JSON text in and out. Called by [`layer!`].
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub fn run<L: Layer>(operation: &str, arguments: &str) -> Result<String, bindings::memstrata::plugin::types::Fault> {
    let arguments = serde_json::from_str(arguments).map_err(|e| Fault::invalid(e.to_string()))?;
    let answer = L::call(operation, arguments)?;
    Ok(answer.to_string())
}
