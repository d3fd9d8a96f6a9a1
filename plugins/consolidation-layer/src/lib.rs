//! The consolidation layer: asks the host for runs, and tells what they did, from the host's records and the rows themselves.
//!
//! It runs nothing and guesses nothing: a number that no record holds is null, with a word why. The rules are pure modules with
//! native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod effectiveness;
pub mod found;
pub mod grounding;
pub mod grouping;
pub mod manifest;
pub mod metric;
pub mod orchestration;
pub mod origin;
pub mod performance;
pub mod project;
pub mod request;
pub mod resolution;
pub mod row;
pub mod run;
pub mod schedule;
pub mod settings;

#[cfg(target_family = "wasm")]
mod guest;
