//! `serve` and `stdio`: the doors, and an orderly end.

use crate::cli::Global;
use crate::host::{configure, start_resolved};
use anyhow::{Context as _, Result};
use memstrata_gateway::{StdioOptions, serve, serve_stdio};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// Serves HTTP until SIGTERM or SIGINT, then drains.
pub(crate) fn http(global: &Global, bind: Option<String>) -> Result<ExitCode> {
    let mut resolved = configure(global, Some("info,rmcp=error"))?;
    if let Some(bind) = bind {
        resolved.gateway.bind = bind;
        let faults = resolved.gateway.faults();
        anyhow::ensure!(faults.is_empty(), "{}", faults.join("; "));
    }
    let host = start_resolved(resolved, true)?;
    let health = host.kernel.health();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let (shutdown, mut stop) = (CancellationToken::new(), Stop::new()?);
        let serving = serve(host.kernel.clone(), host.gateway.clone(), host.tokens.clone(), shutdown.clone()).await?;
        let address = serving.address();
        eprintln!(
            "memstrata {} serves http://{address}/mcp  (REST: /recall /remember /tools /health /metrics)",
            health.version
        );
        eprintln!("data: {}   layers: {}", health.data, health.layers.keys().cloned().collect::<Vec<_>>().join(", "));
        for (name, layer) in &health.layers {
            for problem in &layer.problems {
                eprintln!("warning: layer {name}: {problem}");
            }
        }
        tokio::spawn(async move {
            stop.wanted().await;
            eprintln!("draining; once more ends at once");
            shutdown.cancel();
            stop.wanted().await;
            std::process::exit(1);
        });
        serving.finished().await.context("the server ended")?;
        // Inside the runtime, so that a second signal ends a stop that hangs.
        let kernel = host.kernel.clone();
        tokio::task::spawn_blocking(move || kernel.stop()).await.context("the stop failed")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Serves one client on stdin and stdout. Nothing but MCP goes to stdout.
pub(crate) fn stdio(global: &Global) -> Result<ExitCode> {
    let host = start_resolved(configure(global, None)?, true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (shutdown, mut stop) = (CancellationToken::new(), Stop::new()?);
        let ended = shutdown.clone();
        tokio::spawn(async move {
            stop.wanted().await;
            ended.cancel();
            stop.wanted().await;
            std::process::exit(1);
        });
        let options = StdioOptions::default();
        serve_stdio(host.kernel.clone(), host.gateway.clone(), options, shutdown).await?;
        let kernel = host.kernel.clone();
        tokio::task::spawn_blocking(move || kernel.stop()).await.context("the stop failed")
    })?;
    // A thread may still be blocked on stdin.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// SIGTERM and SIGINT, caught from the moment this is made: one that comes right after the program says it serves is an orderly
/// end too.
struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Stop {
    fn new() -> Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            signals: [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?],
        })
    }

    /// Waits for the next one.
    async fn wanted(&mut self) {
        #[cfg(unix)]
        {
            let [terminate, interrupt] = &mut self.signals;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        #[cfg(not(unix))]
        {
            _ = tokio::signal::ctrl_c().await;
        }
    }
}
