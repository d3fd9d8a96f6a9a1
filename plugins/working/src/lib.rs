//! Working memory: the few things held in mind now, which fade unless rehearsed, and what attention is on.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod capacity;
pub mod contradiction;
pub mod decay;
pub mod focus;
pub mod forest;
pub mod inhibition;
pub mod item;
pub mod load;
pub mod manifest;
pub mod markers;
pub mod route;
pub mod row;
pub mod saliency;
pub mod settings;
pub mod target;
pub mod words;

#[cfg(target_family = "wasm")]
mod guest;
