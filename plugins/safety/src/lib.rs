//! The safety layer: how risky a change is and why, policies, approvals, executions, snapshots, an audit; unsafe code and sensitive data.
//!
//! The rules are pure modules with native tests; `guest/` holds the glue and exists only in the component.

#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a panic in a test is its failure"))]

use memstrata_sdk::row;

pub mod code;
pub mod code_rules;
pub mod execution;
pub mod luhn;
pub mod manifest;
pub mod policy;
pub mod risk;
pub mod sensitive;
pub mod settings;
pub mod similar;
pub mod snapshot;

#[cfg(target_family = "wasm")]
mod guest;
