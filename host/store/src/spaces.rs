//! The spaces of a data directory, as files: the open ones are kept, the longest unused closed first.

use crate::error::{Result, StoreError};
use crate::space::{Space, SpaceOptions, lock};
use indexmap::IndexMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The spaces of a data directory: an LRU of open files.
pub struct Spaces {
    folder: PathBuf,
    options: SpaceOptions,
    open: Mutex<IndexMap<String, Arc<Space>>>,
    /// No space is opened any more.
    closed: AtomicBool,
}

impl Spaces {
    /// Spaces as files in a folder.
    #[must_use]
    pub fn new(folder: PathBuf, options: SpaceOptions) -> Self {
        Self { folder, options, open: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// The file of a space.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    /// How spaces are opened.
    #[must_use]
    pub fn options(&self) -> &SpaceOptions {
        &self.options
    }

    /// Opens a space, or answers the open one. `prepare` runs once on a newly opened one, before anyone else sees it.
    ///
    /// # Errors
    /// See [`Space::open`].
    pub fn open(&self, name: &str, prepare: impl FnOnce(&Arc<Space>) -> Result<()>) -> Result<Arc<Space>> {
        let mut open = lock(&self.open);
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("the host is shutting down".into()));
        }
        if let Some(space) = open.shift_remove(name) {
            open.insert(name.to_owned(), Arc::clone(&space));
            return Ok(space);
        }
        let space = Arc::new(Space::open(&self.path(name), name, &self.options)?);
        prepare(&space)?;
        open.insert(name.to_owned(), Arc::clone(&space));
        // The longest unused go first; one that is in use stays whatever the limit.
        let surplus = open.len().saturating_sub(self.options.open_spaces);
        let idle: Vec<_> = (open.iter())
            .filter(|(other, space)| other.as_str() != name && Arc::strong_count(space) == 1)
            .map(|(other, _)| other.clone())
            .take(surplus)
            .collect();
        for name in idle {
            if let Some(space) = open.shift_remove(&name) {
                _ = space.flush_usage();
            }
        }
        Ok(space)
    }

    /// The spaces open now.
    #[must_use]
    pub fn opened(&self) -> Vec<Arc<Space>> {
        lock(&self.open).values().cloned().collect()
    }

    /// Closes a space's file, once nobody uses it, so that it may be replaced or removed.
    pub fn forget(&self, name: &str) {
        lock(&self.open).shift_remove(name);
    }

    /// Closes all spaces; later opens are refused.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for (name, space) in std::mem::take(&mut *lock(&self.open)) {
            if let Err(error) = space.flush_usage() {
                tracing::warn!(space = %name, %error, "access statistics were not written");
            }
        }
    }
}
