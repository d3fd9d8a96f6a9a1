//! Followed folders: each call looks through a slice, and the row of the folder remembers where to go on.

use super::walk::{Step, Tally, Walk};
use super::{FILES, REPOSITORIES, Settings, keeping, places};
use crate::place::{Place, beneath};
use memstrata_sdk::row::{id, int, text};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, budget, clock, files, json, write};
use serde::Deserialize;

/// Folders a space follows, at most.
const MOST_FOLLOWED: u32 = 100;
/// Rows removed in one call, about.
const MOST_REMOVED: u64 = 4_000;

#[derive(Deserialize)]
struct Index {
    repo_path: Option<String>,
    rebuild: bool,
}

pub(super) fn index(given: Value) -> Answer {
    let Index { repo_path, rebuild } = arguments(given)?;
    let mut rows = Vec::new();
    for place in places::folders(repo_path.as_deref())? {
        let folder = place.folder.clone().unwrap_or_default();
        // What cannot be listed is told now, not by a schedule later.
        files::entries(&folder, &place.path, "", 1)?;
        let row = json!({"folder": folder, "path": place.path});
        let (id, _) = write::insert_or_get(REPOSITORIES, "place", &row)?;
        let mut row = memstrata_sdk::get(REPOSITORIES, id)?.unwrap_or(row);
        if let Some(fields) =
            row.as_object_mut().filter(|fields| rebuild && fields.get("rebuild_at").is_none_or(Value::is_null))
        {
            // A rebuild that is under way goes on; one that is not begins, from the top.
            let now = json!(clock::now());
            write::update(REPOSITORIES, id, None, &json!({"rebuild_at": now, "stack": null}))?;
            fields.insert("rebuild_at".into(), now);
            fields.insert("stack".into(), Value::Null);
        }
        rows.push(row);
    }
    run(&rows)
}

pub(super) fn refresh() -> Answer {
    let granted = files::folders();
    let mut rows = Query::of(REPOSITORIES).limit(MOST_FOLLOWED).page()?.rows;
    // A folder that is granted no longer keeps its index: the operator may grant it again.
    rows.retain(|row| granted.iter().any(|name| name == text(row, "folder")));
    run(&rows)
}

fn run(rows: &[Value]) -> Answer {
    let settings = Settings::read()?;
    let (mut tally, mut more, mut seen) = (Tally::default(), false, Vec::new());
    for row in rows {
        let place = Place { folder: Some(text(row, "folder").to_owned()), path: text(row, "path").to_owned() };
        seen.push(place.shown());
        if tally.full() {
            more = true;
            tally.uncounted = true;
            continue;
        }
        more |= slice(row, &place, &settings, &mut tally)?;
    }
    let left = json!({"files": tally.left, "all_counted": !tally.uncounted});
    Ok(json!({
        "folders": seen, "indexed": tally.indexed, "unchanged": tally.unchanged, "failed": tally.failed, "removed": tally.removed,
        "units": tally.units, "left": left, "more": more, "errors": tally.errors,
    }))
}

/// Goes on with one folder; answers whether something is left.
fn slice(row: &Value, place: &Place, settings: &Settings, tally: &mut Tally) -> Result<bool, Fault> {
    let kept: Option<Vec<Step>> = row.get("stack").and_then(|stack| serde_json::from_value(stack.clone()).ok());
    let went_on = kept.is_some();
    let stack = kept.filter(|stack| !stack.is_empty()).unwrap_or_else(|| vec![Step::at(place.path.clone())]);
    let rebuild = int(row, "rebuild_at");
    let mut walk = Walk::new(row, settings, rebuild, stack);
    walk.run(tally)?;
    let mut more = !walk.stack.is_empty();
    // A walk within one call has seen every directory there is: files of others lie nowhere any more.
    if !went_on && !more {
        more |= !walk.gone(&place.path, tally)?;
    }
    // A walk that ends where it began, with nothing left over, writes nothing.
    if went_on || !walk.stack.is_empty() || rebuild.is_some() {
        let rest = if walk.stack.is_empty() { Value::Null } else { json!(walk.stack) };
        let rebuild = if walk.stack.is_empty() { Value::Null } else { json!(rebuild) };
        write::update(
            REPOSITORIES,
            id(row),
            None,
            &json!({"stack": rest, "rebuild_at": rebuild, "walked_at": clock::now()}),
        )?;
    }
    Ok(more)
}

pub(super) fn forget(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Forget {
        repo_path: String,
    }
    let Forget { repo_path } = arguments(given)?;
    let place = Place::parse(&repo_path).map_err(Fault::invalid)?;
    let Some(folder) = &place.folder else {
        return Err(Fault::invalid("name the folder to forget: `repo_path` must not be empty"));
    };
    let followed = Query::of(REPOSITORIES).filter(json!(["folder", "=", folder]))?.limit(MOST_FOLLOWED).page()?.rows;
    let mut stopped = 0;
    for row in followed.iter().filter(|row| beneath(text(row, "path"), &place.path)) {
        write::delete(REPOSITORIES, id(row), None)?;
        stopped += 1;
    }
    let (mut removed, mut rows, mut more) = (0u64, 0u64, false);
    let files = places::within(Query::of(FILES), &place)?.select(&["path", "units", "edges"])?.limit(1_000).page()?;
    if stopped == 0 && files.rows.is_empty() {
        places::known(Some(&repo_path))?;
    }
    for row in &files.rows {
        let cost = 1 + int(row, "units").unwrap_or_default() + int(row, "edges").unwrap_or_default();
        if rows > 0 && rows + cost > MOST_REMOVED || budget::should_stop() {
            more = true;
            break;
        }
        rows += keeping::drop_file(row)?;
        removed += 1;
    }
    Ok(json!({"removed": removed, "stopped": stopped, "more": more || files.next.is_some()}))
}
