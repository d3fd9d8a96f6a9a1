//! A layer of bookmarks: links worth finding again, by meaning or by tag.
//!
//! The rules are pure modules with native tests; `guest` holds the glue and exists only in the component.

pub mod link;
pub mod manifest;

#[cfg(target_family = "wasm")]
mod guest;
