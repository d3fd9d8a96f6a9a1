//! Guests that take too long: in themselves, between host calls, inside one, and when nobody waits any more.

use super::{refused, serves, stage, state};
use crate::support::{Host, request};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Sets the flag after a while: the caller has gone.
fn gone_after(wait: Duration) -> Arc<AtomicBool> {
    let flag: Arc<AtomicBool> = Arc::default();
    let set = Arc::clone(&flag);
    std::thread::spawn(move || {
        std::thread::sleep(wait);
        set.store(true, Ordering::Relaxed);
    });
    flag
}

/// Calls with a caller who goes after a while; answers the error's code and how long it took.
fn abandoned(host: &Host, operation: &str, arguments: Value, wait: Duration) -> (String, Duration) {
    let mut call = request(operation, arguments);
    let (before, started) = (state(host), Instant::now());
    call.cancelled = gone_after(wait);
    let error = host.run(call).unwrap_err();
    let took = started.elapsed();
    assert_eq!(state(host), before);
    (error.code, took)
}

#[test]
fn an_endless_loop_ends_with_the_guest_budget() {
    let host = stage(|options| (options.limits.guest_ms, options.limits.wall_ms) = (200, 60_000));
    let started = Instant::now();
    let error = refused(&host, "hostile.loop_forever", json!({}), "budget.time");
    assert!(error.message.contains("200 ms"), "the guest's own time, not the wall's: {error}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_loop_of_short_host_calls_ends_with_the_guest_budget() {
    let host = stage(|options| (options.limits.guest_ms, options.limits.wall_ms) = (200, 60_000));
    let error = refused(&host, "hostile.loop_clock", json!({}), "budget.time");
    assert!(error.message.contains("200 ms"), "{error}");
}

#[test]
fn a_loop_deaf_to_refused_host_calls_ends_with_the_wall_budget() {
    let host = stage(|options| (options.limits.guest_ms, options.limits.wall_ms) = (5_000, 500));
    let started = Instant::now();
    let error = refused(&host, "hostile.loop_queries", json!({}), "budget.time");
    assert!(error.message.contains("ran out of time"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// One host call that would take minutes comes back soon after the wall budget.
fn long_host_call(how: &str, entries: u64) {
    let host = stage(|options| {
        let limits = &mut options.limits;
        (limits.wall_ms, limits.guest_ms, limits.batch) = (1_500, 60_000, 1_000_000);
        (limits.host_call_bytes, limits.held_bytes) = (1 << 30, 1 << 30);
    });
    let started = Instant::now();
    let before = state(&host);
    let error = host.call("hostile.slow", json!({ "how": how, "entries": entries })).unwrap_err();
    assert_eq!(error.code, "budget.time", "{how}: {error}");
    assert!(started.elapsed() < Duration::from_secs(8), "{how} took {:?}", started.elapsed());
    assert_eq!(state(&host), before);
    serves(&host);
}

#[test]
fn near_pairs_minds_the_wall_budget() {
    long_host_call("near_pairs", 20_000);
}

#[test]
fn similarities_mind_the_wall_budget() {
    long_host_call("similarities", 15_000);
}

#[test]
fn divergence_minds_the_wall_budget() {
    long_host_call("divergence", 20_000);
}

#[test]
fn nearest_minds_the_wall_budget() {
    long_host_call("nearest", 200_000);
}

#[test]
fn embedding_minds_the_wall_budget() {
    long_host_call("embed", 80_000);
}

#[test]
fn more_than_is_clustered_at_once_is_refused() {
    let host = stage(|_| {});
    refused(&host, "hostile.slow", json!({ "how": "cluster", "entries": 1001 }), "limit.batch");
    assert_eq!(host.ok("hostile.slow", json!({ "how": "cluster", "entries": 50 }))["length"], 50);
}

#[test]
fn clustering_is_interrupted() {
    let host = stage(|options| (options.limits.wall_ms, options.limits.guest_ms) = (300_000, 300_000));
    let asked = json!({ "how": "cluster", "entries": 600 });
    let started = Instant::now();
    assert_eq!(host.ok("hostile.slow", asked.clone())["length"], 600);
    let whole = started.elapsed();
    let (code, took) = abandoned(&host, "hostile.slow", asked, whole / 5);
    assert_eq!(code, "cancelled");
    assert!(took < whole * 3 / 4, "interrupted after {took:?} of {whole:?}");
    serves(&host);
}

#[test]
fn a_guest_is_not_charged_for_what_the_host_does() {
    // Nearly all of the work is the host's: it takes longer than the guest may.
    let asked = json!({ "how": "cluster", "entries": 400 });
    let roomy = stage(|options| (options.limits.wall_ms, options.limits.guest_ms) = (300_000, 300_000));
    let took = (0..2).map(|_| {
        let started = Instant::now();
        roomy.ok("hostile.slow", asked.clone());
        started.elapsed()
    });
    let most = u64::try_from(took.min().unwrap().as_millis()).unwrap() * 2 / 3;
    let host = stage(|options| (options.limits.wall_ms, options.limits.guest_ms) = (300_000, most));
    assert_eq!(host.ok("hostile.slow", asked)["length"], 400);
}

#[test]
fn a_query_is_interrupted_inside_the_database() {
    let host = stage(|options| options.limits.wall_ms = 300_000);
    for _ in 0..2 {
        host.ok("hostile.seed", json!({ "count": 10_000, "bytes": 200 }));
    }
    let any: Vec<Value> = (0..190).map(|nth| json!(["note", "contains", format!("q{nth}")])).collect();
    let query = json!({ "condition": json!({ "any": any }).to_string() });
    let started = Instant::now();
    assert_eq!(host.ok("hostile.query", query.clone())["count"], 0);
    let whole = started.elapsed();
    let (code, took) = abandoned(&host, "hostile.query", query, whole / 10);
    assert_eq!(code, "cancelled");
    assert!(took < whole / 2, "interrupted after {took:?} of {whole:?}");
    serves(&host);
}

#[test]
fn a_loop_nobody_waits_for_is_cancelled() {
    let host = stage(|options| (options.limits.guest_ms, options.limits.wall_ms) = (30_000, 30_000));
    let wait = Duration::from_millis(200);
    let (code, took) = abandoned(&host, "hostile.loop_forever", json!({}), wait);
    assert_eq!(code, "cancelled");
    assert!(took >= wait && took < Duration::from_secs(20), "{took:?}");
    serves(&host);
}

#[test]
fn a_long_host_call_nobody_waits_for_is_cancelled() {
    let host = stage(|options| {
        let limits = &mut options.limits;
        (limits.wall_ms, limits.guest_ms, limits.batch) = (600_000, 600_000, 1_000_000);
    });
    let arguments = json!({ "how": "near_pairs", "entries": 20_000 });
    let (code, took) = abandoned(&host, "hostile.slow", arguments, Duration::from_millis(1_500));
    assert_eq!(code, "cancelled");
    assert!(took < Duration::from_secs(20), "{took:?}");
    serves(&host);
}

#[test]
fn one_cancelled_before_it_began_writes_nothing() {
    let host = stage(|_| {});
    let mut call = request("hostile.good", json!({}));
    call.cancelled = Arc::new(AtomicBool::new(true));
    let before = state(&host);
    assert_eq!(host.run(call).unwrap_err().code, "cancelled");
    assert_eq!(state(&host), before);
    serves(&host);
}
