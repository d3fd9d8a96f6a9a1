//! The ledger of `control.db`: what language models have used on each day (UTC), over all processes and restarts.
//!
//! A use is reserved at its worst before it happens, and settled at what it was after. So two processes never overspend
//! together, and one that is killed between the two leaves at most its reservation spent.

use crate::control::Control;
use crate::error::Result;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// What was used on a day, or is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Prompts.
    pub prompts: u64,
    /// Tokens, read and produced.
    pub tokens: u64,
    /// Millionths of the operator's currency.
    pub micros: u64,
}

/// The most of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Tokens, read and produced.
    pub tokens: u64,
    /// Millionths of the operator's currency; none is no bound.
    pub micros: Option<u64>,
}

/// A use that is not settled yet. Dropped without being settled, it stays spent.
#[derive(Debug)]
#[must_use]
pub struct Reservation {
    day: u64,
    used: Spent,
}

/// The day (UTC) of an instant (ms UTC), counted from 1970.
#[must_use]
pub fn day_of(now: u64) -> u64 {
    now / DAY_MS
}

/// When the day after an instant begins, ms UTC.
#[must_use]
pub fn next_day(now: u64) -> u64 {
    (day_of(now) + 1) * DAY_MS
}

impl Control {
    /// What was used on the day of `now` (ms UTC), reservations included.
    ///
    /// # Errors
    /// When the database fails.
    pub fn spent(&self, now: u64) -> Result<Spent> {
        self.read(|connection| spent(connection, day_of(now)))
    }

    /// Reserves one prompt that uses so much at most on the day of `now` (ms UTC). `Err` inside: what was used, where the
    /// day does not allow that much more; nothing is reserved then.
    ///
    /// # Errors
    /// When the database fails.
    pub fn reserve(&self, now: u64, tokens: u64, micros: u64, most: Most) -> Result<Result<Reservation, Spent>> {
        let day = day_of(now);
        self.transact(|connection| {
            let before = spent(connection, day)?;
            let over = before.tokens.saturating_add(tokens) > most.tokens
                || most.micros.is_some_and(|most| before.micros.saturating_add(micros) > most);
            if over {
                return Ok(Err(before));
            }
            connection.execute(
                "INSERT INTO spending VALUES(?1, 1, ?2, ?3) ON CONFLICT(day) DO UPDATE SET
                   prompts = prompts + 1, tokens = tokens + ?2, micros = micros + ?3",
                params![day as i64, whole(tokens), whole(micros)],
            )?;
            Ok(Ok(Reservation { day, used: Spent { prompts: 1, tokens, micros } }))
        })
    }

    /// Puts what was really used in the place of a reservation, on the day it was made. A prompt that never reached the
    /// model has `prompts` 0.
    ///
    /// # Errors
    /// When the database fails; the reservation stays spent then.
    pub fn settle(&self, reserved: Reservation, used: Spent) -> Result<()> {
        let Reservation { day, used: guess } = reserved;
        self.transact(|connection| {
            connection.execute(
                "UPDATE spending SET prompts = max(0, prompts - ?2 + ?3), tokens = max(0, tokens - ?4 + ?5),
                   micros = max(0, micros - ?6 + ?7) WHERE day = ?1",
                params![
                    day as i64,
                    whole(guess.prompts),
                    whole(used.prompts),
                    whole(guess.tokens),
                    whole(used.tokens),
                    whole(guess.micros),
                    whole(used.micros)
                ],
            )?;
            Ok(())
        })
    }
}

fn spent(connection: &Connection, day: u64) -> Result<Spent> {
    let mut statement = connection.prepare_cached("SELECT prompts, tokens, micros FROM spending WHERE day = ?")?;
    let number = |row: &rusqlite::Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
    let found = statement
        .query_row([day as i64], |row| {
            Ok(Spent { prompts: number(row, 0)?, tokens: number(row, 1)?, micros: number(row, 2)? })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// A number as SQLite keeps it; far below its end, so that sums of them do not overflow.
fn whole(number: u64) -> i64 {
    number.min(1 << 52) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Most = Most { tokens: 1_000, micros: Some(500) };

    #[test]
    fn a_use_is_reserved_at_its_worst_and_settled_at_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let control = Control::open(folder.path()).unwrap();
        let reserved = control.reserve(5, 900, 10, MOST).unwrap().unwrap();
        let before = Spent { prompts: 1, tokens: 900, micros: 10 };
        assert_eq!(control.spent(5).unwrap(), before);
        assert_eq!(control.reserve(5, 101, 0, MOST).unwrap().unwrap_err(), before, "too many tokens");
        assert_eq!(control.spent(5).unwrap(), before, "what is refused is not reserved");
        control.settle(reserved, Spent { prompts: 1, tokens: 300, micros: 2 }).unwrap();
        assert_eq!(control.spent(5).unwrap(), Spent { prompts: 1, tokens: 300, micros: 2 });
        assert!(control.reserve(5, 700, 499, MOST).unwrap().is_err(), "too much money");
        let none = Most { micros: None, ..MOST };
        drop(control.reserve(5, 700, 9_999, none).unwrap().unwrap());
        assert_eq!(control.spent(5).unwrap().tokens, 1_000, "what is not settled stays spent");
    }

    #[test]
    fn it_holds_over_restarts_and_a_new_day_is_a_new_page() {
        let folder = tempfile::tempdir().unwrap();
        let late = DAY_MS - 1;
        let reserved = Control::open(folder.path()).unwrap().reserve(late, 1_000, 0, MOST).unwrap().unwrap();
        let control = Control::open(folder.path()).unwrap();
        assert!(control.reserve(late, 1, 0, MOST).unwrap().is_err());
        assert_eq!(next_day(late), DAY_MS);
        drop(control.reserve(DAY_MS, 10, 0, MOST).unwrap().unwrap());
        // settled after midnight, it is of the day it was reserved on
        control.settle(reserved, Spent { prompts: 1, tokens: 7, micros: 0 }).unwrap();
        assert_eq!((control.spent(late).unwrap().tokens, control.spent(DAY_MS).unwrap().tokens), (7, 10));
    }

    #[test]
    fn processes_side_by_side_do_not_overspend_together() {
        let folder = tempfile::tempdir().unwrap();
        let allowed: usize = std::thread::scope(|scope| {
            let spend = || {
                let control = Control::open(folder.path()).unwrap();
                (0..50).filter(|_| control.reserve(5, 10, 0, MOST).unwrap().is_ok()).count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(spend)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(allowed, 100);
    }
}
