//! Guests that reach for the world outside through their language's standard library: there is nothing.

use super::{harmless, refused, serves, stage};
use serde_json::json;
use std::net::TcpListener;
use std::time::{Duration, Instant};

#[test]
fn a_sleep_is_over_at_once_and_no_clock_moves() {
    let host = stage(|_| {});
    let started = Instant::now();
    let answer = harmless(&host, "hostile.sleep", json!({}));
    assert!(started.elapsed() < Duration::from_secs(20), "an hour's sleep took {:?}", started.elapsed());
    assert_eq!(answer, json!({ "passed": 0, "same": true }));
    serves(&host);
}

#[test]
fn there_are_no_files() {
    let host = stage(|_| {});
    assert_eq!(harmless(&host, "hostile.files", json!({}))["got"], 0);
    assert!(!std::path::Path::new("/tmp/planted-by-a-guest").exists());
    serves(&host);
}

#[test]
fn there_is_no_environment_no_input_and_no_output() {
    let host = stage(|_| {});
    let answer = harmless(&host, "hostile.surroundings", json!({}));
    assert_eq!(answer, json!({ "variables": 0, "arguments": 0, "read": 0 }));
    serves(&host);
}

#[test]
fn there_is_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let host = stage(|_| {});
    let port = listener.local_addr().unwrap().port();
    assert_eq!(harmless(&host, "hostile.sockets", json!({ "port": port }))["got"], 0);
    assert!(listener.accept().is_err(), "nobody came");
    serves(&host);
}

#[test]
fn an_exit_ends_the_call_and_not_the_host() {
    let host = stage(|_| {});
    for code in [0, 1] {
        refused(&host, "hostile.exit", json!({ "code": code }), "plugin.trap");
    }
}

#[test]
fn a_panic_is_a_trap_whose_words_stay_in_the_log() {
    let host = stage(|_| {});
    let error = refused(&host, "hostile.panic", json!({}), "plugin.trap");
    assert!(!error.message.contains("secret") && !error.message.contains("wasm"), "{error}");
}

#[test]
fn randomness_comes_from_the_calls_own_seed() {
    let host = stage(|_| {});
    let first = harmless(&host, "hostile.entropy", json!({}));
    assert_ne!(first, harmless(&host, "hostile.entropy", json!({})), "every call has a seed of its own");
}
