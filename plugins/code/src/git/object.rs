//! Commits and trees.

use super::{Id, broken};
use memstrata_sdk::Fault;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A directory.
    Tree,
    /// A file's content.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// As headers have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag].into_iter().find(|kind| kind.name() == name)
    }
}

/// An object.
#[derive(Debug, Clone)]
pub struct Object {
    /// What it is.
    pub kind: Kind,
    /// Its content.
    pub data: Vec<u8>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its tree.
    pub tree: Id,
    /// Its parents, the first one first.
    pub parents: Vec<Id>,
    /// The author's name.
    pub author: String,
    /// When it was written, seconds UTC.
    pub at: i64,
    /// The first line of its message.
    pub subject: String,
}

/// Characters of a subject.
const MOST_SUBJECT: usize = 300;

/// Reads a commit.
///
/// # Errors
/// `invalid.git` without a tree.
pub fn commit(data: &[u8]) -> Result<Commit, Fault> {
    let text = String::from_utf8_lossy(data);
    let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut commit =
        Commit { tree: Id([0; 20]), parents: Vec::new(), author: String::new(), at: 0, subject: String::new() };
    let mut any = false;
    for line in head.lines() {
        match line.split_once(' ') {
            Some(("tree", id)) if !any => {
                commit.tree = Id::parse(id).ok_or_else(|| broken("a commit names no tree"))?;
                any = true;
            }
            Some(("parent", id)) => {
                commit.parents.push(Id::parse(id).ok_or_else(|| broken("a commit names a parent that is no id"))?)
            }
            Some(("author", who)) => {
                let (name, rest) = who.split_once('<').unwrap_or((who, ""));
                name.trim().clone_into(&mut commit.author);
                let time = rest.rsplit_once('>').and_then(|(_, time)| time.split_whitespace().next());
                commit.at = time.and_then(|time| time.parse().ok()).unwrap_or_default();
            }
            _ => {}
        }
    }
    if !any {
        return Err(broken("a commit has no tree"));
    }
    commit.subject = message.trim_start().lines().next().unwrap_or_default().chars().take(MOST_SUBJECT).collect();
    Ok(commit)
}

/// What a name in a tree is: its mode and id.
///
/// # Errors
/// `invalid.git` for a tree that is not well-formed.
pub fn entry(tree: &[u8], name: &str) -> Result<Option<(u32, Id)>, Fault> {
    let mut rest = tree;
    let wrong = || broken("a tree is not well-formed");
    while !rest.is_empty() {
        let blank = rest.iter().position(|byte| *byte == b' ').ok_or_else(wrong)?;
        let end = rest.iter().position(|byte| *byte == 0).filter(|end| *end > blank).ok_or_else(wrong)?;
        let id = rest.get(end + 1..).and_then(Id::of).ok_or_else(wrong)?;
        if rest.get(blank + 1..end) == Some(name.as_bytes()) {
            let mode = rest.get(..blank).and_then(|mode| std::str::from_utf8(mode).ok());
            let mode = mode.and_then(|mode| u32::from_str_radix(mode, 8).ok()).ok_or_else(wrong)?;
            return Ok(Some((mode, id)));
        }
        rest = rest.get(end + 21..).unwrap_or_default();
    }
    Ok(None)
}

/// Whether a mode is a directory's.
#[must_use]
pub fn is_tree(mode: u32) -> bool {
    mode & 0o170_000 == 0o040_000
}
