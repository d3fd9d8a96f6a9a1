//! Builds guest components for build scripts: adds the target when it is missing, then one nested cargo call.
//!
//! The nested build has a target directory of its own, `guests` beside the profiles, so that debug and release builds of
//! the host share the guests and cargo's locks do not meet.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of components.
const TARGET: &str = "wasm32-wasip2";

/// Stack of a guest, bytes: small, for every instance touches its own.
const STACK: u32 = 256 * 1024;

/// Builds packages of the workspace as components; answers their files in the same order.
///
/// # Errors
/// A message for the person who built: what failed and what to do.
pub fn components(packages: &[&str], watched: &[&str]) -> Result<Vec<PathBuf>, String> {
    let root = workspace()?;
    for path in watched.iter().chain(&["Cargo.toml", "Cargo.lock", "wit", "plugins/sdk"]) {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    add_target()?;
    let out = PathBuf::from(std::env::var("OUT_DIR").map_err(|_| "OUT_DIR is not set: call this from a build script")?);
    // target/<profile>/build/<package>/out
    let target = out.ancestors().nth(4).ok_or("OUT_DIR is not below a target directory")?.join("guests");
    let mut build = clean(&cargo());
    build.current_dir(&root).args(["build", "--profile", "guest", "--target", TARGET, "--target-dir"]).arg(&target);
    build.env("RUSTFLAGS", format!("-Clink-arg=-zstack-size={STACK}"));
    for package in packages {
        build.args(["-p", package]);
    }
    let output = build.output().map_err(|error| format!("cargo does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("the guests do not build:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let file = |package: &&str| target.join(TARGET).join("guest").join(format!("{}.wasm", package.replace('-', "_")));
    Ok(packages.iter().map(file).collect())
}

/// Writes a Rust file into `OUT_DIR` with one `(name, bytes)` for each component.
///
/// # Errors
/// As [`components`].
pub fn embed(file: &str, packages: &[(&str, &str)], watched: &[&str]) -> Result<(), String> {
    let names: Vec<&str> = packages.iter().map(|(_, package)| *package).collect();
    let files = components(&names, watched)?;
    let mut source = String::from("&[\n");
    for ((name, _), path) in packages.iter().zip(files) {
        source.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", path.display().to_string()));
    }
    source.push_str("]\n");
    let out = std::env::var("OUT_DIR").map_err(|_| "OUT_DIR is not set")?;
    std::fs::write(Path::new(&out).join(file), source).map_err(|error| format!("{file} cannot be written: {error}"))
}

/// The folder of the workspace: the nearest above this package that has a lock file.
fn workspace() -> Result<PathBuf, String> {
    let package = std::env::var("CARGO_MANIFEST_DIR").map_err(|_| "CARGO_MANIFEST_DIR is not set")?;
    let above = Path::new(&package).ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    above.map(Path::to_owned).ok_or_else(|| format!("no Cargo.lock above {package}"))
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

/// A command without what the outer cargo has set for the host's build.
fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let kept =
            matches!(text.as_ref(), "CARGO_HOME" | "CARGO_HTTP_PROXY" | "CARGO_HTTP_CAINFO" | "CARGO_NET_OFFLINE")
                || text.starts_with("CARGO_REGISTR")
                || text.starts_with("CARGO_SOURCE_");
        let inherited = text.starts_with("CARGO_") || text.starts_with("RUSTC") || text.starts_with("CLIPPY_");
        if (inherited && !kept) || matches!(text.as_ref(), "RUSTFLAGS" | "RUSTDOCFLAGS" | "TARGET" | "HOST" | "PROFILE")
        {
            command.env_remove(&name);
        }
    }
    command
}

/// Makes sure the target's standard library is there. A toolchain file alone does not, where rustup installs nothing
/// on its own.
fn add_target() -> Result<(), String> {
    let installed = || {
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
        let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
        output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
    };
    if installed() {
        return Ok(());
    }
    let mut add = clean("rustup");
    add.args(["target", "add", TARGET]);
    if let Ok(toolchain) = std::env::var("RUSTUP_TOOLCHAIN") {
        add.args(["--toolchain", &toolchain]);
    }
    let told = match add.output() {
        Ok(output) if output.status.success() && installed() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("rustup does not start: {error}"),
    };
    Err(format!(
        "the target {TARGET} is missing and could not be added.\n{told}\nRun `rustup target add {TARGET}` where there is a network, then build again."
    ))
}
