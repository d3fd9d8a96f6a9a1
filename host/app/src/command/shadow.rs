//! `shadow`, `promote`: strategies tried beside the active one, and how one takes its place.

use crate::cli::Global;
use crate::host::start;
use crate::output::{Meter, instant, print, time};
use anyhow::Result;
use memstrata_kernel::{CallError, Compare, Comparison, Principal, Promoted, Trial};
use serde_json::Value;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

/// What the command line says of a comparison.
pub(crate) struct Asked {
    pub(crate) candidates: Vec<String>,
    pub(crate) namespace: String,
    pub(crate) since: Option<String>,
    pub(crate) instead_of: Option<String>,
}

/// Compares strategies.
pub(crate) fn shadow(global: &Global, asked: Asked) -> Result<ExitCode> {
    let host = start(global, false)?;
    let comparison = metered("shadow", |progress| {
        let compare = Compare {
            candidates: asked.candidates.clone(),
            namespace: asked.namespace.clone(),
            since: asked.since.as_deref().map(instant).transpose()?,
            instead_of: asked.instead_of.as_deref().map(|run| host.run(run)).transpose()?,
            progress: Some(progress),
            ..Compare::new(host.space(), Principal::local())
        };
        Ok(host.kernel.compare(&compare)?)
    })?;
    print(global.json, &comparison, table)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a strategy the active one, or goes back where none is named.
pub(crate) fn promote(global: &Global, strategy: Option<&str>, instead_of: Option<String>) -> Result<ExitCode> {
    let host = start(global, false)?;
    let promoted = match strategy {
        None => host.kernel.demote(host.space(), &Principal::local(), "taken back by local")?,
        Some(strategy) => {
            let instead_of = instead_of.map(|run| host.run(&run)).transpose()?;
            let promoted = metered("promote", |progress| {
                let compare =
                    Compare { instead_of, progress: Some(progress), ..Compare::new(host.space(), Principal::local()) };
                Ok(host.kernel.promote(&compare, strategy))
            })?;
            match promoted {
                Ok(promoted) => promoted,
                Err(refused) => return refusal(global, &refused),
            }
        }
    };
    print(global.json, &promoted, told)?;
    Ok(ExitCode::SUCCESS)
}

/// The trial is shown too: it says why.
fn refusal(global: &Global, refused: &CallError) -> Result<ExitCode> {
    let trials = refused.details.as_ref().and_then(|details| details.get("trials"));
    if trials.is_none() || global.json {
        return Err(refused.clone().into());
    }
    let rows = trials.and_then(Value::as_array).into_iter().flatten();
    print(false, refused, |refused| format!("{}\n{}", lines(rows.map(Row::of_record).collect()), refused.message))?;
    Ok(ExitCode::FAILURE)
}

/// The comparisons of a space.
pub(crate) fn list(global: &Global, limit: u32) -> Result<ExitCode> {
    let host = start(global, false)?;
    let found = host.kernel.comparisons(host.space(), &Principal::local(), limit)?;
    print(global.json, &found, |found| {
        let text = |row: &Value, field: &str| row.get(field).and_then(Value::as_str).unwrap_or("none").to_owned();
        let one = |row: &Value| {
            let at = time(row.get("at").and_then(Value::as_u64).unwrap_or_default());
            let trials = row.get("entries").and_then(Value::as_array).into_iter().flatten();
            let head = format!(
                "{} {at} active {}, best {}",
                text(row, "comparison"),
                text(row, "active"),
                text(row, "winner")
            );
            format!("{head}\n{}", lines(trials.map(Row::of_record).collect()))
        };
        match found.as_slice() {
            [] => "no comparison yet; `memstrata shadow STRATEGY` makes one".to_owned(),
            found => found.iter().map(one).collect::<Vec<_>>().join("\n"),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The active strategy and how it came to be.
pub(crate) fn promotions(global: &Global) -> Result<ExitCode> {
    let host = start(global, false)?;
    let active = host.kernel.active_strategy(host.space(), &Principal::local())?;
    let found = host.kernel.promotions(host.space(), &Principal::local(), 20)?;
    let all = serde_json::json!({ "active": active, "strategies": host.kernel.strategies(), "promotions": found });
    print(global.json, &all, |_| {
        let mut text = format!("active: {active}; there are: {}\n", host.kernel.strategies().join(", "));
        for row in &found {
            let part = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
            let at = time(row.get("at").and_then(Value::as_u64).unwrap_or_default());
            text.push_str(&format!("{at}  {:<11} {:<20} {}\n", part("status"), part("strategy"), part("reason")));
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Shows progress while something runs.
fn metered<T>(what: &'static str, run: impl FnOnce(memstrata_kernel::ProgressSink) -> Result<T>) -> Result<T> {
    let meter = Arc::new(Mutex::new(Meter::new(what)));
    let shown = Arc::clone(&meter);
    let done = run(Arc::new(move |progress| {
        if let Ok(mut meter) = shown.lock() {
            meter.show(progress.done, progress.total);
        }
    }));
    if let Ok(meter) = meter.lock() {
        meter.end();
    }
    done
}

fn told(promoted: &Promoted) -> String {
    let table = promoted.comparison.as_ref().map(|comparison| table(comparison) + "\n").unwrap_or_default();
    let Promoted { space, strategy, before, reason, .. } = promoted;
    format!("{table}`{strategy}` is the active strategy of space `{space}` now, before it was `{before}` ({reason})")
}

fn table(comparison: &Comparison) -> String {
    let rows = comparison.trials.iter().map(Row::of).collect();
    let best = comparison.winner.as_deref().unwrap_or("none");
    let broken = comparison.trials.iter().flat_map(|trial| {
        let told = |broken: &String| format!("`{}` breaks a pinned recall: {broken}\n", trial.strategy);
        trial.pins_broken.iter().map(told).collect::<Vec<_>>()
    });
    let failed =
        comparison.trials.iter().filter_map(|trial| Some(format!("`{}`: {}\n", trial.strategy, trial.error.as_ref()?)));
    format!(
        "{}{}{}comparison {} as of {}: active {}, best {best}; {} pinned recalls held before",
        lines(rows),
        broken.collect::<String>(),
        failed.collect::<String>(),
        comparison.comparison,
        comparison.as_of,
        comparison.active,
        comparison.pins,
    )
}

const COLUMNS: [&str; 14] = [
    "strategy", "score", "coverage", "dupl.", "contra.", "compr.", "trust", "new", "ended", "saved", "tokens",
    "guest ms", "pins", "failed",
];

/// One strategy's line.
struct Row([String; 14]);

impl Row {
    fn of(trial: &Trial) -> Self {
        Self::of_record(&serde_json::to_value(trial).unwrap_or_default())
    }

    fn of_record(trial: &Value) -> Self {
        let share = |field: &str| format!("{:.2}", trial.get(field).and_then(Value::as_f64).unwrap_or_default());
        let count = |field: &str| trial.get(field).and_then(Value::as_i64).unwrap_or_default().to_string();
        let name = trial.get("strategy").and_then(Value::as_str).unwrap_or_default().to_owned();
        let broken = trial.get("pins_broken").and_then(Value::as_array).map(Vec::len).unwrap_or_default();
        let pins = if broken == 0 { count("pins_held") } else { format!("{} (-{broken})", count("pins_held")) };
        let guest = format!("{:.0}", trial.get("guest_ms").and_then(Value::as_f64).unwrap_or_default());
        Self([
            name,
            share("score"),
            share("coverage"),
            share("duplicates"),
            share("contradictions"),
            share("compression"),
            share("trust"),
            count("created"),
            count("ended"),
            count("saved"),
            count("tokens"),
            guest,
            pins,
            format!("{}/{}", count("failed"), count("units")),
        ])
    }
}

/// A table, each column as wide as its widest cell.
fn lines(rows: Vec<Row>) -> String {
    let all: Vec<[String; 14]> =
        std::iter::once(COLUMNS.map(str::to_owned)).chain(rows.into_iter().map(|row| row.0)).collect();
    let width = |column: usize| all.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for row in &all {
        for (nth, (cell, width)) in row.iter().zip(&widths).enumerate() {
            match nth {
                0 => text.push_str(&format!("{cell:<width$}")),
                _ => text.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push('\n');
    }
    text
}
