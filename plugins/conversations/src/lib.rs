//! Conversations: threads of messages in order, snapshots of their context, and how one is taken up again.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod export;
pub mod gist;
pub mod manifest;
pub mod message;
pub mod room;
pub mod settings;
pub mod thread;
pub mod transcript;

#[cfg(target_family = "wasm")]
mod guest;
