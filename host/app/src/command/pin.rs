//! `pin`: questions that must go on finding a memory.

use crate::cli::{Global, Pin as Command};
use crate::host::start;
use crate::output::{id, print};
use anyhow::Result;
use memstrata_kernel::{Pin, Pinned, Principal};
use std::process::ExitCode;

/// Runs one of its commands.
pub(crate) fn run(global: &Global, command: Command) -> Result<ExitCode> {
    let host = start(global, false)?;
    let local = Principal::local();
    match command {
        Command::Add { question, finds, says, within, namespace, note } => {
            let finds = finds.as_deref().map(id).transpose()?;
            let pin = Pin { question, finds, says, within: Some(within), namespace, note };
            let pinned = host.kernel.pin(host.space(), &local, &pin)?;
            print(global.json, &pinned, shown)?;
        }
        Command::Check => {
            let pinned = host.kernel.check_pins(host.space(), &local)?;
            print(global.json, &pinned, |pinned| match pinned.as_slice() {
                [] => "no recall is pinned; `memstrata pin add QUESTION --finds ID` pins one".to_owned(),
                pinned => pinned.iter().map(shown).collect(),
            })?;
            if pinned.iter().any(|pin| !pin.holds) {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Remove { pin } => {
            let pin = id(&pin)?;
            host.kernel.unpin(host.space(), &local, pin)?;
            print(global.json, &pin, |pin| format!("m:{pin} is no longer pinned"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(pin: &Pinned) -> String {
    let holds = match (pin.holds, pin.place) {
        (true, Some(place)) => format!("holds, as hit {place}: {}", pin.found.as_deref().unwrap_or_default()),
        _ => format!("does NOT hold: {}", pin.why.as_deref().unwrap_or_default()),
    };
    format!("{}  {:?} finds {}: {holds}\n", pin.pin, pin.question, pin.wants)
}
