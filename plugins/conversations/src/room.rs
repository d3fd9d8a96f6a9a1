//! How much one answer holds: rows are taken until it is full in number or in bytes.
//!
//! The host refuses answers above 1 MiB. A message may be 100,000 characters long, so a number of rows alone bounds nothing.

use memstrata_sdk::Value;

/// Bytes of messages in one answer; the rest of the mebibyte is for the conversation, its context and the gist.
pub const MESSAGES: usize = 500_000;
/// Bytes of conversations, with their contexts, in one export page.
pub const THREADS: usize = 350_000;

/// What is left of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    rows: usize,
    bytes: usize,
    used: bool,
}

impl Room {
    /// Room for so many rows and bytes.
    #[must_use]
    pub fn new(rows: usize, bytes: usize) -> Self {
        Self { rows, bytes, used: false }
    }

    /// Takes a row of these bytes in, if it fits. The first one always does: a page that holds nothing would end a walk.
    pub fn takes(&mut self, bytes: usize) -> bool {
        if self.rows == 0 || (self.used && bytes > self.bytes) {
            return false;
        }
        self.rows -= 1;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.used = true;
        true
    }

    /// Rows that may still come.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// Bytes of a row as it is answered.
#[must_use]
pub fn size(row: &Value) -> usize {
    row.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_bytes_both_end_a_page() {
        let mut room = Room::new(3, 100);
        assert_eq!([40, 40, 40, 20].map(|bytes| room.takes(bytes)), [true, true, false, true]);
        assert_eq!(room.rows(), 0);
        assert!(!room.takes(0));
    }

    #[test]
    fn the_first_row_always_fits() {
        let mut room = Room::new(2, 100);
        assert!(room.takes(1_000));
        assert!(!room.takes(1));
        assert!(!Room::new(0, 100).takes(1));
    }
}
