//! A walk through a granted folder, directory by directory: what lies there is compared with what a layer knows of it.
//!
//! A call does as much as its [`Bounds`] allow; what is left of the walk is kept, and a later call goes on from there. Links
//! are not followed: a listing shows them as links, and only folders are gone into.

#[cfg(target_family = "wasm")]
mod followed;
#[cfg(test)]
mod tests;

use crate::path::{beneath, join};
use crate::row::text;
use crate::{Fault, Value, json};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

#[cfg(target_family = "wasm")]
pub use followed::Followed;

/// Names read at a time.
pub const PAGE: u32 = 1_000;
/// Errors told.
const MOST_ERRORS: usize = 20;

/// What one call may do, about: what is under way is finished.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Files taken, or tried in vain.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Rows written.
    pub rows: u64,
}

/// What one call has done.
#[derive(Debug)]
pub struct Tally {
    bounds: Bounds,
    /// Files taken.
    pub indexed: u64,
    /// Files left as they are known.
    pub unchanged: u64,
    /// Files that could not be taken.
    pub failed: u64,
    /// Known files that do not lie there any more.
    pub gone: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Rows written.
    pub rows: u64,
    /// Said by the layer: the rest is for the next call, whatever the bounds allow.
    pub closed: bool,
    /// What went wrong, the first of it.
    pub errors: Vec<String>,
}

impl Tally {
    /// Nothing is done yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let errors = Vec::new();
        Self { bounds, indexed: 0, unchanged: 0, failed: 0, gone: 0, bytes: 0, rows: 0, closed: false, errors }
    }

    /// Whether the rest is for the next call.
    #[must_use]
    pub fn full(&self) -> bool {
        self.closed
            || self.indexed + self.failed >= self.bounds.files
            || self.bytes >= self.bounds.bytes
            || self.rows >= self.bounds.rows
            || out_of_time()
    }

    /// Notes what went wrong.
    pub fn wrong(&mut self, what: String) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(what);
        }
    }
}

#[cfg(target_family = "wasm")]
fn out_of_time() -> bool {
    crate::budget::should_stop()
}

#[cfg(not(target_family = "wasm"))]
fn out_of_time() -> bool {
    false
}

/// A followed folder: what lies there, and what is known of it.
pub trait Source {
    /// The name of the granted folder.
    fn folder(&self) -> &str;

    /// What lies in a directory after a name, as `files::entries` tells it: fewer than [`PAGE`] are the last.
    ///
    /// # Errors
    /// `not-found.file` if the directory went; others if it cannot be read.
    fn entries(&self, directory: &str, after: &str) -> Result<Vec<Value>, Fault>;

    /// Rows known of a directory with their paths: all, or the current ones.
    ///
    /// # Errors
    /// What the store answers.
    fn known(&self, directory: &str, current: bool) -> Result<Vec<(String, Value)>, Fault>;

    /// Whether a row is held to be of a file that lies there.
    fn is_current(&self, row: &Value) -> bool;

    /// Directories with current rows.
    ///
    /// # Errors
    /// What the store answers.
    fn directories(&self) -> Result<Vec<String>, Fault>;
}

/// What a layer does with what the walk meets.
pub trait Visitor {
    /// What the call has done so far.
    fn tally(&mut self) -> &mut Tally;

    /// Called before each name, to close the tally where that one is for the next call.
    fn before(&mut self, _name: &str) {}

    /// Whether a file or a folder is left out, with all that lies in it.
    fn excluded(&self, path: &str) -> bool;

    /// Whether a file is one of those wanted.
    fn wanted(&self, path: &str) -> bool;

    /// Takes a file, if that is due; answers whether it was dealt with, or is for the next call.
    ///
    /// # Errors
    /// What ends the call.
    fn take(&mut self, path: &str, entry: &Value, known: Option<&Value>) -> Result<bool, Fault>;

    /// A known file does not lie there any more.
    ///
    /// # Errors
    /// What ends the call.
    fn gone(&mut self, path: &str, row: &Value) -> Result<(), Fault>;
}

/// A directory still to be looked through, from a name on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The directory.
    pub path: String,
    /// The name it goes on after; empty: from its beginning.
    pub after: String,
}

impl Step {
    /// A directory from its beginning.
    #[must_use]
    pub fn at(path: String) -> Self {
        Self { path, after: String::new() }
    }
}

/// A walk, and what it has seen in this call.
#[derive(Debug)]
pub struct Walk {
    top: String,
    stack: Vec<Step>,
    went_on: bool,
    visited: HashSet<String>,
    /// Directories that could not be read: of what lies there nothing is known.
    unread: Vec<String>,
    /// Whether directories that are gone are left over.
    unswept: bool,
}

impl Walk {
    /// Begins at a path of the folder, or goes on where what was kept of a walk says.
    #[must_use]
    pub fn resume(top: &str, kept: Option<&Value>) -> Self {
        let kept: Option<Vec<Step>> = kept.and_then(|stack| Deserialize::deserialize(stack).ok());
        let went_on = kept.is_some();
        let stack = kept.filter(|stack| !stack.is_empty()).unwrap_or_else(|| vec![Step::at(top.to_owned())]);
        Self { top: top.to_owned(), stack, went_on, visited: HashSet::new(), unread: Vec::new(), unswept: false }
    }

    /// Goes on until the tally is full or nothing is left.
    ///
    /// # Errors
    /// What the source or the visitor answers.
    pub fn run(&mut self, source: &impl Source, visitor: &mut impl Visitor) -> Result<(), Fault> {
        while !visitor.tally().full() {
            let Some(step) = self.stack.pop() else { break };
            self.visited.insert(step.path.clone());
            self.directory(step, source, visitor)?;
        }
        // A walk within one call has seen every directory there is: what is known of others lies nowhere any more.
        if !self.went_on && self.stack.is_empty() {
            self.unswept = !self.sweep(source, visitor)?;
        }
        Ok(())
    }

    /// What is left to be looked through.
    #[must_use]
    pub fn left(&self) -> &[Step] {
        &self.stack
    }

    /// Whether a later call is to go on.
    #[must_use]
    pub fn more(&self) -> bool {
        self.unswept || !self.stack.is_empty()
    }

    /// Whether it stands elsewhere than it stood: one that ends in the call in which it began has nothing to keep.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.went_on || !self.stack.is_empty()
    }

    /// What to keep of it, for [`Walk::resume`]; null once it has ended.
    #[must_use]
    pub fn kept(&self) -> Value {
        if self.stack.is_empty() { Value::Null } else { json!(self.stack) }
    }

    /// Looks through one directory, from a name on.
    fn directory(&mut self, step: Step, source: &impl Source, visitor: &mut impl Visitor) -> Result<(), Fault> {
        let mut known: HashMap<String, Value> = source.known(&step.path, false)?.into_iter().collect();
        let (first, mut after) = (step.after.is_empty(), step.after);
        let mut there = HashSet::new();
        loop {
            let page = match source.entries(&step.path, &after) {
                Ok(page) => page,
                Err(fault) if fault.code == "not-found.file" => {
                    // It went: the end of the walk sweeps up what went with it.
                    self.visited.remove(&step.path);
                    return Ok(());
                }
                Err(fault) => {
                    visitor.tally().wrong(format!("{}/{}: {}", source.folder(), step.path, fault.message));
                    self.unread.push(step.path);
                    return Ok(());
                }
            };
            let last = page.len() < PAGE as usize;
            for entry in page {
                let name = text(&entry, "name");
                visitor.before(name);
                if visitor.tally().full() {
                    self.stack.push(Step { path: step.path, after });
                    return Ok(());
                }
                let path = join(&step.path, name);
                if !visitor.excluded(&path) {
                    match text(&entry, "kind") {
                        "folder" => self.stack.push(Step::at(path)),
                        "file" if visitor.wanted(&path) => {
                            if !visitor.take(&path, &entry, known.get(&path))? {
                                self.stack.push(Step { path: step.path, after });
                                return Ok(());
                            }
                            there.insert(path);
                        }
                        _ => {}
                    }
                }
                name.clone_into(&mut after);
            }
            if last {
                break;
            }
        }
        // What was known and does not lie there any more; a walk that began in the middle leaves this to the next.
        known.retain(|path, row| first && source.is_current(row) && !there.contains(path));
        for (path, row) in &known {
            if visitor.tally().full() {
                self.stack.push(Step::at(step.path));
                return Ok(());
            }
            visitor.gone(path, row)?;
            visitor.tally().gone += 1;
        }
        Ok(())
    }

    /// Files of directories that are gone are gone; answers whether all of them were told.
    fn sweep(&self, source: &impl Source, visitor: &mut impl Visitor) -> Result<bool, Fault> {
        for directory in source.directories()? {
            let unknown = self.unread.iter().any(|path| beneath(&directory, path));
            if unknown || !beneath(&directory, &self.top) || self.visited.contains(&directory) {
                continue;
            }
            for (path, row) in source.known(&directory, true)? {
                if visitor.tally().full() {
                    return Ok(false);
                }
                visitor.gone(&path, &row)?;
                visitor.tally().gone += 1;
            }
        }
        Ok(true)
    }
}
