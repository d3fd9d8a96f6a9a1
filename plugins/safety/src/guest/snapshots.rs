//! Snapshots of code.

use super::{SNAPSHOTS, audit, folders, found, now, page};
use crate::row;
use crate::snapshot::{Hashes, belongs, difference, listing};
use memstrata_sdk::{Answer, Fault, Query, Value, arguments, json, sha256, write};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    path: String,
    content: String,
}

#[derive(Deserialize)]
struct New {
    snapshot_name: String,
    description: Option<String>,
    components: Option<Vec<String>>,
    #[serde(default)]
    files: Vec<File>,
    user: Option<String>,
}

/// `create_code_snapshot`.
pub(super) fn create(given: Value) -> Answer {
    let given: New = arguments(given)?;
    let components = given.components.unwrap_or_else(|| vec!["all".into()]);
    let (hashes, skipped) = if given.files.is_empty() {
        let taken = folders::hashes(&components)?;
        (taken.hashes, taken.skipped)
    } else {
        (given_hashes(&given.files, &components)?, Vec::new())
    };
    if hashes.is_empty() {
        return Err(Fault::invalid(
            "no file is in the components: give `files` with path and content, or let the operator grant a folder",
        ));
    }
    let (name, whole) = (given.snapshot_name, sha256(listing(&hashes).as_bytes()));
    let row_ = json!({"name": name, "description": given.description, "components": components, "hash": whole, "files": hashes.len(), "hashes": hashes, "at": now()});
    let (id, created) = write::insert_or_get(SNAPSHOTS, "name", &row_)?;
    if !created {
        return Err(Fault::new(
            "conflict.duplicate",
            format!("there is a snapshot `{name}` already: take another name"),
        ));
    }
    audit::note(
        "snapshot_created",
        given.user.as_deref().unwrap_or("system"),
        &name,
        &json!({"files": hashes.len(), "hash": whole}),
    )?;
    Ok(json!({"id": id, "name": name, "files": hashes.len(), "hash": whole, "skipped": skipped}))
}

fn given_hashes(files: &[File], components: &[String]) -> Result<Hashes, Fault> {
    let mut hashes = Hashes::new();
    for file in files.iter().filter(|file| belongs(&file.path, components)) {
        if hashes.insert(file.path.clone(), sha256(file.content.as_bytes())).is_some() {
            return Err(Fault::invalid(format!("`{}` is given twice", file.path)));
        }
    }
    Ok(hashes)
}

#[derive(Deserialize)]
struct Two {
    from: String,
    to: String,
}

fn hashes(name: &str) -> Result<Hashes, Fault> {
    let snapshot = found(SNAPSHOTS, "name", name)?.ok_or_else(|| {
        Fault::new("not-found.snapshot", format!("there is no snapshot `{name}`: list_code_snapshots names them"))
    })?;
    arguments(snapshot.get("hashes").cloned().unwrap_or_default())
}

/// `compare_code_snapshots`.
pub(super) fn compare(given: Value) -> Answer {
    let given: Two = arguments(given)?;
    let (from, to) = (hashes(&given.from)?, hashes(&given.to)?);
    let found = difference(&from, &to);
    Ok(json!({"equal": from == to, "added": found.added, "removed": found.removed, "changed": found.changed}))
}

#[derive(Deserialize)]
struct Ask {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// `list_code_snapshots`.
pub(super) fn list(given: Value) -> Answer {
    let given: Ask = arguments(given)?;
    let query =
        Query::of(SNAPSHOTS).select(&["name", "description", "components", "hash", "files", "at"])?.descending("at")?;
    page(query, "snapshots", given.limit, given.cursor.as_deref(), |snapshot| {
        json!({"id": row::id(snapshot), "name": snapshot.get("name"), "description": snapshot.get("description"), "components": snapshot.get("components"),
               "hash": snapshot.get("hash"), "files": snapshot.get("files"), "at": snapshot.get("at")})
    })
}
