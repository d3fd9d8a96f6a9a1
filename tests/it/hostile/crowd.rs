//! Too many at once, and the same call twice: queues, instances, idempotency keys.

use super::{CACHE, refused, serves, stage, state};
use crate::support::{all_grants, guest, request};
use memstrata_runtime::{CallContext, Limits, Models, Runtime};
use memstrata_store::Deadline;
use serde_json::{Map, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn a_full_queue_says_when_to_come_again() {
    let host = stage(|options| {
        (options.workers, options.queue) = (1, 1);
        (options.limits.guest_ms, options.limits.wall_ms) = (30_000, 30_000);
    });
    let gone: Arc<AtomicBool> = Arc::default();
    let before = state(&host);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let busy: Vec<_> = (0..2)
        .map(|_| {
            let mut call = request("hostile.loop_forever", json!({}));
            call.cancelled = Arc::clone(&gone);
            let kernel = host.kernel.clone();
            let task = runtime.spawn(async move { kernel.call(call).await });
            // The first is taken up by the worker before the second waits in the queue.
            std::thread::sleep(Duration::from_millis(500));
            task
        })
        .collect();
    let error = host.call("hostile.good", json!({})).unwrap_err();
    assert_eq!(error.code, "unavailable.queue");
    assert!(error.retry_after_ms.is_some_and(|wait| wait > 0));
    gone.store(true, Ordering::Relaxed);
    for task in busy {
        assert_eq!(runtime.block_on(task).unwrap().unwrap_err().code, "cancelled");
    }
    assert_eq!(state(&host), before);
    serves(&host);
}

#[test]
fn when_all_instances_are_in_use_a_call_says_when_to_come_again() {
    let limits = Limits { guest_ms: 600_000, ..Limits::default() };
    let runtime = Arc::new(Runtime::new(limits, 1, Some(&CACHE)).unwrap());
    let plugin = runtime.load("test", guest("hostile"), &all_grants(), &Map::new()).unwrap();
    let gone: Arc<AtomicBool> = Arc::default();
    let call = || {
        let deadline = Deadline { cancelled: Arc::clone(&gone), ..Deadline::within(Duration::from_secs(600)) };
        let models = Models::default();
        let context = CallContext { session: None, models, deadline, now: 0, seed: 0, progress: None };
        plugin.call("loop_forever", "{}", context).err().unwrap()
    };
    std::thread::scope(|scope| {
        let many: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
        std::thread::sleep(Duration::from_secs(2));
        gone.store(true, Ordering::Relaxed);
        let failures: Vec<_> = many.into_iter().map(|one| one.join().unwrap()).collect();
        let full: Vec<_> = failures.iter().filter(|failure| failure.code == "unavailable.slot").collect();
        assert!(!full.is_empty() && full.len() < 8, "{failures:?}");
        assert!(full.iter().all(|failure| failure.retry_after_ms.is_some()));
        assert!(failures.iter().all(|failure| matches!(failure.code.as_str(), "unavailable.slot" | "cancelled")));
    });
    gone.store(false, Ordering::Relaxed);
    let deadline = Deadline::within(Duration::from_secs(60));
    let context = CallContext { session: None, models: Models::default(), deadline, now: 0, seed: 0, progress: None };
    assert!(plugin.call("settings", "{}", context).is_ok(), "slots come back");
}

#[test]
fn a_guest_that_always_meets_a_conflict_is_not_run_for_ever() {
    let host = stage(|_| {});
    refused(&host, "hostile.fault", json!({ "code": "conflict", "bytes": 10 }), "conflict");
    let runs: Arc<std::sync::atomic::AtomicU32> = Arc::default();
    let mut call = request("hostile.fault", json!({ "code": "conflict", "bytes": 10 }));
    let counts = Arc::clone(&runs);
    call.progress = Some(Arc::new(move |_| _ = counts.fetch_add(1, Ordering::Relaxed)));
    assert_eq!(host.run(call).unwrap_err().code, "conflict");
    assert_eq!(runs.load(Ordering::Relaxed), 4, "once, and three times again");
}

#[test]
fn a_repeated_key_writes_once() {
    let host = stage(|_| {});
    let arguments = json!({ "text": "once", "idempotency_key": "a" });
    let first = host.call("hostile.good", arguments.clone()).unwrap();
    let before = state(&host);
    let again = host.call("hostile.good", arguments).unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!((again.value, again.seq), (first.value, first.seq));
    assert_eq!(state(&host), before);
}

#[test]
fn a_key_used_for_another_call_is_refused() {
    let host = stage(|_| {});
    host.ok("hostile.good", json!({ "text": "one", "idempotency_key": "a" }));
    let other = json!({ "text": "two", "idempotency_key": "a" });
    refused(&host, "hostile.good", other, "conflict.idempotency");
    let other = json!({ "count": 1, "idempotency_key": "a" });
    refused(&host, "hostile.seed", other, "conflict.idempotency");
    // Another principal's keys are its own.
    let mut call = request("hostile.good", json!({ "text": "two", "idempotency_key": "a" }));
    call.principal.name = "another".into();
    assert!(!host.run(call).unwrap().repeated);
}

#[test]
fn a_key_is_a_short_text() {
    let host = stage(|_| {});
    for key in [json!(""), json!(7), json!({}), json!(["a"]), json!("k".repeat(201))] {
        refused(&host, "hostile.good", json!({ "idempotency_key": key }), "invalid.argument");
    }
    // A read is not repeated from memory: the key is put aside.
    let ask = || host.call("hostile.query", json!({ "idempotency_key": "of a read" })).unwrap();
    let before = state(&host);
    assert!(!ask().repeated && !ask().repeated);
    assert_eq!(state(&host), before);
}
