//! Files of granted folders, where the operator grants any: their hashes, and the text of one.

use crate::snapshot::{Hashes, belongs, leads_to};
use memstrata_sdk::{Fault, Value, files, sha256};

/// Most files of a snapshot.
const MOST_FILES: usize = 2_000;
/// Largest file, in bytes; larger ones are named as skipped.
const MOST_BYTES: u64 = 1 << 20;
/// Most bytes of a snapshot.
const MOST_OF_ALL: u64 = 32 << 20;
/// Entries asked for at a time.
const PAGE: u32 = 500;
/// Folders that hold what was made, not written.
const MADE: [&str; 4] = ["target", "node_modules", "__pycache__", "dist"];

/// What was read.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) hashes: Hashes,
    /// Files that are too large or cannot be read, and links.
    pub(super) skipped: Vec<String>,
    bytes: u64,
}

/// The hashes of all files of the granted folders that belong to the components, by `folder/path`.
pub(super) fn hashes(components: &[String]) -> Result<Taken, Fault> {
    let mut taken = Taken::default();
    for folder in files::folders() {
        let mut open = vec![String::new()];
        while let Some(path) = open.pop() {
            visit(&folder, &path, components, &mut open, &mut taken)?;
        }
    }
    Ok(taken)
}

fn visit(
    folder: &str,
    path: &str,
    components: &[String],
    open: &mut Vec<String>,
    taken: &mut Taken,
) -> Result<(), Fault> {
    let mut after = String::new();
    loop {
        let page = files::entries(folder, path, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = crate::row::text(last, "name").to_owned();
        let full = page.len() >= PAGE as usize;
        for entry in &page {
            let name = crate::row::text(entry, "name");
            let inner = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let whole = format!("{folder}/{inner}");
            let wanted = belongs(&whole, components) || belongs(&inner, components);
            match crate::row::text(entry, "kind") {
                "folder" if name.starts_with('.') || MADE.contains(&name) => {}
                "folder" if wanted || leads_to(&whole, components) || leads_to(&inner, components) => open.push(inner),
                "file" if wanted => take(folder, &inner, whole, entry, taken)?,
                "link" if wanted => taken.skipped.push(whole),
                _ => {}
            }
        }
        if !full {
            return Ok(());
        }
    }
}

fn take(folder: &str, inner: &str, whole: String, entry: &Value, taken: &mut Taken) -> Result<(), Fault> {
    let bytes = crate::row::int(entry, "bytes").unwrap_or_default();
    if taken.hashes.len() >= MOST_FILES || taken.bytes + bytes > MOST_OF_ALL {
        return Err(Fault::new("limit.files", "more than 2,000 files or 32 MiB: name fewer components"));
    }
    match files::read(folder, inner, MOST_BYTES) {
        Ok(content) => {
            taken.bytes += content.len() as u64;
            taken.hashes.insert(whole, sha256(&content));
        }
        // Too large, not readable, or gone since it was listed.
        Err(_) => taken.skipped.push(whole),
    }
    Ok(())
}

/// The text of `folder/path`, or of `path` where one folder is granted; none where no folder is.
pub(super) fn text(path: &str) -> Result<Option<String>, Fault> {
    let folders = files::folders();
    let inside = path.split_once('/').filter(|(folder, _)| folders.iter().any(|known| known == folder));
    let (folder, inner) = match (inside, folders.as_slice()) {
        (Some((folder, inner)), _) => (folder, inner),
        (None, [only]) => (only.as_str(), path),
        (None, []) => return Ok(None),
        (None, _) => {
            return Err(Fault::invalid(format!("begin the path with a granted folder: {}", folders.join(", "))));
        }
    };
    let bytes = files::read(folder, inner, MOST_BYTES)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
