//! Why the gateway could not start or go on.

use std::net::SocketAddr;

/// What stops a gateway; errors of single requests never come here.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The configuration cannot work; every fault is named.
    #[error("the gateway's configuration has faults: {}", .0.join("; "))]
    Config(Vec<String>),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: choose another `bind`, or stop what listens there")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server stopped by itself.
    #[error("the server stopped unexpectedly")]
    Serve(#[from] std::io::Error),
    /// A task of the gateway panicked.
    #[error("a task of the gateway broke off")]
    Task(#[from] tokio::task::JoinError),
    /// The client on stdin opened no proper MCP conversation.
    #[error("the client on stdin opened no MCP conversation: {0}")]
    Handshake(String),
}
