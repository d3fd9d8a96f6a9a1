//! Step 1 of 7 (HTTP door): MCP under `/mcp`, REST beside it, one guard in front of both.

mod error;
mod guard;
mod rest;
mod sessions;

use crate::config::GatewayConfig;
use crate::error::GatewayError;
use crate::gate::Gate;
use crate::mcp::McpServer;
use crate::token::ResolvedToken;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use error::HttpError;
use guard::Guard;
use memstrata_kernel::{CallError, Kernel};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use sessions::{REFUSED, Sessions};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often a closing door looks whether calls still run.
const LOOK: Duration = Duration::from_millis(20);
/// How long connections may take to close once nothing runs any more.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// When to try again for a session.
const SESSION_RETRY_MS: u64 = 5_000;

/// What every HTTP request needs.
struct Front {
    gate: Arc<Gate>,
    guard: Guard,
    max_body_bytes: usize,
}

/// A door that is open.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    task: JoinHandle<Result<(), GatewayError>>,
}

impl Serving {
    /// Where it listens, with the port that was really taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the door is closed: after the shutdown was asked for and what was in flight is answered.
    ///
    /// # Errors
    /// The server stopped by itself.
    pub async fn finished(self) -> Result<(), GatewayError> {
        self.task.await?
    }
}

/// Opens the HTTP door. When `shutdown` is cancelled it lets nobody in any more, gives calls in flight the time of `drain_s`, and
/// closes.
///
/// # Errors
/// Every fault of the configuration, tokens without secrets, or an address that cannot be had.
pub async fn serve(
    kernel: Kernel,
    config: GatewayConfig,
    tokens: Vec<ResolvedToken>,
    shutdown: CancellationToken,
) -> Result<Serving, GatewayError> {
    let faults = config.faults();
    let (Some(address), true) = (config.address(), faults.is_empty()) else {
        return Err(GatewayError::Config(faults));
    };
    let gate = Arc::new(Gate::new(kernel, &config));
    let guard = Guard::new(&config, tokens)?;
    let listener = TcpListener::bind(address).await.map_err(|source| GatewayError::Bind { address, source })?;
    let address = listener.local_addr()?;

    let closing = shutdown.child_token();
    let streams = CancellationToken::new();
    let app = app(gate.clone(), guard, &config, &closing, &streams);
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may be delayed by Nagle's algorithm");
        }
    });
    let drain = config.drain();
    let task = tokio::spawn(async move {
        let closed = closing.clone();
        let server = axum::serve(listener, app).with_graceful_shutdown(async move { closed.cancelled().await });
        let mut server = tokio::spawn(async move { server.await });
        tokio::select! {
            ended = &mut server => return Ok(ended??),
            () = closing.cancelled() => {}
        }
        wait_for_calls(&gate, drain).await;
        streams.cancel();
        match tokio::time::timeout(LAST_WORDS, &mut server).await {
            Ok(ended) => Ok(ended??),
            Err(_) => {
                tracing::warn!("connections were still open at the end and are cut");
                server.abort();
                Ok(())
            }
        }
    });
    tracing::info!(%address, "the HTTP door is open");
    Ok(Serving { address, task })
}

/// Streams end only when nothing runs any more: rmcp's token for them would cut calls in flight as well.
async fn wait_for_calls(gate: &Gate, drain: Duration) {
    let start = Instant::now();
    while gate.metrics().in_flight() > 0 && start.elapsed() < drain {
        tokio::time::sleep(LOOK).await;
    }
    // The last answer is known now, but may not be written yet.
    tokio::time::sleep(LOOK).await;
}

fn app(
    gate: Arc<Gate>,
    guard: Guard,
    config: &GatewayConfig,
    closing: &CancellationToken,
    streams: &CancellationToken,
) -> Router {
    let sessions = Arc::new(Sessions::new(config.sessions, config.session_idle(), gate.clone()));
    let (reaper, until) = (sessions.clone(), closing.clone());
    tokio::spawn(async move { reaper.reap(until).await });

    let server = McpServer::new(gate.clone(), None, guard.has_tokens(), closing.clone());
    // Host and Origin are checked once, by our guard, for MCP and REST alike.
    let settings = StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_max_request_body_bytes(config.max_body_bytes)
        .with_cancellation_token(streams.clone())
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let mcp = StreamableHttpService::new(move || Ok(server.clone()), sessions, settings);

    let front = Arc::new(Front { gate, guard, max_body_bytes: config.max_body_bytes });
    let mcp = Router::new()
        .route_service("/mcp", mcp.clone())
        .route_service("/mcp/{space}", mcp)
        .layer(from_fn(refuse_sessions));
    Router::new()
        .route("/health", get(rest::health))
        .route("/metrics", get(rest::metrics))
        .route("/tools", get(rest::catalog))
        .route("/tools/{name}", post(rest::call))
        .route("/recall", post(rest::recall))
        .route("/remember", post(rest::remember))
        .merge(mcp)
        .fallback(async || HttpError::new("not-found", "There is nothing here; try /health, /tools or /mcp."))
        .method_not_allowed_fallback(async || HttpError::new("method.other", "This path takes another method."))
        .layer(from_fn_with_state(front.clone(), guard::enter))
        .with_state(front)
}

/// Turns rmcp's answer to a refused session into one that says what to do.
async fn refuse_sessions(request: Request, next: Next) -> Response {
    let answer = async {
        let response = next.run(request).await;
        (response, REFUSED.with(Cell::get))
    };
    let (response, refused) = REFUSED.scope(Cell::new(false), answer).await;
    if !refused {
        return response;
    }
    let mut error =
        CallError::new("unavailable.sessions", "All sessions are in use; try again, or use protocol 2026-07-28.");
    error.retry_after_ms = Some(SESSION_RETRY_MS);
    HttpError(error).into_response()
}
