//! Hebbian links between any two memories, activation that spreads over them, and priming.

pub mod hebb;
pub mod manifest;

#[cfg(target_family = "wasm")]
#[allow(clippy::indexing_slicing, reason = "reading a JSON value by name answers null, never panics")]
mod guest;
