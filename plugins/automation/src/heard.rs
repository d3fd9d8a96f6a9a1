//! How far the episodes have been heard: in the order they were written, up to ten seconds ago.
//!
//! A subscription would be a call and a commit for each episode, whether or not a rule waits: an import of 100,000 episodes would
//! pay for them all. So new episodes are read in pages by a schedule. A row's time of writing is that of its call's begin, so a call
//! that is still running may yet write behind the place: the last ten seconds are left for the next time, twice what an
//! interactive call may take.

use memstrata_sdk::{Value, json};

/// The newest ms that are not looked at yet.
pub const HOLD_MS: u64 = 10_000;

/// The last episode heard: when it was written (ms), and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was written.
    pub at: u64,
    /// Its id; all of the instant if it is as large as can be.
    pub id: u64,
}

/// Behind all ids of an instant: ids are below 2^53.
const AFTER_ALL: u64 = (1 << 53) - 1;

/// Where to begin: behind what was heard, and not before the first rule waited.
#[must_use]
pub fn start(known: Option<Place>, first_rule: u64) -> Place {
    let first = Place { at: first_rule.saturating_sub(1), id: AFTER_ALL };
    known.map_or(first, |known| known.max(first))
}

/// The newest instant that is looked at.
#[must_use]
pub fn horizon(now: u64) -> u64 {
    now.saturating_sub(HOLD_MS)
}

/// The place once everything up to the horizon was heard.
#[must_use]
pub fn all_up_to(horizon: u64) -> Place {
    Place { at: horizon, id: AFTER_ALL }
}

/// The place of those who begin to listen now: what was written while hearing was switched off is not heard later.
#[must_use]
pub fn from_now(now: u64) -> Place {
    all_up_to(now)
}

/// The condition on rows behind a place and up to a horizon.
#[must_use]
pub fn condition(after: Place, horizon: u64) -> Value {
    json!({"all": [
        ["created_at", ">=", after.at],
        ["created_at", "<=", horizon],
        {"any": [["created_at", ">", after.at], ["id", ">", after.id]]},
    ]})
}

/// The types of episodes that rules wait for, each once, sorted; none if one waits for all.
#[must_use]
pub fn types(waited_for: &[&str]) -> Option<Vec<String>> {
    let mut types = Vec::new();
    for name in waited_for {
        match name.strip_prefix("episodic.") {
            Some("*" | "events:insert" | "events.*") => return None,
            Some(kind) => types.push(kind.to_owned()),
            None => {}
        }
    }
    types.sort();
    types.dedup();
    Some(types)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Condition;

    #[test]
    fn it_begins_behind_what_was_heard_and_not_before_the_first_rule() {
        let place = |at, id| Place { at, id };
        assert_eq!(start(None, 100), place(99, AFTER_ALL));
        assert_eq!(start(Some(place(50, 7)), 100), place(99, AFTER_ALL));
        assert_eq!(start(Some(place(150, 7)), 100), place(150, 7));
        assert_eq!(start(Some(from_now(500)), 100), place(500, AFTER_ALL));
    }

    #[test]
    fn rows_of_one_instant_are_told_apart_by_id() {
        let holds = |after, at: u64, id: u64| {
            Condition::read(&condition(after, 200)).unwrap().holds(&json!({"created_at": at, "id": id}))
        };
        let after = Place { at: 150, id: 7 };
        for (at, id, expected) in [
            (149, 9, false),
            (150, 7, false),
            (150, 6, false),
            (150, 8, true),
            (151, 1, true),
            (200, 1, true),
            (201, 9, false),
        ] {
            assert_eq!(holds(after, at, id), expected, "{at} {id}");
        }
        // A rule that is registered in the instant an episode is written hears it.
        assert!(holds(start(None, 150), 150, 1));
        assert!(!holds(start(None, 150), 149, 1));
        assert!(!holds(all_up_to(150), 150, 999));
    }

    #[test]
    fn only_the_types_that_are_waited_for_are_read() {
        assert_eq!(types(&["episodic.error", "episodic.decision", "episodic.error"]).unwrap(), ["decision", "error"]);
        assert_eq!(types(&["episodic.error", "episodic.*"]), None);
        assert_eq!(types(&["episodic.events:insert"]), None);
        assert_eq!(types(&["build_failed"]), Some(vec![]));
    }
}
