//! Several hosts on one data directory: every write is kept, ids never clash, each finds what the other wrote.

use crate::running::{Server, ok, run};
use memstrata_store::{Deadline, Namespace, ReadLimits, SessionOptions};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// A session that may read everything.
pub fn session_options() -> SessionOptions {
    SessionOptions {
        layer: "test".into(),
        component: "test".into(),
        scope: Namespace::default(),
        now: 0,
        deadline: Deadline::within(Duration::from_secs(60)),
        limits: ReadLimits::default(),
        binding: "test".into(),
        read_only: true,
        as_of: None,
    }
}

#[test]
fn two_hosts_share_one_space() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = [Server::start(folder.path(), &[]), Server::start(folder.path(), &[])].map(Arc::new);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let host = Arc::clone(&hosts[writer % 2]);
            std::thread::spawn(move || -> Vec<u64> {
                (0..30).map(|nth| host.remember(&format!("writer {writer} saw planet number {nth}")).unwrap()).collect()
            })
        })
        .collect();
    let ids: Vec<u64> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 120, "an id was issued twice");
    for host in &hosts {
        // What the other host wrote is found by words and by meaning.
        for writer in 0..4 {
            let text = format!("writer {writer} saw planet number 7");
            assert!(host.recall(&text).contains(&text), "{text}");
        }
    }
    let secret = "The spare key lies under the blue flower pot";
    let id = hosts[0].remember(secret).unwrap();
    assert_eq!(hosts[1].recall("where is the key hidden").first().map(String::as_str), Some(secret));
    let (status, answer) = hosts[1].post("/tools/forget", &json!({ "ids": [id] })).unwrap();
    assert_eq!(status, 200, "{answer}");
    assert!(!hosts[0].recall("where is the key hidden").iter().any(|text| text == secret));
    let verified = ok(folder.path(), &["--json", "verify"]);
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified[0]["faults"], json!([]));
}

#[test]
fn the_same_update_from_two_hosts_has_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = [Server::start(folder.path(), &[]), Server::start(folder.path(), &[])].map(Arc::new);
    let id = hosts[0].remember("The counter stands at zero").unwrap();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let host = Arc::clone(&hosts[writer % 2]);
            std::thread::spawn(move || {
                for nth in 0..10 {
                    let body = json!({ "id": id, "tags": [format!("w{writer}n{nth}")] });
                    let (status, answer) = host.post("/tools/semantic.update_memory", &body).unwrap();
                    // A conflict that outlives its retries is told, never swallowed.
                    assert!(status == 200 || answer["error"] == "conflict", "{answer}");
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let history = ok(folder.path(), &["--json", "history", &id.to_string()]);
    let history: Value = serde_json::from_str(&history).unwrap();
    let versions: Vec<u64> =
        history["versions"].as_array().unwrap().iter().map(|one| one["row"]["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>(), "versions follow each other without a gap");
    assert!(run(folder.path(), &["verify"]).status.success());
}
