//! Which tags and files an event names: a list cannot have an index, so each of its values gets a row of its own.

use memstrata_sdk::{Value, json};
use std::collections::BTreeSet;

/// Mentions of one value kept in one namespace. A value named more often is so common that reading the events themselves,
/// newest first, soon fills a page; so the rows stay few however many events there are.
pub const KEPT: usize = 500;
/// Rows that mark a value as named more often than is kept, in one namespace and each of another call. They stand for the
/// mentions that were left out, so that undoing some calls does not make the rows that are left look like all.
pub const MARKS: usize = 64;
/// Mentions one call writes at most; what is left is made up for by `index_lists`.
pub const A_CALL: usize = 6_000;

/// The list of files of events; they may name one by a field of its own, too.
pub const FILES: &str = "files";

/// A list field of events and a value in it.
pub type Named = (&'static str, String);

/// What is there of one value in one namespace while a call stages mentions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Mentions.
    pub kept: usize,
    /// Marks that there are more.
    pub marks: usize,
    /// Whether this call has marked the value already.
    pub marked: bool,
}

/// What to write of one more event that names a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A mention.
    Mention,
    /// The mark that there are more.
    Mark,
}

impl Room {
    /// Takes one more event in; nothing is written once there are marks enough, or this call has marked the value.
    pub fn take(&mut self) -> Option<Entry> {
        if self.marks == 0 && self.kept < KEPT {
            self.kept += 1;
            return Some(Entry::Mention);
        }
        if self.marked || self.marks >= MARKS {
            return None;
        }
        self.marks += 1;
        self.marked = true;
        Some(Entry::Mark)
    }
}

/// How far older events are indexed, as one row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Whose row it is: empty for the whole space's; else of a namespace, where a call could not index all it recorded.
    pub namespace: String,
    /// The newest event up to which all are indexed.
    pub upto: u64,
    /// Whether all are.
    pub done: bool,
}

/// How far all events are indexed, as the rows say together: the work goes on where the row that is furthest back is.
#[must_use]
pub fn reached(rows: &[Reached]) -> (u64, bool) {
    let own = rows.iter().find(|row| row.namespace.is_empty());
    let open = || rows.iter().filter(|row| !row.done && !row.namespace.is_empty());
    let upto = own.map_or(0, |own| own.upto);
    (open().map(|row| row.upto).fold(upto, u64::min), own.is_some_and(|own| own.done) && open().next().is_none())
}

/// Where among mentions up to the id `newest` to begin to look at `step` of them, in this minute, for some whose event is gone. Multiples of the golden ratio
/// spread evenly, however many there are: nothing need be kept of where it was last (Knuth, TAOCP 3, 6.4, theorem S).
#[must_use]
pub fn look_from(minute: u64, newest: u64, step: u64) -> u64 {
    let part = minute.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // So far beyond the newest that the first ones have their turn like all others.
    let all = u128::from(newest) + u128::from(step);
    u64::try_from((u128::from(part) * all) >> 64).unwrap_or(0).saturating_sub(step)
}

/// The values of an event's lists, each once.
#[must_use]
pub fn named(event: &Value) -> BTreeSet<Named> {
    let of = |field: &'static str| {
        let items = event.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(move |value| (field, value.to_owned()))
    };
    of("tags").chain(of(FILES)).collect()
}

/// The condition for events that have this value in this list, or name it by a field of its own: by their ids if `ids` are all
/// of them, else by what they say.
#[must_use]
pub fn condition(named: &Named, ids: Option<Vec<u64>>) -> Value {
    let listed = json!([named.0, "has", named.1]);
    match ids {
        Some(ids) => json!(["id", "in", ids]),
        None if named.0 == FILES => json!({"any": [["file_path", "=", named.1], listed]}),
        None => listed,
    }
}

/// Two lists of ids as one, in order, each once.
#[must_use]
pub fn both(first: Vec<u64>, second: Vec<u64>) -> Vec<u64> {
    first.into_iter().chain(second).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Puts the id up to which a page knew all before the cursor of the host, so that the next page asks in the same words.
#[must_use]
pub fn seal(newest: Option<u64>, cursor: Option<String>) -> Option<String> {
    let cursor = cursor?;
    Some(newest.map_or_else(|| cursor.clone(), |newest| format!("{newest}~{cursor}")))
}

/// The two parts of a cursor.
#[must_use]
pub fn open(cursor: &str) -> (Option<u64>, &str) {
    match cursor.split_once('~').map(|(newest, rest)| (newest.parse(), rest)) {
        Some((Ok(newest), rest)) => (Some(newest), rest),
        _ => (None, cursor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_of_each_list_once() {
        let found = named(&json!({"tags": ["b", "a", "b"], "files": ["a", 7], "cwd": "/x"}));
        assert_eq!(Vec::from_iter(found), [("files", "a".to_owned()), ("tags", "a".into()), ("tags", "b".into())]);
        assert!(named(&json!({"tags": null})).is_empty());
    }

    #[test]
    fn a_value_named_too_often_is_marked_once_a_call() {
        let mut room = Room { kept: KEPT - 1, ..Room::default() };
        assert_eq!([room.take(), room.take(), room.take()], [Some(Entry::Mention), Some(Entry::Mark), None]);
        // Undone mentions do not make room again where others were left out.
        let mut undone = Room { kept: 3, marks: 1, marked: false };
        assert_eq!([undone.take(), undone.take()], [Some(Entry::Mark), None]);
        assert_eq!(Room { kept: KEPT, marks: MARKS, marked: false }.take(), None);
    }

    #[test]
    fn all_is_indexed_where_no_namespace_waits() {
        let row = |namespace: &str, upto, done| Reached { namespace: namespace.into(), upto, done };
        assert_eq!(reached(&[]), (0, false));
        assert_eq!(reached(&[row("", 9, true)]), (9, true));
        assert_eq!(reached(&[row("", 9, true), row("user:a", 5, false), row("user:b", 7, false)]), (5, false));
        // A caller confined to a namespace does not see how far the whole space is.
        assert_eq!(reached(&[row("user:a", 5, true)]), (0, false));
    }

    #[test]
    fn all_mentions_are_looked_at_before_long() {
        let (step, newest) = (1_000, 200_000);
        let mut seen = vec![false; newest];
        for minute in 29_000_000..29_000_000 + 2 * (newest / step) as u64 {
            let from = usize::try_from(look_from(minute, newest as u64, step as u64)).unwrap();
            seen[from..newest.min(from + step)].fill(true);
        }
        assert!(seen.iter().all(|seen| *seen));
        assert_eq!(look_from(7, 0, 1_000), 0);
    }

    #[test]
    fn few_are_asked_by_id_and_many_by_the_list() {
        let tag = ("tags", "a".to_owned());
        assert_eq!(condition(&tag, Some(vec![3, 4])), json!(["id", "in", [3, 4]]));
        assert_eq!(condition(&tag, None), json!(["tags", "has", "a"]));
        let file = json!({"any": [["file_path", "=", "a.rs"], ["files", "has", "a.rs"]]});
        assert_eq!(condition(&(FILES, "a.rs".into()), None), file);
        assert_eq!(both(vec![4, 9], vec![9, 1]), [1, 4, 9]);
    }

    #[test]
    fn a_cursor_goes_there_and_back() {
        assert_eq!(open(&seal(Some(42), Some("ab.c".into())).unwrap()), (Some(42), "ab.c"));
        assert_eq!(open(&seal(None, Some("abc".into())).unwrap()), (None, "abc"));
        assert_eq!((seal(Some(42), None), open("x~y")), (None, (None, "x~y")));
    }
}
