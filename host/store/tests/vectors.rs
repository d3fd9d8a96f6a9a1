//! Vectors that come later, and spaces of another model.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{DIMENSION, Lab, code, commit, embed, faults, lab, meta, object, open, options, session_options};
use memstrata_store::{PendingText, SearchRequest, Space, SpaceOptions};
use serde_json::json;
use std::sync::Arc;

/// Commits without vectors, as when the embedder is late.
fn unembedded(lab: &Lab, stage: impl FnOnce(&mut memstrata_store::Session)) -> u64 {
    let mut call = lab.session();
    stage(&mut call);
    lab.space.commit(call.finish(), meta(), None).unwrap().embed_pending
}

fn filled(space: &Space) -> usize {
    let texts = space.pending_texts(100).unwrap();
    let vectors = texts.into_iter().map(|text| (text.clone(), embed(&text.text))).collect();
    space.fill(vectors).unwrap()
}

fn near(space: &Arc<Space>, lab: &Lab, text: &str) -> Vec<u64> {
    let mut request = SearchRequest::new(text);
    request.vector = embed(text);
    request.collections = vec![Arc::clone(&lab.notes), Arc::clone(&lab.turns)];
    for channel in ["text", "context", "time"] {
        request.weight(channel, 0.0).unwrap();
    }
    request.min_similarity(0.99);
    space.session(session_options()).search(&request).unwrap().hits.iter().map(|hit| hit.id).collect()
}

#[test]
fn a_text_without_a_vector_waits_for_one_and_is_found_once_it_has_it() {
    let lab = lab();
    let other = lab.second();
    let mut id = 0;
    let pending = unembedded(&lab, |call| {
        id = call.insert(&lab.notes, object(json!({"title": "t", "body": "blue whale"}))).unwrap();
        call.insert(&lab.notes, object(json!({"title": "no body"}))).unwrap();
    });
    assert_eq!((pending, lab.space.pending().unwrap()), (1, 1));
    assert!(near(&lab.space, &lab, "blue whale").is_empty() && near(&other, &lab, "blue whale").is_empty());
    let texts = lab.space.pending_texts(10).unwrap();
    assert_eq!(texts.iter().map(|text| (text.id, text.text.as_str())).collect::<Vec<_>>(), [(id, "blue whale")]);
    let seq = lab.space.latest().unwrap();
    assert_eq!(filled(&lab.space), 1);
    // Derived: a journal entry, no version.
    assert_eq!((lab.space.pending().unwrap(), lab.space.latest().unwrap()), (0, seq + 1));
    assert_eq!(lab.get(id).unwrap()["version"], 1);
    assert_eq!((near(&lab.space, &lab, "blue whale"), near(&other, &lab, "blue whale")), (vec![id], vec![id]));
    // Nothing stands in the way of undo.
    assert_eq!(lab.space.plan_undo(&memstrata_store::UndoTarget::Transaction(seq)).unwrap().len(), 2);
    assert_eq!(faults(&lab.space), [""; 0]);
}

#[test]
fn a_late_vector_fits_only_the_text_it_was_made_for() {
    let lab = lab();
    let mut ids = Vec::new();
    unembedded(&lab, |call| {
        for body in ["red one", "red two", "red three", "red four"] {
            ids.push(call.insert(&lab.notes, object(json!({"title": "t", "body": body}))).unwrap());
        }
    });
    let asked = lab.space.pending_texts(10).unwrap();
    unembedded(&lab, |call| {
        call.update(&lab.notes, ids[0], None, &object(json!({"body": "green"}))).unwrap();
        call.delete(&lab.notes, ids[1], None).unwrap();
        call.update(&lab.notes, ids[3], None, &object(json!({"stars": 1}))).unwrap();
    });
    lab.write(|call| call.erase(&lab.notes, ids[2]).unwrap());
    let vectors: Vec<(PendingText, _)> = asked.into_iter().map(|text| (text.clone(), embed(&text.text))).collect();
    assert_eq!(lab.space.fill(vectors).unwrap(), 0);
    assert!(lab.session().vectors(&lab.notes, &ids).unwrap().iter().all(Option::is_none));
    // What still waits: the new text, and the old one of the row that changed elsewhere.
    let mut texts: Vec<_> = lab.space.pending_texts(10).unwrap().into_iter().map(|text| text.text).collect();
    texts.sort();
    assert_eq!(texts, ["green", "red four"]);
    assert_eq!(filled(&lab.space), 2);
    lab.write(|call| call.restore(&lab.notes, ids[1]).unwrap());
    assert_eq!((lab.space.pending().unwrap(), near(&lab.space, &lab, "red two")), (0, vec![ids[1]]));
    assert_eq!(faults(&lab.space), [""; 0]);
}

#[test]
fn a_text_that_never_has_a_vector_is_not_asked_for_again() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "!?"}));
    assert_eq!((lab.space.pending().unwrap(), faults(&lab.space).len()), (0, 0));
    assert_eq!(lab.space.rebuild().unwrap(), 0);
    let mut call = lab.session();
    call.update(&lab.notes, id, None, &object(json!({"body": "words"}))).unwrap();
    let mut write_set = call.finish();
    assert_eq!(write_set.texts_to_embed(), [(id, "words")]);
    // No direction is no vector; and no vector of another length gets in.
    write_set.set_vector(id, Some(vec![0.0; DIMENSION]));
    lab.space.commit(write_set, meta(), None).unwrap();
    assert_eq!(lab.session().vectors(&lab.notes, &[id]).unwrap(), [None]);
    let mut call = lab.session();
    call.update(&lab.notes, id, None, &object(json!({"body": "more"}))).unwrap();
    let mut write_set = call.finish();
    write_set.set_vector(id, Some(vec![1.0; 3]));
    assert_eq!(code(lab.space.commit(write_set, meta(), None)), "invalid.argument");
}

#[test]
fn a_late_vector_of_a_turn_reaches_its_neighbours() {
    let lab = lab();
    let first = lab.say("s", 1, "ferry");
    unembedded(&lab, |call| {
        call.insert(&lab.turns, object(json!({"session": "s", "position": 2, "text": "harbour"}))).unwrap();
    });
    let mut request = SearchRequest::new("harbour");
    request.vector = embed("harbour");
    request.collections.push(Arc::clone(&lab.turns));
    for channel in ["text", "vector", "time"] {
        request.weight(channel, 0.0).unwrap();
    }
    filled(&lab.space);
    lab.raw().execute_batch("SELECT 1").unwrap();
    let hits = lab.session().search(&request).unwrap().hits;
    assert_eq!(hits[0].id, first);
    assert_eq!(faults(&lab.space), [""; 0]);
}

#[test]
fn another_model_reads_and_finds_text_but_does_not_write_until_all_is_embedded_anew() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "blue whale", "slug": "s"}));
    lab.say("s", 1, "ferry");
    lab.say("s", 2, "harbour");
    let wider = SpaceOptions { model: "other@2".into(), dimension: 24, ..options() };
    let other = open(lab.space.path(), &wider).unwrap();
    let mut call = other.session(session_options());
    assert!(call.get(&lab.notes, id).unwrap().is_some());
    let refused = call.insert(&lab.notes, object(json!({"title": "t"}))).unwrap_err();
    assert_eq!(refused.code(), "incompatible.store");
    let said = refused.to_string();
    assert!(said.contains("words@1") && said.contains("other@2") && said.contains("reembed"), "{said}");
    let mut request = SearchRequest::new("blue whale");
    request.vector = Some(vec![1.0; 24]);
    request.collections.push(Arc::clone(&lab.notes));
    let found = call.search(&request).unwrap();
    assert_eq!((found.hits[0].id, found.hits[0].ranks[0], found.hits[0].ranks[1]), (id, 1, 0));
    assert!(found.notes[0].contains("text only"), "{:?}", found.notes);
    drop(call);
    // The first handle is of the old model, and open all the while: it stops writing when the space changes hands.
    let mut old = lab.session();
    let late = old.insert(&lab.notes, object(json!({"title": "late"}))).unwrap();
    assert_eq!(other.reset_vectors().unwrap(), 3);
    assert_eq!(code(commit(old)), "incompatible.store");
    assert!(lab.get(late).is_none());
    assert!(near(&lab.space, &lab, "blue whale").is_empty());
    drop(other);
    let other = open(lab.space.path(), &wider).unwrap();
    assert_eq!(other.pending().unwrap(), 3);
    let vectors = other.pending_texts(10).unwrap().into_iter().map(|text| {
        let mut vector = embed(&text.text).unwrap();
        vector.resize(24, 0.0);
        (text, Some(vector))
    });
    assert_eq!(other.fill(vectors.collect()).unwrap(), 3);
    let mut vector = embed("blue whale").unwrap();
    vector.resize(24, 0.0);
    request.vector = Some(vector);
    let found = other.session(session_options()).search(&request).unwrap();
    assert_eq!((found.hits[0].id, found.hits[0].ranks[1]), (id, 1));
    assert_eq!(faults(&other), [""; 0]);
    let mut call = other.session(session_options());
    call.update(&lab.notes, id, None, &object(json!({"stars": 1}))).unwrap();
    other.commit(call.finish(), meta(), None).unwrap();
}

#[test]
fn all_vectors_made_anew_by_another_process_are_seen_at_once() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "blue whale"}));
    let other = lab.second();
    assert_eq!((near(&lab.space, &lab, "blue whale"), near(&other, &lab, "blue whale")), (vec![id], vec![id]));
    other.reset_vectors().unwrap();
    assert!(near(&lab.space, &lab, "blue whale").is_empty());
    assert_eq!(filled(&lab.space), 1);
    assert_eq!((near(&lab.space, &lab, "blue whale"), near(&other, &lab, "blue whale")), (vec![id], vec![id]));
}

#[test]
fn a_vector_of_another_length_is_refused() {
    let lab = lab();
    let mut call = lab.session();
    let id = call.insert(&lab.notes, object(json!({"title": "t", "body": "some words"}))).unwrap();
    let mut write_set = call.finish();
    write_set.set_vector(id, Some(vec![1.0; common::DIMENSION + 1]));
    assert_eq!(code(lab.space.commit(write_set, common::meta(), None)), "invalid.argument");
    assert!(lab.get(id).is_none());
    let mut request = memstrata_store::SearchRequest::new("words");
    request.collections.push(Arc::clone(&lab.notes));
    request.vector = Some(vec![1.0; 3]);
    assert_eq!(code(lab.session().search(&request)), "invalid.argument");
}
