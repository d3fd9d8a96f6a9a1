//! What comes again in recorded analyses and in the files indexed lately.

use super::{EDGES, FILES, UNITS, analyses, count};
use crate::pattern::{self, Tally};
use crate::place::Place;
use memstrata_sdk::row::{id, text, texts};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, clock, json};
use serde::Deserialize;

/// Files looked at, the latest first.
const MOST_FILES: u32 = 300;
/// Rows of each kind looked at.
const MOST_ROWS: usize = 20_000;
/// Recorded analyses looked at.
const MOST_ANALYSES: u32 = 200;

#[derive(Deserialize)]
struct Extract {
    days_back: u64,
    repo_path: Option<String>,
}

pub(super) fn extract(given: Value) -> Answer {
    let Extract { days_back, repo_path } = arguments(given)?;
    let place = Place::parse(repo_path.as_deref().unwrap_or_default()).map_err(Fault::invalid)?;
    let recorded =
        analyses::since(repo_path.as_deref(), days_back)?.descending("created_at")?.limit(MOST_ANALYSES).page()?.rows;
    let (mut tags, mut findings) = (Tally::default(), Tally::default());
    for row in &recorded {
        tags.add_each(texts(row, "tags"));
        findings.add_each(pattern::findings(row.get("results").unwrap_or(&Value::Null)));
    }
    let after = clock::now().saturating_sub(days_back.saturating_mul(analyses::DAY_MS));
    let files = super::places::within(Query::of(FILES).filter(json!(["indexed_at", ">=", after]))?, &place)?;
    let files = files.descending("indexed_at")?.select(&["path"])?.limit(MOST_FILES).page()?;
    let ids: Vec<u64> = files.rows.iter().map(id).collect();
    let mut naming = pattern::Naming::default();
    let (mut imports, mut calls) = (Tally::default(), Tally::default());
    for part in ids.chunks(50) {
        let units = Query::of(UNITS).filter(json!(["file", "in", part]))?.select(&["language", "kind", "name"])?;
        for unit in units.limit(1_000).all(MOST_ROWS)? {
            naming.add(text(&unit, "language"), text(&unit, "kind"), text(&unit, "name"));
        }
        let edges = Query::of(EDGES).filter(json!(["file", "in", part]))?.filter(json!([
            "kind",
            "in",
            ["imports", "calls"]
        ]))?;
        for edge in edges.select(&["kind", "name", "qualifier"])?.limit(1_000).all(MOST_ROWS)? {
            match text(&edge, "kind") {
                "imports" => imports.add(text(&edge, "qualifier")),
                _ => calls.add(text(&edge, "name")),
            }
        }
    }
    let mut notes = Vec::new();
    if files.next.is_some() {
        notes.push(format!("only the latest {MOST_FILES} files are looked at"));
    }
    if recorded.is_empty() && ids.is_empty() {
        notes.push(format!("nothing was recorded or indexed in {days_back} days"));
    }
    Ok(json!({
        "tags": tags.often(), "findings": findings.often(), "naming": naming.told(), "imports": imports.often(), "calls": calls.often(),
        "files": count(ids.len()), "analyses": count(recorded.len()), "notes": notes,
    }))
}
