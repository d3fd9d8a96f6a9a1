//! Sessions: what an agent's conversation went through, event by event, and the state it keeps.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod event;
pub mod lifecycle;
pub mod manifest;
pub mod state;

#[cfg(target_family = "wasm")]
mod guest;
