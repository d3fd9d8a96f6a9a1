//! Layers in JavaScript and Python: tests/interop, built, tested and called.

#![expect(clippy::indexing_slicing, reason = "a missing key of a `Value` is null, no panic")]

use super::figures::Figures;
use super::host::Host;
use super::{Language, Place, copy, empty, tools};
use crate::shell::{self, command};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Builds and runs the layer of each language that has one.
pub(super) fn run(place: &Place, languages: &[Language]) -> Result<Vec<Figures>> {
    stage(place)?;
    let mut figures = Vec::new();
    for language in languages {
        let (name, component) = match language {
            Language::Rust => continue,
            Language::JavaScript => ("notebook_js", javascript(place)),
            Language::Python => ("notebook_python", python(place)),
        };
        let component = component.with_context(|| format!("`{name}` was not built"))?;
        let measured = exercise(place, name, *language, &component);
        figures.push(measured.with_context(|| format!("the host does not run `{name}`"))?);
        println!("ok: {name}\n");
    }
    Ok(figures)
}

fn wit(place: &Place) -> PathBuf {
    place.out.join("wit")
}

/// Puts the world of the layers and the contract it includes into one folder, as WIT tools want them.
fn stage(place: &Place) -> Result<()> {
    copy(&place.root.join("tests/interop/wit"), &wit(place))?;
    copy(&place.root.join("wit"), &wit(place).join("deps/memstrata-plugin"))
}

/// The JavaScript layer: QuickJS inside, WASI stubbed, since a layer gets nothing from it.
fn javascript(place: &Place) -> Result<PathBuf> {
    let (folder, component) = (place.out.join("js"), place.out.join("notebook_js.wasm"));
    copy(&place.root.join("tests/interop/js"), &folder)?;
    tools::npm_ci(&folder)?;
    let mut build = command("node", ["node_modules/componentize-qjs/bin/componentize-qjs"], &folder);
    build.args(["--sync", "--opt-size", "--stub-wasi", "--world", "notebook", "--js", "notebook.js", "--wit"]);
    shell::run(build.arg(wit(place)).arg("--output").arg(&component))?;
    Ok(component)
}

/// The Python layer: CPython inside, with the inert WASI of the host.
fn python(place: &Place) -> Result<PathBuf> {
    let (folder, component) = (place.out.join("python"), place.out.join("notebook_python.wasm"));
    copy(&place.root.join("tests/interop/python"), &folder)?;
    let tools = tools::venv(place, &folder)?;
    let mut build = command(tools.join("componentize-py"), ["--quiet", "--wit-path"], &folder);
    build.arg(wit(place)).args(["--world", "notebook", "componentize", "notebook", "--output"]);
    shell::run(build.arg(&component))?;
    Ok(component)
}

/// Prints what the component imports, runs it through the contract, and calls it.
fn exercise(place: &Place, name: &str, language: Language, component: &Path) -> Result<Figures> {
    let path = component.to_str().context("the path of the component is no UTF-8")?;
    let file = format!("{name}.wasm");
    let text = format!("[layers.{name}]\nsource = {file:?}\ninterfaces = [\"store-read\", \"store-write\"]\n");
    let host = Host::new(place, name, &format!("data-{name}"), &text)?;
    empty(host.data())?;
    let figures = Figures::of(&host, language, "layer", path)?;
    imports(&figures.told)?;
    shell::run(&mut host.command(&["plugin", "test", path]))?;
    call(&host, name)?;
    Ok(figures)
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
fn call(host: &Host, layer: &str) -> Result<()> {
    let operation = |name: &str| format!("{layer}.{name}");
    let written = host.answer(&operation("write"), r#"{"text": "tea at four, with Zoë"}"#)?;
    let read = host.answer(&operation("read"), r#"{"word": "tea"}"#)?;
    println!("    {read}");
    ensure!(read["total"] == 1 && read["notes"][0] == written, "wrote {written}, but read {read}");
    ensure!(written["noted_at"].as_u64() > Some(0), "the clock said {}", written["noted_at"]);
    let cited = host.answer(&operation("cite"), &format!(r#"{{"id": {}}}"#, written["id"]))?;
    ensure!(cited == written, "wrote {written}, but cited {cited}");
    let (said, ok) = host.call(&operation("cite"), r#"{"id": 999999}"#)?;
    ensure!(!ok, "a note that does not exist was cited: {said}");
    Ok(())
}
