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
mod consolidation;
mod doors;
mod hostile;
mod support;
mod tidy;
