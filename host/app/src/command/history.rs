//! `history`, `asof`, `diff`, `undo`: the past of a space.

use crate::cli::Global;
use crate::host::{Host, start};
use crate::output::{id, instant, print, time};
use anyhow::Result;
use memstrata_kernel::Principal;
use memstrata_store::{RowVersion, Transaction, UndoTarget};
use serde_json::{Value, json};
use std::process::ExitCode;

/// The versions of a row, or the newest transactions.
pub(crate) fn history(global: &Global, row: Option<&str>, limit: u32) -> Result<ExitCode> {
    let host = start(global, false)?;
    let space = host.kernel.open_space(host.space())?;
    let Some(row) = row else {
        let transactions = space.transactions(None, limit)?;
        print(global.json, &transactions, |all| {
            let line = |one: &Transaction| {
                let undoes = one.undoes.as_ref().map(|what| format!("  undoes {what}")).unwrap_or_default();
                let component: String = one.component.chars().take(12).collect();
                format!(
                    "{:>8}  {}  {}  {}.{}  {} rows  by {}  {component}{undoes}",
                    one.seq,
                    time(one.at),
                    one.kind,
                    one.layer,
                    one.operation,
                    one.rows,
                    one.principal
                )
            };
            all.iter().map(line).collect::<Vec<_>>().join("\n")
        })?;
        return Ok(ExitCode::SUCCESS);
    };
    let id = id(row)?;
    let (collection, versions) = space.row_history(id)?;
    let value = json!({ "collection": collection.name(), "id": id, "versions": versions });
    print(global.json, &value, |_| {
        let mut text = format!("{}:{id}\n", collection.name());
        let mut before = Value::Null;
        for version in &versions {
            text.push_str(&one_version(version, &before));
            before = version.row.clone();
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

fn one_version(version: &RowVersion, before: &Value) -> String {
    let mut text = format!(
        "  version {}  {}  transaction {}  {}  {}  by {}\n",
        version.row.get("version").cloned().unwrap_or_default(),
        time(version.at),
        version.seq,
        version.verb,
        version.operation,
        version.principal
    );
    for (field, value) in version.row.as_object().into_iter().flatten() {
        let old = before.get(field).unwrap_or(&Value::Null);
        if old != value && !["id", "version", "updated_at", "created_at"].contains(&field.as_str()) {
            text.push_str(&format!("      {field}: {old} -> {value}\n"));
        }
    }
    text
}

/// A row as it was known at an instant.
pub(crate) fn asof(global: &Global, row: &str, at: &str) -> Result<ExitCode> {
    let host = start(global, false)?;
    let space = host.kernel.open_space(host.space())?;
    let (id, at) = (id(row)?, instant(at)?);
    let (collection, found) = space.row_known_at(id, at)?;
    let there = found.is_some();
    print(global.json, &json!({ "collection": collection.name(), "id": id, "at": at, "row": found }), |value| {
        match value.get("row") {
            Some(Value::Null) | None => format!("at {} there was no row {id}", time(at)),
            Some(row) => serde_json::to_string_pretty(row).unwrap_or_default(),
        }
    })?;
    Ok(if there { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What changed between two instants.
pub(crate) fn diff(global: &Global, from: &str, to: Option<&str>, limit: usize) -> Result<ExitCode> {
    let host = start(global, false)?;
    let space = host.kernel.open_space(host.space())?;
    let to = to.map_or(Ok(u64::from(u32::MAX) * 1_000_000), instant)?;
    let (changes, more) = space.diff(instant(from)?, to, limit)?;
    print(global.json, &json!({ "changes": changes, "more": more }), |_| {
        if changes.is_empty() {
            return "no difference".into();
        }
        let mut text = String::new();
        for change in &changes {
            text.push_str(&format!("{} {}:{}\n", change.verb, change.collection, change.id));
            for (field, pair) in &change.fields {
                let side = |nth: usize| pair.get(nth).map(ToString::to_string).unwrap_or_default();
                text.push_str(&format!("    {field}: {} -> {}\n", side(0), side(1)));
            }
        }
        if more {
            text.push_str("there are more; raise --limit\n");
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Rows of an undo that are told.
const TOLD: usize = 40;

/// Undoes a transaction or all that a component wrote.
pub(crate) fn undo(
    global: &Global,
    dry_run: bool,
    target: impl FnOnce(&Host) -> Result<UndoTarget>,
) -> Result<ExitCode> {
    let host = start(global, false)?;
    let undone = host.kernel.undo(host.space(), &target(&host)?, &Principal::local(), dry_run)?;
    print(global.json, &undone, |undone| {
        let more = undone.changes.len().saturating_sub(TOLD);
        let mut text: String = (undone.changes.iter().take(TOLD))
            .map(|change| {
                let part = |name: &str| {
                    change
                        .get(name)
                        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                        .unwrap_or_default()
                };
                format!("  {} {}:{}\n", part("verb"), part("collection"), part("id"))
            })
            .collect();
        if more > 0 {
            text.push_str(&format!("  and {more} rows more; --json tells all\n"));
        }
        text.push_str(&match undone.seq {
            Some(0) => format!("nothing to do: {} is undone already", undone.target),
            Some(seq) => format!("undone {} in transaction {seq}, {} rows", undone.target, undone.changes.len()),
            None => format!("would change {} rows", undone.changes.len()),
        });
        text
    })?;
    Ok(ExitCode::SUCCESS)
}
