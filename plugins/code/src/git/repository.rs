//! A repository: where HEAD is, objects by their id, and the commits that changed a path.

use super::object::{Commit, Kind, Object, commit, entry, is_tree};
use super::pack::Pack;
use super::{Files, Id, MOST_OBJECT, broken, hash, inflate, whole};
use memstrata_sdk::Fault;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

/// Packs looked into, at most.
const MOST_PACKS: usize = 200;
/// Symbolic refs followed.
const MOST_LINKS: usize = 5;
/// Bytes of a file of refs.
const MOST_REFS: usize = 8_000_000;
/// Bytes of trees remembered within a call.
const MOST_HELD: usize = 8_000_000;

/// Where HEAD is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The branch; none where HEAD is a commit itself.
    pub branch: Option<String>,
    /// The commit; none in a repository without one.
    pub commit: Option<Id>,
}

/// A commit that changed a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit's id.
    pub id: Id,
    /// The commit.
    pub commit: Commit,
    /// `added`, `modified` or `deleted`.
    pub what: &'static str,
    /// The content after it.
    pub blob: Option<Id>,
}

/// Changes found, and where to go on.
#[derive(Debug, Default)]
pub struct Changes {
    /// The newest first.
    pub changes: Vec<Change>,
    /// Commits looked at.
    pub looked: usize,
    /// The commit that is next; none at the end of history.
    pub next: Option<Id>,
    /// Whether history was cut off by a shallow clone.
    pub shallow: bool,
}

/// A repository.
pub struct Repository<'a> {
    files: &'a dyn Files,
    /// The path of `.git`.
    path: String,
    packs: OnceCell<Vec<Pack>>,
    trees: RefCell<(HashMap<Id, Vec<u8>>, usize)>,
}

impl<'a> Repository<'a> {
    /// Opens the repository of a folder.
    ///
    /// # Errors
    /// `not-found.git` where there is none; `denied.git` where it lies elsewhere; `invalid.git` for a form that is not read.
    pub fn open(files: &'a dyn Files, root: &str) -> Result<Self, Fault> {
        let path = memstrata_sdk::path::join(root, ".git");
        let none = || Fault::new("not-found.git", "there is no git repository: the granted folder must hold `.git`");
        if let Err(fault) = files.names(&path) {
            // The file `.git` of a work tree or a submodule names a folder, mostly outside of what is granted.
            return match files.read(&path, 0, 8) {
                Ok(start) if start.starts_with(b"gitdir:") => Err(Fault::new(
                    "denied.git",
                    "`.git` is a file that leads to a repository elsewhere (a work tree or a submodule): grant the main repository's folder",
                )),
                _ if fault.code == "not-found.file" || fault.code == "invalid.file" => Err(none()),
                _ => Err(fault),
            };
        }
        let repository = Self { files, path, packs: OnceCell::new(), trees: RefCell::default() };
        let config = repository.text("config").unwrap_or_default().to_ascii_lowercase();
        let said = |key: &str, value: &str| {
            config
                .lines()
                .filter_map(|line| line.split_once('='))
                .any(|(name, said)| name.trim() == key && said.trim() == value)
        };
        if said("objectformat", "sha256") || said("refstorage", "reftable") {
            return Err(broken("the repository uses SHA-256 or reftable, which are not read"));
        }
        Ok(repository)
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    fn text(&self, name: &str) -> Result<String, Fault> {
        Ok(String::from_utf8_lossy(&whole(self.files, &self.at(name), MOST_REFS)?).into_owned())
    }

    /// The path of the index.
    #[must_use]
    pub fn index_path(&self) -> String {
        self.at("index")
    }

    /// Where HEAD is.
    ///
    /// # Errors
    /// `invalid.git` for refs that lead nowhere.
    pub fn head(&self) -> Result<Head, Fault> {
        let mut text = self.text("HEAD")?;
        let mut branch = None;
        for _ in 0..MOST_LINKS {
            let Some(name) = text.trim().strip_prefix("ref:").map(|name| name.trim().to_owned()) else {
                let commit = Id::parse(&text).ok_or_else(|| broken("HEAD is neither a ref nor a commit"))?;
                return Ok(Head { branch, commit: Some(commit) });
            };
            if !name.starts_with("refs/") || name.split('/').any(|part| part == ".." || part.is_empty()) {
                return Err(broken("HEAD names no ref"));
            }
            branch.get_or_insert_with(|| name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned());
            text = match self.text(&name) {
                Ok(text) => text,
                Err(fault) if fault.code == "not-found.file" => match self.packed(&name)? {
                    Some(id) => id.hex(),
                    None => return Ok(Head { branch, commit: None }),
                },
                Err(fault) => return Err(fault),
            };
        }
        Err(broken("HEAD leads from ref to ref without end"))
    }

    /// A ref of `packed-refs`.
    fn packed(&self, name: &str) -> Result<Option<Id>, Fault> {
        let text = match self.text("packed-refs") {
            Ok(text) => text,
            Err(fault) if fault.code == "not-found.file" => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let line = text.lines().filter_map(|line| line.split_once(' ')).find(|(_, known)| *known == name);
        line.map(|(id, _)| Id::parse(id).ok_or_else(|| broken("packed-refs is damaged"))).transpose()
    }

    fn packs(&self) -> Result<&[Pack], Fault> {
        if let Some(packs) = self.packs.get() {
            return Ok(packs);
        }
        let names = match self.files.names(&self.at("objects/pack")) {
            Ok(names) => names,
            Err(fault) if fault.code == "not-found.file" => Vec::new(),
            Err(fault) => return Err(fault),
        };
        let mut packs = Vec::new();
        for name in names.iter().filter_map(|name| name.strip_suffix(".idx")) {
            if packs.len() >= MOST_PACKS {
                return Err(broken(format!("the repository has more than {MOST_PACKS} packs: `git gc` joins them")));
            }
            packs.push(Pack::open(self.files, &self.at(&format!("objects/pack/{name}")))?);
        }
        Ok(self.packs.get_or_init(|| packs))
    }

    /// An object by its id.
    ///
    /// # Errors
    /// `not-found.object` for one that is not here; `invalid.git` for one that is damaged.
    pub fn object(&self, id: Id) -> Result<Object, Fault> {
        let object = match self.loose(id)? {
            Some(object) => object,
            None => self.in_packs(id, 0)?,
        };
        if hash(object.kind.name(), &object.data) != id {
            return Err(broken(format!("the object {} is damaged: its content has another id", id.hex())));
        }
        Ok(object)
    }

    fn in_packs(&self, id: Id, depth: u32) -> Result<Object, Fault> {
        for pack in self.packs()? {
            if let Some(at) = pack.find(self.files, id)? {
                let other = |base: Id| match self.loose(base)? {
                    Some(object) => Ok(object),
                    None if depth < 4 => self.in_packs(base, depth + 1),
                    None => Err(broken("deltas lead from pack to pack")),
                };
                return pack.object(self.files, at, other);
            }
        }
        Err(Fault::new(
            "not-found.object",
            format!("the object {} is not in the repository: it is shallow, or borrows objects of another", id.hex()),
        ))
    }

    fn loose(&self, id: Id) -> Result<Option<Object>, Fault> {
        let hex = id.hex();
        let (folder, name) = hex.split_at(2);
        let path = self.at(&format!("objects/{folder}/{name}"));
        let compressed = match self.files.read(&path, 0, 1 << 20) {
            Ok(first) => first,
            Err(fault) if fault.code == "not-found.file" => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let mut once = Some(compressed.clone());
        let (head, _) = inflate::at_most(64, || Ok(once.take().unwrap_or_default()))?;
        let wrong = || broken(format!("the object {hex} has no head"));
        let end = head.iter().position(|byte| *byte == 0).ok_or_else(wrong)?;
        let said = head.get(..end).and_then(|said| std::str::from_utf8(said).ok()).ok_or_else(wrong)?;
        let (kind, size) = said.split_once(' ').ok_or_else(wrong)?;
        let (kind, size) = (Kind::named(kind).ok_or_else(wrong)?, size.parse::<usize>().map_err(|_| wrong())?);
        if size > MOST_OBJECT {
            return Err(broken(format!("the object {hex} is larger than {MOST_OBJECT} bytes: it is not read")));
        }
        let mut at = 0;
        let mut first = Some(compressed);
        let whole = inflate::exactly(size + end + 1, || {
            let piece = match first.take() {
                Some(piece) => piece,
                None => self.files.read(&path, at, 1 << 20)?,
            };
            at += piece.len() as u64;
            Ok(piece)
        })?;
        Ok(Some(Object { kind, data: whole.get(end + 1..).unwrap_or_default().to_vec() }))
    }

    /// A commit by its id.
    ///
    /// # Errors
    /// As [`Self::object`].
    pub fn commit(&self, id: Id) -> Result<Commit, Fault> {
        let object = self.object(id)?;
        match object.kind {
            Kind::Commit => commit(&object.data),
            kind => Err(broken(format!("{} is a {}, no commit", id.hex(), kind.name()))),
        }
    }

    /// What a name in a tree is; trees are remembered, for commits share them.
    fn entry(&self, tree: Id, name: &str) -> Result<Option<(u32, Id)>, Fault> {
        if let Some(data) = self.trees.borrow().0.get(&tree) {
            return entry(data, name);
        }
        let object = self.object(tree)?;
        if object.kind != Kind::Tree {
            return Err(broken(format!("{} is no tree", tree.hex())));
        }
        let found = entry(&object.data, name);
        let (trees, held) = &mut *self.trees.borrow_mut();
        if *held + object.data.len() > MOST_HELD {
            trees.clear();
            *held = 0;
        }
        *held += object.data.len();
        trees.insert(tree, object.data);
        found
    }

    /// The content of a path in a tree.
    ///
    /// # Errors
    /// As [`Self::object`].
    pub fn blob(&self, tree: Id, path: &str) -> Result<Option<Id>, Fault> {
        let mut at = tree;
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            match self.entry(at, name)? {
                Some((mode, id)) if names.peek().is_some() == is_tree(mode) => at = id,
                _ => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Commits where a commit is cut from its parents.
    fn shallow(&self) -> Vec<Id> {
        self.text("shallow").unwrap_or_default().lines().filter_map(Id::parse).collect()
    }

    /// The commits that changed a path, from one on, by first parents: at most `limit` changes and `most` commits.
    ///
    /// # Errors
    /// As [`Self::object`].
    pub fn changes(
        &self,
        from: Id,
        path: &str,
        (limit, most): (usize, usize),
        stop: impl Fn() -> bool,
    ) -> Result<Changes, Fault> {
        let cut = self.shallow();
        let mut found = Changes { next: Some(from), ..Changes::default() };
        // The commit at hand and its content of the path, known from its child already.
        let mut known: Option<(Commit, Option<Id>)> = None;
        while let Some(id) = found.next.filter(|_| found.changes.len() < limit && found.looked < most && !stop()) {
            let (commit, blob) = match known.take() {
                Some(known) => known,
                None => {
                    let commit = self.commit(id)?;
                    let blob = self.blob(commit.tree, path)?;
                    (commit, blob)
                }
            };
            found.looked += 1;
            let parent = commit.parents.first().copied().filter(|_| !cut.contains(&id));
            if parent.is_none() && !commit.parents.is_empty() {
                // What this commit changed is not known.
                found.shallow = true;
                found.next = None;
                break;
            }
            let before = match parent {
                Some(parent) => {
                    let before = self.commit(parent)?;
                    let old = if before.tree == commit.tree { blob } else { self.blob(before.tree, path)? };
                    known = Some((before, old));
                    old
                }
                None => None,
            };
            found.next = parent;
            let what = match (before, blob) {
                (None, Some(_)) => "added",
                (Some(_), None) => "deleted",
                (Some(before), Some(blob)) if before != blob => "modified",
                _ => continue,
            };
            found.changes.push(Change { id, commit, what, blob });
        }
        Ok(found)
    }
}
