//! Rows of an export: under the ids and times they had, in a space that never had one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{code, commit, lab, object};
use serde_json::json;

#[test]
fn a_row_is_adopted_with_its_id_and_its_time() {
    let lab = lab();
    assert!(lab.space.is_pristine().unwrap());
    lab.space.reserve_for_adoption(700).unwrap();
    assert!(!lab.space.is_pristine().unwrap());
    let mut call = lab.session();
    let row = json!({"id": 700, "created_at": 12, "version": 9, "updated_at": 13, "deleted_at": null, "component": "other",
                     "title": "Tea", "parent": 699, "namespace": "user:ada", "sources": [699]});
    assert_eq!(call.adopt(&lab.notes, object(row)).unwrap(), 700);
    call.adopt(&lab.notes, object(json!({"id": 699, "title": "Before", "kind": null, "done": null}))).unwrap();
    assert_eq!(code(call.adopt(&lab.notes, object(json!({"id": 699, "title": "Again"})))), "invalid.argument", "twice");
    commit(call).unwrap();
    let before = lab.get(699).unwrap();
    assert_eq!((&before["kind"], &before["done"]), (&json!(null), &json!(null)), "a null is no default");
    // Where it comes from, its evidence was forgotten, or comes in a later commit.
    lab.write(|call| {
        _ = call.adopt(&lab.notes, object(json!({"id": 600, "title": "t", "sources": [5, 601]}))).unwrap()
    });
    lab.write(|call| _ = call.adopt(&lab.notes, object(json!({"id": 601, "title": "later"}))).unwrap());
    let row = lab.get(700).unwrap();
    assert_eq!((&row["created_at"], &row["version"], &row["component"]), (&json!(12), &json!(1), &json!("sha256:one")));
    assert_eq!((&row["parent"], &row["namespace"], &row["sources"]), (&json!(699), &json!("user:ada"), &json!([699])));
    assert!(lab.note(json!({"title": "new"})) > 700, "adopted ids are not issued again");
    assert!(lab.space.verify().unwrap().faults.is_empty());
}

#[test]
fn what_does_not_fit_is_refused() {
    let lab = lab();
    lab.space.reserve_for_adoption(10).unwrap();
    for row in [
        json!({"title": "no id"}),
        json!({"id": 0, "title": "t"}),
        json!({"id": 9_007_199_254_740_992_u64, "title": "t"}),
        json!({"id": 1}),
        json!({"id": 1, "title": "t", "mood": 1}),
        json!({"id": 1, "title": 5}),
    ] {
        assert_eq!(code(lab.session().adopt(&lab.notes, object(row.clone()))), "invalid.argument", "{row}");
    }
    // The same id twice: the second commit is refused whole.
    lab.write(|call| _ = call.adopt(&lab.notes, object(json!({"id": 3, "title": "one"}))).unwrap());
    let mut twice = lab.session();
    twice.adopt(&lab.notes, object(json!({"id": 4, "title": "other"}))).unwrap();
    twice.adopt(&lab.notes, object(json!({"id": 3, "title": "two"}))).unwrap();
    assert!(commit(twice).is_err());
    assert!(lab.get(4).is_none());
    assert_eq!(lab.get(3).unwrap()["title"], "one");
}

#[test]
fn a_space_that_has_had_rows_takes_none() {
    let lab = lab();
    lab.note(json!({"title": "t"}));
    assert_eq!(code(lab.space.reserve_for_adoption(10)), "invalid.argument");
    let other = common::lab();
    other.space.reserve_for_adoption(10).unwrap();
    assert_eq!(code(other.space.reserve_for_adoption(10)), "invalid.argument", "twice");
}
