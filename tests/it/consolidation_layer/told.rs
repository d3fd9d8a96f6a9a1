//! What the layer tells of runs, strategies, memories and events.

use super::{code, consolidate, host, near, record, recorded};
use memstrata_kernel::Principal;
use memstrata_store::UndoTarget;
use serde_json::{Value, json};

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
