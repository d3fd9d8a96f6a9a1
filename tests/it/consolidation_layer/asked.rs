//! What is asked of the layer: now, when due, within a namespace.

use super::{LISTENER, code, consolidate, heard, host, near, recorded, session};
use crate::support::request;
use memstrata_kernel::{CallRequest, Principal};
use memstrata_store::{CommitMeta, Namespace};
use serde_json::{Value, json};

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
