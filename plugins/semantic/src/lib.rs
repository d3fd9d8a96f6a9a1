//! The semantic layer: what is known, as facts, patterns, decisions and context, each current until it is superseded.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod expand;
pub mod hash;
pub mod history;
pub mod lexical;
pub mod manifest;
pub mod memory;
pub mod page;
pub mod revise;
pub mod row;
pub mod score;
pub mod settings;
pub mod spread;
pub mod text;
pub mod topics;

#[cfg(target_family = "wasm")]
mod guest;

pub use memstrata_sdk::{args, when};
