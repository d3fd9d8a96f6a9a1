//! What derived rows stand on, counted from the table of citations.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{Lab, lab, now, object, session_options};
use memstrata_store::{Condition, Evidence, Namespace, Query, SessionOptions};
use serde_json::json;
use std::sync::Arc;

/// Live rows of both collections that are valid now, and of a kind.
fn asked(lab: &Lab, kind: &str) -> (Query, Query) {
    let mut notes = Query::new(Arc::clone(&lab.notes));
    notes.filter(Condition::parse(&json!(["kind", "=", kind]).to_string()).unwrap()).unwrap();
    notes.valid_at(now());
    (notes, Query::new(Arc::clone(&lab.turns)))
}

#[test]
fn derived_rows_are_counted_with_what_they_stand_on() {
    let lab = lab();
    let said: Vec<u64> = (0..4).map(|nth| lab.say("s", nth, "words")).collect();
    lab.note(json!({"title": "told by somebody, cites nothing"}));
    let one = lab.note(json!({"title": "one", "sources": [said[0], said[1]]}));
    lab.note(json!({"title": "two", "sources": [said[1], one], "namespace": "user:a"}));
    let ended = lab.note(json!({"title": "ended", "sources": [said[2]]}));
    lab.write(|call| _ = call.update(&lab.notes, ended, None, &object(json!({"valid_to": 1}))).unwrap());
    let gone = lab.note(json!({"title": "gone", "sources": [said[3]]}));
    lab.write(|call| call.delete(&lab.notes, gone, None).unwrap());
    lab.note(json!({"title": "a dispute", "kind": "task", "sources": [one]}));

    let (facts, turns) = asked(&lab, "fact");
    let (disputes, _) = asked(&lab, "task");
    let found = lab.session().evidence(std::slice::from_ref(&facts), &turns, Some(&disputes)).unwrap();
    let wanted = Evidence { derived: 2, citations: 4, cited: 3, covered: 2, disputed: 1, trust: None };
    assert_eq!(found, wanted);
    let calm = lab.session().evidence(std::slice::from_ref(&facts), &turns, None).unwrap();
    assert_eq!(calm, Evidence { disputed: 0, ..wanted });
    assert_eq!(lab.session().evidence(&[], &turns, None).unwrap(), Evidence::default());

    // Who sees a part of the space counts that part.
    let scope = Namespace::parse("user:a").unwrap();
    let mut narrow = lab.space.session(SessionOptions { scope, ..session_options() });
    let found = narrow.evidence(&[facts], &turns, None).unwrap();
    assert_eq!((found.derived, found.cited, found.covered), (1, 2, 0));
}

#[test]
fn what_came_after_a_sequence_is_counted_and_dated() {
    let lab = lab();
    lab.note(json!({"title": "before"}));
    let sequence = lab.space.latest().unwrap();
    let (facts, _) = asked(&lab, "fact");
    assert_eq!(lab.session().written_after(&facts, sequence).unwrap(), (0, None));
    lab.note(json!({"title": "another kind", "kind": "idea"}));
    let begun = now();
    lab.note(json!({"title": "after"}));
    let (count, newest) = lab.session().written_after(&facts, sequence).unwrap();
    assert_eq!(count, 1);
    assert!(newest.unwrap() >= begun);
    assert_eq!(lab.session().written_after(&facts, 0).unwrap().0, 2);
}
