//! Events and their subscribers: a subscriber moves on in the same commit as what it did, so each event counts once.

use crate::error::Result;
use crate::space::Space;
use rusqlite::params;

/// An event on its way to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The commit that emitted it.
    pub seq: u64,
    /// Its number in that commit.
    pub n: u64,
    /// When, ms UTC.
    pub at: u64,
    /// `layer.name`.
    pub name: String,
    /// JSON; `null` if a row of the commit was erased since.
    pub payload: String,
}

impl Space {
    /// Makes sure there is a subscriber; a new one hears of what comes from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub fn subscribe(&self, subscriber: &str) -> Result<()> {
        let subscriber = subscriber.to_owned();
        self.writer().transact(move |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO subscribers SELECT ?, coalesce(max(seq), 0), ? FROM journal",
                params![subscriber, i64::MAX],
            )?;
            Ok(())
        })
    }

    /// The events a subscriber has not acknowledged (see `CommitMeta::acknowledges`), oldest first.
    ///
    /// # Errors
    /// When the database fails. An unknown subscriber has none.
    pub fn undelivered(&self, subscriber: &str, most: u32) -> Result<Vec<Delivery>> {
        self.with_reader(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT e.seq, e.n, j.at, e.name, e.payload FROM subscribers s JOIN events e ON (e.seq, e.n) > (s.seq, s.n)
                 JOIN journal j ON j.seq = e.seq WHERE s.name = ? ORDER BY e.seq, e.n LIMIT ?",
            )?;
            let events = statement.query_map(params![subscriber, most], |row| {
                Ok(Delivery {
                    seq: row.get::<_, i64>(0)?.unsigned_abs(),
                    n: row.get::<_, i64>(1)?.unsigned_abs(),
                    at: row.get::<_, i64>(2)?.unsigned_abs(),
                    name: row.get(3)?,
                    payload: row.get(4)?,
                })
            })?;
            Ok(events.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Forgets events that every subscriber has acknowledged; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn expire_events(&self) -> Result<u64> {
        self.writer().transact(|connection| {
            let gone = connection.execute(
                "DELETE FROM events WHERE NOT EXISTS(SELECT 1 FROM subscribers s WHERE (s.seq, s.n) < (events.seq, events.n))",
                [],
            )?;
            Ok(gone as u64)
        })
    }
}
