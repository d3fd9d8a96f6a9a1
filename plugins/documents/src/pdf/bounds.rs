//! What one file may cost: bytes read, bytes unpacked, values kept. A file that asks for more ends with a reason.
//!
//! All at once they stay below the 64 MB a call has, with the file of at most 10 MB itself.

use super::trouble::Trouble;
use std::cell::Cell;

/// Bytes read and unpacked for one file, each time they are, at most.
pub(super) const MOST_WORK: usize = 80 << 20;
/// Bytes one stream may unpack to.
pub(super) const MOST_UNPACKED: usize = 6 << 20;
/// Bytes of objects in streams kept unpacked.
pub(super) const MOST_KEPT: usize = 8 << 20;
/// Objects of a file.
pub(super) const MOST_OBJECTS: usize = 120_000;
/// Pages of a file.
pub(super) const MOST_PAGES: usize = 5_000;
/// Bytes of all its text; pages that follow are not read.
pub(super) const MOST_TEXT: usize = 4 << 20;
/// Bytes of one page's text.
pub(super) const MOST_PAGE: usize = 1 << 20;
/// Bytes its fonts keep, about.
pub(super) const MOST_FONTS: usize = 5 << 20;

/// What a value costs beside its bytes: it is allocated, kept and looked at.
pub(super) const VALUE: usize = 24;
/// Work after which the clock is looked at.
const STEP: usize = 256 << 10;

/// Counts the work.
pub(super) struct Meter<'a> {
    left: Cell<usize>,
    /// What was spent since the clock was looked at.
    step: Cell<usize>,
    has_time: &'a dyn Fn() -> bool,
}

impl<'a> Meter<'a> {
    /// Ends after so much work, or when there is no time.
    pub(super) fn new(work: usize, has_time: &'a dyn Fn() -> bool) -> Self {
        Self { left: Cell::new(work), step: Cell::new(0), has_time }
    }

    /// Pays for so many bytes.
    ///
    /// # Errors
    /// [`Trouble::TooMuch`] where nothing is left.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), Trouble> {
        self.step.set(self.step.get().saturating_add(bytes));
        let timely = self.step.get() < STEP || {
            self.step.set(0);
            (self.has_time)()
        };
        match self.left.get().checked_sub(bytes).filter(|_| timely) {
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
