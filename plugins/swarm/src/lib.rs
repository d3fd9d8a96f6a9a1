//! The swarm layer: a queue of tasks that agents claim, the agents, their checkpoints, state, metrics and audit, and who works on what.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod constraint;
pub mod definition;
pub mod failure;
pub mod manifest;
pub mod network;
pub mod percentile;
pub mod resource;
pub mod schedule;
pub mod settings;
pub mod status;

#[cfg(target_family = "wasm")]
mod guest;
