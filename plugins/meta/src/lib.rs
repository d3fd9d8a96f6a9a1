//! The layer meta: what is known about what is known, computed from recorded rows of the other layers.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod confidence;
pub mod estimate;
pub mod expertise;
pub mod figures;
pub mod gap;
pub mod health;
pub mod kept;
pub mod manifest;
pub mod trend;

#[cfg(target_family = "wasm")]
mod guest;
