//! Followed folders: each call looks through a slice, and the row of the folder remembers where to go on.

use super::walk::{BOUNDS, Taker, followed};
use super::{Settings, WATCHED, folder, number, text};
use memstrata_sdk::walk::{Tally, Walk};
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
    let path = path.trim_matches('/');
    if let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) {
        let query = Query::of(WATCHED).filter(json!(["folder", "=", folder]))?.filter(json!(["path", "=", path]))?;
        let ids = query.filter(json!(["namespace", "=", namespace]))?.ids()?;
        ids.iter().try_for_each(|id| write::delete(WATCHED, *id, None))?;
        return Ok(json!({"stopped": ids.len()}));
    }
    // Only the host knows the caller's own namespace; a row that is new goes with the delete.
    let (id, new) = write::insert_or_get(WATCHED, "place", &json!({"folder": folder, "path": path}))?;
    write::delete(WATCHED, id, None)?;
    Ok(json!({"stopped": u64::from(!new)}))
}

pub(super) fn sync(given: Value) -> Answer {
    let retry = given.get("retry").and_then(Value::as_bool).unwrap_or_default();
    let settings = Settings::read()?;
    let (mut tally, mut more, mut seen) = (Tally::new(BOUNDS), false, Vec::new());
    for row in Query::of(WATCHED).limit(MOST_WATCHED).page()?.rows {
        seen.push(json!({"folder": row.get("folder"), "path": row.get("path"), "namespace": row.get("namespace")}));
        if tally.full() {
            more = true;
            continue;
        }
        let mut walk = Walk::resume(text(&row, "path"), row.get("stack"));
        walk.run(&followed(&row), &mut Taker { row: &row, settings: &settings, retry, tally: &mut tally })?;
        more |= walk.more();
        if walk.moved() {
            let patch = json!({"stack": walk.kept(), "walked_at": clock::now()});
            write::update(WATCHED, number(&row, "id"), None, &patch)?;
        }
    }
    Ok(json!({
        "folders": seen, "indexed": tally.indexed, "unchanged": tally.unchanged, "failed": tally.failed, "stale": tally.gone,
        "more": more, "errors": tally.errors,
    }))
}
