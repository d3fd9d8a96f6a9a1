//! Places in granted folders and in the index.

use super::FILES;
use crate::place::Place;
use memstrata_sdk::path::{beneath, join};
use memstrata_sdk::{Fault, Query, Search, Value, files, json};

/// What is granted, in words.
fn granted() -> String {
    match files::folders().as_slice() {
        [] => "none is granted: the operator adds it to `folders` of this layer".to_owned(),
        folders => format!("granted are: {}", folders.join(", ")),
    }
}

fn parse(text: Option<&str>) -> Result<Place, Fault> {
    Place::parse(text.unwrap_or_default()).map_err(Fault::invalid)
}

fn no_folder(name: &str) -> Fault {
    let name: String = name.chars().take(100).collect();
    Fault::new("not-found.folder", format!("no folder `{name}`; {}", granted()))
}

/// A place in what is granted; all folders if none is named.
pub(super) fn folders(text: Option<&str>) -> Result<Vec<Place>, Fault> {
    let place = parse(text)?;
    let names = files::folders();
    match &place.folder {
        Some(name) if names.contains(name) => Ok(vec![place]),
        Some(name) => Err(no_folder(name)),
        None if names.is_empty() => Err(Fault::new("not-found.folder", granted())),
        None => Ok(names.into_iter().map(|name| Place { folder: Some(name), path: String::new() }).collect()),
    }
}

/// A place in the index: granted, or a label units were given with.
pub(super) fn known(text: Option<&str>) -> Result<Place, Fault> {
    let place = parse(text)?;
    if let Some(name) = &place.folder
        && !files::folders().contains(name)
        && Query::of(FILES).filter(json!(["folder", "=", name]))?.first()?.is_none()
    {
        return Err(no_folder(name));
    }
    Ok(place)
}

/// The condition on `folder` and `path`, if there is one.
fn condition(place: &Place) -> Option<Value> {
    let folder = json!(["folder", "=", place.folder.as_ref()?]);
    Some(match place.path.as_str() {
        "" => folder,
        path => json!({"all": [folder, {"any": [["path", "=", path], ["path", "prefix", format!("{path}/")]]}]}),
    })
}

/// Only rows of a place.
pub(super) fn within(query: Query, place: &Place) -> Result<Query, Fault> {
    match condition(place) {
        Some(condition) => query.filter(condition),
        None => Ok(query),
    }
}

/// Only hits of a place.
pub(super) fn search_within(search: Search, place: &Place) -> Result<Search, Fault> {
    match condition(place) {
        Some(condition) => search.filter(condition),
        None => Ok(search),
    }
}

/// A file's place: `file_path` below `repo_path`, or with a folder's name before it, or in the only folder there is.
pub(super) fn file(file_path: &str, repo_path: Option<&str>) -> Result<Place, Fault> {
    let (within, given) = (parse(repo_path)?, parse(Some(file_path))?);
    let Some(first) = given.folder.clone() else {
        return Err(Fault::invalid("give `file_path`: a path in a granted folder, such as `name/src/main.rs`"));
    };
    let whole = given.shown();
    if let Some(folder) = &within.folder {
        // A path that begins with the folder already is taken as it stands.
        if first == *folder && !given.path.is_empty() && beneath(&given.path, &within.path) {
            return Ok(given);
        }
        return Ok(Place { folder: within.folder.clone(), path: join(&within.path, &whole) });
    }
    let folders = files::folders();
    if folders.contains(&first) || given.path.is_empty() && folders.len() != 1 {
        return Ok(given);
    }
    match folders.as_slice() {
        [only] => Ok(Place { folder: Some(only.clone()), path: whole }),
        _ => Ok(given),
    }
}

/// A file's row: the caller's own before those of namespaces below its own.
pub(super) fn row(place: &Place) -> Result<Option<Value>, Fault> {
    let folder = place.folder.as_deref().unwrap_or_default();
    let rows = Query::of(FILES).filter(json!(["folder", "=", folder]))?.filter(json!(["path", "=", place.path]))?;
    rows.ascending("namespace")?.first()
}

/// The fault of a file that is nowhere.
pub(super) fn no_file(place: &Place) -> Fault {
    let shown: String = place.shown().chars().take(200).collect();
    Fault::new("not-found.file", format!("no file `{shown}`; code_navigation shows what is indexed; {}", granted()))
}
