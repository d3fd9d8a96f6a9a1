//! Interoperation: components in other languages, built with their own tools from lock files, tested and run in a host.

mod figures;
mod host;
mod layers;
mod strategies;
mod tools;

use crate::shell::{self, command};
use anyhow::{Context as _, Result};
use figures::Figures;
use std::path::{Path, PathBuf};

/// A language there are components in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    JavaScript,
    Python,
}

impl Language {
    const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// By the name of its folder.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.folder() == name)
    }

    /// Its name.
    fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }

    /// The name of its folder, and what `plugin new --lang` calls it.
    fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }
}

/// The folders at work.
struct Place {
    root: PathBuf,
    /// Everything that is made lies here.
    out: PathBuf,
    /// The program.
    binary: PathBuf,
}

/// Builds, tests and runs the components of these languages, all if none is named.
///
/// # Errors
/// When a tool is missing, a component does not build, the host does not run it, or two languages differ: nothing is skipped.
pub(crate) fn run(languages: &[Language], binary: Option<PathBuf>) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no folder above it")?.to_owned();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let binary = match binary {
        Some(binary) => std::fs::canonicalize(&binary).with_context(|| format!("no file {}", binary.display()))?,
        None => {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            shell::run(&mut command(cargo, ["build", "--release", "--package", "memstrata"], &root))?;
            target.join("release").join(format!("memstrata{}", std::env::consts::EXE_SUFFIX))
        }
    };
    let place = Place { root, out: target.join("interop"), binary };
    // Compiled code of the last time would make the first load look quick.
    empty(&place.out.join("cache"))?;
    let languages = if languages.is_empty() { &Language::ALL } else { languages };
    let mut figures: Vec<Figures> = layers::run(&place, languages)?;
    figures.extend(strategies::run(&place, languages)?);
    println!("{}", figures::table(&figures));
    Ok(())
}

/// An empty folder; what was there before is gone.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Copies the files of a folder; what was there before is gone.
fn copy(from: &Path, to: &Path) -> Result<()> {
    empty(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let file = to.join(entry.file_name());
            std::fs::copy(entry.path(), &file).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}
