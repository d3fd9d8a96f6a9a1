//! Runs that begin by themselves: due times, rows, pauses and events, each once; and runs that were cut off, retried and measured.

use crate::support::{Host, bundled_layers, guest, layer, options};
use memstrata_kernel::{Consolidate, ConsolidationOptions, Kernel, KernelOptions, Mode, Principal, Trigger, When};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The options of a host with the bundled layers, the test strategy doing as told, and a layer that emits `hostile.seen`.
fn told(folder: &TempDir, what: &str, triggers: &[When]) -> KernelOptions {
    let mut layers = bundled_layers();
    for strategy in ["dual_process", "temporal", "semantic_cluster", "deduplicate", "decay"] {
        layers.remove(strategy);
    }
    let mut strategist = layer(guest("strategist"));
    strategist.grants.interfaces = BTreeSet::from(["store-read".to_owned()]);
    strategist.grants.reads = BTreeSet::from(["episodic.events".to_owned(), "semantic.memories".to_owned()]);
    strategist.grants.writes = strategist.grants.reads.clone();
    strategist.settings.insert("do".into(), what.into());
    layers.insert("strategist".into(), strategist);
    layers.insert("hostile".into(), layer(guest("hostile")));
    let mut options = options(folder.path(), layers);
    options.limits.slow_guest_ms = 500;
    let trigger = |when: &When| Trigger { when: when.clone(), strategy: None, spaces: Vec::new() };
    options.consolidation =
        ConsolidationOptions { triggers: triggers.iter().map(trigger).collect(), ..ConsolidationOptions::default() };
    options
}

fn host(folder: &Arc<TempDir>, what: &str, triggers: &[When]) -> Host {
    Host { kernel: Kernel::start(told(folder, what, triggers)).unwrap(), _folder: Arc::clone(folder) }
}

fn folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

fn events(host: &Host, session: &str, count: usize) {
    let events: Vec<Value> = (0..count)
        .map(|nth| json!({"content": format!("thing {nth} of {session}"), "event_type": "action", "session_id": session}))
        .collect();
    host.ok("episodic.batch_record_events", json!({ "events": events }));
}

fn runs(host: &Host) -> Vec<Value> {
    host.kernel.runs("default", &Principal::local(), None, 100).unwrap()
}

fn until<T>(what: &str, found: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The runs that have ended, once there are so many.
fn ended(host: &Host, wanted: usize) -> Vec<Value> {
    until(&format!("{wanted} runs"), || {
        let runs: Vec<Value> = runs(host).into_iter().filter(|run| run["status"] != "running").collect();
        (runs.len() >= wanted).then_some(runs)
    })
}

fn asked() -> Consolidate {
    Consolidate::new("default", Principal::local())
}

#[test]
fn a_due_time_has_one_run_over_all_hosts() {
    let folder = folder();
    let started = Instant::now();
    let every = [When::Every { ms: 1_000 }];
    let hosts = [host(&folder, "summarise", &every), host(&folder, "summarise", &every)];
    events(&hosts[0], "a", 3);
    let runs = ended(&hosts[1], 3);
    let most = usize::try_from(started.elapsed().as_secs()).unwrap() + 1;
    assert!(runs.len() <= most, "{} runs in {:?}", runs.len(), started.elapsed());
    let causes: BTreeSet<&str> = runs.iter().map(|run| run["trigger"].as_str().unwrap()).collect();
    assert_eq!(causes.len(), runs.len(), "a due time has one run: {causes:?}");
    assert!(causes.iter().all(|cause| cause.starts_with("schedule:every=1s@")), "{causes:?}");
    let applied: u64 = runs.iter().map(|run| run["applied"].as_u64().unwrap()).sum();
    assert_eq!(applied, 1);
}

#[test]
fn rows_that_wait_set_off_a_run_and_those_left_alone_do_not() {
    let folder = folder();
    let host = host(&folder, "nothing", &[When::Rows { rows: 3 }]);
    events(&host, "a", 2);
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(runs(&host).is_empty(), "two are too few");
    events(&host, "b", 1);
    let first = ended(&host, 1);
    assert_eq!(
        (&first[0]["trigger"], &first[0]["units"], &first[0]["applied"]),
        (&json!("rows=3"), &json!(2), &json!(0))
    );
    events(&host, "c", 2);
    std::thread::sleep(Duration::from_millis(2_000));
    assert_eq!(runs(&host).len(), 1, "what a run has left alone does not count again");
    // One that looks at a part of the space only has not seen the rest.
    host.kernel.consolidate(&Consolidate { namespace: "user:nobody".into(), ..asked() }).unwrap();
    events(&host, "d", 1);
    assert_eq!(ended(&host, 3)[0]["trigger"], "rows=3");
}

#[test]
fn a_pause_ends_a_session() {
    let folder = folder();
    let host = host(&folder, "summarise", &[When::Idle { ms: 5_000 }]);
    let mut last = Instant::now();
    for nth in 0..4 {
        events(&host, &format!("s{nth}"), 1);
        last = Instant::now();
        assert!(runs(&host).is_empty(), "the session goes on");
        std::thread::sleep(Duration::from_millis(700));
    }
    let runs = ended(&host, 1);
    assert!(last.elapsed() >= Duration::from_millis(4_900), "{:?}", last.elapsed());
    assert_eq!((&runs[0]["trigger"], &runs[0]["applied"]), (&json!("idle=5s"), &json!(4)));
    // Taken back by somebody, it is not done again behind their back.
    let run = runs[0]["run"].as_str().unwrap().to_owned();
    host.kernel.undo("default", &memstrata_store::UndoTarget::Run(run), &Principal::local(), false).unwrap();
    std::thread::sleep(Duration::from_millis(6_500));
    assert_eq!(self::runs(&host).len(), 1);
}

/// Emits `hostile.seen` with a payload.
fn ask(host: &Host, payload: Value) {
    host.ok("hostile.use_interface", json!({"interface": "events", "payload": payload}));
}

#[test]
fn an_event_asks_for_one_run_and_one_that_cannot_begin_holds_nobody_up() {
    let folder = folder();
    let event = [When::Event { name: "hostile.seen".into() }];
    let first = host(&folder, "summarise", &event);
    events(&first, "a", 3);
    ask(&first, json!({}));
    let second = host(&folder, "summarise", &event);
    let runs = ended(&second, 1);
    assert_eq!((&runs[0]["trigger"], &runs[0]["applied"]), (&json!("event:hostile.seen"), &json!(1)));
    ask(&second, json!({"strategy": "nobody"}));
    ask(&second, json!({"request": "q7", "namespace": "user:a", "again": true}));
    let runs = ended(&first, 2);
    assert_eq!(runs[0]["trigger"], "event:hostile.seen#q7");
    let request = &runs[0]["request"];
    assert_eq!(
        (&request["namespace"], &request["again"], &request["strategy"]),
        (&json!("user:a"), &json!(true), &json!("strategist"))
    );
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(self::runs(&first).len(), 2, "each once");
}

#[test]
fn a_run_says_how_good_what_it_derived_is() {
    let folder = folder();
    let host = host(&folder, "summarise", &[]);
    events(&host, "a", 3);
    events(&host, "b", 1);
    let report = host.kernel.consolidate(&asked()).unwrap();
    let (before, after) = (report.quality_before.unwrap(), report.quality_after.unwrap());
    assert_eq!((before.coverage, before.compression, before.density), (0.0, 0.0, 0.0));
    assert_eq!((after.coverage, after.compression, after.density, after.consistency), (1.0, 0.5, 2.0, 1.0));
    assert_eq!((before.rows["semantic.memories"], after.rows["semantic.memories"]), (0, 2));
    assert_eq!(after.rows["episodic.events"], 4);
    let told = &runs(&host)[0];
    assert_eq!((&told["quality_before"], &told["quality_after"]), (&json!(before), &json!(after)));
    let dry = host.kernel.consolidate(&Consolidate { mode: Mode::DryRun, ..asked() }).unwrap();
    assert_eq!((dry.quality_before, dry.quality_after), (Some(after), None));
}

#[test]
fn an_end_of_the_host_cancels_the_run_and_waits_for_it() {
    let folder = folder();
    let host = host(&folder, "summarise", &[When::Rows { rows: 400 }]);
    for nth in 0..400 {
        events(&host, &format!("s{nth}"), 1);
    }
    until("a run", || runs(&host).first().map(|_| ()));
    host.kernel.stop();
    drop(host);
    let quiet = self::host(&folder, "summarise", &[]);
    let runs = runs(&quiet);
    assert_eq!((runs.len(), &runs[0]["status"]), (1, &json!("cancelled")), "{runs:?}");
    assert!(runs[0]["applied"].as_u64().unwrap() < 400, "it did not run to its end");
}

#[test]
fn a_unit_that_runs_out_of_time_is_tried_once_more() {
    let folder = folder();
    let mut options = told(&folder, "loop", &[]);
    options.background = false;
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: Arc::clone(&folder) };
    events(&host, "a", 1);
    let begun = Instant::now();
    let report = host.kernel.consolidate(&asked()).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(1_000), "two tries of 500 ms each: {:?}", begun.elapsed());
    assert_eq!((report.status, report.failed, report.details.len()), ("failed", 1, 1));
    assert!(report.error.unwrap().contains("budget.time"));
    assert_eq!(report.details[0].status, "failed");
}

#[test]
fn a_run_that_was_cut_off_goes_on_with_the_units_that_have_no_record() {
    let folder = folder();
    let mut options = told(&folder, "summarise", &[]);
    options.background = false;
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: Arc::clone(&folder) };
    for session in ["a", "b", "c", "d"] {
        events(&host, session, 3);
    }
    // The caller's panic takes the run down after two units, as the end of the process would.
    let dies: memstrata_kernel::ProgressSink = Arc::new(|progress| assert!(progress.done < 2, "the end"));
    let dying = Consolidate { progress: Some(dies), ..asked() };
    let kernel = host.kernel.clone();
    assert!(std::thread::spawn(move || kernel.consolidate(&dying)).join().is_err());
    let cut_off = runs(&host);
    assert_eq!((cut_off.len(), &cut_off[0]["status"]), (1, &json!("running")));
    // What comes later is not of that run.
    events(&host, "e", 2);

    let next = host.kernel.consolidate(&asked()).unwrap();
    assert_eq!((next.status, next.units, next.applied), ("done", 1, 1));
    let run = cut_off[0]["run"].as_str().unwrap();
    let told = &host.kernel.runs("default", &Principal::local(), Some(run), 1).unwrap()[0];
    let numbers =
        ["resumed", "units", "applied", "failed", "created", "changed"].map(|name| told[name].as_u64().unwrap());
    assert_eq!((&told["status"], numbers), (&json!("done"), [1, 4, 4, 0, 4, 12]), "{told}");
    assert_eq!((&told["as_of"], &told["measures"]["rows"]), (&cut_off[0]["as_of"], &json!(3.0)));
    assert_eq!(told["details"].as_array().unwrap().len(), 4);
    assert_eq!(told["quality_after"]["rows"]["semantic.memories"], 4);
    let replayed = host.kernel.replay("default", run, &Principal::local()).unwrap();
    assert!(replayed.len() == 4 && replayed.iter().all(|unit| unit.same), "{replayed:?}");
    let undone = memstrata_store::UndoTarget::Run(run.to_owned());
    host.kernel.undo("default", &undone, &Principal::local(), false).unwrap();
    assert_eq!(host.kernel.consolidate(&asked()).unwrap().applied, 4, "all of it was taken back");
}

#[test]
fn a_run_that_cannot_go_on_is_told_as_failed() {
    let folder = folder();
    let mut options = told(&folder, "summarise", &[]);
    options.background = false;
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: Arc::clone(&folder) };
    events(&host, "a", 3);
    let space = host.kernel.open_space("default").unwrap();
    let digest = host.kernel.health().layers["strategist"].digest.clone();
    let stand = |run: &str, digest: &str, resumed: u64| {
        let row = json!({
            "run": run, "strategy": "strategist", "digest": digest, "mode": "apply", "status": "running", "trigger": "manual",
            "principal": "local", "as_of": space.latest().unwrap(), "started_at": 5, "units": 1, "resumed": resumed,
            "request": {"namespace": "", "since": null, "again": false, "strategy": "strategist", "scope": ""},
        });
        let mut session = space.session(memstrata_store::SessionOptions {
            layer: "host".into(),
            component: "host".into(),
            scope: memstrata_store::Namespace::default(),
            now: 5,
            deadline: memstrata_store::Deadline::within(Duration::from_secs(60)),
            limits: memstrata_store::ReadLimits::default(),
            binding: String::new(),
            read_only: false,
            as_of: None,
        });
        session.insert(&space.collection("host.runs").unwrap(), row.as_object().cloned().unwrap()).unwrap();
        space.commit(session.finish(), memstrata_store::CommitMeta::default(), None).unwrap();
    };
    stand("r1", "no such component", 0);
    stand("r2", &digest, 2);
    stand("r3", &digest, 1);
    host.kernel.consolidate(&asked()).unwrap();
    let told = |run: &str| host.kernel.runs("default", &Principal::local(), Some(run), 1).unwrap().remove(0);
    assert_eq!(told("r1")["status"], "failed");
    assert!(told("r1")["error"].as_str().unwrap().contains("component no such component is gone"), "{}", told("r1"));
    assert_eq!(told("r2")["status"], "failed");
    assert!(told("r2")["error"].as_str().unwrap().contains("cut off 3 times"), "{}", told("r2"));
    assert_eq!(
        (&told("r3")["status"], &told("r3")["resumed"], &told("r3")["applied"]),
        (&json!("done"), &json!(2), &json!(1))
    );
}
