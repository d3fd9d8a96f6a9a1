//! `plugin new`: writes the project of a component. The projects are the examples of this repository, under another name.

use crate::cli::{Global, Language};
use crate::output::print;
use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The example's name, in place of which the new one is put.
const EXAMPLE: &str = "session_digest";

/// A file of a project: its path, its text.
type File = (&'static str, &'static str);

/// Files of an example below `examples/strategies`.
macro_rules! example {
    ($language:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../examples/strategies/", $language, "/", $path)))),+]
    };
}

/// Files that every project has: the contract, and rows to test with.
macro_rules! shared {
    ($($path:literal from $source:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../", $source)))),+]
    };
}

const RUST: &[File] = example!("rust":
    "Cargo.toml", "Cargo.lock", "README.md", ".gitignore", "src/lib.rs", "src/digest.rs", "src/guest.rs", "src/manifest.json",
    "wit/world.wit",
);

const JS: &[File] = example!("js":
    "package.json", "package-lock.json", "README.md", ".gitignore", "strategy.js", "digest.js", "digest.test.js", "wit/world.wit",
);

const PYTHON: &[File] = example!("python":
    "requirements.txt", "README.md", ".gitignore", "strategy.py", "digest.py", "test_digest.py", "wit/world.wit",
);

const SHARED: &[File] = shared!(
    "jobs.jsonl" from "examples/strategies/jobs.jsonl",
    "wit/deps/memstrata-plugin/call.wit" from "wit/call.wit",
    "wit/deps/memstrata-plugin/consolidation.wit" from "wit/consolidation.wit",
    "wit/deps/memstrata-plugin/files.wit" from "wit/files.wit",
    "wit/deps/memstrata-plugin/search.wit" from "wit/search.wit",
    "wit/deps/memstrata-plugin/store-read.wit" from "wit/store-read.wit",
    "wit/deps/memstrata-plugin/store-write.wit" from "wit/store-write.wit",
    "wit/deps/memstrata-plugin/types.wit" from "wit/types.wit",
    "wit/deps/memstrata-plugin/vectors.wit" from "wit/vectors.wit",
    "wit/deps/memstrata-plugin/worlds.wit" from "wit/worlds.wit",
);

/// Writes the project of a strategy into a new folder of its name.
pub(crate) fn strategy(global: &Global, language: Language, name: &str) -> Result<ExitCode> {
    check_name(name)?;
    let folder = Path::new(name);
    if folder.exists() {
        bail!("`{name}` exists here: nothing was written; take another name, or move it away");
    }
    let own = match language {
        Language::Rust => RUST,
        Language::Js => JS,
        Language::Python => PYTHON,
    };
    let mut written: Vec<PathBuf> = Vec::new();
    for (path, text) in own.iter().chain(SHARED) {
        let file = folder.join(path);
        if let Some(above) = file.parent() {
            std::fs::create_dir_all(above).with_context(|| format!("cannot make {}", above.display()))?;
        }
        let text = text.replace(EXAMPLE, name);
        let text = if *path == "Cargo.lock" { sorted(&text) } else { text };
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        written.push(file);
    }
    print(global.json, &json!({ "name": name, "folder": folder, "files": written }), |_| {
        format!("{} files in {name}/; {name}/README.md says how to build, test and try it", written.len())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The name of a component, as manifests want it.
fn check_name(name: &str) -> Result<()> {
    let mut letters = name.bytes();
    let good = letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= 31
        && !name.contains("__");
    if !good {
        bail!(
            "`{name}` is no name of a component: take a-z first, then a-z, 0-9 and single _, at most 31 (like `my_digest`)"
        );
    }
    if name == "host" {
        bail!("`host` is the host's own name: take another");
    }
    Ok(())
}

/// A lock file with its packages in order of their names again, so that `cargo build --locked` takes it as it is.
fn sorted(lock: &str) -> String {
    const PACKAGE: &str = "[[package]]\n";
    let mut parts = lock.split(PACKAGE);
    let head = parts.next().unwrap_or_default();
    let mut packages: Vec<&str> = parts.map(str::trim_end).collect();
    packages.sort_by_key(|package| package.lines().next().unwrap_or_default());
    let packages: Vec<String> = packages.iter().map(|package| format!("{PACKAGE}{package}\n")).collect();
    format!("{head}{}", packages.join("\n"))
}
