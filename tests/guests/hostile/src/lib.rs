//! A test guest that misbehaves in every way the host must stop: the operation's name selects how.
//!
//! Its manifest is a fixed buffer that the tests patch in the finished component, so that it can tell any lie.

#[cfg(target_family = "wasm")]
mod guest;
