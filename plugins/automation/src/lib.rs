//! Automation: hooks, rules (event, condition, action) and workflows, with their history; circuit breakers and retries for clients.
//!
//! No component calls another one. What fires records rows, emits events, and hands the rest back to the caller as things to do.
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

pub mod action;
pub mod allowance;
pub mod breaker;
pub mod cascade;
pub mod condition;
pub mod config;
pub mod cycle;
pub mod episode;
pub mod event;
pub mod expression;
pub mod heard;
pub mod kind;
pub mod lineage;
pub mod manifest;
pub mod rate;
pub mod readiness;
pub mod retry;
pub mod runs;
pub mod scenario;
pub mod spread;
pub mod task;
pub mod template;

#[cfg(target_family = "wasm")]
mod guest;
