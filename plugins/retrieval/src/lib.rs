//! Recall over all layers: one search, a summary inside a token budget, drill-down by id, and why a memory was not found.
//!
//! It owns no collection and knows no layer: what it searches is whatever has a recall view and was granted to it.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod allocate;
pub mod confidence;
pub mod conversation;
pub mod fit;
pub mod found;
pub mod gist;
pub mod manifest;
pub mod overview;
pub mod request;
pub mod route;
pub mod same;
pub mod settings;
pub mod strategy;
pub mod terms;
pub mod text;
pub mod trace;
pub mod window;

#[cfg(target_family = "wasm")]
mod guest;

pub use memstrata_sdk::{args, when};
