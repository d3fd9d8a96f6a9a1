//! One test binary: the real host, driven through its doors.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that unwraps nothing has failed"
)]

mod background;
mod code;
mod code_layer;
mod consolidation;
mod consolidation_layer;
mod documents;
mod doors;
mod episodic_layer;
mod hostile;
mod kit;
mod layers;
mod shadow;
mod support;
mod system2;
mod tidy;
mod triggers;
mod units;
