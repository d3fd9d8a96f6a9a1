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
pub use tool::RESERVED as RESERVED_TOOLS;

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The host knows no layer: the names of plugins may stand in configuration only.
    #[test]
    fn no_layer_is_named() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let plugins = std::fs::read_dir(root.join("../../plugins")).unwrap();
        let layers: Vec<String> = plugins
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !["sdk", "bundle"].contains(&name.as_str()))
            .collect();
        assert!(!layers.is_empty());
        let mut folders = vec![root.join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for layer in &layers {
                    let named =
                        [format!("\"{layer}\""), format!("\"{layer}."), format!("`{layer}`"), format!("`{layer}.")];
                    assert!(!named.iter().any(|name| source.contains(name)), "{} names {layer}", path.display());
                }
            }
        }
    }
}
