//! `plugin`: list, inspect, new, test, swap, roll back.

use super::new;
use crate::cli::{Global, Kind, Plugin};
use crate::host::{configure, start};
use crate::output::{print, time};
use anyhow::{Context as _, Result};
use memstrata_kernel::{Kit, RecordedJob, Report, Swapped, test_component};
use memstrata_runtime::{Grants, Limits, Runtime};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs a plugin command.
pub(crate) fn run(global: &Global, command: Plugin) -> Result<ExitCode> {
    match command {
        Plugin::List => list(global),
        Plugin::Inspect { what } => inspect(global, &what),
        Plugin::New { kind: Kind::Strategy, lang, name } => new::strategy(global, lang, &name),
        Plugin::Test { file, jobs } => test(global, &file, &jobs),
        Plugin::Swap { layer, file } => {
            let wasm = read(&file)?;
            let host = start(global, false)?;
            let origin = std::path::absolute(&file).unwrap_or(file);
            swapped(global, &host.kernel.swap(&layer, &wasm, &origin.display().to_string())?)
        }
        Plugin::Rollback { layer } => {
            let host = start(global, false)?;
            swapped(global, &host.kernel.rollback(&layer)?)
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn swapped(global: &Global, swapped: &Swapped) -> Result<ExitCode> {
    print(global.json, swapped, |one| {
        let digest: String = one.digest.chars().take(12).collect();
        // This process is one of them; those a reader asks about are the hosts that serve.
        let own = std::process::id();
        let others = |pids: &[u32]| pids.iter().filter(|pid| **pid != own).map(ToString::to_string).collect::<Vec<_>>();
        let (followed, behind) = (others(&one.followed), others(&one.behind));
        let mut text = format!(
            "layer `{}` is served by version {} ({digest}), generation {}; {} examples passed",
            one.layer, one.version, one.generation, one.self_tests
        );
        text.push_str(&match followed.len() {
            0 => "\nno other host runs on this data directory".to_owned(),
            count => format!("\n{count} running host(s) follow: pid {}", followed.join(", ")),
        });
        if !behind.is_empty() {
            text.push_str(&format!("\nNOT yet followed by pid {}; see their logs", behind.join(", ")));
        }
        text
    })?;
    Ok(if swapped.behind.iter().any(|pid| *pid != std::process::id()) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn list(global: &Global) -> Result<ExitCode> {
    let host = start(global, false)?;
    let health = host.kernel.health();
    let generations = host.kernel.generations()?;
    print(global.json, &json!({ "layers": health.layers, "generations": generations }), |_| {
        let mut text = String::new();
        for (name, layer) in &health.layers {
            let digest: String = layer.digest.chars().take(12).collect();
            text.push_str(&format!(
                "{name}  {}  version {}  {} operations  generation {}  {digest}\n",
                layer.status, layer.version, layer.operations, layer.generation
            ));
            layer.problems.iter().for_each(|problem| text.push_str(&format!("    problem: {problem}\n")));
            for kept in generations.iter().filter(|kept| kept.layer == *name) {
                let digest: String = kept.digest.chars().take(12).collect();
                text.push_str(&format!("    {}  {}  {digest}  from {}\n", kept.generation, time(kept.at), kept.origin));
            }
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

fn inspect(global: &Global, what: &str) -> Result<ExitCode> {
    let resolved = configure(global, None)?;
    let (wasm, granted) = match resolved.kernel.layers.get(what) {
        Some(layer) => (layer.wasm.clone().context("the layer has no component")?, Some(layer.grants.clone())),
        None => {
            let bytes = read(Path::new(what)).with_context(|| {
                let known: Vec<_> = resolved.kernel.layers.keys().cloned().collect();
                format!("`{what}` is neither a file nor a layer; layers: {}", known.join(", "))
            })?;
            (bytes.into(), None)
        }
    };
    let size = wasm.bytes().map_err(anyhow::Error::msg)?.len();
    let cache = resolved.kernel.cache.unwrap_or_else(|| resolved.kernel.data.join("cache"));
    let runtime = Arc::new(Runtime::new(resolved.kernel.limits, 1, Some(&cache)).map_err(anyhow::Error::msg)?);
    let plugin = runtime.load(what, wasm, &Grants::everything(), &Map::new())?;
    let manifest = plugin.manifest();
    let value = json!({
        "name": manifest.name, "version": manifest.version, "summary": manifest.summary, "digest": plugin.digest(),
        "bytes": size, "engine": if plugin.pooled() { "pooled" } else { "on-demand" },
        "imports": plugin.imports(), "wants": { "interfaces": manifest.imports, "optional": manifest.optional_imports,
        "reads": manifest.reads, "writes": manifest.writes }, "granted": granted,
        "collections": manifest.collections.keys().collect::<Vec<_>>(), "declarations": manifest.collections,
        "operations": manifest.operations.iter().map(|(name, one)| (name.clone(), json!({"effect": one.effect, "summary": one.summary}))).collect::<Map<_, _>>(),
        "schedules": manifest.schedules, "events": manifest.events, "dropped": plugin.dropped(),
    });
    print(global.json, &value, |_| {
        let mut text = format!(
            "{} {}: {}\n  digest   {}\n  size     {} bytes, {} engine\n  needs    {}\n  optional {}\n  reads    {}\n  writes   {}\n  imports  {}\n",
            manifest.name,
            manifest.version,
            manifest.summary,
            plugin.digest(),
            size,
            if plugin.pooled() { "pooled" } else { "on-demand" },
            manifest.imports.join(", "),
            manifest.optional_imports.join(", "),
            manifest.reads.join(", "),
            manifest.writes.join(", "),
            plugin.imports().join("\n           ")
        );
        text.push_str("  collections:\n");
        for (name, collection) in &manifest.collections {
            let fields = collection.fields.iter().map(|(field, spec)| {
                let kind = serde_json::to_value(spec.kind).unwrap_or_default();
                let must = if spec.required { ", required" } else { "" };
                format!("{field} ({}{must})", kind.as_str().unwrap_or_default())
            });
            let fields = fields.collect::<Vec<_>>().join(", ");
            text.push_str(&format!("    {name}: {}\n      {fields}\n", collection.summary));
        }
        text.push_str("  operations:\n");
        for (name, operation) in &manifest.operations {
            let effect = serde_json::to_value(operation.effect).unwrap_or_default();
            text.push_str(&format!("    {name} ({}): {}\n", effect.as_str().unwrap_or_default(), operation.summary));
        }
        for (name, reason) in plugin.dropped() {
            text.push_str(&format!("    {name} is DROPPED: {reason}\n"));
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Rows of the largest job a strategy is tested with.
const ROWS: u64 = 3_000;
/// What a unit of a slow strategy may take in the kit, ms: long enough for any language, short enough for a loop to be waited for.
const UNIT_MS: u64 = 10_000;

fn test(global: &Global, file: &Path, jobs: &[PathBuf]) -> Result<ExitCode> {
    let resolved = configure(global, Some("error"))?;
    let wasm = read(file)?;
    let jobs = jobs.iter().map(|file| {
        let lines = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(RecordedJob { name, lines })
    });
    let kit = Kit {
        settings: Map::new(),
        embedder: resolved.kernel.embedder,
        cache: Some(resolved.kernel.cache.unwrap_or_else(|| resolved.kernel.data.join("cache"))),
        layers: resolved.kernel.layers,
        jobs: jobs.collect::<Result<_>>()?,
        rows: ROWS,
        limits: Limits { slow_guest_ms: UNIT_MS.min(resolved.kernel.limits.slow_guest_ms), ..resolved.kernel.limits },
    };
    let report: Report = test_component(&wasm, &kit);
    print(global.json, &report, |report| {
        let mut text = String::new();
        for check in &report.checks {
            text.push_str(&format!("{}  {}: {}\n", if check.ok { "ok  " } else { "FAIL" }, check.name, check.message));
        }
        let failed = report.checks.iter().filter(|check| !check.ok).count();
        text.push_str(&match failed {
            0 => format!("{} `{}`: all {} checks passed", report.kind, report.layer, report.checks.len()),
            failed => format!("{failed} of {} checks failed; fix what is said above", report.checks.len()),
        });
        text
    })?;
    Ok(if report.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
