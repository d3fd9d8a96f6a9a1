//! Interoperation: layers in JavaScript and Python, built from their lock files, tested and called in a host.

#![expect(clippy::indexing_slicing, reason = "a missing key of a `Value` is null, no panic")]

use crate::shell::{self, command};
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A language with a layer in tests/interop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    JavaScript,
    Python,
}

impl Language {
    const ALL: [Self; 2] = [Self::JavaScript, Self::Python];

    /// By the name of its folder.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.folder() == name)
    }

    fn folder(self) -> &'static str {
        match self {
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    fn layer(self) -> &'static str {
        match self {
            Self::JavaScript => "notebook_js",
            Self::Python => "notebook_python",
        }
    }
}

/// The folders at work.
struct Place {
    root: PathBuf,
    out: PathBuf,
    wit: PathBuf,
}

/// The program, with a configuration and a data directory that are nobody else's.
struct Host {
    binary: PathBuf,
    out: PathBuf,
    layer: &'static str,
}

impl Host {
    /// A host whose configuration names the component's path.
    fn with(place: &Place, binary: &Path, language: Language, component: &Path) -> Result<Self> {
        let host = Self { binary: binary.to_owned(), out: place.out.clone(), layer: language.layer() };
        if host.data().exists() {
            std::fs::remove_dir_all(host.data()).with_context(|| format!("cannot clear {}", host.data().display()))?;
        }
        let name = component.file_name().context("the component has no name")?.to_string_lossy();
        let text =
            format!("[layers.{}]\nsource = {name:?}\ninterfaces = [\"store-read\", \"store-write\"]\n", host.layer);
        std::fs::write(host.config(), text).with_context(|| format!("cannot write {}", host.config().display()))?;
        Ok(host)
    }

    fn config(&self) -> PathBuf {
        self.out.join(format!("{}.toml", self.layer))
    }

    fn data(&self) -> PathBuf {
        self.out.join(format!("data-{}", self.layer))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.binary, ["--config"], &self.out);
        command.arg(self.config()).arg("--data").arg(self.data()).args(arguments);
        command
    }

    /// Calls an operation in a process of its own; answers what it printed, and whether it succeeded.
    fn call(&self, operation: &str, arguments: &str) -> Result<(String, bool)> {
        let operation = format!("{}.{operation}", self.layer);
        println!("$ memstrata call {operation} '{arguments}'");
        shell::read(&mut self.command(&["--json", "call", &operation, arguments]))
    }

    /// Calls an operation that must succeed.
    fn answer(&self, operation: &str, arguments: &str) -> Result<Value> {
        match self.call(operation, arguments)? {
            (text, true) => serde_json::from_str(&text).with_context(|| format!("`{text}` is no JSON")),
            (_, false) => bail!("`{operation}` failed"),
        }
    }
}

/// Builds and tests the layers of these languages, all if none is named.
///
/// # Errors
/// When a tool is missing, a layer does not build, or the host does not run it: nothing is skipped.
pub(crate) fn run(languages: &[Language], binary: Option<PathBuf>) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no folder above it")?.to_owned();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let out = target.join("interop");
    let place = Place { wit: out.join("wit"), root, out };
    stage(&place)?;
    let binary = match binary {
        Some(binary) => std::fs::canonicalize(&binary).with_context(|| format!("no file {}", binary.display()))?,
        None => {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            shell::run(&mut command(cargo, ["build", "--release", "--package", "memstrata"], &place.root))?;
            target.join("release").join(format!("memstrata{}", std::env::consts::EXE_SUFFIX))
        }
    };
    for language in if languages.is_empty() { &Language::ALL } else { languages } {
        let name = language.layer();
        let component = match language {
            Language::JavaScript => javascript(&place),
            Language::Python => python(&place),
        };
        let component = component.with_context(|| format!("`{name}` was not built"))?;
        Host::with(&place, &binary, *language, &component)
            .and_then(|host| exercise(&host, &component))
            .with_context(|| format!("the host does not run `{name}`"))?;
        println!("ok: {name}\n");
    }
    Ok(())
}

/// Puts the world of the layers and the contract it includes into one folder, as WIT tools want them.
fn stage(place: &Place) -> Result<()> {
    copy(&place.root.join("tests/interop/wit"), &place.wit)?;
    copy(&place.root.join("wit"), &place.wit.join("deps/memstrata-plugin"))
}

/// Copies the files of a folder; what was there before is gone.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to).with_context(|| format!("cannot clear {}", to.display()))?;
    }
    std::fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let file = to.join(entry.file_name());
            std::fs::copy(entry.path(), &file).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(())
}

/// The JavaScript layer: QuickJS inside, WASI stubbed, since a layer gets nothing from it.
fn javascript(place: &Place) -> Result<PathBuf> {
    let (folder, component) = (place.out.join("js"), place.out.join("notebook_js.wasm"));
    copy(&place.root.join("tests/interop/js"), &folder)?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    shell::run(&mut command(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], &folder))?;
    let mut build = command("node", ["node_modules/componentize-qjs/bin/componentize-qjs"], &folder);
    build.args(["--sync", "--opt-size", "--stub-wasi", "--world", "notebook", "--js", "notebook.js", "--wit"]);
    shell::run(build.arg(&place.wit).arg("--output").arg(&component))?;
    Ok(component)
}

/// The Python layer: CPython inside, with the inert WASI of the host.
fn python(place: &Place) -> Result<PathBuf> {
    let (folder, component) = (place.out.join("python"), place.out.join("notebook_python.wasm"));
    copy(&place.root.join("tests/interop/python"), &folder)?;
    let venv = place.out.join("venv");
    shell::run(command("python3", ["-m", "venv", "--clear"], &folder).arg(&venv))?;
    let tools = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let install =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"];
    shell::run(&mut command(tools.join("python"), install, &folder))?;
    let mut build = command(tools.join("componentize-py"), ["--quiet", "--wit-path"], &folder);
    build.arg(&place.wit).args(["--world", "notebook", "componentize", "notebook", "--output"]);
    shell::run(build.arg(&component))?;
    Ok(component)
}

/// Prints what the component imports, runs it through the contract, and calls it.
fn exercise(host: &Host, component: &Path) -> Result<()> {
    let path = component.to_str().context("the path of the component is no UTF-8")?;
    let (text, ok) = shell::read(&mut host.command(&["--json", "plugin", "inspect", path]))?;
    ensure!(ok, "`memstrata plugin inspect` failed");
    imports(&serde_json::from_str(&text).context("`plugin inspect` printed no JSON")?)?;
    shell::run(&mut host.command(&["plugin", "test", path]))?;
    call(host)
}

/// Prints the imports, and checks that they are of the world.
fn imports(told: &Value) -> Result<()> {
    let imports: Vec<&str> = told["imports"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    println!("{}: {} bytes, {} engine, imports:", told["name"], told["bytes"], told["engine"]);
    imports.iter().for_each(|import| println!("    {import}"));
    for wanted in ["store-read", "store-write", "clock"] {
        let name = format!("memstrata:plugin/{wanted}@");
        ensure!(imports.iter().any(|import| import.starts_with(&name)), "it does not import {wanted}");
    }
    Ok(())
}

/// Writes a note and reads it back, each in a host process of its own; a fault must come back as one.
fn call(host: &Host) -> Result<()> {
    let written = host.answer("write", r#"{"text": "tea at four, with Zoë"}"#)?;
    let read = host.answer("read", r#"{"word": "tea"}"#)?;
    println!("    {read}");
    ensure!(read["total"] == 1 && read["notes"][0] == written, "wrote {written}, but read {read}");
    ensure!(written["noted_at"].as_u64() > Some(0), "the clock said {}", written["noted_at"]);
    let cited = host.answer("cite", &format!(r#"{{"id": {}}}"#, written["id"]))?;
    ensure!(cited == written, "wrote {written}, but cited {cited}");
    let (said, ok) = host.call("cite", r#"{"id": 999999}"#)?;
    ensure!(!ok, "a note that does not exist was cited: {said}");
    Ok(())
}
