//! Code: an index of source files of granted folders, what lies in them and what calls what; and facts from their git repositories.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod depth;
pub mod git;
pub mod language;
#[cfg(not(target_family = "wasm"))]
pub mod manifest;
pub mod outline;
pub mod pattern;
pub mod place;
pub mod reading;
pub mod rust;
pub mod unit;

#[cfg(target_family = "wasm")]
mod guest;
