//! Events and their subscribers: a subscriber moves on in the same commit as what it did, so each event counts once.
//!
//! An event is a change of a collection's rows, or what a component emitted under a name.

use crate::error::Result;
use crate::space::{Space, lock, sequence};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

/// The next thing a subscriber has to deal with.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// Its commit's place in the journal.
    pub seq: u64,
    /// Its number in the commit.
    pub n: u64,
    /// When, ms UTC.
    pub at: u64,
    /// The row that changed, if it is a change.
    pub id: Option<u64>,
    /// What was emitted, if it was.
    pub payload: Option<Value>,
}

/// Up to where a subscriber has nothing to hear: what it waits for may be rare, and is not looked for twice.
pub(crate) struct Passed {
    on: String,
    seq: i64,
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

    /// The next event for a subscriber: of a collection's rows with a verb (`layer.collection:verb`), or emitted under a name.
    ///
    /// # Errors
    /// When the database fails. An unknown subscriber or collection has none.
    pub fn next_due(&self, subscriber: &str, on: &str) -> Result<Option<Due>> {
        let place: Option<(i64, i64)> = self.with_reader(|connection| {
            Ok(connection
                .prepare_cached("SELECT seq, n FROM subscribers WHERE name = ?")?
                .query_row([subscriber], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?)
        })?;
        let Some(place) = place else { return Ok(None) };
        // What it waits for may be another event since its component was swapped.
        let passed = {
            let mut passed = lock(&self.passed);
            if passed.get(subscriber).is_some_and(|passed| passed.on != on) {
                passed.remove(subscriber);
            }
            passed.get(subscriber).map(|passed| passed.seq)
        };
        let (seq, n) = passed.map_or(place, |passed| place.max((passed, i64::MAX)));
        let change = match on.split_once(':').map(|(collection, verb)| (self.collection(collection), verb)) {
            // Its layer may come yet, and then hears of what came before.
            Some((Err(_), _)) => return Ok(None),
            Some((Ok(collection), verb)) => Some((collection, verb)),
            None => None,
        };
        self.with_reader(|connection| {
            // Read before it is looked through: what is committed in between is looked at the next time.
            let newest = sequence(connection)?;
            let due = match change {
                Some((collection, verb)) => connection
                    .prepare_cached(
                        "SELECT r.seq, r.n, j.at, r.id, NULL FROM journal_rows r JOIN journal j USING(seq)
                         WHERE (r.seq, r.n) > (?, ?) AND r.collection = ? AND r.verb = ? ORDER BY r.seq, r.n LIMIT 1",
                    )?
                    .query_row(params![seq, n, collection.number, verb], read)
                    .optional()?,
                None => connection
                    .prepare_cached(
                        "SELECT e.seq, e.n, j.at, NULL, e.payload FROM events e JOIN journal j USING(seq)
                         WHERE (e.seq, e.n) > (?, ?) AND e.name = ? ORDER BY e.seq, e.n LIMIT 1",
                    )?
                    .query_row(params![seq, n, on], read)
                    .optional()?,
            };
            if due.is_none() {
                lock(&self.passed).insert(subscriber.to_owned(), Passed { on: on.to_owned(), seq: newest });
            }
            Ok(due)
        })
    }

    /// Forgets events that every subscriber has acknowledged or does not wait for; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn expire_events(&self) -> Result<u64> {
        let passed: Vec<(String, i64)> =
            lock(&self.passed).iter().map(|(name, passed)| (name.clone(), passed.seq)).collect();
        self.writer().transact(move |connection| {
            for (name, seq) in &passed {
                connection
                    .prepare_cached("UPDATE subscribers SET seq = ?2, n = ?3 WHERE name = ?1 AND (seq, n) < (?2, ?3)")?
                    .execute(params![name, seq, i64::MAX])?;
            }
            let gone = connection.execute(
                "DELETE FROM events WHERE NOT EXISTS(SELECT 1 FROM subscribers s WHERE (s.seq, s.n) < (events.seq, events.n))",
                [],
            )?;
            Ok(gone as u64)
        })
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Due> {
    let payload: Option<String> = row.get(4)?;
    Ok(Due {
        seq: row.get::<_, i64>(0)?.unsigned_abs(),
        n: row.get::<_, i64>(1)?.unsigned_abs(),
        at: row.get::<_, i64>(2)?.unsigned_abs(),
        id: row.get::<_, Option<i64>>(3)?.map(i64::unsigned_abs),
        payload: payload.and_then(|text| serde_json::from_str(&text).ok()),
    })
}
