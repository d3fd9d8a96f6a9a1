//! The planning layer: plans that are drawn from words, procedures and recorded work, checked, simulated, watched and changed.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod chance;
pub mod confidence;
pub mod cpm;
pub mod durations;
pub mod history;
pub mod manifest;
pub mod money;
pub mod plan;
pub mod properties;
pub mod reference;
pub mod refine;
pub mod replan;
pub mod row;
pub mod sample;
pub mod settings;
pub mod simulate;
pub mod strategy;
pub mod validate;
pub mod words;

#[cfg(target_family = "wasm")]
mod guest;

pub use memstrata_sdk::{args, when};
