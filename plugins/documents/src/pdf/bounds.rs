//! What one file may cost: bytes read, bytes unpacked, values kept. A file that asks for more ends with a reason.

use super::trouble::Trouble;
use std::cell::Cell;

/// Bytes read and unpacked for one file, each time they are, at most.
pub(super) const MOST_WORK: usize = 80 << 20;
/// Bytes one stream may unpack to.
pub(super) const MOST_UNPACKED: usize = 8 << 20;
/// Bytes of objects in streams kept unpacked.
pub(super) const MOST_KEPT: usize = 12 << 20;
/// Objects of a file.
pub(super) const MOST_OBJECTS: usize = 200_000;
/// Pages of a file.
pub(super) const MOST_PAGES: usize = 5_000;
/// Bytes of all its text: more than its chunks can hold.
pub(super) const MOST_TEXT: usize = 8 << 20;

/// Counts the work.
pub(super) struct Meter {
    left: Cell<usize>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self::of(MOST_WORK)
    }

    /// One that ends after so many bytes.
    pub(super) fn of(bytes: usize) -> Self {
        Self { left: Cell::new(bytes) }
    }

    /// Pays for so many bytes.
    ///
    /// # Errors
    /// [`Trouble::TooMuch`] where nothing is left.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), Trouble> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(Trouble::TooMuch("it takes too much work to read"))
            }
        }
    }
}
