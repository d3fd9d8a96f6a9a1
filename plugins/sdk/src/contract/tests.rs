//! Each rule bites: one change to a sound manifest, one fault.

use super::*;
use crate::json;

/// A manifest with everything the rules speak of.
fn sound() -> Value {
    let input = json!({"type": "object", "additionalProperties": false, "required": ["what"], "properties": {
        "what": {"type": "string", "minLength": 1, "maxLength": 5},
        "limit": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "kind": {"type": ["string", "null"], "enum": ["tea", null]},
        "many": {"type": "array", "maxItems": 2, "items": {"type": "object", "additionalProperties": false,
            "required": ["n"], "properties": {"n": {"type": "number"}}}}}});
    let heard = json!({"type": "object", "additionalProperties": false, "properties": {
        "event": {}, "seq": {}, "at": {}, "collection": {}, "id": {}, "payload": {}}});
    let output = json!({"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]});
    json!({
        "manifest": 1,
        "name": "diary",
        "summary": "Days.",
        "collections": {"days": {
            "fields": {
                "text": {"type": "text", "search": true, "embed": true},
                "place": {"type": "text"},
                "day": {"type": "time"},
            },
            "indexes": [["day", "created_at"]],
            "unique": {"one": ["namespace", "day"]},
            "recall": {"text": "text", "time": "day"},
            "sequence": {"key": "place", "order": "day"},
            "marks": ["place"],
        }},
        "operations": {
            "find": {
                "summary": "Finds.", "description": "What was.", "effect": "read", "input": input, "output": output,
                "examples": [{"arguments": {"what": "tea", "many": [{"n": 1}]},
                    "setup": [{"operation": "find", "arguments": {"what": "a"}}]}],
            },
            "hear": {
                "summary": "Hears.", "description": "", "effect": "write", "input": heard, "output": output,
                "examples": [{"arguments": {}, "fault": "not-found"}],
            },
        },
        "schedules": [{"name": "look", "every_ms": 60_000, "operation": "find", "arguments": {"what": "all"}}],
        "events": [{"name": "heard", "on": "other.rows:insert", "operation": "hear"}],
        "settings": {"type": "object", "properties": {"mood": {"type": "string", "default": "calm"}, "name": {"type": "string"}}},
    })
}

/// The faults after one change: null takes away, anything else is put there.
fn after(pointer: &str, value: Value) -> Vec<String> {
    let mut manifest = sound();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match manifest.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        Value::Object(fields) if value.is_null() => assert!(fields.remove(key).is_some(), "{pointer}"),
        Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
        other => panic!("{pointer}: {other}"),
    }
    faults(&manifest)
}

fn bites(cases: impl IntoIterator<Item = (&'static str, Value, &'static str)>) {
    for (pointer, value, fault) in cases {
        let said = after(pointer, value.clone());
        assert!(said.len() == 1 && said[0].contains(fault), "{pointer} = {value} says {said:?}, not {fault}");
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!({}), |inner, _| json!({"items": inner}))
}

#[test]
fn a_sound_manifest_has_no_fault() {
    assert_eq!(faults(&sound()), Vec::<String>::new());
}

#[test]
fn the_manifest_itself() {
    bites([
        ("/name", json!("Diary"), "name"),
        ("/name", json!("a__b"), "name"),
        ("/name", json!("x".repeat(32)), "name"),
        ("/name", Value::Null, "name"),
        ("/colour", json!("red"), "unknown key `colour`"),
    ]);
}

#[test]
fn words_of_an_operation() {
    bites([
        ("/operations/find/effect", json!("reads"), "unknown effect"),
        ("/operations/find/effect", Value::Null, "unknown effect"),
        ("/operations/find/summary", json!(""), "summary of one line"),
        ("/operations/find/summary", json!("One.\nTwo."), "summary of one line"),
        ("/operations/find/description", json!("Two  blanks."), "two blanks"),
        ("/operations/find/description", Value::Null, "no description"),
        ("/operations/find/description", json!("x".repeat(595)), "601 bytes, at most 600"),
        ("/operations/find/description", json!("ü".repeat(298)), "602 bytes, at most 600"),
        ("/operations/find/group", json!("days"), "unknown key `group`"),
    ]);
    assert!(after("/operations/find/description", json!("x".repeat(594))).is_empty());
    let mut manifest = sound();
    manifest["operations"]["Find"] = manifest["operations"]["find"].clone();
    assert_eq!(faults(&manifest), ["Find is no name for an operation"]);
}

#[test]
fn what_answers_a_cursor_takes_one() {
    bites([
        ("/operations/find/input/properties/cursor", json!({"type": "string"}), "find must take cursor"),
        ("/operations/find/output/properties/next_cursor", json!({"type": "string"}), "find must take cursor"),
    ]);
}

#[test]
fn schemas() {
    bites([
        ("/operations/find/output/type", json!("array"), "must be an object"),
        ("/operations/find/output/type", Value::Null, "must be an object"),
        ("/operations/find/output/oneOf", json!([]), "oneOf"),
        ("/operations/find/output/anyOf", json!([]), "anyOf"),
        ("/operations/find/output/allOf", json!([]), "allOf"),
        ("/operations/find/output/not", json!({}), "must not use not"),
        ("/operations/find/output/if", json!({}), "must not use if"),
        ("/operations/find/output/description", json!("see $ref"), "$ref"),
        ("/operations/find/output/description", json!("x".repeat(8_192)), "at most 8192"),
        ("/operations/find/input/description", json!("x".repeat(8_192)), "find.input has"),
        ("/operations/find/output/properties/deep", nested(14), "17 deep"),
        ("/operations/find/output/properties/a b", json!({}), "key `a b`"),
        ("/operations/find/output/required", json!(["sum"]), "requires sum"),
        ("/operations/find/input/additionalProperties", Value::Null, "additionalProperties"),
        ("/operations/find/input/additionalProperties", json!(true), "additionalProperties"),
        ("/operations/find/input/properties/limit/default", json!(10), "the default: 10 does not fit"),
        ("/operations/find/input/properties/limit/default", json!("3"), "the default: \"3\" is no \"integer\""),
    ]);
    assert!(after("/operations/find/output/properties/deep", nested(13)).is_empty());
}

#[test]
fn examples_and_their_setups() {
    let argument = "/operations/find/examples/0/arguments";
    bites([
        ("/operations/find/examples", json!([]), "find has no example"),
        ("/operations/find/examples", Value::Null, "find has no example"),
        (argument, json!({}), "what is missing"),
        (argument, json!({"what": "tea", "who": 1}), "who is unknown"),
        (argument, json!({"what": 1}), "1 is no \"string\""),
        (argument, json!({"what": ""}), "does not fit"),
        (argument, json!({"what": "coffee"}), "does not fit"),
        (argument, json!({"what": "a", "limit": 0}), "does not fit"),
        (argument, json!({"what": "a", "limit": 10}), "does not fit"),
        (argument, json!({"what": "a", "limit": 1.5}), "is no \"integer\""),
        (argument, json!({"what": "a", "kind": "coffee"}), "does not fit"),
        (argument, json!({"what": "a", "kind": true}), "is no [\"string\",\"null\"]"),
        (argument, json!({"what": "a", "many": [{}]}), "n is missing"),
        (argument, json!({"what": "a", "many": [{"n": 1, "m": 2}]}), "m is unknown"),
        (argument, json!({"what": "a", "many": [{"n": 1}, {"n": 2}, {"n": 3}]}), "does not fit"),
        (argument, Value::Null, "null is no \"object\""),
        ("/operations/find/examples/0/setup/0/operation", json!("look"), "a setup names no operation: `look`"),
        ("/operations/find/examples/0/setup/0/arguments", json!({}), "a setup of find: what is missing"),
        ("/operations/find/examples/0/setup/0/arguments", json!({"what": "a", "x": 1}), "x is unknown"),
    ]);
    assert!(after(argument, json!({"what": "a", "kind": null})).is_empty());
}

#[test]
fn schedules_and_events() {
    bites([
        ("/schedules/0/operation", json!("look"), "a schedule names no operation: `look`"),
        ("/schedules/0/arguments", json!({}), "a schedule of find: what is missing"),
        ("/schedules/0/arguments", json!({"what": "a", "x": 1}), "x is unknown"),
        ("/events/0/operation", json!("listen"), "an event names no operation: `listen`"),
        ("/operations/hear/input/properties/payload", Value::Null, "payload is unknown"),
    ]);
    let said = after("/events/0/operation", json!("find"));
    assert!(said.len() == 7 && said[6].contains("what is missing"), "{said:?}");
}

#[test]
fn collections() {
    bites([
        ("/collections/days/colour", json!("red"), "unknown key `colour`"),
        ("/collections/days/fields/id", json!({"type": "integer"}), "id is no name"),
        ("/collections/days/fields/valid_to", json!({"type": "time"}), "valid_to is no name"),
        ("/collections/days/fields/Mood", json!({"type": "text"}), "Mood is no name"),
        ("/collections/days/fields/day/type", json!("date"), "unknown type"),
        ("/collections/days/fields/day/unit", json!("ms"), "unknown key `unit`"),
        ("/collections/days/fields/day/search", json!(true), "for text"),
        ("/collections/days/fields/day/embed", json!(false), "for text"),
        ("/collections/days/fields/day/values", json!([1]), "for text"),
        ("/collections/days/fields/place/embed", json!(true), "more than one field"),
        ("/collections/days/indexes/0", json!(["mood"]), "no field mood"),
        ("/collections/days/unique/one", json!(["mood"]), "no field mood"),
        ("/collections/days/recall/title", json!("mood"), "no field mood"),
        ("/collections/days/sequence/key", json!("mood"), "no field mood"),
        ("/collections/days/marks", json!(["mood"]), "no field mood"),
    ]);
}

#[test]
fn system_fields_are_told() {
    assert_eq!(system_fields(&sound()).into_iter().collect::<Vec<_>>(), ["created_at", "namespace"]);
}

#[test]
fn an_operation_without_a_call_that_succeeds_is_told() {
    assert_eq!(unshown(&sound()), ["hear"]);
}

#[test]
fn parameters_are_as_promised() {
    let lacks = |parameters: Value| lacking(&sound(), &[("find", parameters)]);
    assert!(lacks(json!({"what": "*", "limit": 3, "kind": null})).is_empty());
    for (parameters, lack) in [
        (json!({"what": "*", "limit": 4}), "find takes limit: 3, not 4"),
        (json!({"what": "*", "limit": null}), "find takes limit: 3, not null"),
        (json!({"what": "*", "limit": "*"}), "find must require limit, without a default"),
        (json!({"what": "*", "kind": "tea"}), "find takes kind: null, not \"tea\""),
        (json!({"what": "*", "who": null}), "find takes no who"),
        (json!({"what": null}), "find requires what"),
        (json!({}), "find requires what besides"),
    ] {
        assert_eq!(lacks(parameters), [lack]);
    }
    assert_eq!(lacking(&sound(), &[("look", json!({}))]), ["there is no operation look"]);
}

#[test]
fn defaults_of_settings_are_read() {
    assert_eq!(defaults(&sound()), json!({"mood": "calm", "name": null}));
}
