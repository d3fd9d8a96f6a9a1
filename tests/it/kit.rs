//! The test kit on strategies: a sound one passes, and each way to be unsound is told in words its author can act on.

use crate::support::{bundled_layers, guest};
use memstrata_kernel::{Check, Kit, RecordedJob, Report, test_component};
use memstrata_models::StaticEmbedding;
use memstrata_runtime::Limits;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The kit with the bundled layers; the test strategy does `what`.
pub fn kit(what: &str) -> Kit {
    Kit {
        settings: json!({ "do": what }).as_object().cloned().unwrap(),
        embedder: Arc::new(StaticEmbedding::builtin().unwrap()),
        cache: Some(concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled").into()),
        layers: bundled_layers(),
        jobs: Vec::new(),
        rows: 120,
        limits: Limits { guest_ms: 500, ..Limits::default() },
    }
}

fn tested(what: &str) -> Report {
    test_component(guest("strategist"), &kit(what))
}

/// The check of that name; all of them are told when there is none.
fn check<'a>(report: &'a Report, name: &str) -> &'a Check {
    let names: Vec<&str> = report.checks.iter().map(|check| check.name.as_str()).collect();
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no check `{name}` in {names:?}"))
}

/// The check does not hold, and says these words.
fn refused(report: &Report, name: &str, words: &[&str]) {
    let check = check(report, name);
    assert!(!check.ok, "{name}: {}", check.message);
    for word in words {
        assert!(check.message.contains(word), "`{word}` in {name}: {}", check.message);
    }
}

#[test]
fn a_sound_strategy_passes_every_job() {
    let mut kit = kit("summarise");
    let line = r#"{"id": 9, "content": "as it was", "event_type": "action", "timestamp": 1764000000000, "session_id": "s", "version": 3}"#;
    kit.jobs.push(RecordedJob { name: "mine.jsonl".into(), lines: format!("{line}\n\n{line}\n") });
    let report = test_component(guest("strategist"), &kit);
    assert!(report.ok(), "{:#?}", report.checks);
    assert_eq!((report.kind, report.layer.as_str()), ("strategy", "strategist"));
    for job in ["one row", "a few rows", "odd texts", "missing fields", "extreme numbers", "equal rows", "many rows"] {
        check(&report, &format!("job {job}, same twice"));
        assert!(check(&report, &format!("job {job}, apply and undo")).message.contains("all undone"), "{job}");
    }
    assert!(check(&report, "job no rows, proposals").message.contains("0 units"));
    assert!(check(&report, "job many rows, proposals").message.contains("120 rows in 10 units"));
    assert!(check(&report, "job mine.jsonl, proposals").message.contains("2 rows in 1 units"));
    assert!(check(&report, "job mine.jsonl, apply and undo").message.contains("1 rows new, 2 changed"));
    check(&report, "job a few rows, other ids");
}

#[test]
fn what_comes_of_the_calls_seed_is_the_same_twice() {
    for what in ["unseeded", "hashed"] {
        let report = tested(what);
        assert!(check(&report, "job a few rows, same twice").ok, "{what}: {:#?}", report.checks);
        assert!(check(&report, "job a few rows, other ids").ok, "{what}: {:#?}", report.checks);
    }
}

#[test]
fn a_strategy_that_hangs_on_its_speed_or_on_ids_is_told_so() {
    let report = tested("hurried");
    refused(&report, "job a few rows, same twice", &["gave two patches", "step 0 is", "how fast it runs"]);
    assert!(check(&report, "job a few rows, proposals").ok);
    let report = tested("by_id");
    assert!(check(&report, "job a few rows, same twice").ok);
    refused(&report, "job a few rows, other ids", &["gave another patch", "row 0", "never by their ids"]);
}

#[test]
fn what_the_host_refuses_is_told_with_its_fault() {
    let report = tested("invent");
    refused(&report, "job a few rows, proposals", &["patch.unknown", "m:4294967295", "step 0"]);
    let names = report.checks.iter().filter(|check| check.name.contains("apply")).count();
    assert_eq!(names, 0, "what is refused is not applied");
    refused(&tested("trap"), "job one row, proposals", &["plugin.trap", "it said: ", "half-way", "must not panic"]);
    refused(&tested("dance"), "job one row, proposals", &["invalid.argument", "propose nothing"]);
    let report = tested("loop");
    refused(&report, "job one row, proposals", &["budget.time", "ran for 500 ms", "does a loop not end"]);
    assert_eq!(report.checks.last().map(|check| check.name.as_str()), Some("job one row, proposals"), "and no more");
}

#[test]
fn a_collection_of_no_layer_and_bad_lines_are_told() {
    let report = test_component(guest("strategist"), &Kit { layers: BTreeMap::new(), ..kit("summarise") });
    refused(&report, "collections", &["`episodic.events` belongs to no layer", "--config"]);
    let line = |text: &str| RecordedJob { name: text.chars().take(10).collect(), lines: text.into() };
    let good = r#"{"content": "x", "event_type": "action", "timestamp": 1}"#;
    let jobs = vec![
        line("{\"content"),
        line(&format!("[1]\n{good}")),
        line(r#"{"color": "red"}"#),
        line(r#"{"event_type": "x"}"#),
    ];
    let report = test_component(guest("strategist"), &Kit { jobs, rows: 10, ..kit("nothing") });
    refused(&report, "job {\"content", &["line 1: it is no JSON"]);
    refused(&report, "job [1]\n{\"cont", &["line 1: a row is a JSON object"]);
    refused(&report, "job {\"color\": ", &["line 1: `episodic.events` has no field `color`"]);
    refused(&report, "job {\"event_ty, rows", &["row 1 does not fit", "event_type"]);
}

#[test]
fn a_layer_is_still_tested_as_a_layer() {
    let report = test_component(guest("empty"), &Kit { settings: serde_json::Map::new(), ..kit("") });
    assert_eq!(report.kind, "layer");
    refused(&report, "operation echo", &["declares no example"]);
    assert!(check(&report, "operation echo, hostile arguments").ok);
}
