//! Zettelkasten: notes that refer to each other, versions and attributes of any memory, and a tree of numbered topics.
//!
//! The rules are pure modules with native tests; `guest` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod attributes;
pub mod luhmann;
pub mod manifest;
pub mod memory_id;
pub mod note;

#[cfg(target_family = "wasm")]
mod guest;
