//! `consolidate`, `runs`: strategies over a space, and what they did.

use crate::cli::Global;
use crate::host::start;
use crate::output::{Meter, instant, print, time};
use anyhow::Result;
use memstrata_kernel::{Consolidate, Mode, Principal, RunReport, UnitReport};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

/// What the command line says of a run.
pub(crate) struct Asked {
    pub(crate) strategy: Option<String>,
    pub(crate) namespace: String,
    pub(crate) since: Option<String>,
    pub(crate) dry_run: bool,
    pub(crate) again: bool,
}

/// Runs a strategy.
pub(crate) fn consolidate(global: &Global, asked: Asked) -> Result<ExitCode> {
    let host = start(global, false)?;
    let since = asked.since.as_deref().map(instant).transpose()?;
    let meter = Arc::new(Mutex::new(Meter::new("consolidate")));
    let shown = Arc::clone(&meter);
    let report = host.kernel.consolidate(&Consolidate {
        space: host.space().to_owned(),
        strategy: asked.strategy,
        namespace: asked.namespace,
        since,
        again: asked.again,
        mode: if asked.dry_run { Mode::DryRun } else { Mode::Apply },
        trigger: "manual".into(),
        principal: Principal::local(),
        cancelled: Arc::default(),
        progress: Some(Arc::new(move |progress| {
            if let Ok(mut meter) = shown.lock() {
                meter.show(progress.done, progress.total);
            }
        })),
    })?;
    if let Ok(meter) = meter.lock() {
        meter.end();
    }
    print(global.json, &report, |report| {
        let mut text: String = report.details.iter().map(|unit| shown_unit(unit, asked.dry_run)).collect();
        text.push_str(&summary(report));
        text
    })?;
    Ok(if ["failed", "undone"].contains(&report.status) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A unit in lines: with `whole`, each step of its patch.
fn shown_unit(unit: &UnitReport, whole: bool) -> String {
    let mut text = String::new();
    if unit.status == "failed" {
        text.push_str(&format!(
            "! {} ({} rows): {}\n",
            unit.unit,
            unit.rows,
            unit.error.as_deref().unwrap_or("failed")
        ));
        for fault in unit.faults.iter().take(10) {
            text.push_str(&format!("    step {}: {}: {}\n", fault.step, fault.code, fault.message));
        }
    }
    if !whole || unit.status != "proposed" {
        return text;
    }
    text.push_str(&format!("{} ({} rows)\n", unit.unit, unit.rows));
    for step in unit.patch.iter().flat_map(|patch| &patch.steps) {
        let step = serde_json::to_value(step).unwrap_or_default();
        text.push_str(&shown_step(&step));
    }
    text
}

fn shown_step(step: &Value) -> String {
    let part = |name: &str| step.get(name).cloned().unwrap_or_default();
    let ids = |name: &str| {
        let ids: Vec<String> = match part(name) {
            Value::Array(ids) => ids.iter().filter_map(Value::as_u64).map(|id| format!("m:{id}")).collect(),
            Value::Number(id) => vec![format!("m:{id}")],
            other => vec![other.as_str().unwrap_or_default().to_owned()],
        };
        match ids.split_at_checked(6) {
            Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(" "), rest.len()),
            _ => ids.join(" "),
        }
    };
    let said = |name: &str| part(name).as_str().map_or_else(|| part(name).to_string(), str::to_owned);
    let line = match said("verb").as_str() {
        "create" => {
            let row = part("row");
            let fields = row.as_object().into_iter().flatten();
            let fields: Vec<String> = fields.map(|(field, value)| format!("      {field}: {value}")).collect();
            format!("+ {}\n{}", said("collection"), fields.join("\n"))
        }
        "update" => format!("~ {} {}", ids("row"), part("fields")),
        "mark" => format!("~ mark {} {}", ids("rows"), part("fields")),
        "supersede" => format!("- {} superseded by {}", ids("row"), said("by")),
        "merge" => format!("- {} merged into {}", ids("rows"), said("into")),
        "retire" => format!("- {} retired", ids("rows")),
        "link" => format!("~ {} cites {}", said("row"), ids("to")),
        _ => format!("? {} {} {}: {}", said("severity"), said("kind"), said("verb"), ids("rows")),
    };
    let because = match (said("reason").as_str(), ids("evidence").as_str()) {
        ("", _) => String::new(),
        (reason, evidence) => format!("\n      because {reason} [{evidence}]"),
    };
    format!("  {line}{because}\n")
}

fn summary(report: &RunReport) -> String {
    let verb = if report.mode == Mode::DryRun { "would be" } else { "are" };
    let mut text = format!(
        "run {} of `{}`: {}; {} units, {} with proposals, {} with none or done before, {} failed\n{} rows {verb} new, {} changed, {} ended, {} conflicts flagged",
        report.run,
        report.strategy,
        report.status,
        report.units,
        report.applied,
        report.skipped,
        report.failed,
        report.created,
        report.changed,
        report.ended,
        report.conflicts
    );
    if !report.measures.is_empty() {
        text.push_str("\nwhat the strategy measured, mean of its units:");
    }
    for (name, value) in &report.measures {
        text.push_str(&format!("\n  {name} {value:.3}"));
    }
    text.push_str(match report.quality_after {
        Some(_) => "\nquality of what is derived, before -> after:",
        None => "\nquality of what is derived:",
    });
    let quality = [&report.quality_before, &report.quality_after].map(|side| side.as_ref().map(|it| json!(it)));
    text.push_str(&shown_quality(quality.each_ref().map(Option::as_ref), "\n  "));
    if report.left_out > 0 {
        text.push_str(&format!("\n{} units more are told by memstrata --json runs {}", report.left_out, report.run));
    }
    if report.units == 0 {
        text.push_str(
            "\nno row meets the strategy's filter here; what is consolidated already can be tried again on a copy: memstrata shadow --instead-of RUN",
        );
    }
    if let Some(error) = &report.error {
        text.push_str(&format!("\n{error}"));
    }
    if report.mode == Mode::Apply && report.applied > 0 && report.status != "undone" {
        text.push_str(&format!("\nto take it back: memstrata undo --run {}", report.run));
    }
    text
}

/// How good what is derived was before and is after, a number a line; of a dry run, how good it is.
fn shown_quality([before, after]: [Option<&Value>; 2], line: &str) -> String {
    let (Some(first), last) = (before.or(after), after.or(before)) else { return String::new() };
    let mut text = String::new();
    // What there is a number of on either side: before the first run there is, for one, no trust.
    let names = [Some(first), last].into_iter().flatten().filter_map(Value::as_object).flat_map(|side| side.keys());
    for name in names.collect::<std::collections::BTreeSet<_>>() {
        let number = |side: Option<&Value>| side.and_then(|side| side.get(name)).and_then(Value::as_f64);
        let shown = |side| number(side).map_or_else(|| "none".to_owned(), |number| format!("{number:.3}"));
        if number(Some(first)).or(number(last)).is_none() {
            continue;
        }
        text.push_str(&match after {
            Some(_) if before.is_some() => format!("{line}{name} {} -> {}", shown(Some(first)), shown(last)),
            _ => format!("{line}{name} {}", shown(Some(first))),
        });
    }
    let rows = |side: Option<&Value>| side.and_then(|side| side.get("rows")).and_then(Value::as_object).cloned();
    let after = rows(last).unwrap_or_default();
    for (collection, was) in rows(Some(first)).into_iter().flatten() {
        text.push_str(&format!("{line}rows of {collection} {was}"));
        if let Some(is) = after.get(&collection).filter(|is| **is != was) {
            text.push_str(&format!(" -> {is}"));
        }
    }
    text
}

/// The runs of a space, or one of them with its units.
pub(crate) fn runs(global: &Global, run: Option<&str>, limit: u32) -> Result<ExitCode> {
    let host = start(global, false)?;
    let run = run.map(|run| host.run(run)).transpose()?;
    let found = host.kernel.runs(host.space(), &Principal::local(), run.as_deref(), limit)?;
    print(global.json, &found, |found| match found.as_slice() {
        [] => "no run yet; `memstrata consolidate` makes one".to_owned(),
        found => found.iter().map(shown_run).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Proposes a run again; fails if a patch is not what it was.
pub(crate) fn replay(global: &Global, run: &str) -> Result<ExitCode> {
    let host = start(global, false)?;
    let replayed = host.kernel.replay(host.space(), &host.run(run)?, &Principal::local())?;
    let same = replayed.iter().filter(|unit| unit.same).count();
    print(global.json, &replayed, |replayed| {
        let mut text: String =
            replayed.iter().filter_map(|unit| Some(format!("{}: {}\n", unit.unit, unit.differs.as_ref()?))).collect();
        text.push_str(&format!("{same} of {} patches are what they were", replayed.len()));
        text
    })?;
    Ok(if same == replayed.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn shown_run(run: &Value) -> String {
    let text = |name: &str| run.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let number = |name: &str| run.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut line = format!(
        "{}  {}  {:<16} {:<8} {} units, {} without proposals, {} new, {} changed, {} ended, {} conflicts, {} failed",
        text("run"),
        time(number("started_at")),
        text("strategy"),
        text("status"),
        number("units"),
        number("skipped"),
        number("created"),
        number("changed"),
        number("ended"),
        number("conflicts"),
        number("failed"),
    );
    if let Some(error) = run.get("error").and_then(Value::as_str) {
        line.push_str(&format!("\n    {error}"));
    }
    if number("resumed") > 0 {
        line.push_str(&format!("\n    it was cut off and went on {} times", number("resumed")));
    }
    if run.get("details").is_some() {
        let side = |name: &str| run.get(name).filter(|side| side.is_object());
        line.push_str(&format!("\n    set off by {}", text("trigger")));
        line.push_str(&shown_quality([side("quality_before"), side("quality_after")], "\n    "));
    }
    for unit in run.get("details").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| unit.get(name).and_then(Value::as_str).unwrap_or_default();
        line.push_str(&format!(
            "\n    {:<8} {}  {} {}",
            part("status"),
            part("unit"),
            part("patch_hash"),
            part("error")
        ));
    }
    line
}
