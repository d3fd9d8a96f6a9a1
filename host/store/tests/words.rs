//! Text search from the index in memory: it finds what the tables find, follows every commit, and forgets what is erased.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{lab, object, session_options};
use memstrata_store::{Collection, Hit, Namespace, SearchRequest, Session, Space};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TEXT: usize = 0;
const CONTEXT: usize = 2;

/// A search of a collection by text, or by the text around.
fn ask(collection: &Arc<Collection>, text: &str, channel: &str) -> SearchRequest {
    let mut request = SearchRequest::new(text);
    request.collections.push(Arc::clone(collection));
    request.limit(100);
    for name in ["text", "vector", "context", "time", "graph"].iter().filter(|name| **name != channel) {
        request.weight(name, 0.0).unwrap();
    }
    request
}

fn hits(call: &mut Session, request: &SearchRequest) -> Vec<Hit> {
    call.search(request).unwrap().hits
}

fn ids(space: &Arc<Space>, request: &SearchRequest) -> Vec<u64> {
    let mut ids: Vec<u64> = hits(&mut space.session(session_options()), request).iter().map(|hit| hit.id).collect();
    ids.sort_unstable();
    ids
}

/// Loads the indexes in memory: whoever has an older snapshot is served by the tables.
fn load(space: &Arc<Space>, request: &SearchRequest) {
    let before = space.index_bytes();
    ids(space, request);
    assert!(space.index_bytes() > before, "loaded");
}

#[test]
fn the_tables_and_the_index_find_the_same_with_the_same_scores() {
    let lab = lab();
    let words = ["harbour", "lighthouse", "keeper", "Café", "ferries", "timetable", "storm", "the", "42"];
    let text = |n: usize| (0..n % 7 + 1).map(|k| words[(n * 5 + k * (n % 4 + 1)) % 9]).collect::<Vec<_>>().join(" ");
    lab.write(|call| {
        for n in 0..200 {
            let title = ["a", "stormy", "ferry"][n % 3];
            call.insert(&lab.notes, object(json!({"title": title, "body": text(n)}))).unwrap();
        }
    });
    let queries =
        ["keeper ferry", "cafe storms", "timetables", "the", "a lighthouse keeper in the storm at the harbour", "42 x"];
    let mut old: Vec<Session> = queries.iter().map(|_| lab.session()).collect();
    old.iter_mut().for_each(|call| _ = call.sequence().unwrap());
    // One more commit: the index is loaded for what comes after the old snapshots.
    lab.note(json!({"title": "later", "body": "nothing of it"}));
    load(&lab.space, &ask(&lab.notes, "later", "text"));
    lab.write(|call| {
        let later = hits(call, &ask(&lab.notes, "later", "text"))[0].id;
        call.delete(&lab.notes, later, None).unwrap();
    });
    for (query, mut old) in queries.iter().zip(old) {
        let request = ask(&lab.notes, query, "text");
        let mut scores = [hits(&mut old, &request), hits(&mut lab.session(), &request)].map(|hits| {
            let mut scores: Vec<(u64, f64)> = hits.iter().map(|hit| (hit.id, hit.scores[TEXT])).collect();
            scores.sort_by_key(|(id, _)| *id);
            scores
        });
        let [tables, index] = &mut scores;
        assert!(!tables.is_empty(), "{query}");
        if tables.len() < 100 {
            assert_eq!(
                tables.iter().map(|hit| hit.0).collect::<Vec<_>>(),
                index.iter().map(|hit| hit.0).collect::<Vec<_>>()
            );
        }
        let (sum, other): (f64, f64) = (tables.iter().map(|hit| hit.1).sum(), index.iter().map(|hit| hit.1).sum());
        assert!((sum - other).abs() < 1e-3 * sum, "{query}: {sum} {other}");
    }
}

#[test]
fn the_index_follows_every_commit_of_either_process_and_no_later_ones() {
    let lab = lab();
    let other = lab.second();
    let request = ask(&lab.notes, "whale", "text");
    let both = || {
        let (own, others) = (ids(&lab.space, &request), ids(&other, &request));
        assert_eq!(own, others);
        own
    };
    let first = lab.note(json!({"title": "blue whale", "body": "x"}));
    load(&lab.space, &request);
    load(&other, &request);
    assert_eq!(both(), [first]);
    let mut old = lab.session();
    old.sequence().unwrap();
    let write = |space: &Arc<Space>, stage: &dyn Fn(&mut Session)| {
        let mut call = space.session(session_options());
        stage(&mut call);
        common::commit(call).unwrap();
    };
    let title = |text: &str| object(json!({"title": text}));
    // A searched field that is not embedded.
    write(&other, &|call| _ = call.update(&lab.notes, first, None, &title("green field")).unwrap());
    assert_eq!(both(), [0; 0]);
    write(&lab.space, &|call| _ = call.update(&lab.notes, first, None, &title("whales")).unwrap());
    assert_eq!(both(), [first]);
    write(&other, &|call| call.delete(&lab.notes, first, None).unwrap());
    assert_eq!(both(), [0; 0]);
    write(&lab.space, &|call| call.restore(&lab.notes, first).unwrap());
    assert_eq!(both(), [first]);
    let second = lab.note(json!({"title": "t", "body": "a whale"}));
    assert_eq!(both(), [first, second]);
    assert_eq!(hits(&mut old, &request).iter().map(|hit| hit.id).collect::<Vec<_>>(), [first]);
    // What is erased, an older snapshot still sees: in the tables, not in memory.
    let mut older = lab.session();
    older.sequence().unwrap();
    write(&other, &|call| call.erase(&lab.notes, first).unwrap());
    assert_eq!(both(), [second]);
    write(&lab.space, &|call| call.erase(&lab.notes, second).unwrap());
    assert_eq!(both(), [0; 0]);
    assert_eq!(hits(&mut old, &request).iter().map(|hit| hit.id).collect::<Vec<_>>(), [first]);
    assert_eq!(hits(&mut older, &request).len(), 2);
    assert_eq!(common::faults(&lab.space), [""; 0]);
}

#[test]
fn a_snapshot_between_two_changes_of_a_row_sees_the_first_alone() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "green field"}));
    let request = ask(&lab.notes, "whale", "text");
    load(&lab.space, &request);
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"body": "blue whale"}))).unwrap());
    let mut between = lab.session();
    between.sequence().unwrap();
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"body": "red stone"}))).unwrap());
    assert_eq!(ids(&lab.space, &request), [0; 0]);
    assert_eq!(hits(&mut between, &request)[0].id, id);
    // One that lets its snapshot go still sees nothing later, nor what is gone.
    between.release();
    lab.note(json!({"title": "t", "body": "grey whale"}));
    assert!(hits(&mut between, &request).is_empty());
}

#[test]
fn namespaces_narrow_it_and_take_their_words_along() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "body": "blue whale", "namespace": "a"}));
    let within = |name: &str| {
        let mut request = ask(&lab.notes, "whale", "text");
        request.namespace(Namespace::parse(name).unwrap());
        ids(&lab.space, &request)
    };
    assert_eq!((within("a"), within("b")), (vec![id], vec![]));
    lab.write(|call| _ = call.update(&lab.notes, id, None, &object(json!({"namespace": "b"}))).unwrap());
    assert_eq!((within("a"), within("b")), (vec![], vec![id]));
}

#[test]
fn contexts_follow_their_neighbours_and_forget_what_is_erased() {
    let lab = lab();
    let turns: Vec<u64> =
        ["ferry timetable", "yes", "no", "bread"].iter().zip(1..).map(|(text, at)| lab.say("s", at, text)).collect();
    let request = ask(&lab.turns, "ferry", "context");
    load(&lab.space, &request);
    assert_eq!(ids(&lab.space, &request), turns[1..3]);
    let mut old = lab.session();
    old.sequence().unwrap();
    // Out of the sequence: no field of the neighbours' has changed.
    lab.write(|call| _ = call.update(&lab.turns, turns[0], None, &object(json!({"session": "other"}))).unwrap());
    assert_eq!(ids(&lab.space, &request), [0; 0]);
    lab.write(|call| _ = call.update(&lab.turns, turns[0], None, &object(json!({"session": "s"}))).unwrap());
    lab.write(|call| call.delete(&lab.turns, turns[1], None).unwrap());
    assert_eq!(ids(&lab.space, &request), turns[2..4]);
    lab.write(|call| call.erase(&lab.turns, turns[0]).unwrap());
    assert_eq!(ids(&lab.space, &request), [0; 0]);
    let found = hits(&mut old, &request);
    assert!(found.iter().all(|hit| hit.ranks[CONTEXT] > 0 && turns[1..3].contains(&hit.id)) && found.len() == 2);
    lab.space.rebuild().unwrap();
    assert_eq!(ids(&lab.space, &ask(&lab.turns, "bread", "context")), [turns[2]]);
}

/// More notes than are loaded on the spot, one of them about a lighthouse.
fn large() -> common::Lab {
    let lab = lab();
    for part in 0..5 {
        lab.write(|call| {
            for n in 0..4200 {
                let body = if (part, n) == (3, 100) { "harbour lighthouse" } else { "harbour keeper" };
                call.insert(&lab.notes, object(json!({"title": format!("t{n}"), "body": body}))).unwrap();
            }
        });
    }
    lab
}

#[test]
fn large_indexes_are_loaded_ahead_of_the_first_search_and_once() {
    let small = lab();
    small.note(json!({"title": "t", "body": "harbour"}));
    assert_eq!((small.space.warm().unwrap(), small.space.index_bytes()), (0, 0));
    let lab = large();
    assert!(lab.space.warm().unwrap() > 0);
    let began = Instant::now();
    while lab.space.index_bytes() == 0 || lab.space.warm().unwrap() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "loaded in the background");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(ids(&lab.space, &ask(&lab.notes, "lighthouse", "text")).len(), 1);
}

#[test]
fn contexts_are_found_by_the_tables_too() {
    let lab = lab();
    let turns: Vec<u64> = (0..9)
        .map(|n| {
            lab.say(
                "s",
                n,
                ["oats", "rye", "a ferry", "barley", "wheat", "ferry timetable", "spelt", "millet", "teff"][n as usize],
            )
        })
        .collect();
    let request = ask(&lab.turns, "ferry", "context");
    let mut old = lab.session();
    old.sequence().unwrap();
    // The index is loaded for what comes after the old snapshot, which only the tables can serve.
    lab.say("other", 0, "maize");
    load(&lab.space, &request);
    let [tables, index] = [hits(&mut old, &request), hits(&mut lab.session(), &request)].map(|hits| {
        assert!(turns[3..5].contains(&hits[0].id) && turns[3..5].contains(&hits[1].id), "those beside both come first");
        let mut ids: Vec<u64> = hits.iter().map(|hit| hit.id).collect();
        ids.sort_unstable();
        ids
    });
    assert_eq!(tables, index);
    assert_eq!(tables, [0, 1, 3, 4, 6, 7].map(|place: usize| turns[place]));
}

#[test]
fn contexts_of_few_are_found_by_the_tables_among_many_of_others() {
    let lab = lab();
    lab.write(|call| {
        let mut say = |session: String, position: usize, text: &str, namespace: &str| {
            let row = json!({"session": session, "position": position, "text": text, "namespace": namespace});
            call.insert(&lab.turns, object(row)).unwrap();
        };
        for n in 0..400 {
            say(format!("hers {}", n / 2), n % 2, "ferry", "user:alice");
        }
        // They match best, and have nobody beside them.
        for n in 0..100 {
            say(format!("alone {n}"), 0, "ferry ferry ferry", "user:bob");
        }
        say("his".into(), 0, "a ferry that leaves the harbour late", "user:bob");
        say("his".into(), 1, "rye", "user:bob");
    });
    let mut request = ask(&lab.turns, "ferry", "context");
    request.namespace(Namespace::parse("user:bob").unwrap());
    let mut old = lab.session();
    old.sequence().unwrap();
    lab.say("other", 0, "maize");
    load(&lab.space, &request);
    let [tables, index] = [hits(&mut old, &request), hits(&mut lab.session(), &request)]
        .map(|hits| hits.iter().map(|hit| hit.id).collect::<Vec<_>>());
    assert_eq!((tables.len(), &tables), (1, &index));
}

#[test]
fn a_large_collection_is_served_by_the_tables_until_it_is_loaded() {
    let lab = large();
    let request = ask(&lab.notes, "lighthouse", "text");
    let first = ids(&lab.space, &request);
    assert_eq!(first.len(), 1);
    let began = Instant::now();
    while lab.space.index_bytes() == 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "loaded in the background");
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(ids(&lab.space, &request), first);
    }
    assert_eq!(ids(&lab.space, &request), first);
    let more = lab.note(json!({"title": "t", "body": "lighthouses"}));
    assert_eq!(ids(&lab.space, &request), [first[0], more]);
}
