//! `backup`, `restore`, `verify`, `reembed`: the care of spaces.

use crate::cli::Global;
use crate::host::start;
use crate::output::{Meter, print};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::ExitCode;

/// Copies a space into one file.
pub(crate) fn backup(global: &Global, to: &Path) -> Result<ExitCode> {
    let host = start(global, false)?;
    let space = host.kernel.open_space(host.space())?;
    let mut meter = Meter::new("backup");
    let backup = space.backup(to, |done, all| meter.show(done, all))?;
    meter.end();
    print(global.json, &backup, |backup| {
        format!(
            "space `{}` up to transaction {} is in {} ({} bytes)",
            backup.space,
            backup.seq,
            backup.path.display(),
            backup.bytes
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a space from a backup.
pub(crate) fn restore(global: &Global, from: &Path, name: Option<String>) -> Result<ExitCode> {
    let mut global = global.clone();
    let wanted = name.or(global.space.take());
    let host = start(&global, false)?;
    let name = wanted.unwrap_or_else(|| host.space().to_owned());
    let fresh = name == host.space() && host.kernel.open_space(&name)?.latest()? == 0;
    if fresh {
        // The default space exists from the first start on; while nothing was ever written to it, it may be replaced.
        let path = host.kernel.open_space(&name)?.path().to_owned();
        host.kernel.close_space(&name);
        for file in [path.clone(), path.with_extension("db-wal"), path.with_extension("db-shm")] {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    bail!("{} cannot be removed: {error}", file.display())
                }
                _ => {}
            }
        }
    }
    host.kernel.restore_space(from, &name)?;
    let verified = host.kernel.open_space(&name)?.verify()?;
    if !verified.faults.is_empty() {
        bail!("space `{name}` was restored, but is not sound:\n  - {}", verified.faults.join("\n  - "));
    }
    print(global.json, &verified, |verified| {
        format!("space `{name}` restored: {} rows, {} commits, verified", verified.rows, verified.commits)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Checks one space, or all.
pub(crate) fn verify(global: &Global, rebuild: bool, all: bool) -> Result<ExitCode> {
    let host = start(global, false)?;
    let names = match all {
        true => host.kernel.spaces()?.into_iter().map(|(name, _)| name).collect(),
        false => vec![host.space().to_owned()],
    };
    let mut found = Vec::new();
    for name in names {
        let space = host.kernel.open_space(&name)?;
        if rebuild {
            let queued = space.rebuild()?;
            host.kernel.fill_all(&name, |_, _| {})?;
            eprintln!("space `{name}`: full text made anew, {queued} vectors added");
        }
        found.push(space.verify()?);
    }
    let sound = found.iter().all(|one| one.faults.is_empty());
    print(global.json, &found, |found| {
        let mut text = String::new();
        for one in found {
            let word = if one.faults.is_empty() { "ok" } else { "NOT SOUND" };
            text.push_str(&format!(
                "space `{}`: {word}  ({} rows, {} commits, {} vectors pending)\n",
                one.space, one.rows, one.commits, one.embed_pending
            ));
            one.faults.iter().for_each(|fault| text.push_str(&format!("  - {fault}\n")));
        }
        if !sound {
            text.push_str(
                "`memstrata verify --rebuild` mends full text and vectors; for the rest, restore a backup.\n",
            );
        }
        text
    })?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes all vectors of a space anew.
pub(crate) fn reembed(global: &Global) -> Result<ExitCode> {
    let host = start(global, false)?;
    let mut meter = Meter::new("reembed");
    let name = host.space().to_owned();
    let done = host.kernel.reembed(&name, |done, all| meter.show(done, all))?;
    meter.end();
    println!(
        "space `{name}`: {done} texts embedded with {}",
        host.kernel.health().embedder.get("model").and_then(|model| model.as_str()).unwrap_or_default()
    );
    Ok(ExitCode::SUCCESS)
}
