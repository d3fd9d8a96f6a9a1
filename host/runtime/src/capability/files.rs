//! Step 6 of 7: the interface `files`: what lies in the folders the operator granted, for reading only.
//!
//! Each folder is a cap-std directory: the operating system itself resolves paths beneath it, so that neither `..` nor a link leaves it.

use super::Answer;
use crate::bindings::memstrata::plugin::files;
use crate::error::HostError;
use crate::state::CallState;
use cap_std::fs::{Dir, FileType, Metadata, OpenOptions};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Names in one directory that are looked at; one with more is refused.
const MOST_NAMES: usize = 100_000;
/// Entries answered at once.
const MOST_ENTRIES: u32 = 1_000;
/// Bytes of a path.
const MOST_PATH: usize = 4_096;
/// Names that are read between two looks at the deadline.
const LOOK: usize = 1_000;

/// Folders a component may read, by the name it knows them by.
#[derive(Debug, Clone, Default)]
pub struct Folders(BTreeMap<String, Arc<Dir>>);

impl Folders {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Dir)> for Folders {
    fn from_iter<T: IntoIterator<Item = (String, Dir)>>(folders: T) -> Self {
        Self(folders.into_iter().map(|(name, folder)| (name, Arc::new(folder))).collect())
    }
}

/// Folders are equal when they are the same opened directories.
impl PartialEq for Folders {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(mine, theirs)| mine.0 == theirs.0 && Arc::ptr_eq(mine.1, theirs.1))
    }
}

impl Eq for Folders {}

impl files::Host for CallState {
    fn folders(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.identity.grants.folders.0.keys().cloned().collect())
    }

    fn entries(&mut self, folder: String, path: String, after: String, limit: u32) -> Answer<String> {
        let (directory, path) = self.place(&folder, &path)?;
        let listed = if path == "." { directory.entries() } else { directory.read_dir(&path) };
        let mut names = Vec::new();
        for (number, entry) in listed.map_err(|error| explain(&path, &error))?.enumerate() {
            if number >= MOST_NAMES {
                return Err(HostError::fault(
                    "invalid.file",
                    format!("`{path}` has more than {MOST_NAMES} entries; leave it out"),
                ));
            }
            if number % LOOK == 0 {
                self.deadline.check()?;
            }
            let Ok(entry) = entry else { continue };
            // A name that is no Unicode cannot be asked for: it is not told.
            if let Ok(name) = entry.file_name().into_string()
                && name > after
            {
                names.push((name, entry));
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        // What went since is passed over before the page is cut: a short page is the last one.
        let told = names.iter().filter_map(|(name, entry)| Some(tell(name, &entry.metadata().ok()?)));
        let told: Vec<Value> = told.take(limit.min(MOST_ENTRIES) as usize).collect();
        Ok(Value::Array(told).to_string())
    }

    fn about(&mut self, folder: String, path: String) -> Answer<String> {
        let (directory, path) = self.place(&folder, &path)?;
        let about = directory.metadata(&path).map_err(|error| explain(&path, &error))?;
        Ok(tell(path.rsplit('/').next().unwrap_or(&path), &about).to_string())
    }

    fn read(&mut self, folder: String, path: String, offset: u64, length: u32) -> Answer<Vec<u8>> {
        let most = u64::from(length).min(self.limits.host_call_bytes as u64);
        let (directory, path) = self.place(&folder, &path)?;
        let mut options = OpenOptions::new();
        options.read(true);
        // A pipe that nobody writes to would hold the call at `open`.
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
        let mut file = directory.open_with(&path, &options).map_err(|error| explain(&path, &error))?;
        if !file.metadata().is_ok_and(|about| about.is_file()) {
            return Err(HostError::fault("invalid.file", format!("`{path}` is no plain file")));
        }
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.take(most).read_to_end(&mut bytes));
        read.map_err(|error| explain(&path, &error))?;
        Ok(bytes)
    }
}

impl CallState {
    /// A granted folder and a path in it.
    fn place(&mut self, folder: &str, path: &str) -> Answer<(Arc<Dir>, String)> {
        self.granted("files")?;
        self.deadline.check()?;
        let folders = &self.identity.grants.folders.0;
        let Some(directory) = folders.get(folder) else {
            let known = if folders.is_empty() {
                "none is; add it to `folders` of the layer in the configuration".into()
            } else {
                format!("those are: {}", folders.keys().cloned().collect::<Vec<_>>().join(", "))
            };
            let folder: String = folder.chars().take(100).collect();
            return Err(HostError::fault("not-found.folder", format!("folder `{folder}` is not granted; {known}")));
        };
        if path.len() > MOST_PATH || path.contains('\0') {
            return Err(HostError::fault("invalid.argument", "a path has at most 4096 bytes and no NUL"));
        }
        Ok((Arc::clone(directory), if path.is_empty() { ".".into() } else { path.to_owned() }))
    }
}

fn tell(name: &str, about: &Metadata) -> Value {
    let modified = about.modified().ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or_default());
    json!({ "name": name, "kind": kind(about.file_type()), "bytes": about.len(), "modified": modified })
}

fn kind(of: FileType) -> &'static str {
    if of.is_symlink() {
        "link"
    } else if of.is_dir() {
        "folder"
    } else if of.is_file() {
        "file"
    } else {
        "other"
    }
}

/// What a guest may know of a failure: nothing of the machine's own paths.
fn explain(path: &str, error: &std::io::Error) -> HostError {
    let path: String = path.chars().take(300).collect();
    match error.kind() {
        std::io::ErrorKind::NotFound => HostError::fault("not-found.file", format!("there is no `{path}`")),
        std::io::ErrorKind::PermissionDenied => HostError::fault(
            "denied.files",
            format!("`{path}` may not be read: it leads out of the granted folder, or its permissions forbid it"),
        ),
        std::io::ErrorKind::NotADirectory | std::io::ErrorKind::IsADirectory => {
            HostError::fault("invalid.file", format!("`{path}` is of another kind than was asked for"))
        }
        kind => HostError::fault("unavailable.files", format!("`{path}` could not be read: {kind}")),
    }
}
