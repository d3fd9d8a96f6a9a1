//! `space`: list, make, delete.

use crate::cli::{Global, Space};
use crate::host::start;
use crate::output::{print, time};
use anyhow::{Result, bail};
use serde_json::json;
use std::process::ExitCode;

/// Runs a space command.
pub(crate) fn run(global: &Global, command: Space) -> Result<ExitCode> {
    let host = start(global, false)?;
    match command {
        Space::List => {
            let spaces = host.kernel.spaces()?;
            let listed: Vec<_> =
                spaces.iter().map(|(name, created)| json!({ "name": name, "created_at": created })).collect();
            print(global.json, &listed, |_| {
                let line = |(name, created): &(String, u64)| format!("{name}  (since {})", time(*created));
                spaces.iter().map(line).collect::<Vec<_>>().join("\n")
            })?;
        }
        Space::Create { name } => {
            let new = host.kernel.create_space(&name)?;
            println!("space `{name}` {}", if new { "made" } else { "was there already" });
        }
        Space::Delete { name, yes: false } => {
            bail!(
                "this deletes space `{name}` and its file for good; say --yes if you mean it (or make a backup first: `memstrata --space {name} backup FILE`)"
            )
        }
        Space::Delete { name, yes: true } => {
            host.kernel.delete_space(&name)?;
            println!("space `{name}` deleted");
        }
    }
    Ok(ExitCode::SUCCESS)
}
