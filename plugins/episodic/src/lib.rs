//! The episodic layer: what happened, when, where, and how it hangs together.
//!
//! Rules live in pure modules with native tests; `guest` is the glue to the host and exists in the component only.
//! The way of a call: `guest` reads the arguments, asks the host for rows, a pure module decides, `guest` answers.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod causal;
pub mod event;
pub mod filter;
pub mod hash;
pub mod manifest;
pub mod mention;
pub mod moment;
pub mod observed;
pub mod pattern;
pub mod place;
pub mod refine;
pub mod segment;
pub mod shortcut;
pub mod summary;
pub mod surprise;
pub mod synthesis;
pub mod temporal;
pub mod timeframe;
pub mod tokens;
pub mod view;
pub mod vocabulary;

#[cfg(target_family = "wasm")]
mod guest;
