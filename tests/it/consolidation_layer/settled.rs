//! Conflicts: listed, decided, and what loses ends, where the layer may write it.

use super::{code, consolidate, host, record, recorded};
use crate::support::Host;
use serde_json::{Value, json};

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
