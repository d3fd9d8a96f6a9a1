//! Guests whose answer is too large, is no JSON, is not what the manifest promises; faults that are no faults.

use super::wat::{Body, wat_host};
use super::{harmless, refused, stage};
use serde_json::json;

#[test]
fn an_answer_over_its_limit_is_not_passed_on() {
    let host = stage(|options| options.limits.output_bytes = 1000);
    harmless(&host, "hostile.answer", json!({ "bytes": 900 }));
    let error = refused(&host, "hostile.answer", json!({ "bytes": 5000 }), "limit.output");
    assert!(error.message.contains("1000"), "{error}");
}

#[test]
fn an_answer_that_is_no_json_is_not_passed_on() {
    let host = stage(|_| {});
    for raw in ["", "no json", "{\"open\":", "{} {}", "NaN", "{\"a\":1e999}", "\u{0}"] {
        let error = refused(&host, "hostile.answer", json!({ "raw": raw }), "plugin.answer");
        assert!(error.message.contains("nothing was written"), "{error}");
    }
}

#[test]
fn an_answer_that_is_no_object_is_not_passed_on() {
    let host = stage(|_| {});
    for raw in ["[1]", "7", "\"text\"", "null"] {
        refused(&host, "hostile.answer", json!({ "raw": raw }), "plugin.answer");
    }
}

#[test]
fn an_answer_nested_too_deep_is_not_passed_on() {
    let host = stage(|_| {});
    refused(&host, "hostile.answer", json!({ "depth": 100_000 }), "plugin.answer");
}

#[test]
fn an_answer_that_does_not_fit_its_schema_is_not_passed_on() {
    let host = stage(|_| {});
    refused(&host, "hostile.misfit", json!({}), "plugin.answer");
}

#[test]
fn an_answer_of_broken_utf8_ends_the_call() {
    // ok((ptr 2048, 4 bytes)), and there stands no UTF-8.
    let host = wat_host(
        &Body::call(
            "(i32.store8 (i32.const 2048) (i32.const 255)) (i32.store8 (i32.const 2049) (i32.const 254))
             (i32.store8 (i32.const 3000) (i32.const 0)) (i32.store (i32.const 3008) (i32.const 2048))
             (i32.store (i32.const 3012) (i32.const 4)) (i32.const 3000)",
        ),
        |_| {},
    );
    refused(&host, "raw.go", json!({}), "plugin.trap");
}

#[test]
fn an_answer_outside_memory_ends_the_call() {
    let host = wat_host(
        &Body::call(
            "(i32.store8 (i32.const 3000) (i32.const 0)) (i32.store (i32.const 3008) (i32.const -16))
             (i32.store (i32.const 3012) (i32.const 64)) (i32.const 3000)",
        ),
        |_| {},
    );
    refused(&host, "raw.go", json!({}), "plugin.trap");
}

#[test]
fn a_fault_has_a_sound_code_and_a_short_message() {
    let host = stage(|_| {});
    for code in ["", "Loud Code!", "a\nb", &"x".repeat(61)] {
        let error = refused(&host, "hostile.fault", json!({ "code": code, "bytes": 1_000_000 }), "plugin.fault");
        assert_eq!(error.message.chars().count(), 2000);
        assert_eq!(error.retry_after_ms, Some(3_600_000), "nobody waits for ever");
    }
    refused(&host, "hostile.fault", json!({ "code": "made.up", "bytes": 10 }), "made.up");
}
