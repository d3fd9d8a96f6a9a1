//! Followed folders: each call looks through a slice, and the row of the folder remembers where to go on.

use super::walk::{BOUNDS, Done, Indexer, followed};
use super::{FILES, REPOSITORIES, Settings, keeping, places};
use crate::place::Place;
use memstrata_sdk::path::beneath;
use memstrata_sdk::row::{id, int, text};
use memstrata_sdk::walk::{Tally, Walk};
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
    let mut done = Done { tally: Tally::new(BOUNDS), units: 0, left: 0, uncounted: false };
    let (mut more, mut seen) = (false, Vec::new());
    for row in rows {
        let place = Place { folder: Some(text(row, "folder").to_owned()), path: text(row, "path").to_owned() };
        seen.push(place.shown());
        if done.tally.full() {
            more = true;
            done.uncounted = true;
            continue;
        }
        more |= slice(row, &settings, &mut done)?;
    }
    let left = json!({"files": done.left, "all_counted": !done.uncounted});
    let (units, tally) = (done.units, done.tally);
    Ok(json!({
        "folders": seen, "indexed": tally.indexed, "unchanged": tally.unchanged, "failed": tally.failed, "removed": tally.gone,
        "units": units, "left": left, "more": more, "errors": tally.errors,
    }))
}

/// Goes on with one folder; answers whether something is left.
fn slice(row: &Value, settings: &Settings, done: &mut Done) -> Result<bool, Fault> {
    let rebuild = int(row, "rebuild_at");
    let followed = followed(row);
    let mut walk = Walk::resume(text(row, "path"), row.get("stack"));
    let mut indexer = Indexer { namespace: followed.namespace, folder: followed.folder, settings, rebuild, done };
    walk.run(&followed, &mut indexer)?;
    indexer.count_left(&followed, walk.left())?;
    if walk.moved() || rebuild.is_some() {
        let rebuild = if walk.left().is_empty() { Value::Null } else { json!(rebuild) };
        let patch = json!({"stack": walk.kept(), "rebuild_at": rebuild, "walked_at": clock::now()});
        write::update(REPOSITORIES, id(row), None, &patch)?;
    }
    Ok(walk.more())
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
