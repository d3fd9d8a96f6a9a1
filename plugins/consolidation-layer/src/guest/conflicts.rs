//! Lists conflicts and decides them. A conflict's record is the host's; what was decided is kept here, and cites it.

use super::memories::{CLIP, located};
use super::{CONFLICTS, RESOLUTIONS, now};
use crate::resolution::{Decision, decide};
use crate::row;
use memstrata_consolidation_rules::words::clip;
use memstrata_sdk::args::{Id, distinct};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, get, json, locate, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    status: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

/// How a conflict was decided, if it was.
fn resolution(conflict: u64) -> Result<Option<Value>, Fault> {
    Query::of(RESOLUTIONS).filter(json!(["conflict", "=", conflict]))?.first()
}

pub(super) fn list(given: Value) -> Answer {
    let given: List = arguments(given)?;
    let mut after = given.cursor;
    let mut shown: Vec<Value> = Vec::new();
    // What is decided here the host's record does not know: page on until enough is found.
    for _ in 0..20 {
        let page = Query::of(CONFLICTS)
            .filter_if("kind", "=", given.kind.clone())?
            .filter_if("severity", "=", given.severity.clone())?
            .descending("created_at")?
            .limit(given.limit)
            .after(after.as_deref())?
            .page()?;
        for conflict in &page.rows {
            let told = tell(conflict)?;
            if given.status == "all" || row::text(&told, "status") == given.status {
                shown.push(told);
            }
        }
        after = page.next;
        if after.is_none() || shown.len() >= given.limit as usize {
            break;
        }
    }
    Ok(json!({ "conflicts": shown, "count": shown.len(), "next_cursor": after }))
}

fn tell(conflict: &Value) -> Answer {
    let (id, now) = (row::id(conflict), now());
    let mut memories = Vec::new();
    let mut holding = 0;
    for memory in row::ids(conflict, "rows") {
        let found = locate(memory)?.map(|collection| get(&collection, memory)).transpose()?.flatten();
        let holds = found.as_ref().is_some_and(|row| !row::ended(row, now));
        holding += usize::from(holds);
        memories.push(json!({
            "id": row::reference(memory), "holds": holds, "since": found.as_ref().map(row::since),
            "says": found.as_ref().map(|row| clip(row::text(row, "content"), CLIP)),
            "confidence": found.as_ref().and_then(|row| row::number(row, "confidence")),
        }));
    }
    let decided = resolution(id)?;
    let open = row::text(conflict, "status") == "open" && decided.is_none() && holding > 1;
    let mut told = row::some(conflict, &["kind", "severity", "reason", "strategy", "run", "namespace", "created_at"]);
    told.insert("conflict".into(), json!(row::reference(id)));
    told.insert("status".into(), json!(if open { "open" } else { "resolved" }));
    told.insert("memories".into(), json!(memories));
    told.insert(
        "resolution".into(),
        json!(
            decided
                .map(|one| row::some(&one, &["strategy", "status", "kept", "ended", "to_end", "note", "created_at"]))
        ),
    );
    Ok(Value::Object(told))
}

#[derive(Deserialize)]
struct Resolve {
    conflict: Id,
    strategy: String,
    keep: Vec<Id>,
    #[serde(default)]
    note: Option<String>,
}

pub(super) fn resolve(given: Value) -> Answer {
    let given: Resolve = arguments(given)?;
    let (Id(id), now) = (given.conflict, now());
    let conflict = get(CONFLICTS, id)?.ok_or_else(|| {
        Fault::new("not-found.conflict", format!("m:{id} is no conflict: take one of list_conflicts"))
    })?;
    if let Some(decided) = resolution(id)? {
        let how = row::text(&decided, "strategy");
        return Err(Fault::new(
            "invalid.resolved",
            format!("conflict m:{id} is decided already, by {how}; `memstrata undo` takes that back"),
        ));
    }
    let mut rows = Vec::new();
    for memory in row::ids(&conflict, "rows") {
        let found = locate(memory)?.map(|collection| get(&collection, memory)).transpose()?.flatten();
        rows.extend(found.filter(|row| !row::ended(row, now)));
    }
    let keep = distinct(&given.keep);
    for id in &keep {
        let (_, kept) = located(*id)?;
        if row::ended(&kept, now) {
            return Err(Fault::invalid(format!("m:{id} holds no more: it cannot be kept")));
        }
    }
    let decision = decide(&given.strategy, &rows, &keep)?;
    let mut notes = Vec::new();
    let to_end = end(&decision, now, &mut notes)?;
    let ended: Vec<u64> = decision.ended.iter().copied().filter(|id| !to_end.contains(id)).collect();
    let status = if to_end.is_empty() { "resolved" } else { "decided" };
    let cited: Vec<u64> = std::iter::once(id).chain(row::ids(&conflict, "rows")).collect();
    let mut kept = json!({
        "conflict": id, "strategy": given.strategy, "status": status, "kept": row::references(&decision.kept),
        "ended": row::references(&ended), "to_end": row::references(&to_end),
        "sources": cited,
    });
    if let Some(kept) = kept.as_object_mut() {
        kept.extend(row::some(&conflict, &["namespace"]));
        kept.extend(given.note.filter(|note| !note.is_empty()).map(|note| ("note".to_owned(), json!(note))));
    }
    let resolution = write::insert(RESOLUTIONS, &kept)?;
    Ok(json!({
        "resolution": row::reference(resolution), "conflict": row::reference(id), "status": status, "strategy": given.strategy,
        "kept": row::references(&decision.kept), "ended": row::references(&ended), "to_end": row::references(&to_end),
        "notes": notes,
    }))
}

/// Ends what loses, and lets what stands for it cite it. Answers the rows this layer may not end.
fn end(decision: &Decision, now: u64, notes: &mut Vec<String>) -> Result<Vec<u64>, Fault> {
    let mut left = Vec::new();
    for id in &decision.ended {
        let (collection, row) = located(*id)?;
        match write::update(&collection, *id, row::int(&row, "version"), &json!({ "valid_to": now })) {
            Ok(_) => {}
            Err(fault) if fault.code.starts_with("denied.") => {
                let owner = collection.split('.').next().unwrap_or_default();
                notes.push(format!(
                    "m:{id} is of `{collection}`, which this layer may not write: end it by an operation of `{owner}`, or with the tool forget"
                ));
                left.push(*id);
            }
            Err(fault) => return Err(fault),
        }
    }
    let done: Vec<u64> = decision.ended.iter().copied().filter(|id| !left.contains(id)).collect();
    if let Some(into) = decision.into.filter(|_| !done.is_empty()) {
        let (collection, row) = located(into)?;
        let mut sources = row::ids(&row, "sources");
        sources.extend(done.iter().filter(|id| !row::ids(&row, "sources").contains(id)));
        match write::update(&collection, into, row::int(&row, "version"), &json!({ "sources": sources })) {
            Err(fault) if fault.code.starts_with("denied.") => notes.push(fault.message),
            other => drop(other?),
        }
    }
    Ok(left)
}
