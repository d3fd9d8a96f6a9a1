//! The consolidation layer over real runs: what it tells is what happened, counted by hand.

use crate::kit::kit;
use crate::support::{Host, bundled_layers, guest, layer, options, request};
use memstrata_kernel::{CallRequest, Consolidate, Kernel, Kit, Principal, RunReport, test_component};
use memstrata_runtime::Limits;
use memstrata_store::{CommitMeta, Deadline, Namespace, ReadLimits, SessionOptions, UndoTarget};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A host with the bundled layers and strategies, and nothing in the background.
fn host() -> Host {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut layers = bundled_layers();
    let own = layers.get_mut("consolidation").unwrap();
    own.settings.insert(
        "strategies".into(),
        json!({"session": "dual_process", "semantic": "semantic_cluster", "speed": "decay"}),
    );
    // Another strategy that does as it is told, for conflicts.
    let mut strategist = layer(guest("strategist"));
    strategist.grants.interfaces = BTreeSet::from(["store-read".to_owned()]);
    strategist.grants.reads = BTreeSet::from(["episodic.events".to_owned(), "semantic.memories".to_owned()]);
    strategist.grants.writes = strategist.grants.reads.clone();
    strategist.settings.insert("do".into(), "summarise".into());
    layers.insert("strategist".into(), strategist);
    let mut options = options(folder.path(), layers);
    options.background = false;
    Host { kernel: Kernel::start(options).unwrap(), _folder: folder }
}

fn consolidate(host: &Host, strategy: &str, trigger: &str) -> RunReport {
    let asked = Consolidate {
        strategy: Some(strategy.into()),
        trigger: trigger.into(),
        ..Consolidate::new("default", Principal::local())
    };
    host.kernel.consolidate(&asked).unwrap()
}

/// Two sessions, each with a decision and something done.
fn recorded(host: &Host) -> Vec<u64> {
    let mut ids = Vec::new();
    for (session, kind, content) in [
        ("a", "decision", "use sqlite as the store"),
        ("a", "action", "wrote the schema of the store"),
        ("b", "decision", "use rust for the host"),
        ("b", "action", "wrote the host crate"),
    ] {
        let event = json!({"content": content, "event_type": kind, "session_id": session, "outcome": "success"});
        ids.push(host.ok("episodic.record_event", event)["id"].as_u64().unwrap());
    }
    ids
}

/// Who stands for the host's trigger.
const LISTENER: &str = "test.listener";

/// What the last request told the host.
fn heard(host: &Host) -> Value {
    let space = host.kernel.open_space("default").unwrap();
    space.next_due(LISTENER, "consolidation.requested").unwrap().unwrap().payload.unwrap()
}

/// A session that writes for a layer, besides its component.
fn session(layer: &str) -> SessionOptions {
    SessionOptions {
        layer: layer.into(),
        component: "test".into(),
        scope: Namespace::default(),
        now: 1,
        deadline: Deadline::within(std::time::Duration::from_secs(10)),
        limits: ReadLimits::default(),
        binding: String::new(),
        read_only: false,
        as_of: None,
    }
}

/// Writes a row of the host's records, as a shadow run or a promotion would.
fn record(host: &Host, collection: &str, row: Value) -> u64 {
    let space = host.kernel.open_space("default").unwrap();
    let mut session = space.session(session("host"));
    let id = session.insert(&space.collection(collection).unwrap(), row.as_object().cloned().unwrap()).unwrap();
    space.commit(session.finish(), CommitMeta::default(), None).unwrap();
    id
}

fn near(value: &Value, expected: f64) -> bool {
    value["value"].as_f64().is_some_and(|value| (value - expected).abs() < 1e-4)
}

fn code(host: &Host, operation: &str, arguments: Value) -> String {
    host.call(operation, arguments).unwrap_err().code
}

#[test]
fn the_component_passes_its_own_examples_and_is_small() {
    let wasm = memstrata_bundle::bundled("consolidation").unwrap().bytes().unwrap().to_vec();
    assert!(wasm.len() < 1_200_000, "{} bytes", wasm.len());
    let report = test_component(wasm, &Kit { settings: Map::new(), limits: Limits::default(), ..kit("") });
    let failed: Vec<_> = report.checks.iter().filter(|check| !check.ok).collect();
    assert!(report.ok(), "{failed:#?}");
    assert!(report.checks.len() >= 46, "23 operations, each with an example and hostile arguments");
}

#[test]
fn a_request_is_kept_and_told_and_its_run_is_found_by_it() {
    let host = host();
    recorded(&host);
    host.kernel.open_space("default").unwrap().subscribe(LISTENER).unwrap();
    let asked =
        host.ok("consolidation.run_consolidation", json!({"max_age_minutes": 60, "force": true, "namespace": "a:b"}));
    assert_eq!(
        (&asked["status"], &asked["strategy"], &asked["again"]),
        (&json!("requested"), &Value::Null, &json!(true))
    );
    assert_eq!(asked["namespace"], "a:b");
    let id = asked["id"].as_u64().unwrap();

    let event = heard(&host);
    assert_eq!(
        (&event["request"], &event["again"], &event["namespace"]),
        (&asked["request"], &json!(true), &json!("a:b"))
    );
    assert_eq!(event["since"], asked["since"]);
    assert!(event.get("strategy").is_none(), "the active one is not named: {event}");
    let waiting = host.ok("consolidation.get_run", json!({"request": asked["request"]}));
    assert_eq!((&waiting["run"], &waiting["status"]), (&Value::Null, &json!("requested")));
    assert!(waiting["why"].as_str().unwrap().contains("in a second"));
    assert_eq!(waiting["request"]["reason"], "manual");

    let report = consolidate(&host, "dual_process", &format!("event:consolidation.requested#m:{id}"));
    let found = host.ok("consolidation.get_run", json!({"request": id}));
    assert_eq!((&found["run"]["run"], &found["status"]), (&json!(report.run), &json!("done")));
    assert_eq!(found["run"]["request"], asked["request"]);
    let listed = host.ok("consolidation.list_runs", json!({"request": id}));
    assert_eq!((&listed["count"], &listed["runs"][0]["run"]), (&json!(1), &json!(report.run)));
    assert_eq!(code(&host, "consolidation.get_run", json!({"request": 99_999})), "not-found.request");

    let named =
        host.ok("consolidation.run_consolidation", json!({"strategy": "speed", "dry_run": true, "max_age_minutes": 0}));
    assert_eq!((&named["strategy"], &named["since"]), (&json!("decay"), &Value::Null), "the operator's name for it");
}

/// Two units. In each, one of two events is a decision, and one memory of eight words is made of it: `Decision: use sqlite as the
/// store. Outcome: success.` from events of 5 + 6 words, `Decision: use rust for the host. Outcome: success.` of 5 + 4 words.
#[test]
fn the_metrics_of_a_run_are_those_counted_by_hand() {
    let host = host();
    recorded(&host);
    assert_eq!(code(&host, "consolidation.measure_consolidation_quality", json!({})), "not-found.run");
    let report = consolidate(&host, "dual_process", "manual");
    assert_eq!((report.status, report.units, report.applied, report.created), ("done", 2, 2, 2));

    let quality = host.ok("consolidation.measure_consolidation_quality", json!({"consolidation_id": report.run}));
    let metric = |name: &str| &quality["metrics"][name];
    let compression = f64::midpoint(1.0 - 8.0 / 11.0, 1.0 - 8.0 / 9.0);
    assert!(near(metric("compression"), compression), "{quality}");
    assert!(near(metric("recall"), 0.5) && near(metric("consistency"), 0.5), "{quality}");
    // Of eight words six: decision, use, sqlite, store, outcome, success; in the other rust and host for two of them.
    assert!(near(metric("density"), 0.75), "{quality}");
    assert!(near(&quality["overall"], (compression + 0.5 + 0.5 + 0.75) / 4.0), "{quality}");
    let more = host.ok("consolidation.measure_consolidation_quality", json!({"metric_types": ["novelty"]}));
    assert_eq!((&more["run"], &more["metrics"]["novelty"]["value"]), (&json!(report.run), &Value::Null));
    assert!(more["metrics"]["novelty"]["why"].as_str().unwrap().contains("`dual_process` does not measure"));

    let performance = host.ok("consolidation.analyze_consolidation_performance", json!({}));
    assert_eq!((&performance["rows"], &performance["tokens"]), (&json!(4), &json!(0)));
    let took = performance["duration_ms"]["value"].as_f64().unwrap();
    assert!(near(&performance["rows_per_second"], 4_000.0 / took.max(1.0)), "{performance}");

    let validation = host.ok("consolidation.analyze_validation_effectiveness", json!({}));
    assert_eq!((&validation["checked"], &validation["weakest"]), (&json!(2), &json!([])));
    for (name, expected) in [("hallucination_rate", 0.0), ("grounding_score", 1.0), ("validation_efficiency", 1.0)] {
        assert!(near(&validation["metrics"][name], expected), "{name}: {validation}");
    }

    let advanced = host.ok("consolidation.measure_advanced_consolidation_metrics", json!({}));
    assert_eq!(advanced["memories"]["count"], 2);
    assert!(
        near(&advanced["memories"]["search_impact"], 0.0) && near(&advanced["memories"]["mean_confidence"], 0.9),
        "{advanced}"
    );
    let patterns = host.ok("consolidation.list_patterns", json!({}));
    host.ok("semantic.get_memory", json!({"id": patterns["patterns"][0]["id"]}));
    let advanced = host.ok("consolidation.measure_advanced_consolidation_metrics", json!({}));
    assert!(near(&advanced["memories"]["search_impact"], 0.5), "one of two was looked at: {advanced}");
    let nothing = host.ok("consolidation.measure_advanced_consolidation_metrics", json!({"domain": "cooking"}));
    assert_eq!((&nothing["memories"]["count"], &nothing["memories"]["of"]), (&json!(0), &json!(2)));
    assert_eq!(nothing["memories"]["diversity"]["value"], Value::Null);
}

#[test]
fn a_memory_tells_where_it_comes_from_even_after_others_changed_it() {
    let host = host();
    let events = recorded(&host);
    let report = consolidate(&host, "dual_process", "manual");
    let listed = host.ok("consolidation.list_patterns", json!({"type": "decision", "min_confidence": 0.8}));
    assert_eq!(listed["count"], 2, "{listed}");
    assert_eq!(host.ok("consolidation.list_patterns", json!({"type": "tdd-cycle"}))["count"], 0);
    let sqlite = listed["patterns"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["content"].as_str().unwrap().contains("sqlite"))
        .unwrap();
    let id = sqlite["id"].clone();

    let pattern = host.ok("consolidation.get_pattern", json!({"id": id}));
    assert_eq!(
        (&pattern["pattern"]["type"], &pattern["evidence"][0]["id"]),
        (&json!("decision"), &json!(format!("m:{}", events[0])))
    );
    assert_eq!((&pattern["grounding"]["grounding"], &pattern["grounding"]["risk"]), (&json!(1.0), &json!("none")));

    // A caller touches it: the layer that writes is another, the origin is not.
    host.ok("semantic.mark_useful", json!({"ids": [id], "useful": true}));
    let told = host.ok("consolidation.explain_memory", json!({"id": id}));
    assert_eq!((&told["origin"]["run"], &told["origin"]["strategy"]), (&json!(report.run), &json!("dual_process")));
    let unit = &report.details.iter().find(|unit| unit.unit.contains('a')).unwrap();
    assert_eq!((&told["origin"]["unit"], &told["origin"]["patch_hash"]), (&json!(unit.unit), &json!(unit.patch_hash)));
    assert_eq!(told["evidence"][0]["says"], "use sqlite as the store");
    let changes = told["changes"].as_array().unwrap();
    assert_eq!((&changes[0]["what"], &changes[0]["run"]), (&json!("created"), &json!(report.run)));
    assert_eq!((changes.last().unwrap()["run"].clone(), told["holds"].clone()), (Value::Null, json!(true)));
    assert_eq!(host.ok("consolidation.list_patterns", json!({}))["count"], 2, "it is still one that a run made");
    let advanced = host.ok("consolidation.measure_advanced_consolidation_metrics", json!({}));
    assert_eq!(advanced["memories"]["count"], 2);

    let own = host.ok("semantic.remember", json!({"content": "Tea is at four."}));
    let told = host.ok("consolidation.explain_memory", json!({"id": own["id"]}));
    assert_eq!(told["origin"], Value::Null);
    assert!(told["why"].as_str().unwrap().contains("no run"), "{told}");

    assert_eq!(code(&host, "consolidation.explain_memory", json!({"id": 9_999_999})), "not-found");
}

#[test]
fn strategies_are_compared_by_what_they_did() {
    let host = host();
    recorded(&host);
    let first = consolidate(&host, "dual_process", "manual");
    let other = consolidate(&host, "strategist", "manual");
    assert_eq!(other.units, 0, "all is consolidated");
    let asked = json!({"compare_strategies": ["session", "strategist", "temporal", "balanced"]});
    let told = host.ok("consolidation.analyze_strategy_effectiveness", asked);
    let of = |nth: usize| &told["strategies"][nth];
    assert_eq!((&of(0)["strategy"], &of(0)["runs"], &of(0)["created"]), (&json!("dual_process"), &json!(1), &json!(2)));
    assert!(near(&of(0)["metrics"]["recall"], 0.5) && near(&of(0)["success_rate"], 1.0), "{told}");
    assert_eq!((&of(1)["runs"], &of(1)["metrics"]["recall"]["value"]), (&json!(1), &Value::Null));
    assert_eq!(of(2)["metrics"]["recall"]["why"], "no run of it in this time");
    assert_eq!((&told["best"]["strategy"], told["strategies"].as_array().unwrap().len()), (&Value::Null, 3));
    assert!(told["notes"][0].as_str().unwrap().contains("`balanced` means whichever"));

    host.kernel.undo("default", &UndoTarget::Run(first.run.clone()), &Principal::local(), false).unwrap();
    let undone = host.ok("consolidation.list_runs", json!({"status": "undone"}));
    assert_eq!((&undone["count"], &undone["runs"][0]["run"]), (&json!(1), &json!(first.run)));
    let gone = host.ok("consolidation.analyze_validation_effectiveness", json!({"consolidation_id": first.run}));
    assert_eq!((&gone["checked"], &gone["metrics"]["grounding_score"]["value"]), (&json!(0), &Value::Null));
    assert_eq!(host.ok("consolidation.list_patterns", json!({}))["count"], 0);
}

#[test]
fn events_are_studied_and_nothing_is_written() {
    let host = host();
    let events = recorded(&host);
    host.ok("episodic.record_event", json!({"content": "use sqlite as the store", "event_type": "decision", "session_id": "c", "outcome": "success"}));
    let before = host.kernel.open_space("default").unwrap().latest().unwrap();
    let found = host.ok("consolidation.extract_consolidation_patterns", json!({}));
    assert_eq!(
        (&found["count"], &found["patterns"][0]["frequency"], &found["rarer"]),
        (&json!(1), &json!(2), &json!(1)),
        "{found}"
    );
    let sizes = |method: &str| -> Vec<u64> {
        let told = host.ok(
            "consolidation.cluster_consolidation_events",
            json!({"clustering_method": method, "max_cluster_size": 3}),
        );
        told["clusters"].as_array().unwrap().iter().map(|cluster| cluster["size"].as_u64().unwrap()).collect()
    };
    assert_eq!(sizes("session"), [2, 2, 1]);
    assert_eq!(sizes("temporal"), [3, 2], "one window of five, cut after three");
    let semantic = host.ok(
        "consolidation.cluster_consolidation_events",
        json!({"clustering_method": "semantic", "distance_threshold": 0.05}),
    );
    let largest = semantic["clusters"].as_array().unwrap().iter().find(|cluster| cluster["size"] == 2).unwrap();
    assert!(
        largest["events"].as_array().unwrap().contains(&json!(format!("m:{}", events[0]))),
        "the same text twice: {semantic}"
    );
    assert_eq!((&semantic["events"], &semantic["count"]), (&json!(5), &json!(4)));
    let project = host.ok("consolidation.analyze_project_patterns", json!({}));
    assert_eq!(
        (&project["activity"]["types"], &project["derived"]),
        (&json!({"decision": 3, "action": 2}), &json!([]))
    );
    let work = host.ok("consolidation.discover_orchestration_patterns", json!({"pattern_type": "sequence"}));
    assert_eq!(
        (&work["patterns"][0]["steps"], &work["patterns"][0]["sessions"]),
        (&json!(["decision", "action"]), &json!(2))
    );
    assert_eq!(host.kernel.open_space("default").unwrap().latest().unwrap(), before);
    consolidate(&host, "dual_process", "manual");
    let project = host.ok("consolidation.analyze_project_patterns", json!({}));
    assert_eq!(
        (&project["derived"][0]["type"], &project["activity"]["consolidated_share"]),
        (&json!("decision"), &json!(1.0))
    );
}

/// Two memories that deny each other, flagged by the bundled strategy.
fn conflicting(host: &Host) -> (Value, Value) {
    let older =
        host.ok("semantic.remember", json!({"content": "The cache of the parser is on", "confidence": 0.9}))["id"]
            .clone();
    std::thread::sleep(std::time::Duration::from_millis(5));
    let newer =
        host.ok("semantic.remember", json!({"content": "The cache of the parser is off", "confidence": 0.9}))["id"]
            .clone();
    let report = consolidate(host, "deduplicate", "manual");
    assert_eq!((report.conflicts, report.ended), (1, 0), "{report:?}");
    (older, newer)
}

#[test]
fn conflicts_are_listed_and_decided_and_what_loses_ends() {
    let host = host();
    let (older, newer) = conflicting(&host);
    let reference = |id: &Value| json!(format!("m:{id}"));
    let open = host.ok("consolidation.list_conflicts", json!({}));
    assert_eq!((&open["count"], &open["conflicts"][0]["kind"]), (&json!(1), &json!("contradictory")), "{open}");
    assert_eq!(open["conflicts"][0]["memories"].as_array().unwrap().len(), 2);
    let conflict = open["conflicts"][0]["conflict"].clone();
    let refused = |arguments: Value| code(&host, "consolidation.resolve_conflict", arguments);
    assert_eq!(refused(json!({"conflict": older, "strategy": "keep_both"})), "not-found.conflict");
    assert_eq!(refused(json!({"conflict": conflict, "strategy": "merge"})), "invalid.argument");

    let decided = host.ok(
        "consolidation.resolve_conflict",
        json!({"conflict": conflict, "strategy": "timestamp_precedence", "note": "it was switched off"}),
    );
    assert_eq!(
        (&decided["status"], &decided["kept"], &decided["ended"]),
        (&json!("resolved"), &json!([reference(&newer)]), &json!([reference(&older)]))
    );
    let told = host.ok("consolidation.explain_memory", json!({"id": older}));
    assert_eq!((&told["holds"], &told["changes"][1]["what"]), (&json!(false), &json!("ended")));
    assert_eq!(told["conflicts"][0]["conflict"], conflict);
    let kept = host.ok("consolidation.explain_memory", json!({"id": newer}));
    assert_eq!(
        (&kept["holds"], &kept["evidence"][0]["id"]),
        (&json!(true), &reference(&older)),
        "it cites what it stands for"
    );
    let recalled = host.ok("retrieval.recall", json!({"query": "cache of the parser", "detail": "full"})).to_string();
    assert!(recalled.contains("is off") && !recalled.contains("is on"), "{recalled}");
    assert_eq!(host.ok("consolidation.list_conflicts", json!({}))["count"], 0);
    let resolved = host.ok("consolidation.list_conflicts", json!({"status": "resolved"}));
    assert_eq!(resolved["conflicts"][0]["resolution"]["note"], "it was switched off");
    assert_eq!(refused(json!({"conflict": conflict, "strategy": "keep_both"})), "invalid.resolved");
}

#[test]
fn schedules_are_kept_and_ask_when_they_are_due() {
    let host = host();
    recorded(&host);
    let none = host.ok("consolidation.get_schedule", json!({}));
    assert_eq!((&none["frequency"], &none["next_due"]), (&json!("off"), &Value::Null));
    let daily = host.ok("consolidation.schedule_consolidation", json!({}));
    assert_eq!((&daily["frequency"], &daily["time_of_day"]), (&json!("daily"), &json!("02:00")));
    assert_eq!(daily["next_due"].as_u64().unwrap() % 86_400_000, 7_200_000, "two o'clock UTC");
    assert_eq!(host.ok("consolidation.run_due_schedules", json!({}))["requests"], json!([]), "it is not due");
    let hourly = host.ok("consolidation.schedule_consolidation", json!({"frequency": "hourly", "strategy": "speed"}));
    assert_eq!(
        (&hourly["strategy"], &host.ok("consolidation.get_schedule", json!({}))["frequency"]),
        (&json!("decay"), &json!("hourly"))
    );
    assert_eq!(
        code(&host, "consolidation.schedule_consolidation", json!({"time_of_day": "25:00"})),
        "invalid.argument"
    );
    let off = host.ok("consolidation.schedule_consolidation", json!({"frequency": "off"}));
    assert_eq!(off["next_due"], Value::Null);

    host.kernel.open_space("default").unwrap().subscribe(LISTENER).unwrap();
    let asked = host.ok("consolidation.optimize_consolidation_trigger", json!({"trigger_reason": "session ended"}));
    assert_eq!((&asked["waiting"], &asked["asked"], &asked["last_quality"]), (&json!(4), &json!(true), &Value::Null));
    assert_eq!(heard(&host)["request"], asked["request"]["request"]);
    consolidate(&host, "dual_process", "manual");
    let again = host.ok("consolidation.optimize_consolidation_trigger", json!({"analyze_strategies": true}));
    assert_eq!((&again["waiting"], &again["asked"], &again["request"]), (&json!(0), &json!(false), &Value::Null));
    assert!(near(&again["last_quality"]["metrics"]["recall"], 0.5), "{again}");
    assert_eq!(again["strategies"]["strategies"][0]["strategy"], "dual_process");
}

#[test]
fn where_the_layer_may_not_write_the_decision_says_what_is_left_to_do() {
    let host = host();
    let events = recorded(&host);
    let flagged =
        json!({"rows": [events[0], events[2]], "kind": "manual", "severity": "high", "status": "open", "run": "r1"});
    let conflict = record(&host, "host.conflicts", flagged);
    let decided = host.ok(
        "consolidation.resolve_conflict",
        json!({"conflict": conflict, "strategy": "user_input", "keep": [events[2]]}),
    );
    assert_eq!((&decided["status"], &decided["ended"]), (&json!("decided"), &json!([])));
    assert_eq!(decided["to_end"], json!([format!("m:{}", events[0])]));
    assert!(decided["notes"][0].as_str().unwrap().contains("an operation of `episodic`"), "{decided}");
    let told = host.ok("consolidation.explain_memory", json!({"id": events[0]}));
    assert_eq!(told["holds"], true, "nothing ended");
    assert_eq!(
        host.ok("consolidation.list_conflicts", json!({"status": "resolved"}))["conflicts"][0]["resolution"]["status"],
        "decided"
    );
}

#[test]
fn comparisons_and_promotions_are_told_as_they_were_recorded() {
    let host = host();
    let none = host.ok("consolidation.get_strategy_history", json!({}));
    assert_eq!((&none["active"], &none["count"]), (&Value::Null, &json!(0)));
    record(
        &host,
        "host.promotions",
        json!({"strategy": "temporal", "before": "dual_process", "at": 10, "reason": "won", "status": "rolled-back"}),
    );
    record(
        &host,
        "host.promotions",
        json!({"strategy": "decay", "before": "temporal", "at": 20, "reason": "asked", "status": "active"}),
    );
    let told = host.ok("consolidation.get_strategy_history", json!({"limit": 1}));
    assert_eq!((&told["active"], &told["promotions"][0]["reason"]), (&json!("decay"), &json!("asked")));
    let next = host.ok("consolidation.get_strategy_history", json!({"limit": 1, "cursor": told["next_cursor"]}));
    assert_eq!(next["promotions"][0]["strategy"], "temporal");
    let now = u64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let entries = json!([{"strategy": "dual_process", "score": 0.5}, {"strategy": "temporal", "score": 0.75}]);
    record(
        &host,
        "host.comparisons",
        json!({"comparison": "c1", "at": now, "active": "dual_process", "winner": "temporal", "entries": entries}),
    );
    let listed = host.ok("consolidation.list_comparisons", json!({}));
    assert_eq!(
        (&listed["comparisons"][0]["winner"], &listed["comparisons"][0]["entries"]),
        (&json!("temporal"), &entries)
    );
    let told = host.ok("consolidation.analyze_strategy_effectiveness", json!({}));
    let shadow = |nth: usize| &told["strategies"][nth]["shadow"];
    assert_eq!(
        (&told["strategies"][0]["asked"], &told["strategies"][0]["strategy"]),
        (&json!("session"), &json!("dual_process"))
    );
    assert_eq!(
        (&shadow(0)["won"], &shadow(1)["won"], &shadow(1)["score"]["value"]),
        (&json!(0), &json!(1), &json!(0.75))
    );
}

#[test]
fn who_is_limited_to_a_namespace_asks_and_sees_no_further() {
    let host = host();
    recorded(&host);
    let report = consolidate(&host, "dual_process", "manual");
    let limited = Principal { scope: Namespace::parse("user:ada").unwrap(), ..Principal::local() };
    let as_limited = |operation: &str, arguments: Value| {
        host.run(CallRequest { principal: limited.clone(), ..request(operation, arguments) })
    };
    host.kernel.open_space("default").unwrap().subscribe(LISTENER).unwrap();
    let asked = as_limited("consolidation.run_consolidation", json!({})).unwrap().value;
    assert_eq!((&asked["namespace"], &heard(&host)["namespace"]), (&json!("user:ada"), &json!("user:ada")));
    let outside = as_limited("consolidation.run_consolidation", json!({"namespace": "user:bob"}));
    assert_eq!(outside.unwrap_err().code, "denied.namespace");
    let wished = as_limited("consolidation.schedule_consolidation", json!({})).unwrap().value;
    assert_eq!(wished["namespace"], "user:ada");
    let seen = as_limited("consolidation.get_schedule", json!({"namespace": "user:ada"})).unwrap().value;
    assert_eq!(seen["frequency"], "daily");
    let whole = host.ok("consolidation.get_schedule", json!({}));
    assert_eq!((&whole["frequency"], &whole["below"][0]["namespace"]), (&json!("off"), &json!("user:ada")));
    assert_eq!(as_limited("consolidation.list_patterns", json!({})).unwrap().value["count"], 0);
    assert_eq!(as_limited("consolidation.get_run", json!({"run": report.run})).unwrap_err().code, "not-found.run");
}

#[test]
fn a_wish_that_is_due_asks_once() {
    let host = host();
    host.ok(
        "consolidation.schedule_consolidation",
        json!({"frequency": "hourly", "max_age_minutes": 90, "namespace": "p"}),
    );
    let space = host.kernel.open_space("default").unwrap();
    let due = host.ok("consolidation.get_schedule", json!({"namespace": "p"}))["next_due"].as_u64().unwrap();
    let id = (1..3_000)
        .find(|id| {
            space.row_known_at(*id, u64::MAX >> 12).is_ok_and(|(_, row)| row.is_some_and(|row| row["next_due"] == due))
        })
        .unwrap();
    let mut session = space.session(session("consolidation"));
    let past = json!({"next_due": due - 7_200_000}).as_object().cloned().unwrap();
    session.update(&space.collection("consolidation.schedules").unwrap(), id, None, &past).unwrap();
    space.commit(session.finish(), CommitMeta::default(), None).unwrap();

    space.subscribe(LISTENER).unwrap();
    let asked = host.ok("consolidation.run_due_schedules", json!({}));
    assert_eq!(asked["requests"].as_array().unwrap().len(), 1);
    let event = heard(&host);
    assert_eq!((&event["request"], &event["namespace"]), (&asked["requests"][0], &json!("p")));
    assert!(event["since"].as_u64().is_some(), "only the last ninety minutes: {event}");
    assert_eq!(
        host.ok("consolidation.run_due_schedules", json!({}))["requests"],
        json!([]),
        "two hours late is one run"
    );
    let wished = host.ok("consolidation.get_schedule", json!({"namespace": "p"}));
    assert_eq!((&wished["last_request"], &wished["next_due"]), (&asked["requests"][0], &json!(due)));
    assert_eq!(
        host.ok("consolidation.get_run", json!({"request": asked["requests"][0]}))["request"]["reason"],
        "schedule"
    );
}
