//! Strategies in shadow, pinned recalls, promotion and its way back, through a real host.

use crate::support::{Host, bundled_layers, guest, layer, options, request};
use memstrata_kernel::{
    CallError, Compare, Comparison, Consolidate, ConsolidationOptions, Kernel, Pin, Principal, PromotionRule,
    RunReport, Trial,
};
use memstrata_store::Namespace;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A host whose strategies are one component under several names, each doing another thing; `active` is the active one.
fn host(active: &str, candidates: &[&str], wins: u32) -> Host {
    let mut layers = bundled_layers();
    layers.retain(|name, _| ["episodic", "semantic", "retrieval"].contains(&name.as_str()));
    for (name, what) in [
        ("plain", "summarise"),
        ("twin", "summarise"),
        ("idle", "nothing"),
        ("burying", "bury"),
        ("sleeper", "bury_on_cue"),
        ("broken", "invent"),
    ] {
        let mut strategist = layer(guest("strategist"));
        strategist.grants.interfaces = BTreeSet::from(["store-read".to_owned()]);
        strategist.grants.reads = BTreeSet::from(["episodic.events".to_owned(), "semantic.memories".to_owned()]);
        strategist.grants.writes = strategist.grants.reads.clone();
        strategist.settings.insert("do".into(), what.into());
        layers.insert(name.into(), strategist);
    }
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut options = options(folder.path(), layers);
    options.background = false;
    options.consolidation = ConsolidationOptions {
        active: Some(active.into()),
        candidates: candidates.iter().map(|name| (*name).to_owned()).collect(),
        promotion: PromotionRule { wins, margin: 0.05 },
        recall: Some("retrieval.recall".into()),
        ..ConsolidationOptions::default()
    };
    let host = Host { kernel: Kernel::start(options).unwrap(), _folder: folder };
    host.ok("semantic.remember", json!({"content": "Ada drinks green tea in the afternoon"}));
    for nth in 0..12 {
        host.ok("semantic.remember", json!({"content": format!("known thing {nth}"), "confidence": 0.5}));
    }
    events(&host, "a", &["wrote a test", "it failed", "it passed"]);
    events(&host, "b", &["read mail", "went home"]);
    host
}

fn events(host: &Host, session: &str, said: &[&str]) {
    for content in said {
        host.ok("episodic.record_event", json!({"content": content, "event_type": "action", "session_id": session}));
    }
}

fn asked(candidates: &[&str]) -> Compare {
    Compare {
        candidates: candidates.iter().map(|name| (*name).to_owned()).collect(),
        ..Compare::new("default", Principal::local())
    }
}

fn compare(host: &Host, candidates: &[&str]) -> Comparison {
    host.kernel.compare(&asked(candidates)).unwrap()
}

fn run(host: &Host, strategy: Option<&str>) -> RunReport {
    let request =
        Consolidate { strategy: strategy.map(str::to_owned), ..Consolidate::new("default", Principal::local()) };
    host.kernel.consolidate(&request).unwrap()
}

fn trial<'a>(comparison: &'a Comparison, name: &str) -> &'a Trial {
    comparison.trials.iter().find(|trial| trial.strategy == name).unwrap()
}

fn active(host: &Host) -> String {
    host.kernel.active_strategy("default", &Principal::local()).unwrap()
}

/// "What does Ada drink" must find the memory that says so.
fn pin_tea(host: &Host) -> Pin {
    let found = host.ok("retrieval.recall", json!({"query": "what does Ada drink", "detail": "ids"}));
    let pin = Pin {
        question: "what does Ada drink".into(),
        finds: found["hits"][0]["id"].as_u64(),
        within: Some(3),
        ..Pin::default()
    };
    assert!(host.kernel.pin("default", &Principal::local(), &pin).unwrap().holds);
    pin
}

fn tea_is_found(host: &Host) -> bool {
    host.ok("retrieval.recall", json!({"query": "what does Ada drink"}))["hits"].to_string().contains("green tea")
}

/// Everything but what the host records of comparisons.
fn journal(host: &Host) -> u64 {
    host.kernel.open_space("default").unwrap().latest().unwrap()
}

#[test]
fn candidates_run_on_one_snapshot_and_change_nothing() {
    let host = host("plain", &[], 0);
    pin_tea(&host);
    let before = (journal(&host), host.ok("retrieval.recall", json!({"query": "wrote a test"})));

    let comparison = compare(&host, &["twin", "idle", "burying", "broken"]);
    let names: Vec<&str> = comparison.trials.iter().map(|trial| trial.strategy.as_str()).collect();
    assert_eq!(names, ["plain", "twin", "idle", "burying", "broken"], "the active one first");
    assert_eq!((comparison.as_of, comparison.pins), (before.0, 1));
    assert_eq!(journal(&host), before.0 + 1, "only the comparison's record was written");
    assert_eq!(host.ok("retrieval.recall", json!({"query": "wrote a test"})), before.1);
    assert!(host.kernel.runs("default", &Principal::local(), None, 10).unwrap().is_empty(), "no run of the space");

    let (plain, twin) = (trial(&comparison, "plain"), trial(&comparison, "twin"));
    assert_eq!((plain.units, plain.created, plain.coverage, plain.pins_held), (2, 2, 1.0, 1));
    assert!((plain.compression - 0.6).abs() < 1e-9, "two rows rest on five: {}", plain.compression);
    assert_eq!(plain.patch_hash, twin.patch_hash, "the same component sees the same snapshot, clock and seed");
    assert_eq!(plain.score, twin.score);
    let (idle, burying, broken) =
        (trial(&comparison, "idle"), trial(&comparison, "burying"), trial(&comparison, "broken"));
    assert_eq!((idle.score, idle.created), (0.0, 0));
    assert_eq!((burying.score, burying.ended, burying.pins_held, burying.pins_broken.len()), (0.0, 2, 0, 1));
    assert!(burying.pins_broken[0].contains("what does Ada drink"));
    assert_eq!((broken.status, broken.failed, broken.score), ("failed", 2, 0.0));
    assert_eq!(comparison.winner.as_deref(), Some("plain"), "of equals the active one");

    let recorded = host.kernel.comparisons("default", &Principal::local(), 5).unwrap();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0]["entries"].as_array().unwrap().len(), 5);
    let forks = host._folder.path().join("forks");
    assert_eq!(std::fs::read_dir(forks).unwrap().count(), 0, "copies are gone");
}

#[test]
fn a_candidate_that_breaks_a_pinned_recall_is_refused_and_a_sound_one_promoted_while_serving() {
    let host = host("plain", &[], 0);
    pin_tea(&host);
    for (name, why) in [("burying", "breaks a pinned recall"), ("broken", "2 of its 2 units failed")] {
        let refused = host.kernel.promote(&asked(&[]), name).unwrap_err();
        assert_eq!(refused.code, "refused.promotion");
        assert!(refused.message.contains(why), "{}", refused.message);
        assert_eq!(refused.details.unwrap()["trials"].as_array().unwrap().len(), 2);
        assert_eq!(active(&host), "plain");
    }

    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| {
            let mut calls = 0;
            while !over.load(Ordering::Relaxed) || calls == 0 {
                assert!(tea_is_found(&host));
                calls += 1;
            }
        });
        let promoted = host.kernel.promote(&asked(&[]), "twin").unwrap();
        assert_eq!((promoted.strategy.as_str(), promoted.before.as_str()), ("twin", "plain"));
        over.store(true, Ordering::Relaxed);
        serving.join().unwrap();
    });
    assert_eq!(active(&host), "twin");
    assert_eq!(run(&host, None).strategy, "twin", "it runs where none is named");
    assert_eq!(host.kernel.promote(&asked(&[]), "twin").unwrap_err().code, "conflict.active");

    let back = host.kernel.demote("default", &Principal::local(), "on second thoughts").unwrap();
    assert_eq!((back.strategy.as_str(), active(&host).as_str()), ("plain", "plain"));
    assert_eq!(host.kernel.demote("default", &Principal::local(), "again").unwrap_err().code, "not-found.promotion");
    let told = host.kernel.promotions("default", &Principal::local(), 10).unwrap();
    let told: Vec<_> = told.iter().map(|row| (row["strategy"].clone(), row["status"].clone())).collect();
    assert_eq!(told, [(json!("plain"), json!("active")), (json!("twin"), json!("rolled-back"))]);
}

#[test]
fn a_run_that_breaks_a_pinned_recall_is_taken_back_and_so_is_the_promotion() {
    let host = host("plain", &[], 0);
    pin_tea(&host);
    host.kernel.promote(&asked(&[]), "sleeper").unwrap();
    assert_eq!(run(&host, None).status, "done", "as long as nothing gives it its cue");

    events(&host, "c", &["here is the cue", "and more"]);
    let report = run(&host, None);
    assert_eq!((report.strategy.as_str(), report.status, report.pins_broken.len()), ("sleeper", "undone", 1));
    let error = report.error.unwrap();
    assert!(error.contains("taken back") && error.contains("`plain` is active again"), "{error}");
    assert!(tea_is_found(&host), "the memory is back");
    assert_eq!(active(&host), "plain");
    let told = &host.kernel.runs("default", &Principal::local(), Some(&report.run), 1).unwrap()[0];
    assert_eq!((&told["status"], told["error"].as_str().unwrap().contains("pinned recall")), (&json!("undone"), true));
    assert_eq!(run(&host, None).applied, 1, "the active one does the work");
}

#[test]
fn by_rule_a_candidate_must_win_often_enough() {
    let host = host("idle", &["plain"], 2);
    pin_tea(&host);
    assert!(host.kernel.shadow_before(&asked(&[])).unwrap().is_none(), "one comparison is not two");
    assert_eq!(active(&host), "idle");
    let promoted = host.kernel.shadow_before(&asked(&[])).unwrap().unwrap();
    assert_eq!((promoted.strategy.as_str(), active(&host).as_str()), ("plain", "plain"));
    assert!(host.kernel.shadow_before(&asked(&[])).unwrap().is_none(), "it does not win against itself");

    let by_command = self::host("idle", &["plain"], 0);
    for _ in 0..3 {
        assert!(by_command.kernel.shadow_before(&asked(&[])).unwrap().is_none(), "no rule, no promotion");
    }
}

#[test]
fn what_would_another_have_done_in_place_of_a_run() {
    let host = host("plain", &[], 0);
    let done = run(&host, None);
    assert_eq!(done.applied, 2);
    assert_eq!(trial(&compare(&host, &["idle"]), "plain").units, 0, "everything is consolidated");
    let refused = host.kernel.promote(&asked(&[]), "twin").unwrap_err();
    assert!(refused.message.contains("nothing to try it on"), "{}", refused.message);
    let before = journal(&host);
    let instead = Compare { instead_of: Some(done.run), ..asked(&["twin"]) };
    let comparison = host.kernel.compare(&instead).unwrap();
    assert_eq!(trial(&comparison, "twin").created, 2);
    assert_eq!(journal(&host), before + 1, "the run itself stands");
    let unknown = Compare { instead_of: Some("r0".into()), ..asked(&["twin"]) };
    assert_eq!(host.kernel.compare(&unknown).unwrap_err().code, "not-found");
}

#[test]
fn pins_hold_when_they_are_made_and_follow_what_stands_for_a_memory() {
    let host = host("plain", &[], 0);
    let local = Principal::local();
    let fails = |pin: Pin| host.kernel.pin("default", &local, &pin).unwrap_err().code;
    let question = || "what does Ada drink".to_owned();
    assert_eq!(fails(Pin { question: question(), ..Pin::default() }), "invalid.argument");
    assert_eq!(fails(Pin { question: question(), finds: Some(999_999), ..Pin::default() }), "invalid.pin");
    assert_eq!(fails(Pin { question: question(), says: Some("coffee".into()), ..Pin::default() }), "invalid.pin");
    assert_eq!(fails(Pin { says: Some("tea".into()), ..Pin::default() }), "invalid.argument");
    let by_text = Pin { question: question(), says: Some("GREEN TEA".into()), ..Pin::default() };
    assert!(host.kernel.pin("default", &local, &by_text).unwrap().holds);
    let pin = pin_tea(&host);

    let id = pin.finds.unwrap();
    host.ok("semantic.update_memory", json!({"id": id, "content": "Ada drinks black tea in the afternoon"}));
    let pinned = host.kernel.check_pins("default", &local).unwrap();
    assert_eq!(pinned.iter().map(|pin| pin.holds).collect::<Vec<_>>(), [false, true], "another text, the same memory");
    let first = pinned[0].pin.trim_start_matches("m:").parse().unwrap();
    host.kernel.unpin("default", &local, first).unwrap();
    assert_eq!(host.kernel.unpin("default", &local, first).unwrap_err().code, "not-found.pin");
    assert_eq!(host.kernel.check_pins("default", &local).unwrap().len(), 1);
}

#[test]
fn the_hosts_own_operations_are_found_checked_and_kept_from_those_who_see_a_part() {
    let host = host("plain", &[], 0);
    let names: Vec<String> = host
        .kernel
        .catalog()
        .find("try consolidation strategies shadow compare", 3)
        .iter()
        .map(|(one, _)| one.name.clone())
        .collect();
    assert!(names.contains(&"host.shadow".to_owned()), "{names:?}");

    let dry = host.ok("host.consolidate", json!({"dry_run": true}));
    assert_eq!(
        (&dry["mode"], &dry["created"], &dry["details"][0]["status"]),
        (&json!("dry-run"), &json!(2), &json!("proposed"))
    );
    let mut as_dry = request("host.consolidate", json!({}));
    as_dry.dry_run = true;
    assert_eq!(host.run(as_dry).unwrap().value["mode"], "dry-run");
    let run = host.ok("host.consolidate", json!({"strategy": "twin"}));
    assert_eq!((&run["status"], &run["applied"]), (&json!("done"), &json!(2)));
    let name = run["run"].clone();
    assert_eq!(host.ok("host.runs", json!({"run": name}))["runs"][0]["details"].as_array().unwrap().len(), 2);
    assert_eq!(host.ok("host.replay_run", json!({"run": name}))["same"], 2);
    assert_eq!(host.ok("host.shadow", json!({"candidates": ["idle"], "instead_of": name}))["trials"][0]["created"], 2);
    assert_eq!(host.ok("host.undo_run", json!({"run": name, "dry_run": true}))["seq"], Value::Null);
    assert!(host.ok("host.undo_run", json!({"run": name}))["seq"].is_u64());
    assert_eq!(host.ok("host.promote", json!({"strategy": "twin"}))["before"], "plain");
    assert_eq!(host.ok("host.strategies", json!({}))["active"], "twin");
    assert_eq!(host.ok("host.promote", json!({"back": true}))["strategy"], "plain");
    let pin = host.ok("host.pin", json!({"question": "what does Ada drink", "says": "tea"}))["pin"].clone();
    assert_eq!(host.ok("host.pins", json!({}))["pins"][0]["holds"], true);
    assert_eq!(host.ok("host.unpin", json!({"pin": pin}))["unpinned"], pin);

    let code = |result: Result<_, CallError>| result.map(|_: memstrata_kernel::CallAnswer| ()).unwrap_err().code;
    assert_eq!(code(host.call("host.shadow", json!({"candidates": ["nobody"]}))), "not-found.strategy");
    assert_eq!(code(host.call("host.promote", json!({}))), "invalid.argument");
    assert_eq!(code(host.call("host.consolidate", json!({"color": "red"}))), "invalid.argument");
    assert_eq!(code(host.call("host.nothing", json!({}))), "not-found.operation");
    let as_somebody = |principal: Principal, operation: &str| {
        let mut request = request(operation, json!({}));
        request.principal = principal;
        code(host.run(request))
    };
    let part = Principal { scope: Namespace::parse("user:ada").unwrap(), ..Principal::local() };
    assert_eq!(as_somebody(part, "host.runs"), "denied.namespace");
    let reader = Principal { may_write: false, ..Principal::local() };
    assert_eq!(as_somebody(reader.clone(), "host.consolidate"), "denied.write");
    assert_eq!(as_somebody(reader, "host.shadow"), "denied.write");
}

#[test]
fn what_could_not_be_proposed_before_is_tried_again() {
    let host = host("idle", &[], 0);
    assert_eq!((run(&host, None).units, run(&host, None).units), (2, 2));
    let details = run(&host, None).details;
    assert!(details.iter().all(|unit| unit.status == "empty"), "an empty patch is not done for ever: {details:?}");
}

#[test]
fn asking_pins_is_no_use_of_what_they_find() {
    let host = host("plain", &[], 0);
    let id = pin_tea(&host).finds.unwrap();
    let uses = || {
        let space = host.kernel.open_space("default").unwrap();
        space.flush_usage().unwrap();
        let options = memstrata_store::SessionOptions {
            layer: "test".into(),
            component: "test".into(),
            scope: Namespace::default(),
            now: 0,
            deadline: memstrata_store::Deadline::within(std::time::Duration::from_secs(5)),
            limits: memstrata_runtime::Limits::default().store(),
            binding: String::new(),
            read_only: true,
            as_of: None,
        };
        space.session(options).usage(&[id]).unwrap()[0].0
    };
    let before = uses();
    for _ in 0..3 {
        assert!(host.kernel.check_pins("default", &Principal::local()).unwrap()[0].holds);
    }
    assert_eq!(uses(), before);
    assert!(tea_is_found(&host));
    assert!(uses() > before, "a client's recall is one");
}

#[test]
fn the_same_key_is_the_same_call_of_the_host() {
    let host = host("plain", &[], 0);
    let first = host.call("host.consolidate", json!({"idempotency_key": "k1"})).unwrap();
    let again = host.call("host.consolidate", json!({"idempotency_key": "k1"})).unwrap();
    assert_eq!((first.repeated, again.repeated, &first.value), (false, true, &again.value));
    assert_eq!(host.kernel.runs("default", &Principal::local(), None, 10).unwrap().len(), 1);
    let other = host.call("host.consolidate", json!({"idempotency_key": "k1", "again": true})).unwrap_err();
    assert_eq!(other.code, "conflict.idempotency");
}

#[test]
fn an_active_strategy_that_is_gone_can_be_replaced() {
    let host = host("nobody", &[], 0);
    let comparison = compare(&host, &["plain"]);
    let (gone, plain) = (trial(&comparison, "nobody"), trial(&comparison, "plain"));
    assert_eq!((gone.status, gone.score), ("failed", 0.0));
    assert!(gone.error.as_ref().unwrap().contains("there is no strategy `nobody`"));
    assert_eq!((plain.created, comparison.winner.as_deref()), (2, Some("plain")));
    assert_eq!(host.kernel.promote(&asked(&[]), "plain").unwrap().before, "nobody");
    assert_eq!(active(&host), "plain");
}

#[test]
fn no_run_is_undone_while_it_goes_on() {
    let host = host("plain", &[], 0);
    let done = run(&host, None);
    events(&host, "c", &["more"]);
    let codes: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let (kernel, told, name) = (host.kernel.clone(), Arc::clone(&codes), done.run.clone());
    let undo = move |kernel: &Kernel, dry| {
        let target = memstrata_store::UndoTarget::Run(name.clone());
        kernel.undo("default", &target, &Principal::local(), dry).map_or_else(|error| error.code, |_| "undone".into())
    };
    let meanwhile: memstrata_kernel::ProgressSink = Arc::new(move |_| {
        told.lock().unwrap().extend([undo(&kernel, true), undo(&kernel, false)]);
    });
    let request = Consolidate { progress: Some(meanwhile), ..Consolidate::new("default", Principal::local()) };
    assert_eq!(host.kernel.consolidate(&request).unwrap().applied, 1);
    assert_eq!(*codes.lock().unwrap(), ["undone", "conflict.running"], "a look is allowed");
    let told = &host.kernel.runs("default", &Principal::local(), Some(&done.run), 1).unwrap()[0];
    assert_eq!(told["status"], "done");
}

#[test]
fn pins_and_strategies_at_once_are_limited() {
    let host = host("plain", &[], 0);
    let local = Principal::local();
    let pin = Pin { question: "what does Ada drink".into(), says: Some("tea".into()), ..Pin::default() };
    for _ in 0..200 {
        host.kernel.pin("default", &local, &pin).unwrap();
    }
    assert_eq!(host.kernel.pin("default", &local, &pin).unwrap_err().code, "limit.pins");
    let names: Vec<String> = (0..16).map(|nth| format!("s{nth}")).collect();
    let many = Compare { candidates: names, ..Compare::new("default", Principal::local()) };
    assert_eq!(host.kernel.compare(&many).unwrap_err().code, "invalid.argument");
    let confined = Principal { scope: Namespace::parse("user:ada").unwrap(), ..Principal::local() };
    let elsewhere = Pin { namespace: "user:ben".into(), ..pin };
    assert_eq!(host.kernel.pin("default", &confined, &elsewhere).unwrap_err().code, "denied.namespace");
}

#[test]
fn a_start_clears_copies_left_behind_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let forks = folder.path().join("forks");
    std::fs::create_dir(&forks).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    for name in ["old.db", "new.db"] {
        let file = std::fs::File::create(forks.join(name)).unwrap();
        if name == "old.db" {
            file.set_modified(old).unwrap();
        }
    }
    Kernel::start(options(folder.path(), std::collections::BTreeMap::new())).unwrap().stop();
    assert!(!forks.join("old.db").exists() && forks.join("new.db").exists());
}

#[test]
fn a_run_that_was_cut_off_is_watched_too() {
    let host = host("plain", &[], 0);
    pin_tea(&host);
    host.kernel.promote(&asked(&[]), "sleeper").unwrap();
    events(&host, "c", &["here is the cue", "and more"]);
    // It dies before its last unit, which is the one that breaks the pin.
    let dies: memstrata_kernel::ProgressSink = Arc::new(|progress| assert!(progress.done < 2, "it dies here"));
    let dying = Consolidate { progress: Some(dies), ..Consolidate::new("default", Principal::local()) };
    let kernel = host.kernel.clone();
    assert!(std::thread::spawn(move || kernel.consolidate(&dying)).join().is_err());

    let next = run(&host, None);
    assert_eq!(
        (next.strategy.as_str(), next.applied),
        ("plain", 3),
        "the one before is active again and does the work"
    );
    let told = host.kernel.runs("default", &Principal::local(), None, 10).unwrap();
    let cut_off = told.iter().find(|run| run["strategy"] == "sleeper").unwrap();
    assert_eq!((&cut_off["status"], &cut_off["resumed"]), (&json!("undone"), &json!(1)));
    assert!(cut_off["error"].as_str().unwrap().contains("pinned recall"));
    assert!(tea_is_found(&host));
}
