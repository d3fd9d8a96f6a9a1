//! Cold start to the first MCP answer, size of the binary, idle memory.

use crate::sample::{Sample, row};
use anyhow::Context as _;
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The release binary beside this one.
fn binary() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("memstrata");
    anyhow::ensure!(path.is_file(), "{} is missing: run `cargo build --release` first", path.display());
    Ok(path)
}

/// The program with its data in a folder.
pub fn program(data: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(binary()?);
    command.arg("--data").arg(data).current_dir(data);
    Ok(command)
}

/// A host that serves HTTP.
pub struct Program {
    pub url: String,
    child: Child,
}

impl Program {
    pub fn serve(data: &Path) -> anyhow::Result<Self> {
        let mut command = program(data)?;
        command.args(["--log", "error", "serve", "--bind", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("stderr")?).lines();
        let url = loop {
            let line = lines.next().context("the host ended")??;
            if let Some((_, rest)) = line.split_once("serves ") {
                break rest.split("/mcp").next().unwrap_or_default().to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { url, child })
    }

    /// Resident memory, bytes.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).context("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("no number")?.parse::<u64>()? * 1024)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// From starting the program to the answer of `initialize`.
fn first_answer(data: &Path) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut child =
        program(data)?.arg("stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut input = child.stdin.take().context("stdin")?;
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" } });
    writeln!(input, "{}", json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello }))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
    let answered = begun.elapsed();
    anyhow::ensure!(line.contains("memstrata"), "no answer");
    drop(input);
    child.wait()?;
    Ok(answered)
}

pub fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let cold = first_answer(folder.path())?;
    let (mut answers, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let begun = Instant::now();
        answers.push(first_answer(folder.path())?);
        whole.push(begun.elapsed());
    }
    row("start to the first MCP answer, warm cache", &Sample::from(answers).line());
    row("the same with the exit", &Sample::from(whole).line());
    row("the same, the first time (components compiled)", &format!("{:.0} ms", cold.as_secs_f64() * 1000.0));
    row("binary", &format!("{:.1} MB", binary()?.metadata()?.len() as f64 / 1e6));
    let host = Program::serve(folder.path())?;
    std::thread::sleep(Duration::from_secs(2));
    row("idle memory", &format!("{:.1} MB", host.memory()? as f64 / 1e6));
    Ok(())
}
