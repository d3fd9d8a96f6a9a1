//! The gateway: MCP on stdio and streamable HTTP, and REST, in front of the kernel. It owns no memory logic.
//!
//! The way of a request through this floor: bytes become a tool name and arguments (`mcp`, `http::rest`: step 1), then the
//! `gate` settles who calls, in which space and how often (step 2) and hands the call to the kernel. Tool names come from the
//! configuration and the kernel's catalog; nothing here names a layer.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test that unwraps nothing or indexes past the end has failed"
    )
)]

mod config;
mod error;
mod gate;
mod http;
mod limit;
mod mcp;
mod metrics;
mod stdio;
mod token;
mod tool;

pub use config::{GatewayConfig, HARD_RESULT_BYTES, TokenConfig};
pub use error::GatewayError;
pub use http::{Serving, serve};
pub use stdio::{StdioOptions, serve_stdio};
pub use token::ResolvedToken;
pub use tool::{Group, RESERVED as RESERVED_TOOLS, Renaming, Route};
