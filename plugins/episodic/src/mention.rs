//! Which tags and files an event names: a list cannot have an index, so each of its values gets a row of its own.

use memstrata_sdk::{Value, json};
use std::collections::BTreeSet;

/// Mentions of one value kept in one namespace. A value named more often is so common that reading the events themselves,
/// newest first, soon fills a page; so the rows stay few however many events there are.
pub const KEPT: usize = 500;
/// Mentions one call writes at most; what is left is made up for by `index_lists`.
pub const A_CALL: usize = 6_000;

/// A list field of events and a value in it.
pub type Named = (&'static str, String);

/// The values of an event's lists, each once.
#[must_use]
pub fn named(event: &Value) -> BTreeSet<Named> {
    let of = |field: &'static str| {
        let items = event.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(move |value| (field, value.to_owned()))
    };
    of("tags").chain(of("files")).collect()
}

/// The condition for events that have this value in this list: by their ids if `ids` are all of them, else by the list itself.
#[must_use]
pub fn condition(named: &Named, ids: Option<Vec<u64>>) -> Value {
    match ids {
        Some(ids) => json!(["id", "in", ids]),
        None => json!([named.0, "has", named.1]),
    }
}

/// Puts the newest mention a page knew of before the cursor of the host, so that the next page asks in the same words.
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
    fn few_are_asked_by_id_and_many_by_the_list() {
        let tag = ("tags", "a".to_owned());
        assert_eq!(condition(&tag, Some(vec![3, 4])), json!(["id", "in", [3, 4]]));
        assert_eq!(condition(&tag, None), json!(["tags", "has", "a"]));
    }

    #[test]
    fn a_cursor_goes_there_and_back() {
        assert_eq!(open(&seal(Some(42), Some("ab.c".into())).unwrap()), (Some(42), "ab.c"));
        assert_eq!(open(&seal(None, Some("abc".into())).unwrap()), (None, "abc"));
        assert_eq!((seal(Some(42), None), open("x~y")), (None, (None, "x~y")));
    }
}
