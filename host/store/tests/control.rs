//! What the processes on one data directory share.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use memstrata_store::{Control, GENERATIONS_KEPT};
use std::time::Duration;

fn two() -> (tempfile::TempDir, Control, Control) {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Control::open(folder.path()).unwrap(), Control::open(folder.path()).unwrap());
    (folder, one, other)
}

#[test]
fn spaces_are_added_once_and_seen_by_all() {
    let (_folder, one, other) = two();
    let before = other.changes().unwrap();
    assert!(one.add_space("b").unwrap() && one.add_space("a-1_X").unwrap());
    assert!(!other.add_space("b").unwrap());
    assert_ne!(other.changes().unwrap(), before);
    assert_eq!(other.spaces().unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a-1_X", "b"]);
    for bad in ["", "a b", "a/b", "..", "ä", "a.db", &"x".repeat(101)] {
        assert_eq!(one.add_space(bad).unwrap_err().code(), "invalid.argument", "{bad}");
    }
    one.ensure_schedule("b", "lab", "daily", 0).unwrap();
    assert!(one.remove_space("b").unwrap() && !other.remove_space("b").unwrap());
    assert!(!other.has_space("b").unwrap() && other.due().unwrap().is_empty());
}

#[test]
fn the_last_generations_are_kept_with_their_bytes() {
    let (_folder, one, other) = two();
    for n in 1..=6_u8 {
        let published = one.publish("lab", &format!("d{n}"), "path", &[n]).unwrap();
        assert_eq!(published.generation, u64::from(n));
    }
    // Of another layer with the same component, and a rollback to a kept one.
    other.publish("twin", "d2", "path", &[2]).unwrap();
    let back = other.publish("lab", "d4", "rollback", &[4]).unwrap();
    let kept = one.generations(Some("lab")).unwrap();
    assert_eq!(kept.len(), GENERATIONS_KEPT);
    assert_eq!(kept[0], back);
    assert_eq!(kept.iter().map(|one| one.digest.as_str()).collect::<Vec<_>>(), ["d4", "d6", "d5", "d4"]);
    assert_eq!(one.component("d4").unwrap(), [4]);
    assert_eq!(one.component("d2").unwrap(), [2]);
    for gone in ["d1", "d3"] {
        assert_eq!(one.component(gone).unwrap_err().code(), "not-found");
    }
    assert_eq!(one.generations(None).unwrap().len(), GENERATIONS_KEPT + 1);
}

#[test]
fn a_schedule_fires_once_for_all_processes() {
    let (_folder, one, other) = two();
    one.ensure_schedule("s", "lab", "later", 60_000).unwrap();
    one.ensure_schedule("s", "lab", "now", 0).unwrap();
    // A second host keeps the due time that is there.
    other.ensure_schedule("s", "lab", "now", 60_000).unwrap();
    let (due, same) = (one.due().unwrap(), other.due().unwrap());
    assert_eq!((due.len(), due[0].name.as_str(), &due), (1, "now", &same));
    let next = due[0].due_at + 60_000;
    let won: Vec<bool> = std::thread::scope(|scope| {
        let threads =
            [&one, &other, &one, &other].map(|control| scope.spawn(|| control.advance(&due[0], next).unwrap()));
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    assert!(one.due().unwrap().is_empty());
}

#[test]
fn a_lease_has_one_holder_and_its_token_grows_with_each() {
    let (_folder, one, other) = two();
    let first = one.acquire("job", "p1", 60_000).unwrap().unwrap();
    assert_eq!(other.acquire("job", "p2", 60_000).unwrap(), None);
    assert_eq!(one.acquire("job", "p1", 60_000).unwrap().unwrap().token, first.token);
    assert!(other.acquire("other-job", "p2", 1).unwrap().is_some());
    one.release(&first).unwrap();
    let second = other.acquire("job", "p2", 20).unwrap().unwrap();
    assert!(second.token > first.token);
    // Nobody gives back what is not his.
    one.release(&first).unwrap();
    assert_eq!(one.acquire("job", "p1", 60_000).unwrap(), None);
    // It runs out, even for its own holder.
    std::thread::sleep(Duration::from_millis(40));
    let third = other.acquire("job", "p2", 60_000).unwrap().unwrap();
    assert!(third.token > second.token);
    // A process that leaves leaves its leases.
    other.leave("p2").unwrap();
    assert!(one.acquire("job", "p1", 60_000).unwrap().unwrap().token > third.token);
}

#[test]
fn processes_are_listed_while_they_live() {
    let (folder, one, other) = two();
    one.heartbeat("p1", "{\"lab\":1}").unwrap();
    other.heartbeat("p2", "{}").unwrap();
    one.heartbeat("p1", "{\"lab\":2}").unwrap();
    let pid = std::process::id();
    let listed = other.processes().unwrap();
    assert_eq!(listed, [("p1".into(), pid, "{\"lab\":2}".into()), ("p2".into(), pid, "{}".into())]);
    other.leave("p2").unwrap();
    assert_eq!(one.processes().unwrap().len(), 1);
    let raw = rusqlite::Connection::open(folder.path().join("control.db")).unwrap();
    raw.execute("UPDATE processes SET seen_at = seen_at - 10000", []).unwrap();
    assert!(one.processes().unwrap().is_empty());
}

#[test]
fn a_data_directory_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Control::open(&folder.path().join("missing")).err().unwrap();
    assert!(error.code() == "unavailable.store" && error.message().contains("missing"), "{}", error.message());
}

#[test]
fn a_lease_that_ran_out_is_told_from_one_given_back() {
    let (_folder, one, other) = two();
    let kept = one.acquire("run:a", "one", 60_000).unwrap().unwrap();
    let gone = one.acquire("run:b", "one", 1).unwrap().unwrap();
    one.acquire("other:c", "one", 1).unwrap().unwrap();
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(other.abandoned("run:").unwrap(), ["run:b"]);
    one.release(&gone).unwrap();
    one.release(&kept).unwrap();
    assert!(other.abandoned("run:").unwrap().is_empty());
}
