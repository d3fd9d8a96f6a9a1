//! Consolidation through a real host: what is proposed is checked, applied, told and taken back; what is unsound changes nothing.

use crate::support::{Host, bundled_layers, guest, layer, options};
use memstrata_kernel::{Consolidate, Kernel, Mode, Principal, RunReport};
use memstrata_store::UndoTarget;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A host with the bundled layers and the test strategy doing as told; two sessions of events.
fn host(what: &str) -> Host {
    host_in(Arc::new(tempfile::tempdir().unwrap()), what)
}

fn host_in(folder: Arc<tempfile::TempDir>, what: &str) -> Host {
    let mut layers = bundled_layers();
    layers.retain(|name, _| !name.contains("dual") && !name.contains("dedup") && !name.contains("decay"));
    let mut strategist = layer(guest("strategist"));
    strategist.grants.interfaces = BTreeSet::from(["store-read".to_owned()]);
    strategist.grants.reads = BTreeSet::from(["episodic.events".to_owned(), "semantic.memories".to_owned()]);
    strategist.grants.writes = strategist.grants.reads.clone();
    strategist.settings.insert("do".into(), what.into());
    layers.insert("strategist".into(), strategist);
    let mut options = options(folder.path(), layers);
    options.background = false;
    options.limits.slow_guest_ms = 500;
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

/// Three events of one session, two of another, and twelve memories of half trust.
fn filled(what: &str) -> Host {
    let host = host(what);
    for (session, content) in
        [("a", "wrote a test"), ("a", "it failed"), ("a", "it passed"), ("b", "read mail"), ("b", "went home")]
    {
        host.ok("episodic.record_event", json!({"content": content, "event_type": "action", "session_id": session}));
    }
    for nth in 0..12 {
        host.ok("semantic.remember", json!({"content": format!("known thing {nth}"), "confidence": 0.5}));
    }
    host
}

fn asked(mode: Mode) -> Consolidate {
    Consolidate {
        space: "default".into(),
        strategy: Some("strategist".into()),
        namespace: String::new(),
        since: None,
        again: false,
        mode,
        trigger: "manual".into(),
        principal: Principal::local(),
        cancelled: Arc::default(),
        progress: None,
    }
}

fn run(host: &Host, mode: Mode) -> RunReport {
    host.kernel.consolidate(&asked(mode)).unwrap()
}

/// All live rows of the layers, without what the host records.
fn rows(host: &Host) -> Vec<Value> {
    let space = host.kernel.open_space("default").unwrap();
    let mut all = Vec::new();
    for id in 1..3000 {
        if let Ok((collection, Some(row))) = space.row_known_at(id, u64::MAX >> 12)
            && collection.layer() != "host"
        {
            let mut row = row;
            // Only what undo cannot bring back: when and by whom it was written last.
            if let Some(row) = row.as_object_mut() {
                for field in ["version", "updated_at", "component"] {
                    row.remove(field);
                }
            }
            all.push(row);
        }
    }
    all
}

#[test]
fn a_run_derives_memories_with_their_evidence_and_undo_takes_it_back() {
    let host = filled("summarise");
    let before = rows(&host);

    let dry = run(&host, Mode::DryRun);
    assert_eq!((dry.status, dry.units, dry.applied, dry.created), ("done", 2, 2, 2));
    assert_eq!(rows(&host), before, "a dry run changes nothing");
    assert!(host.kernel.runs("default", &Principal::local(), None, 10).unwrap().is_empty());

    let real = run(&host, Mode::Apply);
    assert_eq!((real.status, real.applied, real.created, real.changed), ("done", 2, 2, 5));
    let hashes = |report: &RunReport| report.details.iter().map(|unit| unit.patch_hash.clone()).collect::<Vec<_>>();
    assert_ne!(hashes(&real), hashes(&dry), "the mark holds the run's instant");
    assert_eq!(real.measures["rows"], 2.5);

    let found = host.ok("retrieval.recall", json!({"query": "wrote a test failed passed", "detail": "full"}));
    let derived = found["hits"].as_array().unwrap().iter().find(|hit| hit["row"]["memory_type"] == "pattern").unwrap();
    assert_eq!(derived["row"]["sources"].as_array().unwrap().len(), 3, "it names its evidence");
    assert_eq!(derived["row"]["component"], real.digest.as_str());

    let again = run(&host, Mode::Apply);
    assert_eq!((again.units, again.applied), (0, 0), "what is consolidated is not consolidated again");
    let runs = host.kernel.runs("default", &Principal::local(), None, 10).unwrap();
    assert_eq!(runs.len(), 2);
    let told = &host.kernel.runs("default", &Principal::local(), Some(&real.run), 1).unwrap()[0];
    assert_eq!((&told["status"], told["details"].as_array().unwrap().len()), (&json!("done"), 2));

    let undone = host.kernel.undo("default", &UndoTarget::Run(real.run.clone()), &Principal::local(), false).unwrap();
    assert!(undone.seq.is_some());
    assert_eq!(rows(&host), before, "row for row as before");
    let told = &host.kernel.runs("default", &Principal::local(), Some(&real.run), 1).unwrap()[0];
    assert_eq!((&told["status"], &told["details"]), (&json!("undone"), &json!([])));
    let once_more = run(&host, Mode::Apply);
    assert_eq!(once_more.applied, 2, "an undone run may be done again");
}

#[test]
fn what_is_unsound_is_refused_by_name_and_changes_nothing() {
    for (what, code) in [
        ("invent", "patch.unknown"),
        ("no_evidence", "patch.evidence"),
        ("retire_events", "patch.raw"),
        ("update_event", "patch.raw"),
        ("retire_all", "patch.quota"),
        ("mark_content", "patch.mark"),
        ("unknown_field", "patch.row"),
        ("foreign", "patch.denied"),
        ("overclaim", "patch.trust"),
        ("circle", "patch.cycle"),
        ("huge", "limit.host-call"),
        ("loop", "budget.time"),
        ("trap", "plugin.trap"),
        ("many", "limit.patch"),
        ("dance", "invalid.argument"),
    ] {
        let host = filled(what);
        let before = rows(&host);
        let report = run(&host, Mode::Apply);
        assert_eq!((report.status, report.failed, report.applied), ("failed", 2, 0), "{what}");
        let error = report.details[0].error.clone().unwrap_or_default();
        let faults: Vec<&str> = report.details[0].faults.iter().map(|fault| fault.code).collect();
        assert!(error.contains(code) || faults.contains(&code), "{what}: {error} {faults:?}");
        assert_eq!(rows(&host), before, "{what}");
        let told = &host.kernel.runs("default", &Principal::local(), Some(&report.run), 1).unwrap()[0];
        assert_eq!(told["status"], "failed", "{what}");
        assert!(host.ok("retrieval.recall", json!({"query": "known thing"}))["found"].as_u64() > Some(0), "{what}");
    }
}

#[test]
fn an_empty_job_and_an_empty_patch_are_no_failure() {
    let host = host("summarise");
    assert_eq!((run(&host, Mode::Apply).status, run(&host, Mode::Apply).units), ("done", 0));
    let host = filled("nothing");
    let report = run(&host, Mode::Apply);
    assert_eq!((report.status, report.skipped, report.applied), ("done", 2, 0));
}

#[test]
fn the_same_inputs_give_the_same_patch() {
    let host = filled("unseeded");
    // Randomness is the run's seed: within one run each unit has its own, and another run another.
    let (one, two) = (run(&host, Mode::DryRun), run(&host, Mode::DryRun));
    assert_ne!(one.details[0].patch_hash, one.details[1].patch_hash);
    assert_ne!(one.details[0].patch_hash, two.details[0].patch_hash);
    let host = filled("retire_all");
    let (one, two) = (run(&host, Mode::DryRun), run(&host, Mode::DryRun));
    assert_eq!(one.details[0].faults, two.details[0].faults);
}

#[test]
fn what_was_done_is_skipped_unless_asked_again_and_since_narrows() {
    let host = filled("unseeded");
    assert_eq!(run(&host, Mode::Apply).applied, 2);
    let skipped = run(&host, Mode::Apply);
    assert_eq!((skipped.units, skipped.skipped, skipped.applied), (2, 2, 0));
    let again = Consolidate { again: true, ..asked(Mode::Apply) };
    assert_eq!(host.kernel.consolidate(&again).unwrap().applied, 2);
    let later = Consolidate { since: Some(u64::MAX >> 12), ..asked(Mode::DryRun) };
    assert_eq!(host.kernel.consolidate(&later).unwrap().units, 0);
    let flag = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let gone = Arc::clone(&flag);
    let leave: memstrata_kernel::ProgressSink =
        Arc::new(move |_| gone.store(true, std::sync::atomic::Ordering::Relaxed));
    let left = host.kernel.consolidate(&Consolidate { cancelled: flag, progress: Some(leave), ..again }).unwrap();
    assert_eq!((left.status, left.applied), ("cancelled", 0));
    let told = &host.kernel.runs("default", &Principal::local(), Some(&left.run), 1).unwrap()[0];
    assert_eq!(told["status"], "cancelled");
}

#[test]
fn a_replay_gives_the_same_patches_after_all_has_changed() {
    let host = filled("summarise");
    let report = run(&host, Mode::Apply);
    // The events it read change, and others come: a replay still reads as of the run.
    for id in 1..3000 {
        let _ = host.call("episodic.update_event", json!({"id": id, "content": "something else"}));
    }
    host.ok("episodic.record_event", json!({"content": "later", "event_type": "action", "session_id": "a"}));
    for _ in 0..100 {
        let replayed = host.kernel.replay("default", &report.run, &Principal::local()).unwrap();
        assert_eq!(replayed.len(), 2);
        assert!(replayed.iter().all(|unit| unit.same), "{replayed:?}");
    }
    let unknown = host.kernel.replay("default", "r0", &Principal::local()).unwrap_err();
    assert_eq!(unknown.code, "not-found.run");
}

#[test]
fn one_run_at_a_time_in_a_space_over_all_processes() {
    let first = filled("summarise");
    let folder = Arc::clone(&first._folder);
    // A second kernel on the same folder stands for another process.
    let second = host_in(folder, "summarise");
    let reports: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            [&first, &second, &first].map(|host| scope.spawn(|| host.kernel.consolidate(&asked(Mode::Apply)))).into();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let applied: u64 = reports.iter().flatten().map(|report| report.applied).sum();
    assert_eq!(applied, 2, "each unit once");
    for refused in reports.iter().filter_map(|report| report.as_ref().err()) {
        assert_eq!(refused.code, "conflict.running");
    }
}

#[test]
fn who_may_not_write_may_only_try() {
    let host = filled("summarise");
    let reader = Principal { may_write: false, ..Principal::local() };
    let refused =
        host.kernel.consolidate(&Consolidate { principal: reader.clone(), ..asked(Mode::Apply) }).unwrap_err();
    assert_eq!(refused.code, "denied.write");
    assert_eq!(host.kernel.consolidate(&Consolidate { principal: reader, ..asked(Mode::DryRun) }).unwrap().applied, 2);
    let unknown = host.kernel.consolidate(&Consolidate { strategy: Some("none".into()), ..asked(Mode::DryRun) });
    assert_eq!(unknown.unwrap_err().code, "not-found.strategy");
}
