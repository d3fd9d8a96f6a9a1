//! Looks through code, and through memories, for what should not be there.

use super::{folders, settings};
use crate::{code, row, sensitive};
use memstrata_sdk::{Answer, Fault, Map, Query, Value, arguments, json};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
    #[serde(default)]
    file_path: String,
    limit: Option<usize>,
}

fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    json!(counts)
}

/// `analyze_code_security`.
pub(super) fn code(given: Value) -> Answer {
    let mut given: Code = arguments(given)?;
    if given.code.trim().is_empty()
        && !given.file_path.is_empty()
        && let Some(text) = folders::text(&given.file_path)?
    {
        given.code = text;
    }
    if given.code.trim().is_empty() {
        return Err(Fault::invalid(
            "there is no code: give its text as `code`, or the path of a file in a granted folder as `file_path`",
        ));
    }
    let (findings, cut) = code::analyze(&given.code, &given.file_path, given.limit.unwrap_or(200));
    let shown: Vec<Value> = findings
        .iter()
        .map(|found| {
            json!({"line": found.line, "rule": found.rule, "cwe": found.cwe, "severity": found.severity, "fix": found.fix, "excerpt": found.excerpt})
        })
        .collect();
    Ok(json!({"findings": shown, "count": shown.len(), "lines": given.code.lines().count(),
              "by_severity": counted(findings.iter().map(|found| found.severity)), "cut": cut}))
}

#[derive(Deserialize)]
struct Scan {
    limit: Option<u32>,
    collection: Option<String>,
    cursor: Option<String>,
}

/// The texts of a row by field, those in lists and objects too, but for what the host adds.
fn texts<'a>(value: &'a Value, field: &'a str, into: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => into.push((field, text)),
        Value::Array(items) => items.iter().for_each(|item| texts(item, field, into)),
        Value::Object(fields) => fields.values().for_each(|item| texts(item, field, into)),
        _ => {}
    }
}

/// What of a row is not the caller's: names of components, and hashes.
const SKIPPED: [&str; 6] = ["component", "content_hash", "hash", "hashes", "key", "sources"];

/// `track_sensitive_data`. Newest rows first, collection after collection; the cursor is the collection's number and the page in it.
pub(super) fn memories(given: Value) -> Answer {
    let given: Scan = arguments(given)?;
    let collections = match &given.collection {
        Some(one) => vec![one.clone()],
        None => settings()?.scanned,
    };
    let (mut at, mut page_cursor) = match given.cursor.as_deref() {
        None => (0, None),
        Some(text) => {
            let (number, rest) = text.split_once(':').unwrap_or((text, ""));
            let number: usize =
                number.parse().map_err(|_| Fault::new("invalid.cursor", "the cursor is not one of this operation"))?;
            (number, Some(rest.to_owned()).filter(|rest| !rest.is_empty()))
        }
    };
    let mut left = given.limit.unwrap_or(200) as usize;
    let (mut findings, mut unreadable, mut examined, mut next) = (Vec::new(), Vec::new(), 0_u64, None);
    while let Some(collection) = collections.get(at) {
        if left == 0 {
            next = Some(format!("{at}:"));
            break;
        }
        let asked = u32::try_from(left).unwrap_or(u32::MAX);
        let read = Query::of(collection)
            .descending("created_at")
            .and_then(|query| query.limit(asked).after(page_cursor.as_deref())?.page());
        let page = match read {
            Ok(page) => page,
            Err(fault) if fault.code == "invalid.cursor" => return Err(fault),
            Err(_) => {
                unreadable.push(collection.clone());
                (at, page_cursor) = (at + 1, None);
                continue;
            }
        };
        for row_ in &page.rows {
            examined += 1;
            scan(collection, row_, &mut findings);
        }
        left = left.saturating_sub(page.rows.len());
        if let Some(cursor) = page.next {
            next = Some(format!("{at}:{cursor}"));
            break;
        }
        (at, page_cursor) = (at + 1, None);
    }
    let by_kind = counted(findings.iter().map(|found| row::text(found, "kind")));
    Ok(
        json!({"findings": findings, "by_kind": by_kind, "examined": examined, "unreadable": unreadable, "next_cursor": next}),
    )
}

fn scan(collection: &str, row_: &Value, findings: &mut Vec<Value>) {
    let empty = Map::new();
    for (field, value) in
        row_.as_object().unwrap_or(&empty).iter().filter(|(field, _)| !SKIPPED.contains(&field.as_str()))
    {
        let mut all = Vec::new();
        texts(value, field, &mut all);
        for (field, text) in all {
            for found in sensitive::find(text) {
                findings.push(json!({"id": row::id(row_), "collection": collection, "field": field, "kind": found.kind, "masked": found.masked}));
            }
        }
    }
}
