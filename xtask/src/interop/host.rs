//! The program, with a configuration and a data directory that are nobody else's.

use super::Place;
use crate::shell::{self, command};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A configuration to call the program with.
pub(super) struct Host {
    binary: PathBuf,
    out: PathBuf,
    config: PathBuf,
    data: PathBuf,
}

impl Host {
    /// A host with the sections `text`, which may name files of the output folder, on a data directory by name.
    pub(super) fn new(place: &Place, name: &str, data: &str, text: &str) -> Result<Self> {
        let host = Self {
            binary: place.binary.clone(),
            out: place.out.clone(),
            config: place.out.join(format!("{name}.toml")),
            data: place.out.join(data),
        };
        // One cache for all: each component is compiled once.
        std::fs::write(&host.config, format!("cache = \"cache\"\n{text}"))
            .with_context(|| format!("cannot write {}", host.config.display()))?;
        Ok(host)
    }

    /// The data directory.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// The program with these arguments.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.binary, ["--config"], &self.out);
        command.arg(&self.config).arg("--data").arg(&self.data).args(arguments);
        command
    }

    /// Calls an operation in a process of its own; answers what it printed, and whether it succeeded.
    pub(super) fn call(&self, operation: &str, arguments: &str) -> Result<(String, bool)> {
        let shown: String = arguments.chars().take(100).collect();
        println!("$ memstrata call {operation} '{shown}'");
        shell::read(&mut self.command(&["--json", "call", operation, arguments]))
    }

    /// Calls an operation that must succeed.
    pub(super) fn answer(&self, operation: &str, arguments: &str) -> Result<Value> {
        match self.call(operation, arguments)? {
            (text, true) => serde_json::from_str(&text).with_context(|| format!("`{text}` is no JSON")),
            (_, false) => bail!("`{operation}` failed"),
        }
    }

    /// What the program prints as JSON; it must succeed.
    pub(super) fn json(&self, arguments: &[&str]) -> Result<Value> {
        println!("$ memstrata {}", arguments.join(" "));
        let (text, ok) = shell::read(self.command(&["--json"]).args(arguments))?;
        ensure!(ok, "`memstrata {}` failed", arguments.join(" "));
        serde_json::from_str(&text).with_context(|| format!("`memstrata {}` printed no JSON", arguments.join(" ")))
    }
}
