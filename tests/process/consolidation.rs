//! Runs of processes that are killed, and of two hosts at once: each goes to its end, each unit is applied once.

use crate::running::{Server, memstrata, ok, run};
use memstrata_store::{Query, Space, SpaceOptions};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A configuration with some triggers.
fn configured(folder: &Path, triggers: &str) {
    std::fs::write(folder.join("memstrata.toml"), format!("[consolidation]\ntriggers = [{triggers}]\n")).unwrap();
}

/// Events of some sessions, ten each.
fn record(server: &Server, sessions: std::ops::Range<usize>) {
    for session in sessions {
        let events: Vec<Value> = (0..10)
            .map(|nth| {
                json!({
                    "content": format!("Session {session} step {nth}: chose the answer because of the question"),
                    "event_type": if nth % 5 == 0 { "decision" } else { "file_change" }, "outcome": "success",
                    "session_id": format!("s{session}"),
                })
            })
            .collect();
        let (status, answer) =
            server.post("/tools/episodic.batch_record_events", &json!({ "events": events })).unwrap();
        assert_eq!(status, 200, "{answer}");
    }
}

/// The space as another process sees it.
fn space(folder: &Path) -> Arc<Space> {
    let model = memstrata_models::StaticEmbedding::builtin().unwrap();
    let options =
        SpaceOptions { model: memstrata_models::Embedder::model(&model).to_string(), ..SpaceOptions::default() };
    Arc::new(Space::open(&folder.join("data/spaces/default.db"), "default", &options).unwrap())
}

/// All rows of a collection.
fn rows(space: &Arc<Space>, collection: &str) -> Vec<Value> {
    let mut session = space.session(crate::two_hosts::session_options());
    let mut query = Query::new(space.collection(collection).unwrap());
    query.limit(1_000);
    let mut all = Vec::new();
    loop {
        let page = session.rows(&query).unwrap();
        all.extend(page.rows.iter().map(|row| serde_json::from_str::<Value>(row).unwrap()));
        let Some(next) = page.next else { return all };
        query.after(&next);
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_whose_hosts_are_killed_ends_with_each_unit_once() {
    const SESSIONS: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    configured(folder, "");
    let server = Server::start(folder, &[]);
    record(&server, 0..SESSIONS);
    assert!(server.terminate().success());
    let seen = space(folder);
    let units = || rows(&seen, "host.units").len();

    let consolidate = || {
        let mut command = memstrata(folder);
        command.args(["consolidate", "dual_process"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut first = consolidate();
    until("the first units", || units() >= 10);
    kill(&mut first);
    let after_first = units();
    assert!(after_first < SESSIONS, "it was quicker than the killer");
    // What the dead one held runs out by itself; until then the next is told to wait.
    until("the run to go on", || {
        let mut next = consolidate();
        loop {
            if units() >= after_first + 20 {
                kill(&mut next);
                return true;
            }
            if let Some(status) = next.try_wait().unwrap() {
                assert!(!status.success(), "it ended without doing anything");
                std::thread::sleep(Duration::from_millis(500));
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let after_second = units();
    assert!(after_second < SESSIONS, "it was quicker than the killer");
    // A host that starts finishes it without being asked.
    let server = Server::start(folder, &[]);
    until("the end of the run", || rows(&seen, "host.runs").iter().any(|run| run["status"] != "running"));
    server.remember("The host serves all the while").unwrap();
    assert!(server.terminate().success());

    let runs = rows(&seen, "host.runs");
    assert_eq!(runs.len(), 1, "{runs:?}");
    let run = &runs[0];
    let numbers = ["resumed", "units", "failed"].map(|name| run[name].as_u64().unwrap());
    assert_eq!((&run["status"], numbers), (&json!("done"), [2, SESSIONS as u64, 0]), "{run}");
    let units = rows(&seen, "host.units");
    let names: HashSet<&str> = units.iter().map(|unit| unit["unit"].as_str().unwrap()).collect();
    assert_eq!((units.len(), names.len()), (SESSIONS, SESSIONS));
    assert!(units.iter().all(|unit| unit["status"] == "applied" && unit["run"] == run["run"]));
    // Every event was marked once, whole units at a time, and every derived row was made once.
    let mut versions: BTreeMap<u64, usize> = BTreeMap::new();
    for event in rows(&seen, "episodic.events") {
        assert_eq!(event["consolidation_status"], "consolidated");
        *versions.entry(event["version"].as_u64().unwrap()).or_default() += 1;
    }
    assert_eq!(versions, BTreeMap::from([(2, SESSIONS * 10)]));
    let memories = rows(&seen, "semantic.memories");
    let derived = memories.iter().filter(|memory| memory["component"] == run["digest"]).count();
    assert_eq!(run["created"], derived);
    assert!(derived > 0);
    drop(seen);
    assert!(ok(folder, &["verify"]).contains("ok"));
    let shown = ok(folder, &["runs", run["run"].as_str().unwrap()]);
    assert!(shown.contains("went on 2 times") && shown.contains("coverage 0.000 -> "), "{shown}");
}

#[test]
fn two_hosts_with_the_same_trigger_run_once_and_both_serve() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    configured(folder, "{ every = \"1s\" }, { rows = 200, strategy = \"temporal\" }");
    let hosts = [Server::start(folder, &[]), Server::start(folder, &[])];
    record(&hosts[0], 0..10);
    let seen = space(folder);
    let ended = |seen: &Arc<Space>| {
        let all = rows(seen, "host.runs");
        assert!(all.iter().filter(|run| run["status"] == "running").count() <= 1, "two at once");
        all.into_iter().filter(|run| run["status"] == "done").collect::<Vec<_>>()
    };
    until("three runs", || {
        hosts.iter().enumerate().for_each(|(nth, host)| _ = host.remember(&format!("host {nth} serves")).unwrap());
        ended(&seen).len() >= 3
    });
    let [first, mut second] = hosts;
    kill(&mut second.child);
    let before = ended(&seen).len();
    until("runs of the host that is left", || ended(&seen).len() >= before + 2);
    first.remember("one is enough").unwrap();
    assert!(first.terminate().success());
    let runs = ended(&seen);
    let causes: HashSet<&str> = runs.iter().map(|run| run["trigger"].as_str().unwrap()).collect();
    assert_eq!(causes.len(), runs.len(), "each due time once: {causes:?}");
    let applied: u64 = runs.iter().map(|run| run["applied"].as_u64().unwrap()).sum();
    assert_eq!(applied, 10, "each session once");
    assert!(run(folder, &["verify"]).status.success());
}

#[test]
fn triggers_are_checked_with_the_rest_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    configured(folder, "{ at = \"25:00\" }, { rows = 5, strategy = \"nobody\" }, {}");
    let said = crate::running::fails(folder, &["config", "check"]);
    for fault in
        ["number 1: at = \"25:00\"", "number 2: there is no [strategies.nobody]", "number 3: it must have exactly one"]
    {
        assert!(said.contains(fault), "{fault} in {said}");
    }
}
