//! Step 1 of 7 (stdio door): serves one MCP client on stdin and stdout, until it closes stdin.

use crate::config::GatewayConfig;
use crate::error::GatewayError;
use crate::gate::Gate;
use crate::mcp::McpServer;
use memstrata_kernel::{Kernel, Principal};
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::{RoleServer, ServiceExt};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

/// Who the client on stdin is; the configuration and the launch flags settle it, never a message.
#[derive(Debug, Clone)]
pub struct StdioOptions {
    /// The space; none: the configuration's default.
    pub space: Option<String>,
    /// The principal; usually [`Principal::local`].
    pub principal: Principal,
}

impl Default for StdioOptions {
    fn default() -> Self {
        Self { space: None, principal: Principal::local() }
    }
}

/// Serves MCP on stdin and stdout. Ends well when the client closes stdin: what is in flight is answered first, for up to five
/// seconds. Nothing else may write to stdout.
///
/// # Errors
/// Faults of the configuration, a space the principal may not use, or a client that does not speak MCP.
pub async fn serve_stdio(
    kernel: Kernel,
    config: GatewayConfig,
    options: StdioOptions,
    shutdown: CancellationToken,
) -> Result<(), GatewayError> {
    let (input, output) = rmcp::transport::io::stdio_pipes();
    serve_streams(kernel, config, options, shutdown, input, output).await
}

/// [`serve_stdio`] on any two streams.
async fn serve_streams(
    kernel: Kernel,
    config: GatewayConfig,
    options: StdioOptions,
    shutdown: CancellationToken,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> Result<(), GatewayError> {
    let faults = config.faults();
    if !faults.is_empty() {
        return Err(GatewayError::Config(faults));
    }
    let gate = Arc::new(Gate::new(kernel, &config));
    let access = gate
        .access(options.principal, options.space.as_deref())
        .map_err(|error| GatewayError::Config(vec![error.message]))?;
    let closing = shutdown.child_token();
    let server = McpServer::new(gate, Some(access), false, closing.clone());
    let input = UntilEnd { input, ended: closing.clone() };
    let transport =
        AsyncRwTransport::<RoleServer, _, _>::new(input, output).with_max_line_length(config.max_body_bytes);
    let served = match server.serve_with_ct(transport, shutdown).await {
        Ok(running) => running.waiting().await.map(drop).map_err(GatewayError::from),
        // A client that leaves before it said anything did nothing wrong.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => Ok(()),
        Err(error) => Err(GatewayError::Handshake(error.to_string())),
    };
    closing.cancel();
    served
}

/// Tells when a stream ended: subscriptions wait for ever, and would hold up the end of the process.
struct UntilEnd<R> {
    input: R,
    ended: CancellationToken,
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let room = buffer.remaining() > 0;
        let polled = Pin::new(&mut self.input).poll_read(context, buffer);
        let ended = match &polled {
            Poll::Ready(Ok(())) => room && buffer.filled().len() == before,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if ended {
            self.ended.cancel();
        }
        polled
    }
}
