//! Followed folders: each call looks through a slice, and the row of the folder remembers where to go on.

use super::walk::{Step, Tally, Walk};
use super::{Settings, WATCHED, folder, number, text};
use memstrata_sdk::{Answer, Query, Value, arguments, clock, files, json, write};
use serde::Deserialize;

/// Folders a space follows, at most.
const MOST_WATCHED: u32 = 100;

#[derive(Deserialize)]
struct Watch {
    folder: String,
    #[serde(default)]
    path: String,
    namespace: Option<String>,
}

pub(super) fn watch(given: Value) -> Answer {
    let Watch { folder: named, path, namespace } = arguments(given)?;
    let folder = folder(Some(&named))?;
    files::entries(&folder, &path, "", 1)?;
    let row = json!({"folder": folder, "path": path.trim_matches('/'), "namespace": namespace.unwrap_or_default()});
    let (id, new) = write::insert_or_get(WATCHED, "place", &row)?;
    Ok(json!({"id": id, "new": new}))
}

pub(super) fn unwatch(given: Value) -> Answer {
    let Watch { folder, path, namespace } = arguments(given)?;
    let query = Query::of(WATCHED)
        .filter(json!(["folder", "=", folder]))?
        .filter(json!(["path", "=", path.trim_matches('/')]))?
        .filter(json!(["namespace", "=", namespace.unwrap_or_default()]))?;
    let ids = query.ids()?;
    for id in &ids {
        write::delete(WATCHED, *id, None)?;
    }
    Ok(json!({"stopped": ids.len()}))
}

pub(super) fn sync(given: Value) -> Answer {
    let retry = given.get("retry").and_then(Value::as_bool).unwrap_or_default();
    let settings = Settings::read()?;
    let (mut tally, mut more, mut seen) = (Tally::default(), false, Vec::new());
    for row in Query::of(WATCHED).limit(MOST_WATCHED).page()?.rows {
        seen.push(json!({"folder": row.get("folder"), "path": row.get("path"), "namespace": row.get("namespace")}));
        if tally.full() {
            more = true;
            continue;
        }
        let kept: Option<Vec<Step>> = row.get("stack").and_then(|stack| serde_json::from_value(stack.clone()).ok());
        let went_on = kept.is_some();
        let stack =
            kept.filter(|stack| !stack.is_empty()).unwrap_or_else(|| vec![Step::at(text(&row, "path").to_owned())]);
        let mut walk = Walk::new(&row, &settings, retry, stack);
        walk.run(&mut tally)?;
        // A walk within one call has seen every directory there is: documents of others lie nowhere any more.
        if !went_on && walk.stack.is_empty() {
            more |= !walk.gone(&mut tally)?;
        }
        more |= !walk.stack.is_empty();
        // A walk that ends where it began, with nothing left over, writes nothing.
        if went_on || !walk.stack.is_empty() {
            let rest = if walk.stack.is_empty() { Value::Null } else { json!(walk.stack) };
            write::update(WATCHED, number(&row, "id"), None, &json!({"stack": rest, "walked_at": clock::now()}))?;
        }
    }
    Ok(json!({
        "folders": seen, "indexed": tally.indexed, "unchanged": tally.unchanged, "failed": tally.failed, "stale": tally.stale,
        "more": more, "errors": tally.errors,
    }))
}
