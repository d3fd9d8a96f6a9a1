//! Starts the kernel for a command: configuration, log, data directory.

use crate::cli::Global;
use crate::config::{Resolved, load, resolve};
use anyhow::Result;
use memstrata_gateway::{GatewayConfig, ResolvedToken};
use memstrata_kernel::{Kernel, Principal};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// A started kernel and what the gateway needs.
pub(crate) struct Host {
    pub(crate) kernel: Kernel,
    pub(crate) gateway: GatewayConfig,
    pub(crate) tokens: Vec<ResolvedToken>,
}

/// Reads the configuration and starts the log.
pub(crate) fn configure(global: &Global, filter: Option<&str>) -> Result<Resolved> {
    let (config, file) = load(global.config.as_deref())?;
    let filter = global.log.as_deref().or(filter).unwrap_or(&config.log.filter);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Set once a process; a second start in the same one keeps the first.
    if config.log.format == "json" {
        _ = log.json().try_init();
    } else {
        _ = log.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init();
    }
    resolve(config, global, file.as_deref())
}

/// Starts the kernel. `background` says whether this process works on schedules, events and late vectors.
pub(crate) fn start(global: &Global, background: bool) -> Result<Host> {
    let resolved = configure(global, None)?;
    start_resolved(resolved, background)
}

/// Starts the kernel from what was resolved.
pub(crate) fn start_resolved(mut resolved: Resolved, background: bool) -> Result<Host> {
    resolved.kernel.background = background;
    // A host that serves makes the space it is told to serve; a command says that there is none of that name.
    if background {
        resolved.kernel.default_space = resolved.gateway.default_space.clone();
    }
    let kernel = Kernel::start(resolved.kernel)?;
    Ok(Host { kernel, gateway: resolved.gateway, tokens: resolved.tokens })
}

impl Host {
    /// The space the command works on.
    pub(crate) fn space(&self) -> &str {
        &self.gateway.default_space
    }

    /// The run that is meant: its name, the beginning of it, or `latest`.
    pub(crate) fn run(&self, meant: &str) -> Result<String> {
        Ok(self.kernel.find_run(self.space(), &Principal::local(), meant)?)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kernel.stop();
    }
}
