//! The prospective layer: what is still to be done, as tasks, plans, goals, and triggers that bring a task up in its hour.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod accuracy;
pub mod conflict;
pub mod contradiction;
pub mod critical_path;
pub mod cycle;
pub mod goal;
pub mod health;
pub mod manifest;
pub mod matching;
pub mod milestone;
pub mod occasion;
pub mod pattern;
pub mod phase;
pub mod plan;
pub mod plan_check;
pub mod row;
pub mod settings;
pub mod task;
pub mod trigger;
pub mod vocabulary;

#[cfg(target_family = "wasm")]
mod guest;

pub use memstrata_sdk::{args, when};
