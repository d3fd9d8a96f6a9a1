//! Documents: files of granted folders and given texts, cut into chunks that are found by words and by meaning.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod chunk;
pub mod html;
pub mod kind;
pub mod manifest;
pub mod pdf;
pub mod snippet;
pub mod watched;

#[cfg(target_family = "wasm")]
mod guest;
