//! Tests that hold the manifest to the rules of docs/manifest.md.

use super::manifest;
use memstrata_sdk::{Map, Value, contract};
use std::collections::BTreeSet;

fn operations() -> Map<String, Value> {
    manifest()["operations"].as_object().unwrap().clone()
}

#[test]
fn it_keeps_the_contract() {
    let manifest = manifest();
    assert_eq!(contract::faults(&manifest), Vec::<String>::new());
    assert_eq!(contract::system_fields(&manifest), BTreeSet::from(["namespace"]));
    assert_eq!(contract::unshown(&manifest), Vec::<&str>::new());
}

#[test]
fn it_is_the_same_twice_and_names_its_parts() {
    assert_eq!(manifest().to_string(), manifest().to_string());
    let manifest = manifest();
    let known = ["manifest", "name", "version", "summary", "imports", "collections", "operations", "schedules"];
    assert!(manifest.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())));
}

/// Says where a schema, or one in it, has no type or lets in what has none.
fn untyped(schema: &Value, at: &str, found: &mut Vec<String>) {
    if schema["type"].is_null() || schema["additionalProperties"] == true {
        found.push(at.to_owned());
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        untyped(inner, &format!("{at}.{name}"), found);
    }
    let is = |kind: &str| schema["type"] == kind || schema["type"].as_array().is_some_and(|k| k.contains(&kind.into()));
    if is("array") {
        untyped(&schema["items"], &format!("{at}[]"), found);
    }
    if schema["additionalProperties"].is_object() {
        untyped(&schema["additionalProperties"], &format!("{at}.*"), found);
    }
}

#[test]
fn every_argument_has_a_type() {
    let mut found = Vec::new();
    for (name, operation) in operations() {
        untyped(&operation["input"], &name, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn pages_have_limits() {
    for (name, operation) in operations() {
        let input = &operation["input"]["properties"];
        if operation["output"]["properties"].get("next_cursor").is_some() {
            assert!(input["limit"]["maximum"].as_i64().is_some_and(|most| most <= 500), "{name}");
        }
    }
}

#[test]
fn collections_state_their_indexes_and_keys() {
    for (name, collection) in manifest()["collections"].as_object().unwrap() {
        assert!(collection["indexes"].is_array() && collection["unique"].is_object(), "{name}");
        let mut fields = collection["fields"].as_object().unwrap().values();
        assert!(fields.all(|spec| spec.get("digest_of").is_none()), "{name}");
    }
}

#[test]
fn what_a_draft_takes_is_what_record_event_offers() {
    let input = &operations()["record_event"]["input"]["properties"];
    let mut event = Map::new();
    for (name, schema) in input.as_object().unwrap() {
        let value = match (&schema["enum"][0], schema["type"].as_str()) {
            (Value::Null, Some("string")) => "x".into(),
            (Value::Null, Some("integer" | "number")) => 1.into(),
            (Value::Null, Some("boolean")) => true.into(),
            (Value::Null, Some("array")) => Value::Array(vec!["x".into()]),
            (Value::Null, Some("object")) => Value::Object(Map::new()),
            (Value::Null, _) => 1_000.into(),
            (word, _) => word.clone(),
        };
        event.insert(name.clone(), value);
    }
    let row = crate::event::Draft::read(event.into()).unwrap().row(0).unwrap();
    let fields = manifest()["collections"]["events"]["fields"].as_object().unwrap().clone();
    assert!(row.keys().all(|key| fields.contains_key(key) || key == "namespace"), "{:?}", row.keys());
    let stored: Vec<&String> = fields.keys().filter(|field| !row.contains_key(*field)).collect();
    assert_eq!(
        stored,
        ["cwd", "files", "task", "phase", "branch", "consolidated_at"],
        "only the empty context is missing"
    );
}
