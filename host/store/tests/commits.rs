//! The commit edge: groups, cancellation, many writers in one process and in two, deadlines.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unreachable_pub, dead_code, reason = "a test")]

mod common;

use common::{code, commit, commit_as, embedded, lab, meta, object, options, query, session_options};
use memstrata_store::{CommitMeta, Deadline, Query, SessionOptions, Space, SpaceOptions};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Keeps the file locked for writing, so that write-sets pile up, and lets go.
fn while_locked<T>(lab: &common::Lab, work: impl FnOnce() -> T) -> T {
    let raw = lab.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = work();
    std::thread::sleep(Duration::from_millis(200));
    raw.execute_batch("COMMIT").unwrap();
    answer
}

#[test]
fn write_sets_that_wait_together_share_a_commit_and_a_failing_one_rolls_back_alone() {
    let lab = lab();
    let target = lab.note(json!({"title": "t", "slug": "taken", "body": "old words"}));
    let before = lab.space.group_commits();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads = while_locked(&lab, || {
            (0..12_u32)
                .map(|n| {
                    let (space, notes) = (&lab.space, &lab.notes);
                    scope.spawn(move || {
                        let mut call = space.session(session_options());
                        let row = json!({"title": format!("n{n}"), "body": format!("word{n}"), "stars": n});
                        call.insert(notes, object(row)).unwrap();
                        if n % 4 == 3 {
                            // After a row, its text and its vector were applied.
                            call.insert(notes, object(json!({"title": "bad", "body": "bad", "slug": "taken"})))
                                .unwrap();
                        }
                        commit(call)
                    })
                })
                .collect::<Vec<_>>()
        });
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let failed: Vec<_> = (answers.iter().enumerate()).filter(|(_, answer)| answer.is_err()).map(|(n, _)| n).collect();
    assert_eq!(failed, [3, 7, 11]);
    let mut call = lab.session();
    assert_eq!(call.count(&Query::new(Arc::clone(&lab.notes))).unwrap(), 1 + 9);
    assert_eq!(call.count(&query(&lab.notes, &json!(["stars", "in", [3, 7, 11]]))).unwrap(), 0);
    let commits = lab.space.group_commits() - before;
    assert!((1..9).contains(&commits), "{commits} commits for 9 write-sets");
    let sequences: HashSet<_> = answers.iter().flatten().map(|committed| committed.seq).collect();
    assert_eq!(sequences.len(), 9);
    assert_eq!(lab.get(target).unwrap()["version"], 1);
    assert_eq!(common::faults(&lab.space), [""; 0]);
}

#[test]
fn without_group_commit_each_write_set_has_its_own() {
    let lab = common::Lab::with(&SpaceOptions { group_commit: 1, ..options() });
    std::thread::scope(|scope| {
        while_locked(&lab, || {
            for n in 0..6 {
                let lab = &lab;
                scope.spawn(move || lab.note(json!({"title": n.to_string()})));
            }
        });
    });
    assert_eq!(lab.space.group_commits(), 6);
}

#[test]
fn a_write_set_cancelled_before_it_starts_writes_nothing() {
    let lab = lab();
    let stage = || {
        let mut call = lab.session();
        call.insert(&lab.notes, object(json!({"title": "t"}))).unwrap();
        embedded(call.finish())
    };
    let flag = Arc::new(AtomicBool::new(true));
    assert_eq!(code(lab.space.commit(stage(), meta(), Some(Arc::clone(&flag)))), "cancelled");
    // While it waits in the queue.
    flag.store(false, Ordering::Release);
    let answer = std::thread::scope(|scope| {
        let thread = while_locked(&lab, || {
            let (space, set, flag) = (&lab.space, stage_quietly(&lab), Arc::clone(&flag));
            let thread = scope.spawn(move || space.commit(set, meta(), Some(flag)));
            std::thread::sleep(Duration::from_millis(50));
            thread
        });
        thread.join().unwrap()
    });
    // Whichever came first stands: never half of it.
    let count = lab.session().count(&Query::new(Arc::clone(&lab.notes))).unwrap();
    assert_eq!(count, u64::from(answer.is_ok()));
    assert!(lab.space.commit(stage(), meta(), None).is_ok());
}

fn stage_quietly(lab: &common::Lab) -> memstrata_store::WriteSet {
    let mut call = lab.session();
    call.insert(&lab.notes, object(json!({"title": "t"}))).unwrap();
    embedded(call.finish())
}

#[test]
fn an_empty_write_set_is_no_commit() {
    let lab = lab();
    let before = lab.space.latest().unwrap();
    assert_eq!(commit(lab.session()).unwrap().seq, 0);
    assert_eq!(lab.space.latest().unwrap(), before);
}

#[test]
fn a_commit_moves_the_sequence_by_one_and_its_time_never_goes_back() {
    let lab = lab();
    let mut last = (0, 0);
    for n in 0..20 {
        let committed = lab.write(|call| _ = call.insert(&lab.notes, object(json!({"title": n.to_string()}))).unwrap());
        assert!(committed.seq == last.0 + 1 && committed.at >= last.1);
        last = (committed.seq, committed.at);
    }
    let transactions = lab.space.transactions(None, 5).unwrap();
    assert_eq!(transactions.iter().map(|one| one.seq).collect::<Vec<_>>(), [20, 19, 18, 17, 16]);
    assert_eq!(lab.space.transactions(Some(3), 5).unwrap().len(), 2);
    let one = &transactions[0];
    assert_eq!((one.rows, one.principal.as_str(), one.operation.as_str()), (1, "tester", "test"));
}

#[test]
fn a_session_sees_its_snapshot_whatever_is_committed_meanwhile() {
    let lab = lab();
    let id = lab.note(json!({"title": "old", "stars": 1}));
    let doomed = lab.note(json!({"title": "doomed"}));
    let mut call = lab.session();
    let seq = call.sequence().unwrap();
    let look = |call: &mut memstrata_store::Session| {
        let mut all = Query::new(Arc::clone(&lab.notes));
        all.order_by("id", false).unwrap();
        all.select(&["title".into()]).unwrap();
        let row = common::parse(&call.get(&lab.notes, id).unwrap().unwrap());
        (row["title"].clone(), call.rows(&all).unwrap().rows, call.count(&all).unwrap())
    };
    let first = look(&mut call);
    lab.write(|call| {
        call.update(&lab.notes, id, None, &object(json!({"title": "new"}))).unwrap();
        call.delete(&lab.notes, doomed, None).unwrap();
        call.insert(&lab.notes, object(json!({"title": "later"}))).unwrap();
    });
    assert_eq!(look(&mut call), first);
    // Also after the snapshot was let go: through the history, with what the call has staged.
    call.release();
    assert_eq!(look(&mut call), first);
    assert_eq!(call.sequence().unwrap(), seq);
    call.release();
    call.insert(&lab.notes, object(json!({"title": "staged"}))).unwrap();
    let (_, rows, count) = look(&mut call);
    assert_eq!((rows.len(), count), (3, 3));
    let mut past = Query::new(Arc::clone(&lab.notes));
    past.known_at(common::now() + 1000);
    assert_eq!(call.count(&past).unwrap(), 2);
    assert_eq!(call.history(&lab.notes, id).unwrap().len(), 1);
    assert_ne!(look(&mut lab.session()), first);
}

#[test]
fn two_processes_lose_no_acknowledged_row_and_never_clash() {
    let lab = lab();
    let spaces = [Arc::clone(&lab.space), lab.second()];
    let (threads, rounds) = (6, 15);
    let written: Vec<(u64, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|n| {
                let (space, notes): (&Arc<Space>, _) = (&spaces[n % 2], &lab.notes);
                scope.spawn(move || {
                    let mut own = Vec::new();
                    for round in 0..rounds {
                        let mut call = space.session(session_options());
                        let title = format!("t{n} r{round}");
                        let row = json!({"title": title, "body": format!("both wrote word{n}")});
                        own.push((call.insert(notes, object(row)).unwrap(), title));
                        commit(call).unwrap();
                    }
                    own
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let ids: HashSet<u64> = written.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), threads * rounds);
    for space in &spaces {
        for (id, title) in &written {
            let row = space.session(session_options()).get(&lab.notes, *id).unwrap().unwrap();
            assert_eq!(common::parse(&row)["title"], json!(title));
        }
    }
    assert_eq!(lab.space.latest().unwrap(), (threads * rounds) as u64);
    assert_eq!(common::faults(&lab.space), [""; 0]);
}

#[test]
fn a_number_read_and_written_back_by_two_processes_loses_no_step() {
    let lab = lab();
    let id = lab.note(json!({"title": "t", "stars": 0}));
    let spaces = [Arc::clone(&lab.space), lab.second()];
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (space, notes): (&Arc<Space>, _) = (&spaces[n % 2], &lab.notes);
            scope.spawn(move || {
                for _ in 0..10 {
                    loop {
                        let mut call = space.session(session_options());
                        let row = common::parse(&call.get(notes, id).unwrap().unwrap());
                        let stars = row["stars"].as_i64().unwrap() + 1;
                        call.update(notes, id, None, &object(json!({"stars": stars}))).unwrap();
                        match commit(call) {
                            Ok(_) => break,
                            Err(error) => assert_eq!(error.code(), "conflict"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(lab.get(id).unwrap()["stars"], 40);
}

#[test]
fn a_long_query_ends_with_its_deadline_or_its_caller() {
    let lab = lab();
    lab.write(|call| {
        for n in 0..4000 {
            call.insert(&lab.notes, object(json!({"title": format!("title {n}"), "extra": {"n": n}}))).unwrap();
        }
    });
    // Quadratic in nothing but patience: a condition no index serves, many times over.
    let slow = || {
        let parts: Vec<_> = (0..150).map(|n| json!(["title", "contains", format!("x{n}")])).collect();
        query(&lab.notes, &json!({"any": parts}))
    };
    let mut call = lab
        .space
        .session(SessionOptions { deadline: Deadline::within(Duration::from_millis(30)), ..session_options() });
    let start = Instant::now();
    let error = (0..1000).find_map(|_| call.count(&slow()).err()).unwrap();
    assert_eq!(error.code(), "budget.time");
    assert!(start.elapsed() < Duration::from_secs(3));
    // Nothing more, neither read nor write.
    assert_eq!(code(call.get(&lab.notes, 1)), "budget.time");
    assert_eq!(code(call.insert(&lab.notes, object(json!({"title": "t"})))), "budget.time");
    drop(call);
    // Nor does its deadline stay with the connection it had.
    assert_eq!(lab.space.diff(1, u64::MAX >> 12, 10_000).unwrap().0.len(), 4000);
    let deadline = Deadline::within(Duration::from_secs(60));
    let cancelled = Arc::clone(&deadline.cancelled);
    let mut call = lab.space.session(SessionOptions { deadline, ..session_options() });
    let stop = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        cancelled.store(true, Ordering::Relaxed);
    });
    let error = (0..100_000).find_map(|_| call.count(&slow()).err()).unwrap();
    assert_eq!(error.code(), "cancelled");
    stop.join().unwrap();
    drop(call);
    // The connection it had is as good as new.
    for _ in 0..40 {
        assert_eq!(lab.session().count(&slow()).unwrap(), 0);
    }
}

#[test]
fn a_lease_taken_over_fences_its_old_holder_out() {
    let lab = lab();
    let under = |token| CommitMeta { lease: Some(("job".into(), token)), ..meta() };
    let stage = |title: &str| {
        let mut call = lab.session();
        call.insert(&lab.notes, object(json!({"title": title}))).unwrap();
        call
    };
    commit_as(stage("a"), under(1)).unwrap();
    commit_as(stage("b"), under(2)).unwrap();
    assert_eq!(code(commit_as(stage("late"), under(1))), "unavailable.store");
    commit_as(stage("c"), under(2)).unwrap();
    assert_eq!(lab.session().count(&Query::new(Arc::clone(&lab.notes))).unwrap(), 3);
}

#[test]
fn so_many_write_sets_wait_and_no_more() {
    let lab = lab();
    let many: Vec<_> = (0..1_200).map(|_| stage_quietly(&lab)).collect();
    let answers: Vec<_> = while_locked(&lab, || {
        let threads: Vec<_> = many
            .into_iter()
            .map(|write_set| {
                let space = Arc::clone(&lab.space);
                let work = move || space.commit(write_set, meta(), None).map(drop);
                std::thread::Builder::new().stack_size(128 << 10).spawn(work).unwrap()
            })
            .collect();
        // Those that are refused are answered at once, whoever waits.
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until && !threads.iter().any(|thread| thread.is_finished()) {
            std::thread::sleep(Duration::from_millis(10));
        }
        threads
    })
    .into_iter()
    .map(|thread| thread.join().unwrap())
    .collect();
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(!refused.is_empty() && refused.len() < 200, "{} of 1200 were refused", refused.len());
    assert!(refused.iter().all(|error| error.message().contains("too many writes wait")), "{:?}", refused[0]);
    let stored = lab.session().count(&Query::new(Arc::clone(&lab.notes))).unwrap();
    assert_eq!(stored, 1_200 - refused.len() as u64, "who is told no has written nothing");
}
