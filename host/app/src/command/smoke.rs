//! `smoke`: does a running host do what it should? Checks over HTTP, in a space of their own.

use crate::cli::Global;
use crate::host::{Host, configure, start_resolved};
use crate::output::print;
use crate::smoke::{Checks, Client, Outcome, Runner, Surroundings};
use anyhow::{Context as _, Result, anyhow, bail};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

/// The checks that are shipped.
const CHECKS: &str = include_str!("../config/smoke.toml");

/// What the command line says.
pub(crate) struct Asked {
    pub(crate) url: Option<String>,
    pub(crate) checks: Option<PathBuf>,
    pub(crate) token_env: Option<String>,
    pub(crate) patience: f64,
}

/// Runs the checks and tells what became of each.
pub(crate) fn smoke(global: &Global, asked: Asked) -> Result<ExitCode> {
    if !(asked.patience >= 1.0 && asked.patience <= 1000.0) {
        bail!("--patience is 1 to 1000");
    }
    let (text, named) = match &asked.checks {
        None => (CHECKS.to_owned(), "the checks".to_owned()),
        Some(path) => (
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
            path.display().to_string(),
        ),
    };
    let checks = Checks::read(&text).map_err(|fault| anyhow!("{named}: {fault}"))?;
    let token = match &asked.token_env {
        None => None,
        Some(name) => Some(std::env::var(name).with_context(|| format!("the variable {name} has no token"))?),
    };
    let resolved = configure(global, None)?;
    let url = asked.url.unwrap_or_else(|| format!("http://{}", resolved.gateway.bind));
    let granted = checks.folder_of.as_ref().and_then(|layer| resolved.folders.get(layer)?.first_key_value());
    let run = format!("{:08x}", std::process::id() ^ crate::output::now() as u32);
    let below = format!("memstrata-smoke-{run}");
    let folder = granted.map(|(name, path)| (name.clone(), path.join(&below)));
    // The space is the checks' own: nothing of theirs is left among memories.
    let host = start_resolved(resolved, false)?;
    let space = format!("smoke-{run}");
    let client = Client::new(&url, &space, token);
    let health = client
        .get("/health")
        .map_err(|fault| anyhow!("{fault}; start a host with `memstrata serve`, or name its address with --url"))?;
    if health.status == 404 {
        bail!("{url} is no memstrata host");
    }
    let interrupted = interruption()?;
    if let Some((_, path)) = &folder {
        std::fs::create_dir(path).with_context(|| format!("cannot write in the granted folder {}", path.display()))?;
    }
    let traces = Traces { host: &host, space: space.clone(), folder: folder.as_ref().map(|(_, path)| path.clone()) };
    host.kernel.create_space(&space)?;
    let mut runner = Runner::new(client, Surroundings { folder, path: below, patience: asked.patience, run });
    let live = !global.json && std::io::stderr().is_terminal();
    let mut outcomes = Vec::new();
    for check in checks.check.iter().take_while(|_| !interrupted.load(Ordering::Relaxed)) {
        if live {
            eprint!("\r{} of {}: {}\x1b[K", outcomes.len() + 1, checks.check.len(), check.name);
        }
        outcomes.push(runner.run(check));
    }
    if live {
        eprint!("\r\x1b[K");
    }
    drop(traces);
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    print(global.json, &outcomes, |outcomes| shown(outcomes, failed))?;
    if outcomes.len() < checks.check.len() {
        bail!("interrupted after {} of {} checks", outcomes.len(), checks.check.len());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Set when the user presses Ctrl-C: the check that runs ends, and what it left is taken away. A second one ends the program.
fn interruption() -> Result<Arc<AtomicBool>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let told = Arc::new(AtomicBool::new(false));
    let (tell, (ready, listens)) = (Arc::clone(&told), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        runtime.block_on(async {
            let mut pressed = Box::pin(tokio::signal::ctrl_c());
            // Polled once, it listens; from then on nothing is made that would stay.
            let first = std::future::poll_fn(|context| Poll::Ready(pressed.as_mut().poll(context))).await;
            _ = ready.send(());
            let told = match first {
                Poll::Ready(told) => told,
                Poll::Pending => pressed.await,
            };
            if told.is_err() {
                return;
            }
            tell.store(true, Ordering::Relaxed);
            eprintln!("interrupted: the check that runs is ended first; again to end at once");
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
    });
    _ = listens.recv();
    Ok(told)
}

/// What the checks leave behind: gone however they end.
struct Traces<'a> {
    host: &'a Host,
    space: String,
    folder: Option<PathBuf>,
}

impl Drop for Traces<'_> {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder
            && let Err(error) = std::fs::remove_dir_all(folder)
        {
            eprintln!("{} stays: {error}", folder.display());
        }
        if let Err(error) = self.host.kernel.delete_space(&self.space) {
            eprintln!(
                "space `{}` stays: {error}; delete it with `memstrata space delete {} --yes`",
                self.space, self.space
            );
        }
    }
}

fn shown(outcomes: &[Outcome], failed: usize) -> String {
    let (mut text, mut group) = (String::new(), "");
    let width = outcomes.iter().map(|outcome| outcome.name.len()).max().unwrap_or_default();
    for outcome in outcomes {
        if outcome.group != group {
            group = &outcome.group;
            text.push_str(&format!("{group}\n"));
        }
        let word = if outcome.passed { "ok  " } else { "FAIL" };
        text.push_str(&format!("  {word}  {:width$}  {:>6} ms  {}\n", outcome.name, outcome.ms, outcome.told));
    }
    text.push_str(&match failed {
        0 => format!("all {} checks passed", outcomes.len()),
        _ => format!("{failed} of {} checks failed", outcomes.len()),
    });
    text
}
