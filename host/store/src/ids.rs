//! Ids: integers, unique in the space over all collections, issued from durable blocks so that processes never clash.

use crate::error::{Result, StoreError};
use crate::row::MOST_INTEGER;
use rusqlite::Connection;

/// How many ids a process reserves at a time.
pub(crate) const BLOCK: i64 = 1024;

/// The rest of the block this process holds.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    next: i64,
    end: i64,
}

impl Ids {
    /// Takes `count` ids if the block still has them.
    pub(crate) fn take(&mut self, count: i64) -> Option<std::ops::Range<i64>> {
        let taken = self.next..self.next + count;
        (taken.end <= self.end).then(|| {
            self.next = taken.end;
            taken
        })
    }

    /// Puts a new block in place of what is left.
    pub(crate) fn refill(&mut self, block: std::ops::Range<i64>) {
        (self.next, self.end) = (block.start, block.end);
    }
}

/// Reserves a block of at least `count` ids; the caller holds the write transaction.
pub(crate) fn reserve(connection: &Connection, count: i64) -> Result<std::ops::Range<i64>> {
    let size = (count + BLOCK - 1) / BLOCK * BLOCK;
    let start: i64 = connection.query_row(
        "UPDATE meta SET value = value + ? WHERE key = 'next_id' RETURNING value - ?1",
        [size],
        |row| row.get(0),
    )?;
    if start + size > MOST_INTEGER {
        return Err(StoreError::limit("ids", "the space has used up its ids"));
    }
    Ok(start..start + size)
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn takes_from_the_block_until_it_is_used_up() {
        let mut ids = Ids::default();
        assert_eq!(ids.take(1), None);
        ids.refill(10..13);
        assert_eq!(ids.take(2), Some(10..12));
        assert_eq!(ids.take(2), None);
        assert_eq!(ids.take(1), Some(12..13));
    }
}
