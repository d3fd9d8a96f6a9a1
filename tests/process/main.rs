//! The program as it is run: processes started, killed and asked over HTTP, stdio and the command line.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that unwraps nothing has failed"
)]

mod acceptance;
mod catalog;
mod cli;
mod consolidation;
mod faults;
mod http;
mod kill;
mod new;
mod running;
mod smoke;
mod stdio;
mod swap;
mod transfer;
mod two_hosts;
