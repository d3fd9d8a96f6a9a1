//! The graph layer: entities, how they relate and since when, what was observed of them, and the communities they form.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod centrality;
pub mod chance;
pub mod community;
pub mod kept;
pub mod kind;
pub mod leiden;
pub mod manifest;
pub mod measures;
pub mod name;
pub mod network;
pub mod page;
pub mod paths;
pub mod rank;
pub mod refer;
pub mod settings;
pub mod symbols;

#[cfg(target_family = "wasm")]
mod guest;

pub use memstrata_sdk::{args, when};
