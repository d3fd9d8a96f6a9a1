//! What a commit depends on, and what commutes: unique keys, steps, expectations, events, idempotency keys.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{code, commit, commit_as, lab, meta, object, parse, query};
use memstrata_store::{CommitMeta, Idempotent, Query};
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn a_unique_key_is_held_within_a_call() {
    let lab = lab();
    let mut call = lab.session();
    let first = call.insert_or_get(&lab.notes, "by_slug", object(json!({"slug": "s", "title": "a"}))).unwrap();
    assert!(first.1);
    let again = call.insert_or_get(&lab.notes, "by_slug", object(json!({"slug": "s", "title": "b"}))).unwrap();
    assert_eq!(again, (first.0, false));
    let same = call.upsert(&lab.notes, "by_slug", object(json!({"slug": "s", "title": "c", "stars": 1}))).unwrap();
    assert_eq!(same, (first.0, false));
    // A key given up is free, in the same call.
    call.update(&lab.notes, first.0, None, &object(json!({"slug": "t"}))).unwrap();
    let second = call.upsert(&lab.notes, "by_slug", object(json!({"slug": "s", "title": "d"}))).unwrap();
    assert!(second.1);
    call.delete(&lab.notes, second.0, None).unwrap();
    let third = call.insert_or_get(&lab.notes, "by_slug", object(json!({"slug": "s", "title": "e"}))).unwrap();
    assert!(third.1);
    // Null is no key.
    for _ in 0..2 {
        assert!(call.upsert(&lab.notes, "by_slug", object(json!({"title": "f"}))).unwrap().1);
    }
    assert_eq!(code(call.upsert(&lab.notes, "by_nothing", object(json!({"title": "f"})))), "invalid.argument");
    commit(call).unwrap();
    let row = lab.get(first.0).unwrap();
    assert_eq!((&row["slug"], &row["title"], &row["version"]), (&json!("t"), &json!("c"), &json!(1)));
    assert_eq!(lab.get(third.0).unwrap()["slug"], "s");
    assert!(lab.get(second.0).is_none());
}

#[test]
fn a_unique_key_is_held_across_calls() {
    let lab = lab();
    let id = lab.note(json!({"slug": "s", "title": "a"}));
    let mut call = lab.session();
    assert_eq!(call.upsert(&lab.notes, "by_slug", object(json!({"slug": "s", "title": "b"}))).unwrap(), (id, false));
    commit(call).unwrap();
    assert_eq!(lab.get(id).unwrap()["title"], "b");
    let mut call = lab.session();
    call.insert(&lab.notes, object(json!({"slug": "s", "title": "c"}))).unwrap();
    assert_eq!(code(commit(call)), "conflict");
    // A deleted row gives its key up, and cannot come back once it is taken.
    lab.write(|call| call.delete(&lab.notes, id, None).unwrap());
    let heir = lab.note(json!({"slug": "s", "title": "d"}));
    let mut call = lab.session();
    call.restore(&lab.notes, id).unwrap();
    assert_eq!(code(commit(call)), "conflict");
    // Within one call, deletion first or last.
    lab.write(|call| {
        call.delete(&lab.notes, heir, None).unwrap();
        call.restore(&lab.notes, id).unwrap();
    });
    lab.write(|call| {
        call.restore(&lab.notes, heir).unwrap();
        call.delete(&lab.notes, id, None).unwrap();
    });
    assert!(lab.get(heir).is_some());
}

#[test]
fn keys_may_move_from_row_to_row_in_any_order() {
    let lab = lab();
    let ids = ["a", "b", "c"].map(|slug| lab.note(json!({"slug": slug, "title": "t"})));
    lab.write(|call| {
        let fourth = call.new_ids(1).unwrap()[0];
        call.insert(&lab.notes, object(json!({"id": fourth, "slug": "e", "title": "t"}))).unwrap();
        for (id, slug) in ids.iter().zip(["b", "c", "d"]) {
            call.update(&lab.notes, *id, None, &object(json!({"slug": slug}))).unwrap();
        }
        call.update(&lab.notes, fourth, None, &object(json!({"slug": "a"}))).unwrap();
    });
    assert_eq!(ids.map(|id| lab.get(id).unwrap()["slug"].clone()), [json!("b"), json!("c"), json!("d")]);
    // In a circle nobody can begin.
    let mut call = lab.session();
    call.update(&lab.notes, ids[0], None, &object(json!({"slug": "c"}))).unwrap();
    call.update(&lab.notes, ids[1], None, &object(json!({"slug": "b"}))).unwrap();
    assert_eq!(code(commit(call)), "conflict");
    assert_eq!(common::faults(&lab.space), [""; 0]);
}

#[test]
fn one_of_many_who_take_a_key_at_once_wins() {
    let lab = lab();
    let spaces = [Arc::clone(&lab.space), lab.second()];
    let won: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let (space, notes) = (&spaces[n % 2], &lab.notes);
                scope.spawn(move || {
                    let mut call = space.session(common::session_options());
                    call.insert_or_get(notes, "by_slug", object(json!({"slug": "s", "title": n.to_string()}))).unwrap();
                    commit(call).is_ok()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(won.contains(&true));
    assert_eq!(lab.session().count(&query(&lab.notes, &json!(["slug", "=", "s"]))).unwrap(), 1);
}

#[test]
fn steps_of_many_calls_add_up() {
    let lab = lab();
    let id = lab.note(json!({"title": "t"}));
    let spaces = [Arc::clone(&lab.space), lab.second()];
    std::thread::scope(|scope| {
        for n in 0..4_u32 {
            let (space, notes) = (&spaces[n as usize % 2], &lab.notes);
            scope.spawn(move || {
                for round in 0..10_u32 {
                    let mut call = space.session(common::session_options());
                    // Even after it was read: a step relies on no version.
                    call.get(notes, id).unwrap();
                    call.add(notes, id, "stars", 2.0).unwrap();
                    call.add(notes, id, "stars", -1.0).unwrap();
                    call.add(notes, id, "score", 0.5).unwrap();
                    call.max(notes, id, "happened", f64::from(n * 100 + round)).unwrap();
                    commit(call).unwrap();
                }
            });
        }
    });
    let row = lab.get(id).unwrap();
    assert_eq!((&row["stars"], &row["score"], &row["happened"]), (&json!(40), &json!(20.0), &json!(309)));
    assert_eq!(row["version"], 41);
}

#[test]
fn steps_and_sets_of_one_call_keep_their_order() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "stars": 1}));
    let mut call = lab.session();
    call.add(&lab.notes, id, "stars", 5.0).unwrap();
    call.max(&lab.notes, id, "stars", 3.0).unwrap();
    call.add(&lab.notes, id, "stars", 1.0).unwrap();
    assert_eq!(parse(&call.get(&lab.notes, id).unwrap().unwrap())["stars"], 7);
    commit(call).unwrap();
    assert_eq!(lab.get(id).unwrap()["stars"], 7);
    let mut call = lab.session();
    call.add(&lab.notes, id, "stars", 5.0).unwrap();
    call.update(&lab.notes, id, None, &object(json!({"stars": 2}))).unwrap();
    call.add(&lab.notes, id, "stars", 1.0).unwrap();
    // On a row of this call.
    let new = call.insert(&lab.notes, object(json!({"title": "u"}))).unwrap();
    call.add(&lab.notes, new, "score", 1.5).unwrap();
    commit(call).unwrap();
    assert_eq!((lab.get(id).unwrap()["stars"].clone(), lab.get(new).unwrap()["score"].clone()), (json!(3), json!(1.5)));
    let mut call = lab.session();
    for (field, amount) in
        [("title", 1.0), ("version", 1.0), ("stars", 0.5), ("score", f64::NAN), ("stars", 1e17), ("parent", 1.0)]
    {
        assert_eq!(code(call.add(&lab.notes, id, field, amount)), "invalid.argument", "{field} {amount}");
    }
    assert_eq!(code(call.add(&lab.notes, id, "nope", 1.0)), "invalid.condition");
    assert_eq!(code(call.max(&lab.notes, 999, "stars", 1.0)), "not-found");
}

#[test]
fn a_step_never_leaves_the_numbers_json_carries() {
    let lab = lab();
    let most = 9_007_199_254_740_991_i64;
    let id = lab.note(json!({"title": "t", "stars": most - 1}));
    let (mut one, mut other) = (lab.session(), lab.session());
    one.add(&lab.notes, id, "stars", 1.0).unwrap();
    other.add(&lab.notes, id, "stars", 1.0).unwrap();
    commit(one).unwrap();
    assert_eq!(code(commit(other)), "conflict");
    assert_eq!(lab.get(id).unwrap()["stars"], most);
}

#[test]
fn an_expectation_is_checked_again_when_the_call_commits() {
    let lab = lab();
    lab.note(json!({"title": "t", "kind": "task"}));
    let tasks = query(&lab.notes, &json!(["kind", "=", "task"]));
    let mut call = lab.session();
    call.expect(&tasks, 1).unwrap();
    // Its own writes do not count.
    call.insert(&lab.notes, object(json!({"title": "u", "kind": "task"}))).unwrap();
    commit(call).unwrap();
    let mut call = lab.session();
    call.expect(&tasks, 2).unwrap();
    call.insert(&lab.notes, object(json!({"title": "v", "slug": "v"}))).unwrap();
    lab.note(json!({"title": "w", "kind": "task"}));
    assert_eq!(code(commit(call)), "conflict");
    assert_eq!(lab.session().count(&query(&lab.notes, &json!(["slug", "=", "v"]))).unwrap(), 0);
    let mut past = Query::new(Arc::clone(&lab.notes));
    past.known_at(1);
    assert_eq!(code(lab.session().expect(&past, 0)), "invalid.argument");
}

#[test]
fn events_come_once_and_in_order_to_each_subscriber() {
    let lab = lab();
    lab.write(|call| call.emit("early", "1").unwrap());
    for name in ["lab.a", "lab.b"] {
        lab.space.subscribe(name).unwrap();
        lab.space.subscribe(name).unwrap();
    }
    assert_eq!(lab.space.next_due("lab.a", "lab.early").unwrap(), None);
    let committed = lab.write(|call| {
        call.emit("made", "{\"n\":1}").unwrap();
        call.emit("other", "0").unwrap();
        call.emit("made", "{\"n\":2}").unwrap();
    });
    let mut dropped = lab.session();
    dropped.emit("made", "{\"n\":3}").unwrap();
    drop(dropped);
    let mut payloads = Vec::new();
    while let Some(due) = lab.space.next_due("lab.a", "lab.made").unwrap() {
        assert_eq!((due.seq, due.id), (committed.seq, None));
        payloads.push(due.payload.clone().unwrap());
        let acknowledges = || Some(("lab.a".to_owned(), due.seq, due.n));
        let mut call = lab.session();
        call.insert(&lab.notes, object(json!({"title": "heard"}))).unwrap();
        commit_as(call, CommitMeta { acknowledges: acknowledges(), ..meta() }).unwrap();
        // Another process that delivers it too does nothing.
        let mut late = lab.session();
        late.insert(&lab.notes, object(json!({"title": "twice"}))).unwrap();
        let refused = commit_as(late, CommitMeta { acknowledges: acknowledges(), ..meta() });
        assert!(code(refused).starts_with("conflict"));
    }
    assert_eq!(payloads, [json!({"n": 1}), json!({"n": 2})]);
    assert_eq!(lab.session().count(&query(&lab.notes, &json!(["title", "=", "twice"]))).unwrap(), 0);
    // The other subscriber has heard nothing yet, so nothing it waits for goes; what came before both does.
    assert_eq!(lab.space.expire_events().unwrap(), 1);
    let due = lab.space.next_due("lab.b", "lab.made").unwrap().unwrap();
    assert_eq!(due.payload, Some(json!({"n": 1})));
    assert_eq!(lab.space.next_due("nobody", "lab.made").unwrap(), None);
    for (name, payload) in [("Made", "1"), ("a.b", "1"), ("", "1"), ("made", "{"), ("made", "")] {
        assert_eq!(code(lab.session().emit(name, payload)), "invalid.argument");
    }
}

#[test]
fn who_waits_for_what_is_rare_keeps_nothing_back_and_misses_nothing() {
    let lab = lab();
    for name in ["lab.often", "lab.rarely"] {
        lab.space.subscribe(name).unwrap();
    }
    let heard = |name: &str, on: &str| lab.space.next_due(name, on).unwrap().map(|due| (due.seq, due.n));
    for _ in 0..3 {
        lab.write(|call| call.emit("made", "1").unwrap());
        let (seq, n) = heard("lab.often", "lab.made").unwrap();
        commit_as(lab.session(), CommitMeta { acknowledges: Some(("lab.often".into(), seq, n)), ..meta() }).unwrap();
    }
    // Nobody has looked yet what there is for the other one.
    assert_eq!(lab.space.expire_events().unwrap(), 0);
    assert_eq!(heard("lab.rarely", "lab.broken"), None);
    assert_eq!(lab.space.expire_events().unwrap(), 3);
    let broken = lab.write(|call| call.emit("broken", "1").unwrap());
    assert_eq!(heard("lab.rarely", "lab.broken").unwrap().0, broken.seq);
    lab.write(|call| call.emit("made", "1").unwrap());
    lab.space.expire_events().unwrap();
    assert_eq!(heard("lab.rarely", "lab.broken").unwrap().0, broken.seq);
    assert_eq!(
        heard("lab.rarely", "lab.made").unwrap().0,
        broken.seq + 1,
        "another event is looked for from its place on"
    );
}

#[test]
fn changes_of_rows_are_events_too() {
    let lab = lab();
    lab.space.subscribe("lab.s").unwrap();
    let id = lab.note(json!({"title": "t"}));
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"stars": 1}))).unwrap());
    let inserted = lab.space.next_due("lab.s", "lab.notes:insert").unwrap().unwrap();
    let updated = lab.space.next_due("lab.s", "lab.notes:update").unwrap().unwrap();
    assert_eq!((inserted.id, updated.id, inserted.payload), (Some(id), Some(id), None));
    assert!(inserted.seq < updated.seq);
    assert_eq!(lab.space.next_due("lab.s", "lab.notes:delete").unwrap(), None);
    assert_eq!(lab.space.next_due("lab.s", "lab.nowhere:insert").unwrap(), None);
    // An acknowledgement alone is a commit too.
    let acknowledges = Some(("lab.s".to_owned(), inserted.seq, inserted.n));
    commit_as(lab.session(), CommitMeta { acknowledges, ..meta() }).unwrap();
    assert_eq!(lab.space.next_due("lab.s", "lab.notes:insert").unwrap(), None);
}

#[test]
fn an_idempotency_key_belongs_to_one_call_of_one_principal() {
    let lab = lab();
    let with_key = |principal: &str| CommitMeta {
        principal: principal.into(),
        idempotent: Some(Idempotent { key: "k".into(), arguments: "h".into(), result: "{\"id\":1}".into() }),
        ..meta()
    };
    let mut call = lab.session();
    call.insert(&lab.notes, object(json!({"title": "one"}))).unwrap();
    let committed = commit_as(call, with_key("alice")).unwrap();
    let answered = lab.space.answered("alice", "k").unwrap();
    assert_eq!(answered, Some(("h".into(), "{\"id\":1}".into(), committed.seq)));
    let mut twin = lab.session();
    twin.insert(&lab.notes, object(json!({"title": "two"}))).unwrap();
    assert_eq!(code(commit_as(twin, with_key("alice"))), "conflict");
    assert_eq!(lab.session().count(&Query::new(Arc::clone(&lab.notes))).unwrap(), 1);
    // Of another principal, and of a call that wrote nothing.
    assert_eq!(lab.space.answered("bob", "k").unwrap(), None);
    assert!(commit_as(lab.session(), with_key("bob")).unwrap().seq > committed.seq);
    assert!(lab.space.answered("bob", "k").unwrap().is_some());
    lab.space.expire_idempotency().unwrap();
    assert!(lab.space.answered("alice", "k").unwrap().is_some());
    lab.raw().execute("UPDATE idempotency SET at = at - 25 * 3600 * 1000 WHERE principal = 'alice'", []).unwrap();
    lab.space.expire_idempotency().unwrap();
    assert_eq!(lab.space.answered("alice", "k").unwrap(), None);
    assert_eq!(lab.get(1).map(|row| row["title"].clone()), Some(Value::from("one")));
}
