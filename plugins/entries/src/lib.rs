//! Entries: versioned key-value memories in namespaces, with permissions, conflicts and an audit.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod access;
pub mod conflict;
pub mod manifest;
pub mod scope;
pub mod words;

#[cfg(target_family = "wasm")]
mod guest;
