//! The procedural layer: how things are done, as procedures with parameters, templates and steps, and every execution of them.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

use memstrata_sdk::row;

pub mod category;
pub mod chain;
pub mod effectiveness;
pub mod execution;
pub mod generalize;
pub mod improve;
pub mod kept;
pub mod manifest;
pub mod outcomes;
pub mod parameter;
pub mod pattern;
pub mod procedure;
pub mod settings;
pub mod step;
pub mod template;
pub mod trigger;
pub mod wilson;
pub mod words;
pub mod workflow;

#[cfg(target_family = "wasm")]
mod guest;

pub use memstrata_sdk::{args, when};
