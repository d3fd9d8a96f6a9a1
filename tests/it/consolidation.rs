//! Consolidation through a real host: what is proposed is checked, applied, told and taken back; what is unsound changes nothing.

use crate::support::{Host, bundled_layers, guest, layer, options};
use memstrata_kernel::{Consolidate, Kernel, KernelOptions, Mode, Principal, RunReport};
use memstrata_models::{Completion, CompletionAnswer, Llm, ModelError};
use memstrata_store::{CommitMeta, Deadline, Namespace, Query, ReadLimits, SessionOptions, UndoTarget};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A host with the bundled layers and the test strategy doing as told; two sessions of events.
fn host(what: &str) -> Host {
    host_in(Arc::new(tempfile::tempdir().unwrap()), what)
}

fn host_in(folder: Arc<tempfile::TempDir>, what: &str) -> Host {
    host_with(folder, what, |_| {})
}

fn host_with(folder: Arc<tempfile::TempDir>, what: &str, change: impl FnOnce(&mut KernelOptions)) -> Host {
    let mut layers = bundled_layers();
    layers.retain(|name, _| !name.contains("dual") && !name.contains("dedup") && !name.contains("decay"));
    let mut strategist = layer(guest("strategist"));
    strategist.grants.interfaces = BTreeSet::from(["store-read", "hints", "llm"].map(str::to_owned));
    strategist.grants.reads = BTreeSet::from(["episodic.events".to_owned(), "semantic.memories".to_owned()]);
    strategist.grants.writes = strategist.grants.reads.clone();
    strategist.settings.insert("do".into(), what.into());
    layers.insert("strategist".into(), strategist);
    let mut options = options(folder.path(), layers);
    options.background = false;
    options.limits.slow_guest_ms = 500;
    change(&mut options);
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

/// Three events of one session, two of another, and twelve memories of half trust.
fn filled(what: &str) -> Host {
    filled_with(what, |_| {})
}

fn filled_with(what: &str, change: impl FnOnce(&mut KernelOptions)) -> Host {
    let host = host_with(Arc::new(tempfile::tempdir().unwrap()), what, change);
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
    Consolidate { strategy: Some("strategist".into()), mode, ..Consolidate::new("default", Principal::local()) }
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
        ("reason", "limit.reason"),
        ("measures", "limit.patch"),
        ("measure_names", "limit.held"),
        ("no_measure", "invalid.argument"),
        ("uncreated", "invalid.argument"),
        ("heavy", "limit.held"),
        ("touch", "denied.write"),
    ] {
        let host = filled_with(what, |options| options.limits.held_bytes = 16 << 20);
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

/// Changes the content of every event, as no operation would; answers how many there are.
fn change_events(kernel: &Kernel, content: &str) -> usize {
    let space = kernel.open_space("default").unwrap();
    let events = space.collection("episodic.events").unwrap();
    let mut session = space.session(SessionOptions {
        layer: "test".into(),
        component: "test".into(),
        scope: Namespace::default(),
        now: 1,
        deadline: Deadline::within(std::time::Duration::from_secs(60)),
        limits: ReadLimits::default(),
        binding: String::new(),
        read_only: false,
        as_of: None,
    });
    let ids = session.ids(&Query::new(Arc::clone(&events))).unwrap();
    for id in &ids {
        session.update(&events, *id, None, json!({"content": content}).as_object().unwrap()).unwrap();
    }
    space.commit(session.finish(), CommitMeta::default(), None).unwrap();
    ids.len()
}

#[test]
fn a_replay_gives_the_same_patches_after_all_has_changed() {
    let host = filled("summarise");
    let report = run(&host, Mode::Apply);
    // The events it read change, and others come: a replay still reads as of the run.
    assert_eq!(change_events(&host.kernel, "something else"), 5);
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
fn a_run_is_meant_by_its_name_its_beginning_or_as_the_latest() {
    let host = filled("summarise");
    let first = run(&host, Mode::Apply).run;
    let again = Consolidate { again: true, ..asked(Mode::Apply) };
    let second = host.kernel.consolidate(&again).unwrap().run;
    let meant = |text: &str| host.kernel.find_run("default", &Principal::local(), text);
    assert_eq!((meant(&first).unwrap(), meant("latest").unwrap()), (first.clone(), second.clone()));
    let same = first.chars().zip(second.chars()).take_while(|(a, b)| a == b).count();
    assert_eq!(meant(&first[..=same]).unwrap(), first);
    assert_eq!(meant("r").unwrap_err().code, "invalid.argument");
    for none in ["", "x", "r0000"] {
        assert_eq!(meant(none).unwrap_err().code, "not-found.run", "{none}");
    }
    assert_eq!(host.ok("host.runs", json!({"run": "latest"}))["runs"][0]["run"], second);
}

#[test]
fn a_run_gives_way_to_clients_as_far_as_the_operator_says() {
    // Recalls that are answered while a run of two units goes on.
    let answered = |share: f64| {
        let host = filled_with("summarise", |options| options.consolidation.busy_share = share);
        let kernel = host.kernel.clone();
        let running = std::thread::spawn(move || kernel.consolidate(&asked(Mode::Apply)).unwrap());
        let mut recalls = 0;
        while !running.is_finished() {
            host.ok("retrieval.recall", json!({"query": "known thing"}));
            recalls += 1;
        }
        assert_eq!(running.join().unwrap().applied, 2);
        recalls
    };
    let (never, always) = (answered(1.0), answered(0.001));
    assert!(always > 2 * never + 2, "{always} recalls beside a run that gives way, {never} beside one that does not");
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

#[test]
fn one_unit_reads_no_more_than_a_call() {
    let host = filled_with("read_flood", |options| options.limits.rows_read = 100);
    let report = run(&host, Mode::DryRun);
    assert!(report.details[0].error.as_ref().is_some_and(|error| error.contains("limit.rows-read")), "{report:?}");
}

#[test]
fn a_unit_has_the_slow_calls_wall_time() {
    let host = filled_with("loop", |options| {
        (options.limits.slow_guest_ms, options.limits.slow_wall_ms) = (20_000, 700);
    });
    let started = std::time::Instant::now();
    let report = run(&host, Mode::DryRun);
    assert!(report.details[0].error.as_ref().is_some_and(|error| error.contains("ran out of time")), "{report:?}");
    assert!(started.elapsed() < std::time::Duration::from_secs(15), "{:?}", started.elapsed());
}

#[test]
fn a_slow_component_has_more_time_inside_than_an_interactive_one() {
    // The test strategy is not `background`, but a model it needs makes it slow.
    let wasm = crate::hostile::changed(|told| told["background"] = json!(true));
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut options = options(folder.path(), [("hostile".to_owned(), layer(&wasm))].into());
    (options.limits.guest_ms, options.limits.slow_guest_ms) = (200, 1_000);
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    let error = host.call("hostile.loop_forever", json!({})).unwrap_err();
    assert!(error.code == "budget.time" && error.message.contains("1000 ms"), "{error}");
}

#[test]
fn what_ends_in_one_unit_is_taken_from_the_quota_of_the_next() {
    // Six of twelve memories each; ten may end in a run.
    let host = filled("retire_half");
    let report = run(&host, Mode::Apply);
    assert_eq!((report.applied, report.failed, report.ended), (1, 1, 6));
    assert!(report.details[1].faults.iter().any(|fault| fault.code == "patch.quota"), "{:?}", report.details[1]);
}

#[test]
fn what_a_strategy_may_not_read_bears_nothing_out() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let first = filled_in(&folder, "nothing");
    run(&first, Mode::Apply);
    let record = first.kernel.runs("default", &Principal::local(), None, 1).unwrap()[0]["id"].clone();
    drop(first);
    let host = host_with(folder, "overhear", |options| {
        options.layers.get_mut("strategist").unwrap().settings.insert("row".into(), record);
    });
    let again = Consolidate { again: true, ..asked(Mode::DryRun) };
    let report = host.kernel.consolidate(&again).unwrap();
    assert_eq!((report.failed, report.applied), (2, 0));
    assert_eq!(report.details[0].faults[0].code, "patch.unknown");
}

/// A host with the usual rows in a folder that outlives it.
fn filled_in(folder: &Arc<tempfile::TempDir>, what: &str) -> Host {
    let host = host_in(Arc::clone(folder), what);
    for session in ["a", "b"] {
        host.ok("episodic.record_event", json!({"content": "x", "event_type": "action", "session_id": session}));
    }
    host
}

#[test]
fn a_unit_has_no_more_rows_than_its_manifest_says() {
    let host = host("nothing");
    let event = |nth: u64| json!({"content": format!("event {nth}"), "event_type": "action", "session_id": "long"});
    host.ok("episodic.batch_record_events", json!({"events": (0..51).map(event).collect::<Vec<_>>()}));
    let report = run(&host, Mode::DryRun);
    let rows: Vec<usize> = report.details.iter().map(|unit| unit.rows).collect();
    assert_eq!(rows, [50, 1]);
}

#[test]
fn a_run_stays_in_its_principals_space_and_namespace() {
    let host = filled("summarise");
    let elsewhere = Principal { spaces: Some(vec!["other".into()]), ..Principal::local() };
    for mode in [Mode::DryRun, Mode::Apply] {
        let asked = Consolidate { principal: elsewhere.clone(), ..asked(mode) };
        assert_eq!(host.kernel.consolidate(&asked).unwrap_err().code, "denied.space");
    }
    assert_eq!(host.kernel.runs("default", &elsewhere, None, 1).unwrap_err().code, "denied.space");
    let alice = Principal { scope: Namespace::parse("user:alice").unwrap(), ..Principal::local() };
    let report = host.kernel.consolidate(&Consolidate { principal: alice, ..asked(Mode::DryRun) }).unwrap();
    assert_eq!(report.units, 0, "nothing of hers is there");
}

#[test]
fn a_second_run_is_refused_while_one_goes_on() {
    let host = filled("summarise");
    let refused: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let (kernel, codes) = (host.kernel.clone(), Arc::clone(&refused));
    // In the middle of a run, another is asked for.
    let meanwhile: memstrata_kernel::ProgressSink = Arc::new(move |_| {
        let code = kernel.consolidate(&asked(Mode::Apply)).map_or_else(|error| error.code, |_| "ran".into());
        codes.lock().unwrap().push(code);
    });
    let report = host.kernel.consolidate(&Consolidate { progress: Some(meanwhile), ..asked(Mode::Apply) }).unwrap();
    assert_eq!(report.applied, 2);
    assert_eq!(*refused.lock().unwrap(), ["conflict.running", "conflict.running"]);
}

/// A model during whose thought the events change.
struct Meddling(std::sync::Mutex<Option<Kernel>>, std::sync::atomic::AtomicU32);

impl Llm for Meddling {
    fn model(&self) -> &'static str {
        "meddling"
    }

    fn complete(&self, _: &Completion, _: std::time::Duration) -> Result<CompletionAnswer, ModelError> {
        let nth = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let kernel = self.0.lock().unwrap().clone().unwrap();
        assert_eq!(change_events(&kernel, &format!("another story {nth}")), 1);
        Ok(CompletionAnswer { text: format!("thought {nth}"), cut: false, input_tokens: 1, output_tokens: 1 })
    }
}

#[test]
fn a_unit_whose_rows_always_change_is_given_up() {
    let model = Arc::new(Meddling(std::sync::Mutex::default(), Default::default()));
    let host = host_with(Arc::new(tempfile::tempdir().unwrap()), "ask", |options| {
        options.llm = Some(model.clone());
        options.limits.slow_guest_ms = 5_000;
    });
    host.ok("episodic.record_event", json!({"content": "x", "event_type": "action", "session_id": "a"}));
    *model.0.lock().unwrap() = Some(host.kernel.clone());
    let report = run(&host, Mode::Apply);
    model.0.lock().unwrap().take();
    assert_eq!((report.failed, report.applied, report.created), (1, 0, 0), "{report:?}");
    assert!(report.details[0].error.as_ref().is_some_and(|error| error.starts_with("conflict")), "{report:?}");
    assert_eq!(model.1.load(std::sync::atomic::Ordering::Relaxed), 3, "three times in all");
}
