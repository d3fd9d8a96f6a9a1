//! The pure rules of the consolidation strategies we ship: from rows to proposals, without host, clock or vectors.
//!
//! Every function is deterministic and does not care in which order rows come. Components wrap these functions, one a
//! strategy: [`dual_process`], [`grouped`] (`temporal` and `semantic-cluster`), [`deduplicate`] and [`decay`].

pub mod conflict;
pub mod decay;
pub mod deduplicate;
pub mod dual_process;
pub mod event;
pub mod extract;
#[cfg(test)]
mod fixture;
pub mod grouped;
#[cfg(target_family = "wasm")]
pub mod guest;
pub mod heuristic;
pub mod measure;
pub mod memory;
pub mod pattern;
pub mod proposal;
pub mod question;
pub mod session;
pub mod spatial;
pub mod surprise;
pub mod temporal;
pub mod uncertainty;
pub mod validate;
pub mod words;
