//! The strategy `session_digest`: one memory a session, that says what happened in it.
//!
//! `digest` holds the rules, plain Rust with native tests; `guest` holds the glue and exists only in the component.

pub mod digest;

#[cfg(target_family = "wasm")]
mod guest;
