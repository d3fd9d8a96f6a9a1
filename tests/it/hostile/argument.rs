//! Callers that are hostile: arguments that do not fit, operations and spaces that are not there, texts too long.

use super::{refused, row, stage, state};
use crate::support::{bundled, request};
use serde_json::json;

#[test]
fn arguments_that_do_not_fit_are_pointed_at() {
    let host = stage(|_| {});
    for (arguments, pointer) in [
        (json!({ "text": 7 }), "/text"),
        (json!({ "text": null }), "/text"),
        (json!({ "text": "x".repeat(20_001) }), "/text"),
        (json!({ "more": 1 }), ""),
    ] {
        let error = refused(&host, "hostile.good", arguments, "invalid.argument");
        let faults = error.details.unwrap()["faults"].clone();
        assert_eq!(faults[0]["pointer"], pointer, "{faults}");
    }
    let error = refused(&host, "hostile.good", json!({ "text": 7, "more": 1 }), "invalid.argument");
    assert_eq!(error.details.unwrap()["faults"].as_array().unwrap().len(), 2, "all faults at once");
}

#[test]
fn a_fault_does_not_give_a_long_value_back() {
    let host = stage(|_| {});
    let error = refused(&host, "hostile.good", json!({ "text": "x".repeat(1_000_000) }), "invalid.argument");
    assert!(error.message.len() < 1000 && error.details.unwrap().to_string().len() < 1000);
}

#[test]
fn an_unknown_operation_lists_near_ones() {
    let host = stage(|_| {});
    let error = refused(&host, "hostile.goood", json!({}), "not-found.operation");
    assert!(error.message.contains("hostile.good"), "{error}");
    assert!(error.details.unwrap()["near"].as_array().unwrap().contains(&json!("hostile.good")));
    for name in ["", ".", "hostile", "hostile.", ".good", "hostile.good.", "nobody.good", &"x".repeat(100_000)] {
        refused(&host, name, json!({}), "not-found.operation");
    }
}

#[test]
fn an_unknown_space_is_not_made() {
    let host = stage(|_| {});
    row(&host);
    let before = state(&host);
    for space in ["nowhere", "", "..", "../default", "a/b", "Default ", "default\0"] {
        let mut call = request("hostile.good", json!({}));
        call.space = space.into();
        assert_eq!(host.run(call).unwrap_err().code, "not-found.space", "{space:?}");
    }
    assert_eq!(state(&host), before);
    let names: Vec<String> = host.kernel.spaces().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["default"]);
}

#[test]
fn a_space_has_a_sound_name() {
    let host = stage(|_| {});
    for name in ["", "..", "a/b", "a b", "a\0b", &"x".repeat(101)] {
        assert_eq!(host.kernel.create_space(name).unwrap_err().code, "invalid.argument", "{name:?}");
    }
}

#[test]
fn the_bundled_layers_refuse_what_is_too_long() {
    let host = bundled();
    let before = state(&host);
    let query = "long ".repeat(2_100);
    let content = "long ".repeat(10_300);
    for (operation, arguments) in
        [("semantic.remember", json!({ "content": content })), ("retrieval.recall", json!({ "query": query }))]
    {
        let error = host.call(operation, arguments).unwrap_err();
        assert!(matches!(error.code.as_str(), "invalid.argument" | "limit.text"), "{operation}: {error}");
    }
    assert_eq!(state(&host), before);
    host.ok("semantic.remember", json!({ "content": "short enough" }));
}
