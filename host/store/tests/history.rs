//! The past: versions, what was known at an instant, differences, undo, and the erasing of all of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{Lab, code, commit_as, embedded, faults, lab, meta, object, query, tick};
use memstrata_store::{CommitMeta, Committed, Idempotent, Query, SearchRequest, StoreError, UndoTarget};
use serde_json::{Value, json};
use std::sync::Arc;

fn as_component(lab: &Lab, digest: &str, stage: impl FnOnce(&mut memstrata_store::Session)) -> Committed {
    let mut call = lab.session();
    stage(&mut call);
    commit_as(call, CommitMeta { component: digest.into(), ..meta() }).unwrap()
}

fn undo(lab: &Lab, target: &UndoTarget) -> Result<Committed, StoreError> {
    let plan = embedded(lab.space.plan_undo(target)?);
    lab.space.commit(plan, CommitMeta { kind: format!("undo={}", target.name()), ..meta() }, None)
}

fn hits(lab: &Lab, text: &str) -> Vec<u64> {
    let mut request = SearchRequest::new(text);
    request.collections = vec![Arc::clone(&lab.notes), Arc::clone(&lab.turns)];
    request.weight("vector", 0.0).unwrap();
    request.weight("context", 0.0).unwrap();
    lab.session().search(&request).unwrap().hits.iter().map(|hit| hit.id).collect()
}

#[test]
fn every_version_of_a_row_is_kept_with_who_wrote_it() {
    let lab = lab();
    let before = tick();
    let id = lab.note(json!({"title": "one", "stars": 1}));
    let first = tick();
    as_component(&lab, "sha256:two", |call| {
        _ = call.update(&lab.notes, id, None, &object(json!({"stars": 2}))).unwrap()
    });
    let second = tick();
    lab.write(|call| call.delete(&lab.notes, id, None).unwrap());
    let third = tick();
    lab.write(|call| call.restore(&lab.notes, id).unwrap());
    let (collection, versions) = lab.space.row_history(id).unwrap();
    assert_eq!(collection.name(), "lab.notes");
    let verbs: Vec<_> = versions.iter().map(|version| version.verb.as_str()).collect();
    assert_eq!(verbs, ["insert", "update", "delete", "restore"]);
    assert_eq!(versions.iter().map(|one| one.row["stars"].clone()).collect::<Vec<_>>(), [1, 2, 2, 2].map(Value::from));
    assert_eq!(
        (versions[1].row["component"].as_str(), versions[1].operation.as_str()),
        (Some("sha256:two"), "lab.test")
    );
    assert_eq!(lab.session().history(&lab.notes, id).unwrap().len(), 4);
    let known = |time| lab.space.row_known_at(id, time).unwrap().1.map(|row| row["stars"].clone());
    assert_eq!([before, first, second, third].map(known), [None, Some(json!(1)), Some(json!(2)), None]);
    // The same by a typed query.
    for (time, stars, count) in [(before, 1, 0), (first, 1, 1), (first, 2, 0), (second, 2, 1), (third, 2, 0)] {
        let mut query = query(&lab.notes, &json!(["stars", "=", stars]));
        query.known_at(time);
        assert_eq!(lab.session().count(&query).unwrap(), count, "{stars} at {time}");
    }
    assert_eq!(code(lab.space.row_history(4711)), "not-found");
}

#[test]
fn a_difference_names_fields_and_leaves_out_what_came_back() {
    let lab = lab();
    let changed = lab.note(json!({"title": "a", "stars": 1}));
    let steady = lab.note(json!({"title": "b", "stars": 1}));
    let removed = lab.note(json!({"title": "c"}));
    let start = tick();
    let added = lab.note(json!({"title": "d"}));
    lab.note(json!({"title": "e"}));
    lab.write(|call| {
        call.update(&lab.notes, changed, None, &object(json!({"stars": 2}))).unwrap();
        call.update(&lab.notes, steady, None, &object(json!({"stars": 9}))).unwrap();
        call.delete(&lab.notes, removed, None).unwrap();
        call.delete(&lab.notes, added + 1, None).unwrap();
    });
    lab.write(|call| _ = call.update(&lab.notes, steady, None, &object(json!({"stars": 1}))).unwrap());
    let end = tick();
    let (changes, more) = lab.space.diff(start, end, 10).unwrap();
    let verbs: Vec<_> = changes.iter().map(|change| (change.id, change.verb)).collect();
    assert_eq!(verbs, [(changed, "changed"), (removed, "removed"), (added, "added")]);
    assert_eq!(Value::Object(changes[0].fields.clone()), json!({"stars": [1, 2]}));
    assert!(!more);
    assert!(lab.space.diff(start, end, 2).unwrap().1);
    assert!(lab.space.diff(end, end + 1000, 10).unwrap().0.is_empty());
}

#[test]
fn an_undone_transaction_leaves_no_difference_and_can_be_undone_itself() {
    let lab = lab();
    let one = lab.note(json!({"title": "one", "slug": "s", "body": "apple", "stars": 1, "namespace": "n"}));
    let two = lab.note(json!({"title": "two", "slug": "t", "body": "pear"}));
    let start = tick();
    let done = lab.write(|call| {
        let patch = json!({"slug": null, "body": "plum", "stars": null, "namespace": "m", "valid_from": 3});
        call.update(&lab.notes, one, None, &object(patch)).unwrap();
        call.delete(&lab.notes, two, None).unwrap();
        // It takes the keys of both.
        call.insert(&lab.notes, object(json!({"title": "new", "slug": "s", "body": "grape"}))).unwrap();
        call.insert(&lab.notes, object(json!({"title": "new", "slug": "t"}))).unwrap();
    });
    let middle = tick();
    let target = UndoTarget::Transaction(done.seq);
    let undone = undo(&lab, &target).unwrap();
    let end = tick();
    assert!(lab.space.diff(start, end, 10).unwrap().0.is_empty());
    assert_eq!((hits(&lab, "apple"), hits(&lab, "plum"), hits(&lab, "pear")), (vec![one], vec![], vec![two]));
    let latest = &lab.space.transactions(None, 1).unwrap()[0];
    assert_eq!((latest.kind.as_str(), latest.undoes.clone()), ("undo", Some(done.seq.to_string())));
    // Undoing it twice changes nothing; undoing the undo brings it all back.
    assert!(lab.space.plan_undo(&target).unwrap().is_empty());
    undo(&lab, &UndoTarget::Transaction(undone.seq)).unwrap();
    assert!(lab.space.diff(middle, tick(), 10).unwrap().0.is_empty());
    assert_eq!((hits(&lab, "apple"), hits(&lab, "plum")), (vec![], vec![one]));
    assert_eq!(faults(&lab.space), [""; 0]);
    assert_eq!(code(lab.space.plan_undo(&UndoTarget::Transaction(4711))), "not-found");
}

#[test]
fn all_a_component_wrote_is_undone_at_once_and_the_rest_stays() {
    let lab = lab();
    let kept = lab.note(json!({"title": "kept", "stars": 1}));
    let start = tick();
    let mut made = 0;
    as_component(&lab, "sha256:bad", |call| {
        made = call.insert(&lab.notes, object(json!({"title": "made"}))).unwrap();
        call.update(&lab.notes, kept, None, &object(json!({"stars": 2}))).unwrap();
    });
    let other = lab.note(json!({"title": "other"}));
    as_component(&lab, "sha256:bad", |call| {
        call.update(&lab.notes, made, None, &object(json!({"stars": 2}))).unwrap();
        call.add(&lab.notes, kept, "stars", 5.0).unwrap();
    });
    undo(&lab, &UndoTarget::Component("sha256:bad".into())).unwrap();
    let (changes, _) = lab.space.diff(start, tick(), 10).unwrap();
    assert_eq!(changes.iter().map(|change| change.id).collect::<Vec<_>>(), [other]);
    assert_eq!(lab.get(kept).unwrap()["stars"], 1);
    assert!(lab.get(made).is_none());
    // What it writes after that can be undone again.
    as_component(&lab, "sha256:bad", |call| {
        _ = call.update(&lab.notes, kept, None, &object(json!({"stars": 7}))).unwrap()
    });
    undo(&lab, &UndoTarget::Component("sha256:bad".into())).unwrap();
    assert_eq!(lab.get(kept).unwrap()["stars"], 1);
    assert_eq!(code(lab.space.plan_undo(&UndoTarget::Component("sha256:none".into()))), "not-found");
}

#[test]
fn undo_is_refused_naming_the_rows_that_others_built_on() {
    let lab = lab();
    let mut ids = Vec::new();
    let done = lab.write(|call| {
        for n in 0..3 {
            ids.push(call.insert(&lab.notes, object(json!({"title": n.to_string()}))).unwrap());
        }
    });
    lab.write(|call| _ = call.update(&lab.notes, ids[0], None, &object(json!({"stars": 1}))).unwrap());
    let citing = lab.note(json!({"title": "c", "sources": [ids[1]]}));
    let error = lab.space.plan_undo(&UndoTarget::Transaction(done.seq)).unwrap_err();
    assert_eq!(error.code(), "conflict");
    let said = error.to_string();
    assert!(said.contains(&format!("lab.notes:{} was changed", ids[0])), "{said}");
    assert!(said.contains(&format!("lab.notes:{} is cited by lab.notes:{citing} of transaction", ids[1])), "{said}");
    assert!(!said.contains(&format!(":{} ", ids[2])), "{said}");
    assert_eq!(lab.get(ids[2]).unwrap()["version"], 1);
    // Those undone first, it goes.
    lab.write(|call| call.delete(&lab.notes, citing, None).unwrap());
    undo(&lab, &UndoTarget::Transaction(done.seq + 1)).unwrap();
    undo(&lab, &UndoTarget::Transaction(done.seq)).unwrap();
    assert_eq!(lab.session().count(&Query::new(Arc::clone(&lab.notes))).unwrap(), 0);
    // A row changed between the plan and its commit is a conflict.
    let id = lab.note(json!({"title": "t"}));
    let seq = lab.space.latest().unwrap();
    let plan = lab.space.plan_undo(&UndoTarget::Transaction(seq)).unwrap();
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"stars": 1}))).unwrap());
    assert_eq!(code(lab.space.commit(plan, meta(), None)), "conflict");
}

#[test]
fn undo_of_a_turn_mends_what_its_neighbours_are_found_by() {
    let lab = lab();
    let first = lab.say("s", 1, "where is the ferry");
    lab.say("s", 2, "it left at noon");
    let seq = lab.space.latest().unwrap();
    undo(&lab, &UndoTarget::Transaction(seq)).unwrap();
    let mut request = SearchRequest::new("noon");
    request.collections.push(Arc::clone(&lab.turns));
    assert!(lab.session().search(&request).unwrap().hits.is_empty());
    undo(&lab, &UndoTarget::Transaction(seq + 1)).unwrap();
    let found = lab.session().search(&request).unwrap().hits;
    assert!(found.iter().any(|hit| hit.id == first && hit.ranks[2] > 0));
    assert_eq!(faults(&lab.space), [""; 0]);
}

/// Whether the bytes occur in the file or its log.
fn on_disk(lab: &Lab, needle: &str) -> bool {
    let path = lab.space.path();
    [path.to_owned(), path.with_extension("db-wal")].iter().any(|file| {
        let bytes = std::fs::read(file).unwrap_or_default().to_ascii_lowercase();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    })
}

#[test]
fn erased_content_is_nowhere_in_the_file_or_its_log() {
    let lab = lab();
    for n in 0..200 {
        lab.note(json!({"title": format!("filler {n}"), "body": format!("zebra {n} quiet words")}));
    }
    let secret = json!({
        "title": "Zyxsecretone", "body": "zyxsecrettwo quagga", "slug": "zyxsecretslug", "tags": ["zyxsecrettag"],
        "extra": {"zyxsecretkey": 1}
    });
    let mut call = lab.session();
    let id = call.insert(&lab.notes, object(secret)).unwrap();
    call.emit("made", "{\"text\":\"zyxsecretevent\"}").unwrap();
    let idempotent = Idempotent { key: "k".into(), arguments: "h".into(), result: "\"zyxsecretanswer\"".into() };
    let made = commit_as(call, CommitMeta { idempotent: Some(idempotent), ..meta() }).unwrap();
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"body": "zyxsecretthree"}))).unwrap());
    lab.write(|call| {
        _ = call.update(&lab.notes, id, None, &object(json!({"body": "harmless", "title": "x"}))).unwrap()
    });
    // Said between two others: it is in the context of both.
    let turns = ["one zebra", "zyxsecretturn", "two zebra"];
    let said: Vec<_> = turns.iter().zip(1..).map(|(text, at)| lab.say("s", at, text)).collect();
    assert!(on_disk(&lab, "zyxsecret"));
    let vectors = lab.session().vectors(&lab.turns, &[said[1]]).unwrap();
    let vector: Vec<u8> = vectors[0].as_ref().unwrap().iter().flat_map(|part| part.to_le_bytes()).collect();
    let holds = || {
        let (file, log) = (lab.space.path().to_owned(), lab.space.path().with_extension("db-wal"));
        [file, log]
            .iter()
            .any(|file| std::fs::read(file).unwrap_or_default().windows(vector.len()).any(|window| window == vector))
    };
    assert!(holds());
    lab.write(|call| {
        call.erase(&lab.notes, id).unwrap();
        call.erase(&lab.turns, said[1]).unwrap();
    });
    assert!(!on_disk(&lab, "zyxsecret"));
    assert!(!holds());
    assert_eq!((hits(&lab, "zyxsecretturn"), hits(&lab, "harmless")), (vec![], vec![]));
    assert_eq!(hits(&lab, "two").len(), 1);
    assert_eq!(faults(&lab.space), [""; 0]);
    // The tombstone is the end of its history and of undo.
    assert_eq!(code(lab.space.row_history(id)), "not-found");
    let error = lab.space.plan_undo(&UndoTarget::Transaction(made.seq)).unwrap_err();
    assert!(error.code() == "conflict" && error.to_string().contains("erased"), "{error}");
    assert_eq!(code(lab.space.plan_undo(&UndoTarget::Transaction(lab.space.latest().unwrap()))), "conflict");
    assert!(lab.space.diff(0, common::now() + 10, 1000).unwrap().0.iter().all(|change| change.id != id));
}

#[test]
fn a_reader_in_the_way_only_delays_the_end_of_erased_content() {
    let lab = lab();
    let id = lab.note(json!({"title": "zyxsecret"}));
    let mut reader = lab.session();
    assert!(reader.get(&lab.notes, id).unwrap().is_some());
    lab.write(|call| call.erase(&lab.notes, id).unwrap());
    // It still sees its snapshot.
    assert!(reader.get(&lab.notes, id).unwrap().is_some());
    drop(reader);
    lab.note(json!({"title": "next"}));
    assert!(!on_disk(&lab, "zyxsecret"));
}
