//! Facts from git repositories of granted folders, and which files were changed last.

use super::{Settings, count, places};
use crate::git::index::Entry;
use crate::git::object::Commit;
use crate::git::repository::Repository;
use crate::git::{Files, Id, hash, index};
use crate::place::{Place, excluded};
use memstrata_sdk::bindings::memstrata::plugin::files as wit;
use memstrata_sdk::path::{join, parent};
use memstrata_sdk::row::{int, text};
use memstrata_sdk::when::iso;
use memstrata_sdk::{Answer, Fault, Value, arguments, budget, files, json};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Names read at a time.
const PAGE: u32 = 1_000;
/// Entries of folders looked at in one call.
const MOST_ENTRIES: usize = 20_000;
/// Bytes of content compared in one call, and of one file.
const MOST_CONTENT: u64 = 8_000_000;
/// Bytes of one file compared.
const MOST_FILE: u64 = 2_000_000;
/// Changed files told of a repository.
const MOST_TOLD: usize = 200;
/// Commits looked at in one call.
const MOST_COMMITS: usize = 2_000;

/// A granted folder.
struct Folder(String);

impl Files for Folder {
    fn read(&self, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, Fault> {
        Ok(wit::read(&self.0, path, offset, length)?)
    }

    fn names(&self, path: &str) -> Result<Vec<String>, Fault> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let after = names.last().cloned().unwrap_or_default();
            let page = files::entries(&self.0, path, &after, PAGE)?;
            let last = page.len() < PAGE as usize;
            names.extend(page.iter().map(|entry| text(entry, "name").to_owned()));
            if last || names.len() >= MOST_ENTRIES {
                return Ok(names);
            }
        }
    }
}

fn commit_told(id: Id, commit: &Commit) -> Value {
    let at = u64::try_from(commit.at).unwrap_or_default() * 1_000;
    json!({"id": id.hex(), "subject": commit.subject, "author": commit.author, "at": iso(at), "at_ms": at})
}

pub(super) fn status(given: Value) -> Answer {
    let places = places::folders(given.get("repo_path").and_then(Value::as_str))?;
    let (mut told, mut without, mut first_fault) = (Vec::new(), Vec::new(), None);
    let mut left = MOST_CONTENT;
    for place in places {
        match status_of(&place, &mut left) {
            Ok(status) => told.push(status),
            Err(fault) => {
                without.push(json!({"folder": place.shown(), "code": fault.code, "reason": fault.message}));
                first_fault.get_or_insert(fault);
            }
        }
    }
    match first_fault.filter(|_| told.is_empty()) {
        Some(fault) => Err(fault),
        None => Ok(json!({"repositories": told, "without": without})),
    }
}

fn status_of(place: &Place, left: &mut u64) -> Answer {
    let name = place.folder.clone().unwrap_or_default();
    let folder = Folder(name.clone());
    let repository = Repository::open(&folder, &place.path)?;
    let head = repository.head()?;
    let commit = head.commit.map(|id| repository.commit(id).map(|commit| commit_told(id, &commit))).transpose()?;
    let entries = match index::read(&folder, &repository.index_path()) {
        Ok(entries) => entries,
        Err(fault) if fault.code == "not-found.file" => Vec::new(),
        Err(fault) => return Err(fault),
    };
    let mut compared = Compared::default();
    compared.all(&name, &place.path, &entries, left)?;
    let Compared { changed, conflicts, by_time, by_content, other, not_compared, .. } = compared;
    let mut notes = vec!["staged changes and untracked files are not looked for".to_owned()];
    if changed.len() > MOST_TOLD {
        notes.push(format!("{} files differ; the first {MOST_TOLD} are told", changed.len()));
    }
    let clean = changed.is_empty() && conflicts.is_empty() && not_compared == 0;
    Ok(json!({
        "folder": place.shown(), "branch": head.branch, "detached": head.branch.is_none(), "commit": commit, "tracked": entries.len(),
        "unchanged": if not_compared == 0 { json!(clean) } else { Value::Null },
        "changed": changed.into_iter().take(MOST_TOLD).collect::<Vec<_>>(), "conflicts": conflicts,
        "compared": {"by_time_and_size": by_time, "by_content": by_content, "links_and_repositories": other, "not_compared": not_compared}, "notes": notes,
    }))
}

/// Files of the index against what lies in the folder.
#[derive(Default)]
struct Compared {
    changed: Vec<Value>,
    conflicts: Vec<String>,
    by_time: u64,
    by_content: u64,
    other: u64,
    not_compared: u64,
    seen: usize,
}

impl Compared {
    fn all(&mut self, folder: &str, root: &str, entries: &[Entry], left: &mut u64) -> Result<(), Fault> {
        let mut directories: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            if entry.stage > 0 {
                if self.conflicts.last() != Some(&entry.path) && self.conflicts.len() < MOST_TOLD {
                    self.conflicts.push(entry.path.clone());
                }
            } else if !entry.is_file() || entry.unwatched {
                self.other += 1;
            } else {
                directories.entry(parent(&entry.path)).or_default().push(entry);
            }
        }
        for (directory, entries) in directories {
            if budget::should_stop() || self.seen >= MOST_ENTRIES {
                self.not_compared += count(entries.len());
                continue;
            }
            let there = self.directory(folder, &join(root, directory))?;
            for entry in entries {
                self.one(folder, root, entry, there.get(entry.path.rsplit('/').next().unwrap_or_default()), left)?;
            }
        }
        Ok(())
    }

    /// Plain files of a directory: when they were changed, and their size.
    fn directory(&mut self, folder: &str, path: &str) -> Result<HashMap<String, (u64, u64)>, Fault> {
        let (mut there, mut after) = (HashMap::new(), String::new());
        loop {
            let page = match files::entries(folder, path, &after, PAGE) {
                Ok(page) => page,
                Err(fault) if fault.code == "not-found.file" || fault.code == "invalid.file" => return Ok(there),
                Err(fault) => return Err(fault),
            };
            self.seen += page.len();
            for entry in page.iter().filter(|entry| text(entry, "kind") == "file") {
                let facts = (int(entry, "modified").unwrap_or_default(), int(entry, "bytes").unwrap_or_default());
                there.insert(text(entry, "name").to_owned(), facts);
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => text(last, "name").clone_into(&mut after),
                _ => return Ok(there),
            }
        }
    }

    fn one(
        &mut self,
        folder: &str,
        root: &str,
        entry: &Entry,
        there: Option<&(u64, u64)>,
        left: &mut u64,
    ) -> Result<(), Fault> {
        let mut differs =
            |what: &str, how: &str| self.changed.push(json!({"path": entry.path, "what": what, "compared": how}));
        let Some((modified, bytes)) = there else {
            differs("deleted", "presence");
            self.by_time += 1;
            return Ok(());
        };
        // An entry of no size was written in the same moment as its file: only its content tells.
        let same_size = *bytes % (1 << 32) == u64::from(entry.bytes);
        if same_size && *modified == entry.modified {
            self.by_time += 1;
            return Ok(());
        }
        if *bytes > MOST_FILE || *bytes > *left || budget::should_stop() {
            // Another size is another content, unless Git changes the ends of lines; another time alone says nothing.
            if !same_size && entry.bytes > 0 {
                differs("modified", "size");
                self.by_time += 1;
            } else {
                self.not_compared += 1;
            }
            return Ok(());
        }
        *left -= *bytes;
        let content = files::read(folder, &join(root, &entry.path), MOST_FILE)?;
        if hash("blob", &content) != entry.id {
            differs("modified", "content");
        }
        self.by_content += 1;
        Ok(())
    }
}

pub(super) fn recent(given: Value) -> Answer {
    #[derive(Deserialize)]
    struct Recent {
        limit: usize,
        repo_path: Option<String>,
    }
    let Recent { limit, repo_path } = arguments(given)?;
    let settings = Settings::read()?;
    let (mut found, mut seen, mut complete) = (Vec::<(u64, String, u64)>::new(), 0, true);
    for place in places::folders(repo_path.as_deref())? {
        let folder = place.folder.clone().unwrap_or_default();
        let mut stack = vec![place.path.clone()];
        while let Some(directory) = stack.pop() {
            let mut after = String::new();
            loop {
                if seen >= MOST_ENTRIES || budget::should_stop() {
                    complete = false;
                    stack.clear();
                    break;
                }
                let Ok(page) = files::entries(&folder, &directory, &after, PAGE) else {
                    complete = false;
                    break;
                };
                seen += page.len();
                for entry in &page {
                    let path = join(&directory, text(entry, "name"));
                    if excluded(&path, &settings.exclude) {
                        continue;
                    }
                    match text(entry, "kind") {
                        "folder" => stack.push(path),
                        "file" => found.push((
                            int(entry, "modified").unwrap_or_default(),
                            join(&folder, &path),
                            int(entry, "bytes").unwrap_or_default(),
                        )),
                        _ => {}
                    }
                }
                match page.last() {
                    Some(last) if page.len() == PAGE as usize => text(last, "name").clone_into(&mut after),
                    _ => break,
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let files: Vec<Value> = found.into_iter().take(limit).map(|(modified, path, bytes)| json!({"path": path, "modified": iso(modified), "modified_ms": modified, "bytes": bytes})).collect();
    Ok(json!({"count": files.len(), "files": files, "looked_at": seen, "complete": complete}))
}

#[derive(Deserialize)]
struct Ask {
    file_path: String,
    limit: usize,
    repo_path: Option<String>,
    cursor: Option<String>,
}

pub(super) fn changes(given: Value) -> Answer {
    let Ask { file_path, limit, repo_path, cursor } = arguments(given)?;
    let place = places::file(&file_path, repo_path.as_deref())?;
    let name = place.folder.clone().unwrap_or_default();
    places::folders(Some(&name))?;
    let folder = Folder(name.clone());
    // The nearest repository around the file: a folder may hold several.
    let mut root = parent(&place.path);
    while !root.is_empty() && files::about(&name, &join(root, ".git")).is_err() {
        root = parent(root);
    }
    let path = place.path.get(root.len()..).unwrap_or_default().trim_start_matches('/');
    let repository = Repository::open(&folder, root)?;
    let from = match &cursor {
        Some(cursor) => Some(
            Id::parse(cursor)
                .ok_or_else(|| Fault::new("invalid.cursor", "the cursor is the `next_cursor` of the page before"))?,
        ),
        None => repository.head()?.commit,
    };
    let Some(from) = from else {
        return Ok(
            json!({"path": place.shown(), "changes": [], "count": 0, "commits_looked_at": 0, "next_cursor": null, "notes": ["the repository has no commit"]}),
        );
    };
    let found = repository.changes(from, path, (limit, MOST_COMMITS), budget::should_stop)?;
    let told: Vec<Value> = found
        .changes
        .iter()
        .map(|change| json!({"commit": commit_told(change.id, &change.commit), "what": change.what, "blob": change.blob.map(|id| id.hex()), "merge": change.commit.parents.len() > 1}))
        .collect();
    let mut notes = vec!["first parents are followed; a file under an earlier name is another".to_owned()];
    if found.shallow {
        notes.push("the clone is shallow: what lies before is not here".to_owned());
    }
    if told.is_empty() && found.next.is_none() && cursor.is_none() {
        notes.push("no commit has this path".to_owned());
    }
    Ok(
        json!({"path": place.shown(), "count": told.len(), "changes": told, "commits_looked_at": found.looked, "next_cursor": found.next.map(|id| id.hex()), "notes": notes}),
    )
}
