//! Search: what each channel finds and ranks, what narrows it, and which commits it follows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{Lab, code, embed, lab, object, session_options};
use memstrata_store::{Condition, Hit, Namespace, SearchRequest, Session, SessionOptions, channel};
use serde_json::json;
use std::sync::Arc;

const TEXT: usize = 0;
const VECTOR: usize = 1;
const CONTEXT: usize = 2;
const TIME: usize = 3;
const GRAPH: usize = 4;

/// A search of the notes by some channels alone.
fn ask(lab: &Lab, text: &str, channels: &[&str]) -> SearchRequest {
    let mut request = SearchRequest::new(text);
    request.vector = embed(text);
    request.collections.push(Arc::clone(&lab.notes));
    for name in ["text", "vector", "context", "time", "graph"] {
        if !channels.contains(&name) {
            request.weight(name, 0.0).unwrap();
        }
    }
    request
}

fn found(call: &mut Session, request: &SearchRequest) -> Vec<Hit> {
    call.search(request).unwrap().hits
}

fn ids(lab: &Lab, request: &SearchRequest) -> Vec<u64> {
    found(&mut lab.session(), request).iter().map(|hit| hit.id).collect()
}

#[test]
fn each_channel_ranks_by_its_own_and_says_so() {
    let lab = lab();
    let both = lab.note(json!({"title": "apple", "body": "apple pie recipe", "happened": 30}));
    let one = lab.note(json!({"title": "x", "body": "the apple of discord in a long tale", "happened": 20}));
    let cites = lab.note(json!({"title": "y", "body": "unrelated", "happened": 10, "sources": [both]}));
    let text = found(&mut lab.session(), &ask(&lab, "apple recipes", &["text"]));
    // Porter's stem: recipe and recipes are one word.
    assert_eq!(text.iter().map(|hit| (hit.id, hit.ranks[TEXT])).collect::<Vec<_>>(), [(both, 1), (one, 2)]);
    assert!(text[0].scores[TEXT] > text[1].scores[TEXT] && text[0].scores[VECTOR].is_nan());
    let near = found(&mut lab.session(), &ask(&lab, "apple pie recipe", &["vector"]));
    assert_eq!((near[0].id, near[0].ranks[VECTOR], near[0].ranks[TEXT]), (both, 1, 0));
    assert!((near[0].scores[VECTOR] - 1.0).abs() < 1e-4);
    let mut graph = ask(&lab, "", &["graph"]);
    graph.seeds(vec![both]);
    assert_eq!(ids(&lab, &graph), [cites]);
    graph.seeds(vec![cites]);
    assert_eq!(ids(&lab, &graph), [both]);
    assert_eq!(ids(&lab, &ask(&lab, "", &["time"])), [both, one, cites]);
    // All together: time only orders what others have found.
    let mut all = SearchRequest::new("apple recipe");
    all.vector = embed("apple recipe");
    all.collections.push(Arc::clone(&lab.notes));
    all.seeds(vec![both]);
    let hits = found(&mut lab.session(), &all);
    assert_eq!(hits[0].id, both);
    let cited = hits.iter().find(|hit| hit.id == cites).unwrap();
    assert!(cited.ranks[GRAPH] == 1 && cited.ranks[TIME] > 0 && cited.ranks[TEXT] == 0);
    let rows = lab.session().hit_rows(&hits, None).unwrap();
    assert!(rows[0].contains("apple pie recipe"));
    all.fusion("scores").unwrap();
    assert_eq!(ids(&lab, &all)[0], both);
    assert_eq!(code(all.fusion("magic")), "invalid.argument");
    assert_eq!(code(all.weight("smell", 1.0)), "invalid.argument");
    assert_eq!(code(all.weight("text", f64::NAN)), "invalid.argument");
    assert_eq!((channel("context").unwrap(), channel("smell").is_err()), (CONTEXT, true));
}

#[test]
fn a_turn_is_found_by_its_neighbours_words() {
    let lab = lab();
    let said = ["ferry timetable", "yes", "no", "cheese", "bread"];
    let said: Vec<_> = said.iter().zip(1..).map(|(text, at)| lab.say("s", at, text)).collect();
    let elsewhere = lab.say("other", 2, "yes");
    let mut request = SearchRequest::new("ferry timetable");
    request.collections.push(Arc::clone(&lab.turns));
    for with_vector in [false, true] {
        request.vector = embed("ferry timetable").filter(|_| with_vector);
        let hits = found(&mut lab.session(), &request);
        assert_eq!((hits[0].id, hits[0].ranks[TEXT]), (said[0], 1));
        for near in &said[1..3] {
            let hit = hits.iter().find(|hit| hit.id == *near).unwrap();
            assert!(hit.ranks[CONTEXT] > 0 && hit.ranks[TEXT] == 0, "{hit:?}");
        }
        if !with_vector {
            assert!(hits.iter().all(|hit| hit.id != said[3] && hit.id != elsewhere));
        }
    }
    request.vector = None;
    // Moved away, changed or deleted, a row takes its words along.
    lab.write(|call| {
        _ = call.update(&lab.turns, said[0], None, &object(json!({"session": "other", "position": 1}))).unwrap()
    });
    let hits = found(&mut lab.session(), &request);
    assert!(hits.iter().any(|hit| hit.id == elsewhere) && hits.iter().all(|hit| hit.id != said[1]));
    lab.write(|call| _ = call.update(&lab.turns, said[0], None, &object(json!({"text": "bus"}))).unwrap());
    assert!(found(&mut lab.session(), &request).is_empty());
    lab.write(|call| call.delete(&lab.turns, said[1], None).unwrap());
    // Now cheese is within two of no's other side.
    let mut request = SearchRequest::new("bread");
    request.collections.push(Arc::clone(&lab.turns));
    assert!(found(&mut lab.session(), &request).iter().any(|hit| hit.id == said[2]));
    assert_eq!(common::faults(&lab.space), [""; 0]);
}

#[test]
fn filters_namespaces_times_and_scope_narrow_every_channel() {
    let lab = lab();
    let make = |title: &str, namespace: &str, kind: &str, happened: u64| {
        lab.note(json!({
            "title": title, "body": "common words here", "namespace": namespace, "kind": kind, "happened": happened,
            "valid_from": happened, "valid_to": happened + 10
        }))
    };
    let a = make("a", "user:a", "fact", 100);
    let b = make("b", "user:a:sub", "task", 200);
    let c = make("c", "user:ab", "fact", 300);
    for channels in [&["text"][..], &["vector"], &["text", "vector", "time"]] {
        let ask = || ask(&lab, "common words here", channels);
        let sorted = |request: &SearchRequest| {
            let mut ids = ids(&lab, request);
            ids.sort_unstable();
            ids
        };
        assert_eq!(sorted(&ask()), [a, b, c]);
        let mut request = ask();
        request.namespace(Namespace::parse("user:a").unwrap());
        assert_eq!(sorted(&request), [a, b]);
        assert_eq!(lab.session().eligible(&request).unwrap(), 2);
        request.filter(Condition::parse("[\"kind\",\"=\",\"task\"]").unwrap());
        assert_eq!(sorted(&request), [b]);
        let mut request = ask();
        request.valid_at(205);
        assert_eq!(sorted(&request), [b]);
        let mut request = ask();
        request.between(100, 300);
        assert_eq!(sorted(&request), [a, b]);
        let scope = Namespace::parse("user:ab").unwrap();
        let mut scoped = lab.space.session(SessionOptions { scope, ..session_options() });
        assert_eq!(found(&mut scoped, &ask()).iter().map(|hit| hit.id).collect::<Vec<_>>(), [c]);
    }
    let mut request = ask(&lab, "common", &["text"]);
    request.filter(Condition::parse("[\"nope\",\"=\",1]").unwrap());
    assert_eq!(code(lab.session().search(&request)), "invalid.condition");
}

#[test]
fn the_rare_eligible_row_is_found_among_many_better_ones() {
    let lab = lab();
    let mut rare = 0;
    lab.write(|call| {
        rare = call
            .insert(&lab.notes, object(json!({"title": "z", "body": "pear and much else besides", "stars": 1})))
            .unwrap();
        for n in 0..400 {
            call.insert(&lab.notes, object(json!({"title": "z", "body": "pear", "stars": n + 2}))).unwrap();
        }
    });
    for channels in [["text"], ["vector"]] {
        let mut request = ask(&lab, "pear", &channels);
        request.filter(Condition::parse("[\"stars\",\"=\",1]").unwrap());
        assert_eq!(ids(&lab, &request), [rare], "{channels:?}");
    }
}

#[test]
fn rows_below_the_least_similarity_are_no_vector_hits() {
    let lab = lab();
    let same = lab.note(json!({"title": "t", "body": "red green blue"}));
    let part = lab.note(json!({"title": "t", "body": "red stone"}));
    let mut request = ask(&lab, "red green blue", &["vector"]);
    assert!(ids(&lab, &request).contains(&part));
    request.min_similarity(0.9);
    assert_eq!(ids(&lab, &request), [same]);
}

#[test]
fn questions_of_stop_words_punctuation_or_syntax_are_still_questions() {
    let lab = lab();
    let hamlet = lab.note(json!({"title": "to be or not to be", "body": "that is the question"}));
    let other = lab.note(json!({"title": "apple", "body": "NEAR AND star"}));
    assert_eq!(ids(&lab, &ask(&lab, "to be or not to be", &["text"])), [hamlet]);
    for (text, wanted) in [
        ("\"apple", vec![other]),
        ("apple) OR (", vec![other]),
        ("title:apple^2 -x", vec![other]),
        ("NEAR(star)", vec![other]),
        ("star*", vec![other]),
        ("!?* ()", vec![]),
        ("\u{0}", vec![]),
        ("ÄPPLE", vec![other]),
        ("nothing knows thisword", vec![]),
    ] {
        assert_eq!(ids(&lab, &ask(&lab, text, &["text"])), wanted, "{text}");
    }
    // Without anything to go by, the newest.
    assert_eq!(ids(&lab, &ask(&lab, "", &["text", "vector", "time"])).len(), 2);
}

#[test]
fn a_word_in_every_row_is_still_found_with_the_rows_that_have_more_of_them() {
    let lab = lab();
    let mut best = 0;
    lab.write(|call| {
        for n in 0..4200 {
            let body = if n == 2100 {
                "harbour lighthouse"
            } else if n % 2 == 0 {
                "harbour"
            } else {
                "harbour lighthouse keeper"
            };
            let id = call.insert(&lab.notes, object(json!({"title": "t", "body": body}))).unwrap();
            best = if n == 2100 { id } else { best };
        }
    });
    assert_eq!(ids(&lab, &ask(&lab, "harbour", &["text"])).len(), 10);
    assert_eq!(ids(&lab, &ask(&lab, "harbour lighthouse", &["text"]))[0], best);
}

#[test]
fn rows_the_call_has_changed_are_masked() {
    let lab = lab();
    let [changed, deleted, erased, kept] =
        ["a", "b", "c", "d"].map(|title| lab.note(json!({"title": title, "body": "shared words"})));
    let mut call = lab.session();
    call.update(&lab.notes, changed, None, &object(json!({"body": "moved on"}))).unwrap();
    call.delete(&lab.notes, deleted, None).unwrap();
    call.erase(&lab.notes, erased).unwrap();
    call.insert(&lab.notes, object(json!({"title": "new", "body": "shared words"}))).unwrap();
    for channels in [&["text"][..], &["vector"], &["text", "vector", "time"]] {
        let hits = found(&mut call, &ask(&lab, "shared words", channels));
        assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [kept], "{channels:?}");
    }
    // What cites a seed, and the newest where nothing is looked for.
    let other = lab.note(json!({"title": "e", "sources": [kept]}));
    let citing = lab.note(json!({"title": "f", "sources": [kept]}));
    let mut late = lab.session();
    late.update(&lab.notes, citing, None, &object(json!({"title": "g"}))).unwrap();
    let mut cited = ask(&lab, "", &["graph"]);
    cited.seeds(vec![kept]);
    assert_eq!(found(&mut late, &cited).iter().map(|hit| hit.id).collect::<Vec<_>>(), [other]);
    let newest = found(&mut late, &ask(&lab, "", &["time"]));
    assert!(newest.len() == 5 && newest.iter().all(|hit| hit.id != citing), "{newest:?}");
    let vectors = call.vectors(&lab.notes, &[changed, kept, 999]).unwrap();
    assert!(vectors[0].is_none() && vectors[1].is_some() && vectors[2].is_none());
}

#[test]
fn search_follows_every_commit_of_either_process_and_no_later_ones() {
    let lab = lab();
    let other = lab.second();
    let request = ask(&lab, "blue whale", &["vector"]);
    let whales = |space: &Arc<memstrata_store::Space>| {
        let mut call = space.session(session_options());
        found(&mut call, &request).iter().filter(|hit| hit.scores[VECTOR] > 0.99).map(|hit| hit.id).collect::<Vec<_>>()
    };
    let first = lab.note(json!({"title": "t", "body": "blue whale"}));
    assert_eq!((whales(&lab.space), whales(&other)), (vec![first], vec![first]));
    // Its snapshot is taken here.
    let mut old = lab.session();
    old.sequence().unwrap();
    let write = |space: &Arc<memstrata_store::Space>, stage: &dyn Fn(&mut Session)| {
        let mut call = space.session(session_options());
        stage(&mut call);
        common::commit(call).unwrap();
    };
    let body = |text: &str| object(json!({"title": "t", "body": text}));
    write(&other, &|call| _ = call.insert(&lab.notes, body("blue whale")).unwrap());
    assert_eq!((whales(&lab.space).len(), whales(&other).len()), (2, 2));
    write(&lab.space, &|call| _ = call.update(&lab.notes, first, None, &body("green field")).unwrap());
    assert_eq!((whales(&lab.space).len(), whales(&other).len()), (1, 1));
    write(&other, &|call| _ = call.update(&lab.notes, first, None, &body("blue whale")).unwrap());
    write(&other, &|call| call.delete(&lab.notes, first, None).unwrap());
    assert_eq!((whales(&lab.space).len(), whales(&other).len()), (1, 1));
    write(&lab.space, &|call| call.restore(&lab.notes, first).unwrap());
    assert_eq!((whales(&lab.space).len(), whales(&other).len()), (2, 2));
    write(&other, &|call| call.erase(&lab.notes, first).unwrap());
    assert_eq!((whales(&lab.space).len(), whales(&other).len()), (1, 1));
    // The old session: one whale, the first; by text too.
    let hits = found(&mut old, &request);
    assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [first]);
    let hits = found(&mut old, &ask(&lab, "blue whale", &["text", "vector", "time"]));
    assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [first]);
    // After its snapshot was let go it still sees nothing later.
    old.release();
    assert!(found(&mut old, &ask(&lab, "blue whale", &["text", "vector", "time"])).is_empty());
}

#[test]
fn a_snapshot_between_two_changes_of_a_row_sees_the_first_alone() {
    let lab = lab();
    lab.note(json!({"title": "t", "body": "green field"}));
    let request = ask(&lab, "blue whale", &["vector"]);
    // The index is loaded here, and next looks at the journal when both changes are in it.
    lab.session().search(&request).unwrap();
    let id = lab.note(json!({"title": "t", "body": "blue whale"}));
    let mut between = lab.session();
    between.sequence().unwrap();
    lab.write(|call| call.delete(&lab.notes, id, None).unwrap());
    assert!(ids(&lab, &request).iter().all(|hit| *hit != id));
    assert_eq!(found(&mut between, &request)[0].id, id);
}

#[test]
fn a_namespace_that_changes_takes_its_vector_along() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "blue whale", "namespace": "a"}));
    let within = |name: &str| {
        let mut request = ask(&lab, "blue whale", &["vector"]);
        request.namespace(Namespace::parse(name).unwrap());
        ids(&lab, &request)
    };
    assert_eq!((within("a"), within("b")), (vec![id], vec![]));
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"namespace": "b"}))).unwrap());
    assert_eq!((within("a"), within("b")), (vec![], vec![id]));
}

#[test]
fn one_search_covers_many_collections() {
    let lab = lab();
    let note = lab.note(json!({"title": "t", "body": "silver spoon"}));
    let turn = lab.say("s", 1, "silver spoon");
    let mut request = ask(&lab, "silver spoon", &["text", "vector"]);
    request.collections.push(Arc::clone(&lab.turns));
    let hits = found(&mut lab.session(), &request);
    let mut ids: Vec<_> = hits.iter().map(|hit| (hit.id, hit.collection.name().to_owned())).collect();
    ids.sort();
    assert_eq!(ids, [(note, "lab.notes".to_owned()), (turn, "lab.turns".to_owned())]);
    // A vector of another length is refused.
    request.vector = Some(vec![1.0; 3]);
    assert_eq!(code(lab.session().search(&request)), "invalid.argument");
}

#[test]
fn a_search_of_the_past_finds_what_was_known_then() {
    let lab = lab();
    let kept = lab.note(json!({ "title": "a", "body": "apple pie at four" }));
    let changed = lab.note(json!({ "title": "b", "body": "apple cake at noon" }));
    let deleted = lab.note(json!({ "title": "d", "body": "apple tart" }));
    let no_vector = lab.note(json!({ "title": "pear" }));
    let then = common::tick();
    lab.write(|call| call.delete(&lab.notes, deleted, None).unwrap());
    lab.write(|call| {
        call.update(&lab.notes, changed, None, &object(json!({ "body": "plum cake at noon" }))).unwrap();
    });
    let late = lab.note(json!({ "title": "c", "body": "apple juice" }));
    let mut now = ask(&lab, "apple", &["text"]);
    let found: Vec<u64> = found(&mut lab.session(), &now).iter().map(|hit| hit.id).collect();
    assert!(found.contains(&kept) && found.contains(&late) && !found.contains(&changed), "{found:?}");

    now.known_at(then);
    let mut session = lab.session();
    let results = session.search(&now).unwrap();
    let mut ids: Vec<u64> = results.hits.iter().map(|hit| hit.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [kept, changed, deleted]);
    let rows = session.hit_rows(&results.hits, Some(then)).unwrap().join("\n");
    assert!(rows.contains("apple cake") && !rows.contains("plum"), "shown as it was: {rows}");

    let mut meaning = ask(&lab, "apple cake at noon", &["vector"]);
    meaning.known_at(then);
    let results = session.search(&meaning).unwrap();
    let found: Vec<u64> = results.hits.iter().map(|hit| hit.id).collect();
    assert_eq!(found, [kept], "only unchanged rows have their vector still");
    let changes = "vector: 2 rows of `lab.notes` have changed since then; those by text only";
    assert_eq!(results.notes, [changes], "one without a vector has not changed");

    let mut alone = ask(&lab, "", &["time"]);
    alone.known_at(then);
    let found = session.search(&alone).unwrap().hits;
    let mut newest: Vec<u64> = found.iter().map(|hit| hit.id).collect();
    newest.sort_unstable();
    assert_eq!(newest, [kept, changed, deleted, no_vector]);
}

#[test]
fn a_search_of_the_past_says_what_it_leaves_out() {
    let lab = lab();
    let said = lab.say("s", 1, "ferry timetable");
    let note = lab.note(json!({ "title": "ferry" }));
    let mut request = SearchRequest::new("ferry");
    request.known_at(common::tick());
    request.collections.extend([Arc::clone(&lab.notes), Arc::clone(&lab.turns)]);
    request.seeds(vec![note]);
    let results = lab.session().search(&request).unwrap();
    assert_eq!(results.hits.len(), 2);
    assert_eq!(results.notes, ["graph: not searched in the past", "context: not searched in the past"]);
    request.weight("context", 0.0).unwrap();
    request.weight("graph", 0.0).unwrap();
    assert_eq!(lab.session().search(&request).unwrap().notes, [""; 0]);

    lab.write(|call| {
        for number in 0..5000 {
            call.insert(&lab.notes, object(json!({ "title": format!("n{number}") }))).unwrap();
        }
    });
    request.known_at(common::tick());
    let results = lab.session().search(&request).unwrap();
    assert_eq!(results.notes, ["known_at: only the newest 5000 rows of `lab.notes` were looked through"]);
    assert_eq!(results.hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [said], "the note is the oldest");
}

#[test]
fn a_mark_leaves_the_context_of_rows_alone_and_a_move_renews_it() {
    let lab = lab();
    let ids: Vec<u64> =
        (1..=4).map(|nth| lab.say("s", nth, ["alpha", "beta", "gamma", "delta"][nth as usize - 1])).collect();
    let raw = lab.raw();
    let renewed = || raw.query_row("SELECT count(*) FROM context_changes", [], |row| row.get::<_, i64>(0)).unwrap();
    let context = |id: u64| {
        let sql = format!("SELECT _context FROM lab__turns__context WHERE id = {id}");
        raw.query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
    };
    let (before, told) = (renewed(), context(ids[1]));
    assert_eq!(told, "alpha\ngamma\ndelta\n");
    lab.write(|call| _ = call.update(&lab.turns, ids[0], None, &object(json!({"valid_to": 1}))).unwrap());
    assert_eq!((renewed(), context(ids[1])), (before, told));
    lab.write(|call| _ = call.update(&lab.turns, ids[0], None, &object(json!({"position": 9}))).unwrap());
    assert!(renewed() > before);
    assert_eq!(context(ids[1]), "gamma\ndelta\n");
    lab.write(|call| _ = call.update(&lab.turns, ids[2], None, &object(json!({"text": "omega"}))).unwrap());
    assert_eq!(context(ids[1]), "omega\ndelta\n");
    assert_eq!(lab.space.verify().unwrap().faults, Vec::<String>::new());
}
