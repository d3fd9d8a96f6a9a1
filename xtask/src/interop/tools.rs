//! The tools of each language, called as an author calls them.

use super::Place;
use crate::shell::{self, command};
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// Installs what a lock file of npm names into its folder.
pub(super) fn npm_ci(folder: &Path) -> Result<()> {
    shell::run(&mut command(npm(), ["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder))
}

/// Runs a script of a `package.json`.
pub(super) fn npm_run(folder: &Path, script: &str) -> Result<()> {
    shell::run(&mut command(npm(), ["run", "--silent", script], folder))
}

fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// The folder of the programs of a virtual environment that has what `requirements.txt` in a folder names.
pub(super) fn venv(place: &Place, folder: &Path) -> Result<PathBuf> {
    let venv = place.out.join("venv");
    shell::run(command("python3", ["-m", "venv"], folder).arg(&venv))?;
    let tools = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let install =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"];
    shell::run(&mut command(tools.join("python"), install, folder))?;
    Ok(tools)
}

/// Builds a project for `wasm32-wasip2` from its lock file, after its own tests; answers the folder of its components.
pub(super) fn cargo(place: &Place, folder: &Path) -> Result<PathBuf> {
    const TARGET: &str = "wasm32-wasip2";
    let target = place.out.join("rust-target");
    shell::run(&mut command("rustup", ["target", "add", TARGET], folder))?;
    let run = |arguments: &[&str]| {
        let mut cargo = command("cargo", ["--quiet"], folder);
        // What the cargo around this program was told is not for this one.
        for variable in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS"] {
            cargo.env_remove(variable);
        }
        shell::run(cargo.args(arguments).args(["--release", "--locked", "--target-dir"]).arg(&target))
    };
    run(&["test", "--lib"]).context("its own tests fail")?;
    run(&["build", "--target", TARGET])?;
    Ok(target.join(TARGET).join("release"))
}
