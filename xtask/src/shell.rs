//! Runs programs, loudly or for what they print.

use anyhow::{Context as _, Result, ensure};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// A program and its arguments, to run in a folder.
pub(crate) fn command<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = S>,
    folder: &Path,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    command
}

/// Runs it; what it prints goes to the terminal.
///
/// # Errors
/// When it does not start, or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("$ {line}");
    let status = command.status().with_context(|| missing(&line))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}

/// Runs it; answers what it printed, and whether it succeeded. What it says on stderr goes to the terminal.
///
/// # Errors
/// When it does not start, or prints no text.
pub(crate) fn read(command: &mut Command) -> Result<(String, bool)> {
    let line = line(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| missing(&line))?;
    let text = String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed no UTF-8"))?;
    Ok((text.trim().to_owned(), output.status.success()))
}

fn line(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.join(" ")
}

fn missing(line: &str) -> String {
    let program = line.split(' ').next().unwrap_or_default();
    format!("`{program}` does not start: install it, or put it on PATH (for `{line}`)")
}
