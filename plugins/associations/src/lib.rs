//! Hebbian links between any two memories, activation that spreads over them, and priming.
//!
//! The rules are pure modules with native tests; `guest` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod cue;
pub mod decay;
pub mod hebb;
pub mod manifest;
pub mod settings;
pub mod spreading;

#[cfg(target_family = "wasm")]
mod guest;
