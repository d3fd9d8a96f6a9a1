//! Hebbian links between any two memories, activation that spreads over them, and priming.

pub mod hebb;
pub mod manifest;

#[cfg(target_family = "wasm")]
mod guest;
