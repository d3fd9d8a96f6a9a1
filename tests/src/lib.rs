//! The test guests, built for `wasm32-wasip2` by `build.rs` and embedded: name and bytes of each.

/// Name and bytes of each test guest.
pub const GUESTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/guests.rs"));
