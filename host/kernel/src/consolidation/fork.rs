//! Copies of a space to try strategies on: each is a file of its own, and gone with its value.

use crate::api::CallError;
use crate::kernel::Kernel;
use memstrata_store::{Durability, Space, SpaceOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A copy this old has been left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(86_400);

/// A file that holds a space as of one instant.
pub(super) struct Snapshot {
    file: PathBuf,
    /// The journal sequence it was taken at.
    pub(super) as_of: u64,
    name: String,
    options: SpaceOptions,
}

/// An open copy.
pub(super) struct Fork {
    space: Option<Arc<Space>>,
    file: PathBuf,
}

impl Kernel {
    /// Copies a space as it is now, while it goes on serving.
    pub(super) fn snapshot(&self, space: &Space) -> Result<Snapshot, CallError> {
        let folder = self.forks();
        std::fs::create_dir_all(&folder).map_err(|error| no_copy(&folder, &error))?;
        let file = folder.join(format!("{}-{:08x}.db", self.shared.process, rand::random::<u32>()));
        let backup = space.backup(&file, |_, _| {})?;
        // What is tried here need not survive anything.
        let options = SpaceOptions { durability: Durability::Process, ..self.shared.options.spaces.clone() };
        Ok(Snapshot { file, as_of: backup.seq, name: space.name().to_owned(), options })
    }

    /// Removes copies that a crash has left. A comparison is over long before; nobody's copies are taken from under them.
    pub(crate) fn clear_forks(&self) {
        let Ok(entries) = std::fs::read_dir(self.forks()) else { return };
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|file| file.modified()).ok();
            if written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > LEFT_BEHIND) {
                _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn forks(&self) -> PathBuf {
        self.shared.options.data.join("forks")
    }
}

impl Snapshot {
    /// Opens a copy of its own for one strategy.
    pub(super) fn fork(&self) -> Result<Fork, CallError> {
        let file = self.file.with_extension(format!("{:08x}.db", rand::random::<u32>()));
        std::fs::copy(&self.file, &file).map_err(|error| no_copy(&file, &error))?;
        let mut fork = Fork { space: None, file };
        fork.space = Some(Arc::new(Space::open(&fork.file, &self.name, &self.options)?));
        Ok(fork)
    }
}

impl Fork {
    /// The copy; it answers to the name of the space it was made of.
    pub(super) fn space(&self) -> Result<&Arc<Space>, CallError> {
        self.space.as_ref().ok_or_else(|| CallError::new("internal", "the copy is not open"))
    }
}

impl Drop for Fork {
    fn drop(&mut self) {
        drop(self.space.take());
        remove(&self.file);
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        remove(&self.file);
    }
}

fn remove(file: &Path) {
    for path in ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", file.display()))) {
        _ = std::fs::remove_file(path);
    }
}

fn no_copy(path: &Path, error: &std::io::Error) -> CallError {
    CallError::new("unavailable.data", format!("no copy of the space can be made at {}: {error}", path.display()))
}
