//! The rules of an operation: its words, its schemas, its examples, and what calls it.

use super::{EVENT, at, entries, fit, is_name, items, text, unknown, words};
use crate::Value;

/// The keys of an operation.
const KEYS: [&str; 6] = ["summary", "description", "effect", "input", "output", "examples"];
/// Bytes of summary and description together, at most.
const MOST_TEXT: usize = 600;
/// Bytes of a schema, at most.
const MOST_BYTES: usize = 8_192;
/// Nesting of a schema's JSON, at most.
const MOST_DEPTH: usize = 16;

pub(super) fn faults(manifest: &Value, name: &str, operation: &Value, faults: &mut Vec<String>) {
    said(name, operation, faults);
    schema(&format!("{name}.input"), at(operation, "input"), faults);
    schema(&format!("{name}.output"), at(operation, "output"), faults);
    let input = at(operation, "input");
    if at(input, "additionalProperties") != &Value::Bool(false) {
        faults.push(format!("{name}.input must say additionalProperties: false"));
    }
    let has = |schema: &str, field: &str| at(at(operation, schema), "properties").get(field).is_some();
    let (takes, answers) = (has("input", "cursor"), has("output", "next_cursor"));
    // What a write takes may be the cursor of another system.
    if takes != answers && (answers || text(operation, "effect") == Some("read")) {
        faults.push(format!("{name} must take cursor and answer next_cursor, or neither"));
    }
    for (property, schema) in entries(at(input, "properties")) {
        if let Some(default) = schema.get("default") {
            fit::misfits(default, schema, &format!("{name}.{property}: the default"), faults);
        }
    }
    let examples = at(operation, "examples");
    if items(examples).next().is_none() {
        faults.push(format!("{name} has no example"));
    }
    for example in items(examples) {
        fit::misfits(at(example, "arguments"), input, &format!("{name}: an example"), faults);
        for step in items(at(example, "setup")) {
            call(manifest, &format!("{name}: a setup"), step, faults);
        }
    }
}

/// Checks something with `operation` and `arguments`.
pub(super) fn call(manifest: &Value, who: &str, step: &Value, faults: &mut Vec<String>) {
    let name = text(step, "operation").unwrap_or_default();
    match at(manifest, "operations").get(name) {
        Some(operation) => {
            fit::misfits(at(step, "arguments"), at(operation, "input"), &format!("{who} of {name}"), faults);
        }
        None => faults.push(format!("{who} names no operation: `{name}`")),
    }
}

/// Checks that the operation of an event takes what the host gives and needs no more.
pub(super) fn hears(manifest: &Value, event: &Value, faults: &mut Vec<String>) {
    let name = text(event, "operation").unwrap_or_default();
    let Some(operation) = at(manifest, "operations").get(name) else {
        faults.push(format!("an event names no operation: `{name}`"));
        return;
    };
    let input = at(operation, "input");
    for given in EVENT.iter().filter(|given| at(input, "properties").get(**given).is_none()) {
        faults.push(format!("an event of {name}: {given} is unknown"));
    }
    for required in words(at(input, "required")).filter(|required| !EVENT.contains(required)) {
        faults.push(format!("an event of {name}: {required} is missing"));
    }
}

/// The operations of a manifest of which no example succeeds: a caller reads there how to fail only.
///
/// Some cannot succeed in an empty space (they need files of the machine, say). A layer asserts which.
#[must_use]
pub fn unshown(manifest: &Value) -> Vec<&str> {
    let succeeds = |example: &Value| at(example, "fault").is_null();
    let operations = entries(at(manifest, "operations"));
    operations
        .filter(|(_, operation)| !items(at(operation, "examples")).any(succeeds))
        .map(|(name, _)| name.as_str())
        .collect()
}

fn said(name: &str, operation: &Value, faults: &mut Vec<String>) {
    let mut say = |fault: &str| faults.push(format!("{name}{fault}"));
    if !is_name(name, 40) {
        say(" is no name for an operation");
    }
    for key in unknown(operation, &KEYS) {
        say(&format!(" has an unknown key `{key}`"));
    }
    if !text(operation, "effect").is_some_and(|effect| ["read", "write", "destructive"].contains(&effect)) {
        say(" has an unknown effect");
    }
    let summary = text(operation, "summary").unwrap_or_default();
    let Some(description) = text(operation, "description") else {
        say(" has no description");
        return;
    };
    if summary.is_empty() || summary.contains('\n') {
        say(" needs a summary of one line");
    }
    if description.contains("  ") {
        say("'s description has two blanks in a row");
    }
    let bytes = summary.len() + description.len();
    if bytes > MOST_TEXT {
        say(&format!(" says {bytes} bytes, at most {MOST_TEXT}"));
    }
}

fn schema(which: &str, schema: &Value, faults: &mut Vec<String>) {
    let mut say = |fault: &str| faults.push(format!("{which} {fault}"));
    if text(schema, "type") != Some("object") {
        say("must be an object");
    }
    for banned in ["oneOf", "anyOf", "allOf", "not", "if"] {
        if schema.get(banned).is_some() {
            say(&format!("must not use {banned}"));
        }
    }
    let text = schema.to_string();
    if text.contains("$ref") {
        say("must not use $ref");
    }
    if text.len() > MOST_BYTES {
        say(&format!("has {} bytes, at most {MOST_BYTES}", text.len()));
    }
    if depth(schema) > MOST_DEPTH {
        say(&format!("is {} deep, at most {MOST_DEPTH}", depth(schema)));
    }
    for required in words(at(schema, "required")) {
        if at(schema, "properties").get(required).is_none() {
            say(&format!("requires {required}, which is no property"));
        }
    }
    let mut keys = Vec::new();
    unsound(schema, &mut keys);
    for key in keys {
        say(&format!("has a key `{key}`"));
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The keys that some client would refuse as a property.
fn unsound<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    for (key, inner) in entries(value) {
        let sound = key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        if !sound || !(1..=64).contains(&key.len()) {
            found.push(key);
        }
        unsound(inner, found);
    }
    items(value).for_each(|item| unsound(item, found));
}
